//! The six steps of a campaign. Each is a page with one form, saved when it is sent.

use super::fields::{Draft, apply, fields};
use super::pages::find;
use super::state::sentence;
use super::views::{StepLink, step_links};
use super::{choices, counting, rule_form, rule_sets, segments, weather};
use crate::auth::{Analyst, Marketer, SignedIn};
use crate::ids::{AccountId, CampaignId};
use crate::installation::Installation;
use crate::picker::plan::Plan;
use crate::picker::refusal::check;
use crate::store::campaigns::{self, Campaign, CampaignState};
use crate::store::{StoreError, accounts};
use crate::web::{self, Form, Page, Section, Shell, WebError, ways};
use actix_web::web::{Data, Path, Query};
use askama::Template;
use serde::Deserialize;
use std::sync::Arc;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Name,
    Products,
    Audience,
    Model,
    Rules,
    Controls,
}

impl Step {
    pub const ALL: [Step; 6] =
        [Self::Name, Self::Products, Self::Audience, Self::Model, Self::Rules, Self::Controls];

    /// In addresses.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Products => "products",
            Self::Audience => "audience",
            Self::Model => "model",
            Self::Rules => "rules",
            Self::Controls => "controls",
        }
    }

    pub const fn title(self) -> &'static str {
        match self {
            Self::Name => "Name and dates",
            Self::Products => "Products",
            Self::Audience => "Customers",
            Self::Model => "How to pick",
            Self::Rules => "Places and rules",
            Self::Controls => "Measuring",
        }
    }

    fn from_name(name: &str) -> Result<Self, WebError> {
        let found = Self::ALL.into_iter().find(|step| step.name() == name);
        found
            .ok_or_else(|| WebError::NotFound("A campaign has no such step. Go back to the campaign.".into()))
    }

    /// Where saving leads to: the next step, at the end the review.
    fn after(self, id: CampaignId) -> String {
        let next = Self::ALL.into_iter().skip_while(|step| *step != self).nth(1);
        next.map_or(format!("/campaigns/{id}"), |step| format!("/campaigns/{id}/steps/{}", step.name()))
    }
}

#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    /// Words to search products by.
    #[serde(default)]
    pub q: String,
    /// Anything: count the audience with the page.
    #[serde(default)]
    pub count: String,
}

/// What every step's page has.
pub struct Head {
    pub id: CampaignId,
    pub version: i32,
    pub name: String,
    pub title: &'static str,
    pub action: String,
    pub steps: Vec<StepLink>,
    pub problems: Vec<String>,
    /// Saving a change makes the picks worthless.
    pub has_picks: bool,
    pub form: Form,
}

/// GET /campaigns/{id}/steps/{step}
pub async fn show(
    Analyst(who): Analyst,
    path: Path<(CampaignId, String)>,
    asked: Query<Asked>,
    installation: Data<Arc<Installation>>,
) -> Page {
    let (id, step) = path.into_inner();
    let step = Step::from_name(&step)?;
    let installation = installation.get_ref().clone();
    let asked = asked.into_inner();
    web::blocking(move || {
        let campaign = find(&installation, id)?;
        let draft = Draft { name: campaign.name.clone(), plan: campaign.plan()? };
        let form = fields(&draft, step, installation.zone());
        render(&installation, &who, &campaign, step, &draft.plan, form, Vec::new(), &asked)
    })
    .await
    .map(html)
}

fn html(body: String) -> actix_web::HttpResponse {
    actix_web::HttpResponse::Ok().content_type("text/html; charset=utf-8").body(body)
}

/// POST /campaigns/{id}/steps/{step} with `version`
pub async fn save(
    Marketer(who): Marketer,
    path: Path<(CampaignId, String)>,
    form: Form,
    installation: Data<Arc<Installation>>,
) -> Page {
    form.check(&who)?;
    let (id, step) = path.into_inner();
    let step = Step::from_name(&step)?;
    let installation = installation.get_ref().clone();
    let saved = web::blocking(move || try_to_save(&installation, &who, id, step, form)).await?;
    match saved {
        Saved::GoTo(path) => web::go_to(&path),
        Saved::Edited(body) => Ok(html(body)),
        Saved::NotYet(body) => Ok(actix_web::HttpResponse::UnprocessableEntity()
            .content_type("text/html; charset=utf-8")
            .body(body)),
    }
}

enum Saved {
    GoTo(String),
    /// The step's page with a rule more or less, or in another order; nothing is stored yet.
    Edited(String),
    /// The step's page again, with what was typed and what is wrong.
    NotYet(String),
}

fn try_to_save(
    installation: &Installation,
    who: &SignedIn,
    id: CampaignId,
    step: Step,
    form: Form,
) -> Result<Saved, WebError> {
    let campaign = find(installation, id)?;
    if step == Step::Rules && rule_form::is_edit(form.text("go")) {
        let form = rule_form::edit(&form);
        let asked = Asked::default();
        return render(installation, who, &campaign, step, &campaign.plan()?, form, Vec::new(), &asked)
            .map(Saved::Edited);
    }
    let before = Draft { name: campaign.name.clone(), plan: campaign.plan()? };
    let mut draft = before.clone();
    let mut problems = apply(&form, step, &mut draft, installation.zone());
    let version = form.text("version").parse().unwrap_or(0);
    if version != campaign.version {
        problems.insert(0, told_stale(installation, &campaign)?);
    } else if let (true, Err(refusal)) = (problems.is_empty(), check(&draft.plan)) {
        // A problem of another step is that step's to show.
        if check(&before.plan) != Err(refusal.clone()) {
            problems.push(sentence(&refusal.to_string()));
        }
    }
    if step == Step::Audience && problems.is_empty() {
        segments::use_or_keep(installation, who, &form, &mut draft.plan.audience, &mut problems)?;
    }
    if step == Step::Rules && problems.is_empty() {
        rule_sets::use_or_keep(installation, who, &form, &mut draft.plan.rules, &mut problems)?;
    }
    if problems.is_empty() && draft != before {
        match store(installation, &campaign, version, &draft, who.account.id) {
            Ok(()) => {}
            Err(StoreError::Stale) => problems.push(told_stale(installation, &find(installation, id)?)?),
            Err(error) => return Err(error.into()),
        }
    }
    if problems.is_empty() {
        return Ok(Saved::GoTo(destination(&form, step, id)));
    }
    let campaign = find(installation, id)?;
    let asked = Asked { q: form.text("q").to_owned(), ..Asked::default() };
    render(installation, who, &campaign, step, &draft.plan, form, problems, &asked).map(Saved::NotYet)
}

fn store(
    installation: &Installation,
    campaign: &Campaign,
    version: i32,
    draft: &Draft,
    by: AccountId,
) -> Result<(), StoreError> {
    let now = installation.now();
    installation.store.write(|conn| {
        campaigns::edit(conn, campaign.id, version, &draft.name, &draft.plan, Some(by), now).map(|_| ())
    })
}

/// The buttons of a step: search and stay, or on to the next.
fn destination(form: &Form, step: Step, id: CampaignId) -> String {
    let here = format!("/campaigns/{id}/steps/{}", step.name());
    match form.text("go") {
        "search" => format!("{here}?q={}", web::encode(form.text("q"))),
        "stay" | "use" | "keep" | "forget" => here,
        "review" => format!("/campaigns/{id}"),
        _ => step.after(id),
    }
}

/// Who changed it, and that what was typed is still here.
fn told_stale(installation: &Installation, campaign: &Campaign) -> Result<String, WebError> {
    if !matches!(campaign.state, CampaignState::Draft | CampaignState::Generated) {
        return Ok("This campaign can no longer be changed: its picks are being made or are approved.".into());
    }
    let shop = installation.shop_id();
    let account = match campaign.updated_by {
        Some(id) => installation.store.read(|conn| accounts::by_id(conn, shop, id))?,
        None => None,
    };
    let who = account.map_or_else(|| "Somebody".to_owned(), |account| account.name);
    Ok(format!(
        "{who} changed this campaign while you were editing. What you entered is kept below; save again to use it instead."
    ))
}

#[derive(Template)]
#[template(path = "campaigns/step_name.html")]
struct NamePage {
    shell: Shell,
    head: Head,
}

#[derive(Template)]
#[template(path = "campaigns/step_products.html")]
struct ProductsPage {
    shell: Shell,
    head: Head,
    categories: Vec<choices::Choice>,
    brands: Vec<choices::Choice>,
    lists: Vec<choices::Choice>,
    q: String,
    found: choices::Found,
}

#[derive(Template)]
#[template(path = "campaigns/step_audience.html")]
struct AudiencePage {
    shell: Shell,
    head: Head,
    categories: Vec<choices::Choice>,
    lists: Vec<choices::Choice>,
    exclude_lists: Vec<choices::Choice>,
    currency: String,
    /// A row for each thing customers did, and an empty one.
    deeds: Vec<DeedRow>,
    all_categories: Vec<String>,
    saved: Vec<segments::Saved>,
    count: Option<counting::Count>,
}

struct DeedRow {
    what: String,
    not: String,
    category: String,
    product: String,
    days: String,
}

fn deed_rows(form: &Form) -> Vec<DeedRow> {
    let at = |name: &str, row: usize| form.all(name).nth(row).unwrap_or_default().to_owned();
    let row = |row: usize| DeedRow {
        what: at("did_what", row),
        not: at("did_not", row),
        category: at("did_category", row),
        product: at("did_product", row),
        days: at("did_days", row),
    };
    let typed = (0..form.all("did_what").count()).map(row).filter(|row| !row.what.is_empty());
    typed.chain([row(usize::MAX)]).collect()
}

#[derive(Template)]
#[template(path = "campaigns/step_model.html")]
struct ModelPage {
    shell: Shell,
    head: Head,
    ways: ways::Ways,
}

#[derive(Template)]
#[template(path = "campaigns/step_rules.html")]
struct RulesPage {
    shell: Shell,
    head: Head,
    rules: Vec<rule_form::Card>,
    groups: Vec<rule_form::Group>,
    saved: Vec<rule_sets::Saved>,
    categories: Vec<String>,
    currency: String,
    /// What rules are told of the weather; empty where none asks.
    weather: String,
}

#[derive(Template)]
#[template(path = "campaigns/step_controls.html")]
struct ControlsPage {
    shell: Shell,
    head: Head,
}

#[expect(
    clippy::too_many_arguments,
    reason = "what a page shows: the campaign, its plan, the input, the problems"
)]
fn render(
    installation: &Installation,
    who: &SignedIn,
    campaign: &Campaign,
    step: Step,
    plan: &Plan,
    form: Form,
    problems: Vec<String>,
    asked: &Asked,
) -> Result<String, WebError> {
    let shell = Shell::new(installation, who, Section::Campaigns);
    let currency = installation.shop.currency.clone();
    let head = Head {
        id: campaign.id,
        version: campaign.version,
        name: campaign.name.clone(),
        title: step.title(),
        action: format!("/campaigns/{}/steps/{}", campaign.id, step.name()),
        steps: step_links(campaign.id, Some(step)),
        problems,
        has_picks: campaign.state == CampaignState::Generated,
        form,
    };
    let body = match step {
        Step::Name => NamePage { shell, head }.render(),
        Step::Products => {
            let shop = choices::Shop::read(installation)?;
            let categories = shop.categories(&head.form, "categories");
            let brands = shop.brands(&head.form);
            let lists = choices::product_lists(installation, &head.form)?;
            let found = shop.found(installation, plan, &head.form, &asked.q)?;
            ProductsPage { shell, head, categories, brands, lists, q: asked.q.clone(), found }.render()
        }
        Step::Audience => audience_page(installation, campaign, plan, (shell, head), asked)?.render(),
        Step::Model => {
            let ways = choices::ways(installation, &head.form)?;
            ModelPage { shell, head, ways }.render()
        }
        Step::Rules => {
            let shop = choices::Shop::read(installation)?;
            let (attributes, doubts) = (shop.attribute_names(), shop.doubts(installation.now()));
            let rules = rule_form::cards(&head.form, &currency, &attributes, &doubts);
            let (groups, categories) = (rule_form::groups(), shop.category_names());
            let saved = rule_sets::saved(installation)?;
            let weather = weather::in_words(installation, plan)
                .map_err(|error| WebError::Internal(error.to_string()))?;
            RulesPage { shell, head, rules, groups, saved, categories, currency, weather }.render()
        }
        Step::Controls => ControlsPage { shell, head }.render(),
    };
    body.map_err(|error| WebError::Internal(error.to_string()))
}

fn audience_page(
    installation: &Installation,
    campaign: &Campaign,
    plan: &Plan,
    (shell, head): (Shell, Head),
    asked: &Asked,
) -> Result<AudiencePage, WebError> {
    let shop = choices::Shop::read(installation)?;
    let count = match asked.count.is_empty() {
        true => None,
        false => Some(counting::count(installation, campaign.id, plan)?),
    };
    Ok(AudiencePage {
        categories: shop.categories(&head.form, "bought_in_categories"),
        lists: choices::customer_lists(installation, &head.form, "list")?,
        exclude_lists: choices::customer_lists(installation, &head.form, "exclude_list")?,
        currency: installation.shop.currency.clone(),
        deeds: deed_rows(&head.form),
        all_categories: shop.category_names(),
        saved: segments::saved(installation)?,
        count,
        shell,
        head,
    })
}
