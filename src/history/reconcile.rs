//! Which rows of a reading are news, which of the known ones they replace, and who vanished.

use super::events::KEY_COLUMNS;
use super::keys::Key;
use super::manifest::Segment;
use super::rows::Rows;
use super::segment::{Batches, Part};
use super::spill::{Entry, Sieve, Spill};
use super::{Coverage, HistoryError, Reading};
use crate::progress::Progress;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, RecordBatch};
use std::path::Path;

/// The segments of one reading: those known before, and those it wrote.
pub(super) struct Comparison<'a> {
    pub folder: &'a Path,
    pub reading: &'a Reading,
    pub coverage: Coverage,
    pub old: &'a [Segment],
    pub new: &'a [Segment],
    pub progress: &'a dyn Progress,
}

/// What the comparison found; rows of segments in the order old, new.
pub(super) struct Found {
    /// Rows that no longer count, those skipped before included.
    pub skips: Vec<Rows>,
    /// Per segment: rows that count and are active.
    pub active: Vec<u64>,
    /// Rows of old segments whose product or customer is gone from the shop.
    pub vanished: Vec<Rows>,
    pub new_rows: u64,
    pub repeated: u64,
    pub replaced: u64,
    pub vanished_rows: u64,
}

impl Comparison<'_> {
    pub fn run(&self) -> Result<Found, HistoryError> {
        let all = || self.old.iter().chain(self.new);
        let mut found = Found {
            skips: Vec::new(),
            active: all().map(|segment| segment.active).collect(),
            vanished: self.old.iter().map(|segment| Rows::none(segment.rows as usize)).collect(),
            new_rows: 0,
            repeated: 0,
            replaced: 0,
            vanished_rows: 0,
        };
        for segment in all() {
            let skipped = segment.skipped_rows(self.folder)?;
            found.skips.push(skipped.unwrap_or_else(|| Rows::none(segment.rows as usize)));
        }
        let looked_at = self.looked_at();
        let rows = looked_at.iter().map(|at| self.segment(*at).rows).sum();
        self.progress.phase("Comparing with what is known", Some(rows));
        let spill = self.spill(&looked_at, &found.skips, rows)?;
        let first_new = self.old.len() as u32;
        spill.partitions(|entries| {
            if self.progress.cancelled() {
                return Err(HistoryError::Cancelled);
            }
            for group in entries.chunk_by(|a, b| a.key == b.key) {
                let olds = group.partition_point(|entry| entry.segment < first_new);
                self.decide(&group[..olds], &group[olds..], &mut found);
            }
            Ok(())
        })?;
        Ok(found)
    }

    fn segment(&self, at: usize) -> &Segment {
        self.old.get(at).unwrap_or_else(|| &self.new[at - self.old.len()])
    }

    /// Indices of the segments whose keys matter. Rows known by their content cannot equal a row of another time;
    /// an event with an id may have moved to another time, so its namesake is looked for everywhere.
    fn looked_at(&self) -> Vec<usize> {
        let first = self.new.iter().filter_map(|segment| segment.first_us).min().unwrap_or(i64::MIN);
        let last = self.new.iter().filter_map(|segment| segment.last_us).max().unwrap_or(i64::MAX);
        let has_ids = self.new.iter().any(|segment| segment.has_ids);
        let everything = self.vanishes();
        let matters = |segment: &Segment| {
            everything
                || !self.new.is_empty() && (has_ids && segment.has_ids || segment.overlaps(first, last))
        };
        let old = self.old.iter().enumerate().filter(|(_, segment)| matters(segment)).map(|(at, _)| at);
        // The new ones first: the sieve is made of them.
        (self.old.len()..self.old.len() + self.new.len()).chain(old).collect()
    }

    fn vanishes(&self) -> bool {
        self.coverage != Coverage::Part && !matches!(self.reading, Reading::Events(_))
    }

    fn spill(&self, looked_at: &[usize], skips: &[Rows], rows: u64) -> Result<Spill, HistoryError> {
        let mut spill = Spill::new(self.folder, rows)?;
        let mut sieve = (!self.vanishes()).then(Sieve::new);
        for at in looked_at {
            let is_new = *at >= self.old.len();
            for batch in Batches::open(self.folder, self.segment(*at), Part::Keys)? {
                if self.progress.cancelled() {
                    return Err(HistoryError::Cancelled);
                }
                let batch = batch?;
                let keys = keys_of(&self.folder.join(&self.segment(*at).file), &batch.rows)?;
                for (row, Key { key, content }) in (batch.first_row as u32..).zip(keys) {
                    if is_new {
                        sieve.iter_mut().for_each(|sieve| sieve.insert(key));
                    } else if skips[*at].contains(row)
                        || sieve.as_ref().is_some_and(|sieve| !sieve.may_contain(key))
                    {
                        continue;
                    }
                    spill.push(Entry { key, segment: *at as u32, row, content })?;
                }
                self.progress.advance(batch.rows.num_rows() as u64);
            }
        }
        Ok(spill)
    }

    /// All live rows with one key: those known before, and those of the new reading, in reading order.
    fn decide(&self, olds: &[Entry], news: &[Entry], found: &mut Found) {
        match (olds.last(), news.split_last()) {
            (Some(old), None) => {
                if self.vanishes() && old.identity().is_active() {
                    found.vanished_rows += 1;
                    found.vanished[old.segment as usize].insert(old.row);
                    found.skip(old);
                }
            }
            // The same id: the newest reading is right.
            (old, Some((winner, earlier))) if winner.identity().has_id() => {
                earlier.iter().for_each(|entry| found.skip(entry));
                found.repeated += earlier.len() as u64;
                match old {
                    None => found.new_rows += 1,
                    Some(old) if old.content == winner.content => {
                        found.skip(winner);
                        found.repeated += 1;
                    }
                    Some(_) => {
                        olds.iter().for_each(|entry| found.skip(entry));
                        found.replaced += 1;
                    }
                }
            }
            // Equal lines without an id: the k-th of this reading is the k-th that is known; the surplus is news.
            _ => {
                let known = olds.len().min(news.len());
                news[..known].iter().for_each(|entry| found.skip(entry));
                found.repeated += known as u64;
                found.new_rows += (news.len() - known) as u64;
            }
        }
    }
}

impl Found {
    fn skip(&mut self, entry: &Entry) {
        if self.skips[entry.segment as usize].insert(entry.row) && entry.identity().is_active() {
            self.active[entry.segment as usize] -= 1;
        }
    }
}

fn keys_of(path: &Path, rows: &RecordBatch) -> Result<impl Iterator<Item = Key> + use<>, HistoryError> {
    let mut columns = KEY_COLUMNS.map(|name| {
        rows.column_by_name(name)
            .and_then(|column| column.as_primitive_opt::<Int64Type>())
            .filter(|column| column.null_count() == 0)
            .map(|column| column.values().clone())
    });
    let [Some(high), Some(low), Some(content)] = columns.each_mut().map(Option::take) else {
        return Err(HistoryError::Damaged { path: path.to_owned(), reason: "it has no keys".into() });
    };
    Ok((0..high.len()).map(move |at| Key::from_parts(high[at], low[at], content[at])))
}
