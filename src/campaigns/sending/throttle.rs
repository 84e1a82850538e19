//! How fast e-mails may go to the server: so many in a second, so many in any sixty minutes.

use crate::config::Mail;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

pub struct Throttle {
    gap: Duration,
    per_hour: usize,
    next: Instant,
    /// The last hour's, the oldest first.
    hour: VecDeque<DateTime<Utc>>,
}

/// Whether one may go.
#[derive(Debug, PartialEq, Eq)]
pub enum Turn {
    Now,
    /// In a moment; ask again then.
    In(Duration),
    /// The hour is full until then.
    At(DateTime<Utc>),
}

impl Throttle {
    /// `hour` are the tries of the last sixty minutes, also those of a process before this one.
    pub fn new(mail: &Mail, hour: Vec<DateTime<Utc>>) -> Self {
        let gap = match mail.per_second {
            0 => Duration::ZERO,
            most => Duration::from_secs(1) / most,
        };
        Self { gap, per_hour: mail.per_hour as usize, next: Instant::now(), hour: hour.into() }
    }

    /// Takes a turn when there is one.
    pub fn turn(&mut self, now: DateTime<Utc>) -> Turn {
        if self.per_hour > 0 {
            let hour = TimeDelta::hours(1);
            while self.hour.front().is_some_and(|at| now - *at >= hour) {
                self.hour.pop_front();
            }
            if self.hour.len() >= self.per_hour {
                // All but the newest `per_hour - 1` must be older than an hour.
                let freed = self.hour[self.hour.len() - self.per_hour];
                return Turn::At(freed + hour);
            }
        }
        let instant = Instant::now();
        if instant < self.next {
            return Turn::In(self.next - instant);
        }
        // What was not used is not saved up: after a rest there is no flood.
        self.next = instant + self.gap;
        if self.per_hour > 0 {
            self.hour.push_back(now);
        }
        Turn::Now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_admits_so_many_and_says_when_the_next_may_go() {
        let mail = Mail { per_second: 0, per_hour: 2, ..Mail::default() };
        let at = |minutes| DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes);
        let mut throttle = Throttle::new(&mail, vec![at(0)]);
        assert_eq!(throttle.turn(at(10)), Turn::Now);
        assert_eq!(throttle.turn(at(20)), Turn::At(at(60)));
        assert_eq!(throttle.turn(at(60)), Turn::Now);
        assert_eq!(throttle.turn(at(61)), Turn::At(at(70)));
    }

    #[test]
    fn a_second_admits_so_many_without_a_flood_after_a_rest() {
        let mail = Mail { per_second: 4, ..Mail::default() };
        let mut throttle = Throttle::new(&mail, Vec::new());
        let now = DateTime::UNIX_EPOCH;
        assert_eq!(throttle.turn(now), Turn::Now);
        assert!(matches!(throttle.turn(now), Turn::In(wait) if wait <= Duration::from_millis(250)));
        std::thread::sleep(Duration::from_millis(520));
        assert_eq!(throttle.turn(now), Turn::Now);
        assert!(matches!(throttle.turn(now), Turn::In(_)));
    }
}
