//! Lists of ids as people have them: pasted, or a file of whatever encoding, delimiter and shape.
//!
//! Takes what is sensible and counts what it ignored, and why. It never fails on what is inside, only on what is no
//! text at all.

use crate::picker::Removed;
use std::collections::HashSet;

/// Longer than any id: a line of prose, or a quote that never closes.
const LONGEST_ID: usize = 200;
/// Rows looked at to find out which column holds the ids.
const SAMPLE: usize = 1_000;
const DELIMITERS: [char; 4] = [';', ',', '\t', '|'];
const HEADERS: [&str; 16] = [
    "id",
    "sku",
    "customer",
    "customerid",
    "customernumber",
    "customerno",
    "userid",
    "user",
    "product",
    "productid",
    "itemid",
    "item",
    "articleno",
    "articlenumber",
    "productcode",
    "stockcode",
];

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ListError {
    #[error("this is an Excel workbook; in Excel choose “Save as” and “CSV”, then upload that file")]
    Workbook,
    #[error("this is no text file; upload a CSV or text file with one id per line")]
    NotText,
    #[error("the list is empty; paste ids, one per line, or choose a file")]
    Empty,
    #[error(
        "none of the {0} ids of this list is known in the shop; is it the right column of the right file?"
    )]
    NothingKnown(u64),
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IdList {
    /// Known ids, in the order of the file, without repetition.
    pub ids: Vec<String>,
    pub ignored: Vec<Removed>,
}

impl IdList {
    /// "12 ids; ignored: 3 twice in the list, 1 unknown in the shop"
    pub fn story(&self) -> String {
        let ignored: Vec<String> = self.ignored.iter().map(|r| format!("{} {}", r.count, r.why)).collect();
        let taken = format!("{} ids taken over", self.ids.len());
        if ignored.is_empty() {
            format!("{taken}.")
        } else {
            format!("{taken}; ignored: {}.", ignored.join(", "))
        }
    }
}

/// Reads a list; `is_known` tells the shop's ids.
pub fn parse(content: &[u8], is_known: &dyn Fn(&str) -> bool) -> Result<IdList, ListError> {
    let text = decode(content)?;
    let table = rows(&text);
    if table.is_empty() {
        return Err(ListError::Empty);
    }
    let (column, is_first_a_header) = find_column(&table, is_known);
    let skipped = usize::from(is_first_a_header);
    let cells: Vec<&str> = match table.as_slice() {
        // A single line is a list from left to right.
        [line] => line.iter().map(String::as_str).collect(),
        rows => rows[skipped..].iter().map(|row| row.get(column).map_or("", String::as_str)).collect(),
    };
    collect(&cells, is_known)
}

/// A table as people have it: its rows that are not blank, in cells without spaces around them.
pub(super) fn table(content: &[u8]) -> Result<Vec<Vec<String>>, ListError> {
    Ok(rows(&decode(content)?))
}

fn collect(cells: &[&str], is_known: &dyn Fn(&str) -> bool) -> Result<IdList, ListError> {
    let (mut empty, mut long, mut repeated, mut unknown) = (0, 0, 0, 0);
    let mut seen = HashSet::new();
    let mut ids = Vec::new();
    for cell in cells {
        let id = clean(cell);
        if id.is_empty() {
            empty += 1;
        } else if id.len() > LONGEST_ID {
            long += 1;
        } else if !seen.insert(id) {
            repeated += 1;
        } else if !is_known(id) {
            unknown += 1;
        } else {
            ids.push(id.to_owned());
        }
    }
    if ids.is_empty() {
        return Err(if unknown > 0 { ListError::NothingKnown(unknown) } else { ListError::Empty });
    }
    let reasons = [
        (empty, "empty lines"),
        (long, "too long for an id"),
        (repeated, "twice in the list"),
        (unknown, "unknown in the shop"),
    ];
    let ignored = reasons
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, why)| Removed { why: why.into(), count })
        .collect();
    Ok(IdList { ids, ignored })
}

/// Without spaces and without the apostrophe that our own exports put before cells that start like a formula.
fn clean(cell: &str) -> &str {
    let cell = cell.trim();
    match cell.strip_prefix('\'') {
        Some(rest) if rest.starts_with(['=', '+', '-', '@']) => rest,
        _ => cell,
    }
}

/// By byte-order mark; else UTF-8 when it is valid; else what Windows programs write.
fn decode(content: &[u8]) -> Result<String, ListError> {
    if content.starts_with(b"PK\x03\x04") || content.starts_with(b"\xd0\xcf\x11\xe0") {
        return Err(ListError::Workbook);
    }
    let encoding = match encoding_rs::Encoding::for_bom(content) {
        Some((encoding, _)) => encoding,
        None => match utf16_without_mark(content) {
            Some(encoding) => encoding,
            None if content.contains(&0) => return Err(ListError::NotText),
            None if std::str::from_utf8(content).is_ok() => encoding_rs::UTF_8,
            None => encoding_rs::WINDOWS_1252,
        },
    };
    Ok(encoding.decode(content).0.into_owned())
}

/// Ids are mostly ASCII, of which every second byte is zero in UTF-16.
fn utf16_without_mark(content: &[u8]) -> Option<&'static encoding_rs::Encoding> {
    let start = &content[..content.len().min(2_000)];
    let zeros = |offset: usize| start.iter().skip(offset).step_by(2).filter(|byte| **byte == 0).count();
    let most = |count: usize| start.len() >= 4 && count * 4 >= start.len();
    match (zeros(0), zeros(1)) {
        (0, odd) if most(odd) => Some(encoding_rs::UTF_16LE),
        (even, 0) if most(even) => Some(encoding_rs::UTF_16BE),
        _ => None,
    }
}

/// The lines that are not blank, in cells.
fn rows(text: &str) -> Vec<Vec<String>> {
    let text = text.trim_start_matches('\u{feff}');
    let delimiter = delimiter(text);
    // An odd number of quotes means that one never closes, and would swallow the rest of the file.
    let quoting = text.bytes().filter(|byte| *byte == b'"').count() % 2 == 0;
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter.map_or(0x1f, |delimiter| delimiter as u8))
        .quoting(quoting)
        .from_reader(text.as_bytes());
    let cells = |row: &csv::StringRecord| -> Vec<String> {
        row.iter().map(|cell| cell.trim().trim_matches('"').trim().to_owned()).collect()
    };
    let rows = reader.records().filter_map(Result::ok).map(|row| cells(&row));
    rows.filter(|row| row.iter().any(|cell| !cell.is_empty())).collect()
}

/// The one that stands in most of the first lines; `None` when the lines are ids as they are.
fn delimiter(text: &str) -> Option<char> {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).take(50).collect();
    let count = |delimiter: char| lines.iter().filter(|line| line.contains(delimiter)).count();
    let best = DELIMITERS.into_iter().rev().max_by_key(|&delimiter| count(delimiter))?;
    (count(best) * 2 > lines.len()).then_some(best)
}

/// The column with most known ids among those with any, else one with a telling name, else the first; and whether
/// the first row names the columns.
fn find_column(table: &[Vec<String>], is_known: &dyn Fn(&str) -> bool) -> (usize, bool) {
    let width = table.iter().take(SAMPLE).map(Vec::len).max().unwrap_or(0).min(500);
    let knows = |column: usize| {
        let cells = table.iter().take(SAMPLE).filter_map(|row| row.get(column));
        cells.filter(|cell| is_known(clean(cell))).count()
    };
    let named = table[0].iter().position(|cell| HEADERS.contains(&plain(cell).as_str()));
    let (best, hits) = (0..width)
        .map(|column| (column, knows(column)))
        .fold((named.unwrap_or(0), 0), |best, next| if next.1 > best.1 { next } else { best });
    let first = table[0].get(best).map_or("", |cell| clean(cell));
    let is_header = named.is_some() || (hits > 0 && table.len() > 1 && !is_known(first) && !has_digit(first));
    (best, is_header && table.len() > 1 && !is_known(first))
}

fn has_digit(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_digit())
}

/// `Customer ID` and `customer_id` are one name.
fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn known(id: &str) -> bool {
        ["a1", "b2", "c3", "straße", "-7"].contains(&id)
    }

    fn ids(content: &[u8]) -> Vec<String> {
        parse(content, &known).unwrap().ids
    }

    #[test]
    fn shapes_that_people_have() {
        for text in [
            "a1\nb2\n",
            "a1,b2",
            "a1; b2 ;",
            "id\r\na1\r\nb2\r\n",
            "Name;Customer ID\nAnna;a1\nBo;b2\n",
            "\u{feff}sku\ta\na1\t\"x\nb2\ty\n",
            "\n\n a1 \n\n\"b2\"\n",
            "x|a1\ny|b2",
        ] {
            assert_eq!(ids(text.as_bytes()), ["a1", "b2"], "{text:?}");
        }
        assert_eq!(ids(b"id\n'-7\n"), ["-7"]);
    }

    #[test]
    fn encodings_that_programs_write() {
        let utf16: Vec<u8> = "id\na1\nstraße\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let marked = [&[0xff, 0xfe], utf16.as_slice()].concat();
        let windows = encoding_rs::WINDOWS_1252.encode("a1\nstraße\n").0.into_owned();
        for content in [utf16, marked, windows, "a1\nstraße".into()] {
            assert_eq!(ids(&content), ["a1", "straße"]);
        }
    }

    #[test]
    fn what_is_ignored_is_counted() {
        let list = parse(b"a1\na1\nzz\nb2\n", &known).unwrap();
        assert_eq!(list.story(), "2 ids taken over; ignored: 1 twice in the list, 1 unknown in the shop.");
        assert_eq!(parse(b"zz\nyy", &known), Err(ListError::NothingKnown(2)));
        assert_eq!(parse(b" \n", &known), Err(ListError::Empty));
        assert_eq!(parse(b"PK\x03\x04...", &known), Err(ListError::Workbook));
        assert_eq!(parse(b"\x00\x01\x02\x00\x00", &known), Err(ListError::NotText));
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(content in proptest::collection::vec(any::<u8>(), 0..400)) {
            drop(parse(&content, &|id| id.len() % 2 == 0));
        }

        #[test]
        fn text_with_many_delimiters_does_neither(content in "[a1b2;,\t|\"'\r\n=é-]{0,80}") {
            if let Ok(list) = parse(content.as_bytes(), &|_| true) {
                let distinct: HashSet<_> = list.ids.iter().collect();
                prop_assert_eq!(distinct.len(), list.ids.len());
                prop_assert!(list.ids.iter().all(|id| !id.is_empty()));
            }
        }
    }
}
