//! A connection in use: plans mappings, streams rows into batches, keeps the pace the admin set.

use super::events::{self, EventReader};
use super::plan::{Plan, Role};
use super::things::{self, CustomerReader, ProductReader, ThingReader};
use super::watermark::{HighWater, condition};
use super::{BATCH, Driver, Proof, Reading, RowSink, SourceError, Statement, Stop, Value, reason::Tally};
use crate::config::{DatabaseKind, Mapping, Source};
use crate::records::{Customer, Events, Product};
use chrono_tz::Tz;
use std::time::{Duration, Instant};

/// One read-only transaction on the client's database; everything read through it is of one moment.
pub struct Session {
    driver: Box<dyn Driver>,
    source: Source,
    zone: Tz,
    shop_currency: String,
}

/// Connects, makes the session read-only, and starts the transaction whose state of the database will be read.
pub fn connect(source: &Source, shop_currency: &str) -> Result<Session, SourceError> {
    let zone = source.time_zone.parse().map_err(|_| SourceError::Setting {
        reason: format!(
            "time_zone: “{}” is not a time zone; write a name such as Europe/London",
            source.time_zone
        ),
    })?;
    let driver: Box<dyn Driver> = match source.kind {
        DatabaseKind::Postgres => Box::new(super::postgres::connect(source)?),
        DatabaseKind::Mysql => Box::new(super::mysql::connect(source)?),
        DatabaseKind::Sqlite => Box::new(super::sqlite::connect(source)?),
    };
    let mut session =
        Session { driver, source: source.clone(), zone, shop_currency: shop_currency.to_owned() };
    if source.require_read_only_account {
        let powers = session.account_powers()?;
        if !powers.is_empty() {
            return Err(SourceError::AccountCanWrite { powers });
        }
    }
    Ok(session)
}

impl Session {
    /// Tries a harmless write, which the server must refuse and of which nothing remains.
    pub fn prove_read_only(&mut self) -> Result<Proof, SourceError> {
        Ok(self.driver.try_to_write()?)
    }

    /// What the account could do outside such a session, in plain words; empty when it can only read.
    pub fn account_powers(&mut self) -> Result<Vec<String>, SourceError> {
        Ok(self.driver.account_powers()?)
    }

    /// Every statement sent since the last call.
    pub fn statements(&mut self) -> Vec<Statement> {
        std::mem::take(&mut self.driver.journal().0)
    }

    pub fn shop_currency(&self) -> &str {
        &self.shop_currency
    }

    /// The time zone of times that carry none.
    pub const fn zone(&self) -> Tz {
        self.zone
    }

    /// How many rows a mapping has, whether they can be used or not.
    pub fn count(&mut self, mapping: &Mapping) -> Result<u64, SourceError> {
        // Planned without fields: only the FROM is needed, and a wrong column is for the reading to tell.
        let plan = Plan::make(mapping, &all_fields(), self.driver.as_mut())?;
        let select = format!("SELECT count(*) AS n {}", plan.from);
        let columns = self.driver.describe(&select)?;
        let mut count = 0;
        self.driver.stream(&select, &columns, &mut |row| {
            count = row[0].pieces().and_then(|n| u64::try_from(n).ok()).unwrap_or_default();
            Ok(())
        })?;
        Ok(count)
    }

    pub fn read_products(
        &mut self,
        mapping: &Mapping,
        since: Option<&str>,
        batch: &mut dyn FnMut(&[Product]) -> Result<(), Stop>,
    ) -> Result<Reading, SourceError> {
        let mut plan = Plan::make(mapping, &things::PRODUCT_FIELDS, self.driver.as_mut())?;
        let reader = ProductReader::new(&mut plan, self.zone)?;
        self.read_things(&plan, reader, since, None, batch)
    }

    pub fn read_customers(
        &mut self,
        mapping: &Mapping,
        since: Option<&str>,
        batch: &mut dyn FnMut(&[Customer]) -> Result<(), Stop>,
    ) -> Result<Reading, SourceError> {
        let mut plan = Plan::make(mapping, &things::CUSTOMER_FIELDS, self.driver.as_mut())?;
        let reader = CustomerReader::new(&mut plan, self.zone, &self.source.anonymous_customers)?;
        self.read_things(&plan, reader, since, None, batch)
    }

    pub fn read_events(
        &mut self,
        mapping: &Mapping,
        since: Option<&str>,
        batch: &mut dyn FnMut(&Events) -> Result<(), Stop>,
    ) -> Result<Reading, SourceError> {
        self.read_some_events(mapping, since, None, batch)
    }

    /// The first `limit` products, for a preview.
    pub(super) fn first_products(
        &mut self,
        mapping: &Mapping,
        limit: u32,
    ) -> Result<Vec<Product>, SourceError> {
        let mut plan = Plan::make(mapping, &things::PRODUCT_FIELDS, self.driver.as_mut())?;
        let reader = ProductReader::new(&mut plan, self.zone)?;
        let mut all = Vec::new();
        self.read_things(&plan, reader, None, Some(limit), &mut |some: &[Product]| {
            all.extend_from_slice(some);
            Ok(())
        })?;
        Ok(all)
    }

    pub(super) fn first_customers(
        &mut self,
        mapping: &Mapping,
        limit: u32,
    ) -> Result<Vec<Customer>, SourceError> {
        let mut plan = Plan::make(mapping, &things::CUSTOMER_FIELDS, self.driver.as_mut())?;
        let reader = CustomerReader::new(&mut plan, self.zone, &self.source.anonymous_customers)?;
        let mut all = Vec::new();
        self.read_things(&plan, reader, None, Some(limit), &mut |some: &[Customer]| {
            all.extend_from_slice(some);
            Ok(())
        })?;
        Ok(all)
    }

    pub(super) fn first_events(&mut self, mapping: &Mapping, limit: u32) -> Result<Events, SourceError> {
        let mut all = Events::default();
        self.read_some_events(mapping, None, Some(limit), &mut |some| {
            some.iter().for_each(|event| all.push(event));
            Ok(())
        })?;
        Ok(all)
    }

    fn read_some_events(
        &mut self,
        mapping: &Mapping,
        since: Option<&str>,
        limit: Option<u32>,
        batch: &mut dyn FnMut(&Events) -> Result<(), Stop>,
    ) -> Result<Reading, SourceError> {
        let mut plan = Plan::make(mapping, &events::FIELDS, self.driver.as_mut())?;
        let mut reader = EventReader::new(&mut plan, self.zone, &self.source.anonymous_customers)?;
        let (mut tally, mut events) = (Tally::default(), Events::default());
        let reading = self.stream(&plan, since, limit, &mut |row| {
            if let Err(reason) = reader.read(row, &mut events) {
                tally.add(reason, || reader.example(row));
            }
            if events.len() >= BATCH {
                batch(&events).map_err(stopped)?;
                events.clear();
            }
            Ok(())
        })?;
        if !events.is_empty() {
            batch(&events).map_err(stopped)?;
        }
        Ok(Reading { ignored: tally.counts(), examples: tally.examples(), ..reading })
    }

    fn read_things<R: ThingReader>(
        &mut self,
        plan: &Plan,
        mut reader: R,
        since: Option<&str>,
        limit: Option<u32>,
        batch: &mut Batch<'_, R::Thing>,
    ) -> Result<Reading, SourceError> {
        let (mut tally, mut things) = (Tally::default(), Vec::new());
        let reading = self.stream(plan, since, limit, &mut |row| {
            match reader.read(row) {
                Ok(thing) => things.push(thing),
                Err(reason) => tally.add(reason, || reader.example(row)),
            }
            if things.len() >= BATCH {
                batch(&things).map_err(stopped)?;
                things.clear();
            }
            Ok(())
        })?;
        if !things.is_empty() {
            batch(&things).map_err(stopped)?;
        }
        Ok(Reading { ignored: tally.counts(), examples: tally.examples(), ..reading })
    }

    fn stream(
        &mut self,
        plan: &Plan,
        since: Option<&str>,
        limit: Option<u32>,
        sink: &mut RowSink<'_>,
    ) -> Result<Reading, SourceError> {
        let mut select = plan.select.clone();
        if let Some(since) = since {
            select += &condition(plan, since, self.source.overlap_hours, self.driver.dialect())?;
        }
        if let Some(limit) = limit {
            select += &format!(" LIMIT {limit}");
        }
        let clock_us = if plan.watermark.is_some() { self.driver.clock_us()? } else { 0 };
        let mut high = HighWater::default();
        let mut pace = Pace::new(self.source.rows_per_second);
        let rows = self.driver.stream(&select, &plan.columns, &mut |row: &[Value<'_>]| {
            pace.keep();
            if let Some(at) = plan.watermark {
                high.see(row[at]);
            }
            sink(row)
        })?;
        let shape = plan.watermark.map(|at| plan.columns[at].shape);
        let seen = shape.and_then(|shape| high.to_text(shape, self.zone, clock_us));
        // Nothing new is no reason to forget how far the table was read.
        Ok(Reading { rows, watermark: seen.or_else(|| since.map(str::to_owned)), ..Reading::default() })
    }
}

/// Receives some things after others.
type Batch<'a, T> = dyn FnMut(&[T]) -> Result<(), Stop> + 'a;

fn stopped(stop: Stop) -> SourceError {
    SourceError::Stopped(stop.0)
}

/// The fields of every kind, for what does not care which kind a mapping is for.
fn all_fields() -> Vec<(&'static str, Role)> {
    // Counting must not fail on a field's type: everything is looked at as text.
    let fields = events::FIELDS.iter().chain(&things::PRODUCT_FIELDS).chain(&things::CUSTOMER_FIELDS);
    fields.map(|(field, _)| (*field, Role::Text)).collect()
}

/// Holds rows back so that no more than so many pass in a second.
struct Pace {
    per_second: u32,
    rows: u64,
    started: Instant,
}

impl Pace {
    fn new(per_second: u32) -> Self {
        Self { per_second, rows: 0, started: Instant::now() }
    }

    fn keep(&mut self) {
        if self.per_second == 0 {
            return;
        }
        self.rows += 1;
        // Looked at ten times a second's worth of rows: often enough to be even, seldom enough to cost nothing.
        if self.rows.is_multiple_of(u64::from(self.per_second / 10).max(1)) {
            let due = Duration::from_secs_f64(self.rows as f64 / f64::from(self.per_second));
            std::thread::sleep(due.saturating_sub(self.started.elapsed()));
        }
    }
}
