//! The rules as one customer after another meets them.

use super::{Influence, Lately, Personal, Pin, Rules, times};
use crate::conditions::{Root, Scratch, Side, Sieve, Table};
use crate::picker::activity::Bought;
use crate::picker::stock::Shares;
use crate::recommender::slate::best::{LEAST_FACTOR, MOST_FACTOR, WORD};
use std::rc::Rc;

/// The rules made ready for the customers of a table; shared by all threads.
pub struct Prepared<'a> {
    rules: &'a Rules,
    /// Rows as the callers of [`Lens::look`] number them.
    customers: Option<&'a Table>,
    /// One for each rule that depends on the customer; none without a table.
    sieves: Vec<Sieve<'a>>,
    /// A bit for each candidate.
    all: Vec<u64>,
}

impl<'a> Prepared<'a> {
    pub fn new(rules: &'a Rules, customers: Option<&'a Table>) -> Self {
        let (products, bound) = ((Root::Product, &rules.products), rules.of_the_day());
        let sieve = |table: &'a Table| {
            let sieve =
                |rule: &'a Personal| Sieve::new(&rule.condition, products, (Root::Customer, table), bound);
            rules.personal.iter().map(sieve).collect()
        };
        let mut all = vec![u64::MAX; rules.candidates.len().div_ceil(WORD)];
        if let (Some(last), beyond @ 1..) = (all.last_mut(), rules.candidates.len() % WORD) {
            *last = (1 << beyond) - 1;
        }
        Self { rules, customers, sieves: customers.map(sieve).unwrap_or_default(), all }
    }
}

/// One thread's part: the rules as one customer after another meets them.
pub struct Lens<'a> {
    prepared: &'a Prepared<'a>,
    lately: Option<&'a Lately>,
    shares: Option<&'a Shares>,
    scratch: Scratch,
    /// The last customer's: its memory is the next one's when nobody looks at it any more.
    view: Rc<View>,
}

/// What depends on the customer's facts; bits by candidate.
#[derive(Default)]
struct View {
    /// What none of the rules bars.
    allowed: Vec<u64>,
    /// For each of the rules that depend on the customer what its condition holds for.
    holds: Vec<Vec<u64>>,
    /// Of the rules' pins, those that are theirs.
    pins: Vec<usize>,
}

/// What keeps a product from a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bar {
    /// It has another place already.
    Taken,
    /// The number of the rule.
    Rule(usize),
    /// A variant of it has a place already, and a rule forbids a second one.
    Variant { rule: usize, of: usize },
}

/// The rules for one customer.
pub struct Sight<'a> {
    rules: &'a Rules,
    bought: Bought<'a>,
    view: Rc<View>,
    /// By rule: catalogue numbers shown lately, ascending.
    shown: Vec<(usize, Vec<u32>)>,
    shares: Option<&'a Shares>,
    row: Option<usize>,
    /// Whether minima are no longer asked for.
    pub is_relaxed: bool,
}

impl<'a> Lens<'a> {
    pub fn new(prepared: &'a Prepared<'a>, lately: Option<&'a Lately>) -> Self {
        Self { prepared, lately, shares: None, scratch: Scratch::default(), view: Rc::default() }
    }

    /// Bars what was given to other customers.
    pub fn with_shares(self, shares: Option<&'a Shares>) -> Self {
        Self { shares, ..self }
    }

    /// `row`: of the customers' table; whoever has none is somebody of whom nothing is known.
    pub fn look(&mut self, customer: &str, row: Option<usize>, bought: Bought<'a>) -> Sight<'a> {
        let rules = self.prepared.rules;
        if Rc::get_mut(&mut self.view).is_none() {
            self.view = Rc::default();
        }
        if let Some(view) = Rc::get_mut(&mut self.view) {
            self.prepared.view(row, view, &mut self.scratch);
        }
        let shown = |&(rule, campaigns): &(usize, u8)| {
            (rule, self.lately.map(|lately| lately.shown(customer, campaigns)).unwrap_or_default())
        };
        let shown = rules.lately.iter().map(shown).collect();
        let view = self.view.clone();
        Sight { rules, bought, view, shown, shares: self.shares, row, is_relaxed: false }
    }
}

impl<'a> Prepared<'a> {
    fn view(&self, row: Option<usize>, view: &mut View, scratch: &mut Scratch) {
        let Rules { personal, pins, .. } = self.rules;
        view.allowed.clone_from(&self.all);
        view.holds.resize(personal.len(), Vec::new());
        view.pins.clear();
        // Of whom nothing is known, no fact holds: rules that bar all else would leave them nothing.
        let Some((table, row)) = self.customers.zip(row) else {
            view.holds.iter_mut().for_each(Vec::clear);
            view.pins.extend((0..pins.len()).filter(|&at| pins[at].whose.is_none()));
            return;
        };
        for ((rule, sieve), holds) in personal.iter().zip(&self.sieves).zip(&mut view.holds) {
            holds.resize(self.all.len(), 0);
            sieve.holds(table, row, holds, scratch);
            let allowed = view.allowed.iter_mut().zip(&*holds);
            match rule.what {
                Influence::Bars => allowed.for_each(|(allowed, holds)| *allowed &= !holds),
                Influence::BarsAllElse => allowed.for_each(|(allowed, holds)| *allowed &= holds),
                Influence::Multiplies(_) => {}
            }
        }
        let one = || {
            let products = Side::Row(&self.rules.products, 0);
            self.rules.of_the_day().with(Root::Product, products).with(Root::Customer, Side::Row(table, row))
        };
        let is_theirs = |pin: &Pin| pin.whose.as_ref().is_none_or(|whose| whose.holds(&one())[0]);
        view.pins.extend((0..pins.len()).filter(|&at| is_theirs(&pins[at])));
    }
}

/// Without bits nothing holds.
fn has(bits: &[u64], place: usize) -> bool {
    bits.get(place / WORD).is_some_and(|word| word >> (place % WORD) & 1 == 1)
}

impl Sight<'_> {
    /// What keeps `place` from standing beside the places already `taken`, of `slots` in all; `None` admits it.
    pub fn bar(&self, place: usize, taken: &[usize], slots: usize) -> Option<Bar> {
        if taken.contains(&place) {
            return Some(Bar::Taken);
        }
        if !has(&self.view.allowed, place) {
            return self.barring(place).map(Bar::Rule);
        }
        if let Some(rule) = self.shares.and_then(|shares| shares.bars(place, self.row)) {
            return Some(Bar::Rule(rule));
        }
        let number = self.rules.candidates[place];
        if let Some(again) = self.rules.again.iter().find(|again| again.bars(place, number, self.bought)) {
            return Some(Bar::Rule(again.rule));
        }
        if let Some((rule, _)) = self.shown.iter().find(|(_, shown)| shown.binary_search(&number).is_ok()) {
            return Some(Bar::Rule(*rule));
        }
        if let Some(cap) = self.rules.caps.iter().find(|cap| !cap.admits(place, taken)) {
            let same = |other: &&usize| cap.group_of[**other] == cap.group_of[place];
            return Some(match taken.iter().find(same).filter(|_| cap.of_variants) {
                Some(&of) => Bar::Variant { rule: cap.rule, of },
                None => Bar::Rule(cap.rule),
            });
        }
        (!self.is_relaxed && self.must_be_kept_free(place, taken, slots)).then_some(Bar::Taken)
    }

    pub fn admits(&self, place: usize, taken: &[usize], slots: usize) -> bool {
        self.bar(place, taken, slots).is_none()
    }

    /// Whether the places that are left are needed for what at least must be there, and this is none of it.
    fn must_be_kept_free(&self, place: usize, taken: &[usize], slots: usize) -> bool {
        let (mut needed, mut helps) = (0, false);
        for minimum in &self.rules.minima {
            let missing = minimum.missing(taken);
            needed += missing;
            helps |= missing > 0 && minimum.is_new(place, taken);
        }
        !helps && needed >= slots.saturating_sub(taken.len()) && needed > 0
    }

    /// The number of the first rule that bars a place for this customer because of who they are.
    fn barring(&self, place: usize) -> Option<usize> {
        let bars = |(rule, holds): (&Personal, &Vec<u64>)| match rule.what {
            Influence::Bars => has(holds, place),
            Influence::BarsAllElse => !has(holds, place),
            Influence::Multiplies(_) => false,
        };
        let rules = self.rules.personal.iter().zip(&self.view.holds);
        rules.into_iter().find(|&rule| bars(rule)).map(|(rule, _)| rule.rule)
    }

    /// What may be shown because of who they are: a bit for each candidate.
    pub fn allowed(&self) -> &[u64] {
        &self.view.allowed
    }

    /// What is promoted and held back for them: a bit for each candidate, and by how much.
    pub fn multipliers(&self) -> impl Iterator<Item = (&[u64], f32)> {
        self.rules.personal.iter().zip(&self.view.holds).filter_map(|(rule, holds)| match rule.what {
            Influence::Multiplies(factor) if holds.iter().any(|&word| word != 0) => {
                Some((holds.as_slice(), factor))
            }
            _ => None,
        })
    }

    /// A score after all that is promoted and held back.
    pub fn adjust(&self, place: usize, score: f32) -> f32 {
        let own = self.multipliers().filter(|(bits, _)| has(bits, place));
        let factor = own.fold(1f32, |all, (_, factor)| (all * factor).clamp(LEAST_FACTOR, MOST_FACTOR));
        times(self.rules.adjust(place, score), factor)
    }

    pub fn pins(&self) -> impl Iterator<Item = &Pin> {
        self.view.pins.iter().map(|&at| &self.rules.pins[at])
    }

    pub fn has_minima(&self) -> bool {
        !self.rules.minima.is_empty()
    }
}
