//! Tables on sheets: columns as wide as they need, heads again on every page.

use super::face::Weight;
use super::sheets::{LEFT, RIGHT, Role, Sheets};
use crate::reports::drawing::{Anchor, Ink, Mark};
use crate::reports::table::LaidOut;

const SIZE: f64 = 8.0;
const LINE: f64 = 10.5;
const GAP: f64 = 8.0;
const MOST_AIR: f64 = 60.0;

/// A column's edges, and whether numbers stand in it.
struct Place {
    left: f64,
    right: f64,
    is_number: bool,
}

pub fn table(sheets: &mut Sheets, table: &LaidOut) {
    let places = places(sheets, table);
    let heads: Vec<&str> = table.heads.iter().map(|(title, _)| title.as_str()).collect();
    sheets.need(LINE * 5.0);
    sheets.part(Role::Table, |sheets| {
        row(sheets, &heads, &places, RowKind::Head);
        for cells in &table.rows {
            let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
            let height = height(sheets, &cells, &places, Weight::Regular);
            if sheets.need(height) {
                row(sheets, &heads, &places, RowKind::HeadAgain);
            }
            row(sheets, &cells, &places, RowKind::Body);
        }
    });
    sheets.y += 6.0;
}

/// Columns of numbers get what their longest word needs; texts share what is left by their length.
fn places(sheets: &Sheets, table: &LaidOut) -> Vec<Place> {
    let (regular, bold) = (sheets.faces.of(Weight::Regular), sheets.faces.of(Weight::Bold));
    let longest_word = |title: &str| title.split(' ').map(|word| bold.width(word, SIZE)).fold(0.0, f64::max);
    let wanted: Vec<(f64, f64)> = table
        .heads
        .iter()
        .enumerate()
        .map(|(at, (title, is_number))| {
            let cells = table.rows.iter().filter_map(|row| row.get(at));
            let body = cells.map(|cell| regular.width(&regular.writable(cell), SIZE)).fold(0.0, f64::max);
            let least = longest_word(title);
            let most = body.max(least).max(if *is_number { 0.0 } else { bold.width(title, SIZE) }) + 1.0;
            (if *is_number { most } else { least.max(40.0).min(most) }, most)
        })
        .collect();
    let room = RIGHT - LEFT - GAP * (wanted.len().saturating_sub(1)) as f64;
    let (least, most) = wanted.iter().fold((0.0, 0.0), |(l, m), (least, most)| (l + least, m + most));
    let stretch = if most > least { ((room - least) / (most - least)).clamp(0.0, 1.0) } else { 0.0 };
    // Columns that do not fit even so are all made narrower.
    let shrink = (room / least).min(1.0);
    // A narrow table is given air, but not so much that a row cannot be followed.
    let columns = wanted.len().max(1) as f64;
    let air = if most < room { ((room - most) / columns).min(MOST_AIR) } else { 0.0 };
    let mut left = LEFT;
    wanted
        .iter()
        .zip(&table.heads)
        .map(|((least, most), (_, is_number))| {
            let width = least * shrink + (most - least) * stretch + air;
            let place = Place { left, right: left + width, is_number: *is_number };
            left += width + GAP;
            place
        })
        .collect()
}

fn wrapped(sheets: &Sheets, cells: &[&str], places: &[Place], weight: Weight) -> Vec<Vec<String>> {
    let face = sheets.faces.of(weight);
    cells.iter().zip(places).map(|(cell, place)| face.wrap(cell, SIZE, place.right - place.left)).collect()
}

fn height(sheets: &Sheets, cells: &[&str], places: &[Place], weight: Weight) -> f64 {
    let lines = wrapped(sheets, cells, places, weight).iter().map(Vec::len).max().unwrap_or(1);
    lines as f64 * LINE + 5.0
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum RowKind {
    Head,
    /// On a further page; not read out once more.
    HeadAgain,
    Body,
}

fn row(sheets: &mut Sheets, cells: &[&str], places: &[Place], kind: RowKind) {
    let weight = if kind == RowKind::Body { Weight::Regular } else { Weight::Bold };
    let height = height(sheets, cells, places, weight);
    let all = wrapped(sheets, cells, places, weight);
    let top = sheets.y;
    let marks_of = |lines: &[String], place: &Place| -> Vec<Mark> {
        let words = |(at, line): (usize, &String)| Mark::Words {
            at: (if place.is_number { place.right } else { place.left }, top + (at + 1) as f64 * LINE - 1.0),
            text: line.clone(),
            size: SIZE,
            ink: Ink::Word,
            anchor: if place.is_number { Anchor::End } else { Anchor::Start },
        };
        lines.iter().enumerate().map(words).collect()
    };
    if kind == RowKind::HeadAgain {
        for (lines, place) in all.iter().zip(places) {
            sheets.decorate(weight, marks_of(lines, place));
        }
    } else {
        sheets.part(Role::Row, |sheets| {
            for (at, (lines, place)) in all.iter().zip(places).enumerate() {
                let role = match (kind, at) {
                    (RowKind::Head, _) => Role::ColumnHead,
                    (_, 0) => Role::RowHead,
                    _ => Role::Cell,
                };
                sheets.part(role, |sheets| sheets.put(weight, marks_of(lines, place)));
            }
        });
    }
    sheets.y += height;
    let ink = if kind == RowKind::Body { Ink::Grid } else { Ink::Muted };
    let right = places.last().map_or(RIGHT, |place| place.right);
    let points = vec![(LEFT, sheets.y - 1.5), (right, sheets.y - 1.5)];
    sheets.decorate(weight, vec![Mark::Line { points, width: 0.6, ink, dashed: false }]);
}
