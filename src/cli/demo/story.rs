//! What happened in the demo before it is looked at: a campaign weeks ago, the customers' response, a new draft.

use super::Steps;
use crate::campaigns;
use crate::ids::CampaignId;
use crate::ingest;
use crate::installation::Installation;
use crate::picker::picks_file;
use crate::picker::plan::{Arm, Controls, Plan, Products};
use crate::progress::Progress;
use crate::sample_shop::{self, Effect, Mailed, MailedArm, Wish};
use crate::store::campaigns as stored;
use crate::training;
use crate::web;
use chrono::{DateTime, Datelike, Days, NaiveTime, TimeDelta, Utc};
use std::path::Path;

/// The mail went out so many days ago.
const DAYS_AGO: i64 = 35;
/// Counted from the day of the mail.
const CAMPAIGN_DAYS: u64 = 28;

pub fn tell(
    installation: &Installation,
    shop_file: &Path,
    wish: &Wish,
    steps: &mut Steps,
    progress: &dyn Progress,
) -> anyhow::Result<()> {
    let sent_at = morning(wish.until - TimeDelta::days(DAYS_AGO));
    steps.say(&format!(
        "Training on what was known on {}, and measuring on the weeks before",
        sent_at.date_naive()
    ));
    let model = training::model_for(installation, "auto", Some(sent_at), None, progress)?;
    steps.tell(&format!("The model that did best is “{}”", web::model_name(&model.kind)));

    steps.say(
        "Making the campaign of that day: four picks each, a tenth without mail, a fifth with best-sellers",
    );
    let campaign = add(installation, &finished_plan(sent_at), sent_at)?;
    campaigns::generate(installation, campaign, &model, progress)?;
    if let Some(generated) = stored_campaign(installation, campaign)? {
        campaigns::foresight::foresee(installation, &generated, progress)?;
    }
    send(installation, campaign, sent_at)?;

    steps.say("Playing how the customers responded in the weeks after");
    let mailed = mailed(installation, campaign)?;
    let response = sample_shop::respond(shop_file, wish, sent_at, &mailed, &Effect::default())?;
    steps.tell(&format!("The mail brought {} orders more", response.orders));

    steps.say("Reading the shop's database again: only what is new");
    ingest::sync(installation, ingest::Kind::Incremental, None, progress)?;

    steps.say("Starting a new campaign for you to go on with");
    add(installation, &next_plan(wish.until), wish.until)?;
    Ok(())
}

fn morning(day: DateTime<Utc>) -> DateTime<Utc> {
    day.date_naive().and_time(NaiveTime::MIN).and_utc() + TimeDelta::hours(8)
}

fn season(day: DateTime<Utc>) -> &'static str {
    match day.month() {
        3..=5 => "Spring",
        6..=8 => "Summer",
        9..=11 => "Autumn",
        _ => "Winter",
    }
}

struct Named {
    name: String,
    plan: Plan,
}

fn finished_plan(sent_at: DateTime<Utc>) -> Named {
    let day = sent_at.date_naive();
    let plan = Plan {
        as_of: Some(sent_at),
        starts_on: Some(day),
        ends_on: day.checked_add_days(Days::new(CAMPAIGN_DAYS - 1)),
        products: Products { in_stock: true, ..Products::default() },
        controls: Controls { holdout_share: 0.1, baseline_share: 0.2 },
        ..Plan::default()
    };
    Named { name: format!("{} letter", season(sent_at)), plan }
}

fn next_plan(now: DateTime<Utc>) -> Named {
    let day = now.date_naive();
    let plan = Plan {
        starts_on: day.checked_add_days(Days::new(3)),
        ends_on: day.checked_add_days(Days::new(2 + CAMPAIGN_DAYS)),
        products: Products { in_stock: true, ..Products::default() },
        ..Plan::default()
    };
    Named { name: format!("{} favourites", season(now + TimeDelta::days(14))), plan }
}

fn add(installation: &Installation, named: &Named, at: DateTime<Utc>) -> anyhow::Result<CampaignId> {
    let shop = installation.shop_id();
    Ok(installation.store.write(|conn| stored::add(conn, shop, &named.name, &named.plan, None, at))?)
}

fn send(installation: &Installation, campaign: CampaignId, sent_at: DateTime<Utc>) -> anyhow::Result<()> {
    Ok(installation.store.write(|conn| {
        stored::approve(conn, campaign, None, sent_at)?;
        stored::mark_sent(conn, campaign, sent_at, sent_at)
    })?)
}

fn stored_campaign(installation: &Installation, id: CampaignId) -> anyhow::Result<Option<stored::Campaign>> {
    Ok(installation.store.read(|conn| stored::by_id(conn, installation.shop_id(), id))?)
}

fn mailed(installation: &Installation, id: CampaignId) -> anyhow::Result<Vec<Mailed>> {
    let shop = installation.shop_id();
    let generation =
        stored_campaign(installation, id)?.and_then(|campaign| campaign.generation).unwrap_or_default();
    let folder = installation.folder.campaign(shop, id).join(generation);
    let recipients = picks_file::recipients(&folder)?;
    recipients
        .map(|recipient| {
            let recipient = recipient?;
            let arm = match recipient.arm {
                Arm::Picks => MailedArm::Picks,
                Arm::Baseline => MailedArm::Baseline,
                Arm::Holdout => MailedArm::Holdout,
            };
            let products = recipient.picks.into_iter().map(|pick| pick.product).collect();
            Ok(Mailed { customer: recipient.customer, arm, products })
        })
        .collect()
}
