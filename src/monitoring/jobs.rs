//! Jobs: the list, one job with its progress, and how to stop it.

use crate::auth::{Analyst, Marketer};
use crate::ids::JobId;
use crate::installation::Installation;
use crate::store::jobs::{self, Job, JobState};
use crate::web::{self, Form, Page, Section, Shell, WebError};
use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use askama::Template;
use chrono::{DateTime, TimeDelta, Utc};
use std::sync::Arc;

const LISTED: i64 = 100;

#[derive(Template)]
#[template(path = "monitoring/jobs.html")]
struct List {
    shell: Shell,
    jobs: Vec<View>,
}

#[derive(Template)]
#[template(path = "monitoring/job.html")]
struct Show {
    shell: Shell,
    job: View,
}

#[derive(Template)]
#[template(path = "jobs/progress.html")]
struct Progress {
    job: View,
}

/// A job as people read it.
pub struct View {
    id: i32,
    title: &'static str,
    state: &'static str,
    badge: &'static str,
    phase: String,
    done: i64,
    total: i64,
    /// `12 300 of 40 000, about 20 s left`
    count: String,
    is_over: bool,
    error: String,
    tries: String,
    asked_at: String,
    took: String,
    /// Where its result is to be seen.
    page: Option<String>,
    stopping: bool,
}

fn view(job: &Job, installation: &Installation) -> View {
    let (now, zone) = (installation.now(), installation.zone());
    View {
        id: job.id.0,
        title: web::job_title(&job.kind),
        state: if job.state == JobState::Queued && job.error.is_some() {
            "waiting to try again"
        } else {
            job.state.name()
        },
        badge: match job.state {
            JobState::Done => "badge-ok",
            JobState::Failed => "badge-bad",
            JobState::Running => "badge-run",
            JobState::Queued if job.error.is_some() => "badge-warn",
            _ => "badge-neutral",
        },
        phase: if job.state == JobState::Queued { "Waiting for its turn".into() } else { job.phase.clone() },
        done: job.total.map_or(job.done, |total| job.done.min(total)),
        total: job.total.filter(|total| *total > 0).unwrap_or_default(),
        count: count(job, now),
        is_over: job.state.is_over(),
        error: job.error.clone().unwrap_or_default(),
        tries: if job.attempts > 1 {
            format!("try {} of {}", job.attempts, job.max_attempts)
        } else {
            String::new()
        },
        asked_at: web::date_time(job.created_at, zone),
        took: job
            .started_at
            .map(|start| duration(job.finished_at.unwrap_or(now) - start))
            .unwrap_or_default(),
        page: result_page(job),
        stopping: job.cancel_requested && !job.state.is_over(),
    }
}

/// A path of ours that the job's result names.
fn result_page(job: &Job) -> Option<String> {
    let result: serde_json::Value = serde_json::from_str(job.result.as_deref()?).ok()?;
    let page = result.get("page")?.as_str()?;
    (page.starts_with('/') && !page.starts_with("//")).then(|| page.to_owned())
}

fn count(job: &Job, now: DateTime<Utc>) -> String {
    let Some(total) = job.total.filter(|total| *total > 0) else {
        return if job.done > 0 { web::whole(job.done) } else { String::new() };
    };
    let mut count = format!("{} of {}", web::whole(job.done), web::whole(total));
    if let Some(left) = job.phase_started_at.and_then(|start| time_left(now - start, job.done, total)) {
        count += &format!(", about {} left", duration(left));
    }
    count
}

/// `None` while too little is done to tell.
fn time_left(elapsed: TimeDelta, done: i64, total: i64) -> Option<TimeDelta> {
    if done <= 0 || elapsed < TimeDelta::milliseconds(500) {
        return None;
    }
    let left = elapsed.num_milliseconds() as f64 / done as f64 * (total - done).max(0) as f64;
    Some(TimeDelta::milliseconds(left as i64))
}

fn duration(length: TimeDelta) -> String {
    match length.num_seconds().max(0) {
        0 => "under 1 s".into(),
        seconds @ 1..90 => format!("{seconds} s"),
        seconds @ 90..5400 => format!("{} min", (seconds + 30) / 60),
        seconds => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

pub async fn list(Analyst(who): Analyst, installation: Data<Arc<Installation>>) -> Page {
    let jobs = installation.store.read(|conn| jobs::latest(conn, installation.shop_id(), LISTED))?;
    let jobs = jobs.iter().map(|job| view(job, &installation)).collect();
    web::page(&List { shell: Shell::new(&installation, &who, Section::Jobs), jobs })
}

fn find(installation: &Installation, id: JobId) -> Result<View, WebError> {
    let job = installation.store.read(|conn| jobs::by_id(conn, installation.shop_id(), id))?;
    let job = job.ok_or_else(|| WebError::NotFound("There is no such job. See the list of jobs.".into()))?;
    Ok(view(&job, installation))
}

pub async fn show(Analyst(who): Analyst, id: Path<JobId>, installation: Data<Arc<Installation>>) -> Page {
    let job = find(&installation, *id)?;
    web::page(&Show { shell: Shell::new(&installation, &who, Section::Jobs), job })
}

/// The fragment that a page polls. When the job has succeeded, the browser goes to its result.
pub async fn progress(_: Analyst, id: Path<JobId>, installation: Data<Arc<Installation>>) -> Page {
    let job = find(&installation, *id)?;
    let go_to = job.page.clone().filter(|_| job.is_over);
    let html = Progress { job }.render().map_err(|error| WebError::Internal(error.to_string()))?;
    let mut answer = HttpResponse::Ok();
    if let Some(page) = go_to {
        answer.insert_header(("HX-Redirect", page));
    }
    Ok(answer.content_type("text/html; charset=utf-8").body(html))
}

pub async fn cancel(
    Marketer(who): Marketer,
    id: Path<JobId>,
    form: Form,
    installation: Data<Arc<Installation>>,
) -> Page {
    form.check(&who)?;
    find(&installation, *id)?;
    let now = installation.now();
    let asked =
        installation.store.write(|conn| jobs::request_cancel(conn, installation.shop_id(), *id, now))?;
    let sentence = if asked { "The job stops at its next safe point." } else { "The job was over already." };
    web::go_to_with(&format!("/jobs/{id}"), sentence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_left_follows_from_the_rate_so_far() {
        assert_eq!(time_left(TimeDelta::seconds(10), 25, 100), Some(TimeDelta::seconds(30)));
        assert_eq!(time_left(TimeDelta::seconds(10), 0, 100), None);
        assert_eq!(duration(TimeDelta::seconds(150)), "3 min");
    }
}
