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
            let number = count(self.without_address);
            all.push(format!("{number} recipients have no e-mail address in the shop and are left out."));
        }
        all
    }
}

/// Writes the `part`th file, from 1; all recipients in one for `None`.
pub fn write(
    export: &Export<'_>,
    spec: &Spec,
    part: Option<u64>,
    out: &mut impl Write,
    progress: &dyn Progress,
) -> Result<Told, ExportError> {
    let places = spec.places(export.slots);
    let mut told = Told { places_left_out: export.slots - places, ..Told::default() };
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
    let row = |writer: &mut csv::Writer<_>, cells: &[String]| {
        writer.write_record(cells).map_err(|error| ExportError::Write(error.into()))
    };
    row(&mut writer, &header(spec, places))?;
    let wanted = part.map_or(0..u64::MAX, |part| {
        let first = (part.max(1) - 1).saturating_mul(spec.rows);
        first..first.saturating_add(spec.rows)
    });
    let mut number = 0;
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
        if export.people.person(&recipient.customer).email.trim().is_empty() {
            told.without_address += 1;
            continue;
        }
        if wanted.contains(&number) {
            row(&mut writer, &cells(export, spec, places, &recipient, &mut told)?)?;
            told.recipients += 1;
        }
        number += 1;
    }
    writer.flush()?;
    Ok(told)
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
        Shape::Json(_) => {
            let mut recs = Vec::new();
            for shown in (1..=places).filter_map(in_place) {
                let one = spec.fields.iter().map(|field| {
                    (field.name().to_owned(), serde_json::Value::String(shown.value(*field, spec, told)))
                });
                recs.push(serde_json::Value::Object(one.collect()));
            }
            cells.push(serde_json::json!({ "recs": recs }).to_string());
        }
    }
    Ok(cells)
}

fn harmless(text: String) -> String {
    if text.starts_with(['=', '+', '-', '@']) { format!(" {text}") } else { text }
}
