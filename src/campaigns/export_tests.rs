//! The files of a small generation, cell by cell.

use super::*;
use crate::picker::pick::Picked;
use crate::picker::plan::{Origin, Plan, Products};
use crate::picker::reason::Why;
use crate::picker::rules::{self, Setting};
use crate::picker::slate::Placed;
use crate::progress::Silent;
use crate::records::{Customer, Product};
use std::convert::Infallible;

/// Two mailed customers and one of the holdout; the first product's title would be a formula.
fn exported(format: Format, dialect: Dialect) -> String {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("g");
    let product = |id: &str, title: &str| Product {
        id: id.into(),
        title: title.into(),
        url: Some(format!("https://shop.example/{id}?a=1#top")),
        price: "12.5".parse().ok(),
        active: true,
        ..Product::default()
    };
    let catalogue =
        Catalogue::new(vec![product("p1", "=HYPERLINK(1)"), product("p2", "Tea; \"green\", 1 kg")]);
    let choice = catalogue.choose(&Products::default(), None, DateTime::UNIX_EPOCH);
    let rules =
        rules::compile(&[], choice, Setting::of(&Plan::default(), &catalogue, None, DateTime::UNIX_EPOCH))
            .unwrap();
    let placed = |place, origin, why, past| Some(Placed { place, score: 0.5, origin, why, past });
    let picked = [
        Picked {
            arm: Arm::Picks,
            slots: vec![
                placed(1, Origin::Personal, Why::Bought, Some(0)),
                placed(0, Origin::Popular, Why::Popular, None),
            ],
        },
        Picked { arm: Arm::Baseline, slots: vec![None, placed(1, Origin::Popular, Why::Popular, None)] },
        Picked { arm: Arm::Holdout, slots: vec![] },
    ];
    let ids: [Box<str>; 3] = ["-c1".into(), "c2".into(), "zed".into()];
    let mut writer = picks_file::Writer::create(&folder).unwrap();
    writer.write(&ids, &picked, (&catalogue, &rules), |_| None).unwrap();
    writer.publish().unwrap();
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "nothing unfinished is left");
    let customer = Customer {
        id: "-c1".into(),
        email: Some("anna@example.com".into()),
        first_name: Some("@Anna".into()),
        ..Customer::default()
    };
    let arms = picks_file::arms(&folder).unwrap();
    let people = People::read(arms, [Ok::<_, Infallible>(customer)].into_iter()).unwrap();
    let source = Source {
        campaign: CampaignId(7),
        name: "May, sale!",
        slots: 2,
        currency: "EUR",
        secret: b"s",
        folder: &folder,
        exported_at: DateTime::UNIX_EPOCH,
        pictures: None,
    };
    let mut out = Vec::new();
    Export::new(source, catalogue, people).write(format, dialect, &mut out, &Silent).unwrap();
    String::from_utf8(out).unwrap()
}

fn records(text: &str, delimiter: u8) -> Vec<Vec<String>> {
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).delimiter(delimiter).from_reader(text.as_bytes());
    reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
}

#[test]
fn wide_has_a_row_per_recipient_and_neutralises_formulas() {
    let text = exported(Format::Wide, Dialect::Plain);
    let rows = records(&text, b',');
    assert_eq!(rows.len(), 3);
    assert_eq!(rows[0].len(), 7 + 2 * 9 + 2);
    assert_eq!(&rows[1][..7], ["anna@example.com", "'-c1", "'@Anna", "", "", "7", "picks"]);
    assert_eq!(rows[1][9], "Tea; \"green\", 1 kg");
    let link = &rows[1][10];
    assert!(link.starts_with("https://shop.example/p2?a=1&utm_source=handpick&utm_medium=email"), "{link}");
    assert!(link.contains("utm_campaign=may-sale&hp=") && link.ends_with("-1#top"), "{link}");
    assert_eq!(&rows[1][12..16], ["12.50", "EUR", "Because they bought “=HYPERLINK(1)”", "personal"]);
    assert_eq!(rows[1][18], "'=HYPERLINK(1)");
    assert_eq!(rows[2][7], "", "an empty slot has empty cells");
    assert!(text.ends_with("\r\n"));
}

#[test]
fn excel_gets_semicolons_and_a_mark() {
    let text = exported(Format::Wide, Dialect::Excel);
    let rows = records(text.strip_prefix('\u{feff}').unwrap(), b';');
    assert_eq!((rows.len(), rows[1][9].as_str()), (3, "Tea; \"green\", 1 kg"));
}

#[test]
fn long_has_a_row_per_pick() {
    let rows = records(&exported(Format::Long, Dialect::Plain), b',');
    let ranks: Vec<_> = rows[1..].iter().map(|row| (row[1].as_str(), row[4].as_str())).collect();
    assert_eq!(ranks, [("'-c1", "1"), ("'-c1", "2"), ("c2", "2")]);
    assert_eq!(rows[0].len(), rows[1].len());
}

#[test]
fn json_lines_keep_texts_as_they_are() {
    let text = exported(Format::JsonLines, Dialect::Plain);
    let rows: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0]["user_id"], "-c1");
    assert_eq!(rows[0]["picks"][1]["title"], "=HYPERLINK(1)");
    assert_eq!(rows[0]["picks"][0]["price"], "12.50");
}

#[test]
fn the_holdout_is_a_file_of_its_own_without_addresses() {
    let rows = records(&exported(Format::Holdout, Dialect::Plain), b',');
    assert_eq!(rows.len(), 2);
    assert_eq!(&rows[1][..3], ["zed", "7", "holdout"]);
    for format in [Format::Wide, Format::Long, Format::JsonLines] {
        assert!(!exported(format, Dialect::Plain).contains("zed"));
    }
}

#[test]
fn one_customer_is_found_by_id() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("g");
    let writer = picks_file::Writer::create(&folder).unwrap();
    writer.publish().unwrap();
    assert_eq!(picks_file::picks_of(&folder, "nobody").unwrap(), []);
    drop(picks_file::Writer::create(&dir.path().join("h")).unwrap());
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "an abandoned generation leaves nothing");
}
