//! A set of a segment's rows, one bit each: which rows are skipped, and the small file that says so.

use super::HistoryError;
use super::files::write_durably;
use arrow_array::BooleanArray;
use arrow_buffer::BooleanBuffer;
use std::path::Path;
use twox_hash::XxHash3_64;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rows {
    bits: Vec<u64>,
}

impl Rows {
    pub fn none(len: usize) -> Self {
        Self { bits: vec![0; len.div_ceil(64)] }
    }

    /// True when the row was not in the set before.
    pub fn insert(&mut self, row: u32) -> bool {
        let word = &mut self.bits[row as usize / 64];
        let bit = 1 << (row % 64);
        let new = *word & bit == 0;
        *word |= bit;
        new
    }

    pub fn contains(&self, row: u32) -> bool {
        self.bits[row as usize / 64] & (1 << (row % 64)) != 0
    }

    pub fn count(&self) -> u64 {
        self.bits.iter().map(|word| u64::from(word.count_ones())).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.bits.iter().all(|word| *word == 0)
    }

    /// For the rows from `start`: true where a row is in the set (or, inverted, where it is not).
    pub fn mask(&self, start: usize, len: usize, wanted: Wanted) -> BooleanArray {
        BooleanArray::new(
            BooleanBuffer::collect_bool(len, |at| {
                self.contains((start + at) as u32) == matches!(wanted, Wanted::Inside)
            }),
            None,
        )
    }

    /// Writes the set to `path` and answers the checksum to keep.
    pub fn save(&self, path: &Path) -> Result<u64, HistoryError> {
        let bytes: Vec<u8> = self.bits.iter().flat_map(|word| word.to_le_bytes()).collect();
        write_durably(path, &bytes)?;
        Ok(XxHash3_64::oneshot(&bytes))
    }

    pub fn load(path: &Path, len: usize, checksum: u64) -> Result<Self, HistoryError> {
        let bytes = std::fs::read(path).map_err(HistoryError::file(path, "read"))?;
        if bytes.len() != len.div_ceil(64) * 8 || XxHash3_64::oneshot(&bytes) != checksum {
            let reason = format!("its {} bytes are not those that were written", bytes.len());
            return Err(HistoryError::Damaged { path: path.to_owned(), reason });
        }
        let words = bytes.chunks_exact(8);
        let bits = words.map(|word| u64::from_le_bytes(word.try_into().unwrap_or_default())).collect();
        Ok(Self { bits })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    Inside,
    Outside,
}
