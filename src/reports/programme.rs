//! What all campaigns earned together: small shops get an answer after a quarter, where a single campaign gives none.

use super::report::{Group, Report};
use super::{Reported, report_of};
use crate::ids::CampaignId;
use crate::installation::Installation;
use crate::recommender::uplift::{Effect, Interval, Pooled, Proportion, pool};
use crate::store::StoreResult;
use crate::store::campaigns::{self, CampaignState};

/// 95 % of a normal distribution lies within so many deviations.
const Z: f64 = 1.959_963_984_540_054;

/// A campaign that can be judged.
#[derive(Debug, Clone)]
pub struct Judged {
    pub id: CampaignId,
    pub name: String,
    /// More buyers with the mail, in parts of those without it: 0.1 is a tenth more.
    pub uplift: Interval,
    /// Of all weights, 0 to 1.
    pub weight: f64,
}

#[derive(Debug, Clone, Default)]
pub struct Programme {
    pub judged: Vec<Judged>,
    /// The mean uplift over campaigns, as [`Judged::uplift`]; `None` with fewer than two.
    pub mean: Option<Interval>,
    /// Where the next campaign's uplift will probably lie.
    pub next: Option<Interval>,
    /// Share of the differences between campaigns that is not chance, 0 to 1.
    pub heterogeneity: f64,
    /// What all of them earned, in the shop's currency; `None` without any.
    pub earned: Option<Interval>,
    /// Sent campaigns that cannot be judged: without a holdout, still open, or without buyers.
    pub left_out: usize,
}

/// Reads or makes the report of every sent campaign. Blocks: call it off the async workers.
pub fn programme(installation: &Installation) -> StoreResult<Programme> {
    let all = installation.store.read(|conn| campaigns::all(conn, installation.shop_id()))?;
    let sent = all.iter().filter(|one| matches!(one.state, CampaignState::Sent | CampaignState::Closed));
    let reports: Vec<Option<Reported>> = sent.map(|one| report_of(installation, one.id).ok()).collect();
    let left_out = reports.iter().filter(|report| report.is_none()).count();
    Ok(of(reports.into_iter().flatten(), left_out))
}

/// The newest last.
pub fn of(reports: impl IntoIterator<Item = Reported>, already_left_out: usize) -> Programme {
    let mut programme = Programme { left_out: already_left_out, ..Programme::default() };
    let (mut effects, mut named) = (Vec::new(), Vec::new());
    let (mut estimate, mut variance, mut any) = (0.0, 0.0, false);
    for reported in reports {
        match effect(&reported.report) {
            Some(effect) => {
                effects.push(effect);
                named.push((reported.id, reported.name));
            }
            None => programme.left_out += 1,
        }
        let money = reported.report.mail.as_ref().and_then(|mail| mail.additional_revenue);
        if let Some(money) = money {
            estimate += money.estimate;
            variance += ((money.high - money.low) / 2.0 / Z).powi(2);
            any = true;
        }
    }
    let reach = Z * variance.sqrt();
    programme.earned = any.then_some(Interval { low: estimate - reach, estimate, high: estimate + reach });
    let pooled = pool(&effects).ok();
    programme.judged = named
        .into_iter()
        .enumerate()
        .map(|(at, (id, name))| {
            let effect = effects[at];
            let reach = Z * effect.variance.sqrt();
            let log = Interval {
                low: effect.estimate - reach,
                estimate: effect.estimate,
                high: effect.estimate + reach,
            };
            let weight = pooled.as_ref().map_or(1.0, |pooled| pooled.campaigns[at].weight);
            Judged { id, name, uplift: log.relative(), weight }
        })
        .collect();
    if let Some(Pooled { mean, prediction, i_squared, .. }) = pooled {
        programme.mean = Some(mean.relative());
        programme.next = prediction.map(Interval::relative);
        programme.heterogeneity = i_squared;
    }
    programme
}

/// The logarithm of the ratio of buyers with and without mail.
fn effect(report: &Report) -> Option<Effect> {
    report.mail.as_ref()?;
    let proportion = |group: Group| {
        let figures = report.group(group)?;
        Some(Proportion { successes: figures.buyers, people: figures.customers })
    };
    Effect::ratio_of_proportions(proportion(Group::Mailed)?, proportion(Group::Holdout)?).ok()
}
