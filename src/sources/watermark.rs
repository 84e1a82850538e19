//! How far a table was read: the highest watermark seen, and the condition that reads only what came after it.

use super::select::quote;
use super::{Dialect, Shape, SourceError, Value, plan::Plan, time};
use chrono_tz::Tz;

const HOUR: i64 = 3_600_000_000;

/// The highest value seen in the watermark's column.
#[derive(Debug, Default)]
pub struct HighWater {
    number: Option<i128>,
    /// Microseconds; a wall clock's for columns without zone.
    time: Option<i64>,
    text: Option<String>,
}

impl HighWater {
    pub fn see(&mut self, value: Value<'_>) {
        match value {
            Value::Int(number) => self.number = self.number.max(Some(i128::from(number))),
            Value::Unsigned(number) => self.number = self.number.max(Some(i128::from(number))),
            Value::Decimal(amount) => self.number = self.number.max(Some(amount.div_euclid(10_000))),
            Value::Float(number) => self.number = self.number.max(Some(number.floor() as i128)),
            Value::Instant(us) | Value::WallClock(us) => self.time = self.time.max(Some(us)),
            Value::Date(days) => self.time = self.time.max(Some(i64::from(days).saturating_mul(24 * HOUR))),
            Value::Text(text) if self.text.as_deref().is_none_or(|highest| text > highest) => {
                self.text = Some(text.to_owned());
            }
            _ => {}
        }
    }

    /// As text. A time beyond the server's own clock counts as now: one order dated 2099 must not hide all that follow.
    pub fn to_text(&self, shape: Shape, zone: Tz, clock_us: i64) -> Option<String> {
        let wall = || time::to_wall_clock(clock_us, zone).unwrap_or(clock_us);
        let now = if shape == Shape::Instant { clock_us } else { wall() };
        if let Some(us) = self.time {
            return Some(time::clock_text(us.min(now)));
        }
        if let Some(text) = &self.text {
            let ahead = time::split_iso(text.trim()).is_some_and(|(us, _)| us > now + 24 * HOUR);
            return Some(if ahead { time::clock_text(now) } else { text.clone() });
        }
        self.number.map(|number| number.to_string())
    }
}

/// `WHERE "updated_at" >= '…'`, `overlap_hours` before `since` for times.
pub fn condition(
    plan: &Plan,
    since: &str,
    overlap_hours: u32,
    dialect: Dialect,
) -> Result<String, SourceError> {
    let Some(column) = plan.watermark.map(|at| &plan.columns[at]) else { return Ok(String::new()) };
    let unusable = |reason: &str| SourceError::Mapping {
        mapping: plan.name.clone(),
        reason: format!("the watermark “{}” ({}): {reason}", column.name, column.type_name),
    };
    let overlap = i64::from(overlap_hours) * HOUR;
    let earlier = |us: i64| time::clock_text(us.saturating_sub(overlap));
    let literal = match column.shape {
        Shape::Integer | Shape::Decimal | Shape::Float => number_literal(since, plan, overlap)
            .ok_or_else(|| unusable("the stored mark is no number; run a full sync"))?,
        Shape::Instant | Shape::WallClock | Shape::Date => {
            let (us, _) = time::split_iso(since)
                .ok_or_else(|| unusable("the stored mark is no time; run a full sync"))?;
            match (dialect, column.shape) {
                (Dialect::Postgres, Shape::Instant) => format!("'{}+00'", earlier(us)),
                (_, Shape::Date) => format!("'{}'", &earlier(us)[..10]),
                _ => format!("'{}'", earlier(us)),
            }
        }
        Shape::Any if number_literal(since, plan, overlap).is_some() => {
            number_literal(since, plan, overlap).unwrap_or_default()
        }
        Shape::Text | Shape::Any => text_literal(since, overlap)
            .ok_or_else(|| unusable("texts that are no ISO times cannot be a watermark"))?,
        _ => return Err(unusable("a watermark is a number or a time")),
    };
    Ok(format!(" WHERE {} >= {literal}", quote(&column.name, dialect)))
}

/// An id is read again from itself; an epoch, which is a time, from the overlap before it.
fn number_literal(since: &str, plan: &Plan, overlap: i64) -> Option<String> {
    let number: i128 = since.parse().ok()?;
    if !plan.watermark_is_time {
        return Some(number.to_string());
    }
    let us_per_unit = match number.unsigned_abs() {
        0..100_000_000_000 => 1_000_000,
        100_000_000_000..100_000_000_000_000 => 1_000,
        _ => 1,
    };
    Some((number - i128::from(overlap) / us_per_unit).to_string())
}

/// ISO texts sort as times do, so long as they are written alike: the literal copies the mark's own way of writing.
fn text_literal(since: &str, overlap: i64) -> Option<String> {
    let (us, _) = time::split_iso(since.trim())?;
    let earlier = time::clock_text(us.saturating_sub(overlap));
    let seconds = earlier.get(..19)?;
    Some(match since.trim().as_bytes().get(10) {
        None => format!("'{}'", &seconds[..10]),
        Some(b'T') => format!("'{}'", seconds.replace(' ', "T")),
        Some(_) => format!("'{seconds}'"),
    })
}
