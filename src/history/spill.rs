//! Rows' keys on their way through the disk: more of them than memory holds are compared partition by partition.

use super::keys::Key;
use super::{HistoryError, files};
use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

/// A partition of this many rows takes 16 MB.
const ROWS_PER_PARTITION: u64 = 1 << 19;
const MOST_PARTITIONS: u64 = 1 << 12;
/// All partitions' write buffers together.
const BUFFER_BYTES: usize = 16 << 20;
const ENTRY_BYTES: usize = 32;

/// One row: what it is and where it stands. Sorted, equal keys stand together, in the order they were read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    pub key: u128,
    /// Index of the segment among those compared.
    pub segment: u32,
    pub row: u32,
    pub content: u64,
}

impl Entry {
    pub fn identity(&self) -> Key {
        Key { key: self.key, content: self.content }
    }

    fn to_bytes(self) -> [u8; ENTRY_BYTES] {
        let mut bytes = [0; ENTRY_BYTES];
        bytes[..16].copy_from_slice(&self.key.to_le_bytes());
        bytes[16..20].copy_from_slice(&self.segment.to_le_bytes());
        bytes[20..24].copy_from_slice(&self.row.to_le_bytes());
        bytes[24..].copy_from_slice(&self.content.to_le_bytes());
        bytes
    }

    fn from_bytes(bytes: &[u8; ENTRY_BYTES]) -> Self {
        let number = |at: usize, length: usize| {
            bytes[at..at + length].iter().rev().fold(0u128, |number, byte| number << 8 | u128::from(*byte))
        };
        Self {
            key: number(0, 16),
            segment: number(16, 4) as u32,
            row: number(20, 4) as u32,
            content: number(24, 8) as u64,
        }
    }
}

/// Collects entries; few stay in memory, many go to files.
pub(super) enum Spill {
    Memory(Vec<Entry>),
    Files { shift: u32, parts: Vec<Part> },
}

pub(super) struct Part {
    path: PathBuf,
    file: BufWriter<File>,
    entries: u64,
}

impl Drop for Part {
    fn drop(&mut self) {
        files::remove(&self.path);
    }
}

impl Spill {
    /// For at most about `expected` entries.
    pub fn new(folder: &Path, expected: u64) -> Result<Self, HistoryError> {
        let count = expected.div_ceil(ROWS_PER_PARTITION).next_power_of_two().min(MOST_PARTITIONS);
        if count == 1 {
            return Ok(Self::Memory(Vec::new()));
        }
        let mut parts = Vec::new();
        for number in 0..count {
            let path = folder.join("spill").join(format!("{number:04}"));
            let file = File::create(&path).map_err(HistoryError::file(&path, "created"))?;
            let buffer = (BUFFER_BYTES / count as usize / ENTRY_BYTES * ENTRY_BYTES).min(1 << 16);
            parts.push(Part { file: BufWriter::with_capacity(buffer, file), path, entries: 0 });
        }
        Ok(Self::Files { shift: 128 - count.trailing_zeros(), parts })
    }

    pub fn push(&mut self, entry: Entry) -> Result<(), HistoryError> {
        match self {
            Self::Memory(entries) => entries.push(entry),
            Self::Files { shift, parts } => {
                let part = &mut parts[(entry.key >> *shift) as usize];
                part.entries += 1;
                let written = part.file.write_all(&entry.to_bytes());
                written.map_err(HistoryError::file(&part.path, "written"))?;
            }
        }
        Ok(())
    }

    /// Calls `each` with the sorted entries of one partition after the other; equal keys share a partition.
    pub fn partitions(
        self,
        mut each: impl FnMut(&[Entry]) -> Result<(), HistoryError>,
    ) -> Result<(), HistoryError> {
        match self {
            Self::Memory(mut entries) => {
                entries.sort_unstable();
                each(&entries)
            }
            Self::Files { parts, .. } => {
                let mut entries = Vec::new();
                for part in parts {
                    part.read(&mut entries)?;
                    entries.sort_unstable();
                    each(&entries)?;
                }
                Ok(())
            }
        }
    }
}

impl Part {
    fn read(mut self, entries: &mut Vec<Entry>) -> Result<(), HistoryError> {
        self.file.flush().map_err(HistoryError::file(&self.path, "written"))?;
        let unreadable = HistoryError::file(&self.path, "read");
        let mut file = BufReader::with_capacity(1 << 18, File::open(&self.path).map_err(&unreadable)?);
        entries.clear();
        let mut bytes = [0; ENTRY_BYTES];
        for _ in 0..self.entries {
            file.read_exact(&mut bytes).map_err(&unreadable)?;
            entries.push(Entry::from_bytes(&bytes));
        }
        Ok(())
    }
}

/// Says of a key "certainly not among the new ones", so that a small sync does not sort the whole history. 8 MB:
/// beyond some ten million new rows it lets most through, which costs time only.
pub(super) struct Sieve {
    bits: Vec<u64>,
}

impl Sieve {
    const BITS: u64 = 1 << 26;

    pub fn new() -> Self {
        Self { bits: vec![0; (Self::BITS / 64) as usize] }
    }

    fn places(key: u128) -> [u64; 2] {
        [(key >> 1) as u64 % Self::BITS, (key >> 64) as u64 % Self::BITS]
    }

    pub fn insert(&mut self, key: u128) {
        for place in Self::places(key) {
            self.bits[(place / 64) as usize] |= 1 << (place % 64);
        }
    }

    pub fn may_contain(&self, key: u128) -> bool {
        Self::places(key).iter().all(|place| self.bits[(place / 64) as usize] & (1 << (place % 64)) != 0)
    }
}
