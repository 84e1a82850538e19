//! When a campaign's outcome counts.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

/// How long a campaign without an end is watched: two weeks hold most of what a mail brings, and one pay day.
pub const DEFAULT_DAYS: u64 = 14;

/// From the sending to the end of the last day, half open: `from ≤ at < until`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    pub from: DateTime<Utc>,
    pub until: DateTime<Utc>,
    /// Up to here the outcome is known: now, or the last sync, whichever is earlier; within the window.
    pub known_until: DateTime<Utc>,
}

/// What is known of a campaign's dates.
#[derive(Debug, Clone, Copy, Default)]
pub struct Dates {
    pub sent_at: Option<DateTime<Utc>>,
    pub starts_on: Option<NaiveDate>,
    pub ends_on: Option<NaiveDate>,
}

impl Window {
    /// `None` when the campaign was neither sent nor dated. Days begin at midnight in `zone`; an end that lies before
    /// the sending (the mail went out late) is not used. `known_until` is when the history was last brought up to
    /// date, or now.
    pub fn of(dates: Dates, zone: Tz, known_until: DateTime<Utc>) -> Option<Self> {
        let from = dates.sent_at.or_else(|| dates.starts_on.map(|day| midnight(day, zone)))?;
        let planned =
            dates.ends_on.map(|day| midnight(day + Days::new(1), zone)).filter(|until| *until > from);
        let until = planned.unwrap_or(from + TimeDelta::days(DEFAULT_DAYS as i64));
        Some(Self { from, until, known_until: known_until.clamp(from, until) })
    }

    /// Whether everything that counts has happened and is known.
    pub fn is_closed(&self) -> bool {
        self.known_until >= self.until
    }

    /// Calendar days in `zone` that the window touches, in order.
    pub fn days(&self, zone: Tz) -> Vec<NaiveDate> {
        let day = |at: DateTime<Utc>| at.with_timezone(&zone).date_naive();
        let last = day(self.until - TimeDelta::microseconds(1));
        day(self.from).iter_days().take_while(|day| *day <= last).collect()
    }

    /// Whole days that are over, of how many.
    pub fn days_so_far(&self) -> (i64, i64) {
        let whole = |from, until: DateTime<Utc>| until.signed_duration_since::<Utc>(from).num_hours() / 24;
        let all = (self.until - self.from).num_hours().div_euclid(24).max(1);
        (whole(self.from, self.known_until).min(all), all)
    }
}

/// When `day` begins in `zone`; where the clocks skip midnight, when it first shows that day.
pub fn midnight(day: NaiveDate, zone: Tz) -> DateTime<Utc> {
    let start = day.and_time(NaiveTime::MIN);
    (0..24)
        .find_map(|hour| zone.from_local_datetime(&(start + TimeDelta::hours(hour))).earliest())
        .map_or_else(|| start.and_utc(), |at| at.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn the_last_day_counts_to_its_end_in_the_shops_zone() {
        let dates = Dates {
            sent_at: Some(at("2026-03-20T08:00:00Z")),
            starts_on: Some(day("2026-03-19")),
            ends_on: Some(day("2026-03-29")),
        };
        // Vienna changes to summer time on 29 March 2026: the day ends at 22:00 UTC.
        let window = Window::of(dates, chrono_tz::Europe::Vienna, at("2026-05-01T00:00:00Z")).unwrap();
        assert_eq!((window.from, window.until), (at("2026-03-20T08:00:00Z"), at("2026-03-29T22:00:00Z")));
        assert!(window.is_closed());
        assert_eq!(window.days(chrono_tz::Europe::Vienna).len(), 10);
    }

    #[test]
    fn without_an_end_it_is_two_weeks_and_open_until_the_history_has_seen_them() {
        let dates = Dates { starts_on: Some(day("2026-01-01")), ..Dates::default() };
        let window = Window::of(dates, chrono_tz::UTC, at("2026-01-04T12:00:00Z")).unwrap();
        assert_eq!(window.until, at("2026-01-15T00:00:00Z"));
        assert!(!window.is_closed());
        assert_eq!(window.days_so_far(), (3, 14));
        let late =
            Dates { sent_at: Some(at("2026-02-01T00:00:00Z")), ends_on: Some(day("2026-01-20")), ..dates };
        let window = Window::of(late, chrono_tz::UTC, at("2026-01-04T12:00:00Z")).unwrap();
        assert_eq!((window.until, window.days_so_far()), (at("2026-02-15T00:00:00Z"), (0, 14)));
        assert_eq!(Window::of(Dates::default(), chrono_tz::UTC, at("2026-01-04T12:00:00Z")), None);
    }
}
