//! Every background job and its hour, on one screen.

use crate::installation::Installation;
use crate::jobs::Work;
use crate::store::jobs::{self, NewJob};
use crate::store::{StoreResult, sessions};
use crate::{campaigns, explorer, generation, ingest, reports, showroom, training};
use chrono::{DateTime, TimeDelta, Utc};
use croner::Cron;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// What each kind of job does. One line registers a kind:
/// `bodies.insert("sync", body(installation, ingest::job));` with
/// `fn job(&Installation, &Job, &JobProgress) -> JobResult`.
pub fn bodies(installation: &Arc<Installation>) -> HashMap<&'static str, Work> {
    let mut bodies: HashMap<&'static str, Work> = HashMap::new();
    bodies.insert(ingest::JOB, body(installation, ingest::job));
    bodies.insert(training::JOB, body(installation, training::job));
    bodies.insert(explorer::map::JOB, body(installation, explorer::map::job));
    bodies.insert(campaigns::JOB, body(installation, generation::job));
    bodies.insert(campaigns::foresight::JOB, body(installation, campaigns::foresight::job));
    bodies.insert(campaigns::returns::JOB, body(installation, campaigns::returns::job));
    bodies.insert(campaigns::presets::JOB, body(installation, campaigns::presets::job));
    bodies.insert(campaigns::reverse::JOB, body(installation, campaigns::reverse::job));
    bodies.insert(showroom::JOB, body(installation, showroom::job));
    bodies.insert(campaigns::series::JOB, body(installation, generation::repeat));
    bodies.insert(reports::letters::JOB, body(installation, reports::letters::job));
    tracing::debug!(shop = %installation.shop_id(), kinds = bodies.len(), "job kinds registered");
    bodies
}

/// Gives a job's function the installation it works in.
pub fn body(
    installation: &Arc<Installation>,
    work: impl Fn(&Installation, &jobs::Job, &crate::jobs::JobProgress) -> crate::jobs::JobResult
    + Send
    + Sync
    + 'static,
) -> Work {
    let installation = installation.clone();
    Box::new(move |job, progress| work(&installation, job, progress))
}

/// Kind, configured cron line, payload, tries.
fn timetable(installation: &Installation) -> Vec<Appointment> {
    let schedule = &installation.config.schedule;
    [
        ("sync", &schedule.sync, r#"{"full":false}"#, 5),
        (campaigns::returns::JOB, &schedule.mailbox, "{}", 3),
        ("train", &schedule.train, r#"{"model":"auto","set":[],"as_of":null}"#, 2),
    ]
    .into_iter()
    .filter_map(|(kind, cron, payload, max_attempts)| {
        // The configuration's check accepted every line that is not empty.
        let cron: Cron = cron.parse().ok()?;
        Some(Appointment { kind, cron, payload, max_attempts })
    })
    .collect()
}

struct Appointment {
    kind: &'static str,
    cron: Cron,
    payload: &'static str,
    max_attempts: i32,
}

impl Appointment {
    fn next_after(&self, now: DateTime<Utc>, installation: &Installation) -> Option<DateTime<Utc>> {
        let local = now.with_timezone(&installation.zone());
        self.cron.find_next_occurrence(&local, false).ok().map(|at| at.with_timezone(&Utc))
    }
}

/// The thread that keeps the timetable; dropping it stops it.
pub struct Clockwork {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Clockwork {
    pub fn start(installation: Arc<Installation>) -> std::io::Result<Self> {
        let (stop, stopped) = channel::<()>();
        let thread = std::thread::Builder::new().name("schedule".into()).spawn(move || {
            let appointments = timetable(&installation);
            let mut last = installation.now();
            let mut cleaned = None;
            // A look each ten seconds, not one long sleep: the clock may be set, the machine may sleep.
            while stopped.recv_timeout(Duration::from_secs(10)) == Err(RecvTimeoutError::Timeout) {
                let now = installation.now();
                let kept = keep(&installation, &appointments, last, now, &mut cleaned);
                if let Err(error) = kept {
                    tracing::warn!(%error, "the schedule could not be kept; trying again in a moment");
                }
                last = now;
            }
        })?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Clockwork {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the schedule's thread ended abnormally");
        }
    }
}

/// Queues what became due after `last` and until `now`, repeated campaigns, and reports by e-mail; once an hour, removes expired
/// sessions and yesterday's looks into the mailbox.
fn keep(
    installation: &Installation,
    appointments: &[Appointment],
    last: DateTime<Utc>,
    now: DateTime<Utc>,
    cleaned: &mut Option<DateTime<Utc>>,
) -> StoreResult<()> {
    for appointment in appointments {
        if appointment.next_after(last, installation).is_some_and(|due| due <= now) {
            queue_once(installation, appointment, now)?;
        }
    }
    campaigns::series::queue_due(installation, now)?;
    if let Err(error) = reports::letters::queue_due(installation, now) {
        tracing::warn!(%error, "reports that are due could not be looked for; trying again in a moment");
    }
    if cleaned.is_none_or(|at| now - at >= TimeDelta::hours(1)) {
        installation.store.write(|conn| {
            let (shop, day_ago) = (installation.shop_id(), now - TimeDelta::days(1));
            jobs::forget(conn, shop, campaigns::returns::JOB, day_ago)?;
            sessions::clean(conn, now, now - TimeDelta::hours(1))
        })?;
        *cleaned = Some(now);
    }
    Ok(())
}

/// A kind that is waiting or running already is not queued a second time.
fn queue_once(installation: &Installation, appointment: &Appointment, now: DateTime<Utc>) -> StoreResult<()> {
    let config = &installation.config;
    let is_idle = match appointment.kind {
        "sync" => config.source.is_none(),
        campaigns::returns::JOB => !config.mailbox.is_on(),
        _ => false,
    };
    if is_idle {
        return Ok(());
    }
    installation.store.write(|conn| {
        let shop = installation.shop_id();
        if jobs::unfinished(conn, shop, appointment.kind)?.is_empty() {
            let new = NewJob {
                shop,
                kind: appointment.kind,
                payload: appointment.payload,
                max_attempts: appointment.max_attempts,
                run_after: now,
                created_by: None,
            };
            let job = jobs::queue(conn, &new, now)?;
            tracing::info!(%job, kind = appointment.kind, "queued by the schedule");
        }
        Ok(())
    })
}
