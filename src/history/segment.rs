//! One segment: a Parquet file written once, batch by batch, and read batch by batch.

use super::events::{Columns, KEY_COLUMNS, SCHEMA};
use super::manifest::Segment;
use super::people::{CUSTOMERS, PRODUCTS};
use super::rows::{Rows, Wanted};
use super::{HistoryError, Reading, files};
use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::arrow::{ArrowWriter, ProjectionMask};
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;
use std::fs::File;
use std::hash::Hasher as _;
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use twox_hash::XxHash3_64;

/// Rows in a row group: what a writer holds in memory before it goes to the disk.
const ROWS_PER_GROUP: usize = 1 << 16;

/// Rows read at a time.
pub(super) const ROWS_PER_BATCH: usize = 1 << 14;

pub(super) fn schema(reading: &Reading) -> SchemaRef {
    match reading {
        Reading::Products => PRODUCTS.clone(),
        Reading::Customers => CUSTOMERS.clone(),
        Reading::Events(_) => SCHEMA.clone(),
    }
}

fn properties() -> WriterProperties {
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1).unwrap_or_default()))
        .set_max_row_group_row_count(Some(ROWS_PER_GROUP))
        .set_statistics_enabled(EnabledStatistics::None)
        .set_column_statistics_enabled(ColumnPath::from("at"), EnabledStatistics::Chunk)
        .set_offset_index_disabled(true)
        .set_created_by(format!("handpick {}", env!("CARGO_PKG_VERSION")));
    // Nothing repeats in these, so a dictionary would only cost; hashes do not compress either.
    for name in ["id", "order", "email", "at"].into_iter().chain(KEY_COLUMNS) {
        properties = properties.set_column_dictionary_enabled(ColumnPath::from(name), false);
    }
    for name in KEY_COLUMNS {
        properties = properties.set_column_compression(ColumnPath::from(name), Compression::UNCOMPRESSED);
    }
    properties.build()
}

/// The file below the Parquet writer: counts and sums its bytes, and remembers why the disk refused one, because
/// the Parquet error keeps only a text.
struct Sink {
    file: BufWriter<File>,
    bytes: u64,
    checksum: XxHash3_64,
    refused: Option<io::Error>,
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes).map_err(|error| self.refuse(error))?;
        self.checksum.write(bytes);
        self.bytes += bytes.len() as u64;
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush().map_err(|error| self.refuse(error))
    }
}

impl Sink {
    fn refuse(&mut self, error: io::Error) -> io::Error {
        let kind = error.kind();
        self.refused = Some(error);
        kind.into()
    }
}

/// A segment being written. Dropped unfinished, its file is removed.
pub(super) struct Writer {
    path: PathBuf,
    /// `None` once finished.
    parquet: Option<ArrowWriter<Sink>>,
    segment: Segment,
}

impl Writer {
    pub fn create(folder: &Path, file: String, reading: &Reading) -> Result<Self, HistoryError> {
        let path = folder.join(&file);
        let opened = File::create_new(&path).map_err(HistoryError::file(&path, "created"))?;
        let sink = Sink {
            file: BufWriter::with_capacity(1 << 18, opened),
            bytes: 0,
            checksum: XxHash3_64::new(),
            refused: None,
        };
        let parquet = ArrowWriter::try_new(sink, schema(reading), Some(properties()))
            .map_err(HistoryError::damaged(&path))?;
        let segment = Segment {
            file,
            reading: reading.clone(),
            rows: 0,
            bytes: 0,
            checksum: 0,
            first_us: None,
            last_us: None,
            has_ids: false,
            active: 0,
            skipped: None,
        };
        Ok(Self { path, parquet: Some(parquet), segment })
    }

    pub fn rows(&self) -> u64 {
        self.segment.rows
    }

    pub fn write(&mut self, columns: &Columns) -> Result<(), HistoryError> {
        self.run(|parquet| parquet.write(&columns.batch))?;
        let segment = &mut self.segment;
        segment.rows += columns.batch.num_rows() as u64;
        segment.first_us = [segment.first_us, columns.first_us].into_iter().flatten().min();
        segment.last_us = [segment.last_us, columns.last_us].into_iter().flatten().max();
        segment.has_ids |= columns.has_ids;
        segment.active += columns.active;
        Ok(())
    }

    fn run<T>(
        &mut self,
        step: impl FnOnce(&mut ArrowWriter<Sink>) -> parquet::errors::Result<T>,
    ) -> Result<T, HistoryError> {
        let parquet = self.parquet.as_mut().expect("invariant: finish consumes the writer");
        step(parquet).map_err(|error| match &parquet.inner().refused {
            Some(refused) => HistoryError::of_io(&self.path, "written", refused),
            None => {
                HistoryError::File { path: self.path.clone(), doing: "written", reason: error.to_string() }
            }
        })
    }

    /// The file is on the platter when this returns.
    pub fn finish(mut self) -> Result<Segment, HistoryError> {
        self.run(ArrowWriter::finish)?;
        let sink = self.run(|parquet| {
            parquet.inner_mut().flush()?;
            Ok((parquet.inner().bytes, parquet.inner().checksum.finish()))
        })?;
        let parquet = self.parquet.as_ref().expect("invariant: finish consumes the writer");
        let synced = parquet.inner().file.get_ref().sync_all();
        synced.map_err(HistoryError::file(&self.path, "written"))?;
        (self.segment.bytes, self.segment.checksum) = sink;
        self.parquet = None;
        Ok(self.segment.clone())
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if self.parquet.take().is_some() {
            files::remove(&self.path);
        }
    }
}

/// Which columns of a segment are read.
#[derive(Debug, Clone, Copy)]
pub(super) enum Part {
    Keys,
    All,
    /// These, by name.
    Named(&'static [&'static str]),
}

/// Reads all of a segment's rows in batches.
pub(super) struct Batches {
    path: PathBuf,
    reader: ParquetRecordBatchReader,
    row: usize,
    total: u64,
}

/// A batch and the number, within the segment, of its first row.
pub(super) struct Batch {
    pub first_row: usize,
    pub rows: RecordBatch,
}

impl Batches {
    pub fn open(folder: &Path, segment: &Segment, part: Part) -> Result<Self, HistoryError> {
        let path = folder.join(&segment.file);
        let file = File::open(&path).map_err(HistoryError::file(&path, "read"))?;
        let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(HistoryError::damaged(&path))?;
        let total = builder.metadata().file_metadata().num_rows() as u64;
        if total != segment.rows {
            let reason = format!("it has {total} rows instead of {}", segment.rows);
            return Err(HistoryError::Damaged { path, reason });
        }
        let schema = builder.parquet_schema();
        let mask = match part {
            Part::All => ProjectionMask::all(),
            Part::Keys => ProjectionMask::columns(schema, KEY_COLUMNS),
            Part::Named(names) => ProjectionMask::columns(schema, names.iter().copied()),
        };
        let reader = builder
            .with_projection(mask)
            .with_batch_size(ROWS_PER_BATCH)
            .build()
            .map_err(HistoryError::damaged(&path))?;
        Ok(Self { path, reader, row: 0, total })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Iterator for Batches {
    type Item = Result<Batch, HistoryError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.reader.next() {
            Some(Ok(rows)) => {
                let first_row = self.row;
                self.row += rows.num_rows();
                Some(Ok(Batch { first_row, rows }))
            }
            Some(Err(error)) => Some(Err(HistoryError::damaged_rows(&self.path)(error))),
            None if (self.row as u64) < self.total => {
                let reason = format!("it ends after {} of {} rows", self.row, self.total);
                self.row = self.total as usize;
                Some(Err(HistoryError::Damaged { path: self.path.clone(), reason }))
            }
            None => None,
        }
    }
}

/// The rows of `batch` that are in `rows`, or that are not.
pub(super) fn choose(
    path: &Path,
    batch: Batch,
    rows: Option<&Rows>,
    wanted: Wanted,
) -> Result<RecordBatch, HistoryError> {
    let Some(rows) = rows else { return Ok(batch.rows) };
    let mask = rows.mask(batch.first_row, batch.rows.num_rows(), wanted);
    if mask.true_count() == batch.rows.num_rows() {
        return Ok(batch.rows);
    }
    arrow_select::filter::filter_record_batch(&batch.rows, &mask).map_err(HistoryError::damaged_rows(path))
}

/// Compares the file's size and checksum with the manifest's.
pub(super) fn verify(folder: &Path, segment: &Segment) -> Result<(), HistoryError> {
    let path = folder.join(&segment.file);
    let unreadable = HistoryError::file(&path, "read");
    let mut file = File::open(&path).map_err(&unreadable)?;
    let (mut checksum, mut bytes) = (XxHash3_64::new(), 0);
    let mut buffer = vec![0; 1 << 18];
    loop {
        match file.read(&mut buffer).map_err(&unreadable)? {
            0 => break,
            read => {
                checksum.write(&buffer[..read]);
                bytes += read as u64;
            }
        }
    }
    if bytes == segment.bytes && checksum.finish() == segment.checksum {
        return Ok(());
    }
    let reason = if bytes == segment.bytes {
        "its checksum is not the one that was written".to_owned()
    } else {
        format!("it has {bytes} bytes, expected {}", segment.bytes)
    };
    Err(HistoryError::Damaged { path: path.clone(), reason })
}
