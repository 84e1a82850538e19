//! What `handpick check` finds out about a shop's database: whether it can be read, how much there is, what is odd.
//!
//! Everything is read once, as a sync would, in memory that grows with the number of distinct ids only (eight to
//! twelve bytes each). It keeps no names and no addresses, and it shows none.

mod judge;
mod preview;

use super::{Proof, Reading, Reason, Session, SourceError};
use crate::config::{Mapping, Source};
use chrono::{DateTime, Utc};
use judge::Seen;
pub use preview::Preview;
use serde::Serialize;

/// Rows shown of each kind.
const PREVIEWED: u32 = 10;

#[derive(Debug, Serialize)]
pub struct CheckReport {
    pub proof: Proof,
    /// What the account could do outside Handpick's read-only session.
    pub account_powers: Vec<String>,
    pub kinds: Vec<KindReport>,
    pub findings: Vec<Finding>,
}

impl CheckReport {
    /// True when a finding needs somebody to act.
    pub fn has_problems(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity == Severity::Problem)
    }
}

/// One mapping, read.
#[derive(Debug, Serialize)]
pub struct KindReport {
    /// `products`, `customers` or `events`.
    pub kind: &'static str,
    pub mapping: String,
    pub rows: u64,
    pub usable: u64,
    pub preview: Preview,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Picks or reports will be wrong until somebody acts.
    Problem,
    /// Good to know; Handpick copes.
    Note,
}

#[derive(Debug, Clone, Serialize)]
pub struct Finding {
    pub severity: Severity,
    /// What is odd, and where.
    pub what: String,
    pub count: u64,
    /// One id by which to find it; never a name or an address.
    pub example: Option<String>,
    /// What to do about it.
    pub advice: String,
}

/// Reads everything once and says what there is to say. `now` tells what lies in the future.
///
/// # Errors
/// Those of the connection. A mapping that cannot work is a finding, so that all of them are told at once.
pub fn check(session: &mut Session, source: &Source, now: DateTime<Utc>) -> Result<CheckReport, SourceError> {
    let proof = session.prove_read_only()?;
    let account_powers = session.account_powers()?;
    let mut report = CheckReport { proof, account_powers, kinds: Vec::new(), findings: Vec::new() };
    judge::session(&mut report);
    let mut seen = Seen::new(now, session.shop_currency().to_owned());
    if let Some(mapping) = &source.products {
        let outcome = products(session, mapping, &mut seen);
        report.take("products", mapping, outcome)?;
        seen.has_products = true;
    }
    if let Some(mapping) = &source.customers {
        let outcome = customers(session, mapping, &mut seen);
        report.take("customers", mapping, outcome)?;
        seen.has_customers = true;
    }
    for mapping in &source.events {
        let outcome = events(session, mapping, &mut seen);
        report.take("events", mapping, outcome)?;
    }
    if source.products.is_none() || source.events.is_empty() {
        report.findings.push(Finding {
            severity: Severity::Problem,
            what: "the configuration maps no products or no events".to_owned(),
            count: 1,
            example: None,
            advice:
                "Add [source.products] and [[source.events]]; without both there is nothing to recommend."
                    .to_owned(),
        });
    }
    report.findings.extend(seen.findings());
    report.findings.sort_by_key(|finding| (finding.severity, std::cmp::Reverse(finding.count)));
    Ok(report)
}

impl CheckReport {
    fn take(
        &mut self,
        kind: &'static str,
        mapping: &Mapping,
        outcome: Result<(Reading, Preview), SourceError>,
    ) -> Result<(), SourceError> {
        let name = super::plan::mapping_name(mapping).to_owned();
        match outcome {
            Ok((reading, preview)) => {
                let ignored: u64 = reading.ignored.iter().map(|(_, rows)| rows).sum();
                let usable = reading.rows.saturating_sub(ignored);
                self.findings.extend(judge::ignored(&name, &reading));
                if usable == 0 {
                    self.findings.push(judge::empty(kind, &name, reading.rows));
                }
                self.kinds.push(KindReport { kind, mapping: name, rows: reading.rows, usable, preview });
                Ok(())
            }
            Err(error) if error.is_configuration() => {
                self.findings.push(Finding {
                    severity: Severity::Problem,
                    what: error.to_string(),
                    count: 1,
                    example: None,
                    advice: "Correct the mapping in the configuration file.".to_owned(),
                });
                Ok(())
            }
            Err(error) => Err(error),
        }
    }
}

fn products(
    session: &mut Session,
    mapping: &Mapping,
    seen: &mut Seen,
) -> Result<(Reading, Preview), SourceError> {
    let preview = preview::products(&session.first_products(mapping, PREVIEWED)?);
    let reading = session.read_products(mapping, None, &mut |batch| {
        batch.iter().for_each(|product| seen.product(product));
        Ok(())
    })?;
    Ok((reading, preview))
}

fn customers(
    session: &mut Session,
    mapping: &Mapping,
    seen: &mut Seen,
) -> Result<(Reading, Preview), SourceError> {
    let preview = preview::customers(&session.first_customers(mapping, PREVIEWED)?);
    let reading = session.read_customers(mapping, None, &mut |batch| {
        batch.iter().for_each(|customer| seen.customer(customer));
        Ok(())
    })?;
    Ok((reading, preview))
}

fn events(
    session: &mut Session,
    mapping: &Mapping,
    seen: &mut Seen,
) -> Result<(Reading, Preview), SourceError> {
    let preview = preview::events(&session.first_events(mapping, PREVIEWED)?);
    seen.begin_events();
    let reading = session.read_events(mapping, None, &mut |batch| {
        batch.iter().for_each(|event| seen.event(&event));
        Ok(())
    })?;
    Ok((reading, preview))
}

/// What to do about rows that were ignored.
const fn advice(reason: Reason) -> (Severity, &'static str) {
    match reason {
        Reason::NoId => (
            Severity::Problem,
            "Map the column that orders name it by, or leave these rows out with a select.",
        ),
        Reason::UnreadableId => (Severity::Problem, "Turn the id into a text in a select."),
        Reason::NoProduct => {
            (Severity::Note, "Lines without a product (postage, discounts) may be left out with a select.")
        }
        Reason::NoCustomer => (Severity::Note, "Such events say nothing; leave them out with a select."),
        Reason::NoTime => (Severity::Problem, "Map a column that always has the time."),
        Reason::UnreadableTime => (
            Severity::Problem,
            "Check the column, and give the unit of epoch numbers: at = { column = …, unit = … }.",
        ),
        Reason::ZeroQuantity => (Severity::Note, "Nothing was bought; nothing needs to be done."),
        Reason::UnreadableQuantity | Reason::UnreadableAmount => (
            Severity::Problem,
            "Turn the column into a number in a select (a decimal point, no thousands separator).",
        ),
        Reason::NegativePrice => {
            (Severity::Note, "Corrections of accounts, most likely; leave them out with a select.")
        }
        Reason::UnknownKind => {
            (Severity::Problem, "Add the missing values to `kind` in the mapping, or \"*\" = \"ignore\".")
        }
        Reason::LeftOut => (Severity::Note, "As the mapping says."),
    }
}
