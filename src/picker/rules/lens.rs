//! The rules as one customer after another meets them.

use super::{Influence, Lately, Personal, Pin, Rules, times};
use crate::conditions::{Column, Root, Side, Table};
use crate::picker::activity::Bought;
use crate::picker::stock::Shares;
use std::collections::HashMap;
use std::rc::Rc;

/// Combinations of customers' facts that are kept by a thread.
const KEPT: usize = 4096;

/// One thread's part: what was worked out for one customer serves all who agree with them in what rules ask for.
pub struct Lens<'a> {
    rules: &'a Rules,
    /// Rows as the callers of [`Lens::look`] number them.
    customers: Option<&'a Table>,
    lately: Option<&'a Lately>,
    shares: Option<&'a Shares>,
    columns: Vec<usize>,
    kept: HashMap<Vec<u64>, Rc<View>>,
}

/// What depends on the customer's facts.
#[derive(Default)]
struct View {
    /// For each candidate the number of the rule that bars it, plus 1; 0: none.
    barred: Vec<u32>,
    /// Empty: all 1.
    factors: Vec<f32>,
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
    pub fn new(rules: &'a Rules, customers: Option<&'a Table>, lately: Option<&'a Lately>) -> Self {
        Self {
            rules,
            customers,
            lately,
            shares: None,
            columns: rules.customer_columns(),
            kept: HashMap::new(),
        }
    }

    /// Bars what was given to other customers.
    pub fn with_shares(self, shares: Option<&'a Shares>) -> Self {
        Self { shares, ..self }
    }

    /// `row`: of the customers' table; whoever has none is somebody of whom nothing is known.
    pub fn look(&mut self, customer: &str, row: Option<usize>, bought: Bought<'a>) -> Sight<'a> {
        let view = self.view(row);
        let shown = |&(rule, campaigns): &(usize, u8)| {
            (rule, self.lately.map(|lately| lately.shown(customer, campaigns)).unwrap_or_default())
        };
        let shown = self.rules.lately.iter().map(shown).collect();
        Sight { rules: self.rules, bought, view, shown, shares: self.shares, row, is_relaxed: false }
    }

    fn view(&mut self, row: Option<usize>) -> Rc<View> {
        let table = self.customers.zip(row);
        let key = match table {
            Some((table, row)) => self.columns.iter().map(|&at| key(table.column(at), row)).collect(),
            None => Vec::new(),
        };
        if let Some(view) = self.kept.get(&key) {
            return view.clone();
        }
        let view = Rc::new(self.rules.view(table));
        if self.kept.len() >= KEPT {
            self.kept.clear();
        }
        self.kept.insert(key, view.clone());
        view
    }
}

/// What two rows share when they agree in a column. Lists are not compared: each row is one of its own.
fn key(column: &Column, row: usize) -> u64 {
    match column {
        Column::Truths(truths) => truths[row].map_or(2, u64::from),
        Column::Numbers(numbers) => numbers[row].to_bits(),
        Column::Texts(texts) => u64::from(texts.codes[row]),
        Column::Lists(_) => row as u64,
    }
}

impl Rules {
    fn view(&self, customer: Option<(&Table, usize)>) -> View {
        // Of whom nothing is known, no fact holds: rules that bar all else would leave them nothing.
        let Some((table, row)) = customer else {
            let everybodys = |(at, pin): (usize, &Pin)| pin.whose.is_none().then_some(at);
            return View {
                pins: self.pins.iter().enumerate().filter_map(everybodys).collect(),
                ..View::default()
            };
        };
        let bound = self.bound().with(Root::Customer, Side::Row(table, row));
        let mut view = View::default();
        for Personal { rule, condition, what } in &self.personal {
            let holds = condition.holds(&bound);
            match what {
                Influence::Multiplies(factor) => {
                    view.factors.resize(holds.len(), 1.0);
                    let held = view.factors.iter_mut().zip(holds).filter(|(_, holds)| *holds);
                    held.for_each(|(all, _)| *all = (*all * factor).clamp(1e-6, 1e6));
                }
                Influence::Bars | Influence::BarsAllElse => {
                    let bars = matches!(what, Influence::Bars);
                    view.barred.resize(holds.len(), 0);
                    for (barred, _) in view
                        .barred
                        .iter_mut()
                        .zip(holds)
                        .filter(|(barred, holds)| **barred == 0 && *holds == bars)
                    {
                        *barred = *rule as u32 + 1;
                    }
                }
            }
        }
        let one = self
            .bound()
            .with(Root::Product, Side::Row(&self.products, 0))
            .with(Root::Customer, Side::Row(table, row));
        let is_theirs = |pin: &Pin| pin.whose.as_ref().is_none_or(|whose| whose.holds(&one)[0]);
        view.pins = (0..self.pins.len()).filter(|&at| is_theirs(&self.pins[at])).collect();
        view
    }
}

impl Sight<'_> {
    /// What keeps `place` from standing beside the places already `taken`, of `slots` in all; `None` admits it.
    pub fn bar(&self, place: usize, taken: &[usize], slots: usize) -> Option<Bar> {
        if taken.contains(&place) {
            return Some(Bar::Taken);
        }
        if let Some(&rule) = self.view.barred.get(place).filter(|&&rule| rule > 0) {
            return Some(Bar::Rule(rule as usize - 1));
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
            return Some(Bar::Rule(cap.rule));
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
            let has = taken.iter().filter(|&&place| minimum.wanted[place]).count();
            let missing = usize::from(minimum.n).saturating_sub(has);
            needed += missing;
            helps |= missing > 0 && minimum.wanted[place];
        }
        !helps && needed >= slots.saturating_sub(taken.len()) && needed > 0
    }

    /// A score after all that is promoted and held back.
    pub fn adjust(&self, place: usize, score: f32) -> f32 {
        let score = self.rules.adjust(place, score);
        self.view.factors.get(place).map_or(score, |&factor| times(score, factor))
    }

    pub fn pins(&self) -> impl Iterator<Item = &Pin> {
        self.view.pins.iter().map(|&at| &self.rules.pins[at])
    }

    pub fn has_minima(&self) -> bool {
        !self.rules.minima.is_empty()
    }
}
