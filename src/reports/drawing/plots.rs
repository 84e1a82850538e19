//! The kinds of charts, each put down as marks.

use super::scale::Scale;
use super::{Anchor, Drawing, Ink, SIZE, short, tick};
use crate::reports::chart::{Bar, Estimate, Heat, Line, Step};
use crate::reports::table::{Unit, shown};
use crate::web::{percent, whole};
use chrono::NaiveDate;

/// Room for the steps' names at the left, for numbers at the right.
const NAMES: f64 = 120.0;
const NUMBERS: f64 = 74.0;
/// A letter's width on average, and the room that names may take.
const LETTER: f64 = 6.3;
const WIDEST_NAMES: f64 = 240.0;

/// As much as the longest name needs.
fn room<'a>(names: impl Iterator<Item = &'a String>) -> f64 {
    let longest = names.map(|name| name.chars().count()).max().unwrap_or(0);
    (longest as f64 * LETTER + 16.0).clamp(70.0, WIDEST_NAMES)
}

/// Before an axis at `right`; cut where there is no room.
fn name(drawing: &mut Drawing, text: &str, right: f64, y: f64) {
    let letters = ((right - 16.0) / LETTER).round() as usize;
    drawing.words((right - 10.0, y), short(text, letters.max(1)), SIZE, Ink::Word, Anchor::End);
}
const ROW: f64 = 24.0;

pub fn lines(days: &[NaiveDate], lines: &[Line], unit: Unit, width: f64) -> Drawing {
    let mut drawing = Drawing::new(width, 260.0);
    let (left, right, top, bottom) = (64.0, width - 14.0, 26.0, 232.0);
    let of_line = |line: &Line| {
        let bands = line.band.clone().into_iter().flat_map(|(low, high)| [low, high]);
        line.values.iter().flatten().copied().chain(bands).collect::<Vec<f64>>()
    };
    let y = Scale::over(lines.iter().flat_map(of_line).chain([0.0]), (bottom, top));
    let x = Scale::over([0.0, (days.len().max(2) - 1) as f64], (left, right));
    let (ticks, step) = y.ticks(5.0);
    for value in ticks {
        let at = y.at(value);
        let ink = if value == 0.0 { Ink::Muted } else { Ink::Grid };
        drawing.line(vec![(left, at), (right, at)], 1.0, ink);
        drawing.words((left - 8.0, at + 4.0), tick(value, step, unit), SIZE, Ink::Muted, Anchor::End);
    }
    let every = days.len().div_ceil(7).max(1);
    for (at, day) in days.iter().enumerate().step_by(every) {
        let text = day.format("%-d %b").to_string();
        drawing.words((x.at(at as f64), bottom + 18.0), text, SIZE, Ink::Muted, Anchor::Middle);
    }
    for (number, line) in lines.iter().enumerate() {
        let ink = if number == 0 { Ink::First } else { Ink::Second };
        one_line(&mut drawing, line, (&x, &y), ink);
        let at = left + number as f64 * 150.0;
        drawing.line(vec![(at, 10.0), (at + 20.0, 10.0)], 2.5, ink);
        drawing.words((at + 26.0, 14.0), line.label.clone(), SIZE, Ink::Word, Anchor::Start);
    }
    drawing
}

fn one_line(drawing: &mut Drawing, line: &Line, (x, y): (&Scale, &Scale), ink: Ink) {
    let upper = line.band.iter().enumerate().map(|(at, (_, high))| (x.at(at as f64), y.at(*high)));
    let lower = line.band.iter().enumerate().rev().map(|(at, (low, _))| (x.at(at as f64), y.at(*low)));
    if line.band.len() > 1 {
        drawing.area(upper.chain(lower).collect(), ink, 0.18);
    }
    let place = |(at, value): (usize, &Option<f64>)| value.map(|value| (x.at(at as f64), y.at(value)));
    let points: Vec<_> = line.values.iter().enumerate().map(place).collect();
    for part in points.split(Option::is_none) {
        let part: Vec<_> = part.iter().copied().flatten().collect();
        if part.len() < 40 {
            part.iter().for_each(|at| drawing.dot(*at, 2.5, ink));
        }
        if part.len() > 1 && ink == Ink::First {
            drawing.line(part, 2.0, ink);
        } else if part.len() > 1 {
            drawing.dashed(part, 2.0, ink);
        }
    }
}

pub fn bars(bars: &[Bar], unit: Unit, width: f64) -> Drawing {
    let mut drawing = Drawing::new(width, bars.len() as f64 * ROW + 8.0);
    let all = bars.iter().flat_map(|bar| [bar.value, bar.beside.unwrap_or_default()]);
    let left = room(bars.iter().map(|bar| &bar.label));
    let x = Scale::over(all.chain([0.0]), (left, width - NUMBERS));
    for (at, bar) in bars.iter().enumerate() {
        let top = at as f64 * ROW + 4.0;
        let middle = top + ROW / 2.0;
        name(&mut drawing, &bar.label, left, middle + 2.0);
        let lower = if bar.beside.is_some() { middle } else { top + ROW - 8.0 };
        let bar_of = |drawing: &mut Drawing, value: f64, top: f64, bottom: f64, ink| {
            let (zero, end) = (x.at(0.0), x.at(value));
            drawing.bar((zero.min(end), top), (zero.max(end), bottom), ink, 1.0);
        };
        bar_of(&mut drawing, bar.value, top, lower, Ink::First);
        if let Some(beside) = bar.beside {
            bar_of(&mut drawing, beside, middle, middle + 5.0, Ink::Second);
        }
        let end = x.at(bar.value.max(bar.beside.unwrap_or(bar.value)).max(0.0));
        drawing.words((end + 6.0, middle + 2.0), shown(bar.value, unit, ""), SIZE, Ink::Word, Anchor::Start);
    }
    drawing.line(vec![(x.at(0.0), 2.0), (x.at(0.0), drawing.height - 4.0)], 1.0, Ink::Muted);
    drawing
}

pub fn forest(rows: &[Estimate], unit: Unit, width: f64) -> Drawing {
    let height = rows.len() as f64 * (ROW + 4.0) + 26.0;
    let mut drawing = Drawing::new(width, height);
    let ends = rows.iter().flat_map(|row| [row.interval.low, row.interval.high]);
    // One campaign that says next to nothing must not squeeze the others.
    let widest = typical(rows) * 8.0;
    let left = room(rows.iter().map(|row| &row.label));
    let ends = ends.map(|end| end.clamp(-widest, widest)).chain([0.0]);
    let x = Scale::over(ends, (left, width - NUMBERS));
    let (ticks, step) = x.ticks(4.0);
    for value in ticks {
        let at = x.at(value);
        if value == 0.0 {
            drawing.dashed(vec![(at, 0.0), (at, height - 20.0)], 1.0, Ink::Muted);
        } else {
            drawing.line(vec![(at, 0.0), (at, height - 20.0)], 1.0, Ink::Grid);
        }
        drawing.words((at, height - 6.0), tick(value, step, unit), SIZE, Ink::Muted, Anchor::Middle);
    }
    for (at, row) in rows.iter().enumerate() {
        let y = at as f64 * (ROW + 4.0) + 14.0;
        name(&mut drawing, &row.label, left, y + 4.0);
        if row.is_mean {
            let (low, middle, high) =
                (x.at(row.interval.low), x.at(row.interval.estimate), x.at(row.interval.high));
            drawing.area(vec![(low, y), (middle, y - 8.0), (high, y), (middle, y + 8.0)], Ink::First, 1.0);
        } else {
            drawing.whisker(&x, row.interval, y, 3.0 + 5.0 * row.weight.max(0.0).sqrt());
        }
        let text = shown(row.interval.estimate, unit, "");
        drawing.words((width - NUMBERS + 8.0, y + 4.0), text, SIZE, Ink::Word, Anchor::Start);
    }
    drawing
}

/// The middle of the largest ends.
fn typical(rows: &[Estimate]) -> f64 {
    let mut reach: Vec<f64> =
        rows.iter().map(|row| row.interval.low.abs().max(row.interval.high.abs())).collect();
    reach.sort_by(f64::total_cmp);
    reach.get(reach.len() / 2).copied().filter(|reach| *reach > 0.0).unwrap_or(1.0)
}

pub fn funnel(steps: &[Step], width: f64) -> Drawing {
    let mut drawing = Drawing::new(width, steps.len() as f64 * 34.0 + 4.0);
    let all = steps.first().map_or(0, |step| step.count);
    let room = width - NAMES - 110.0;
    for (at, step) in steps.iter().enumerate() {
        let top = at as f64 * 34.0 + 4.0;
        let share = if all > 0 { step.count as f64 / all as f64 } else { 0.0 };
        drawing.words((NAMES - 10.0, top + 17.0), step.label.clone(), SIZE, Ink::Word, Anchor::End);
        drawing.bar((NAMES, top), (NAMES + room, top + 26.0), Ink::Grid, 0.5);
        drawing.bar((NAMES, top), (NAMES + (room * share).max(1.0), top + 26.0), Ink::First, 1.0);
        let text = format!("{}  ({})", whole(step.count), percent(share));
        drawing.words((NAMES + room + 8.0, top + 17.0), text, SIZE, Ink::Word, Anchor::Start);
    }
    drawing
}

pub fn heat(heat: &Heat, unit: Unit, width: f64) -> Drawing {
    let names = 84.0;
    let (cell, row) = ((width - names) / heat.columns.len().max(1) as f64, 30.0);
    let mut drawing = Drawing::new(width, heat.rows.len() as f64 * row + 26.0);
    let largest = heat.values.iter().flatten().flatten().copied().fold(f64::MIN_POSITIVE, f64::max);
    for (at, column) in heat.columns.iter().enumerate() {
        let middle = names + (at as f64 + 0.5) * cell;
        let letters = (cell / 6.2) as usize;
        drawing.words((middle, 14.0), short(column, letters), SIZE, Ink::Word, Anchor::Middle);
    }
    for (at, (name, values)) in heat.rows.iter().zip(&heat.values).enumerate() {
        let top = 22.0 + at as f64 * row;
        drawing.words((names - 10.0, top + 18.0), name.clone(), SIZE, Ink::Word, Anchor::End);
        for (column, value) in values.iter().enumerate() {
            let left = names + column as f64 * cell;
            let corners = ((left + 1.0, top + 1.0), (left + cell - 1.0, top + row - 1.0));
            let Some(value) = value else {
                drawing.bar(corners.0, corners.1, Ink::Grid, 0.35);
                continue;
            };
            // Never so dark that the number on it could not be read, in either look.
            drawing.bar(corners.0, corners.1, Ink::First, 0.08 + 0.42 * value / largest);
            let middle = (left + cell / 2.0, top + row / 2.0 + 4.0);
            drawing.words(middle, shown(*value, unit, ""), SIZE, Ink::Word, Anchor::Middle);
        }
    }
    drawing
}
