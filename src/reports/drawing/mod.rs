//! Charts as marks on a sheet: lines, areas, dots and words, which SVG and PDF put down alike.
//!
//! Places are in points from the upper left corner.

mod calibration;
mod plots;
mod scale;
mod svg;

use super::chart::{Chart, Kind};
use super::table::Unit;
use crate::recommender::uplift::Interval;
use scale::Scale;

pub type Point = (f64, f64);

/// What a mark says by its colour; the page has light and dark ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ink {
    Word,
    Muted,
    Grid,
    First,
    Second,
}

impl Ink {
    /// In print and in files: `#rrggbb`. Pages override it by the class.
    pub const fn rgb(self) -> [u8; 3] {
        match self {
            Self::Word => [0x17, 0x21, 0x1d],
            Self::Muted => [0x56, 0x63, 0x5d],
            Self::Grid => [0xdf, 0xe4, 0xe0],
            Self::First => [0x0f, 0x6e, 0x5c],
            Self::Second => [0xc2, 0x6a, 0x00],
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    Start,
    Middle,
    End,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Mark {
    Line {
        points: Vec<Point>,
        width: f64,
        ink: Ink,
        dashed: bool,
    },
    /// Filled; opacity 0 to 1.
    Area {
        points: Vec<Point>,
        ink: Ink,
        opacity: f64,
    },
    Dot {
        at: Point,
        radius: f64,
        ink: Ink,
    },
    Words {
        at: Point,
        text: String,
        size: f64,
        ink: Ink,
        anchor: Anchor,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub struct Drawing {
    pub width: f64,
    pub height: f64,
    pub marks: Vec<Mark>,
}

impl Drawing {
    pub fn new(width: f64, height: f64) -> Self {
        Self { width, height, marks: Vec::new() }
    }

    pub fn line(&mut self, points: Vec<Point>, width: f64, ink: Ink) {
        self.marks.push(Mark::Line { points, width, ink, dashed: false });
    }

    pub fn dashed(&mut self, points: Vec<Point>, width: f64, ink: Ink) {
        self.marks.push(Mark::Line { points, width, ink, dashed: true });
    }

    pub fn area(&mut self, points: Vec<Point>, ink: Ink, opacity: f64) {
        self.marks.push(Mark::Area { points, ink, opacity });
    }

    pub fn dot(&mut self, at: Point, radius: f64, ink: Ink) {
        self.marks.push(Mark::Dot { at, radius, ink });
    }

    pub fn words(&mut self, at: Point, text: impl Into<String>, size: f64, ink: Ink, anchor: Anchor) {
        self.marks.push(Mark::Words { at, text: text.into(), size, ink, anchor });
    }

    /// From corner to corner.
    pub fn bar(&mut self, (left, top): Point, (right, bottom): Point, ink: Ink, opacity: f64) {
        self.area(vec![(left, top), (right, top), (right, bottom), (left, bottom)], ink, opacity);
    }

    /// An estimate with its interval on one height.
    pub fn whisker(&mut self, scale: &Scale, interval: Interval, y: f64, radius: f64) {
        let (low, high) = (scale.at(interval.low), scale.at(interval.high));
        self.line(vec![(low, y), (high, y)], 2.0, Ink::First);
        for end in [low, high] {
            self.line(vec![(end, y - 5.0), (end, y + 5.0)], 2.0, Ink::First);
        }
        self.dot((scale.at(interval.estimate), y), radius, Ink::First);
    }
}

/// Words of a chart.
const SIZE: f64 = 11.0;

pub fn draw(chart: &Chart, width: f64) -> Drawing {
    let unit = chart.unit;
    match &chart.kind {
        Kind::Lines { days, lines } => plots::lines(days, lines, unit, width),
        Kind::Bars(bars) => plots::bars(bars, unit, width),
        Kind::Forest(rows) => plots::forest(rows, unit, width),
        Kind::Funnel(steps) => plots::funnel(steps, width),
        Kind::Heat(heat) => plots::heat(heat, unit, width),
        Kind::Calibration(groups) => calibration::calibration(groups, unit, width),
    }
}

/// One estimate with its 95 % interval, beside zero.
pub fn whisker(interval: Interval, width: f64) -> Drawing {
    let mut drawing = Drawing::new(width, 40.0);
    let scale = Scale::over([interval.low, interval.high, 0.0], (12.0, width - 12.0));
    let zero = scale.at(0.0);
    drawing.dashed(vec![(zero, 2.0), (zero, 29.0)], 1.0, Ink::Muted);
    drawing.words((zero, 39.0), "0", 10.0, Ink::Muted, Anchor::Middle);
    drawing.whisker(&scale, interval, 15.0, 5.5);
    drawing
}

/// A number at an axis, with as many places as the step between two of them needs.
fn tick(value: f64, step: f64, unit: Unit) -> String {
    let (value, step, sign) = match unit {
        Unit::Share | Unit::Change => (value * 100.0, step * 100.0, "\u{a0}%"),
        _ => (value, step, ""),
    };
    let places = (-step.log10().floor()).clamp(0.0, 6.0) as usize;
    let text = super::table::signed(value, places);
    let is_signed = matches!(unit, Unit::Change | Unit::Gain | Unit::Number) && value != 0.0;
    let text = if is_signed { text } else { text.trim_start_matches('+').to_owned() };
    format!("{text}{sign}")
}

/// Cut to what fits, with a mark that something was.
fn short(text: &str, letters: usize) -> String {
    if text.chars().count() <= letters {
        return text.to_owned();
    }
    text.chars().take(letters.saturating_sub(1)).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_is_drawn_in_its_frame_with_zero() {
        let drawn = whisker(Interval { low: 10.0, estimate: 20.0, high: 40.0 }, 320.0);
        let Mark::Line { points, .. } = &drawn.marks[0] else { panic!("{:?}", drawn.marks) };
        assert_eq!(points[0].0, 12.0);
        let Mark::Line { points, .. } = &drawn.marks[2] else { panic!("{:?}", drawn.marks) };
        assert_eq!((points[0].0, points[1].0), (86.0, 308.0));
        let dot = drawn.marks.iter().find(|mark| matches!(mark, Mark::Dot { .. }));
        assert_eq!(dot, Some(&Mark::Dot { at: (160.0, 15.0), radius: 5.5, ink: Ink::First }));
    }

    #[test]
    fn an_axis_says_no_more_than_its_step() {
        assert_eq!(tick(0.025, 0.005, Unit::Share), "2.5\u{a0}%");
        assert_eq!(tick(0.02, 0.01, Unit::Change), "+2\u{a0}%");
        assert_eq!(tick(-1500.0, 500.0, Unit::Gain), "−1\u{202f}500");
        assert_eq!(tick(0.0, 500.0, Unit::Gain), "0");
    }
}
