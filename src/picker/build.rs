//! *Build this campaign's picks.*

use super::activity::{self, Activity};
use super::arms::Assignment;
use super::audience::{self, Audience, Lists};
use super::behaviour::{self, Behaviour, BehaviourError, Detail, Weighing};
use super::catalogue::Catalogue;
use super::facts::CustomerTable;
use super::groups::Kinds;
use super::likeness::Likeness;
use super::model_file::LiveModel;
use super::pick::{Known, Picked, Picker};
use super::picks_file::{PicksFileError, Writer};
use super::plan::{Arm, Plan};
use super::refusal::{Refusal, check};
use super::rules::{self, Lately, Rules, Setting};
use super::stock;
use super::summary::Summary;
use crate::conditions::Table;
use crate::history::{EventRange, HistoryError, Snapshot};
use crate::ids::CampaignId;
use crate::index::Index;
use crate::progress::{Progress, Silent};
use crate::recommender::ModelError;
use chrono::{DateTime, Utc};
use rayon::prelude::*;

/// Customers between two looks at whether somebody asked to stop.
const BATCH: usize = 16_384;
/// Customers that one thread takes at a time.
const CHUNK: usize = 512;

/// Everything that determines the picks.
pub struct Order<'a> {
    pub campaign: CampaignId,
    pub plan: &'a Plan,
    /// The ids of the lists that the plan names.
    pub product_list: Option<&'a [String]>,
    pub customer_lists: Lists<'a>,
    pub snapshot: &'a Snapshot,
    pub live: &'a LiveModel,
    /// What was shown in earlier campaigns; needed where a rule asks for it.
    pub lately: Option<&'a Lately>,
    /// Keys the assignment to arms.
    pub secret: &'a [u8],
    /// Nothing at or after this moment is known.
    pub as_of: DateTime<Utc>,
}

#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error(transparent)]
    History(#[from] HistoryError),
    #[error(transparent)]
    Behaviour(#[from] BehaviourError),
    #[error(transparent)]
    File(#[from] PicksFileError),
    #[error("scarce products cannot be shared out: {0}")]
    Stock(ModelError),
    #[error("cancelled")]
    Cancelled,
}

/// Picks for the whole audience into `out`, which is left unpublished.
pub fn build(order: &Order<'_>, out: &mut Writer, progress: &dyn Progress) -> Result<Summary, BuildError> {
    check(order.plan)?;
    progress.phase("Reading products", None);
    let catalogue = Catalogue::new(order.snapshot.products()?);
    let choice = catalogue.choose(&order.plan.products, order.product_list, order.as_of);
    let unknown_products = choice.unknown_ids;
    let (activity, behaviour) = read_events(order, &catalogue, progress)?;
    let setting = Setting::of(order.plan, &catalogue, Some(&activity), order.as_of);
    let rules = rules::compile(&order.plan.rules, choice, setting)?;
    progress.phase("Choosing the customers", None);
    let audience = choose_audience(order, &activity, &catalogue)?;
    let customers = table_of(order, &audience, &rules, (&activity, &catalogue))?;

    let known = Known {
        catalogue: &catalogue,
        activity: &activity,
        behaviour: &behaviour,
        live: order.live,
        rules: &rules,
        customers: customers.as_ref(),
        lately: order.lately,
    };
    let kinds = Kinds::of_all(&activity, &catalogue, order.as_of, progress);
    let likeness = Likeness::new(&catalogue, &rules.candidates);
    let mut picker = Picker::new(known, order.plan.slots);
    let arms = Assignment::new(order.secret, order.campaign, order.plan.controls);
    let mut summary = Summary::new(order, &rules, &audience, unknown_products);
    let shares = stock::share_out(&picker, &rules, &audience.ids, &arms, progress)?;
    summary.stock_gap = shares.as_ref().map(|shares| shares.gap);
    picker.keep_to(shares);
    picker.vary(order.plan.variety, &likeness);
    progress.phase("Picking products", Some(audience.ids.len() as u64));
    for (at, customers) in audience.ids.chunks(BATCH).enumerate() {
        if progress.cancelled() {
            return Err(BuildError::Cancelled);
        }
        let picked = pick(&picker, &arms, customers, at * BATCH);
        out.write(customers, &picked, (&catalogue, &rules), |id| kinds.of(&activity, id))?;
        let unsent = unsent(&picker, customers, &picked, at * BATCH);
        out.write_unsent(unsent.iter().map(|(id, picked)| (*id, picked)), (&catalogue, &rules))?;
        summary.count(&picked, &likeness);
        progress.advance(customers.len() as u64);
    }
    summary.finish(&catalogue, &rules);
    Ok(summary)
}

/// In the order of `customers`, whatever the number of threads; `first` is the row of the first of them in the table of
/// their facts.
pub fn pick(picker: &Picker<'_>, arms: &Assignment, customers: &[Box<str>], first: usize) -> Vec<Picked> {
    customers
        .par_chunks(CHUNK)
        .enumerate()
        .flat_map_iter(|(at, chunk)| {
            let mut worker = picker.worker();
            let rows = first + at * CHUNK..;
            let picked = rows.zip(chunk).map(|(row, id)| worker.pick(id, Some(row), arms.arm(id)));
            picked.collect::<Vec<_>>()
        })
        .collect()
}

/// What the holdout among `customers` would have been shown, so that it can be told afterwards whether the model was right
/// of people whom no e-mail changed.
fn unsent<'a>(
    picker: &Picker<'_>,
    customers: &'a [Box<str>],
    picked: &[Picked],
    first: usize,
) -> Vec<(&'a str, Picked)> {
    let own: Vec<usize> = (0..picked.len()).filter(|&at| picked[at].arm == Arm::Holdout).collect();
    own.par_chunks(CHUNK)
        .flat_map_iter(|chunk| {
            let mut worker = picker.worker();
            let pick = |&at: &usize| {
                let id: &str = &customers[at];
                (id, worker.pick(id, Some(first + at), Arm::Picks))
            };
            chunk.iter().map(pick).collect::<Vec<_>>()
        })
        .collect()
}

/// The facts of the audience, a row each, where rules ask for them.
pub(super) fn table_of(
    order: &Order<'_>,
    audience: &Audience,
    rules: &Rules,
    known: (&Activity, &Catalogue),
) -> Result<Option<Table>, BuildError> {
    let columns = rules.customer_columns();
    if columns.is_empty() {
        return Ok(None);
    }
    // The history stores customers as they came, the audience is in the order of ids.
    let row_of: Index = audience.ids.iter().collect();
    let mut order_of_rows: Vec<u32> = Vec::with_capacity(audience.ids.len());
    let mut table = CustomerTable::new(&columns, known, order.as_of);
    for customer in order.snapshot.customers()? {
        let customer = customer?;
        if let Some(row) = row_of.number(&customer.id) {
            table.push(&customer);
            order_of_rows.push(row);
        }
    }
    Ok(Some(table.finish().in_order(&order_of_rows)))
}

/// Two passes side by side: what rules and filters ask for, and what the model reads.
pub(super) fn read_events(
    order: &Order<'_>,
    catalogue: &Catalogue,
    progress: &dyn Progress,
) -> Result<(Activity, Behaviour), BuildError> {
    progress.phase("Reading what customers did", Some(order.snapshot.counts().events));
    let range = EventRange::before(order.as_of);
    // Weights have the scale that the model was trained on: those of its cut.
    let cut_at = order.live.header.cut_at;
    let detail = Detail { events: order.live.model.needs_past(), ..Detail::default() };
    let (activity, behaviour) = rayon::join(
        || read_activity(order.snapshot, catalogue, order.as_of, progress),
        || behaviour::read(order.snapshot, range, cut_at, &Weighing::default(), detail, &Silent),
    );
    Ok((activity?, behaviour?))
}

/// One pass over the purchases before `as_of`.
pub fn read_activity(
    snapshot: &Snapshot,
    catalogue: &Catalogue,
    as_of: DateTime<Utc>,
    progress: &dyn Progress,
) -> Result<Activity, BuildError> {
    let mut builder = activity::Builder::new(catalogue, as_of);
    for events in snapshot.events(EventRange::before(as_of))? {
        if progress.cancelled() {
            return Err(BuildError::Cancelled);
        }
        let events = events?;
        builder.add(&events);
        progress.advance(events.len() as u64);
    }
    Ok(builder.finish())
}

fn choose_audience(
    order: &Order<'_>,
    activity: &Activity,
    catalogue: &Catalogue,
) -> Result<Audience, BuildError> {
    let customers = order.snapshot.customers()?;
    let known = (activity, catalogue);
    let audience =
        audience::choose(&order.plan.audience, order.customer_lists, customers, known, order.as_of)?;
    if audience.ids.is_empty() {
        return Err(Refusal::NoAudience(audience.removed).into());
    }
    Ok(audience)
}
