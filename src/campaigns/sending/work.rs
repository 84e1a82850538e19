//! A campaign's turn: what is due of it is sent, and it rests, ends or is held for a person.

use super::SendingError;
use super::letter::Letters;
use super::post::Post;
use super::recipients;
use super::round::Round;
use super::throttle::Throttle;
use crate::history::History;
use crate::ids::CampaignId;
use crate::installation::Installation;
use crate::progress::Progress;
use crate::store::campaigns::{self, CampaignState};
use crate::store::sendings::{self, SendingState};
use crate::store::{StoreResult, mails};
use chrono::{DateTime, TimeDelta, Utc};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What outlives one campaign's turn: how fast e-mails go, whether the server is there, whether to stop.
pub struct Desk<'a> {
    pub installation: &'a Installation,
    pub stop: &'a AtomicBool,
    pub(super) throttle: Mutex<Throttle>,
    /// Times in a row that no line could be opened.
    pub(super) failures: AtomicU32,
}

impl<'a> Desk<'a> {
    pub fn open(installation: &'a Installation, stop: &'a AtomicBool) -> StoreResult<Self> {
        let since = installation.now() - TimeDelta::hours(1);
        let hour = installation.store.read(|conn| mails::attempts_since(conn, since))?;
        let throttle = Mutex::new(Throttle::new(&installation.config.mail, hour));
        Ok(Self { installation, stop, throttle, failures: AtomicU32::new(0) })
    }

    /// Times in a row that no line could be opened.
    pub fn failures(&self) -> u32 {
        self.failures.load(Ordering::Relaxed)
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// Why nothing more goes out for now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rest {
    /// Everything is settled.
    Over,
    /// It is paused or cancelled; the sending says why.
    Held,
    /// There is more to do from then on.
    Until(DateTime<Utc>),
    /// The program ends.
    Stopped,
}

pub(super) enum Halt {
    Rest(Rest),
    /// Nothing before then, because of that.
    Pause(DateTime<Utc>, String),
    /// A person has to mend something first.
    Hold(String),
    Failed(SendingError),
}

impl<E: Into<SendingError>> From<E> for Halt {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// Sends what is due of the campaign. Only one may work on a campaign at a time.
pub fn drain(desk: &Desk<'_>, campaign: CampaignId, progress: &dyn Progress) -> Result<Rest, SendingError> {
    let store = &desk.installation.store;
    let halt = match send(desk, campaign, progress) {
        Ok(rest) => Halt::Rest(rest),
        Err(Halt::Failed(
            error @ (SendingError::Key(_) | SendingError::Address(_) | SendingError::Template(_)),
        )) => Halt::Hold(error.to_string()),
        Err(halt) => halt,
    };
    match halt {
        Halt::Rest(Rest::Until(until)) => {
            store.write(|conn| sendings::rest(conn, campaign, until, ""))?;
            Ok(Rest::Until(until))
        }
        Halt::Rest(rest) => Ok(rest),
        Halt::Pause(until, problem) => {
            tracing::warn!(%campaign, %problem, %until, "the sending rests");
            store.write(|conn| sendings::rest(conn, campaign, until, &problem))?;
            Ok(Rest::Until(until))
        }
        Halt::Hold(problem) => {
            tracing::error!(%campaign, %problem, "the sending is paused");
            store.write(|conn| {
                if sendings::is_running(conn, campaign)? {
                    sendings::pause(conn, campaign, &problem)?;
                }
                Ok(())
            })?;
            Ok(Rest::Held)
        }
        Halt::Failed(error) => Err(error),
    }
}

fn send(desk: &Desk<'_>, id: CampaignId, progress: &dyn Progress) -> Result<Rest, Halt> {
    let installation = desk.installation;
    let (shop, now) = (installation.shop_id(), installation.now());
    let (sending, campaign) = installation
        .store
        .write(|conn| {
            // Nobody else works on it: what is being handed over belongs to a process that died.
            let interrupted = mails::interrupted(conn, id)?;
            let campaign = campaigns::by_id(conn, shop, id)?;
            let is_approved = campaign.as_ref().is_some_and(|found| found.state == CampaignState::Approved);
            if interrupted > 0 && is_approved {
                campaigns::mark_sent(conn, id, now, now)?;
            }
            Ok((sendings::of_campaign(conn, id)?, campaign))
        })
        .map_err(SendingError::from)?;
    let campaign = campaign.ok_or(SendingError::NoCampaign(id))?;
    let sending = match sending {
        Some(sending) if sending.state == SendingState::Running => sending,
        Some(sending) if sending.state == SendingState::Done => return Ok(Rest::Over),
        _ => return Ok(Rest::Held),
    };
    let generation = campaign.generation.as_ref().ok_or(SendingError::NotApproved)?;
    let folder = installation.folder.campaign(shop, id).join(generation);
    let snapshot = History::open(&installation.folder.history(shop))
        .and_then(|history| history.snapshot())
        .map_err(SendingError::from)?;
    let post = Post::new(&installation.config, &installation.shop.secret, id)?;
    if !sending.is_prepared {
        recipients::prepare(installation, id, &folder, &snapshot, progress)?;
    }
    progress.phase("Sending", None);
    let letters = Letters::read(installation, &campaign, &folder, &snapshot)?;
    Round::new(desk, id, &folder, post, &letters).run(progress)
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
