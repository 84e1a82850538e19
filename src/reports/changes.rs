//! What a frozen report would say if it were made again today: later refunds, erasures, orders that came in late.

use super::formats::Issue;
use super::table::{Cell, Table, Unit};
use super::{Reported, computed_again, pages, report_of, thaw};
use crate::auth::{Analyst, Marketer};
use crate::ids::CampaignId;
use crate::installation::Installation;
use crate::store::audit;
use crate::web::{self, Form, Page, Section, Shell, WebError};
use actix_web::web::{Data, Path};
use askama::Template;
use std::sync::Arc;

/// A number that is another one today.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    pub table: &'static str,
    pub row: String,
    pub column: String,
    pub unit: Unit,
    pub before: Cell,
    pub now: Cell,
}

/// Every number that differs between a report's tables then and now, in their order. Where only one of the two has a row,
/// the other's numbers are not known.
pub fn changes(before: &[Table], now: &[Table]) -> Vec<Change> {
    let is_new = |table: &&Table| !before.iter().any(|known| known.name == table.name);
    let of = |all: &'_ [Table], name: &str| all.iter().find(|table| table.name == name).cloned();
    let shapes = before.iter().chain(now.iter().filter(is_new));
    shapes.flat_map(|table| of_table(table, of(before, table.name), of(now, table.name))).collect()
}

fn of_table(shape: &Table, before: Option<Table>, now: Option<Table>) -> Vec<Change> {
    let rows = |table: Option<Table>| table.map_or(Vec::new(), |table| table.rows);
    let (before, now) = (rows(before), rows(now));
    let key = |row: &Vec<Cell>| -> String {
        let names = row.iter().zip(&shape.columns).take_while(|(_, column)| !column.unit.is_number());
        names.map(|(cell, column)| cell.shown(column.unit, "")).collect::<Vec<_>>().join(" · ")
    };
    let mut keys: Vec<String> = before.iter().map(key).collect();
    keys.extend(now.iter().map(key).filter(|key| !keys.contains(key)).collect::<Vec<_>>());
    let mut changes = Vec::new();
    for name in keys {
        let find = |rows: &[Vec<Cell>]| rows.iter().find(|row| key(row) == name).cloned();
        let (old, new) = (find(&before), find(&now));
        for (at, column) in shape.columns.iter().enumerate().filter(|(_, column)| column.unit.is_number()) {
            let cell = |row: &Option<Vec<Cell>>| row.as_ref().map_or(Cell::None, |row| row[at].clone());
            let (old, new) = (cell(&old), cell(&new));
            if differ(&old, &new) {
                changes.push(Change {
                    table: shape.title,
                    row: name.clone(),
                    column: column.title.clone(),
                    unit: column.unit,
                    before: old,
                    now: new,
                });
            }
        }
    }
    changes
}

/// Beyond what writing a number down and reading it again may bring about.
fn differ(old: &Cell, new: &Cell) -> bool {
    match (old, new) {
        (Cell::Number(old), Cell::Number(new)) => (old - new).abs() > 1e-9 * old.abs().max(new.abs()),
        _ => old != new,
    }
}

#[derive(Template)]
#[template(path = "reports/changes.html")]
struct Changes {
    shell: Shell,
    id: CampaignId,
    name: String,
    frozen: String,
    verdict: String,
    verdict_now: String,
    /// What, and its numbers then and now.
    rows: Vec<[String; 5]>,
}

/// GET /campaigns/{id}/report/changes
pub async fn show(
    Analyst(who): Analyst,
    id: Path<CampaignId>,
    installation: Data<Arc<Installation>>,
) -> Page {
    let (state, id) = (installation.clone(), *id);
    let (then, today) = web::blocking(move || {
        let then = pages::issue(&state, report_of(&state, id)?)?;
        Ok((then, again(&state, id)?))
    })
    .await?;
    let Reported { name, report, frozen, .. } = then.found;
    let frozen = frozen.ok_or_else(|| {
        WebError::BadInput(
            "The window is still open: the report follows every sync, so there is nothing to compare with."
                .into(),
        )
    })?;
    let row = |change: Change| {
        let shown = |cell: &Cell| cell.shown(change.unit, &report.currency);
        let (before, now) = (shown(&change.before), shown(&change.now));
        [change.table.to_owned(), change.row, change.column, before, now]
    };
    let changes = changes(&then.paper.tables, &today.paper.tables);
    let page = Changes {
        shell: Shell::new(&installation, &who, Section::Reports),
        id,
        name,
        frozen: web::date_time(frozen.at, installation.zone()),
        rows: changes.into_iter().map(row).collect(),
        verdict: report.verdict.clone(),
        verdict_now: today.found.report.verdict,
    };
    web::page(&page)
}

/// POST /campaigns/{id}/report/changes: the frozen report gives way to one of today's history
pub async fn take_over(
    Marketer(who): Marketer,
    id: Path<CampaignId>,
    form: Form,
    installation: Data<Arc<Installation>>,
) -> Page {
    form.check(&who)?;
    let (state, id) = (installation.clone(), *id);
    web::blocking(move || {
        report_of(&state, id)?;
        state.store.write(|conn| {
            thaw(conn, id)?;
            let (shop, by) = (state.shop_id(), Some(who.account.id));
            audit::note(conn, shop, by, "make the report again", &format!("campaign {id}"), state.now())
        })?;
        Ok(report_of(&state, id)?)
    })
    .await?;
    web::go_to_with(&format!("/campaigns/{id}/report"), "The report was made again from today's data.")
}

/// The report as it would be today, in any form; what is frozen stays. Blocks: call it off the async workers.
pub fn again(installation: &Installation, id: CampaignId) -> Result<Issue, super::ReportError> {
    let found = report_of(installation, id)?;
    let report = computed_again(installation, id)?;
    pages::issue(installation, Reported { report, frozen: None, ..found })
}
