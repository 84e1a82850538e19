//! Fitted models: where the file is, how good it is.
