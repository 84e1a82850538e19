//! A PostgreSQL server of its own.

use super::{as_account, folder_for, free_port, run};
use handpick::config::{DatabaseKind, Secret, Source};
use std::path::{Path, PathBuf};

const TO_INSTALL: &str = "postgresql";

pub struct PostgreSql {
    folder: tempfile::TempDir,
    programs: PathBuf,
    pub port: u16,
}

impl PostgreSql {
    /// Every statement is logged, and passwords are checked: `reader` (password `reader`) may read the schema public.
    pub fn start() -> Self {
        let programs = programs();
        let folder = folder_for("postgres");
        let data = folder.path().join("data");
        let mut init = as_account("postgres", &programs.join("initdb"));
        init.arg("-D").arg(&data).args([
            "-U",
            "hp",
            "-A",
            "trust",
            "--no-sync",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
        ]);
        run(&mut init, TO_INSTALL);
        // The owner comes in without a password, everybody else with one.
        let access =
            "host all hp 127.0.0.1/32 trust\nlocal all hp trust\nhost all all 127.0.0.1/32 scram-sha-256\n";
        std::fs::write(data.join("pg_hba.conf"), access).expect("pg_hba.conf");
        let server = Self { folder, programs, port: free_port() };
        server.resume();
        server.sql("CREATE ROLE reader LOGIN PASSWORD 'reader'; REVOKE CREATE ON SCHEMA public FROM PUBLIC;");
        server.sql("REVOKE TEMPORARY ON DATABASE postgres FROM PUBLIC;");
        server.sql("ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO reader;");
        server
    }

    /// Starts the server again after [`PostgreSql::stop`].
    pub fn resume(&self) {
        let options = format!(
            "-c listen_addresses=127.0.0.1 -p {} -c unix_socket_directories={} -c fsync=off \
             -c shared_buffers=64MB -c log_statement=all -c log_line_prefix='%u '",
            self.port,
            self.folder.path().display()
        );
        let mut start = self.control();
        start.arg("-w").arg("-l").arg(self.log_file()).arg("-o").arg(options).arg("start");
        // Its output would stay open for as long as the server runs.
        start.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
        assert!(start.status().expect("pg_ctl").success(), "PostgreSQL does not start");
    }

    /// At once, as a crash would.
    pub fn stop(&self) {
        let mut stop = self.control();
        stop.args(["-m", "immediate", "-w", "stop"]);
        run(&mut stop, TO_INSTALL);
    }

    fn control(&self) -> std::process::Command {
        let mut control = as_account("postgres", &self.programs.join("pg_ctl"));
        control.arg("-D").arg(self.folder.path().join("data"));
        control
    }

    fn log_file(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    /// What the server logged of the statements it was sent by `reader`.
    pub fn statements_of_reader(&self) -> Vec<String> {
        let log = std::fs::read_to_string(self.log_file()).expect("the server's log");
        let statements = log.lines().filter(|line| line.starts_with("reader "));
        statements
            .filter_map(|line| {
                let (_, statement) =
                    line.split_once("statement: ").or_else(|| line.split_once("execute "))?;
                // A prepared statement is logged behind the name it was given: `s12: SELECT …`.
                let named = statement.split_once(": ").filter(|(name, _)| !name.contains(' '));
                Some(named.map_or(statement, |(_, text)| text).to_owned())
            })
            .collect()
    }

    /// Runs SQL as the owner.
    pub fn sql(&self, sql: &str) {
        let mut client = self.client();
        client.batch_execute(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    /// A client of the owner's.
    pub fn client(&self) -> postgres::Client {
        let address = format!("host=127.0.0.1 port={} user=hp dbname=postgres", self.port);
        postgres::Client::connect(&address, postgres::NoTls).expect("the owner's connection")
    }

    /// The `[source]` of an admin who made a read-only account.
    pub fn source(&self) -> Source {
        Source {
            kind: DatabaseKind::Postgres,
            port: self.port,
            database: "postgres".into(),
            user: "reader".into(),
            password: Secret::new("reader"),
            ..Source::default()
        }
    }
}

impl Drop for PostgreSql {
    fn drop(&mut self) {
        // Already stopped is as good.
        self.control().args(["-m", "immediate", "-w", "stop"]).output().ok();
    }
}

fn programs() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> =
        versions.map(|entry| entry.path().join("bin")).filter(|bin| bin.join("initdb").exists()).collect();
    found.sort();
    found.pop().unwrap_or_else(|| {
        assert!(
            !Path::new("/usr/bin/initdb").exists(),
            "put initdb's folder under /usr/lib/postgresql/VERSION/bin"
        );
        panic!("PostgreSQL is not installed: apt-get install {TO_INSTALL}")
    })
}
