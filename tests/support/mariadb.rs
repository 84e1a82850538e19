//! A MariaDB server of its own.

use super::{as_account, folder_for, free_port, run, wait_for};
use handpick::config::{DatabaseKind, Secret, Source};
use mysql::prelude::Queryable;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;

const TO_INSTALL: &str = "mariadb-server";

pub struct MariaDb {
    folder: tempfile::TempDir,
    server: Mutex<Option<Child>>,
    pub port: u16,
}

impl MariaDb {
    /// Every statement is logged; `reader` (password `reader`) may read the database `shop`.
    pub fn start() -> Self {
        let folder = folder_for("mysql");
        let mut install = Command::new("mariadb-install-db");
        install
            .args(["--no-defaults", "--user=mysql", "--auth-root-authentication-method=normal"])
            .args(["--skip-test-db", "--skip-name-resolve"])
            .arg(format!("--datadir={}", folder.path().join("data").display()));
        run(&mut install, TO_INSTALL);
        let server = Self { folder, server: Mutex::new(None), port: free_port() };
        server.resume();
        server.sql("CREATE DATABASE shop CHARACTER SET utf8mb4");
        server.sql("CREATE USER reader@'127.0.0.1' IDENTIFIED BY 'reader'");
        server.sql("GRANT SELECT ON shop.* TO reader@'127.0.0.1'");
        server
    }

    pub fn resume(&self) {
        let folder = self.folder.path();
        let mut start = as_account("mysql", Path::new("/usr/sbin/mariadbd"));
        start
            .args(["--no-defaults", "--bind-address=127.0.0.1", "--innodb-buffer-pool-size=64M"])
            .args(["--skip-log-bin", "--performance-schema=OFF", "--general-log=ON", "--skip-name-resolve"])
            .args(["--local-infile=ON", "--innodb-flush-log-at-trx-commit=0"])
            .arg(format!("--port={}", self.port))
            .arg(format!("--datadir={}", folder.join("data").display()))
            .arg(format!("--socket={}", folder.join("s").display()))
            .arg(format!("--pid-file={}", folder.join("pid").display()))
            .arg(format!("--general-log-file={}", self.log_file().display()))
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let child = start.spawn().unwrap_or_else(|error| panic!("{error}: apt-get install {TO_INSTALL}"));
        *self.server.lock().expect("the server") = Some(child);
        wait_for(self.port);
    }

    /// At once, as a crash would.
    pub fn stop(&self) {
        let Some(mut child) = self.server.lock().expect("the server").take() else { return };
        // runuser stands between: the server's own number is in its file.
        let pid = std::fs::read_to_string(self.folder.path().join("pid")).unwrap_or_default();
        Command::new("kill").args(["-9", pid.trim()]).output().ok();
        child.wait().ok();
    }

    fn log_file(&self) -> PathBuf {
        self.folder.path().join("general.log")
    }

    /// What the server logged of the statements it was sent by `reader`.
    pub fn statements_of_reader(&self) -> Vec<String> {
        let log = std::fs::read(self.log_file()).expect("the server's log");
        let log = String::from_utf8_lossy(&log);
        let mut readers = std::collections::HashSet::new();
        let mut statements = Vec::new();
        for line in log.lines() {
            let mut words = line.rsplit_once('\t').map_or("", |(head, _)| head).split_whitespace().rev();
            let (Some(command), Some(connection)) = (words.next(), words.next()) else { continue };
            let text = line.rsplit_once('\t').map_or("", |(_, text)| text);
            if command == "Connect" && text.starts_with("reader@") {
                readers.insert(connection.to_owned());
            } else if readers.contains(connection) && matches!(command, "Query" | "Execute" | "Prepare") {
                statements.push(text.to_owned());
            }
        }
        statements
    }

    pub fn sql(&self, sql: &str) {
        self.client().query_drop(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    /// A client of the owner's, in the database `shop` once it exists.
    pub fn client(&self) -> mysql::Conn {
        let options = mysql::OptsBuilder::new()
            .ip_or_hostname(Some("127.0.0.1"))
            .tcp_port(self.port)
            .user(Some("root"))
            .prefer_socket(false);
        let mut client = mysql::Conn::new(options).expect("the owner's connection");
        client.query_drop("USE shop").ok();
        client
    }

    /// The `[source]` of an admin who made a read-only account.
    pub fn source(&self) -> Source {
        Source {
            kind: DatabaseKind::Mysql,
            port: self.port,
            database: "shop".into(),
            user: "reader".into(),
            password: Secret::new("reader"),
            ..Source::default()
        }
    }
}

impl Drop for MariaDb {
    fn drop(&mut self) {
        self.stop();
    }
}
