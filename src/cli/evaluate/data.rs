//! What is learned from and what is to be found: files, parted as they came or by a rule.

use crate::cli::interactions_file::{self, Dictionaries, Line};
use crate::cli::products_file;
use crate::recommender::evaluation::splits::{self, Keys, Last, Row};
use crate::recommender::{Deed, Descriptions, Interactions, Kind, Log, Observed};
use anyhow::{bail, ensure};
use chrono::{DateTime, Utc};
use std::path::Path;
use twox_hash::XxHash3_64;

/// How one log is parted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Split {
    /// At this moment, microseconds since 1970.
    At(i64),
    LastOfEach,
    Share {
        share: f64,
        seed: u64,
    },
}

/// What counts as found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ranked {
    /// What the user had not yet.
    New,
    /// Whatever the user goes for.
    All,
}

/// Rows that share their dictionaries, parted.
#[derive(Default)]
pub struct Parts {
    known: Dictionaries,
    train: Vec<Line>,
    test: Vec<Line>,
    descriptions: Option<Descriptions>,
}

impl Parts {
    /// What the items are; those that nobody did anything with are ranked as well.
    pub fn describe(&mut self, products: &Path) -> anyhow::Result<()> {
        let interacted = self.known.items.len();
        let descriptions = products_file::read(products, &mut self.known.items)?;
        let has_known = descriptions.0[..interacted].iter().any(|known| *known != Default::default());
        ensure!(
            has_known,
            "{}: it describes none of the items that somebody did something with; are the ids written the same way in both?",
            products.display()
        );
        self.descriptions = Some(descriptions);
        Ok(())
    }

    pub fn files(train: &Path, test: &Path) -> anyhow::Result<Self> {
        let mut parts = Self::default();
        parts.train = interactions_file::read(train, &mut parts.known)?;
        parts.test = interactions_file::read(test, &mut parts.known)?;
        parts.share_ids(train, test)?;
        Ok(parts)
    }

    /// Strangers can only be shown best-sellers: that somebody wants to measure this is less likely than that one file
    /// writes its ids in another way.
    fn share_ids(&self, train: &Path, test: &Path) -> anyhow::Result<()> {
        let mut is_user = vec![false; self.known.users.len()];
        let mut is_item = vec![false; self.known.items.len()];
        for line in &self.train {
            is_user[line.user as usize] = true;
            is_item[line.item as usize] = true;
        }
        let (train, test) = (train.display(), test.display());
        let has_user = self.test.iter().any(|line| is_user[line.user as usize]);
        ensure!(
            has_user,
            "{test}: none of its users is in {train}; are the ids written the same way in both?"
        );
        let has_item = self.test.iter().any(|line| is_item[line.item as usize]);
        ensure!(
            has_item,
            "{test}: none of its items is in {train}; are the ids written the same way in both?"
        );
        Ok(())
    }

    pub fn split(events: &Path, split: Split, ranked: Ranked) -> anyhow::Result<Self> {
        let name = events.display();
        let mut parts = Self::default();
        let lines = interactions_file::read(events, &mut parts.known)?;
        let is_timed = lines.iter().all(|line| line.at_us.is_some());
        let by_time = match split {
            Split::At(_) => "splitting in time",
            Split::LastOfEach => "leaving the last item out",
            Split::Share { .. } => "",
        };
        ensure!(is_timed || by_time.is_empty(), "{name}: {by_time} needs a column “timestamp”");
        let rows = lines.iter().map(|line| Row {
            user: line.user,
            item: line.item,
            at: line.at_us.unwrap_or_default(),
        });
        let held = match split {
            Split::At(cut) => splits::from_time(rows, cut),
            Split::LastOfEach => {
                let last = if ranked == Ranked::New { Last::Item } else { Last::Deed };
                splits::last_of_each(parts.known.users.len(), rows, last)
            }
            Split::Share { share, seed } => {
                let hash = |id: &str| XxHash3_64::oneshot(id.as_bytes());
                let users: Vec<u64> = parts.known.users.ids().map(hash).collect();
                let items: Vec<u64> = parts.known.items.ids().map(hash).collect();
                splits::share_of_each(rows, share, seed, Keys { users: &users, items: &items })
            }
        };
        let count = held.iter().filter(|&&held| held).count();
        if count == 0 || count == lines.len() {
            bail!("{name}: {}", one_side_is_empty(&lines, split, count));
        }
        for (line, held) in lines.into_iter().zip(held) {
            if held { &mut parts.test } else { &mut parts.train }.push(line);
        }
        Ok(parts)
    }
}

fn one_side_is_empty(lines: &[Line], split: Split, held: usize) -> String {
    let day = |at_us: i64| {
        DateTime::<Utc>::from_timestamp_micros(at_us)
            .map_or_else(|| at_us.to_string(), |at| at.format("%Y-%m-%d %H:%M:%S").to_string())
    };
    let times = || lines.iter().filter_map(|line| line.at_us);
    match (split, times().min(), times().max()) {
        (Split::At(cut), Some(first), Some(last)) => {
            let side = if held == 0 { "at or after" } else { "before" };
            format!("no row is {side} {}; the rows reach from {} to {}", day(cut), day(first), day(last))
        }
        _ => "nothing is held back: users need at least two items each".into(),
    }
}

/// Ready to be learned from and measured on.
pub struct Data {
    pub train: Interactions,
    /// When the file has times.
    pub log: Option<Log>,
    pub descriptions: Option<Descriptions>,
    /// What may not stand in a list.
    pub owned: Interactions,
    pub test: Interactions,
}

impl Data {
    /// With `find`, only events of this kind are to be found, and only those are what somebody has already.
    pub fn new(parts: &Parts, ranked: Ranked, find: Option<Kind>) -> anyhow::Result<Self> {
        let (users, items) = (parts.known.users.len(), parts.known.items.len());
        let matrix = |lines: &[Line], kind: Option<Kind>| {
            let lines = lines.iter().filter(|line| kind.is_none() || line.kind == kind);
            Interactions::from_triples(users, items, lines.map(Line::triple))
        };
        let has_kinds = |lines: &[Line]| lines.iter().all(|line| line.kind.is_some());
        ensure!(
            find.is_none() || (has_kinds(&parts.train) && has_kinds(&parts.test)),
            "--find needs a column “event”"
        );
        let test = matrix(&parts.test, find);
        ensure!(!test.is_empty(), "nothing is to be found: the test has no such event with a weight above 0");
        let train = matrix(&parts.train, None);
        ensure!(!train.is_empty(), "nothing is to be learned from: no training row has a weight above 0");
        Ok(Self {
            train,
            log: log(users, items, &parts.train),
            descriptions: parts.descriptions.clone(),
            owned: if ranked == Ranked::New {
                matrix(&parts.train, find)
            } else {
                Interactions::from_triples(users, items, [])
            },
            test,
        })
    }

    pub fn observed(&self) -> Observed<'_> {
        Observed { interactions: &self.train, log: self.log.as_ref(), items: self.descriptions.as_ref() }
    }
}

/// The same deeds one by one; `None` when a row has no time.
fn log(users: usize, items: usize, lines: &[Line]) -> Option<Log> {
    let deed = |line: &Line| {
        let at = line.at_us?.div_euclid(1_000_000);
        Some(Deed { user: line.user, item: line.item, kind: line.kind.unwrap_or(Kind::Purchase), at })
    };
    let counted = lines.iter().filter(|line| line.weight > 0.0);
    Some(Log::from_deeds(users, items, counted.map(deed).collect::<Option<_>>()?))
}
