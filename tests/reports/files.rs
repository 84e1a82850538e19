//! Every form of a report, opened and read back.

use super::figures::{event, large, question, small_world};
use super::support;
use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Float64Type, Int64Type};
use arrow_array::{Array, RecordBatch};
use handpick::ids::CampaignId;
use handpick::picker::plan::{Arm, Controls, Origin};
use handpick::records::{Event, EventKind};
use handpick::reports::Reported;
use handpick::reports::delivery::Delivery;
use handpick::reports::formats::{Format, Issue};
use handpick::reports::kpi::Tally;
use handpick::reports::report::Report;
use handpick::reports::tables::tables;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::io::{Cursor, Read, Write};
use std::process::Command;

fn issue(report: Report) -> Issue {
    let title_of = |id: &str| if id == "wine" { "=Wein & <Käse>, 漢".to_owned() } else { String::new() };
    let tables = tables(&report, title_of);
    let found = Reported { id: CampaignId(7), name: "Spring <letter>".into(), report, frozen: None };
    Issue::new(found, tables, "Käserei Müller", chrono_tz::UTC)
}

fn unzip(bytes: Vec<u8>) -> zip::ZipArchive<Cursor<Vec<u8>>> {
    zip::ZipArchive::new(Cursor::new(bytes)).unwrap()
}

fn text_of(archive: &mut zip::ZipArchive<Cursor<Vec<u8>>>, name: &str) -> String {
    let mut text = String::new();
    archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
    text
}

fn names_of(archive: &zip::ZipArchive<Cursor<Vec<u8>>>) -> Vec<String> {
    archive.file_names().map(|name| name.unwrap().into_owned()).collect()
}

fn batch(bytes: &[u8]) -> RecordBatch {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap().next().unwrap().unwrap()
}

#[test]
fn the_workbook_has_formulas_sheets_and_frozen_heads() {
    let mut book = unzip(issue(small_world(14)).write(Format::Xlsx).unwrap());
    let names = text_of(&mut book, "xl/workbook.xml");
    for sheet in ["Summary", "Groups", "Days", "Gained", "Products", "Uplift", "Spending", "What it means"] {
        assert!(names.contains(&format!("name=\"{sheet}\"")), "{sheet} in {names}");
    }
    let groups = text_of(&mut book, "xl/worksheets/sheet2.xml");
    assert!(groups.contains("state=\"frozen\""), "{groups}");
    // Three of six mailed bought: the formula with its value.
    assert!(groups.contains("<f>C2/B2</f><v>0.5</v>"), "{groups}");
    assert!(groups.contains("<f>F2-G2</f><v>108</v>"), "{groups}");
    // Nobody of the holdout had picks: nothing is divided.
    assert!(!groups.contains("<f>L5/K5</f>") && groups.contains("<f>L2/K2</f><v>0.5</v>"), "{groups}");
    assert!(names_of(&book).iter().any(|name| name.starts_with("xl/charts/")));
}

#[test]
fn parquet_holds_numbers_as_numbers_and_days_as_days() {
    let issue = issue(small_world(14));
    let (bytes, _) = issue.part("groups", "parquet").unwrap().unwrap();
    let groups = batch(&bytes);
    let column = |name: &str| groups.column_by_name(name).unwrap().clone();
    assert_eq!(column("customers").as_primitive::<Int64Type>().values(), &[6, 4, 2, 2]);
    assert_eq!(column("revenue").as_primitive::<Float64Type>().values(), &[108.0, 100.0, 8.0, 16.0]);
    assert!(column("of_those_with_picks").is_null(3));
    let (bytes, _) = issue.part("days", "parquet").unwrap().unwrap();
    let days = batch(&bytes);
    // 2 March 2026 is 20 514 days after 1 January 1970.
    assert_eq!(days.column(0).as_primitive::<Date32Type>().value(0), 20_514);
    let long = batch(&issue.write(Format::Parquet).unwrap());
    let metrics = long.column_by_name("metric").unwrap().as_string::<i32>().clone();
    let at = metrics.iter().position(|metric| metric == Some("additional_revenue")).unwrap();
    assert!(
        (long.column_by_name("value").unwrap().as_primitive::<Float64Type>().value(at) - 60.0).abs() < 1e-9
    );
}

#[test]
fn the_zip_holds_every_form_table_and_chart() {
    let mut all = unzip(issue(small_world(14)).write(Format::Zip).unwrap());
    let names = names_of(&all);
    for name in [
        "report.html",
        "report.pdf",
        "report.xlsx",
        "report.csv",
        "report.parquet",
        "report.json",
        "tables/products.csv",
        "tables/days.parquet",
        "charts/gained.svg",
    ] {
        assert!(names.iter().any(|known| known == name), "{name} in {names:?}");
    }
    let products = text_of(&mut all, "tables/products.csv");
    assert!(products.contains("\"'=Wein & <Käse>, 漢\""), "a title is no formula: {products}");
    let chart = text_of(&mut all, "charts/places.svg");
    assert!(chart.starts_with("<svg xmlns=") && chart.contains("Place 1"), "{chart}");
    assert_eq!(
        issue(small_world(14)).write(Format::Zip).unwrap(),
        issue(small_world(14)).write(Format::Zip).unwrap()
    );
}

#[test]
fn json_holds_the_tables_that_people_read() {
    let bytes = issue(small_world(14)).write(Format::Json).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
    let groups = &json["tables"][0];
    assert_eq!((&groups["name"], &groups["columns"][5]["kind"]), (&"groups".into(), &"money".into()));
    assert_eq!(groups["rows"][0][1], 6);
    assert_eq!(groups["rows"][3][12], serde_json::Value::Null);
}

#[test]
fn the_pdf_is_tagged_and_its_text_can_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.pdf");
    std::fs::write(
        &path,
        issue(large(2_000, Controls { holdout_share: 0.1, baseline_share: 0.0 })).write(Format::Pdf).unwrap(),
    )
    .unwrap();
    let info = support::run(Command::new("pdfinfo").arg(&path), "poppler-utils");
    let info = String::from_utf8_lossy(&info.stdout).into_owned();
    assert!(info.contains("Spring <letter>: what it earned") && info.contains("A4"), "{info}");
    assert!(info.lines().any(|line| line.starts_with("Tagged:") && line.ends_with("yes")), "{info}");
    let text = support::run(Command::new("pdftotext").args(["-layout"]).arg(&path).arg("-"), "poppler-utils");
    let text = String::from_utf8_lossy(&text.stdout).into_owned();
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for said in
        ["Käserei Müller", "The campaign earned about 9 300 EUR more", "What each number means", "Page 1 of"]
    {
        assert!(words.contains(said), "{said} in {words}");
    }
}

/// Whatever is broken in the shop's data, a number or a reason stands in every cell.
#[test]
fn bad_data_gives_a_caveat_and_never_a_number_that_is_none() {
    let halves = Controls { holdout_share: 0.5, baseline_share: 0.0 };
    let arms = |mailed: usize, holdout: usize| {
        let arm = move |n: usize| if n < mailed { Arm::Picks } else { Arm::Holdout };
        (0..mailed + holdout).map(move |n| (format!("c{n}"), arm(n)))
    };
    let nobody_bought = Tally::new(question(14, halves), arms(50, 50)).finish();
    let no_holdout = Tally::new(question(14, halves), arms(50, 0)).finish();
    let nobody = Tally::new(question(14, halves), arms(0, 0)).finish();
    let only_one = Tally::new(question(14, halves), arms(1, 1)).finish();
    let mut broken = Tally::new(question(14, halves), arms(50, 50));
    broken.pick("c1", "wine", 1, (Origin::Personal, 1.0));
    broken.event(&event(EventKind::Refund, 2, "c1", "wine", "", 20));
    broken.event(&Event { currency: Some("USD"), ..event(EventKind::Purchase, 2, "c2", "wine", "a", 20) });
    broken.event(&Event { value: None, ..event(EventKind::Purchase, 2, "c3", "wine", "b", 0) });
    let broken = broken.finish();
    for (caution, report) in [
        ("order lines in another currency", &broken),
        ("refunds of what was paid before", &broken),
        ("have no amount and count as zero", &broken),
        ("fewer than 20 buyers", &nobody_bought),
    ] {
        assert!(
            report.cautions.iter().any(|said| said.contains(caution)),
            "{caution}: {:?}",
            report.cautions
        );
    }
    for report in [nobody_bought, no_holdout, nobody, only_one, broken] {
        assert!(!report.verdict.is_empty());
        let mut archive = unzip(issue(report.clone()).write(Format::Zip).unwrap());
        let names = names_of(&archive);
        let texts = names
            .iter()
            .filter(|name| name.ends_with("csv") || name.ends_with("json") || name.ends_with("svg"));
        for name in texts {
            let text = text_of(&mut archive, name);
            assert!(
                !text.contains("NaN") && !text.contains("inf,") && !text.contains("Infinity"),
                "{name}: {text}"
            );
        }
        let page = String::from_utf8(issue(report).write(Format::Html).unwrap()).unwrap();
        assert!(!page.contains("NaN") && !page.contains(">inf"), "{page}");
    }
}

#[test]
fn what_became_of_the_emails_is_told_and_drawn() {
    let mut report = small_world(14);
    assert_eq!(
        issue(report.clone()).part("delivery", "csv").unwrap(),
        None,
        "sent by another tool that told nothing"
    );
    let by_place = [(1, 3)].into();
    report.delivery = Some(Delivery { openers: 3, clickers: 2, by_place, ..Delivery::default() });
    let (elsewhere, _) = issue(report.clone()).part("delivery", "csv").unwrap().unwrap();
    let elsewhere = String::from_utf8(elsewhere).unwrap();
    assert!(!elsewhere.contains("Sent,0") && elsewhere.contains("Opened,3,,"), "{elsewhere}");
    report.delivery = report.delivery.map(|delivery| Delivery { sent: 4, refused: 1, ..delivery });
    let issue = issue(report);
    let (ours, _) = issue.part("delivery", "csv").unwrap().unwrap();
    let ours = String::from_utf8(ours).unwrap();
    for row in ["Sent,4,1,", "Refused,1,,", "Opened,3,0.75,", "Clicked,2,0.5,", "Clicks on place 1,3,,"] {
        assert!(ours.contains(row), "{row} in {ours}");
    }
    let (funnel, _) = issue.part("funnel", "svg").unwrap().unwrap();
    let funnel = String::from_utf8(funnel).unwrap();
    assert!(funnel.contains(">Clicked</text>") && funnel.contains(">2  (33.3\u{a0}%)</text>"), "{funnel}");
}
