//! The forms in which a report leaves the building, all written from the same tables and charts.

use super::paper::{Paper, paper};
use super::table::Table;
use super::view::{self, View};
use super::{Reported, columns, export, pdf, workbook};
use askama::Template;
use chrono_tz::Tz;
use std::io::{Cursor, Write};
use zip::write::{SimpleFileOptions, ZipWriter};

/// A report that could not be put into a form; the sentence says which.
#[derive(Debug, thiserror::Error)]
pub enum FormatError {
    #[error("the page could not be written: {0}")]
    Page(#[from] askama::Error),
    #[error("the PDF could not be written: {0}")]
    Pdf(String),
    #[error("the workbook could not be written: {0}")]
    Workbook(#[from] rust_xlsxwriter::XlsxError),
    #[error("the Parquet file could not be written: {0}")]
    Parquet(#[from] parquet::errors::ParquetError),
    #[error("the ZIP file could not be written: {0}")]
    Zip(#[from] zip::result::ZipError),
    #[error("the ZIP file could not be written: {0}")]
    Pack(#[from] std::io::Error),
    #[error("the JSON could not be written: {0}")]
    Json(#[from] serde_json::Error),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Html,
    Pdf,
    Xlsx,
    /// All numbers, one a row.
    Csv,
    /// The same rows.
    Parquet,
    Json,
    /// Every form, every table, every chart.
    Zip,
}

impl Format {
    pub const ALL: [Format; 7] =
        [Self::Html, Self::Pdf, Self::Xlsx, Self::Csv, Self::Parquet, Self::Json, Self::Zip];

    pub const fn ending(self) -> &'static str {
        match self {
            Self::Html => "html",
            Self::Pdf => "pdf",
            Self::Xlsx => "xlsx",
            Self::Csv => "csv",
            Self::Parquet => "parquet",
            Self::Json => "json",
            Self::Zip => "zip",
        }
    }

    pub fn of(ending: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.ending() == ending)
    }

    /// As HTTP says it.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Html => "text/html; charset=utf-8",
            Self::Pdf => "application/pdf",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Csv => "text/csv; charset=utf-8",
            Self::Parquet => "application/vnd.apache.parquet",
            Self::Json => "application/json",
            Self::Zip => "application/zip",
        }
    }
}

/// A report ready to be written in any form.
pub struct Issue {
    pub found: Reported,
    pub paper: Paper,
}

#[derive(Template)]
#[template(path = "reports/file.html")]
struct File<'a> {
    report: View<'a>,
}

impl Issue {
    pub fn new(found: Reported, tables: Vec<Table>, shop: &str, zone: Tz) -> Self {
        let paper = paper(&found, tables, shop, zone);
        Self { found, paper }
    }

    /// *Errors*: what the form's writer says; memory takes everything.
    pub fn write(&self, format: Format) -> Result<Vec<u8>, FormatError> {
        let tables = &self.paper.tables;
        Ok(match format {
            Format::Html => File { report: View::new(&self.paper, String::new()) }.render()?.into_bytes(),
            Format::Pdf => pdf::pdf(&self.paper).map_err(FormatError::Pdf)?,
            Format::Xlsx => workbook::write(&self.paper)?,
            Format::Csv => export::csv(&export::long(&self.found)).into_bytes(),
            Format::Parquet => columns::parquet(&export::long(&self.found))?,
            Format::Json => serde_json::to_vec_pretty(&export::json(&self.found, tables))?,
            Format::Zip => self.zip()?,
        })
    }

    /// The forms, and a folder each for tables and charts.
    fn zip(&self) -> Result<Vec<u8>, FormatError> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default();
        let mut add = |name: String, bytes: &[u8]| -> Result<(), FormatError> {
            zip.start_file(name, options)?;
            Ok(zip.write_all(bytes)?)
        };
        for format in Format::ALL.into_iter().filter(|format| *format != Format::Zip) {
            add(format!("report.{}", format.ending()), &self.write(format)?)?;
        }
        for table in &self.paper.tables {
            add(format!("tables/{}.csv", table.name), export::csv(table).as_bytes())?;
            add(format!("tables/{}.parquet", table.name), &columns::parquet(table)?)?;
        }
        for chart in &self.paper.charts {
            add(format!("charts/{}.svg", chart.name), view::svg(chart).as_bytes())?;
        }
        Ok(zip.finish()?.into_inner())
    }

    /// A single table or chart: `days.csv`, `days.parquet`, `days.svg`. `None` for what the report has not.
    pub fn part(&self, name: &str, ending: &str) -> Result<Option<(Vec<u8>, &'static str)>, FormatError> {
        if ending == "svg" {
            let chart = self.paper.charts.iter().find(|chart| chart.name == name);
            return Ok(chart.map(|chart| (view::svg(chart).into_bytes(), "image/svg+xml")));
        }
        let Some(table) = self.paper.tables.iter().find(|table| table.name == name) else { return Ok(None) };
        Ok(match Format::of(ending) {
            Some(Format::Csv) => Some((export::csv(table).into_bytes(), Format::Csv.media_type())),
            Some(Format::Parquet) => Some((columns::parquet(table)?, Format::Parquet.media_type())),
            _ => None,
        })
    }
}
