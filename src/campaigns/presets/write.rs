//! A tool's file: a row for each recipient, UTF-8, quoted as RFC 4180 has it, commas between.
//!
//! A value that a spreadsheet would take for a formula gets a space in front: the tools trim it, and whoever opens the file
//! in between is safe.

use super::columns::{Shown, person};
use super::specs::{Field, Shape, Spec};
use crate::campaigns::export::{Export, ExportError};
use crate::picker::picks_file::{self, Recipient};
use crate::picker::plan::Arm;
use crate::progress::Progress;
use serde::Serialize;
use serde_json::{Map, Value};
use std::io::Write;

/// What became of the picks on their way into the file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Told {
    pub recipients: u64,
    /// Who has no address in the shop: no tool takes them.
    pub without_address: u64,
    /// Places of the campaign that the tool has no room for.
    pub places_left_out: u8,
    pub texts_cut: u64,
    pub addresses_left_out: u64,
}

impl Told {
    /// Of one file more.
    pub fn add(&mut self, more: &Self) {
        self.recipients += more.recipients;
        self.without_address += more.without_address;
        self.places_left_out = self.places_left_out.max(more.places_left_out);
        self.texts_cut += more.texts_cut;
        self.addresses_left_out += more.addresses_left_out;
    }

    /// What somebody should know before they import the file.
    pub fn sentences(&self, spec: &Spec) -> Vec<String> {
        let count = |number: u64| crate::web::whole(number as i64);
        let mut all = Vec::new();
        if self.places_left_out > 0 {
            all.push(format!(
                "{} keeps {} fields of a contact: the last {} places of each list are left out.",
                spec.title, spec.most_columns, self.places_left_out
            ));
        }
        if self.texts_cut > 0 {
            let (texts, most) = (count(self.texts_cut), spec.text_bytes);
            all.push(format!("{texts} texts are longer than {most} bytes and end with “…”."));
        }
        if self.addresses_left_out > 0 {
            let (number, most) = (count(self.addresses_left_out), spec.text_bytes);
            all.push(format!(
                "{number} addresses of products or pictures are longer than {most} bytes and are left out: half an address leads nowhere."
            ));
        }
        if self.without_address > 0 {
            all.push(match self.without_address {
                1 => "One recipient has no e-mail address in the shop and is left out.".to_owned(),
                more => {
                    format!("{} recipients have no e-mail address in the shop and are left out.", count(more))
                }
            });
        }
        all
    }
}

/// Writes all files of a tool, one after the other, in one walk over the picks. `open` makes the file of a number from
/// 1 on, `close` gets it when it is whole. A file ends where the tool takes no more rows or bytes.
pub fn write<W: Write>(
    export: &Export<'_>,
    spec: &Spec,
    progress: &dyn Progress,
    mut open: impl FnMut(u64) -> Result<W, ExportError>,
    mut close: impl FnMut(W, Told) -> Result<(), ExportError>,
) -> Result<(), ExportError> {
    let places = spec.places(export.slots);
    let left_out = export.slots - places;
    let header = header(spec, places);
    let mut part = 1;
    let mut file = Part::begin(open(part)?, &header, left_out)?;
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
        if !is_address(export.people.person(&recipient.customer).email) {
            file.told.without_address += 1;
            continue;
        }
        let mut told = Told::default();
        let cells = cells(export, spec, places, &recipient, &mut told)?;
        if file.is_full(spec, &cells) {
            part += 1;
            let next = Part::begin(open(part)?, &header, left_out)?;
            let (whole, told) = std::mem::replace(&mut file, next).end()?;
            close(whole, told)?;
        }
        file.row(&cells)?;
        file.told.add(&Told { recipients: 1, ..told });
    }
    let (whole, told) = file.end()?;
    close(whole, told)
}

/// A file under way.
struct Part<W: Write> {
    rows: csv::Writer<W>,
    /// At least as many as it has.
    bytes: u64,
    told: Told,
}

impl<W: Write> Part<W> {
    fn begin(out: W, header: &[String], places_left_out: u8) -> Result<Self, ExportError> {
        let rows = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
        let mut part = Self { rows, bytes: 0, told: Told { places_left_out, ..Told::default() } };
        part.row(header)?;
        Ok(part)
    }

    fn row(&mut self, cells: &[String]) -> Result<(), ExportError> {
        self.bytes += most_bytes(cells);
        self.rows.write_record(cells).map_err(|error| ExportError::Write(error.into()))
    }

    /// Whether the tool takes no further row; a file has one at least.
    fn is_full(&self, spec: &Spec, cells: &[String]) -> bool {
        let rows = self.told.recipients;
        rows >= spec.rows || (rows > 0 && self.bytes + most_bytes(cells) > spec.bytes)
    }

    fn end(self) -> Result<(W, Told), ExportError> {
        let out = self.rows.into_inner().map_err(|error| ExportError::Write(error.into_error()))?;
        Ok((out, self.told))
    }
}

/// Every tool refuses the row without one, and some of them the whole file.
pub(super) fn is_address(text: &str) -> bool {
    let parts = text.trim().rsplit_once('@');
    parts.is_some_and(|(name, place)| !name.is_empty() && !place.is_empty()) && !text.trim().contains(' ')
}

/// What a row takes at most: every cell in quotes, those inside doubled.
fn most_bytes(cells: &[String]) -> u64 {
    let cell = |cell: &String| cell.len() + cell.bytes().filter(|byte| *byte == b'"').count() + 3;
    cells.iter().map(cell).sum::<usize>() as u64 + 1
}

pub fn header(spec: &Spec, places: u8) -> Vec<String> {
    let people = spec.people.iter().map(|(column, _)| (*column).to_owned());
    let products: Vec<String> = match spec.shape {
        Shape::Json(column) => vec![column.to_owned()],
        Shape::Wide => (1..=places)
            .flat_map(|slot| spec.fields.iter().map(move |field| (spec.column)(slot, *field)))
            .collect(),
    };
    people.chain(products).collect()
}

fn cells(
    export: &Export<'_>,
    spec: &Spec,
    places: u8,
    recipient: &Recipient,
    told: &mut Told,
) -> Result<Vec<String>, ExportError> {
    let mut cells: Vec<String> =
        spec.people.iter().map(|(_, who)| harmless(person(export, recipient, *who))).collect();
    let token = export.links.token(&recipient.customer);
    let in_place = |slot: u8| {
        let pick = recipient.picks.iter().find(|pick| pick.slot == slot)?;
        Shown::of(export, pick, &token)
    };
    match spec.shape {
        Shape::Wide => {
            for slot in 1..=places {
                let shown = in_place(slot);
                let value = |field: &Field| match &shown {
                    Some(shown) => harmless(shown.value(*field, spec, told)),
                    None => String::new(),
                };
                cells.extend(spec.fields.iter().map(value).collect::<Vec<_>>());
            }
        }
        Shape::Json(_) => cells.push(Value::Object(attributes(export, spec, recipient, told)).to_string()),
    }
    Ok(cells)
}

/// All places of a recipient as one JSON object.
pub(super) fn attributes(
    export: &Export<'_>,
    spec: &Spec,
    recipient: &Recipient,
    told: &mut Told,
) -> Map<String, Value> {
    let token = export.links.token(&recipient.customer);
    let mut recs = Vec::new();
    for shown in recipient.picks.iter().filter_map(|pick| Shown::of(export, pick, &token)) {
        let one = spec.fields.iter();
        let one = one.map(|field| (field.name().to_owned(), Value::String(shown.value(*field, spec, told))));
        recs.push(Value::Object(one.collect()));
    }
    Map::from_iter([("recs".to_owned(), Value::Array(recs))])
}

fn harmless(text: String) -> String {
    if text.starts_with(['=', '+', '-', '@']) { format!(" {text}") } else { text }
}
