//! When a repeated campaign is due, as people choose it and as a cron line.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use croner::Cron;

/// So many missed times are looked through for the last one.
const MISSED: usize = 1_000;

/// Days of the week as cron counts them.
pub const WEEKDAYS: [(&str, &str); 7] = [
    ("1", "Monday"),
    ("2", "Tuesday"),
    ("3", "Wednesday"),
    ("4", "Thursday"),
    ("5", "Friday"),
    ("6", "Saturday"),
    ("0", "Sunday"),
];

/// What people choose from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rhythm {
    /// `day`, `month` (its first day), or a day of the week by number.
    pub every: String,
    /// `09:00`
    pub at: String,
}

impl Default for Rhythm {
    fn default() -> Self {
        Self { every: "1".into(), at: "09:00".into() }
    }
}

impl Rhythm {
    /// `None` for what is no rhythm.
    pub fn cron(&self) -> Option<String> {
        let (hour, minute) = self.at.split_once(':')?;
        let (hour, minute): (u32, u32) = (hour.parse().ok()?, minute.parse().ok()?);
        if hour > 23 || minute > 59 {
            return None;
        }
        let days = match self.every.as_str() {
            "day" => "* * *".to_owned(),
            "month" => "1 * *".to_owned(),
            day => {
                let (number, _) = WEEKDAYS.iter().find(|(number, _)| *number == day)?;
                format!("* * {number}")
            }
        };
        Some(format!("{minute} {hour} {days}"))
    }

    /// Undoes [`Rhythm::cron`]; `None` for a line that somebody else wrote.
    pub fn of(cron: &str) -> Option<Self> {
        let parts: Vec<&str> = cron.split_whitespace().collect();
        let [minute, hour, day, "*", weekday] = parts[..] else { return None };
        let every = match (day, weekday) {
            ("*", "*") => "day",
            ("1", "*") => "month",
            ("*", weekday) => weekday,
            _ => return None,
        };
        let (hour, minute): (u32, u32) = (hour.parse().ok()?, minute.parse().ok()?);
        let rhythm = Self { every: every.to_owned(), at: format!("{hour:02}:{minute:02}") };
        rhythm.cron().is_some().then_some(rhythm)
    }

    pub fn in_words(&self) -> String {
        let day = match self.every.as_str() {
            "day" => "every day",
            "month" => "on the first of every month",
            day => {
                let name = WEEKDAYS.iter().find(|(number, _)| *number == day).map_or("day", |(_, name)| name);
                return format!("every {name} at {}", self.at);
            }
        };
        format!("{day} at {}", self.at)
    }
}

/// The first time after `after`.
pub fn next(cron: &str, zone: Tz, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let cron: Cron = cron.parse().ok()?;
    let local = after.with_timezone(&zone);
    cron.find_next_occurrence(&local, false).ok().map(|at| at.with_timezone(&Utc))
}

/// The last time after the first moment and up to the second.
pub fn latest(cron: &str, zone: Tz, (after, until): (DateTime<Utc>, DateTime<Utc>)) -> Option<DateTime<Utc>> {
    let times = std::iter::successors(next(cron, zone, after), |at| next(cron, zone, *at));
    times.take(MISSED).take_while(|at| *at <= until).last()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rhythms_become_cron_lines_and_back() {
        for (every, at, cron, words) in [
            ("1", "09:05", "5 9 * * 1", "every Monday at 09:05"),
            ("0", "23:59", "59 23 * * 0", "every Sunday at 23:59"),
            ("day", "00:00", "0 0 * * *", "every day at 00:00"),
            ("month", "06:30", "30 6 1 * *", "on the first of every month at 06:30"),
        ] {
            let rhythm = Rhythm { every: every.into(), at: at.into() };
            assert_eq!(rhythm.cron().unwrap(), cron);
            assert_eq!(Rhythm::of(cron).unwrap(), rhythm);
            assert_eq!(rhythm.in_words(), words);
        }
        for (every, at) in [("1", "24:00"), ("8", "09:00"), ("day", "9"), ("day", "09:61")] {
            assert_eq!(Rhythm { every: every.into(), at: at.into() }.cron(), None, "{every} {at}");
        }
        assert_eq!(Rhythm::of("*/5 * * * *"), None);
    }

    #[test]
    fn of_missed_times_only_the_last_is_due_and_clocks_are_the_shops() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let (vienna, daily) = (chrono_tz::Europe::Vienna, "0 9 * * *");
        let (after, until) = (at("2026-11-20T08:00:00Z"), at("2026-11-25T07:59:59Z"));
        assert_eq!(latest(daily, vienna, (after, until)), Some(at("2026-11-24T08:00:00Z")));
        assert_eq!(latest(daily, vienna, (until, until)), None);
        // Summer begins on 29 March 2026: nine o'clock is an hour earlier.
        assert_eq!(next(daily, vienna, at("2026-03-29T00:00:00Z")), Some(at("2026-03-29T07:00:00Z")));
    }
}
