//! What the rules on the form do, told while they are written.

use super::fields::{Draft, apply};
use super::generate::{GenerateError, PlanLists};
use super::memory;
use super::pages::find;
use super::state::sentence;
use super::steps::Step;
use super::weather;
use crate::auth::Analyst;
use crate::conditions::complete;
use crate::history::{History, Snapshot};
use crate::ids::{CampaignId, ModelId};
use crate::installation::Installation;
use crate::picker::facts::SCHEMA;
use crate::picker::opening;
use crate::picker::plan::{Audience, Plan};
use crate::picker::workbench::{Impact, Ingredients, RuleImpact, Workbench};
use crate::pictures::Addresses;
use crate::progress::Silent;
use crate::store::model_choices;
use crate::store::models::{self, StoredModel};
use crate::web::{self, Form, Page, WebError, rule_in_words};
use actix_web::HttpResponse;
use actix_web::web::{Data, Path, Query};
use askama::Template;
use serde::{Deserialize, Serialize};
use std::sync::{Arc, Mutex, PoisonError};

/// The workbench of whoever edited rules last: setting one up reads the history.
#[derive(Default)]
pub struct Benches(Mutex<Option<(Key, Arc<Workbench>)>>);

/// What a workbench depends on.
#[derive(PartialEq)]
struct Key {
    campaign: CampaignId,
    history_version: u64,
    model: Option<ModelId>,
    audience: Audience,
    remembered: u8,
}

#[derive(Template)]
#[template(path = "campaigns/impact.html")]
struct Fragment {
    /// Why nothing would be picked, or what cannot be understood.
    problems: Vec<String>,
    notes: Vec<String>,
    funnel: Vec<Stage>,
    /// How varied the e-mails are, and what that costs; empty where it is not known.
    variety: String,
    rules: Vec<Line>,
    sampled: String,
}

/// Products that are left.
struct Stage {
    label: String,
    products: String,
    /// In hundredths of the widest.
    width: String,
}

struct Line {
    name: String,
    removed: String,
    pictures: Vec<(String, String)>,
    changed: String,
    cost: String,
    note: String,
}

/// POST /campaigns/{id}/impact with the rules' form: nothing is stored.
pub async fn show(
    Analyst(who): Analyst,
    id: Path<CampaignId>,
    form: Form,
    installation: Data<Arc<Installation>>,
    benches: Data<Benches>,
) -> Page {
    form.check(&who)?;
    let installation = installation.get_ref().clone();
    let fragment = web::blocking(move || {
        let campaign = find(&installation, *id)?;
        let mut draft = Draft { name: campaign.name.clone(), plan: campaign.plan()? };
        let problems = apply(&form, Step::Rules, &mut draft, installation.zone());
        let told = told(&installation, *id, draft.plan, problems, &benches);
        told.map_err(|error| WebError::Internal(error.to_string()))
    })
    .await?;
    web::page(&fragment)
}

fn told(
    installation: &Installation,
    id: CampaignId,
    mut plan: Plan,
    problems: Vec<String>,
    benches: &Benches,
) -> Result<Fragment, GenerateError> {
    let weather = weather::in_words(installation, &plan)?;
    weather::learn(installation, &mut plan)?;
    let plan = &plan;
    let snapshot = History::open(&installation.folder.history(installation.shop_id()))?.snapshot()?;
    let bench = benches.get(installation, id, plan, &snapshot)?;
    let lists = PlanLists::read(installation, plan)?;
    let impact = bench.try_out(plan, lists.products.as_deref());
    let mut told = fragment(&impact, plan, &bench, &installation.shop.currency, problems);
    told.notes.extend((!weather.is_empty()).then_some(weather));
    let addresses = Addresses::new(installation);
    for (_, image) in told.rules.iter_mut().flat_map(|line| &mut line.pictures) {
        *image = addresses.shown(image);
    }
    Ok(told)
}

impl Benches {
    /// A model that cannot be read is passed over: the second look is through another, or none.
    fn get(
        &self,
        installation: &Installation,
        campaign: CampaignId,
        plan: &Plan,
        snapshot: &Snapshot,
    ) -> Result<Arc<Workbench>, GenerateError> {
        match self.set_up(installation, campaign, plan, snapshot) {
            Err(GenerateError::Model(error)) if error.is_lasting() => {
                self.set_up(installation, campaign, plan, snapshot)
            }
            done => done,
        }
    }

    fn set_up(
        &self,
        installation: &Installation,
        campaign: CampaignId,
        plan: &Plan,
        snapshot: &Snapshot,
    ) -> Result<Arc<Workbench>, GenerateError> {
        let model = model_of(installation, plan)?;
        let key = Key {
            campaign,
            history_version: snapshot.version(),
            model: model.as_ref().map(|model| model.id),
            audience: plan.audience.clone(),
            remembered: memory::campaigns_asked(plan),
        };
        // Held while it is set up: a second editor waits for the first one's rather than read everything again.
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, bench)) = kept.as_ref()
            && *known == key
        {
            return Ok(bench.clone());
        }
        let as_of = plan.as_of.unwrap_or_else(|| installation.now());
        let lists = PlanLists::read(installation, plan)?.with_past(
            installation,
            (campaign, plan),
            snapshot,
            as_of,
        )?;
        let live = match &model {
            Some(model) => Some(opening::open(installation, model)?),
            None => None,
        };
        let bench = Arc::new(Workbench::set_up(
            Ingredients {
                plan,
                customer_lists: lists.of_customers(),
                snapshot,
                live: live.as_ref(),
                lately: memory::lately(installation, campaign, plan, snapshot, as_of)?,
                as_of,
            },
            &Silent,
        )?);
        *kept = Some((key, bench.clone()));
        Ok(bench)
    }
}

/// The model that somebody decided on where the plan leaves the choice; else the newest of the plan's kind; before there
/// is one, the newest of all.
pub(super) fn model_of(
    installation: &Installation,
    plan: &Plan,
) -> Result<Option<StoredModel>, GenerateError> {
    let shop = installation.shop_id();
    let (mut all, chosen) = installation
        .store
        .read(|conn| Ok((models::latest(conn, shop, 20)?, model_choices::chosen(conn, shop)?)))?;
    if let Some(chosen) = chosen.filter(|chosen| plan.model == "auto" || chosen.kind == plan.model) {
        return Ok(Some(chosen));
    }
    let fits = all.iter().position(|model| model.kind == plan.model).unwrap_or(0);
    Ok((!all.is_empty()).then(|| all.swap_remove(fits)))
}

fn fragment(
    impact: &Impact,
    plan: &Plan,
    bench: &Workbench,
    currency: &str,
    mut problems: Vec<String>,
) -> Fragment {
    let whole = |number: usize| web::whole(number as i64);
    let name = |number: usize| format!("{}. {}", number + 1, rule_in_words(&plan.rules[number], currency));
    problems.extend(impact.refusal.as_ref().map(|refusal| sentence(&refusal.to_string())));
    let mut notes = Vec::new();
    if impact.short > 0 {
        let share = web::percent(impact.short as f64 / impact.sampled.max(1) as f64);
        notes.push(format!("About {share} of the customers get fewer than {} products.", plan.slots));
    }
    notes.extend(impact.emptied.iter().take(5).map(|(category, rules)| {
        let rules: Vec<String> = rules.iter().map(|rule| (rule + 1).to_string()).collect();
        match rules.as_slice() {
            [one] => format!("Rule {one} leaves nothing of {category}."),
            several => format!("Rules {} together leave nothing of {category}.", several.join(" and ")),
        }
    }));
    let widest = impact.chosen.max(1);
    let stage = |label: String, products: usize| Stage {
        label,
        products: whole(products),
        width: web::decimal(100.0 * products as f64 / widest as f64, 1),
    };
    let mut left = impact.chosen;
    let mut funnel = vec![stage("Products chosen".to_owned(), left)];
    for rule in impact.rules.iter().filter(|rule| rule.removed > 0) {
        left -= rule.removed;
        funnel.push(stage(format!("after {}", name(rule.number)), left));
    }
    let line = |rule: &RuleImpact| Line {
        name: name(rule.number),
        removed: if rule.removed > 0 { whole(rule.removed) } else { String::new() },
        pictures: rule.examples.iter().map(|&number| picture(bench, number)).collect(),
        changed: match rule.changed {
            0 => String::new(),
            changed => web::percent(changed as f64 / impact.sampled.max(1) as f64),
        },
        cost: rule.cost.map(|cost| web::percent(cost.max(0.0))).unwrap_or_default(),
        note: note(rule, impact),
    };
    Fragment {
        problems,
        notes,
        funnel,
        variety: variety(impact),
        rules: impact.rules.iter().map(line).collect(),
        sampled: format!("{} of {} customers", whole(impact.sampled), whole(bench.audience)),
    }
}

fn variety(impact: &Impact) -> String {
    let Some(variety) = impact.variety else { return String::new() };
    let measured = format!(
        "Variety {} of 100: 0 is the same category and brand throughout an e-mail, 100 nothing in common.",
        web::decimal(100.0 * variety, 0)
    );
    match impact.variety_cost {
        Some(cost) => {
            format!("{measured} The slider costs {} of the picks' scores.", web::percent(cost.max(0.0)))
        }
        None => measured,
    }
}

/// Title, and the picture's address if there is one.
fn picture(bench: &Workbench, number: u32) -> (String, String) {
    let product = bench.catalogue.product(number);
    (product.title.clone(), product.image.clone().unwrap_or_default())
}

fn note(rule: &RuleImpact, impact: &Impact) -> String {
    if rule.removed == 0 && rule.alone > 0 {
        return "Others took all of its products before it.".into();
    }
    if rule.short > 0 {
        let share = web::percent(rule.short as f64 / impact.sampled.max(1) as f64);
        return format!("Without it, {share} of the customers would have full mails.");
    }
    if impact.refusal.is_none() && rule.removed == 0 && rule.changed == 0 {
        return "It changes nothing for the customers looked at.".into();
    }
    String::new()
}

#[derive(Deserialize)]
pub struct Before {
    #[serde(default)]
    before: String,
}

#[derive(Serialize)]
struct Offer {
    text: String,
    replaces: usize,
    meaning: String,
}

/// GET /rules/complete?before=…: what may stand at the cursor.
pub async fn completions(Analyst(_): Analyst, asked: Query<Before>) -> Page {
    let offers: Vec<Offer> = complete(&asked.before, SCHEMA)
        .into_iter()
        .map(|one| Offer { text: one.text, replaces: one.replaces, meaning: one.meaning })
        .collect();
    Ok(HttpResponse::Ok().json(offers))
}
