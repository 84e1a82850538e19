//! Other campaigns' e-mails in the same days: what they brought is in the figures too, and where one group got more of them,
//! a part of the difference may be theirs.

use super::report::Group;
use super::table::{Table, Unit, column};
use crate::recommender::uplift::{Proportion, difference_of_proportions};
use crate::web::{percent, whole};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Overlap {
    /// Names of the campaigns that went out between this one's first and last day; empty without any.
    pub campaigns: Vec<String>,
    pub groups: Vec<Reached>,
}

/// Whom of a group they went to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reached {
    pub group: Group,
    pub customers: u64,
    /// Of them, those who got an e-mail of another campaign.
    pub reached: u64,
}

impl Reached {
    const fn proportion(&self) -> Proportion {
        Proportion { successes: self.reached, people: self.customers }
    }
}

impl Overlap {
    fn of(&self, group: Group) -> Option<&Reached> {
        self.groups.iter().find(|one| one.group == group && one.customers > 0)
    }

    /// What to keep in mind; `None` where no other campaign went to anybody of this one.
    pub fn caution(&self) -> Option<String> {
        let mailed = self.of(Group::Mailed)?;
        let holdout = self.of(Group::Holdout);
        if mailed.reached + holdout.map_or(0, |holdout| holdout.reached) == 0 {
            return None;
        }
        let told = |one: &Reached| {
            format!("{} ({})", whole(one.reached), percent(one.reached as f64 / one.customers as f64))
        };
        let names: Vec<String> = self.campaigns.iter().take(3).map(|name| format!("“{name}”")).collect();
        let more = match self.campaigns.len().saturating_sub(names.len()) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let beside =
            holdout.map(|holdout| format!(" and to {} of the holdout", told(holdout))).unwrap_or_default();
        let is_uneven = holdout.is_some_and(|holdout| {
            let found = difference_of_proportions(mailed.proportion(), holdout.proportion());
            found.is_ok_and(|found| found.difference.excludes_zero())
        });
        let uneven = match is_uneven {
            true => " One group got more of them, so a part of the difference may be theirs.",
            false => "",
        };
        Some(format!(
            "In the same days other campaigns ({}{more}) went to {} of those who got this mail{beside}; what they brought is in \
             these figures too.{uneven}",
            names.join(", "),
            told(mailed)
        ))
    }

    pub fn table(&self) -> Table {
        let row = |one: &Reached| {
            let share = (one.customers > 0).then(|| one.reached as f64 / one.customers as f64);
            vec![one.group.title().into(), one.customers.into(), one.reached.into(), share.into()]
        };
        Table {
            name: "overlap",
            title: "Other campaigns in the same days",
            about: "Customers of this campaign to whom another one went between its first and its last day. What the others \
                    brought is in the figures of both; it makes no difference to the comparison as long as the shares are alike.",
            columns: vec![
                column("Group", Unit::Text),
                column("Customers", Unit::Count),
                column("Got another campaign's e-mail", Unit::Count),
                column("Share", Unit::Share),
            ],
            rows: if self.campaigns.is_empty() { Vec::new() } else { self.groups.iter().map(row).collect() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn overlap(mailed: u64, holdout: u64) -> Overlap {
        let reached = |group, customers, reached| Reached { group, customers, reached };
        Overlap {
            campaigns: ["A", "B", "C", "D"].map(str::to_owned).to_vec(),
            groups: vec![reached(Group::Mailed, 9_000, mailed), reached(Group::Holdout, 1_000, holdout)],
        }
    }

    #[test]
    fn others_are_said_and_uneven_ones_are_warned_of() {
        assert_eq!(Overlap::default().caution(), None);
        assert_eq!(overlap(0, 0).caution(), None);
        let even = overlap(900, 100).caution().unwrap();
        assert!(even.contains("(“A”, “B”, “C” and 1 more) went to 900 (10.0\u{a0}%)"), "{even}");
        assert!(
            even.contains("100 (10.0\u{a0}%) of the holdout") && !even.contains("may be theirs"),
            "{even}"
        );
        assert!(overlap(900, 200).caution().unwrap().ends_with("a part of the difference may be theirs."));
        assert_eq!((overlap(1, 2).table().rows.len(), Overlap::default().table().rows.len()), (2, 0));
    }
}
