//! What came over what was expected.

use super::scale::Scale;
use super::{Anchor, Drawing, Ink, SIZE, tick};
use crate::reports::chart::Foretold;
use crate::reports::table::Unit;

/// Both axes have one scale, so that what came exactly as expected lies on the diagonal.
pub fn calibration(groups: &[Foretold], unit: Unit, width: f64) -> Drawing {
    let side = (width - 80.0).min(360.0);
    let (left, top) = (64.0, 30.0);
    let (right, bottom) = (left + side, top + side * 0.8);
    let mut drawing = Drawing::new(width, bottom + 44.0);
    let all = groups.iter().flat_map(|group| &group.parts).flat_map(|(x, y)| [*x, y.low, y.high]);
    let ends: Vec<f64> = all.chain([0.0]).collect();
    let x = Scale::over(ends.iter().copied(), (left, right));
    let y = Scale::over(ends.iter().copied(), (bottom, top));
    let largest = ends.iter().copied().fold(0.0, f64::max);
    axes(&mut drawing, (&x, &y), unit, [left, right, top, bottom]);
    drawing.dashed(vec![(x.at(0.0), y.at(0.0)), (x.at(largest), y.at(largest))], 1.0, Ink::Muted);
    for (number, group) in groups.iter().enumerate() {
        let (ink, radius) = if number == 0 { (Ink::First, 4.0) } else { (Ink::Second, 3.0) };
        // Beside each other where both were expected alike.
        let aside = number as f64 * 3.0;
        for (expected, came) in &group.parts {
            let at = x.at(*expected) + aside;
            drawing.line(vec![(at, y.at(came.low)), (at, y.at(came.high))], 1.5, ink);
            drawing.dot((at, y.at(came.estimate)), radius, ink);
        }
        let points =
            group.parts.iter().map(|(expected, came)| (x.at(*expected) + aside, y.at(came.estimate)));
        let points: Vec<_> = points.collect();
        if points.len() > 1 && number == 0 {
            drawing.line(points, 1.5, ink);
        } else if points.len() > 1 {
            drawing.dashed(points, 1.5, ink);
        }
        let at = left + number as f64 * 180.0;
        drawing.line(vec![(at, 10.0), (at + 20.0, 10.0)], 2.5, ink);
        drawing.words((at + 26.0, 14.0), group.label.clone(), SIZE, Ink::Word, Anchor::Start);
    }
    drawing
}

fn axes(drawing: &mut Drawing, (x, y): (&Scale, &Scale), unit: Unit, [left, right, top, bottom]: [f64; 4]) {
    let (ticks, step) = y.ticks(5.0);
    for value in ticks {
        let at = y.at(value);
        drawing.line(vec![(left, at), (right, at)], 1.0, if value == 0.0 { Ink::Muted } else { Ink::Grid });
        drawing.words((left - 8.0, at + 4.0), tick(value, step, unit), SIZE, Ink::Muted, Anchor::End);
    }
    let (ticks, step) = x.ticks(5.0);
    for value in ticks {
        let at = x.at(value);
        drawing.line(vec![(at, top), (at, bottom)], 1.0, if value == 0.0 { Ink::Muted } else { Ink::Grid });
        drawing.words((at, bottom + 18.0), tick(value, step, unit), SIZE, Ink::Muted, Anchor::Middle);
    }
    let middle = (left + right) / 2.0;
    drawing.words((middle, bottom + 36.0), "Expected to be bought", SIZE, Ink::Muted, Anchor::Middle);
    drawing.words((left + 6.0, top + 4.0), "Bought", SIZE, Ink::Muted, Anchor::Start);
}
