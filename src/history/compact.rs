//! Merging: segments that are small or mostly skipped become few full ones. Old versions keep the old files.

use super::events::Columns;
use super::manifest::Segment;
use super::rows::{Rows, Wanted};
use super::segment::{Batches, Part, Writer, choose, schema};
use super::{HistoryError, Reading};
use crate::progress::Progress;
use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, TimestampMicrosecondType};
use arrow_array::{RecordBatch, new_null_array};
use arrow_schema::{ArrowError, FieldRef, SchemaRef};
use std::path::Path;

/// A segment holds at most about this many rows.
pub(super) const FULL: u64 = 1 << 21;
/// Below this a segment counts as small, and this many small ones are merged.
const SMALL: u64 = 1 << 18;
const MOST_SMALL: usize = 8;

/// A segment with the rows that no longer count.
pub(super) struct Candidate {
    pub segment: Segment,
    pub skips: Rows,
}

impl Candidate {
    pub fn live(&self) -> u64 {
        self.segment.rows - self.skips.count()
    }

    fn is_small(&self) -> bool {
        self.live() < SMALL
    }

    /// A quarter of its rows is dead weight.
    fn is_sparse(&self) -> bool {
        self.skips.count() * 4 > self.segment.rows
    }
}

/// Which candidates to merge: indices, ascending; empty when it is not worth it.
pub(super) fn choose_victims(candidates: &[Candidate]) -> Vec<usize> {
    let small = candidates.iter().filter(|candidate| candidate.is_small()).count();
    let merge_small = small > MOST_SMALL;
    let chosen = |candidate: &Candidate| candidate.is_sparse() || merge_small && candidate.is_small();
    (0..candidates.len()).filter(|at| chosen(&candidates[*at])).collect()
}

/// Writes the live rows of `victims`, in order, into new segments.
pub(super) fn merge(
    folder: &Path,
    reading: &Reading,
    victims: &[&Candidate],
    mut name: impl FnMut() -> String,
    progress: &dyn Progress,
) -> Result<Vec<Segment>, HistoryError> {
    progress.phase("Tidying the history", Some(victims.iter().map(|victim| victim.live()).sum()));
    let mut merged = Vec::new();
    let mut writer: Option<Writer> = None;
    for victim in victims {
        let batches = Batches::open(folder, &victim.segment, Part::All)?;
        let path = batches.path().to_owned();
        for batch in batches {
            if progress.cancelled() {
                return Err(HistoryError::Cancelled);
            }
            let rows = choose(&path, batch?, Some(&victim.skips), Wanted::Outside)?;
            if rows.num_rows() == 0 {
                continue;
            }
            let open = match &mut writer {
                Some(open) => open,
                None => writer.insert(Writer::create(folder, name(), reading)?),
            };
            let rows = widened(rows, &schema(reading))
                .map_err(|error| HistoryError::Damaged { path: path.clone(), reason: error.to_string() })?;
            open.write(&described(rows, victim.segment.has_ids))?;
            if open.rows() >= FULL
                && let Some(full) = writer.take()
            {
                merged.push(full.finish()?);
            }
        }
        progress.advance(victim.live());
    }
    if let Some(last) = writer {
        merged.push(last.finish()?);
    }
    Ok(merged)
}

/// With columns of nothing in place of those that were not known when the segment was written.
fn widened(batch: RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, ArrowError> {
    if batch.num_columns() == schema.fields().len() {
        return Ok(batch);
    }
    let column = |field: &FieldRef| match batch.column_by_name(field.name()) {
        Some(column) => column.clone(),
        None => new_null_array(field.data_type(), batch.num_rows()),
    };
    RecordBatch::try_new(schema.clone(), schema.fields().iter().map(column).collect())
}

/// A batch read from a segment, as it is written to another.
fn described(batch: RecordBatch, has_ids: bool) -> Columns {
    let times = batch
        .column_by_name("at")
        .and_then(|column| column.as_primitive_opt::<TimestampMicrosecondType>())
        .map(|column| column.values().clone());
    let times = times.as_deref().unwrap_or_default();
    let active = batch
        .column_by_name("content")
        .and_then(|column| column.as_primitive_opt::<Int64Type>())
        .map_or(0, |column| column.values().iter().filter(|content| *content & 1 == 1).count());
    Columns {
        first_us: times.iter().min().copied(),
        last_us: times.iter().max().copied(),
        has_ids,
        active: active as u64,
        batch,
    }
}

#[cfg(test)]
mod tests {
    use super::super::people;
    use super::*;
    use crate::records::Product;

    #[test]
    fn segments_from_before_a_column_was_known_are_read_and_merged() {
        let products = [Product { id: "a".into(), title: "Lamp".into(), active: true, ..Product::default() }];
        let new = people::of_products(&products, &mut Default::default()).batch;
        let known = |field: &FieldRef| !matches!(field.name().as_str(), "cost" | "group" | "attributes");
        let kept: Vec<usize> =
            new.schema().fields().iter().enumerate().filter(|one| known(one.1)).map(|one| one.0).collect();
        let old = new.project(&kept).unwrap();
        assert_eq!(people::products(Path::new("old"), &old).unwrap(), products);
        assert_eq!(widened(old, &new.schema()).unwrap(), new);
    }
}
