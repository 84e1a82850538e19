//! The shop's history on disk, as Parquet: append, dedupe, compact, read as of a version.
