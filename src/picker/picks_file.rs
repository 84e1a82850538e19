//! A generation's picks on disk: `picks.parquet` with a row for each filled slot, `arms.parquet` with a row for each
//! customer of the audience, both by ascending customer id; `unsent.parquet` with what the holdout would have been shown,
//! which nobody is ever sent and only a report compares with.
//!
//! A generation is written beside its final place, made durable, then renamed: it is there whole or not at all.

use super::catalogue::Catalogue;
use super::pick::Picked;
use super::plan::{Arm, Origin};
use super::reason::Why;
use super::rules::Rules;
use arrow_array::builder::{Float32Builder, StringBuilder, UInt8Builder};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, UInt8Type};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use parquet::file::statistics::Statistics;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Small enough that one customer's picks are found by reading little.
const ROWS_PER_GROUP: usize = 1 << 15;

#[derive(Debug, thiserror::Error)]
pub enum PicksFileError {
    #[error("no disk space left for the picks in {path}; free some space and generate again")]
    DiskFull { path: PathBuf },
    #[error("{path} cannot be {doing}: {reason}")]
    File { path: PathBuf, doing: &'static str, reason: String },
    #[error("{path} is damaged ({reason}); generate the campaign again")]
    Damaged { path: PathBuf, reason: String },
}

/// A row of `picks.parquet`.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredPick {
    pub customer: String,
    /// From 1.
    pub slot: u8,
    pub product: String,
    pub score: f32,
    pub origin: Origin,
    pub why: Why,
    /// The past product that the reason speaks of.
    pub reason_product: Option<String>,
}

/// A customer of the audience with what was picked for them; nothing for the holdout.
#[derive(Debug, Clone, PartialEq)]
pub struct Recipient {
    pub customer: String,
    pub arm: Arm,
    pub picks: Vec<StoredPick>,
}

fn io(path: &Path, doing: &'static str, error: &std::io::Error) -> PicksFileError {
    match error.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
            PicksFileError::DiskFull { path: path.to_owned() }
        }
        _ => PicksFileError::File { path: path.to_owned(), doing, reason: error.to_string() },
    }
}

fn written(path: &Path, error: &parquet::errors::ParquetError) -> PicksFileError {
    let reason = error.to_string();
    // Parquet wraps what the file system said into text.
    if reason.contains("os error 28") || reason.contains("os error 122") {
        return PicksFileError::DiskFull { path: path.to_owned() };
    }
    PicksFileError::File { path: path.to_owned(), doing: "written", reason }
}

fn damaged(path: &Path, error: impl std::fmt::Display) -> PicksFileError {
    PicksFileError::Damaged { path: path.to_owned(), reason: error.to_string() }
}

/// One generation being written. Dropped before [`Writer::publish`], it leaves nothing.
pub struct Writer {
    folder: tempfile::TempDir,
    target: PathBuf,
    picks: Table,
    arms: Table,
    unsent: Table,
}

struct Table {
    path: PathBuf,
    writer: ArrowWriter<File>,
}

impl Writer {
    /// `target` must not exist; its parent is created.
    pub fn create(target: &Path) -> Result<Self, PicksFileError> {
        let parent = target.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(parent).map_err(|error| io(parent, "created", &error))?;
        let folder = tempfile::Builder::new()
            .prefix(".unfinished-")
            .tempdir_in(parent)
            .map_err(|error| io(parent, "written to", &error))?;
        let picks = Table::create(folder.path().join("picks.parquet"), picks_schema())?;
        let arms = Table::create(folder.path().join("arms.parquet"), arms_schema())?;
        let unsent = Table::create(folder.path().join("unsent.parquet"), picks_schema())?;
        Ok(Self { folder, target: target.to_owned(), picks, arms, unsent })
    }

    /// Customers must come by ascending id; `kind_of` knows in words what kind of customer somebody is.
    pub fn write<'k>(
        &mut self,
        customers: &[Box<str>],
        picked: &[Picked],
        (catalogue, rules): (&Catalogue, &Rules),
        kind_of: impl Fn(&str) -> Option<&'k str>,
    ) -> Result<(), PicksFileError> {
        let mut arms = (StringBuilder::new(), StringBuilder::new(), StringBuilder::new());
        let mut rows = Columns::default();
        for (customer, picked) in customers.iter().zip(picked) {
            arms.0.append_value(customer);
            arms.1.append_value(arm_name(picked.arm));
            arms.2.append_option(kind_of(customer));
            rows.push(customer, picked, catalogue, rules);
        }
        let columns: Vec<ArrayRef> =
            vec![Arc::new(arms.0.finish()), Arc::new(arms.1.finish()), Arc::new(arms.2.finish())];
        self.arms.write(columns, arms_schema())?;
        self.picks.write(rows.finish(), picks_schema())
    }

    /// What customers of the holdout would have been shown, by ascending id.
    pub fn write_unsent<'a>(
        &mut self,
        customers: impl IntoIterator<Item = (&'a str, &'a Picked)>,
        (catalogue, rules): (&Catalogue, &Rules),
    ) -> Result<(), PicksFileError> {
        let mut rows = Columns::default();
        customers.into_iter().for_each(|(customer, picked)| rows.push(customer, picked, catalogue, rules));
        self.unsent.write(rows.finish(), picks_schema())
    }

    /// Makes the generation durable and gives it its name.
    pub fn publish(self) -> Result<(), PicksFileError> {
        self.picks.close()?;
        self.arms.close()?;
        self.unsent.close()?;
        let sync = |path: &Path| {
            File::open(path).and_then(|folder| folder.sync_all()).map_err(|error| io(path, "written", &error))
        };
        sync(self.folder.path())?;
        std::fs::rename(self.folder.path(), &self.target)
            .map_err(|error| io(&self.target, "named", &error))?;
        sync(self.target.parent().unwrap_or(Path::new(".")))
    }
}

impl Table {
    fn create(path: PathBuf, schema: Arc<Schema>) -> Result<Self, PicksFileError> {
        let file = File::create_new(&path).map_err(|error| io(&path, "created", &error))?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(1).unwrap_or_default()))
            .set_max_row_group_row_count(Some(ROWS_PER_GROUP))
            .set_created_by(format!("handpick {}", env!("CARGO_PKG_VERSION")))
            .build();
        let writer = ArrowWriter::try_new(file, schema, Some(properties)).map_err(|e| written(&path, &e))?;
        Ok(Self { path, writer })
    }

    fn write(&mut self, columns: Vec<ArrayRef>, schema: Arc<Schema>) -> Result<(), PicksFileError> {
        let batch = RecordBatch::try_new(schema, columns).expect("invariant: the columns are the schema's");
        self.writer.write(&batch).map_err(|error| written(&self.path, &error))
    }

    fn close(self) -> Result<(), PicksFileError> {
        let file = self.writer.into_inner().map_err(|error| written(&self.path, &error))?;
        file.sync_all().map_err(|error| io(&self.path, "written", &error))
    }
}

fn picks_schema() -> Arc<Schema> {
    Arc::new(Schema::new(vec![
        Field::new("customer", DataType::Utf8, false),
        Field::new("slot", DataType::UInt8, false),
        Field::new("product", DataType::Utf8, false),
        Field::new("score", DataType::Float32, false),
        Field::new("origin", DataType::Utf8, false),
        Field::new("why", DataType::Utf8, false),
        Field::new("reason_product", DataType::Utf8, true),
    ]))
}

fn arms_schema() -> Arc<Schema> {
    Arc::new(Schema::new(vec![
        Field::new("customer", DataType::Utf8, false),
        Field::new("arm", DataType::Utf8, false),
        // In words what kind of customer they were when the picks were made.
        Field::new("kind", DataType::Utf8, true),
    ]))
}

#[derive(Default)]
struct Columns {
    customer: StringBuilder,
    slot: UInt8Builder,
    product: StringBuilder,
    score: Float32Builder,
    origin: StringBuilder,
    why: StringBuilder,
    reason_product: StringBuilder,
}

impl Columns {
    fn push(&mut self, customer: &str, picked: &Picked, catalogue: &Catalogue, rules: &Rules) {
        for (slot, placed) in picked.slots.iter().enumerate() {
            let Some(placed) = placed else { continue };
            self.customer.append_value(customer);
            self.slot.append_value(slot as u8 + 1);
            self.product.append_value(&catalogue.product(rules.candidates[placed.place]).id);
            self.score.append_value(placed.score);
            self.origin.append_value(origin_name(placed.origin));
            self.why.append_value(placed.why.name());
            self.reason_product.append_option(placed.past.map(|past| &catalogue.product(past).id));
        }
    }

    fn finish(mut self) -> Vec<ArrayRef> {
        vec![
            Arc::new(self.customer.finish()),
            Arc::new(self.slot.finish()),
            Arc::new(self.product.finish()),
            Arc::new(self.score.finish()),
            Arc::new(self.origin.finish()),
            Arc::new(self.why.finish()),
            Arc::new(self.reason_product.finish()),
        ]
    }
}

pub const fn arm_name(arm: Arm) -> &'static str {
    match arm {
        Arm::Picks => "picks",
        Arm::Baseline => "baseline",
        Arm::Holdout => "holdout",
    }
}

pub const fn origin_name(origin: Origin) -> &'static str {
    match origin {
        Origin::Personal => "personal",
        Origin::Similar => "similar",
        Origin::Category => "category",
        Origin::Popular => "popular",
        Origin::Pinned => "pinned",
    }
}

fn arm_of(name: &str) -> Option<Arm> {
    [Arm::Picks, Arm::Baseline, Arm::Holdout].into_iter().find(|arm| arm_name(*arm) == name)
}

fn origin_of(name: &str) -> Option<Origin> {
    [Origin::Personal, Origin::Similar, Origin::Category, Origin::Popular, Origin::Pinned]
        .into_iter()
        .find(|origin| origin_name(*origin) == name)
}

/// Rows of one of the two files, batch by batch.
struct Rows<T> {
    path: PathBuf,
    reader: ParquetRecordBatchReader,
    ready: std::vec::IntoIter<T>,
    read: fn(&RecordBatch) -> Option<Vec<T>>,
}

impl<T> Iterator for Rows<T> {
    type Item = Result<T, PicksFileError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(row) = self.ready.next() {
                return Some(Ok(row));
            }
            let batch = match self.reader.next()? {
                Ok(batch) => batch,
                Err(error) => return Some(Err(damaged(&self.path, error))),
            };
            match (self.read)(&batch) {
                Some(rows) => self.ready = rows.into_iter(),
                None => return Some(Err(damaged(&self.path, "it holds a word this version does not know"))),
            }
        }
    }
}

fn open(path: &Path) -> Result<ParquetRecordBatchReaderBuilder<File>, PicksFileError> {
    let file = File::open(path).map_err(|error| io(path, "read", &error))?;
    ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| damaged(path, error))
}

fn rows<T>(
    path: PathBuf,
    builder: ParquetRecordBatchReaderBuilder<File>,
    read: fn(&RecordBatch) -> Option<Vec<T>>,
) -> Result<Rows<T>, PicksFileError> {
    let reader = builder.with_batch_size(8_192).build().map_err(|error| damaged(&path, error))?;
    Ok(Rows { path, reader, ready: Vec::new().into_iter(), read })
}

fn arm_rows(batch: &RecordBatch) -> Option<Vec<(String, Arm)>> {
    let (customers, arms) =
        (batch.column(0).as_string_opt::<i32>()?, batch.column(1).as_string_opt::<i32>()?);
    (0..batch.num_rows()).map(|at| Some((customers.value(at).to_owned(), arm_of(arms.value(at))?))).collect()
}

fn pick_rows(batch: &RecordBatch) -> Option<Vec<StoredPick>> {
    let text = |column: usize| batch.column(column).as_string_opt::<i32>();
    let (customers, products, origins) = (text(0)?, text(2)?, text(4)?);
    let (whys, pasts) = (text(5)?, text(6)?);
    let slots = batch.column(1).as_primitive_opt::<UInt8Type>()?;
    let scores = batch.column(3).as_primitive_opt::<Float32Type>()?;
    let row = |at: usize| {
        Some(StoredPick {
            customer: customers.value(at).to_owned(),
            slot: slots.value(at),
            product: products.value(at).to_owned(),
            score: scores.value(at),
            origin: origin_of(origins.value(at))?,
            why: Why::from_name(whys.value(at))?,
            reason_product: pasts.is_valid(at).then(|| pasts.value(at).to_owned()),
        })
    };
    (0..batch.num_rows()).map(row).collect()
}

/// Every customer of the audience with their arm, the holdout too, by ascending id.
pub fn arms(folder: &Path) -> Result<Vec<(String, Arm)>, PicksFileError> {
    arm_stream(folder)?.collect()
}

fn arm_stream(
    folder: &Path,
) -> Result<impl Iterator<Item = Result<(String, Arm), PicksFileError>> + use<>, PicksFileError> {
    let path = folder.join("arms.parquet");
    let builder = open(&path)?;
    rows(path, builder, arm_rows)
}

fn kind_rows(batch: &RecordBatch) -> Option<Vec<(String, String)>> {
    let customers = batch.column(0).as_string_opt::<i32>()?;
    // Earlier generations did not say.
    let Some(kinds) = batch.columns().get(2) else { return Some(Vec::new()) };
    let kinds = kinds.as_string_opt::<i32>()?;
    let named = (0..batch.num_rows()).filter(|&at| kinds.is_valid(at));
    Some(named.map(|at| (customers.value(at).to_owned(), kinds.value(at).to_owned())).collect())
}

/// Of each customer of whom it is known, what kind they were when the picks were made, in words.
pub fn kinds(
    folder: &Path,
) -> Result<impl Iterator<Item = Result<(String, String), PicksFileError>> + use<>, PicksFileError> {
    let path = folder.join("arms.parquet");
    let builder = open(&path)?;
    rows(path, builder, kind_rows)
}

/// Every pick, by ascending customer id, then slot.
pub fn picks(
    folder: &Path,
) -> Result<impl Iterator<Item = Result<StoredPick, PicksFileError>> + use<>, PicksFileError> {
    let path = folder.join("picks.parquet");
    let builder = open(&path)?;
    rows(path, builder, pick_rows)
}

/// What the holdout would have been shown; nothing of a generation from before it was kept.
pub fn unsent(
    folder: &Path,
) -> Result<impl Iterator<Item = Result<StoredPick, PicksFileError>> + use<>, PicksFileError> {
    let path = folder.join("unsent.parquet");
    let kept = match path.exists() {
        true => Some(rows(path.clone(), open(&path)?, pick_rows)?),
        false => None,
    };
    Ok(kept.into_iter().flatten())
}

/// One customer's picks by slot.
pub fn picks_of(folder: &Path, customer: &str) -> Result<Vec<StoredPick>, PicksFileError> {
    picks_between(folder, customer, customer)?.collect()
}

/// The picks of the customers from `first` to `last`, both included; only the parts of the file that may hold them are
/// read.
pub fn picks_between(
    folder: &Path,
    first: &str,
    last: &str,
) -> Result<impl Iterator<Item = Result<StoredPick, PicksFileError>> + use<>, PicksFileError> {
    let path = folder.join("picks.parquet");
    let builder = open(&path)?;
    let groups = builder.metadata().row_groups();
    let may_hold = |at: &usize| match groups[*at].column(0).statistics() {
        Some(Statistics::ByteArray(bounds)) => {
            let above = bounds.min_opt().is_none_or(|min| min.data() <= last.as_bytes());
            above && bounds.max_opt().is_none_or(|max| first.as_bytes() <= max.data())
        }
        _ => true,
    };
    let wanted: Vec<usize> = (0..groups.len()).filter(may_hold).collect();
    let (first, last) = (first.to_owned(), last.to_owned());
    let found = rows(path, builder.with_row_groups(wanted), pick_rows)?;
    let is_between = move |id: &str| first.as_str() <= id && id <= last.as_str();
    Ok(found.filter(move |row| row.as_ref().map_or(true, |pick| is_between(&pick.customer))))
}

/// Both files side by side, one customer at a time.
pub fn recipients(
    folder: &Path,
) -> Result<impl Iterator<Item = Result<Recipient, PicksFileError>> + use<>, PicksFileError> {
    let mut picks = picks(folder)?.peekable();
    let recipient = move |(customer, arm): (String, Arm)| {
        let mut own = Vec::new();
        while let Some(row) = picks.next_if(|row| row.as_ref().map_or(true, |p| p.customer == customer)) {
            own.push(row?);
        }
        Ok(Recipient { customer, arm, picks: own })
    };
    let mut recipient = recipient;
    Ok(arm_stream(folder)?.map(move |row| row.and_then(&mut recipient)))
}
