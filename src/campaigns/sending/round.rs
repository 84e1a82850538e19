//! One turn of a campaign: its e-mails go to the server, as fast as they may, and each row says what became of it.

use super::SendingError;
use super::letter::Letters;
use super::post::Post;
use super::throttle::Turn;
use super::work::{Desk, Halt, Rest, lock};
use crate::ids::CampaignId;
use crate::outside::smtp::{Delivery, Line, LineError};
use crate::picker::picks_file::{self, StoredPick};
use crate::progress::Progress;
use crate::store::campaigns::{self, CampaignState};
use crate::store::mails::{self, Outcome, Waiting};
use crate::store::sendings::{self, SendingState};
use crate::store::{Conn, StoreResult, unsubscribes};
use chrono::{DateTime, TimeDelta, Utc};
use lettre::Address;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

/// Recipients whose picks are in memory at a time.
const BATCH: i64 = 1_000;
/// An e-mail put off waits no longer than this.
const LONGEST_WAIT: TimeDelta = TimeDelta::hours(4);
/// A server that cannot be reached is tried again no later than this.
const LONGEST_REST: TimeDelta = TimeDelta::minutes(15);
/// So many put off in a row: the server means us, not them.
const PUT_OFF_IN_A_ROW: u32 = 20;
/// So many refused in a row: before all are, somebody should look.
const REFUSED_IN_A_ROW: u32 = 50;

/// One recipient with what was picked for them.
type Turned = (Waiting, Vec<StoredPick>);

/// One turn of one campaign.
pub(super) struct Round<'a> {
    desk: &'a Desk<'a>,
    campaign: CampaignId,
    folder: &'a Path,
    post: Post<'a>,
    letters: &'a Letters,
    /// Whether the campaign is known as sent.
    is_marked: AtomicBool,
    halt: Mutex<Option<Halt>>,
    put_off: AtomicU32,
    refused: AtomicU32,
}

impl<'a> Round<'a> {
    pub(super) fn new(
        desk: &'a Desk<'a>,
        campaign: CampaignId,
        folder: &'a Path,
        post: Post<'a>,
        letters: &'a Letters,
    ) -> Self {
        Self {
            desk,
            campaign,
            folder,
            post,
            letters,
            is_marked: AtomicBool::new(false),
            halt: Mutex::new(None),
            put_off: AtomicU32::new(0),
            refused: AtomicU32::new(0),
        }
    }

    /// Until nobody's turn it is, or something stands in the way.
    pub(super) fn run(&self, progress: &dyn Progress) -> Result<Rest, Halt> {
        let connections = self.desk.installation.config.mail.connections as usize;
        let mut lines: Vec<Option<Line>> = (0..connections).map(|_| None).collect();
        let rest = loop {
            let now = self.desk.installation.now();
            let due = self.store(|conn| mails::due(conn, self.campaign, now, BATCH))?;
            if due.is_empty() {
                break self.end();
            }
            let queue = Mutex::new(self.with_picks(due)?.into_iter());
            std::thread::scope(|scope| {
                for line in &mut lines {
                    scope.spawn(|| self.work(&queue, line, progress));
                }
            });
            if let Some(halt) = lock(&self.halt).take() {
                break Err(halt);
            }
        };
        lines.into_iter().flatten().for_each(Line::close);
        rest
    }

    fn store<T>(&self, change: impl FnOnce(&mut Conn) -> StoreResult<T>) -> Result<T, SendingError> {
        Ok(self.desk.installation.store.write(change)?)
    }

    /// `due` comes by ascending id, and so do the picks.
    fn with_picks(&self, due: Vec<Waiting>) -> Result<Vec<Turned>, SendingError> {
        let (Some(first), Some(last)) = (due.first(), due.last()) else { return Ok(Vec::new()) };
        let mut picks = picks_file::picks_between(self.folder, &first.customer, &last.customer)?.peekable();
        let mut turned = Vec::with_capacity(due.len());
        for waiting in due {
            let mut own = Vec::new();
            let is_before = |row: &Result<StoredPick, _>| {
                row.as_ref().map_or(true, |pick| pick.customer.as_str() <= waiting.customer.as_str())
            };
            while let Some(row) = picks.next_if(is_before) {
                let pick = row?;
                if pick.customer == waiting.customer {
                    own.push(pick);
                }
            }
            turned.push((waiting, own));
        }
        Ok(turned)
    }

    /// One line's worker: takes recipients until there are none, or something stands in the way.
    fn work(
        &self,
        queue: &Mutex<std::vec::IntoIter<Turned>>,
        line: &mut Option<Line>,
        progress: &dyn Progress,
    ) {
        while lock(&self.halt).is_none() {
            let Some((waiting, picks)) = lock(queue).next() else { return };
            if let Err(halt) = self.one(&waiting, &picks, line) {
                lock(&self.halt).get_or_insert(halt);
                return;
            }
            progress.advance(1);
        }
    }

    fn one(&self, waiting: &Waiting, picks: &[StoredPick], line: &mut Option<Line>) -> Result<(), Halt> {
        let customer = waiting.customer.as_str();
        let shop = self.desk.installation.shop_id();
        let look = |conn: &mut Conn| {
            let is_unsubscribed = unsubscribes::is_unsubscribed(conn, shop, customer)?;
            Ok((sendings::is_running(conn, self.campaign)?, is_unsubscribed))
        };
        let (is_running, is_unsubscribed) =
            self.desk.installation.store.read(look).map_err(SendingError::from)?;
        if !is_running {
            return Err(Halt::Rest(Rest::Held));
        }
        let person = self.letters.person(customer);
        let address = match person.email.trim().parse::<Address>() {
            Ok(address) if !picks.is_empty() => address,
            _ => return self.leave_out(customer, "Their address or their picks are gone."),
        };
        if is_unsubscribed {
            return self.leave_out(customer, "They unsubscribed.");
        }
        self.wait()?;
        let letter = self.letters.letter(customer, picks, &self.post.way_out(customer));
        let message = self.post.packed(letter, (customer, &address), self.desk.installation.now())?;
        let delivery = self.hand_over(customer, &address, &message, line)?;
        self.record(waiting, delivery)
    }

    fn leave_out(&self, customer: &str, why: &str) -> Result<(), Halt> {
        let now = self.desk.installation.now();
        self.store(|conn| mails::leave_out(conn, self.campaign, customer, why, now))?;
        Ok(())
    }

    /// Until it is our turn.
    fn wait(&self) -> Result<(), Halt> {
        loop {
            if self.desk.is_stopped() {
                return Err(Halt::Rest(Rest::Stopped));
            }
            let turn = lock(&self.desk.throttle).turn(self.desk.installation.now());
            match turn {
                Turn::Now => return Ok(()),
                // In small steps, to stop soon when asked to.
                Turn::In(wait) => std::thread::sleep(wait.min(Duration::from_millis(200))),
                Turn::At(at) => {
                    let most = self.desk.installation.config.mail.per_hour;
                    return Err(Halt::Pause(
                        at,
                        format!("{most} e-mails went out in the last hour, as many as may."),
                    ));
                }
            }
        }
    }

    fn hand_over(
        &self,
        customer: &str,
        to: &Address,
        message: &str,
        place: &mut Option<Line>,
    ) -> Result<Delivery, Halt> {
        loop {
            let line = match place.take().filter(Line::is_usable) {
                Some(line) => place.insert(line),
                None => place.insert(self.open()?),
            };
            let mut marked = Ok(false);
            let at_last = || {
                marked = self.store(|conn| self.mark(conn, customer));
                matches!(marked, Ok(true))
            };
            let delivery = line.hand_over((&self.post.envelope, to), message, at_last);
            let is_marked = marked?;
            // A server may hang up on a line that was idle: that is nobody's failure.
            if matches!(delivery, Delivery::Lost(_)) && !is_marked && line.used > 1 {
                continue;
            }
            return Ok(delivery);
        }
    }

    /// The last look before an e-mail goes, and the mark that it may have gone.
    fn mark(&self, conn: &mut Conn, customer: &str) -> StoreResult<bool> {
        let shop = self.desk.installation.shop_id();
        let may = sendings::is_running(conn, self.campaign)?
            && !unsubscribes::is_unsubscribed(conn, shop, customer)?;
        Ok(may && mails::attempt(conn, self.campaign, customer, self.desk.installation.now())?)
    }

    fn open(&self) -> Result<Line, Halt> {
        match Line::open(&self.desk.installation.config.mail) {
            Ok(line) => {
                self.desk.failures.store(0, Ordering::Relaxed);
                Ok(line)
            }
            // Trying again would end the same way, and may lock the account.
            Err(error @ (LineError::SignIn { .. } | LineError::Authority { .. })) => {
                Err(Halt::Hold(error.to_string()))
            }
            Err(error) => {
                let failures = self.desk.failures.fetch_add(1, Ordering::Relaxed);
                let rest = self.doubled(failures).min(LONGEST_REST);
                Err(Halt::Pause(self.desk.installation.now() + rest, error.to_string()))
            }
        }
    }

    /// The first wait, doubled so many times.
    fn doubled(&self, times: u32) -> TimeDelta {
        let first = i64::from(self.desk.installation.config.mail.retry_after_s);
        TimeDelta::seconds(first.saturating_mul(1 << times.min(20))).min(LONGEST_WAIT)
    }

    fn record(&self, waiting: &Waiting, delivery: Delivery) -> Result<(), Halt> {
        let now = self.desk.installation.now();
        let tries = waiting.tries.unsigned_abs();
        let is_last = tries + 1 >= self.desk.installation.config.mail.tries;
        let (outcome, answer) = match delivery {
            Delivery::Taken(answer) => (Outcome::Sent, answer),
            Delivery::Refused(answer) => (Outcome::Refused, answer),
            Delivery::Unclear(answer) => {
                (Outcome::Unclear, format!("It was handed over, and no answer came: {answer}."))
            }
            Delivery::Later(answer) | Delivery::Lost(answer) if is_last => (Outcome::GivenUp, answer),
            Delivery::Later(answer) | Delivery::Lost(answer) => {
                (Outcome::Again { run_after: now + self.doubled(tries) }, answer)
            }
            Delivery::SenderRefused(answer) => {
                return Err(Halt::Hold(format!("The mail server takes nothing from this sender: {answer}")));
            }
            // Paused, cancelled or unsubscribed at the last moment: the next look says which.
            Delivery::Withheld => return Ok(()),
        };
        self.store(|conn| self.keep(conn, &waiting.customer, (&outcome, &answer), now))?;
        tracing::debug!(campaign = %self.campaign, customer = %waiting.customer, ?outcome, "e-mail tried");
        self.look_at_streaks(&outcome, &answer, now)
    }

    fn keep(
        &self,
        conn: &mut Conn,
        customer: &str,
        (outcome, answer): (&Outcome, &str),
        now: DateTime<Utc>,
    ) -> StoreResult<()> {
        let may_have_arrived = matches!(outcome, Outcome::Sent | Outcome::Unclear);
        if may_have_arrived && !self.is_marked.swap(true, Ordering::Relaxed) {
            let campaign = campaigns::by_id(conn, self.desk.installation.shop_id(), self.campaign)?;
            if campaign.is_some_and(|campaign| campaign.state == CampaignState::Approved) {
                campaigns::mark_sent(conn, self.campaign, now, now)?;
            }
        }
        sendings::wake(conn, self.campaign)?;
        let is_cancelled = sendings::of_campaign(conn, self.campaign)?
            .is_some_and(|sending| sending.state == SendingState::Cancelled);
        let outcome = match outcome {
            Outcome::Again { .. } if is_cancelled => &Outcome::Cancelled,
            outcome => outcome,
        };
        mails::record(conn, self.campaign, customer, (outcome, answer), now)
    }

    fn look_at_streaks(&self, outcome: &Outcome, answer: &str, now: DateTime<Utc>) -> Result<(), Halt> {
        let grown = |streak: &AtomicU32, is_one: bool| match is_one {
            true => streak.fetch_add(1, Ordering::Relaxed) + 1,
            false => {
                streak.store(0, Ordering::Relaxed);
                0
            }
        };
        let put_off = grown(&self.put_off, matches!(outcome, Outcome::Again { .. } | Outcome::GivenUp));
        let refused = grown(&self.refused, matches!(outcome, Outcome::Refused));
        if put_off >= PUT_OFF_IN_A_ROW {
            let said = format!("The mail server put off {put_off} e-mails in a row, the last with: {answer}");
            return Err(Halt::Pause(now + self.doubled(0), said));
        }
        if refused >= REFUSED_IN_A_ROW {
            let said = format!("The mail server refused {refused} e-mails in a row, the last with: {answer}");
            return Err(Halt::Hold(said));
        }
        Ok(())
    }

    /// Nobody's turn it is: all is over, or somebody waits.
    fn end(&self) -> Result<Rest, Halt> {
        let now = self.desk.installation.now();
        let next = self.store(|conn| {
            let next = mails::next_due(conn, self.campaign)?;
            if next.is_none() {
                sendings::finish(conn, self.campaign, now)?;
            }
            Ok(next)
        })?;
        Ok(next.map_or(Rest::Over, Rest::Until))
    }
}
