//! What all campaigns earned together: small shops get an answer after a quarter, where a single campaign gives none.

use super::report::{Group, Report};
use super::verdict::is_handful;
use super::{ReportError, Reported, report_of};
use crate::ids::CampaignId;
use crate::installation::Installation;
use crate::recommender::uplift::{Effect, Interval, Pooled, Proportion, pool};
use crate::store::campaigns::{self, CampaignState};

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
pub fn programme(installation: &Installation) -> Result<Programme, ReportError> {
    let (reports, left_out) = reports(installation)?;
    Ok(of(reports, left_out))
}

/// The reports of sent campaigns, the newest first, and how many campaigns can have none. Blocks.
pub fn reports(installation: &Installation) -> Result<(Vec<Reported>, usize), ReportError> {
    let all = installation.store.read(|conn| campaigns::all(conn, installation.shop_id()))?;
    let sent = all.iter().filter(|one| matches!(one.state, CampaignState::Sent | CampaignState::Closed));
    let (mut reports, mut left_out) = (Vec::new(), 0);
    for campaign in sent {
        match report_of(installation, campaign.id) {
            Ok(reported) => reports.push(reported),
            Err(ReportError::NotGenerated(_) | ReportError::NoDates(_)) => left_out += 1,
            Err(error) => return Err(error),
        }
    }
    Ok((reports, left_out))
}

/// In the order given. What they earned is added up: squared halves of the intervals add up as variances do.
pub fn of(reports: impl IntoIterator<Item = Reported>, already_left_out: usize) -> Programme {
    let mut programme = Programme { left_out: already_left_out, ..Programme::default() };
    let (mut effects, mut judged) = (Vec::new(), Vec::new());
    let (mut estimate, mut squares, mut any) = (0.0, 0.0, false);
    for reported in reports {
        let mail = reported.report.mail.as_ref();
        // What a handful of buyers paid says nothing of money, not even as a part of a sum.
        let told = mail.filter(|mail| !is_handful(&reported.report, mail));
        if let Some(money) = told.and_then(|mail| mail.additional_revenue) {
            estimate += money.estimate;
            squares += ((money.high - money.low) / 2.0).powi(2);
            any = true;
        }
        let uplift = mail.and_then(|mail| mail.conversion.relative);
        match uplift.zip(effect(&reported.report)) {
            Some((uplift, effect)) => {
                effects.push(effect);
                judged.push(Judged { id: reported.id, name: reported.name, uplift, weight: 1.0 });
            }
            None => programme.left_out += 1,
        }
    }
    let reach = squares.sqrt();
    programme.earned = any.then_some(Interval { low: estimate - reach, estimate, high: estimate + reach });
    let pooled = pool(&effects).ok();
    for (one, weighted) in judged.iter_mut().zip(pooled.iter().flat_map(|pooled| &pooled.campaigns)) {
        one.weight = weighted.weight;
    }
    programme.judged = judged;
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
