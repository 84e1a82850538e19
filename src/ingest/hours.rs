//! The hours in which the shop lets Handpick read its database: `22-6`, or several, `22-6, 12-13`.

use chrono::{DateTime, Timelike, Utc};
use chrono_tz::Tz;

/// True when `at` lies in the allowed hours of `zone`; empty hours allow always. `Err` says what is wrong with them.
pub fn allow(hours: &str, at: DateTime<Utc>, zone: Tz) -> Result<bool, String> {
    if hours.trim().is_empty() {
        return Ok(true);
    }
    let hour = at.with_timezone(&zone).hour();
    let mut allowed = false;
    for span in hours.split(',') {
        let (from, until) = parse(span).ok_or_else(|| {
            format!("“{}” are no hours; write from-until on the 24-hour clock, such as 22-6", span.trim())
        })?;
        // Over midnight when it ends before it begins; `0-24` is always.
        allowed |= if from <= until { (from..until).contains(&hour) } else { hour >= from || hour < until };
    }
    Ok(allowed)
}

fn parse(span: &str) -> Option<(u32, u32)> {
    let (from, until) = span.split_once('-')?;
    let (from, until) = (from.trim().parse().ok()?, until.trim().parse().ok()?);
    (from < 24 && until <= 24 && from != until).then_some((from, until))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_the_shops_and_may_pass_midnight() {
        let at = |hour| DateTime::from_timestamp(hour * 3600, 0).unwrap();
        let allowed = |hours| -> Vec<i64> {
            (0..24).filter(|hour| allow(hours, at(*hour), Tz::UTC).unwrap()).collect()
        };
        assert_eq!(allowed("22-2, 12-13"), [0, 1, 12, 22, 23]);
        assert_eq!(allowed("").len(), 24);
        assert_eq!(allowed("0-24").len(), 24);
        // 22 o'clock in UTC is 23 o'clock in Vienna's winter.
        assert!(allow("23-24", at(22), Tz::Europe__Vienna).unwrap());
        for wrong in ["22", "22-25", "a-b", "5-5", "22-6;"] {
            assert!(allow(wrong, at(1), Tz::UTC).is_err(), "{wrong}");
        }
    }
}
