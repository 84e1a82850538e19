//! What an address of the explorer asks for: the model, the day, the places, the rules. All of it stands in the address,
//! so that it can be passed on.

use super::lookout::{Lookout, internal};
use crate::ids::{CampaignId, ModelId};
use crate::installation::Installation;
use crate::picker::ledger::Standing;
use crate::picker::live_model::LiveModel;
use crate::picker::plan::{Plan, Products};
use crate::picker::refusal::MOST_SLOTS;
use crate::picker::sitting::{Terms, for_one};
use crate::store::campaigns;
use crate::store::id_lists::{self, ListKind};
use crate::store::model_choices;
use crate::store::models::{self, StoredModel};
use crate::web::{self, WebError};
use chrono::{DateTime, Days, NaiveDate, Utc};
use serde::Deserialize;
use std::sync::Arc;

/// Models offered in a list: the newest.
const MODELS_OFFERED: i64 = 30;
const CAMPAIGNS_OFFERED: usize = 30;

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    pub customer: String,
    pub product: String,
    /// A model's id; empty: the one in use.
    pub model: String,
    /// The other model of two.
    pub other: String,
    /// A day as 2026-03-01; empty: now.
    pub on: String,
    pub slots: String,
    /// Empty: those of a new campaign; `none`; or a campaign's id.
    pub rules: String,
    /// Product ids of an imagined basket, parted by commas.
    pub basket: String,
    pub add: String,
    pub search: String,
    pub colour: String,
    pub all: String,
    /// What a preview shows: `mail`, or the page of a product.
    pub show: String,
    /// How wide a preview is: `phone`, or a desktop's.
    pub width: String,
}

/// A value of a list, on the page.
pub struct Choice {
    pub value: String,
    pub label: String,
    pub is_chosen: bool,
}

/// What was asked for, found.
pub struct View {
    pub standing: Arc<Standing>,
    pub stored: StoredModel,
    pub live: Arc<LiveModel>,
    pub plan: Plan,
    pub product_list: Option<Vec<String>>,
    pub controls: Controls,
    /// What somebody who looks should know of the view.
    pub cautions: Vec<String>,
}

/// The form above a view.
pub struct Controls {
    pub models: Vec<Choice>,
    pub rules: Vec<Choice>,
    pub on: String,
    pub slots: u8,
    /// Of what deviates from the usual, as `&model=3&on=2026-03-01`.
    pub query: String,
    pub today: String,
    kept: Vec<(&'static str, String)>,
}

impl Controls {
    /// What another form of the page passes on.
    pub fn kept(&self) -> &[(&'static str, String)] {
        &self.kept
    }
}

impl View {
    pub fn of(installation: &Installation, lookout: &Lookout, asked: &Asked) -> Result<Self, WebError> {
        let as_of = moment(installation, &asked.on)?;
        let standing = lookout.standing(installation, as_of)?;
        let first = standing.ledger.pasts.first();
        if let Some(first) = first.filter(|first| as_of.is_some_and(|as_of| as_of <= *first)) {
            return Err(WebError::BadInput(format!(
                "Nothing is known of that day: the history begins on {}. Choose a later one.",
                web::date(first, installation.zone())
            )));
        }
        let offered = offered(installation)?;
        let stored = choose(installation, &offered, &asked.model, as_of)?;
        let live = lookout.model(installation, &stored)?;
        let mut cautions = Vec::new();
        if as_of.is_some_and(|as_of| stored.cut_at > as_of) {
            cautions.push(format!(
                "This model has learned from what happened until {}, which is after the day you look at: it knows \
                 what these customers bought next. Choose a model from before that day to see what they would have \
                 been shown.",
                web::date(stored.cut_at, installation.zone())
            ));
        }
        let (mut plan, rules) = plan(installation, &asked.rules)?;
        let (alone, left_out) = for_one(&plan);
        for rule in left_out {
            cautions.push(format!(
                "The rule “{}” is not followed here: it depends on what other customers or earlier campaigns got.",
                web::rule_in_words(&plan.rules[rule], &installation.shop.currency)
            ));
        }
        plan = alone;
        if !asked.slots.trim().is_empty() {
            plan.slots = slots(&asked.slots)?;
        }
        let product_list = product_list(installation, &plan.products)?;
        let controls = Controls {
            models: model_choices(installation, &offered, stored.id)?,
            rules,
            on: asked.on.trim().to_owned(),
            slots: plan.slots,
            query: query(asked),
            kept: kept(asked),
            today: installation.now().with_timezone(&installation.zone()).date_naive().to_string(),
        };
        Ok(Self { standing, stored, live, plan, product_list, controls, cautions })
    }

    pub fn terms(&self) -> Terms<'_> {
        Terms {
            standing: &self.standing,
            live: &self.live,
            plan: &self.plan,
            product_list: self.product_list.as_deref(),
        }
    }

    pub fn model_name(&self) -> &'static str {
        web::model_name(&self.stored.kind)
    }
}

/// Everything of the address that is the same for another customer or product.
fn kept(asked: &Asked) -> Vec<(&'static str, String)> {
    let fields =
        [("model", &asked.model), ("on", &asked.on), ("slots", &asked.slots), ("rules", &asked.rules)];
    let trimmed = fields.into_iter().map(|(name, value)| (name, value.trim().to_owned()));
    trimmed.filter(|(_, value)| !value.is_empty()).collect()
}

fn query(asked: &Asked) -> String {
    kept(asked).iter().map(|(name, value)| format!("&{name}={}", web::encode(value))).collect()
}

/// The end of the day that was typed, in the shop's zone.
pub fn moment(installation: &Installation, on: &str) -> Result<Option<DateTime<Utc>>, WebError> {
    let on = on.trim();
    if on.is_empty() {
        return Ok(None);
    }
    let day: NaiveDate = on.parse().map_err(|_| {
        WebError::BadInput(format!("“{on}” is not a day. Write it as year, month and day: 2026-03-01."))
    })?;
    let next = day.checked_add_days(Days::new(1)).and_then(|day| day.and_hms_opt(0, 0, 0));
    let end = next.and_then(|midnight| midnight.and_local_timezone(installation.zone()).earliest());
    match end.map(|end| end.with_timezone(&Utc)) {
        Some(end) if day <= installation.now().with_timezone(&installation.zone()).date_naive() => {
            Ok(Some(end))
        }
        _ => Err(WebError::BadInput(format!("{on} has not come yet. Choose today or an earlier day."))),
    }
}

fn offered(installation: &Installation) -> Result<Vec<StoredModel>, WebError> {
    let shop = installation.shop_id();
    let offered = installation.store.read(|conn| models::latest(conn, shop, MODELS_OFFERED))?;
    if offered.is_empty() {
        return Err(WebError::NotFound(
            "There is no model yet to look at. Train one on the page “Models”; it takes a few minutes."
                .into(),
        ));
    }
    Ok(offered)
}

/// A model by its id as it stands in an address.
pub fn model(installation: &Installation, id: &str) -> Result<StoredModel, WebError> {
    let missing =
        || WebError::NotFound(format!("There is no model “{id}”. Choose one of those on the page “Models”."));
    let number: ModelId = id.trim().parse().map_err(|_| missing())?;
    let shop = installation.shop_id();
    installation.store.read(|conn| models::by_id(conn, shop, number))?.ok_or_else(missing)
}

/// The model asked for; else the one in use, or for a day in the past the newest that knew nothing after it.
fn choose(
    installation: &Installation,
    offered: &[StoredModel],
    asked: &str,
    as_of: Option<DateTime<Utc>>,
) -> Result<StoredModel, WebError> {
    if !asked.trim().is_empty() {
        return model(installation, asked);
    }
    let shop = installation.shop_id();
    let before = as_of.and_then(|as_of| offered.iter().find(|model| model.cut_at <= as_of));
    if let Some(before) = before {
        return Ok(before.clone());
    }
    let in_use = installation.store.read(|conn| model_choices::in_use(conn, shop))?;
    in_use.ok_or_else(|| internal("no model is left"))
}

pub fn model_choices(
    installation: &Installation,
    offered: &[StoredModel],
    chosen: ModelId,
) -> Result<Vec<Choice>, WebError> {
    let shop = installation.shop_id();
    let in_use = installation.store.read(|conn| model_choices::in_use(conn, shop))?.map(|model| model.id);
    let mut all = offered.to_vec();
    if !all.iter().any(|model| model.id == chosen) {
        all.extend(installation.store.read(|conn| models::by_id(conn, shop, chosen))?);
    }
    let label = |model: &StoredModel| {
        let marked = if Some(model.id) == in_use { " (in use)" } else { "" };
        let trained = web::date_time(model.trained_at, installation.zone());
        format!("{}, trained {trained}{marked}", web::model_name(&model.kind))
    };
    let choice = |model: &StoredModel| Choice {
        value: model.id.to_string(),
        label: label(model),
        is_chosen: model.id == chosen,
    };
    Ok(all.iter().map(choice).collect())
}

fn slots(text: &str) -> Result<u8, WebError> {
    let slots = text.trim().parse().ok().filter(|slots| (1..=MOST_SLOTS).contains(slots));
    slots.ok_or_else(|| {
        WebError::BadInput(format!("“{}” places cannot be shown. Choose 1 to {MOST_SLOTS}.", text.trim()))
    })
}

/// The plan whose rules are followed, and what there is to choose.
fn plan(installation: &Installation, rules: &str) -> Result<(Plan, Vec<Choice>), WebError> {
    let (rules, shop) = (rules.trim(), installation.shop_id());
    let mut choices = vec![
        Choice { value: String::new(), label: "As in a new campaign".into(), is_chosen: rules.is_empty() },
        Choice { value: "none".into(), label: "No rules".into(), is_chosen: rules == "none" },
    ];
    let campaigns = installation.store.read(|conn| campaigns::all(conn, shop))?;
    choices.extend(campaigns.iter().take(CAMPAIGNS_OFFERED).map(|campaign| Choice {
        value: campaign.id.to_string(),
        label: format!("Those of “{}”", campaign.name),
        is_chosen: campaign.id.to_string() == rules,
    }));
    let plan = match rules {
        "" => Plan::default(),
        "none" => Plan { rules: Vec::new(), ..Plan::default() },
        id => {
            let campaign = id.parse::<CampaignId>().ok();
            let campaign = campaigns.into_iter().find(|one| Some(one.id) == campaign).ok_or_else(|| {
                WebError::NotFound(format!("There is no campaign “{id}” whose rules could be followed."))
            })?;
            campaign.plan()?
        }
    };
    Ok((plan, choices))
}

fn product_list(installation: &Installation, products: &Products) -> Result<Option<Vec<String>>, WebError> {
    let Some(list) = products.list else { return Ok(None) };
    let shop = installation.shop_id();
    let ids = installation.store.read(|conn| id_lists::ids(conn, shop, ListKind::Products, list))?;
    ids.map(Some).ok_or_else(|| {
        WebError::Conflict(
            "The campaign's list of products does not exist any more; choose other rules.".into(),
        )
    })
}
