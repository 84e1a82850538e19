//! Times: moments, wall clocks in a zone, dates, epoch numbers and ISO texts, all to microseconds since 1970, UTC.

use super::{Reason, Value};
use crate::config::EpochUnit;
use chrono::{DateTime, MappedLocalTime, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;
/// 1900-01-01 and 2200-01-01: what lies outside is a placeholder, not a time.
const EARLIEST: i64 = -2_208_988_800 * SECOND;
const LATEST: i64 = 7_258_118_400 * SECOND;

/// The moment `value` names. `Ok(None)` when it is missing.
///
/// A wall clock is read in `zone`. Where the clocks go back and a time happens twice, the first is meant; where they
/// go forward and a time never happens, it is read as if they had not, which is how far past the gap it lies. Both
/// are choices; what matters is that every reading makes the same one.
pub fn moment(value: Value<'_>, zone: Tz, unit: Option<EpochUnit>) -> Result<Option<i64>, Reason> {
    let us = match value {
        Value::Null => return Ok(None),
        Value::Instant(us) => us,
        Value::WallClock(us) => from_wall_clock(us, zone).ok_or(Reason::UnreadableTime)?,
        Value::Date(days) => {
            from_wall_clock(i64::from(days).saturating_mul(DAY), zone).ok_or(Reason::UnreadableTime)?
        }
        Value::Int(number) => from_epoch(i128::from(number), 1, unit).ok_or(Reason::UnreadableTime)?,
        Value::Unsigned(number) => from_epoch(i128::from(number), 1, unit).ok_or(Reason::UnreadableTime)?,
        Value::Decimal(amount) => from_epoch(amount, 10_000, unit).ok_or(Reason::UnreadableTime)?,
        Value::Float(number) => {
            from_epoch((number * 1e4).round() as i128, 10_000, unit).ok_or(Reason::UnreadableTime)?
        }
        Value::Text(text) if text.trim().is_empty() => return Ok(None),
        Value::Text(text) => from_text(text.trim(), zone, unit).ok_or(Reason::UnreadableTime)?,
        Value::Bool(_) | Value::Uuid(_) | Value::Unreadable => return Err(Reason::UnreadableTime),
    };
    if (EARLIEST..LATEST).contains(&us) { Ok(Some(us)) } else { Err(Reason::UnreadableTime) }
}

/// A date or time as people's files have it, in ISO's order; `None` for anything else, a bare number among it.
pub fn written_moment(text: &str, zone: Tz) -> Option<DateTime<Utc>> {
    let text = text.trim();
    let is_date =
        text.len() >= 10 && text.as_bytes()[4] == b'-' && text.starts_with(|c: char| c.is_ascii_digit());
    let us = is_date.then(|| moment(Value::Text(text), zone, None).ok().flatten()).flatten()?;
    DateTime::from_timestamp_micros(us)
}

/// `us` on a clock in `zone`, as a moment.
pub fn from_wall_clock(us: i64, zone: Tz) -> Option<i64> {
    if zone == Tz::UTC {
        return Some(us);
    }
    let local = DateTime::from_timestamp_micros(us)?.naive_utc();
    match zone.from_local_datetime(&local) {
        MappedLocalTime::Single(at) | MappedLocalTime::Ambiguous(at, _) => Some(at.timestamp_micros()),
        MappedLocalTime::None => {
            // No gap is longer than a day: the offset a day earlier is the one before the gap.
            let before = zone.from_local_datetime(&(local - chrono::TimeDelta::days(1))).earliest()?;
            Some(before.timestamp_micros() + DAY)
        }
    }
}

/// `us` as a clock in `zone` shows it.
pub fn to_wall_clock(us: i64, zone: Tz) -> Option<i64> {
    let at = DateTime::from_timestamp_micros(us)?.with_timezone(&zone);
    Some(at.naive_local().and_utc().timestamp_micros())
}

/// `number / scale` units since 1970. Without a unit the size tells: seconds until the year 5138, then milliseconds
/// (from March 1973 on), then microseconds.
fn from_epoch(number: i128, scale: i128, unit: Option<EpochUnit>) -> Option<i64> {
    let unit = unit.unwrap_or(match (number / scale).unsigned_abs() {
        0..100_000_000_000 => EpochUnit::Seconds,
        100_000_000_000..100_000_000_000_000 => EpochUnit::Milliseconds,
        _ => EpochUnit::Microseconds,
    });
    number.checked_mul(i128::from(unit_us(unit))).and_then(|us| i64::try_from(us.div_euclid(scale)).ok())
}

pub const fn unit_us(unit: EpochUnit) -> i64 {
    match unit {
        EpochUnit::Seconds => SECOND,
        EpochUnit::Milliseconds => 1_000,
        EpochUnit::Microseconds => 1,
    }
}

/// `2011-12-09`, `2011-12-09 12:50`, `2011-12-09T12:50:00.25+01:00`, or an epoch number as text.
fn from_text(text: &str, zone: Tz, unit: Option<EpochUnit>) -> Option<i64> {
    if text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.' || byte == b'-')
        && let Some(number) = super::value::parse_decimal(text)
    {
        return from_epoch(number, 10_000, unit);
    }
    let (local, offset_us) = split_iso(text)?;
    match offset_us {
        Some(offset) => Some(local - offset),
        None => from_wall_clock(local, zone),
    }
}

/// The wall clock an ISO text shows, and its offset from UTC when it names one, both in microseconds.
pub fn split_iso(text: &str) -> Option<(i64, Option<i64>)> {
    let date: NaiveDate = text.get(..10)?.parse().ok()?;
    let rest = &text[10..];
    if rest.is_empty() {
        return Some((date.and_time(NaiveTime::MIN).and_utc().timestamp_micros(), None));
    }
    let rest = rest.strip_prefix(['T', 't', ' '])?.trim_start();
    let end = rest.find(|c: char| !c.is_ascii_digit() && c != ':' && c != '.').unwrap_or(rest.len());
    let (clock, zone) = rest.split_at(end);
    let time =
        ["%H:%M:%S%.f", "%H:%M"].iter().find_map(|form| NaiveTime::parse_from_str(clock, form).ok())?;
    let local = NaiveDateTime::new(date, time).and_utc().timestamp_micros();
    Some((local, offset_us(zone.trim())?))
}

/// `Some(None)` for no zone at all, `None` for one that cannot be read.
fn offset_us(zone: &str) -> Option<Option<i64>> {
    if zone.is_empty() {
        return Some(None);
    }
    if zone.eq_ignore_ascii_case("z") || zone.eq_ignore_ascii_case("utc") || zone.eq_ignore_ascii_case("gmt")
    {
        return Some(Some(0));
    }
    let (sign, digits) = match zone.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let digits: String = digits.chars().filter(|c| *c != ':').collect();
    if !matches!(digits.len(), 2 | 4) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let hours: i64 = digits[..2].parse().ok()?;
    let minutes: i64 = digits.get(2..).filter(|rest| !rest.is_empty()).map_or(Ok(0), str::parse).ok()?;
    (hours < 24 && minutes < 60).then_some(Some(sign * (hours * 3600 + minutes * 60) * SECOND))
}

/// `2011-12-09`
pub fn date_text(days: i32) -> String {
    DateTime::from_timestamp_micros(i64::from(days).saturating_mul(DAY))
        .map_or_else(String::new, |at| at.date_naive().to_string())
}

/// `2011-12-09 12:50:00.000000`: understood by all three servers, and by [`split_iso`].
pub fn clock_text(us: i64) -> String {
    DateTime::from_timestamp_micros(us)
        .map_or_else(String::new, |at| at.format("%Y-%m-%d %H:%M:%S%.6f").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str, zone: Tz) -> Option<String> {
        moment(Value::Text(text), zone, None).ok().flatten().map(clock_text)
    }

    #[test]
    fn reads_iso_texts() {
        for (text, expected) in [
            ("2011-12-09", "2011-12-09 00:00:00.000000"),
            ("2011-12-09 12:50", "2011-12-09 12:50:00.000000"),
            ("2011-12-09T12:50:01.25Z", "2011-12-09 12:50:01.250000"),
            ("2011-12-09 12:50:00+01", "2011-12-09 11:50:00.000000"),
            ("2011-12-09 12:50:00 -0130", "2011-12-09 14:20:00.000000"),
            ("1323434999", "2011-12-09 12:49:59.000000"),
            ("1323434999.5", "2011-12-09 12:49:59.500000"),
        ] {
            assert_eq!(read(text, Tz::UTC).as_deref(), Some(expected), "{text}");
        }
        for text in
            ["09.12.2011", "2011-13-01", "2011-12-09 25:00", "2011-12-09 12:50 CEST", "soon", "9999-12-31"]
        {
            assert_eq!(read(text, Tz::UTC), None, "{text}");
        }
    }

    #[test]
    fn clocks_that_change_are_read_the_same_way_each_time() {
        let london = Tz::Europe__London;
        // Summer: an hour ahead. 01:30 never happens on 27 March 2011, and happens twice on 30 October 2011.
        assert_eq!(read("2011-07-01 12:00", london).as_deref(), Some("2011-07-01 11:00:00.000000"));
        assert_eq!(read("2011-03-27 01:30", london).as_deref(), Some("2011-03-27 01:30:00.000000"));
        assert_eq!(read("2011-10-30 01:30", london).as_deref(), Some("2011-10-30 00:30:00.000000"));
    }

    #[test]
    fn epoch_units_are_guessed_by_size_or_given() {
        let at = |number, unit| moment(Value::Int(number), Tz::UTC, unit);
        for number in [1_323_434_999, 1_323_434_999_000, 1_323_434_999_000_000] {
            assert_eq!(at(number, None), Ok(Some(1_323_434_999_000_000)));
        }
        assert_eq!(at(1000, Some(EpochUnit::Milliseconds)), Ok(Some(1_000_000)));
        assert_eq!(at(i64::MAX, Some(EpochUnit::Seconds)), Err(Reason::UnreadableTime));
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text in any::<String>()) {
            let read = moment(Value::Text(&text), Tz::Europe__London, None);
            prop_assert!(read.is_ok() || read == Err(Reason::UnreadableTime));
        }

        #[test]
        fn texts_read_back(us in EARLIEST..LATEST) {
            prop_assert_eq!(moment(Value::Text(&clock_text(us)), Tz::UTC, None), Ok(Some(us)));
        }

        #[test]
        fn later_on_the_clock_is_never_more_than_a_gap_earlier(us in 0i64..LATEST - DAY, zone in prop::sample::select(vec![Tz::Europe__London, Tz::America__Sao_Paulo, Tz::Pacific__Apia])) {
            let moment = from_wall_clock(us, zone).expect("in range");
            prop_assert!((moment - us).abs() <= DAY + 3600 * SECOND);
            if to_wall_clock(moment, zone) != Some(us) {
                // Only in a gap does the clock not show what was asked for; then it lies beyond.
                prop_assert!(to_wall_clock(moment, zone) > Some(us));
            }
        }
    }
}
