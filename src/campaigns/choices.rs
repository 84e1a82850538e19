//! What the steps offer to choose from: categories, brands, products with pictures, lists, models.

use super::generate::PlanLists;
use crate::history::{History, HistoryError};
use crate::installation::Installation;
use crate::picker::Removed;
use crate::picker::catalogue::Catalogue;
use crate::picker::doubts::Doubts;
use crate::picker::plan::Plan;
use crate::pictures::Addresses;
use crate::records::Product;
use crate::store::id_lists::{self, IdList, ListKind};
use crate::store::{model_choices, models};
use crate::web::ways::{self, Ways};
use crate::web::{self, Form, WebError};
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, HashSet};

const CARDS: usize = 24;
const MODELS_LOOKED_AT: i64 = 50;

/// An option of a list to select from.
pub struct Choice {
    pub value: String,
    pub label: String,
    pub is_chosen: bool,
}

/// A product as a card with its picture.
pub struct Card {
    pub id: String,
    pub title: String,
    pub image: Option<String>,
    pub price: String,
    pub about: String,
    /// The checkbox: `include` or `exclude`, and whether it is ticked.
    pub field: &'static str,
    pub is_ticked: bool,
}

/// What a search and the filters found.
pub struct Found {
    pub matching: String,
    pub removed: Vec<Removed>,
    pub unknown_ids: u64,
    /// Added or left out by hand, always shown: an unticked card takes it back.
    pub by_hand: Vec<Card>,
    pub cards: Vec<Card>,
    pub more: bool,
}

/// The shop's products as of the last sync.
pub struct Shop {
    catalogue: Catalogue,
    currency: String,
}

fn internal(error: &impl ToString) -> WebError {
    WebError::Internal(error.to_string())
}

impl Shop {
    pub fn read(installation: &Installation) -> Result<Self, WebError> {
        let read = || -> Result<Catalogue, HistoryError> {
            let history = History::open(&installation.folder.history(installation.shop_id()))?;
            Ok(Catalogue::new(history.snapshot()?.products()?))
        };
        let catalogue = read().map_err(|error| internal(&error))?;
        Ok(Self { catalogue, currency: installation.shop.currency.clone() })
    }

    fn active(&self) -> impl Iterator<Item = &Product> {
        self.catalogue.products().iter().filter(|product| product.active)
    }

    /// Every category path with the ones above it, and how many products are there.
    fn category_counts(&self) -> BTreeMap<&str, usize> {
        let mut counts = BTreeMap::new();
        for path in self.active().filter_map(|product| product.category.as_deref()) {
            let ends = path.match_indices(" > ").map(|(at, _)| at).chain([path.len()]);
            for end in ends {
                *counts.entry(&path[..end]).or_default() += 1;
            }
        }
        counts
    }

    pub fn categories(&self, form: &Form, field: &str) -> Vec<Choice> {
        let chosen: HashSet<&str> = form.all(field).collect();
        choices(self.category_counts(), &chosen)
    }

    pub fn brands(&self, form: &Form) -> Vec<Choice> {
        let chosen: HashSet<&str> = form.all("brands").collect();
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for brand in self.active().filter_map(|product| product.brand.as_deref()) {
            *counts.entry(brand).or_default() += 1;
        }
        choices(counts, &chosen)
    }

    pub fn attribute_names(&self) -> Vec<String> {
        self.catalogue.attribute_names().into_iter().map(str::to_owned).collect()
    }

    /// What a rule speaks of and the shop does not have.
    pub fn doubts(&self, now: DateTime<Utc>) -> Doubts<'_> {
        Doubts::new(&self.catalogue, now)
    }

    pub fn category_names(&self) -> Vec<String> {
        self.category_counts().into_keys().map(str::to_owned).collect()
    }

    /// Searches among all products; without words, shows what the filters let through.
    pub fn found(
        &self,
        installation: &Installation,
        plan: &Plan,
        form: &Form,
        words: &str,
    ) -> Result<Found, WebError> {
        let lists = PlanLists::read(installation, plan).unwrap_or_default();
        let as_of = plan.as_of.unwrap_or_else(|| installation.now());
        let choice = self.catalogue.choose(&plan.products, lists.products.as_deref(), as_of);
        let pictures = Addresses::new(installation);
        let included: HashSet<&str> = form.all("include").collect();
        let excluded: HashSet<&str> = form.all("exclude").collect();
        let card = |product: &Product, is_chosen: bool| {
            let id = product.id.as_str();
            let field = if included.contains(id) || !(is_chosen || excluded.contains(id)) {
                "include"
            } else {
                "exclude"
            };
            let is_ticked = included.contains(id) || excluded.contains(id);
            self.card((product, &pictures), field, is_ticked)
        };
        let is_by_hand = |p: &Product| included.contains(p.id.as_str()) || excluded.contains(p.id.as_str());
        let by_hand = self.active().filter(|p| is_by_hand(p)).map(|product| card(product, false)).collect();
        let chosen: HashSet<u32> = choice.numbers.iter().copied().collect();
        let words: Vec<String> = words.split_whitespace().map(str::to_lowercase).collect();
        let numbered = (0u32..).zip(self.catalogue.products()).filter(|(_, product)| product.active);
        let mut hits = numbered.filter(|(number, product)| {
            let wanted = if words.is_empty() { chosen.contains(number) } else { mentions(product, &words) };
            wanted && !is_by_hand(product)
        });
        let cards: Vec<Card> =
            hits.by_ref().take(CARDS).map(|(number, p)| card(p, chosen.contains(&number))).collect();
        Ok(Found {
            matching: web::whole(choice.numbers.len() as i64),
            removed: choice.removed,
            unknown_ids: choice.unknown_ids,
            by_hand,
            more: hits.next().is_some(),
            cards,
        })
    }

    fn card(
        &self,
        (product, pictures): (&Product, &Addresses),
        field: &'static str,
        is_ticked: bool,
    ) -> Card {
        let currency = product.currency.as_deref().unwrap_or(&self.currency);
        let stock = match product.stock {
            Some(pieces) if pieces <= 0 => Some("out of stock".to_owned()),
            _ => None,
        };
        let about: Vec<String> =
            [product.brand.clone(), product.category.clone(), stock].into_iter().flatten().collect();
        Card {
            id: product.id.clone(),
            title: product.title.clone(),
            image: product.image.as_deref().map(|image| pictures.shown(image)),
            price: product.price.map(|price| web::money(price, currency)).unwrap_or_default(),
            about: about.join(" · "),
            field,
            is_ticked,
        }
    }
}

fn mentions(product: &Product, words: &[String]) -> bool {
    let brand = product.brand.as_deref().unwrap_or_default();
    let category = product.category.as_deref().unwrap_or_default();
    let text = format!("{} {} {brand} {category}", product.id, product.title).to_lowercase();
    words.iter().all(|word| text.contains(word.as_str()))
}

/// Those chosen stay offered even when the shop has none of them any more.
fn choices(counts: BTreeMap<&str, usize>, chosen: &HashSet<&str>) -> Vec<Choice> {
    let mut all = counts;
    for name in chosen.iter().filter(|name| !name.is_empty()) {
        all.entry(name).or_insert(0);
    }
    let choice = |(name, count): (&str, usize)| Choice {
        value: name.to_owned(),
        label: format!("{name} ({})", web::whole(count as i64)),
        is_chosen: chosen.contains(name),
    };
    all.into_iter().map(choice).collect()
}

pub fn product_lists(installation: &Installation, form: &Form) -> Result<Vec<Choice>, WebError> {
    lists(installation, ListKind::Products, form.text("list"))
}

pub fn customer_lists(
    installation: &Installation,
    form: &Form,
    field: &str,
) -> Result<Vec<Choice>, WebError> {
    lists(installation, ListKind::Customers, form.text(field))
}

fn lists(installation: &Installation, kind: ListKind, chosen: &str) -> Result<Vec<Choice>, WebError> {
    let lists = installation.store.read(|conn| id_lists::of_kind(conn, installation.shop_id(), kind))?;
    let choice = |list: IdList| Choice {
        value: list.id.to_string(),
        label: format!("{} ({} ids)", list.name, web::whole(list.id_count)),
        is_chosen: list.id.to_string() == chosen,
    };
    Ok(lists.into_iter().map(choice).collect())
}

/// The ways to pick, with what trainings measured of them.
pub fn ways(installation: &Installation, form: &Form) -> Result<Ways, WebError> {
    let shop = installation.shop_id();
    let (stored, decided) = installation.store.read(|conn| {
        Ok((models::latest(conn, shop, MODELS_LOOKED_AT)?, model_choices::chosen(conn, shop)?))
    })?;
    Ok(ways::ways(&stored, form.text("model")).decided(decided.as_ref()))
}
