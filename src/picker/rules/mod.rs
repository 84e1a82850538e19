//! A campaign's rules, compiled once: what they take from everybody becomes a shorter list of candidates, what
//! depends on the customer becomes a question of a few array look-ups.

mod again;
mod everybody;
mod lens;
mod scope;
#[cfg(test)]
mod tests;

pub use again::Lately;
pub use everybody::taken;
pub use lens::{Bar, Lens, Prepared, Sight};

use super::activity::Activity;
use super::catalogue::{Catalogue, Choice, in_category};
use super::facts::{self, SCHEMA};
use super::plan::{Attribute, Effect, Plan, Rule, Weather};
use super::refusal::{Refusal, Removed};
use super::variants;
use crate::conditions::{Bound, Condition, Root, Side, Table};
use crate::index::Index;
use again::Again;
use chrono::{DateTime, NaiveDate, Utc};
use everybody::for_everybody;
use scope::Scope;

/// What rules are compiled for.
#[derive(Clone, Copy)]
pub struct Setting<'a> {
    pub catalogue: &'a Catalogue,
    /// Without it, rules that ask what was sold are left out.
    pub activity: Option<&'a Activity>,
    pub as_of: DateTime<Utc>,
    /// What `today` is.
    pub day: NaiveDate,
    pub slots: u8,
    pub weather: Weather,
}

impl<'a> Setting<'a> {
    pub fn of(
        plan: &Plan,
        catalogue: &'a Catalogue,
        activity: Option<&'a Activity>,
        as_of: DateTime<Utc>,
    ) -> Self {
        let day = plan.starts_on.unwrap_or(as_of.date_naive());
        Self { catalogue, activity, as_of, day, slots: plan.slots, weather: plan.weather }
    }
}

/// Compiled for one catalogue. A *place* is a position among the candidates; a rule's *number* its position in the plan.
pub struct Rules {
    /// Catalogue numbers, ascending.
    pub candidates: Vec<u32>,
    /// What the products' filters and the rules took away.
    pub removed: Vec<Removed>,
    /// Which rule took which product from everybody: its number, and the catalogue's.
    pub taken: Vec<(usize, u32)>,
    /// What a score is multiplied by for everybody, for each candidate.
    factors: Vec<f32>,
    caps: Vec<Cap>,
    again: Vec<Again>,
    /// The numbers of rules that ask what was picked lately; of how many campaigns.
    lately: Vec<(usize, u8)>,
    minima: Vec<Minimum>,
    /// For each candidate the rule that ties it to its pieces, and how many customers they allow.
    pieces: Vec<Option<(usize, u32)>>,
    pub pins: Vec<Pin>,
    /// Those that depend on the customer.
    personal: Vec<Personal>,
    /// The candidates' facts, and those of the day and the campaign.
    products: Table,
    day: Table,
    campaign: Table,
    weather: Table,
}

struct Cap {
    rule: usize,
    /// For each candidate its category or brand; those without are not limited.
    group_of: Vec<Option<u32>>,
    n: u8,
    /// The groups are products with their variants.
    of_variants: bool,
}

/// At least so many kinds must be among the picks. Where products are wanted rather than kinds, each is a kind of its
/// own.
struct Minimum {
    /// For each candidate; `None`: it counts for nothing.
    kind_of: Vec<Option<u32>>,
    n: u8,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Pin {
    pub rule: usize,
    /// From 0.
    pub slot: usize,
    pub place: usize,
    /// Whose; `None`: everybody's.
    whose: Option<Condition>,
}

/// A rule whose condition has to be asked for each customer.
struct Personal {
    rule: usize,
    condition: Condition,
    what: Influence,
}

#[derive(Clone, Copy)]
enum Influence {
    /// Bars what the condition holds for.
    Bars,
    /// Bars all else.
    BarsAllElse,
    Multiplies(f32),
}

/// `rules` passed [`super::refusal::check`].
///
/// # Errors
/// [`Refusal`]: nothing is left, or pins that cannot be.
pub fn compile(rules: &[Rule], choice: Choice, setting: Setting<'_>) -> Result<Rules, Refusal> {
    let Setting { catalogue, as_of, .. } = setting;
    if catalogue.is_empty() {
        return Err(Refusal::EmptyShop);
    }
    let on = switched_on(rules, setting);
    let mut removed = choice.removed;
    let (candidates, taken) = for_everybody(&on, choice.numbers, setting, &mut removed);
    if candidates.is_empty() {
        return Err(Refusal::NoProducts(removed));
    }
    let wanted = columns_asked(&on);
    let products = facts::asked_of_products(catalogue, &candidates, &wanted, setting.activity, as_of);
    let mut compiled = Rules {
        factors: vec![1.0; candidates.len()],
        caps: Vec::new(),
        again: Vec::new(),
        lately: Vec::new(),
        minima: Vec::new(),
        pieces: vec![None; candidates.len()],
        pins: Vec::new(),
        personal: Vec::new(),
        day: facts::of_day(setting.day),
        campaign: facts::of_campaign(setting.slots),
        weather: setting.weather.table(),
        products,
        candidates,
        removed,
        taken,
    };
    for (number, rule, scope) in on {
        compiled.add(number, rule, scope, setting)?;
    }
    compiled.pins.sort_unstable_by_key(|pin| pin.slot);
    for factor in &mut compiled.factors {
        *factor = factor.clamp(1e-6, 1e6);
    }
    Ok(compiled)
}

fn switched_on<'a>(rules: &'a [Rule], setting: Setting<'_>) -> Vec<(usize, &'a Rule, Scope)> {
    let on = rules.iter().enumerate().filter(|(_, rule)| !rule.off);
    on.filter_map(|(number, rule)| Some((number, rule, Scope::of(rule, setting)?))).collect()
}

/// The columns of the candidates' table that compiled rules look at.
fn columns_asked(on: &[(usize, &Rule, Scope)]) -> Vec<usize> {
    let of_scopes = on.iter().filter_map(|(_, _, scope)| scope.condition());
    let has_band = on.iter().any(|(_, rule, _)| matches!(rule.effect, Effect::PriceBand { .. }));
    let price = SCHEMA.find(Root::Product, "price").filter(|_| has_band).map(|(at, _)| at);
    of_scopes.flat_map(|condition| condition.columns(Root::Product)).chain(price).collect()
}

impl Rules {
    /// The columns of the customers' table that rules ask for; empty when none depends on the customer.
    pub fn customer_columns(&self) -> Vec<usize> {
        let conditions = self.personal.iter().map(|rule| &rule.condition);
        let of_pins = self.pins.iter().filter_map(|pin| pin.whose.as_ref());
        let mut columns: Vec<usize> =
            conditions.chain(of_pins).flat_map(|condition| condition.columns(Root::Customer)).collect();
        columns.sort_unstable();
        columns.dedup();
        columns
    }

    /// For each candidate the rule that ties it to its pieces, and to how many customers it may be shown.
    pub fn pieces(&self) -> &[Option<(usize, u32)>] {
        &self.pieces
    }

    /// The first of the rules “at most so many of one …”: for each candidate its group, alone in one where it has none.
    pub fn first_cap(&self) -> Option<(Vec<u32>, usize)> {
        let cap = self.caps.iter().find(|cap| !cap.of_variants).or(self.caps.first())?;
        let most = cap.group_of.iter().flatten().max().map_or(0, |most| most + 1);
        let group = |(group, own): (&Option<u32>, u32)| group.unwrap_or(most + own);
        Some((cap.group_of.iter().zip(0..).map(group).collect(), usize::from(cap.n)))
    }

    /// A score after what is promoted and held back for everybody. Below zero a boost must raise, too, so it divides.
    pub fn adjust(&self, place: usize, score: f32) -> f32 {
        times(score, self.factors[place])
    }

    fn bound(&self) -> Bound<'_> {
        self.of_the_day().with(Root::Product, Side::Every(&self.products))
    }

    fn of_the_day(&self) -> Bound<'_> {
        Bound::default()
            .with(Root::Today, Side::Row(&self.day, 0))
            .with(Root::Campaign, Side::Row(&self.campaign, 0))
            .with(Root::Weather, Side::Row(&self.weather, 0))
    }

    /// What each candidate's score is multiplied by for everybody.
    pub fn factors(&self) -> &[f32] {
        &self.factors
    }

    /// The candidates that a scope over products holds for.
    fn mask(&self, scope: &Scope) -> Vec<bool> {
        scope
            .condition()
            .map_or_else(|| vec![true; self.candidates.len()], |condition| condition.holds(&self.bound()))
    }

    fn add(&mut self, number: usize, rule: &Rule, scope: Scope, setting: Setting<'_>) -> Result<(), Refusal> {
        let Setting { catalogue, .. } = setting;
        match &rule.effect {
            Effect::ExcludeOutOfStock {}
            | Effect::NeedsPicture {}
            | Effect::MinMargin { .. }
            | Effect::PriceRange { .. } => {}
            Effect::Exclude {} | Effect::Only {} => {
                let what =
                    if rule.effect == (Effect::Only {}) { Influence::BarsAllElse } else { Influence::Bars };
                self.add_personal(number, scope, what);
            }
            Effect::PriceBand { from, to } => {
                let band = scope::price_band(*from, *to, &rule.when)?;
                self.personal.push(Personal { rule: number, condition: band, what: Influence::BarsAllElse });
            }
            Effect::Boost { category, factor } | Effect::Bury { category, factor } => {
                if matches!(scope, Scope::Pairs(_)) {
                    self.add_personal(number, scope, Influence::Multiplies(*factor));
                } else {
                    let mask = self.mask(&scope);
                    let path = |place: usize| catalogue.product(self.candidates[place]).category.as_deref();
                    let applies = |place: usize| {
                        mask[place] && (category.is_empty() || in_category(path(place), category))
                    };
                    let places: Vec<usize> = (0..mask.len()).filter(|&place| applies(place)).collect();
                    places.into_iter().for_each(|place| self.factors[place] *= factor);
                }
            }
            Effect::ExcludeBought { .. } | Effect::ExcludeUntilDue { .. } => {
                let mask = self.mask(&scope);
                self.again.push(Again::new(number, &rule.effect, &mask, &self.candidates, setting));
            }
            Effect::ShareStock { n } => self.tie_to_pieces(number, &scope, *n, catalogue),
            Effect::NotPickedLately { campaigns } => self.lately.push((number, *campaigns)),
            Effect::AtMostPer { what, n } => {
                let group_of = self.kinds(what, &scope, catalogue);
                self.caps.push(Cap { rule: number, group_of, n: *n, of_variants: false });
            }
            Effect::OneOfVariants {} => {
                let groups = variants::groups(catalogue, &self.candidates);
                let group_of = groups.into_iter().zip(self.mask(&scope));
                let group_of = group_of.map(|(group, within)| within.then_some(group)).collect();
                self.caps.push(Cap { rule: number, group_of, n: 1, of_variants: true });
            }
            Effect::AtMost { n } => {
                let group_of = self.mask(&scope).into_iter().map(|within| within.then_some(0)).collect();
                self.caps.push(Cap { rule: number, group_of, n: *n, of_variants: false });
            }
            Effect::AtLeast { n } => {
                let own = |(wanted, place): (bool, u32)| wanted.then_some(place);
                let kind_of = self.mask(&scope).into_iter().zip(0..).map(own).collect();
                self.minima.push(Minimum { kind_of, n: *n });
            }
            Effect::AtLeastKinds { what, n } => {
                let kind_of = self.kinds(what, &scope, catalogue);
                self.minima.push(Minimum { kind_of, n: *n });
            }
            Effect::Pin { product, slot } => self.pin(number, (product, *slot), scope, catalogue)?,
        }
        Ok(())
    }

    /// For each candidate that a scope holds for the number of what it says of an attribute.
    fn kinds(&self, what: &Attribute, scope: &Scope, catalogue: &Catalogue) -> Vec<Option<u32>> {
        let mut values = Index::new();
        let mut number = |(&candidate, within): (&u32, bool)| {
            catalogue.value_of(what, candidate).filter(|_| within).map(|value| values.intern(value))
        };
        self.candidates.iter().zip(self.mask(scope)).map(&mut number).collect()
    }

    fn tie_to_pieces(&mut self, rule: usize, scope: &Scope, n: u8, catalogue: &Catalogue) {
        for (place, _) in self.mask(scope).into_iter().enumerate().filter(|(_, applies)| *applies) {
            let Some(pieces) = catalogue.product(self.candidates[place]).stock else { continue };
            let most = u32::try_from(pieces.max(0)).unwrap_or(u32::MAX).saturating_mul(u32::from(n));
            let known = self.pieces[place].filter(|known| known.1 <= most);
            self.pieces[place] = known.or(Some((rule, most)));
        }
    }

    fn add_personal(&mut self, rule: usize, scope: Scope, what: Influence) {
        if let Scope::Pairs(condition) = scope {
            self.personal.push(Personal { rule, condition, what });
        }
    }

    /// Pins must be possible for a customer who bought nothing: together they break no rule.
    fn pin(
        &mut self,
        rule: usize,
        (product, slot): (&str, u8),
        scope: Scope,
        catalogue: &Catalogue,
    ) -> Result<(), Refusal> {
        let number = catalogue.number(product).ok_or_else(|| Refusal::UnknownPin(product.to_owned()))?;
        let place = self.candidates.binary_search(&number).map_err(|_| Refusal::PinNotEligible {
            product: product.to_owned(),
            why: self.why_not(catalogue, number),
        })?;
        let whose = scope.into_condition();
        let pin = Pin { rule, slot: usize::from(slot) - 1, place, whose };
        // Pins for some customers may share a slot: the first whose condition holds stands there.
        let everybodys = || self.pins.iter().filter(|other| other.whose.is_none() && pin.whose.is_none());
        if everybodys().any(|other| other.slot == pin.slot) {
            return Err(Refusal::PinsCollide(slot));
        }
        let taken: Vec<usize> = everybodys().map(|other| other.place).collect();
        if taken.contains(&place) {
            return Err(Refusal::PinnedTwice(product.to_owned()));
        }
        if let Some(cap) = self.caps.iter().find(|cap| !cap.admits(place, &taken)) {
            let product = catalogue.product(number);
            if cap.of_variants {
                return Err(Refusal::PinsAreVariants(product.title.clone()));
            }
            let group = product.category.clone().or_else(|| product.brand.clone()).unwrap_or_default();
            return Err(Refusal::PinsBreakCap { group, n: cap.n });
        }
        self.pins.push(pin);
        Ok(())
    }

    fn why_not(&self, catalogue: &Catalogue, number: u32) -> String {
        if !catalogue.product(number).active {
            return "it is no longer sold".into();
        }
        match self.taken.iter().find(|(_, taken)| *taken == number) {
            Some((rule, _)) => format!("rule {} takes it away", rule + 1),
            None => "it is not among the chosen products".into(),
        }
    }
}

impl Minimum {
    /// How many kinds are missing beside those of the picks.
    fn missing(&self, taken: &[usize]) -> usize {
        let kinds = (0..taken.len()).filter(|&at| self.is_new(taken[at], &taken[..at])).count();
        usize::from(self.n).saturating_sub(kinds)
    }

    /// Whether a product would add a kind to those of the picks.
    fn is_new(&self, place: usize, taken: &[usize]) -> bool {
        let kind = self.kind_of[place];
        kind.is_some() && !taken.iter().any(|&other| self.kind_of[other] == kind)
    }
}

impl Cap {
    fn admits(&self, place: usize, taken: &[usize]) -> bool {
        let Some(group) = self.group_of[place] else { return true };
        let same = taken.iter().filter(|&&other| self.group_of[other] == Some(group)).count();
        same < usize::from(self.n)
    }
}

fn times(score: f32, factor: f32) -> f32 {
    if score < 0.0 { score / factor } else { score * factor }
}
