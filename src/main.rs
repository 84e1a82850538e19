//! The binary: hands the command line to [`handpick::cli`].

fn main() -> std::process::ExitCode {
    handpick::cli::main()
}
