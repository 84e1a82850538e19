//! How fast the history takes and gives events: rows per second of the clock and of one core, and the peak memory;
//! beside the Parquet library alone on the same rows.
//!
//! `cargo bench --bench history -- [MILLION ROWS]`

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints, and may panic")]

use arrow_array::RecordBatch;
use chrono::DateTime;
use handpick::history::{EventRange, History};
use handpick::money::Money;
use handpick::progress::Silent;
use handpick::records::{Event, EventKind, Events};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use std::fmt::Write;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Instant;

const PER_BATCH: u64 = 8192;

fn fill(events: &mut Events, from: u64, until: u64) {
    events.clear();
    let (mut customer, mut product, mut order) = (String::new(), String::new(), String::new());
    for n in from..until {
        let mixed = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        for text in [&mut customer, &mut product, &mut order] {
            text.clear();
        }
        write!(customer, "{}", mixed >> 43).unwrap();
        write!(product, "SKU-{:05}", mixed >> 20 & 0x3fff).unwrap();
        write!(order, "{}", 100_000_000 + n / 3).unwrap();
        events.push(Event {
            id: None,
            kind: EventKind::Purchase,
            at_us: (1_700_000_000 + n as i64 / 2) * 1_000_000,
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

/// Seconds of processor time this process used, all threads.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let ticks = stat.split_whitespace().skip(13).take(2).filter_map(|field| field.parse::<f64>().ok());
    ticks.sum::<f64>() / 100.0
}

fn peak_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<u64>().ok()).unwrap_or_default() / 1024
}

/// Does `work` and says how long it took.
fn timed(what: &str, rows: u64, work: impl FnOnce()) -> f64 {
    let (started, cpu) = (Instant::now(), cpu_seconds());
    work();
    let (wall, cpu) = (started.elapsed().as_secs_f64(), cpu_seconds() - cpu);
    let rows_f = rows as f64;
    println!(
        "{what:<28} {rows:>11} rows  {:>10.0} rows/s  {:>10.0} rows per core second  peak {} MB",
        rows_f / wall,
        rows_f / cpu,
        peak_mb()
    );
    wall
}

/// Every Parquet file of events below `folder`.
fn segments(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            segments(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "parquet") {
            found.push(path);
        }
    }
}

fn read_plainly(files: &[PathBuf], mut each: impl FnMut(RecordBatch)) {
    for file in files {
        let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(file).unwrap()).unwrap();
        reader.with_batch_size(PER_BATCH as usize).build().unwrap().for_each(|batch| each(batch.unwrap()));
    }
}

/// Seconds the library alone takes to write the same rows and to read them.
fn plainly(files: &[PathBuf], rows: u64) -> (f64, f64) {
    let copy = tempfile::tempfile().unwrap();
    let mut writer: Option<ArrowWriter<File>> = None;
    let both = timed("the library alone: copying", rows, || {
        read_plainly(files, |batch| {
            let writer = writer.get_or_insert_with(|| {
                let properties = WriterProperties::builder()
                    .set_compression(Compression::ZSTD(ZstdLevel::try_new(1).unwrap()))
                    .build();
                ArrowWriter::try_new(copy.try_clone().unwrap(), batch.schema(), Some(properties)).unwrap()
            });
            writer.write(&batch).unwrap();
        });
        writer.take().unwrap().close().unwrap();
    });
    let mut seen = 0;
    let reading = timed("the library alone: reading", rows, || {
        read_plainly(files, |batch| seen += batch.num_rows() as u64);
    });
    assert_eq!(seen, rows);
    (both - reading, reading)
}

fn main() {
    let millions = std::env::args().find_map(|argument| argument.parse::<u64>().ok()).unwrap_or(5);
    let rows = millions * 1_000_000;
    let folder = tempfile::tempdir().unwrap();
    let history = History::open(folder.path()).unwrap();
    let mut events = Events::default();
    timed("making rows (not the history)", rows, || {
        (0..rows).step_by(PER_BATCH as usize).for_each(|from| fill(&mut events, from, from + PER_BATCH));
    });
    let now = DateTime::UNIX_EPOCH;
    let mut spent = Vec::new();
    for what in ["new rows", "the same rows again"] {
        let mut update = history.begin().unwrap();
        let writing = timed(&format!("writing {what}"), rows, || {
            for from in (0..rows).step_by(PER_BATCH as usize) {
                fill(&mut events, from, (from + PER_BATCH).min(rows));
                update.events("orders", &events).unwrap();
            }
        });
        let committing = timed(&format!("committing {what}"), rows, || {
            update.commit(&[], now, &Silent).unwrap();
        });
        spent.push(writing + committing);
    }
    let reading = timed("reading", rows, || {
        let events = history.snapshot().unwrap().events(EventRange::all()).unwrap();
        assert_eq!(events.map(|batch| batch.unwrap().len() as u64).sum::<u64>(), rows);
    });
    let mut files = Vec::new();
    segments(folder.path(), &mut files);
    let (plain_writing, plain_reading) = plainly(&files, rows);
    println!(
        "speed as a share of the library alone: writing new rows {:.2}, the same again {:.2}, reading {:.2}",
        plain_writing / spent[0],
        plain_writing / spent[1],
        plain_reading / reading
    );
}
