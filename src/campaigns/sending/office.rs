//! The thread that sends while Handpick serves: campaign after campaign, as long as one has e-mails whose turn it is.
//!
//! It is no job of the queue: that runs one at a time, and a sending may take days beside which models are trained.

use super::work::{Desk, Rest, drain};
use crate::installation::Installation;
use crate::progress::Silent;
use crate::store::sendings;
use chrono::TimeDelta;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

const LOOK_EVERY: Duration = Duration::from_millis(300);
/// A server may think for minutes about an e-mail; who ends the program does not wait as long. The e-mail is unclear
/// then.
const GOODBYE: Duration = Duration::from_secs(10);

pub struct Office {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Office {
    /// Without a mail server it does nothing.
    pub fn start(installation: Arc<Installation>) -> std::io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        if !installation.config.mail.is_on() {
            return Ok(Self { stop, thread: None });
        }
        let stopped = stop.clone();
        let thread =
            std::thread::Builder::new().name("mail".into()).spawn(move || work(&installation, &stopped))?;
        Ok(Self { stop, thread: Some(thread) })
    }
}

impl Drop for Office {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let Some(thread) = self.thread.take() else { return };
        let asked = Instant::now();
        while !thread.is_finished() && asked.elapsed() < GOODBYE {
            std::thread::sleep(Duration::from_millis(20));
        }
        if !thread.is_finished() {
            tracing::warn!("an e-mail was still being handed over; it will be listed as unclear");
        } else if thread.join().is_err() {
            tracing::error!("the mail thread ended abnormally");
        }
    }
}

fn work(installation: &Installation, stop: &AtomicBool) {
    let desk = loop {
        match Desk::open(installation, stop) {
            Ok(desk) => break desk,
            Err(error) => tracing::error!(%error, "sent e-mails cannot be counted; trying again in a moment"),
        }
        if wait(stop, Duration::from_secs(2)) {
            return;
        }
    };
    while !wait(stop, LOOK_EVERY) {
        let now = installation.now();
        let due = match installation.store.read(|conn| sendings::due(conn, installation.shop_id(), now)) {
            Ok(due) => due,
            Err(error) => {
                tracing::error!(%error, "the sendings cannot be read; trying again in a moment");
                continue;
            }
        };
        for campaign in due {
            match drain(&desk, campaign, &Silent) {
                Ok(Rest::Stopped) => return,
                Ok(rest) => tracing::info!(%campaign, ?rest, "a sending rests or is over"),
                Err(error) => {
                    tracing::error!(%campaign, %error, "a sending failed; it is tried again in a minute");
                    let (until, said) = (installation.now() + TimeDelta::minutes(1), error.to_string());
                    let rested =
                        installation.store.write(|conn| sendings::rest(conn, campaign, until, &said));
                    if let Err(error) = rested {
                        tracing::error!(%error, "that could not be kept");
                    }
                }
            }
        }
    }
}

/// True when it is time to go.
fn wait(stop: &AtomicBool, long: Duration) -> bool {
    let began = Instant::now();
    while began.elapsed() < long && !stop.load(Ordering::Relaxed) {
        std::thread::sleep(Duration::from_millis(50));
    }
    stop.load(Ordering::Relaxed)
}
