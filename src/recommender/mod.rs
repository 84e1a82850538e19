//! The recommender core: pure maths, no I/O, no clock, no globals.
