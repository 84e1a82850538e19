//! The binary: hands the command line to [`handpick`].

fn main() {}
