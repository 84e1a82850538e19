//! The job: every report that is due goes to the mail server, and its row says what became of it.

use super::envelope::{self, Sender, Written};
use super::{LetterError, What};
use crate::installation::Installation;
use crate::jobs::{JobError, JobProgress, JobResult};
use crate::outside::smtp::{Delivery, Line, LineError};
use crate::progress::Progress;
use crate::reports::ReportError;
use crate::store::jobs::Job;
use crate::store::mails::Outcome;
use crate::store::report_letters::{self as letters, Letter};
use chrono::{DateTime, TimeDelta, Utc};
use lettre::Address;
use serde::Serialize;

/// An e-mail put off waits no longer than this.
const LONGEST_WAIT: TimeDelta = TimeDelta::hours(4);
/// A server that cannot be reached is asked again after so many first waits, and one that does not let us in after an hour:
/// more tries may lock the account.
const REST: i32 = 5;
const LONGEST_REST: TimeDelta = TimeDelta::minutes(15);
const SIGN_IN_REST: TimeDelta = TimeDelta::hours(1);

/// What one round did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Posted {
    pub sent: usize,
    pub refused: usize,
    pub given_up: usize,
    pub unclear: usize,
    pub put_off: usize,
}

pub fn job(installation: &Installation, _: &Job, progress: &JobProgress) -> JobResult {
    let posted = post(installation, progress).map_err(|error| JobError::Again(error.to_string()))?;
    if progress.cancelled() {
        return Err(JobError::Cancelled);
    }
    Ok(serde_json::json!(posted))
}

/// Sends what is due at this moment; nobody else may be sending reports. Blocks.
pub fn post(installation: &Installation, progress: &dyn Progress) -> Result<Posted, LetterError> {
    let shop = installation.shop_id();
    // Nobody else works on it: what is being handed over belongs to a process that died.
    let unclear = installation.store.write(|conn| letters::interrupted(conn, shop))?;
    let due = installation.store.read(|conn| letters::due(conn, shop, installation.now()))?;
    progress.phase("Sending reports", Some(due.len() as u64));
    let done = Posted { unclear, ..Posted::default() };
    let mut round = Round { installation, sender: Sender::new(&installation.config)?, line: None, done };
    let mut written: Option<(String, Written)> = None;
    for letter in due {
        if progress.cancelled() {
            break;
        }
        let Some(what) = What::of(&letter.report) else { continue };
        let report = match written.take() {
            Some((key, report)) if key == letter.report => report,
            _ => match envelope::write(installation, what) {
                Ok(report) => report,
                Err(LetterError::Report(
                    error @ (ReportError::NoCampaign(_)
                    | ReportError::NotGenerated(_)
                    | ReportError::NoDates(_)),
                )) => {
                    round.record(&letter, (&Outcome::GivenUp, &error.to_string()))?;
                    continue;
                }
                Err(error) => return Err(error),
            },
        };
        let goes_on = round.one(&letter, what, &report)?;
        written = Some((letter.report.clone(), report));
        progress.advance(1);
        if !goes_on {
            break;
        }
    }
    if let Some(line) = round.line.take() {
        line.close();
    }
    Ok(round.done)
}

struct Round<'a> {
    installation: &'a Installation,
    sender: Sender,
    line: Option<Line>,
    done: Posted,
}

impl Round<'_> {
    /// False when nothing more can go out for now.
    fn one(&mut self, letter: &Letter, what: What, written: &Written) -> Result<bool, LetterError> {
        let Ok(to) = letter.address.parse::<Address>() else {
            self.record(letter, (&Outcome::Refused, "This is no e-mail address."))?;
            return Ok(true);
        };
        let secret = self.installation.shop.secret.as_slice();
        let message = self.sender.packed(written, what, &to, (secret, self.installation.now()))?;
        let delivery = match self.hand_over(letter, &to, &message)? {
            Ok(delivery) => delivery,
            Err(error) => {
                self.rest(&error)?;
                return Ok(false);
            }
        };
        let (outcome, answer) = self.outcome(letter, delivery);
        if let Some(outcome) = outcome {
            self.record(letter, (&outcome, &answer))?;
        }
        Ok(true)
    }

    fn hand_over(
        &mut self,
        letter: &Letter,
        to: &Address,
        message: &str,
    ) -> Result<Result<Delivery, LineError>, LetterError> {
        let (installation, shop) = (self.installation, self.installation.shop_id());
        let key = (letter.report.as_str(), letter.address.as_str());
        loop {
            let line = match self.line.take().filter(Line::is_usable) {
                Some(line) => self.line.insert(line),
                None => match Line::open(&installation.config.mail) {
                    Ok(line) => self.line.insert(line),
                    Err(error) => return Ok(Err(error)),
                },
            };
            let mut marked = Ok(false);
            let at_last = || {
                marked =
                    installation.store.write(|conn| letters::attempt(conn, shop, key, installation.now()));
                matches!(marked, Ok(true))
            };
            let delivery = line.hand_over((self.sender.envelope(), to), message, at_last);
            let is_marked = marked?;
            // A server may hang up on a line that was idle: that is nobody's failure.
            if matches!(delivery, Delivery::Lost(_)) && !is_marked && line.used > 1 {
                continue;
            }
            return Ok(Ok(delivery));
        }
    }

    /// What the row is to say; `None` where the address was taken off the list at the last moment.
    fn outcome(&self, letter: &Letter, delivery: Delivery) -> (Option<Outcome>, String) {
        let tries = letter.tries.unsigned_abs();
        let is_last = tries + 1 >= self.installation.config.mail.tries;
        let again = || Outcome::Again { run_after: self.installation.now() + self.doubled(tries) };
        let (outcome, answer) = match delivery {
            Delivery::Taken(answer) => (Outcome::Sent, answer),
            Delivery::Refused(answer) => (Outcome::Refused, answer),
            Delivery::SenderRefused(answer) => {
                (Outcome::Refused, format!("The mail server takes nothing from this sender: {answer}"))
            }
            Delivery::Unclear(answer) => {
                (Outcome::Unclear, format!("It was handed over, and no answer came: {answer}."))
            }
            Delivery::Later(answer) | Delivery::Lost(answer) if is_last => (Outcome::GivenUp, answer),
            Delivery::Later(answer) | Delivery::Lost(answer) => (again(), answer),
            Delivery::Withheld => return (None, String::new()),
        };
        (Some(outcome), answer)
    }

    /// The first wait, doubled so many times.
    fn doubled(&self, times: u32) -> TimeDelta {
        let first = i64::from(self.installation.config.mail.retry_after_s);
        TimeDelta::seconds(first.saturating_mul(1 << times.min(20))).min(LONGEST_WAIT)
    }

    fn record(&mut self, letter: &Letter, (outcome, answer): (&Outcome, &str)) -> Result<(), LetterError> {
        let (shop, now) = (self.installation.shop_id(), self.installation.now());
        let key = (letter.report.as_str(), letter.address.as_str());
        self.installation.store.write(|conn| letters::record(conn, shop, key, (outcome, answer), now))?;
        tracing::info!(report = %letter.report, ?outcome, "a report was handed over");
        let count = match outcome {
            Outcome::Sent => &mut self.done.sent,
            Outcome::Refused => &mut self.done.refused,
            Outcome::GivenUp | Outcome::Cancelled => &mut self.done.given_up,
            Outcome::Unclear => &mut self.done.unclear,
            Outcome::Again { .. } => &mut self.done.put_off,
        };
        *count += 1;
        Ok(())
    }

    /// The server is not there, or does not let us in: all wait, and it costs none of them a try.
    fn rest(&mut self, error: &LineError) -> Result<(), LetterError> {
        let wait = match error {
            LineError::SignIn { .. } | LineError::Authority { .. } => SIGN_IN_REST,
            _ => (self.doubled(0) * REST).min(LONGEST_REST),
        };
        let until: DateTime<Utc> = self.installation.now() + wait;
        tracing::warn!(%error, %until, "reports cannot be sent");
        let shop = self.installation.shop_id();
        Ok(self.installation.store.write(|conn| letters::rest(conn, shop, until, &error.to_string()))?)
    }
}
