//! A report as a PDF to be shown to a board: typeset on A4, charts as vectors, numbered pages, what each number means at
//! the end. Text can be selected, and the parts are tagged for readers who have it read out (PDF/UA-1).

mod face;
mod grid;
mod press;
mod sheets;

use super::definitions::DEFINITIONS;
use super::drawing::{self, Anchor, Drawing, Ink, Mark};
use super::paper::{Compared, Paper, Stat, Told};
use super::table::Table;
use face::{Faces, Weight};
use sheets::{LEFT, RIGHT, Role, Sheets, moved};

/// *Errors*: what the writer says; no report is known to bring it about.
pub fn pdf(paper: &Paper) -> Result<Vec<u8>, String> {
    let faces = Faces::new().ok_or("the embedded fonts cannot be read")?;
    let mut sheets = Sheets::new(faces);
    cover(&mut sheets, paper);
    for comparison in &paper.comparisons {
        compared(&mut sheets, comparison);
    }
    sections(&mut sheets, paper);
    definitions(&mut sheets);
    annex(&mut sheets, paper);
    press::print(&mut sheets, paper)
}

const BODY: f64 = 9.5;

fn cover(sheets: &mut Sheets, paper: &Paper) {
    let mut band = Drawing::new(RIGHT - LEFT, 3.0);
    band.bar((0.0, 0.0), (RIGHT - LEFT, 3.0), Ink::First, 1.0);
    sheets.decorate(Weight::Regular, moved(&band, 1.0, (LEFT, sheets.y - 12.0)));
    let bottom = logo(sheets, paper);
    sheets.paragraph(&paper.shop, 12.0, Ink::First, Weight::Bold);
    sheets.y = bottom.max(sheets.y + 10.0);
    sheets.heading(1, &paper.name, 24.0);
    let known = paper.known.as_ref().map(|known| format!("known up to {known}"));
    let state = known.or(paper.frozen.clone()).map_or(String::new(), |state| format!("; {state}"));
    let state = format!("{}{state}", paper.about);
    sheets.paragraph(&state, BODY + 0.5, Ink::Muted, Weight::Regular);
    sheets.y += 10.0;
    verdict(sheets, paper);
    for text in &paper.summary {
        sheets.paragraph(text, BODY + 1.0, Ink::Word, Weight::Regular);
        sheets.y += 3.0;
    }
    for text in paper.early.iter().chain(&paper.cautions) {
        sheets.paragraph(text, BODY, Ink::Muted, Weight::Regular);
        sheets.y += 2.0;
    }
    sheets.y += 8.0;
    stats(sheets, &paper.headline);
    if !paper.has_holdout {
        sheets.heading(2, "No holdout, no uplift", 13.0);
        let text = "Everybody in this campaign got mail, so there is nobody to compare with: some of these customers would \
                    have bought anyway. A holdout of about 10 % tells what the next one really earns.";
        sheets.paragraph(text, BODY, Ink::Word, Weight::Regular);
    }
}

/// At the right, beside the shop's name; answers where it ends. One that cannot be read is left out.
fn logo(sheets: &mut Sheets, paper: &Paper) -> f64 {
    const LARGEST: (f64, f64) = (150.0, 46.0);
    let read = paper.logo.clone().and_then(|logo| krilla::image::Image::from_jpeg(logo.into(), true).ok());
    let Some((wide, tall)) = read.map(|logo| logo.size()).filter(|(wide, tall)| *wide > 0 && *tall > 0)
    else {
        return sheets.y;
    };
    let (wide, tall) = (f64::from(wide), f64::from(tall));
    let factor = (LARGEST.0 / wide).min(LARGEST.1 / tall);
    let (width, height) = (wide * factor, tall * factor);
    let place = [RIGHT - width, sheets.y, width, height];
    sheets.part(Role::Figure(format!("The logo of {}", paper.shop)), |sheets| sheets.put_logo(place));
    sheets.y + height + 8.0
}

/// On a ground of its own, as tall as its text.
fn verdict(sheets: &mut Sheets, paper: &Paper) {
    let size = 14.0;
    let lines = sheets.faces.of(Weight::Bold).wrap(&paper.verdict, size, RIGHT - LEFT - 28.0).len();
    let height = lines as f64 * size * 1.4 + 22.0;
    let mut ground = Drawing::new(RIGHT - LEFT, height);
    ground.bar((0.0, 0.0), (RIGHT - LEFT, height), Ink::First, 0.1);
    ground.bar((0.0, 0.0), (4.0, height), Ink::First, 1.0);
    sheets.decorate(Weight::Regular, moved(&ground, 1.0, (LEFT, sheets.y)));
    let bottom = sheets.y + height;
    sheets.y += 10.0;
    sheets.part(Role::Paragraph, |sheets| {
        sheets.lines(&paper.verdict, (LEFT + 16.0, RIGHT - 12.0), size, Ink::Word, Weight::Bold);
    });
    sheets.y = bottom + 8.0;
}

/// Side by side, in boxes of one width.
fn stats(sheets: &mut Sheets, all: &[Stat]) {
    if all.is_empty() {
        return;
    }
    let width = (RIGHT - LEFT - 10.0 * (all.len().max(1) - 1) as f64) / all.len().max(1) as f64;
    sheets.need(100.0);
    let top = sheets.y;
    for (at, stat) in all.iter().enumerate() {
        let left = LEFT + at as f64 * (width + 10.0);
        let corners = vec![
            (left, top),
            (left + width, top),
            (left + width, top + 88.0),
            (left, top + 88.0),
            (left, top),
        ];
        sheets.decorate(
            Weight::Regular,
            vec![Mark::Line { points: corners, width: 0.8, ink: Ink::Grid, dashed: false }],
        );
        sheets.y = top + 6.0;
        let edges = (left + 8.0, left + width - 6.0);
        sheets.part(Role::Paragraph, |sheets| {
            sheets.lines(stat.label, edges, 8.5, Ink::Muted, Weight::Regular);
            sheets.y += 2.0;
            let wide = sheets.faces.of(Weight::Bold).width(&stat.number, 1.0);
            let size = ((edges.1 - edges.0) / wide).min(14.0);
            sheets.lines(&stat.number, edges, size * 0.99, Ink::Word, Weight::Bold);
            sheets.y += 2.0;
            sheets.lines(&stat.text, edges, 7.5, Ink::Muted, Weight::Regular);
        });
    }
    sheets.y = top + 88.0 + 16.0;
}

fn compared(sheets: &mut Sheets, comparison: &Compared) {
    sheets.need(190.0);
    sheets.heading(2, comparison.title, 13.0);
    let about = "The dot is the best guess; the true value lies within the line in 95 of 100 campaigns. Where the line \
                 crosses zero, it may as well be chance.";
    sheets.paragraph(&format!("{} {about}", comparison.question), BODY - 0.5, Ink::Muted, Weight::Regular);
    sheets.y += 6.0;
    let half = (RIGHT - LEFT - 24.0) / 2.0;
    for row in &comparison.rows {
        let (top, mut bottom) = (sheets.y, sheets.y);
        for (at, told) in row.iter().enumerate() {
            sheets.y = top;
            one(sheets, told, LEFT + at as f64 * (half + 24.0), half);
            bottom = bottom.max(sheets.y);
        }
        sheets.y = bottom + 8.0;
    }
    sheets.y += 6.0;
}

fn one(sheets: &mut Sheets, told: &Told, left: f64, width: f64) {
    let edges = (left, left + width);
    sheets.part(Role::Paragraph, |sheets| {
        sheets.lines(&format!("{}: {}", told.label, told.estimate), edges, BODY, Ink::Word, Weight::Bold);
        sheets.lines(&told.range, edges, 8.0, Ink::Muted, Weight::Regular);
    });
    let picture = drawing::whisker(told.interval, width);
    let alt = format!("{}: {}, 95 % interval {}", told.label, told.estimate, told.range);
    let corner = (left, sheets.y + 2.0);
    sheets.part(Role::Figure(alt), |sheets| sheets.put(Weight::Regular, moved(&picture, 1.0, corner)));
    sheets.y += picture.height + 4.0;
    if !told.note.is_empty() {
        sheets.part(Role::Paragraph, |sheets| {
            sheets.lines(&told.note, edges, 7.5, Ink::Muted, Weight::Regular)
        });
    }
}

/// Longer tables that a chart shows stand in the annex.
const LONG: usize = 12;

fn is_long(table: &Table, paper: &Paper) -> bool {
    table.rows.len() > LONG && paper.charts.iter().any(|chart| chart.table == table.name)
}

fn sections(sheets: &mut Sheets, paper: &Paper) {
    for table in &paper.tables {
        let charts: Vec<_> = paper.charts.iter().filter(|chart| chart.table == table.name).collect();
        let pictures: Vec<Drawing> = charts.iter().map(|chart| drawing::draw(chart, 620.0)).collect();
        sheets.need(90.0 + pictures.first().map_or(0.0, |picture| picture.height * 0.8));
        sheets.heading(2, table.title, 13.0);
        sheets.paragraph(table.about, BODY - 0.5, Ink::Muted, Weight::Regular);
        sheets.y += 6.0;
        for (chart, picture) in charts.iter().zip(&pictures) {
            // A picture's title stays with it.
            sheets.need(picture.height * 0.85 + 24.0);
            if charts.len() > 1 {
                sheets.paragraph(&chart.title, BODY - 0.5, Ink::Word, Weight::Bold);
            }
            sheets.figure(picture, format!("{}. The same numbers stand in a table.", chart.title));
            if chart.about != table.about {
                sheets.paragraph(chart.about, 8.0, Ink::Muted, Weight::Regular);
                sheets.y += 4.0;
            }
        }
        if is_long(table, paper) {
            sheets.paragraph("The numbers stand in the annex.", 8.0, Ink::Muted, Weight::Regular);
        } else {
            grids(sheets, table, &paper.currency);
        }
        sheets.y += 14.0;
    }
}

fn annex(sheets: &mut Sheets, paper: &Paper) {
    for table in paper.tables.iter().filter(|table| is_long(table, paper)) {
        sheets.need(120.0);
        sheets.heading(2, &format!("Annex: {}", table.title), 13.0);
        sheets.y += 4.0;
        grids(sheets, table, &paper.currency);
        sheets.y += 14.0;
    }
}

fn grids(sheets: &mut Sheets, table: &Table, currency: &str) {
    for (at, part) in table.parts(currency).iter().enumerate() {
        sheets.y += if at == 0 { 0.0 } else { 14.0 };
        grid::table(sheets, part);
    }
}

fn definitions(sheets: &mut Sheets) {
    sheets.need(300.0);
    sheets.heading(2, "What each number means", 13.0);
    sheets.y += 4.0;
    for (word, meaning) in DEFINITIONS {
        sheets.need(40.0);
        sheets.paragraph(word, BODY, Ink::Word, Weight::Bold);
        sheets.paragraph(meaning, BODY, Ink::Word, Weight::Regular);
        sheets.y += 5.0;
    }
}

/// At the foot of every page.
fn foot(paper: &Paper, page: usize, pages: usize) -> Vec<Mark> {
    let y = sheets::BOTTOM + 30.0;
    let words =
        |x: f64, text: String, anchor| Mark::Words { at: (x, y), text, size: 8.0, ink: Ink::Muted, anchor };
    vec![
        Mark::Line {
            points: vec![(LEFT, y - 14.0), (RIGHT, y - 14.0)],
            width: 0.6,
            ink: Ink::Grid,
            dashed: false,
        },
        words(LEFT, format!("{} · {}", paper.shop, paper.name), Anchor::Start),
        words(RIGHT, format!("Page {page} of {pages}"), Anchor::End),
    ]
}
