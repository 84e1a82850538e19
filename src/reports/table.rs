//! What every form of a report is written from: named tables whose columns say what their numbers are.
//!
//! A page, a workbook, a PDF and a Parquet file differ in how they show a cell, never in what it holds.

use crate::web::{decimal, percent, whole};
use chrono::NaiveDate;
use serde_json::{Value, json};

/// What a column's cells are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Text,
    Date,
    Count,
    /// 0 to 1, shown in per cent.
    Share,
    /// A difference of shares or a part of something, −1 and up; shown in per cent with its sign.
    Change,
    /// In the report's currency.
    Money,
    /// An amount with its sign.
    Gain,
    /// A pure number, as of standard deviations.
    Number,
}

impl Unit {
    pub const fn is_number(self) -> bool {
        !matches!(self, Self::Text | Self::Date)
    }

    /// In files that programs read.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Date => "date",
            Self::Count => "count",
            Self::Share => "share",
            Self::Change => "change",
            Self::Money | Self::Gain => "money",
            Self::Number => "number",
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    Text(String),
    /// Finite.
    Number(f64),
    Date(NaiveDate),
    /// Not known, or not to be computed.
    None,
}

impl From<Option<f64>> for Cell {
    fn from(value: Option<f64>) -> Self {
        value.filter(|value| value.is_finite()).map_or(Self::None, Self::Number)
    }
}

impl From<f64> for Cell {
    fn from(value: f64) -> Self {
        Some(value).into()
    }
}

impl From<u64> for Cell {
    fn from(value: u64) -> Self {
        Self::Number(value as f64)
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<NaiveDate> for Cell {
    fn from(date: NaiveDate) -> Self {
        Self::Date(date)
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    pub title: String,
    pub unit: Unit,
}

impl Column {
    /// The title as a name in files that programs read: `per_customer`.
    pub fn key(&self) -> String {
        let word = |letter: char| if letter.is_alphanumeric() { letter.to_ascii_lowercase() } else { ' ' };
        let words: String = self.title.chars().map(word).collect();
        words.split_whitespace().collect::<Vec<_>>().join("_")
    }
}

/// Rows of as many cells as there are columns. The first column names the row.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// In names of files and sheets.
    pub name: &'static str,
    pub title: &'static str,
    /// What it shows, in a sentence.
    pub about: &'static str,
    pub columns: Vec<Column>,
    pub rows: Vec<Vec<Cell>>,
}

/// More columns than this do not fit a page, and so many rows fit one when they are turned.
const WIDEST: usize = 10;
const MOST_TURNED: usize = 5;

/// A table's words as they stand on paper.
#[derive(Debug, Clone, PartialEq)]
pub struct LaidOut {
    /// Titles, and whether numbers stand below.
    pub heads: Vec<(String, bool)>,
    /// The first of each names the row.
    pub rows: Vec<Vec<String>>,
}

pub fn column(title: &str, unit: Unit) -> Column {
    Column { title: title.to_owned(), unit }
}

/// What stands where a number is not known.
pub const NONE: &str = "–";

impl Cell {
    /// As people read it; `currency` is the report's.
    pub fn shown(&self, unit: Unit, currency: &str) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Date(date) => date.format("%a %-d %b %Y").to_string(),
            Self::None => NONE.to_owned(),
            Self::Number(number) => shown(*number, unit, currency),
        }
    }

    /// As programs read it.
    pub fn json(&self, unit: Unit) -> Value {
        match self {
            Self::Text(text) => json!(text),
            Self::Date(date) => json!(date),
            Self::None => Value::Null,
            Self::Number(number) if unit == Unit::Count => json!(number.round() as i64),
            Self::Number(number) => json!(number),
        }
    }
}

/// A number as people read it, in its unit.
pub fn shown(number: f64, unit: Unit, currency: &str) -> String {
    let two = |number: f64| signed(number, 2).trim_start_matches('+').to_owned();
    match unit {
        Unit::Count | Unit::Text | Unit::Date => whole(number.round() as i64),
        // A rate of few in a thousand would round to nothing.
        Unit::Share if number.abs() < 0.01 && number != 0.0 => {
            format!("{}\u{a0}%", decimal(number * 100.0, 2))
        }
        Unit::Share => percent(number),
        Unit::Change => format!("{}\u{a0}%", signed(number * 100.0, if number.abs() < 0.1 { 2 } else { 1 })),
        Unit::Money => with(two(number), currency),
        Unit::Gain => with(signed(number, if number.abs() < 100.0 { 2 } else { 0 }), currency),
        Unit::Number => signed(number, 3).trim_start_matches('+').to_owned(),
    }
}

fn with(number: String, currency: &str) -> String {
    if currency.is_empty() { number } else { format!("{number}\u{a0}{currency}") }
}

/// With its sign and thin spaces: `+1 240`, `−0.35`.
pub fn signed(value: f64, places: usize) -> String {
    let scale = 10f64.powi(places as i32);
    let rounded = (value * scale).round() / scale;
    let sign = if rounded < 0.0 { "−" } else { "+" };
    let size = rounded.abs();
    let fraction = decimal(size, places);
    let fraction = fraction.split_once('.').map_or(String::new(), |(_, places)| format!(".{places}"));
    format!("{sign}{}{fraction}", whole(size.trunc() as i64))
}

impl Table {
    /// The table as one object: each column with its kind, each row as an array.
    pub fn json(&self) -> Value {
        let column = |column: &Column| json!({ "name": column.key(), "title": column.title, "kind": column.unit.name() });
        let row = |row: &Vec<Cell>| -> Value {
            self.columns.iter().zip(row).map(|(column, cell)| cell.json(column.unit)).collect()
        };
        json!({
            "name": self.name,
            "title": self.title,
            "about": self.about,
            "columns": self.columns.iter().map(column).collect::<Vec<_>>(),
            "rows": self.rows.iter().map(row).collect::<Vec<_>>(),
        })
    }

    /// As people read it. A wide table of few rows is turned, so that it fits a page.
    pub fn laid_out(&self, currency: &str) -> LaidOut {
        if self.columns.len() > WIDEST && self.rows.len() <= MOST_TURNED {
            return self.turned(currency);
        }
        let heads = self.columns.iter().map(|column| (column.title.clone(), column.unit.is_number()));
        LaidOut { heads: heads.collect(), rows: self.words(currency) }
    }

    /// As it fits pages: what is too wide for one is turned, a few rows at a time.
    pub fn parts(&self, currency: &str) -> Vec<LaidOut> {
        if self.columns.len() <= WIDEST {
            return vec![self.laid_out(currency)];
        }
        let part = |rows: &[Vec<Cell>]| Table { rows: rows.to_vec(), ..self.clone() }.turned(currency);
        self.rows.chunks(MOST_TURNED).map(part).collect()
    }

    /// As people read it, each column as a row.
    pub fn turned(&self, currency: &str) -> LaidOut {
        let rows = self.words(currency);
        let first = self.columns.first().map_or(String::new(), |column| column.title.clone());
        let names = rows.iter().filter_map(|row| Some((row.first()?.clone(), true)));
        let turned = self.columns.iter().enumerate().skip(1).map(|(at, column)| {
            [column.title.clone()].into_iter().chain(rows.iter().map(|row| row[at].clone())).collect()
        });
        LaidOut { heads: [(first, false)].into_iter().chain(names).collect(), rows: turned.collect() }
    }

    /// The named columns alone, those that are there.
    pub fn only(&self, titles: &[&str]) -> Self {
        let places: Vec<usize> = titles.iter().filter_map(|title| self.place(title)).collect();
        let of = |row: &Vec<Cell>| places.iter().map(|&place| row[place].clone()).collect();
        Self {
            columns: places.iter().map(|&place| self.columns[place].clone()).collect(),
            rows: self.rows.iter().map(of).collect(),
            ..*self
        }
    }

    fn words(&self, currency: &str) -> Vec<Vec<String>> {
        let cell = |(column, cell): (&Column, &Cell)| cell.shown(column.unit, currency);
        self.rows.iter().map(|row| self.columns.iter().zip(row).map(cell).collect()).collect()
    }

    pub fn place(&self, title: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.title == title)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_shown_in_their_unit() {
        let cases = [
            (1_240.4, Unit::Count, "1\u{202f}240"),
            (0.0534, Unit::Share, "5.3\u{a0}%"),
            (0.0034, Unit::Share, "0.34\u{a0}%"),
            (0.0534, Unit::Change, "+5.34\u{a0}%"),
            (-0.534, Unit::Change, "−53.4\u{a0}%"),
            (1_240.456, Unit::Money, "1\u{202f}240.46\u{a0}EUR"),
            (-0.35, Unit::Money, "−0.35\u{a0}EUR"),
            (1_240.456, Unit::Gain, "+1\u{202f}240\u{a0}EUR"),
            (-0.35, Unit::Gain, "−0.35\u{a0}EUR"),
        ];
        for (number, unit, text) in cases {
            assert_eq!(Cell::from(number).shown(unit, "EUR"), text);
        }
        assert_eq!(Cell::from(f64::NAN).shown(Unit::Money, "EUR"), "–");
    }

    #[test]
    fn signed_numbers_are_grouped() {
        assert_eq!(signed(1_240.4, 0), "+1\u{202f}240");
        assert_eq!(signed(-0.354, 2), "−0.35");
        assert_eq!(signed(-0.001, 2), "+0.00");
        assert_eq!(signed(9.999, 2), "+10.00");
    }

    #[test]
    fn a_wide_table_of_few_rows_is_turned() {
        let columns =
            (0..12).map(|at| column(&format!("c{at}"), if at == 0 { Unit::Text } else { Unit::Count }));
        let row =
            |name: &str| [Cell::from(name)].into_iter().chain((1..12).map(|at: u64| at.into())).collect();
        let table = Table {
            name: "t",
            title: "T",
            about: "",
            columns: columns.collect(),
            rows: vec![row("a"), row("b")],
        };
        let laid_out = table.laid_out("EUR");
        assert_eq!(laid_out.heads, [("c0".into(), false), ("a".into(), true), ("b".into(), true)]);
        assert_eq!(
            (laid_out.rows.len(), laid_out.rows[10].clone()),
            (11, vec!["c11".into(), "11".into(), "11".into()])
        );
    }

    #[test]
    fn a_title_becomes_a_name() {
        assert_eq!(
            column("Difference, standard deviations", Unit::Number).key(),
            "difference_standard_deviations"
        );
    }
}
