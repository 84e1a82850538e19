//! The picks as a workbook: a row for each recipient, prices as numbers, links that can be followed.

use crate::campaigns::export::{Export, ExportError, reason};
use crate::picker::picks_file;
use crate::picker::plan::Arm;
use crate::progress::Progress;
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, FormatAlign, Workbook, Worksheet, XlsxError};
use std::io::{Seek, Write};

/// A sheet has 1,048,576 rows, of which the first is the heading.
pub const MOST_ROWS: u64 = 1_048_575;

const PEOPLE: [&str; 5] = ["Customer", "E-mail", "First name", "Last name", "Group"];
const PRODUCT: [(&str, f64); 6] =
    [("Product", 14.0), ("Title", 34.0), ("Price", 10.0), ("Currency", 9.0), ("Link", 30.0), ("Why", 34.0)];

fn failed(error: XlsxError) -> ExportError {
    ExportError::Write(std::io::Error::other(error))
}

/// Row by row: memory does not grow with the audience. *Errors*: more recipients than a sheet has rows.
pub fn write(
    export: &Export<'_>,
    out: &mut (impl Write + Seek + Send),
    progress: &dyn Progress,
) -> Result<u64, ExportError> {
    let mut workbook = Workbook::new();
    // Not the clock's: the same picks are the same file.
    let made = ExcelDateTime::from_timestamp(export.exported_at.timestamp()).map_err(failed)?;
    workbook.set_properties(&DocProperties::new().set_creation_datetime(&made));
    let sheet = workbook.add_worksheet_with_constant_memory().map_err(failed)?;
    sheet.set_name("Picks").map_err(failed)?;
    head(sheet, export.slots).map_err(failed)?;
    let mut row = 0;
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
        row += 1;
        if u64::from(row) > MOST_ROWS {
            return Err(ExportError::TooManyRows(MOST_ROWS));
        }
        line(sheet, row, export, &recipient).map_err(failed)?;
    }
    workbook.save_to_writer(out).map_err(failed)?;
    Ok(u64::from(row))
}

fn head(sheet: &mut Worksheet, slots: u8) -> Result<(), XlsxError> {
    let bold = Format::new().set_bold().set_align(FormatAlign::Top);
    sheet.set_freeze_panes(1, 2)?;
    for (column, title) in (0u16..).zip(PEOPLE) {
        sheet.set_column_width(column, if title == "E-mail" { 28.0 } else { 14.0 })?;
        sheet.write_string_with_format(0, column, title, &bold)?;
    }
    let mut column = PEOPLE.len() as u16;
    for slot in 1..=slots {
        for (title, width) in PRODUCT {
            sheet.set_column_width(column, width)?;
            sheet.write_string_with_format(0, column, format!("{title} {slot}"), &bold)?;
            column += 1;
        }
    }
    Ok(())
}

fn line(
    sheet: &mut Worksheet,
    row: u32,
    export: &Export<'_>,
    recipient: &picks_file::Recipient,
) -> Result<(), XlsxError> {
    let amount = Format::new().set_num_format("#,##0.00");
    let person = export.people.person(&recipient.customer);
    let arm = picks_file::arm_name(recipient.arm);
    let people = [recipient.customer.as_str(), person.email, person.first_name, person.last_name, arm];
    for (column, text) in (0u16..).zip(people) {
        sheet.write_string(row, column, text)?;
    }
    let token = export.links.token(&recipient.customer);
    for pick in &recipient.picks {
        let Some(number) = export.catalogue.number(&pick.product) else { continue };
        let product = export.catalogue.product(number);
        let column = PEOPLE.len() as u16 + (u16::from(pick.slot) - 1) * PRODUCT.len() as u16;
        sheet.write_string(row, column, &product.id)?;
        sheet.write_string(row, column + 1, &product.title)?;
        if let Some(price) = product.price {
            sheet.write_number_with_format(row, column + 2, price.as_f64(), &amount)?;
            let currency = product.currency.as_deref().unwrap_or(export.currency);
            sheet.write_string(row, column + 3, currency)?;
        }
        // As text: a sheet has 65,530 links at most.
        let url = export.link(product, &token, pick.slot);
        sheet.write_string(row, column + 4, url.unwrap_or_default())?;
        sheet.write_string(row, column + 5, reason(&export.catalogue, pick))?;
    }
    Ok(())
}
