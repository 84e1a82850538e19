//! What integration tests start: real database servers and a real browser, each in its own folder, on a free port of
//! this machine, gone on drop.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "in a test, a panic is the failure and its output the story"
)]
#![allow(dead_code, unused_imports, reason = "every test target uses a part of it")]

pub mod browser;
mod line;
pub mod mailing;
mod mariadb;
pub mod pop3;
mod postgres;
pub mod server;
pub mod shop;
pub mod smtp;
pub mod tastes;
pub mod web;

pub use mariadb::MariaDb;
pub use postgres::PostgreSql;

use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

/// A port nobody listens on at this moment.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port");
    listener.local_addr().expect("its address").port()
}

/// Runs a command to its end; panics with what it said when it fails.
pub fn run(command: &mut Command, to_install: &str) -> Output {
    let output = command.output().unwrap_or_else(|error| {
        panic!("{command:?}: {error}. This test needs: apt-get install {to_install}")
    });
    assert!(
        output.status.success(),
        "{command:?} failed: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

/// A folder that the server's own account may enter and write to.
pub fn folder_for(account: &str) -> tempfile::TempDir {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::Builder::new().prefix("handpick-db-").tempdir().expect("a temporary folder");
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).expect("permissions");
    if is_root() {
        run(Command::new("chown").arg(account).arg(folder.path()), "coreutils");
    }
    folder
}

/// `program` as `account`: the servers refuse to run as root.
pub fn as_account(account: &str, program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("runuser");
    command.args(["-u", account, "--"]).arg(program);
    command
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").expect("procfs").uid() == 0
}

/// Waits until somebody listens on `port`.
pub fn wait_for(port: u16) {
    let started = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(started.elapsed() < Duration::from_secs(30), "no server came up on port {port}");
        std::thread::sleep(Duration::from_millis(50));
    }
}
