//! Faults that need a process or a disk of their own: a kill in the middle, a full disk, a bounded memory.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "in a test a panic is the failure, and a skip is told"
)]

use chrono::{DateTime, Utc};
use handpick::history::{Coverage, EventRange, History, HistoryError, Reading};
use handpick::money::Money;
use handpick::progress::Silent;
use handpick::records::{Event, EventKind, Events};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const PER_UPDATE: u64 = 20_000;
const PER_BATCH: u64 = 5_000;

fn at(seconds: u64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000 + seconds as i64, 0).unwrap()
}

/// Order lines as a shop has them; `n` says everything about a line.
fn fill(events: &mut Events, from: u64, until: u64) {
    use std::fmt::Write;
    events.clear();
    let (mut customer, mut product, mut order) = (String::new(), String::new(), String::new());
    for n in from..until {
        let mixed = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        for text in [&mut customer, &mut product, &mut order] {
            text.clear();
        }
        write!(customer, "{}", mixed >> 47).unwrap();
        write!(product, "SKU-{:05}", mixed >> 20 & 0x3fff).unwrap();
        write!(order, "{}", 100_000_000 + n / 3).unwrap();
        events.push(Event {
            id: None,
            kind: EventKind::Purchase,
            at_us: at(n / 2).timestamp_micros(),
            customer: Some(&customer),
            product: Some(&product),
            order: Some(&order),
            quantity: (n % 5 + 1) as f64,
            value: Some(Money::from_ten_thousandths((mixed >> 44) as i64 * 100)),
            currency: Some("EUR"),
            source: "orders",
        });
    }
}

fn write(history: &History, from: u64, until: u64) -> Result<u64, HistoryError> {
    let mut update = history.begin()?;
    let mut events = Events::default();
    for start in (from..until).step_by(PER_BATCH as usize) {
        fill(&mut events, start, until.min(start + PER_BATCH));
        update.events("orders", &events)?;
    }
    let coverage = [(Reading::Events("orders".into()), Coverage::Part)];
    Ok(update.commit(&coverage, at(0), &Silent)?.new_events)
}

fn count(history: &History) -> u64 {
    let events = history.snapshot().unwrap().events(EventRange::all()).unwrap();
    events.map(|batch| batch.unwrap().len() as u64).sum()
}

/// This test binary once more, running only `test`, in `folder`.
fn child(test: &str, folder: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--ignored", "--nocapture"])
        .current_dir(folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

#[test]
#[ignore = "the child of a_killed_update_leaves_before_or_after: it writes until it is killed"]
fn writes_for_ever() {
    let history = History::open(Path::new("history")).unwrap();
    for version in history.snapshot().unwrap().version().. {
        write(&history, version * PER_UPDATE, (version + 1) * PER_UPDATE).unwrap();
    }
}

#[test]
fn a_killed_update_leaves_before_or_after() {
    let folder = tempfile::tempdir().unwrap();
    let mut versions = Vec::new();
    for round in 0..12 {
        let mut child = child("writes_for_ever", folder.path());
        std::thread::sleep(Duration::from_millis(60 + 37 * round));
        // SIGKILL: nothing of it gets to tidy up.
        child.kill().unwrap();
        child.wait().unwrap();
        let history = History::open(&folder.path().join("history")).unwrap();
        let snapshot = history.snapshot().unwrap();
        snapshot.verify().unwrap();
        assert_eq!(snapshot.counts().events, snapshot.version() * PER_UPDATE);
        assert_eq!(count(&history), snapshot.version() * PER_UPDATE);
        versions.push(snapshot.version());
    }
    assert!(
        versions.is_sorted() && versions.last() > Some(&1),
        "the child never came to write: {versions:?}"
    );
}

/// A small file system of its own; `None`, with the reason printed, where mounting is not allowed.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=8m", "tmpfs"])
            .arg(folder.path())
            .output()
            .map_err(|error| error.to_string())
            .and_then(|output| {
                let refused = String::from_utf8_lossy(&output.stderr).into_owned();
                output.status.success().then_some(()).ok_or(refused)
            });
        if let Err(reason) = mounted {
            println!("skipped: a small disk cannot be mounted here ({})", reason.trim());
            return None;
        }
        Some(Self(folder))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        Command::new("umount").arg(self.0.path()).status().unwrap();
    }
}

#[test]
fn a_full_disk_is_named_and_leaves_the_old_history() {
    let Some(disk) = SmallDisk::mount() else { return };
    let history = History::open(&disk.0.path().join("history")).unwrap();
    write(&history, 0, 20_000).unwrap();
    refused(&history, 2_000_000);
    // A little more room each time: the disk fills up in the segment, its end, the skips, the version's file.
    let ballast = disk.0.path().join("ballast");
    let mut refusals = 0;
    for free in (0..).step_by(64 << 10) {
        fill_all_but(&ballast, free);
        if write(&history, 10_000, 40_000).is_ok() {
            break;
        }
        std::fs::remove_file(&ballast).unwrap();
        fill_all_but(&ballast, free);
        refused(&history, 40_000);
        refusals += 1;
    }
    assert!(refusals > 3, "{refusals}");
    // Room again: the same history went on.
    assert_eq!(count(&history), 40_000);
    history.snapshot().unwrap().verify().unwrap();
}

/// The disk has no room for rows 10 000 to `until`, says so, and the 20 000 known ones remain.
fn refused(history: &History, until: u64) {
    match write(history, 10_000, until) {
        Err(error @ HistoryError::DiskFull { .. }) => {
            assert!(error.to_string().starts_with("no disk space left"), "{error}");
        }
        other => panic!("expected a full disk, found {other:?}"),
    }
    assert_eq!(count(history), 20_000);
    history.snapshot().unwrap().verify().unwrap();
}

/// Writes zeros until the disk is full, then gives `free` bytes back.
fn fill_all_but(ballast: &Path, free: u64) {
    use std::io::Write;
    let mut file = std::fs::File::create(ballast).unwrap();
    while file.write_all(&[0; 4096]).is_ok() {}
    let length = file.metadata().unwrap().len();
    file.set_len(length.saturating_sub(free)).unwrap();
}

/// The most memory this process ever had, in MB.
fn peak_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}

#[test]
#[ignore = "the child of memory_stays_flat"]
fn reads_three_million_twice() {
    let history = History::open(Path::new("history")).unwrap();
    for from in [0, 1_000_000] {
        let new = write(&history, from, 3_000_000).unwrap();
        println!("{new} new, peak {} MB", peak_mb());
    }
    assert_eq!(count(&history), 3_000_000);
    println!("peak={}", peak_mb());
}

#[test]
fn memory_stays_flat() {
    if !Path::new("/proc/self/status").exists() {
        println!("skipped: this system does not tell a process's peak memory");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let output = child("reads_three_million_twice", folder.path()).wait_with_output().unwrap();
    let output = String::from_utf8(output.stdout).unwrap();
    println!("{output}");
    let peak: u64 = output.lines().find_map(|line| line.strip_prefix("peak=")).unwrap().parse().unwrap();
    assert!(peak < 150, "{peak} MB");
}
