//! A campaign's figures from events, assignments and picks.
//!
//! Pure: it reads no file and no clock. Events stream through once; what stays in memory grows with the assigned
//! customers and their order lines in the window, not with the history. Everybody who was assigned counts, whether
//! the mail was opened or not (intention to treat). Views and clicks change nothing.

use super::attribution::{Ascribing, Attributed};
use super::compare::{compare, early};
use super::days;
use super::detail::{Detail, Details, Pick};
use super::foreign::{self, Converted, Foreign};
use super::outcome::{self, Line, Measured};
use super::overlap::{Overlap, Reached};
use super::products::Products;
use super::rates::Rates;
use super::report::{Group, GroupFigures, LeftOut, PickFigures, Report};
use super::segments;
use super::verdict;
use super::window::Window;
use crate::index::Index;
use crate::money::Money;
use crate::picker::plan::{Arm, Controls, Origin};
use crate::recommender::uplift::{Steps, sample_ratio_p_value};
use crate::records::{Event, EventKind};
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

/// What the figures are asked for.
#[derive(Debug, Clone)]
pub struct Question {
    pub window: Window,
    pub zone: Tz,
    pub currency: String,
    /// The planned shares.
    pub controls: Controls,
    pub eligible_products: Option<u64>,
    /// Up to here the history is known; orders after the window count for what is ascribed over thirty days.
    pub known: DateTime<Utc>,
}

/// What people spent in so many days before the campaign makes the comparison sharper, and shows whether the groups were
/// alike.
const DAYS_BEFORE: i64 = 90;
const DAY_US: i64 = 86_400_000_000;
/// The longest time over which orders are ascribed.
const DAYS_AFTER: i64 = 30;

impl Question {
    /// From when to when events matter.
    pub fn span(&self) -> (DateTime<Utc>, DateTime<Utc>) {
        let longest = self.window.from + TimeDelta::days(DAYS_AFTER);
        let end = self.known.min(longest).max(self.window.known_until);
        (self.window.from - TimeDelta::days(DAYS_BEFORE), end)
    }
}

/// Gathers what the figures need.
pub struct Tally {
    question: Question,
    /// The question's span, microseconds since 1970.
    span_us: (i64, i64),
    customers: Index,
    products: Index,
    people: Vec<Person>,
    picks: PickFigures,
    /// By product, how often the model's arm was shown it.
    picked: Vec<u64>,
    picked_for: u64,
    /// Names of campaigns that went out in the same days.
    others: Vec<String>,
    personal: u64,
    left_out: LeftOut,
    foreign: Foreign,
    about: Products,
    chances: Option<Steps>,
    /// Words for kinds of customers.
    kinds: Vec<String>,
}

struct Person {
    arm: Arm,
    picks: Vec<Pick>,
    lines: Vec<Line>,
    clicks_us: Vec<i64>,
    before: Money,
    days_since: Option<u8>,
    kind: Option<u8>,
    /// Got another campaign's e-mail in the same days.
    is_elsewhere: bool,
}

impl Tally {
    /// `arms` names every assigned customer once; a repetition keeps the first.
    pub fn new(question: Question, arms: impl IntoIterator<Item = (String, Arm)>) -> Self {
        let mut customers = Index::new();
        let mut people = Vec::new();
        for (customer, arm) in arms {
            if customers.intern(&customer) as usize == people.len() {
                people.push(Person {
                    arm,
                    picks: Vec::new(),
                    lines: Vec::new(),
                    clicks_us: Vec::new(),
                    before: Money::ZERO,
                    days_since: None,
                    is_elsewhere: false,
                    kind: None,
                });
            }
        }
        let (from, until) = question.span();
        Self {
            question,
            span_us: (from.timestamp_micros(), until.timestamp_micros()),
            customers,
            products: Index::new(),
            people,
            picks: PickFigures::default(),
            picked: Vec::new(),
            picked_for: 0,
            others: Vec::new(),
            personal: 0,
            left_out: LeftOut::default(),
            foreign: Foreign::default(),
            about: Products::default(),
            chances: None,
            kinds: Vec::new(),
        }
    }

    /// Another campaign that went out in the same days, and to whom.
    pub fn other<'a>(&mut self, name: &str, mailed: impl IntoIterator<Item = &'a str>) {
        self.others.push(name.to_owned());
        for customer in mailed {
            if let Some(number) = self.customers.number(customer) {
                self.people[number as usize].is_elsewhere = true;
            }
        }
    }

    fn overlap(&self) -> Overlap {
        let reached = |group: Group| {
            let own = self.people.iter().filter(|person| group.has(person.arm));
            let (customers, reached) =
                own.fold((0, 0), |(n, x), person| (n + 1, x + u64::from(person.is_elsewhere)));
            Reached { group, customers, reached }
        };
        let groups = Group::ALL.map(reached).into_iter().filter(|one| one.customers > 0);
        Overlap { campaigns: self.others.clone(), groups: groups.collect() }
    }

    /// What kind of customer somebody was before the mail, in words.
    pub fn kind(&mut self, customer: &str, words: &str) {
        let Some(number) = self.customers.number(customer) else { return };
        let known = self.kinds.iter().position(|known| known == words);
        let place = known.unwrap_or_else(|| {
            self.kinds.push(words.to_owned());
            self.kinds.len() - 1
        });
        self.people[number as usize].kind = u8::try_from(place).ok();
    }

    /// What chance of a purchase each score stands for.
    pub fn expecting(mut self, chances: Option<Steps>) -> Self {
        self.chances = chances;
        self
    }

    /// Orders in another currency count at their day's rate. To be said before the first event.
    pub fn converting(mut self, rates: Rates) -> Self {
        self.foreign.rates = rates;
        self
    }

    /// Titles and categories, as (id, title, category).
    pub fn knowing(mut self, products: impl IntoIterator<Item = (String, String, Option<String>)>) -> Self {
        self.about = Products::of(products);
        self
    }

    /// One pick. Picks of customers without an arm are not of this campaign and change nothing; neither do picks of
    /// the holdout, who never saw any. The score is the model's, larger for what it is surer of.
    pub fn pick(&mut self, customer: &str, product: &str, slot: u8, (origin, score): (Origin, f32)) {
        let Some(number) = self.customers.number(customer) else { return };
        let person = &mut self.people[number as usize];
        if person.arm == Arm::Holdout {
            return;
        }
        let product = self.products.intern(product);
        person.picks.push(Pick { product, slot, origin, score });
        if person.arm == Arm::Picks {
            self.picks.picks += 1;
            self.personal += u64::from(matches!(origin, Origin::Personal | Origin::Similar));
            self.picked_for += u64::from(person.picks.len() == 1);
            self.picked.resize(self.picked.len().max(product as usize + 1), 0);
            self.picked[product as usize] += 1;
        }
    }

    /// What somebody of the holdout would have been shown; whoever is not of it changes nothing.
    pub fn unsent(&mut self, customer: &str, product: &str, (origin, score): (Origin, f32)) {
        let Some(number) = self.customers.number(customer) else { return };
        let person = &mut self.people[number as usize];
        if person.arm == Arm::Holdout {
            let product = self.products.intern(product);
            person.picks.push(Pick { product, slot: 0, origin, score });
        }
    }

    /// A click of the campaign's e-mail, by whoever it was sent to.
    pub fn click(&mut self, customer: &str, at: DateTime<Utc>) {
        if let Some(number) = self.customers.number(customer) {
            self.people[number as usize].clicks_us.push(at.timestamp_micros());
        }
    }

    /// One event, in any order; only purchases and refunds inside [`Question::span`] matter.
    pub fn event(&mut self, event: &Event<'_>) {
        let at_us = event.at_us;
        let inside = (self.span_us.0..self.span_us.1).contains(&at_us);
        if !inside || !matches!(event.kind, EventKind::Purchase | EventKind::Refund) {
            return;
        }
        let window = self.question.window;
        let is_before = at_us < window.from.timestamp_micros();
        // Of what lies outside the window nothing is told as left out.
        let counts = u64::from(!is_before && at_us < window.known_until.timestamp_micros());
        let Some(customer) = event.customer else {
            self.left_out.guest_lines += counts;
            return;
        };
        let Some(number) = self.customers.number(customer) else { return };
        let other = event.currency.filter(|other| !other.eq_ignore_ascii_case(&self.question.currency));
        if other.is_some_and(|other| !self.foreign.rates.knows(other)) {
            self.left_out.other_currencies += counts;
            return;
        }
        let is_refund = event.kind == EventKind::Refund;
        if is_before {
            let Some(value) = self.worth(event.value.unwrap_or_default(), other, at_us) else { return };
            let person = &mut self.people[number as usize];
            person.before += if is_refund { -value } else { value };
            if !is_refund {
                // Of ninety days a byte holds each.
                let days = ((window.from.timestamp_micros() - at_us) / DAY_US) as u8;
                person.days_since = Some(person.days_since.map_or(days, |known| known.min(days)));
            }
            return;
        }
        self.left_out.without_value += counts * u64::from(event.value.is_none());
        let product = event.product.map(|product| self.products.intern(product));
        let lines = &mut self.people[number as usize].lines;
        if let Some(other) = other {
            self.foreign.mark(number, lines.len(), other);
        }
        lines.push(Line {
            at_us,
            refund: is_refund,
            order: event.order.map(Into::into),
            product,
            value: event.value,
        });
    }

    /// In the shop's currency, on that day; `None` without a rate.
    fn worth(&self, value: Money, currency: Option<&str>, at_us: i64) -> Option<Money> {
        let Some(currency) = currency else { return Some(value) };
        let rate = self.foreign.rates.on(currency, foreign::day_of(self.question.zone, at_us))?;
        Money::from_f64(value.as_f64() * rate)
    }

    /// All figures, the comparisons only once the window has closed.
    pub fn finish(mut self) -> Report {
        let overlap = self.overlap();
        let (people, attribution, detail) = self.measure();
        self.left_out.earlier_refunds = people.iter().map(|person| person.outcome.refunds_left_out).sum();
        let groups: Vec<GroupFigures> = Group::ALL
            .into_iter()
            .map(|group| figures(group, &people))
            .filter(|figures| figures.customers > 0)
            .collect();
        let is_closed = self.question.window.is_closed();
        let compared =
            |treated, control| is_closed.then(|| compare(treated, control, &groups, &people)).flatten();
        let days = days::days(&self.question, &groups, &people);
        let hours = days::hours(&self.question, &groups, &people);
        let mail = compared(Group::Mailed, Group::Holdout);
        let (gained, segments) = match mail {
            Some(_) => {
                let (currency, kinds) = (&self.question.currency, &self.kinds);
                (days::gained(&self.question, &people), segments::segments(&people, currency, kinds))
            }
            None => (Vec::new(), Vec::new()),
        };
        let mut report = Report {
            currency: self.question.currency.clone(),
            time_zone: self.question.zone.name().to_owned(),
            window: self.question.window,
            mail,
            recommender: compared(Group::Picks, Group::Baseline),
            picks: self.pick_figures(),
            ratio_p_value: self.ratio(&groups),
            days,
            hours,
            gained,
            segments,
            left_out: self.left_out.clone(),
            overlap,
            early: (!is_closed).then(|| early(Group::Mailed, Group::Holdout, &groups, &people)).flatten(),
            groups,
            attribution,
            detail,
            delivery: None,
            verdict: String::new(),
            cautions: Vec::new(),
        };
        report.verdict = verdict::sentence(&report);
        report.cautions = verdict::cautions(&report);
        report
    }

    /// Everybody's outcome, what is ascribed, and what became of single picks.
    fn measure(&mut self) -> (Vec<Measured>, Vec<Attributed>, Detail) {
        let window_end = self.question.window.known_until.timestamp_micros();
        let people = std::mem::take(&mut self.people);
        let has_clicks = people.iter().any(|person| !person.clicks_us.is_empty());
        let known_us = self.question.known.timestamp_micros();
        let sent_us = self.question.window.from.timestamp_micros();
        let mut ascribing = Ascribing::new(sent_us, known_us, has_clicks);
        let mut details =
            Details::expecting(self.chances.take().filter(|_| self.question.window.is_closed()));
        let (zone, mut converted) = (self.question.zone, Converted::default());
        let mut measured = Vec::with_capacity(people.len());
        for (number, mut person) in (0u32..).zip(people) {
            let told = self.foreign.convert(number, &mut person.lines, zone, |at_us| at_us < window_end);
            converted.converted += told.converted;
            converted.left_out += told.left_out;
            let is_shown = person.arm != Arm::Holdout;
            let shown = if is_shown { person.picks.as_slice() } else { &[] };
            let picks: Vec<u32> = shown.iter().map(|pick| pick.product).collect();
            if is_shown {
                ascribing.add(&person.lines, &picks, &person.clicks_us);
            }
            let mut lines = person.lines;
            lines.retain(|line| line.at_us < window_end);
            let bought: Vec<u32> =
                lines.iter().filter(|line| !line.refund).filter_map(|line| line.product).collect();
            details.add(person.arm, &person.picks, &bought);
            measured.push(Measured {
                arm: person.arm,
                picks: picks.len() as u64,
                before: person.before,
                days_since: person.days_since,
                kind: person.kind,
                outcome: outcome::of_customer(lines, &picks),
            });
        }
        self.left_out.converted += converted.converted;
        self.left_out.other_currencies += converted.left_out;
        let names: Vec<&str> = self.products.ids().collect();
        let detail = details.finish(|product| names[product as usize], &self.about);
        (measured, ascribing.finish(), detail)
    }

    fn pick_figures(&self) -> PickFigures {
        let mut counts: Vec<u64> = self.picked.iter().copied().filter(|count| *count > 0).collect();
        counts.sort_unstable_by_key(|count| std::cmp::Reverse(*count));
        let distinct = counts.len() as u64;
        let eligible = self.question.eligible_products;
        // Of all pairs of customers, in how many a product is shown to both; by what a list holds on average.
        let (picks, people) = (self.picks.picks as f64, self.picked_for as f64);
        let shared: f64 = counts.iter().map(|&count| count as f64 * (count as f64 - 1.0)).sum();
        let overlap = shared / (people * (people - 1.0)) / (picks / people);
        PickFigures {
            distinct_products: distinct,
            eligible_products: eligible,
            coverage: eligible.filter(|all| *all > 0).map(|all| distinct as f64 / all as f64),
            personal_share: share(self.personal, self.picks.picks),
            personalisation: (self.picked_for > 1).then(|| (1.0 - overlap).clamp(0.0, 1.0)),
            top_ten_share: share(counts.iter().take(10).sum(), self.picks.picks),
            ..self.picks
        }
    }

    fn ratio(&self, groups: &[GroupFigures]) -> Option<f64> {
        let Controls { holdout_share, baseline_share } = self.question.controls;
        let planned = [
            (Group::Picks, 1.0 - holdout_share - baseline_share),
            (Group::Baseline, baseline_share),
            (Group::Holdout, holdout_share),
        ];
        let size = |group| groups.iter().find(|f| f.group == group).map_or(0, |f| f.customers);
        let (counts, shares): (Vec<u64>, Vec<f64>) = planned
            .into_iter()
            .filter(|(_, share)| *share > 0.0)
            .map(|(group, share)| (size(group), share))
            .unzip();
        sample_ratio_p_value(&counts, &shares).ok()
    }
}

fn figures(group: Group, people: &[Measured]) -> GroupFigures {
    let (mut customers, mut buyers, mut orders, mut with_picks, mut hits) = (0, 0, 0, 0, 0);
    let (mut bought, mut refunded) = (Money::ZERO, Money::ZERO);
    for person in people.iter().filter(|person| group.has(person.arm)) {
        let outcome = &person.outcome;
        customers += 1;
        buyers += u64::from(outcome.is_buyer());
        orders += outcome.orders;
        bought += outcome.bought;
        refunded += outcome.refunded;
        with_picks += u64::from(person.picks > 0);
        hits += u64::from(outcome.hit);
    }
    let revenue = bought - refunded;
    GroupFigures {
        group,
        customers,
        buyers,
        orders,
        bought,
        refunded,
        revenue,
        conversion_rate: share(buyers, customers).unwrap_or_default(),
        average_order_value: (orders > 0).then(|| revenue.as_f64() / orders as f64),
        revenue_per_customer: if customers > 0 { revenue.as_f64() / customers as f64 } else { 0.0 },
        customers_with_picks: with_picks,
        hits,
        hit_rate: share(hits, with_picks),
    }
}

fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}
