//! The picks as Parquet: a row for each pick, for people who work with data.

use crate::campaigns::export::{Export, ExportError, reason};
use crate::picker::picks_file::{self, arm_name, origin_name};
use crate::picker::plan::Arm;
use crate::progress::Progress;
use arrow_array::builder::{Float32Builder, Float64Builder, Int32Builder, StringBuilder};
use arrow_array::{ArrayRef, RecordBatch};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use std::io::Write;
use std::sync::Arc;

/// Rows in memory at a time.
const BATCH: usize = 16_384;

fn failed(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> ExportError {
    ExportError::Write(std::io::Error::other(error))
}

#[derive(Default)]
struct Rows {
    campaign: Int32Builder,
    customer: StringBuilder,
    variant: StringBuilder,
    rank: Int32Builder,
    product: StringBuilder,
    title: StringBuilder,
    price: Float64Builder,
    currency: StringBuilder,
    score: Float32Builder,
    source: StringBuilder,
    reason: StringBuilder,
    rows: usize,
}

impl Rows {
    fn push(&mut self, export: &Export<'_>, arm: Arm, pick: &picks_file::StoredPick) {
        let number = export.catalogue.number(&pick.product);
        let product = number.map(|number| export.catalogue.product(number));
        self.campaign.append_value(export.campaign.0);
        self.customer.append_value(&pick.customer);
        self.variant.append_value(arm_name(arm));
        self.rank.append_value(i32::from(pick.slot));
        self.product.append_value(&pick.product);
        self.title.append_option(product.map(|product| product.title.as_str()));
        self.price.append_option(product.and_then(|product| product.price).map(|price| price.as_f64()));
        self.currency
            .append_option(product.map(|product| product.currency.as_deref().unwrap_or(export.currency)));
        self.score.append_value(pick.score);
        self.source.append_value(origin_name(pick.origin));
        self.reason.append_value(reason(&export.catalogue, pick));
        self.rows += 1;
    }

    fn take(&mut self) -> Result<RecordBatch, ExportError> {
        self.rows = 0;
        let columns: [(&str, ArrayRef); 11] = [
            ("campaign_id", Arc::new(self.campaign.finish())),
            ("user_id", Arc::new(self.customer.finish())),
            ("variant", Arc::new(self.variant.finish())),
            ("rank", Arc::new(self.rank.finish())),
            ("item_id", Arc::new(self.product.finish())),
            ("title", Arc::new(self.title.finish())),
            ("price", Arc::new(self.price.finish())),
            ("currency", Arc::new(self.currency.finish())),
            ("score", Arc::new(self.score.finish())),
            ("source", Arc::new(self.source.finish())),
            ("reason", Arc::new(self.reason.finish())),
        ];
        let nullable = |name: &str| matches!(name, "title" | "price" | "currency");
        RecordBatch::try_from_iter_with_nullable(
            columns.into_iter().map(|(name, column)| (name, column, nullable(name))),
        )
        .map_err(failed)
    }
}

/// Answers its rows. Without addresses: who works with the data joins them where they may.
pub fn write(
    export: &Export<'_>,
    out: &mut (impl Write + Send),
    progress: &dyn Progress,
) -> Result<u64, ExportError> {
    let mut rows = Rows::default();
    let zstd = Compression::ZSTD(ZstdLevel::default());
    let properties = WriterProperties::builder().set_compression(zstd).build();
    let schema = Rows::default().take()?.schema();
    let mut writer = ArrowWriter::try_new(out, schema, Some(properties)).map_err(failed)?;
    let mut written = 0;
    for (at, recipient) in picks_file::recipients(export.folder)?.enumerate() {
        let recipient = recipient?;
        if at % 1_024 == 0 {
            progress.advance(1_024);
            if progress.cancelled() {
                return Err(ExportError::Cancelled);
            }
        }
        if recipient.arm == Arm::Holdout {
            continue;
        }
        for pick in &recipient.picks {
            rows.push(export, recipient.arm, pick);
            written += 1;
        }
        if rows.rows >= BATCH {
            writer.write(&rows.take()?).map_err(failed)?;
        }
    }
    writer.write(&rows.take()?).map_err(failed)?;
    writer.close().map_err(failed)?;
    Ok(written)
}
