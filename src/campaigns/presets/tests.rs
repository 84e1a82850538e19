//! Each tool's file against what the tool documents.

use super::*;
use crate::campaigns::export::{Export, Source};
use crate::campaigns::people::People;
use crate::ids::CampaignId;
use crate::picker::catalogue::Catalogue;
use crate::picker::pick::Picked;
use crate::picker::picks_file;
use crate::picker::plan::{Arm, Origin, Plan, Products};
use crate::picker::reason::Why;
use crate::picker::rules::{self, Setting};
use crate::picker::slate::Placed;
use crate::progress::Silent;
use crate::records::{Customer, Product};
use chrono::DateTime;
use std::convert::Infallible;

/// 302 bytes of two-byte letters.
const LONG: &str = concat!(
    "ÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄ",
    "ÖÖÖÖÖÖÖÖÖÖÖÖÖÖÖÖÖÖÖÖÖÖÖÖÖÖÖÖÖÖÖÖÖÖÖÖÖÖÖÖÖÖÖÖÖÖÖÖÖÖ",
    "ÜÜÜÜÜÜÜÜÜÜÜÜÜÜÜÜÜÜÜÜÜÜÜÜÜÜÜÜÜÜÜÜÜÜÜÜÜÜÜÜÜÜÜÜÜÜÜÜÜÜ",
    "!!"
);

const SMALL: Spec = Spec {
    name: "small",
    title: "Small",
    about: "",
    people: &[],
    fields: &[Field::Id],
    shape: Shape::Wide,
    column: |slot, _| format!("p{slot}"),
    text_bytes: 100,
    most_columns: 100,
    rows: 1,
    bytes: 1,
    snippet: |_| String::new(),
};

/// One mailed customer with products in three places (a price in francs, a long title, a formula over two lines), one
/// without an address, one of the holdout.
fn exported_to<T>(slots: u8, with: impl FnOnce(&Export<'_>) -> T) -> T {
    exported(1, slots, with)
}

/// So many mailed customers.
fn exported<T>(mailed: usize, slots: u8, with: impl FnOnce(&Export<'_>) -> T) -> T {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("g");
    let product = |id: &str, title: &str| Product {
        id: id.into(),
        title: title.into(),
        url: Some(format!("https://shop.example/{id}?a=1#top")),
        image: Some(format!("https://shop.example/{id}.png")),
        price: "12.5".parse().ok(),
        currency: Some("CHF".into()),
        active: true,
        ..Product::default()
    };
    let catalogue = Catalogue::new(vec![
        product("p1", "Tea; \"green\", 1 kg"),
        product("p2", LONG),
        product("p3", "=HYPERLINK(1)\nin two lines"),
    ]);
    let choice = catalogue.choose(&Products::default(), None, DateTime::UNIX_EPOCH);
    let setting = Setting::of(&Plan::default(), &catalogue, None, DateTime::UNIX_EPOCH);
    let rules = rules::compile(&[], choice, setting).unwrap();
    let placed =
        |place| Some(Placed { place, score: 0.5, origin: Origin::Popular, why: Why::Popular, past: None });
    let all = Picked { arm: Arm::Picks, slots: vec![placed(0), placed(1), placed(2)] };
    let holdout = Picked { arm: Arm::Holdout, slots: vec![] };
    let mut ids: Vec<Box<str>> = vec!["c1".into(), "c2".into()];
    ids.extend((2..=mailed).map(|number| format!("d{number}").into()));
    let mut picked = vec![all; ids.len()];
    ids.push("zed".into());
    picked.push(holdout);
    let mut writer = picks_file::Writer::create(&folder).unwrap();
    writer.write(&ids, &picked, (&catalogue, &rules), |_| None).unwrap();
    writer.publish().unwrap();
    let customer = |id: &str, email: &str| Customer {
        id: id.into(),
        email: Some(email.into()),
        first_name: Some("@Anna".into()),
        ..Customer::default()
    };
    let mut known = vec![customer("c1", "anna@example.com"), customer("c2", " ")];
    known.extend((2..=mailed).map(|number| customer(&format!("d{number}"), "d@example.com")));
    known.push(customer("zed", "z@example.com"));
    let arms = picks_file::arms(&folder).unwrap();
    let people = People::read(arms, known.into_iter().map(Ok::<_, Infallible>)).unwrap();
    let source = Source {
        campaign: CampaignId(7),
        name: "May, sale!",
        slots,
        currency: "EUR",
        secret: b"s",
        folder: &folder,
        exported_at: DateTime::UNIX_EPOCH,
        pictures: None,
    };
    with(&Export::new(source, catalogue, people))
}

fn file(name: &str, slots: u8) -> (Vec<Vec<String>>, Told) {
    let spec = of_name(name).unwrap();
    exported_to(slots, |export| {
        let mut out = Vec::new();
        let mut told = Told::default();
        let close = |part: Vec<u8>, of_part: Told| {
            told.add(&of_part);
            out = part;
            Ok(())
        };
        write(export, spec, &Silent, |_| Ok(Vec::new()), close).unwrap();
        assert!(std::str::from_utf8(&out).is_ok());
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(out.as_slice());
        let rows = reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect());
        (rows.collect(), told)
    })
}

fn column<'a>(rows: &'a [Vec<String>], name: &str, row: usize) -> &'a str {
    let at =
        rows[0].iter().position(|column| column == name).unwrap_or_else(|| panic!("{name}: {:?}", rows[0]));
    &rows[row][at]
}

#[test]
fn no_file_has_the_holdout_and_every_snippet_names_the_columns_and_no_other() {
    for spec in &TOOLS {
        let (rows, told) = file(spec.name, 3);
        assert_eq!((rows.len(), told.recipients, told.without_address), (2, 1, 1), "{}", spec.name);
        assert!(!rows.concat().iter().any(|cell| cell.contains("zed")), "{}", spec.name);
        assert!(rows.iter().all(|row| row.len() == rows[0].len()), "{}", spec.name);
        let snippet = (spec.snippet)(spec.places(3));
        match spec.shape {
            Shape::Json(column) => {
                assert_eq!(rows[0].last().unwrap(), column);
                for field in spec.fields {
                    assert!(snippet.contains(&format!("{{{{ .{} }}}}", field.name())), "{snippet}");
                }
            }
            Shape::Wide => {
                let products = &rows[0][spec.people.len()..];
                assert_eq!(products.len(), 3 * spec.fields.len());
                for column in products {
                    assert!(snippet.contains(column.as_str()), "{column} in {snippet}");
                }
                let fourth = (spec.column)(4, spec.fields[0]);
                assert!(!snippet.contains(&fourth), "{fourth}");
            }
        }
    }
}

#[test]
fn mailchimp_keeps_thirty_fields_of_255_bytes_under_tags_of_ten() {
    let (rows, told) = file("mailchimp", 8);
    assert!(rows[0].len() <= 30 && told.places_left_out == 2, "{:?}", rows[0]);
    for tag in &rows[0][1..] {
        let is_tag =
            tag.len() <= 10 && tag.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
        assert!(is_tag, "{tag}");
    }
    assert_eq!(rows[0][0], "Email Address");
    assert!(rows[1].iter().all(|cell| cell.len() <= 255), "{rows:?}");
    let title = column(&rows, "R2TITLE", 1);
    assert!(title.ends_with('…') && LONG.starts_with(title.trim_end_matches('…').trim_end()), "{title}");
    assert_eq!(told.texts_cut, 1);
    let (said, all) = (told.sentences(of_name("mailchimp").unwrap()), "half an address leads nowhere");
    assert!(said.iter().any(|line| line.contains("30 fields")), "{said:?}");
    assert_eq!(told.addresses_left_out > 0, said.iter().any(|line| line.contains(all)), "{said:?}");
}

#[test]
fn names_are_as_each_tool_takes_them() {
    let heads = [
        ("klaviyo", "Email Address", "rec_1_title"),
        ("klaviyo-ids", "Email Address", "rec_1_id"),
        ("mautic", "email", "rec1_title"),
        ("listmonk", "email", "attributes"),
        ("emarsys", "email", "rec_1_title"),
        ("salesforce", "SubscriberKey", "Rec1Title"),
        ("braze", "external_id", "rec_1_title"),
    ];
    for (tool, first, product) in heads {
        let (rows, _) = file(tool, 2);
        assert_eq!(rows[0][0], first, "{tool}");
        assert!(rows[0].iter().any(|column| column == product), "{tool}: {:?}", rows[0]);
        assert!(rows[0].iter().all(|name| name.starts_with(|c: char| c.is_ascii_alphabetic())), "{tool}");
        let mut names = rows[0].clone();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), rows[0].len(), "{tool}: a name twice");
    }
}

#[test]
fn values_arrive_whole_and_harmless() {
    let (rows, _) = file("salesforce", 3);
    assert_eq!(column(&rows, "Rec1Title", 1), "Tea; \"green\", 1 kg");
    assert_eq!(column(&rows, "Rec2Title", 1), LONG);
    // What a spreadsheet would calculate begins with a space, which the tool trims; line ends are none.
    assert_eq!(column(&rows, "Rec3Title", 1), " =HYPERLINK(1) in two lines");
    assert_eq!(column(&rows, "FirstName", 1), " @Anna");
    assert!(column(&rows, "Rec1Url", 1).contains("utm_source=handpick"));
    assert_eq!(column(&rows, "Rec1Price", 1), "12.50\u{a0}CHF");
    let (rows, _) = file("listmonk", 3);
    let recs: serde_json::Value = serde_json::from_str(column(&rows, "attributes", 1)).unwrap();
    assert_eq!(recs["recs"][2]["title"], "=HYPERLINK(1) in two lines");
    assert_eq!(recs["recs"][0]["price"], "12.50\u{a0}CHF");
}

/// Each part's rows without its header, and what is told of it.
fn parts(export: &Export<'_>, spec: &Spec) -> Vec<(Vec<u8>, Told)> {
    let mut parts = Vec::new();
    let close = |part: Vec<u8>, told: Told| {
        parts.push((part, told));
        Ok(())
    };
    write(export, spec, &Silent, |_| Ok(Vec::new()), close).unwrap();
    parts
}

#[test]
fn files_are_split_where_a_tool_takes_no_more_rows_or_bytes() {
    let of = |rows: u64, bytes: u64| Spec { rows, bytes, people: &[("email", Who::Email)], ..SMALL };
    exported(5, 3, |export| {
        for (spec, wanted) in [
            (of(2, u64::MAX), vec![2, 2, 1]),
            (of(5, u64::MAX), vec![5]),
            (of(u64::MAX, u64::MAX), vec![5]),
            // One fits whatever its size.
            (of(u64::MAX, 1), vec![1; 5]),
        ] {
            let parts = parts(export, &spec);
            assert_eq!(parts.iter().map(|(_, told)| told.recipients).collect::<Vec<_>>(), wanted);
            let heads: Vec<&[u8]> =
                parts.iter().map(|(part, _)| part.split(|b| *b == b'\n').next().unwrap()).collect();
            assert!(heads.iter().all(|head| *head == heads[0]));
        }
        let whole = parts(export, &of(u64::MAX, u64::MAX))[0].0.len() as u64;
        let halves = parts(export, &of(u64::MAX, whole - 1));
        assert!(halves.len() > 1 && halves.iter().all(|(part, _)| (part.len() as u64) < whole));
        let row = |part: &Vec<u8>| part.iter().filter(|b| **b == b'\n').count() - 1;
        assert_eq!(halves.iter().map(|(part, _)| row(part)).sum::<usize>(), 5);
    });
}

#[test]
fn the_workbook_has_numbers_and_the_parquet_file_every_pick() {
    exported_to(3, |export| {
        let mut out = std::io::Cursor::new(Vec::new());
        assert_eq!(write_xlsx(export, &mut out, &Silent).unwrap(), 2);
        let cells = cells_of(out);
        let people =
            [("A1", "Customer"), ("B1", "E-mail"), ("E1", "Group"), ("A2", "c1"), ("B2", "anna@example.com")];
        // A workbook's text is never calculated.
        let products =
            [("F1", "Product 1"), ("G2", "Tea; \"green\", 1 kg"), ("I2", "CHF"), ("Q3", "A best-seller")];
        for (place, text) in
            people.into_iter().chain(products).chain([("S2", "=HYPERLINK(1)\nin two lines"), ("M2", LONG)])
        {
            assert_eq!(cells.get(place), Some(&Cell::Text(text.into())), "{place} of {cells:?}");
        }
        assert_eq!(cells["H2"], Cell::Number(12.5));
        assert!(
            matches!(&cells["J2"], Cell::Text(link) if link.contains("utm_source=handpick")),
            "{:?}",
            cells["J2"]
        );
        assert!(!cells.contains_key("A4"), "the holdout is no row");
        let mut out = Vec::new();
        let rows = write_parquet(export, &mut out, &Silent).unwrap();
        let reader = ::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(bytes(out));
        let batches: Vec<_> = reader.unwrap().build().unwrap().map(Result::unwrap).collect();
        assert_eq!(batches.iter().map(|batch| batch.num_rows() as u64).sum::<u64>(), rows);
        assert_eq!(rows, 6, "two recipients with three products each");
        use arrow_array::cast::AsArray;
        let texts = |name: &str| -> Vec<String> {
            let column = batches[0].column_by_name(name).unwrap().as_string::<i32>();
            column.iter().map(|text| text.unwrap().to_owned()).collect()
        };
        assert_eq!(texts("user_id"), ["c1", "c1", "c1", "c2", "c2", "c2"]);
        assert_eq!(texts("item_id"), ["p1", "p2", "p3", "p1", "p2", "p3"]);
        assert_eq!(texts("title")[2], "=HYPERLINK(1)\nin two lines", "nothing calculates here");
        assert_eq!((texts("variant")[0].as_str(), texts("currency")[0].as_str()), ("picks", "CHF"));
        let ranks =
            batches[0].column_by_name("rank").unwrap().as_primitive::<arrow_array::types::Int32Type>();
        assert_eq!(ranks.values(), &[1, 2, 3, 1, 2, 3]);
        let prices =
            batches[0].column_by_name("price").unwrap().as_primitive::<arrow_array::types::Float64Type>();
        assert!(prices.values().iter().all(|price| *price == 12.5));
    });
}

#[derive(Debug, PartialEq)]
enum Cell {
    Text(String),
    Number(f64),
}

/// What a spreadsheet finds in the first sheet, by place: read from its XML, not with what wrote it.
fn cells_of(book: std::io::Cursor<Vec<u8>>) -> std::collections::BTreeMap<String, Cell> {
    let mut book = zip::ZipArchive::new(book).unwrap();
    let mut read = |name: &str| {
        let mut text = String::new();
        let file = book.by_name(name).ok();
        file.map(|mut file| std::io::Read::read_to_string(&mut file, &mut text).unwrap());
        text
    };
    let plain = |text: &str| {
        let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
        text.replace("_x000a_", "\n").replace("&amp;", "&")
    };
    let inside = |text: &str, tag: &str| -> Option<String> {
        let (_, rest) = text.split_once(&format!("<{tag}"))?;
        Some(rest.split_once('>')?.1.split_once(&format!("</{tag}>"))?.0.to_owned())
    };
    let shared: Vec<String> = read("xl/sharedStrings.xml")
        .split("<si>")
        .skip(1)
        .map(|one| plain(&inside(one, "t").unwrap()))
        .collect();
    let sheet = read("xl/worksheets/sheet1.xml");
    let cell = |cell: &str| {
        let place = cell.split_once("r=\"")?.1.split('"').next()?.to_owned();
        let kind = cell
            .split('>')
            .next()?
            .split_once("t=\"")
            .map_or("", |(_, kind)| kind.split('"').next().unwrap());
        let value = match kind {
            "inlineStr" => Cell::Text(plain(&inside(cell, "t")?)),
            "s" => Cell::Text(shared[inside(cell, "v")?.parse::<usize>().ok()?].clone()),
            _ => Cell::Number(inside(cell, "v")?.parse().ok()?),
        };
        Some((place, value))
    };
    sheet.split("<c ").skip(1).filter_map(cell).collect()
}

/// Every tool's documented limits at once, with a text, an address and a campaign larger than any of them.
#[test]
fn no_file_has_more_than_its_tool_keeps() {
    for spec in &TOOLS {
        for slots in [1, 3, 20] {
            let (rows, told) = file(spec.name, slots);
            assert!(rows[0].len() <= spec.most_columns, "{}: {} columns", spec.name, rows[0].len());
            let json = matches!(spec.shape, Shape::Json(_));
            let cells = rows[1].iter().take(if json { spec.people.len() } else { usize::MAX });
            for cell in cells {
                assert!(cell.len() <= spec.text_bytes, "{}: {cell}", spec.name);
                assert!(!cell.contains(['\n', '\r']), "{}: a line ends within {cell}", spec.name);
                assert!(!cell.starts_with(['=', '+', '-', '@']), "{}: {cell}", spec.name);
            }
            let cut = spec.text_bytes < LONG.len() && slots > 1 && spec.fields.contains(&Field::Title);
            assert_eq!(told.texts_cut > 0, cut, "{} says what it cut", spec.name);
        }
    }
}

fn bytes(out: Vec<u8>) -> actix_web::web::Bytes {
    out.into()
}
