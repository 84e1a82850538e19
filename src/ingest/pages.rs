//! The shop's page: the connection without its secrets, the last syncs, the statements run and what they cost.

use super::{ATTEMPTS, JOB, Request, SyncCounts, event_source};
use crate::auth::{Analyst, Marketer};
use crate::config::{DatabaseKind, Mapping, Source};
use crate::history::{Counts, History};
use crate::installation::Installation;
use crate::store::jobs::{self, NewJob};
use crate::store::syncs::{self, SourceQuery, SyncRun};
use crate::web::{self, Form, Page, Section, Shell, WebError};
use actix_web::web::Data;
use askama::Template;
use std::sync::Arc;

const RUNS_SHOWN: i64 = 10;
const QUERIES_SHOWN: i64 = 50;

#[derive(Template)]
#[template(path = "ingest/shop.html")]
struct Shop {
    shell: Shell,
    connection: Option<Connection>,
    /// The queued or running sync, if there is one.
    job: Option<String>,
    facts: Vec<(&'static str, String)>,
    runs: Vec<Run>,
    queries: Vec<Query>,
}

/// Where the data comes from, as an admin would say it. No password, no user's name.
struct Connection {
    database: String,
    encrypted: String,
    care: Vec<String>,
    mappings: Vec<(String, String, String)>,
}

struct Run {
    at: String,
    state: String,
    badge: &'static str,
    what: &'static str,
    duration: String,
    story: String,
    mappings: Vec<(String, String)>,
}

struct Query {
    at: String,
    statement: String,
    rows: String,
    duration: String,
    error: Option<String>,
}

/// GET /shop
pub async fn shop(Analyst(who): Analyst, installation: Data<Arc<Installation>>) -> Page {
    let shell = Shell::new(&installation, &who, Section::Shop);
    let installation = installation.get_ref().clone();
    let page = web::blocking(move || look(&installation, shell)).await?;
    web::page(&page)
}

/// POST /shop/sync: queues a sync, or leads to the one that is queued already.
pub async fn sync(Marketer(who): Marketer, installation: Data<Arc<Installation>>, form: Form) -> Page {
    form.check(&who)?;
    if installation.config.source.is_none() {
        return Err(WebError::BadInput(super::SyncError::NoSource.to_string()));
    }
    let request = Request { full: form.text("what") == "everything" };
    let installation = installation.get_ref().clone();
    let job = web::blocking(move || {
        let (shop, now) = (installation.shop_id(), installation.now());
        let payload = serde_json::json!(request).to_string();
        let job = installation.store.write(|conn| {
            if let Some(job) = jobs::unfinished(conn, shop, JOB)?.first() {
                return Ok(job.id);
            }
            let new = NewJob {
                shop,
                kind: JOB,
                payload: &payload,
                max_attempts: ATTEMPTS,
                run_after: now,
                created_by: Some(who.account.id),
            };
            jobs::queue(conn, &new, now)
        })?;
        Ok(job)
    })
    .await?;
    tracing::info!(%job, full = request.full, "sync queued");
    web::go_to_with("/shop", "The sync is queued. This page shows how far it is.")
}

fn look(installation: &Installation, shell: Shell) -> Result<Shop, WebError> {
    let shop = installation.shop_id();
    let zone = installation.zone();
    let (runs, queries, job) = installation.store.read(|conn| {
        let runs = syncs::latest(conn, shop, RUNS_SHOWN)?;
        let queries = syncs::latest_queries(conn, shop, QUERIES_SHOWN)?;
        Ok((runs, queries, jobs::unfinished(conn, shop, JOB)?.first().map(|job| job.id.to_string())))
    })?;
    let counts = History::open(&installation.folder.history(shop))
        .and_then(|history| history.snapshot())
        .map_err(|error| WebError::Internal(error.to_string()))?
        .counts();
    Ok(Shop {
        shell,
        connection: installation.config.source.as_ref().map(connection),
        job,
        facts: facts(&counts, zone),
        runs: runs.into_iter().map(|run| of_run(run, zone)).collect(),
        queries: queries.into_iter().map(|query| of_query(query, zone)).collect(),
    })
}

fn connection(source: &Source) -> Connection {
    let place = |kind: &str| match source.port {
        0 => format!("{kind}, database “{}” on {}", source.database, source.host),
        port => format!("{kind}, database “{}” on {}:{port}", source.database, source.host),
    };
    let database = match source.kind {
        DatabaseKind::Postgres => place("PostgreSQL"),
        DatabaseKind::Mysql => place("MySQL/MariaDB"),
        DatabaseKind::Sqlite => format!("SQLite file {}", source.file.display()),
    };
    let encrypted = match (source.kind, source.tls) {
        (DatabaseKind::Sqlite, _) => "a file on this machine",
        (_, crate::config::Tls::Off) => "not encrypted",
        (_, crate::config::Tls::Verify) => "encrypted, the server's certificate is checked",
    };
    let mut care = vec!["one connection that can only read".to_owned()];
    if source.rows_per_second > 0 {
        care.push(format!("at most {} rows a second", web::whole(source.rows_per_second)));
    }
    if !source.allowed_hours.is_empty() {
        care.push(format!("only from {} o'clock", source.allowed_hours));
    }
    care.push(format!("statements stop after {} s", web::whole(source.statement_timeout_s)));
    let row = |what: &str, mapping: &Mapping| {
        let from = if mapping.table.is_empty() { "a SELECT of its own" } else { &mapping.table };
        let news = match mapping.watermark.as_str() {
            "" => "everything each time".to_owned(),
            column => format!("what is new by {column}"),
        };
        (what.to_owned(), from.to_owned(), news)
    };
    let mut mappings = Vec::new();
    mappings.extend(source.customers.iter().map(|mapping| row("Customers", mapping)));
    mappings.extend(source.products.iter().map(|mapping| row("Products", mapping)));
    for mapping in &source.events {
        mappings.push(row(&format!("Events: {}", event_source(mapping)), mapping));
    }
    Connection { database, encrypted: encrypted.to_owned(), care, mappings }
}

fn facts(counts: &Counts, zone: chrono_tz::Tz) -> Vec<(&'static str, String)> {
    let mut facts = vec![
        ("customers", web::whole(counts.active_customers)),
        ("products", web::whole(counts.active_products)),
        ("events", web::whole(counts.events)),
    ];
    facts.extend(counts.first_event_at.map(|at| ("first event", web::date(at, zone))));
    facts.extend(counts.last_event_at.map(|at| ("last event", web::date(at, zone))));
    facts
}

fn of_run(run: SyncRun, zone: chrono_tz::Tz) -> Run {
    let counts: Option<SyncCounts> = run.counts.as_deref().and_then(|text| serde_json::from_str(text).ok());
    let badge = match run.state.as_str() {
        "done" => "badge-ok",
        "failed" => "badge-bad",
        _ => "badge-neutral",
    };
    let duration = run.finished_at.map(|finished| {
        web::decimal((finished - run.started_at).num_milliseconds() as f64 / 1000.0, 1) + "\u{a0}s"
    });
    Run {
        at: web::date_time(run.started_at, zone),
        state: run.state,
        badge,
        what: if run.full_sync { "everything" } else { "what is new" },
        duration: duration.unwrap_or_default(),
        story: run.error.or_else(|| counts.as_ref().map(SyncCounts::story)).unwrap_or_default(),
        mappings: counts.as_ref().map(of_mappings).unwrap_or_default(),
    }
}

fn of_mappings(counts: &SyncCounts) -> Vec<(String, String)> {
    counts.mappings.iter().map(|mapping| (mapping.name.clone(), mapping.story())).collect()
}

fn of_query(query: SourceQuery, zone: chrono_tz::Tz) -> Query {
    Query {
        at: web::date_time(query.at, zone),
        statement: query.statement,
        rows: web::whole(query.row_count),
        duration: web::whole(query.duration_ms),
        error: query.error,
    }
}
