//! Small pictures of numbers as SVG, drawn on the server: what a template needs to place them.

use crate::web;

/// Columns side by side, in a picture of 100 × 40.
pub struct Columns {
    pub title: String,
    /// What a reader who cannot see the picture is told.
    pub told: String,
    pub columns: Vec<Column>,
    /// Under the picture's left and right end.
    pub ends: (String, String),
}

pub struct Column {
    pub x: String,
    pub y: String,
    pub width: String,
    pub height: String,
    pub label: String,
    pub is_marked: bool,
}

const HEIGHT: f64 = 40.0;
/// What is there but small is still seen.
const LEAST: f64 = 0.8;

/// One column for each value with its label; those `marked` stand out.
pub fn columns(values: &[(f64, String)], marked: impl Fn(usize) -> bool) -> Vec<Column> {
    let most = values.iter().map(|value| value.0).fold(0.0, f64::max);
    let step = 100.0 / values.len().max(1) as f64;
    let column = |(at, (value, label)): (usize, &(f64, String))| {
        let height = if most > 0.0 && *value > 0.0 { (value / most * HEIGHT).max(LEAST) } else { 0.0 };
        Column {
            x: web::decimal(at as f64 * step + step * 0.08, 2),
            y: web::decimal(HEIGHT - height, 2),
            width: web::decimal(step * 0.84, 2),
            height: web::decimal(height, 2),
            label: label.clone(),
            is_marked: marked(at),
        }
    };
    values.iter().enumerate().map(column).collect()
}

/// How `sorted` values lie, in `bins` between 0 and where all but the last twentieth end, and the bin of `own`.
pub fn spread(sorted: &[f64], own: f64, bins: usize, label: impl Fn(f64, f64) -> String) -> Vec<Column> {
    let end = sorted.get(sorted.len() * 19 / 20).copied().unwrap_or(1.0).max(1.0);
    let bin_of = |value: f64| ((value / end * bins as f64) as usize).min(bins - 1);
    let mut counts = vec![0usize; bins];
    sorted.iter().for_each(|&value| counts[bin_of(value.max(0.0))] += 1);
    let edge = |at: usize| end * at as f64 / bins as f64;
    let value = |(at, &count): (usize, &usize)| (count as f64, label(edge(at), edge(at + 1)));
    let values: Vec<_> = counts.iter().enumerate().map(value).collect();
    columns(&values, |at| at == bin_of(own.max(0.0)))
}

/// A line of a list of bars, in hundredths of the longest.
pub struct Bar {
    pub label: String,
    pub figure: String,
    pub width: String,
}

pub fn bars(values: &[(String, f64, String)]) -> Vec<Bar> {
    let most = values.iter().map(|value| value.1).fold(0.0, f64::max);
    let bar = |(label, value, figure): &(String, f64, String)| Bar {
        label: label.clone(),
        figure: figure.clone(),
        width: web::decimal(if most > 0.0 { 100.0 * value / most } else { 0.0 }, 1),
    };
    values.iter().map(bar).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_column_fills_the_picture_and_the_own_bin_is_marked() {
        let sorted: Vec<f64> = (0..100).map(f64::from).collect();
        let drawn = spread(&sorted, 50.0, 5, |from, until| format!("{from}–{until}"));
        // All but five of a hundred lie below 95, in five bins of 19; the last takes the rest.
        let heights: Vec<&str> = drawn.iter().map(|column| column.height.as_str()).collect();
        assert_eq!(heights, ["31.67", "31.67", "31.67", "31.67", "40.00"]);
        let marked: Vec<bool> = drawn.iter().map(|column| column.is_marked).collect();
        assert_eq!(marked, [false, false, true, false, false]);
        assert_eq!(drawn[1].label, "19–38");
        assert!(columns(&[(0.0, String::new())], |_| false)[0].height == "0.00");
    }
}
