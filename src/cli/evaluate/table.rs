//! Tables for people: names to the left, numbers to the right.

use std::fmt::{Display, Formatter, Result};

#[derive(Default)]
pub struct Table(pub Vec<Vec<String>>);

impl Display for Table {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let columns = self.0.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            self.0
                .iter()
                .filter_map(|row| row.get(column))
                .map(|cell| cell.chars().count())
                .max()
                .unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        for row in &self.0 {
            let mut line = String::new();
            for (at, (cell, &width)) in row.iter().zip(&widths).enumerate() {
                line += &match at {
                    0 => format!("{cell:<width$}"),
                    _ => format!("  {cell:>width$}"),
                };
            }
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

/// 1234567 as 1,234,567.
pub fn counted(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// With its sign, also that of a gain.
pub fn signed(number: f64) -> String {
    if number < 0.0 { format!("−{:.4}", -number) } else { format!("+{number:.4}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_under_their_names() {
        let row = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
        let table = Table(vec![row(["", "NDCG", "s"]), row(["als", "0.1234", "1.5"]), row(["é", "−1", ""])]);
        assert_eq!(table.to_string(), "       NDCG    s\nals  0.1234  1.5\né        −1\n");
        assert_eq!((counted(1_234_567), counted(999)), ("1,234,567".into(), "999".into()));
        assert_eq!((signed(-0.5), signed(0.0)), ("−0.5000".into(), "+0.0000".into()));
    }
}
