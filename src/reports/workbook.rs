//! A report as a workbook: a sheet for each table, numbers as numbers, what can be derived as formulas that an analyst can
//! follow, and the days as a chart.

use super::definitions::DEFINITIONS;
use super::paper::Paper;
use super::table::{Cell, Table, Unit};
use chrono::Datelike;
use rust_xlsxwriter::{
    Chart, ChartType, DocProperties, ExcelDateTime, Format, FormatAlign, Formula, Workbook, Worksheet,
    XlsxError,
};

struct Formats {
    head: Format,
    count: Format,
    share: Format,
    money: Format,
    number: Format,
    change: Format,
    gain: Format,
    date: Format,
    wrap: Format,
}

impl Formats {
    fn new() -> Self {
        Self {
            head: Format::new().set_bold().set_text_wrap().set_align(FormatAlign::Top),
            count: Format::new().set_num_format("#,##0"),
            share: Format::new().set_num_format("0.00%"),
            money: Format::new().set_num_format("#,##0.00"),
            number: Format::new().set_num_format("0.0000"),
            change: Format::new().set_num_format("+0.00%;-0.00%"),
            gain: Format::new().set_num_format("+#,##0.00;-#,##0.00"),
            date: Format::new().set_num_format("yyyy-mm-dd").set_align(FormatAlign::Left),
            wrap: Format::new().set_text_wrap().set_align(FormatAlign::Top),
        }
    }

    fn of(&self, unit: Unit) -> &Format {
        match unit {
            Unit::Text => &self.wrap,
            Unit::Count => &self.count,
            Unit::Share => &self.share,
            Unit::Money => &self.money,
            Unit::Number => &self.number,
            Unit::Change => &self.change,
            Unit::Gain => &self.gain,
            Unit::Date => &self.date,
        }
    }
}

/// *Errors*: what the writer says; no text can be too long for it, and memory takes the rest.
pub fn write(paper: &Paper) -> Result<Vec<u8>, XlsxError> {
    let (formats, tables) = (Formats::new(), &paper.tables);
    let mut workbook = Workbook::new();
    // Not the clock's: the same report is the same file.
    let known = ExcelDateTime::from_timestamp(paper.known_until.timestamp())?;
    workbook.set_properties(&DocProperties::new().set_creation_datetime(&known));
    summary(workbook.add_worksheet(), paper, &formats)?;
    for table in tables {
        let sheet = workbook.add_worksheet();
        sheet.set_name(sheet_name(table))?;
        fill(sheet, table, &formats)?;
        match table.name {
            "groups" => derive(sheet, table, &formats)?,
            "days" | "gained" => draw(sheet, table, ChartType::Line, 1..table.columns.len())?,
            "calibration" => foretold(sheet, table)?,
            "places" | "origins" => draw(sheet, table, ChartType::Bar, 3..4)?,
            _ => {}
        }
    }
    definitions(workbook.add_worksheet(), tables, &formats)?;
    workbook.save_to_buffer()
}

/// A sheet's name has 31 characters at most.
fn sheet_name(table: &Table) -> String {
    let mut letters = table.name.chars();
    letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default() + letters.as_str()
}

fn summary(sheet: &mut Worksheet, paper: &Paper, formats: &Formats) -> Result<(), XlsxError> {
    sheet.set_name("Summary")?;
    sheet.set_column_width(0, 22)?;
    sheet.set_column_width(1, 90)?;
    let said = [&paper.verdict].into_iter().chain(&paper.summary).map(|sentence| ("In short", sentence));
    let facts = paper.facts.iter().map(|(name, text)| (*name, text));
    let cautions = paper.cautions.iter().map(|caution| ("Keep in mind", caution));
    for (row, (name, text)) in (0u32..).zip(said.chain(facts).chain(cautions)) {
        sheet.write_string_with_format(row, 0, name, &formats.head)?;
        sheet.write_string_with_format(row, 1, text, &formats.wrap)?;
    }
    Ok(())
}

fn fill(sheet: &mut Worksheet, table: &Table, formats: &Formats) -> Result<(), XlsxError> {
    sheet.set_freeze_panes(1, 1)?;
    for (at, column) in (0u16..).zip(&table.columns) {
        let width = if column.unit == Unit::Text { 30.0 } else { 14.0 };
        sheet.set_column_width(at, width)?;
        sheet.write_string_with_format(0, at, &column.title, &formats.head)?;
    }
    for (row, cells) in (1u32..).zip(&table.rows) {
        for ((at, column), cell) in (0u16..).zip(&table.columns).zip(cells) {
            match cell {
                Cell::Text(text) => {
                    // A text is written as one: nothing is calculated, whatever it begins with.
                    sheet.write_string_with_format(row, at, text, &formats.wrap)?;
                }
                Cell::Number(number) => {
                    sheet.write_number_with_format(row, at, *number, formats.of(column.unit))?;
                }
                Cell::Date(date) => {
                    let (month, day) = (date.month() as u8, date.day() as u8);
                    let day = ExcelDateTime::from_ymd(date.year() as u16, month, day)?;
                    sheet.write_datetime_with_format(row, at, &day, &formats.date)?;
                }
                Cell::None => {}
            }
        }
    }
    Ok(())
}

/// Columns of the groups that follow from others, as formulas with the value beside them.
fn derive(sheet: &mut Worksheet, table: &Table, formats: &Formats) -> Result<(), XlsxError> {
    let derived = [
        ("Conversion", "Buyers", "Customers", '/'),
        ("Revenue", "Bought", "Given back", '-'),
        ("Per order", "Revenue", "Orders", '/'),
        ("Per customer", "Revenue", "Customers", '/'),
        ("Of those with picks", "Bought a pick", "Had picks", '/'),
    ];
    for (target, first, second, sign) in derived {
        let (Some(target), Some(first), Some(second)) =
            (table.place(target), table.place(first), table.place(second))
        else {
            continue;
        };
        for (row, cells) in (1u32..).zip(&table.rows) {
            let Cell::Number(value) = cells[target] else { continue };
            let text = format!("={}{}{sign}{}{}", letter(first), row + 1, letter(second), row + 1);
            let formula = Formula::new(text).set_result(value.to_string());
            let format = formats.of(table.columns[target].unit);
            sheet.write_formula_with_format(row, target as u16, formula, format)?;
        }
    }
    Ok(())
}

/// `A` for the first column; a report's tables have less than 26.
fn letter(column: usize) -> char {
    char::from(b'A' + column as u8)
}

/// `columns` of the table as a chart beside it, over the first one.
fn draw(
    sheet: &mut Worksheet,
    table: &Table,
    kind: ChartType,
    columns: std::ops::Range<usize>,
) -> Result<(), XlsxError> {
    let (last, name) = (table.rows.len() as u32, sheet_name(table));
    let name = name.as_str();
    let mut chart = Chart::new(kind);
    for column in columns {
        let column = column as u16;
        chart
            .add_series()
            .set_name((name, 0, column))
            .set_categories((name, 1, 0, last, 0))
            .set_values((name, 1, column, last, column));
    }
    chart.title().set_name(table.title);
    chart.set_width(760).set_height(360);
    sheet.insert_chart(1, table.columns.len() as u16 + 1, &chart)?;
    Ok(())
}

/// What came over what was expected, a series for each group.
fn foretold(sheet: &mut Worksheet, table: &Table) -> Result<(), XlsxError> {
    let name = sheet_name(table);
    let name = name.as_str();
    let columns = (table.place("Group"), table.place("Expected"), table.place("Came true"));
    let (Some(group), Some(expected), Some(came)) = columns else { return Ok(()) };
    let mut chart = Chart::new(ChartType::ScatterStraightWithMarkers);
    let mut first = 0;
    for rows in table.rows.chunk_by(|above, below| above[group] == below[group]) {
        let (from, to) = (first as u32 + 1, (first + rows.len()) as u32);
        first += rows.len();
        chart
            .add_series()
            .set_name((name, from, group as u16))
            .set_categories((name, from, expected as u16, to, expected as u16))
            .set_values((name, from, came as u16, to, came as u16));
    }
    chart.title().set_name(table.title);
    chart.x_axis().set_name("Expected");
    chart.y_axis().set_name("Came true");
    chart.set_width(760).set_height(420);
    sheet.insert_chart(1, table.columns.len() as u16 + 1, &chart)?;
    Ok(())
}

fn definitions(sheet: &mut Worksheet, tables: &[Table], formats: &Formats) -> Result<(), XlsxError> {
    sheet.set_name("What it means")?;
    sheet.set_column_width(0, 30)?;
    sheet.set_column_width(1, 110)?;
    let tables = tables.iter().map(|table| (table.title, table.about));
    for (row, (word, meaning)) in (0u32..).zip(tables.chain(DEFINITIONS)) {
        sheet.write_string_with_format(row, 0, word, &formats.head)?;
        sheet.write_string_with_format(row, 1, meaning, &formats.wrap)?;
    }
    Ok(())
}
