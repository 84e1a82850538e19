//! The tables of what was picked: how far it reached, which places, origins and products sold.

use crate::recommender::uplift::{Proportion, interval_of_share};
use crate::reports::detail::{Foretold, ProductFigures, Shown};
use crate::reports::report::Report;
use crate::reports::table::{Cell, Table, Unit, column};

pub fn reach(report: &Report) -> Table {
    let picks = &report.picks;
    let counts = [
        ("Picks", Some(picks.picks)),
        ("Different products picked", Some(picks.distinct_products)),
        ("Products that could have been picked", picks.eligible_products),
    ];
    let shares = [
        ("Range of products", picks.coverage),
        ("Personal picks", picks.personal_share),
        ("Other picks, where the model knew too little", picks.personal_share.map(|share| 1.0 - share)),
        ("Unlike other customers' picks", picks.personalisation),
        ("Unlike the other picks of the same e-mail", picks.variety),
        ("Picks of the ten products picked most often", picks.top_ten_share),
    ];
    let counted =
        counts.into_iter().filter_map(|(what, count)| Some(vec![what.into(), count?.into(), Cell::None]));
    let shared = shares
        .into_iter()
        .filter_map(|(what, share)| Some(vec![what.into(), Cell::None, Some(share?).into()]));
    Table {
        name: "reach",
        title: "How far the picks reached",
        about: "Of the group with personal picks.",
        columns: vec![
            column("What", Unit::Text),
            column("How many", Unit::Count),
            column("Share", Unit::Share),
        ],
        rows: if picks.picks > 0 { counted.chain(shared).collect() } else { Vec::new() },
    }
}

fn shown(name: &'static str, title: &'static str, about: &'static str, all: &[Shown]) -> Table {
    let (picks, bought) = all.iter().fold((0, 0), |(p, b), one| (p + one.picks, b + one.bought));
    let expected = (picks > 0).then(|| bought as f64 / picks as f64);
    let row = |one: &Shown| {
        let found = interval_of_share(Proportion { successes: one.bought, people: one.picks }).ok();
        let word = match found.zip(expected) {
            Some((found, expected)) if found.low > expected => "better than expected",
            Some((found, expected)) if found.high < expected => "worse than expected",
            Some(_) => "as expected",
            None => "cannot be told: nothing was picked",
        };
        vec![
            one.name.as_str().into(),
            one.picks.into(),
            one.bought.into(),
            one.rate().into(),
            expected.into(),
            found.map(|found| found.low).into(),
            found.map(|found| found.high).into(),
            word.into(),
        ]
    };
    Table {
        name,
        title,
        about,
        columns: vec![
            column("What", Unit::Text),
            column("Picks", Unit::Count),
            column("Bought", Unit::Count),
            column("Share", Unit::Share),
            column("All picks", Unit::Share),
            column("From", Unit::Share),
            column("To", Unit::Share),
            column("Beside all picks", Unit::Text),
        ],
        rows: all.iter().map(row).collect(),
    }
}

pub fn slots(report: &Report) -> Table {
    shown(
        "places",
        "Which places sold",
        "Of the picks in each place of the e-mail, those that the customer bought in the window.",
        &report.detail.slots,
    )
}

pub fn origins(report: &Report) -> Table {
    shown(
        "origins",
        "Which picks sold",
        "By how they were chosen. Customers who get best-sellers are others than those who get personal picks.",
        &report.detail.origins,
    )
}

pub fn grid(report: &Report) -> Table {
    let row = |one: &crate::reports::detail::Square| {
        vec![
            one.place.as_str().into(),
            one.origin.as_str().into(),
            one.picks.into(),
            one.bought.into(),
            (one.bought as f64 / one.picks as f64).into(),
        ]
    };
    Table {
        name: "places-origins",
        title: "Which picks sold in which place",
        about: "Of the picks of each kind in each place of the e-mail, those that the customer bought in the window.",
        columns: vec![
            column("Place", Unit::Text),
            column("Chosen", Unit::Text),
            column("Picks", Unit::Count),
            column("Bought", Unit::Count),
            column("Share", Unit::Share),
        ],
        rows: report.detail.grid.iter().map(row).collect(),
    }
}

pub fn products(report: &Report, title_of: impl Fn(&str) -> String) -> Table {
    let row = |one: &ProductFigures| {
        let difference = one.difference();
        let word = match difference {
            Some(difference) if difference.low > 0.0 => "sold more",
            Some(difference) if difference.high < 0.0 => "sold less",
            Some(_) => "cannot be told",
            None => "nobody to compare with",
        };
        vec![
            Some(one.title.clone())
                .filter(|title| !title.is_empty())
                .or_else(|| Some(title_of(&one.product)))
                .filter(|title| !title.is_empty())
                .unwrap_or(one.product.clone())
                .into(),
            one.product.as_str().into(),
            one.shown.into(),
            one.bought.into(),
            one.rate().into(),
            one.rate_unshown().into(),
            difference.map(|difference| difference.estimate).into(),
            word.into(),
        ]
    };
    Table {
        name: "products",
        title: "Which products sold",
        about: "Those shown to most customers: who was shown one and bought it, beside those who got no e-mail. Who is \
                shown a product is no accident, so the difference is a hint, not an effect.",
        columns: vec![
            column("Product", Unit::Text),
            column("Id", Unit::Text),
            column("Shown to", Unit::Count),
            column("Bought by", Unit::Count),
            column("Share", Unit::Share),
            column("Without e-mail", Unit::Share),
            column("Difference", Unit::Change),
            column("Verdict", Unit::Text),
        ],
        rows: report.detail.products.iter().map(row).collect(),
    }
}

pub fn categories(report: &Report) -> Table {
    shown(
        "categories",
        "Which categories sold",
        "Picks of each category, and how many were bought by who was shown them.",
        &report.detail.categories,
    )
}

pub fn scores(report: &Report) -> Table {
    let row = |one: &Foretold| {
        vec![
            one.name.as_str().into(),
            one.picks.into(),
            one.share.low.into(),
            one.share.estimate.into(),
            one.share.high.into(),
        ]
    };
    Table {
        name: "scores",
        title: "Did the model know?",
        about: "Personal picks by how sure the model was of them, in parts of about equally many, and the share that was \
                bought. Where it rises from the lowest scores to the highest, the model knew.",
        columns: vec![
            column("Picks with", Unit::Text),
            column("Picks", Unit::Count),
            column("From", Unit::Share),
            column("Best guess", Unit::Share),
            column("To", Unit::Share),
        ],
        rows: report.detail.scores.iter().map(row).collect(),
    }
}
