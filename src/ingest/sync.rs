//! One sync: connect, read what the mappings name, commit it to the history, remember how far it went.
//!
//! The order makes a kill at any moment harmless: the history's version is published first, the watermarks after it;
//! in between, the next sync reads the same rows again and recognises them.

use super::marks::{Mark, Way, fingerprint};
use super::{Kind, MappingCounts, SyncCounts, SyncError, hours, pipeline};
use crate::config::{Mapping, Source};
use crate::history::{Coverage, History, Reading};
use crate::ids::JobId;
use crate::installation::Installation;
use crate::progress::Progress;
use crate::sources::{self, Session};
use crate::store::syncs::{self, SourceQuery};

/// Statements shown on the shop's page; older ones are forgotten.
const QUERIES_KEPT: i64 = 2000;

/// One mapping and how it is read this time.
struct Task<'a> {
    reading: Reading,
    mapping: &'a Mapping,
    /// The mark's name: `products`, `customers`, `events/orders`.
    name: String,
    fingerprint: String,
    way: Way,
}

impl Task<'_> {
    fn coverage(&self) -> Coverage {
        match self.way {
            Way::Since(_) => Coverage::Part,
            Way::Whole => Coverage::Everything,
            Way::Anew => Coverage::Anew,
        }
    }
}

/// Reads the shop's database into its history. Either all of it counts, or nothing.
pub fn sync(
    installation: &Installation,
    kind: Kind,
    job: Option<JobId>,
    progress: &dyn Progress,
) -> Result<SyncCounts, SyncError> {
    let source = installation.config.source.as_ref().ok_or(SyncError::NoSource)?;
    refuse_outside_hours(installation, source)?;
    let shop = installation.shop_id();
    let started = installation.now();
    let run = installation.store.write(|conn| syncs::start(conn, shop, job, kind == Kind::Full, started))?;
    let result = read_and_commit(installation, source, kind, run, progress);
    match &result {
        Ok(counts) => tracing::info!(
            version = counts.history.version,
            rows = counts.rows(),
            ignored = counts.ignored(),
            new_events = counts.history.new_events,
            "sync done"
        ),
        Err(error) => {
            let (sentence, now) = (error.to_string(), installation.now());
            let failed = installation.store.write(|conn| syncs::fail(conn, run, &sentence, now));
            if let Err(error) = failed {
                tracing::error!(%error, "the end of the sync could not be stored");
            }
        }
    }
    result
}

fn refuse_outside_hours(installation: &Installation, source: &Source) -> Result<(), SyncError> {
    let hours = &source.allowed_hours;
    match hours::allow(hours, installation.now(), installation.zone()) {
        Ok(true) => Ok(()),
        Ok(false) => Err(SyncError::NotNow { hours: hours.clone() }),
        Err(reason) => Err(SyncError::WrongHours { reason }),
    }
}

fn read_and_commit(
    installation: &Installation,
    source: &Source,
    kind: Kind,
    run: i32,
    progress: &dyn Progress,
) -> Result<SyncCounts, SyncError> {
    let shop = installation.shop_id();
    let history = History::open(&installation.folder.history(shop))?;
    let tasks = tasks(installation, source, kind, &history)?;
    progress.phase("Connecting to the shop's database", None);
    let mut session = sources::connect(source, &installation.config.shop.currency)?;
    let mut update = history.begin()?;
    let sources: Vec<String> = tasks.iter().map(|task| task.name.clone()).collect();
    let names: Vec<String> = tasks.iter().map(source_of).collect();
    let read = pipeline::run(&mut update, &names, progress, |feed| {
        tasks.iter().enumerate().map(|(at, task)| read_one(&mut session, at, task, feed, progress)).collect()
    });
    note_statements(installation, &mut session);
    // The database's transaction ends before the disk work begins.
    drop(session);
    let readings: Vec<sources::Reading> = read?;
    let coverage: Vec<_> = tasks.iter().map(|task| (task.reading.clone(), task.coverage())).collect();
    let committed = update.commit(&coverage, installation.now(), progress)?;

    let mappings = tasks
        .iter()
        .zip(&readings)
        .zip(&sources)
        .map(|((task, reading), name)| MappingCounts::new(name, task.way.since().is_none(), reading));
    let counts = SyncCounts { mappings: mappings.collect(), history: committed };
    let text = serde_json::json!(counts).to_string();
    let now = installation.now();
    installation.store.write(|conn| {
        for (task, reading) in tasks.iter().zip(&readings) {
            let mark = Mark { watermark: reading.watermark.clone(), mapping: task.fingerprint.clone() };
            mark.write(conn, shop, &task.name, now)?;
        }
        syncs::succeed(conn, run, counts.history.version as i64, &text, now)
    })?;
    Ok(counts)
}

fn source_of(task: &Task<'_>) -> String {
    if let Reading::Events(source) = &task.reading { source.clone() } else { String::new() }
}

/// Customers first, then products, then events: what an event names is then known by the same moment.
fn tasks<'a>(
    installation: &Installation,
    source: &'a Source,
    kind: Kind,
    history: &History,
) -> Result<Vec<Task<'a>>, SyncError> {
    let shop = installation.shop_id();
    let customers = source.customers.iter().map(|mapping| (Reading::Customers, mapping, "customers".into()));
    let products = source.products.iter().map(|mapping| (Reading::Products, mapping, "products".into()));
    let events = source.events.iter().map(|mapping| {
        let name = event_source(mapping);
        (Reading::Events(name.to_owned()), mapping, format!("events/{name}"))
    });
    let version = history.snapshot()?.version() as i64;
    let mut tasks: Vec<Task<'a>> = Vec::new();
    installation.store.read(|conn| {
        let latest = syncs::latest(conn, shop, 50)?;
        let synced = latest.iter().find_map(|run| run.history_version).unwrap_or(0);
        // A history that is older than the last sync (restored, or moved away) lacks what the marks say it has.
        let whole = kind == Kind::Full || version == 0 || version < synced;
        for (reading, mapping, name) in customers.chain(products).chain(events) {
            let fingerprint = fingerprint(&installation.config, mapping);
            let way = Way::choose(Mark::read(conn, shop, &name)?, &fingerprint, whole);
            tasks.push(Task { reading, mapping, name, fingerprint, way });
        }
        Ok(())
    })?;
    for (at, task) in tasks.iter().enumerate() {
        if tasks[..at].iter().any(|other| other.name == task.name) {
            return Err(SyncError::SameName { name: source_of(task) });
        }
    }
    Ok(tasks)
}

/// What the history calls the source of a mapping's events.
pub fn event_source(mapping: &Mapping) -> &str {
    if mapping.name.is_empty() { &mapping.table } else { &mapping.name }
}

fn read_one(
    session: &mut Session,
    at: usize,
    task: &Task<'_>,
    feed: &mut pipeline::Feed<'_>,
    progress: &dyn Progress,
) -> Result<sources::Reading, SyncError> {
    let since = task.way.since();
    let reading = match &task.reading {
        Reading::Customers => {
            progress.phase("Reading customers", None);
            session.read_customers(task.mapping, since, &mut |batch| feed.customers(batch))
        }
        Reading::Products => {
            progress.phase("Reading products", None);
            session.read_products(task.mapping, since, &mut |batch| feed.products(batch))
        }
        Reading::Events(source) => {
            progress.phase(&format!("Reading events ({source})"), None);
            session.read_events(task.mapping, since, &mut |batch| feed.events(at, batch))
        }
    };
    Ok(reading?)
}

/// What was sent to the shop's database is kept whether the sync succeeds or not.
fn note_statements(installation: &Installation, session: &mut Session) {
    let (shop, at) = (installation.shop_id(), installation.now());
    let statements = session.statements();
    let noted = installation.store.write(|conn| {
        for statement in &statements {
            let query = SourceQuery {
                at,
                statement: statement.text.clone(),
                row_count: statement.rows as i64,
                duration_ms: statement.duration.as_millis() as i64,
                error: statement.error.clone(),
            };
            syncs::note_query(conn, shop, &query)?;
        }
        syncs::trim_queries(conn, shop, QUERIES_KEPT)
    });
    if let Err(error) = noted {
        tracing::warn!(%error, "the statements sent to the shop's database could not be noted");
    }
}
