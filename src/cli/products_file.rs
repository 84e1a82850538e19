//! Files of products, CSV with the columns `item[,title][,category][,brand][,price]`: what a model may learn of them.

use super::interactions_file::{nearest, plainly};
use crate::index::Index;
use crate::picker::describe::category_path;
use crate::recommender::{Description, Descriptions};
use anyhow::{Context, anyhow, bail, ensure};
use std::io::Read;
use std::path::Path;

const EXPECTED: &str = "item[,title][,category][,brand][,price]";

/// Where the columns stand.
struct Columns {
    item: usize,
    title: Option<usize>,
    category: Option<usize>,
    brand: Option<usize>,
    price: Option<usize>,
}

/// Describes the items of `known`; those of the file that nobody did anything with come after them.
pub fn read(path: &Path, known: &mut Index) -> anyhow::Result<Descriptions> {
    let name = path.display();
    ensure!(!path.is_dir(), "{name} is a folder; a file is needed");
    let bytes = std::fs::read(path).with_context(|| format!("{name} cannot be opened"))?;
    ensure!(!bytes.starts_with(b"PAR1"), "{name} is Parquet; products are read from CSV");
    parse(bytes.as_slice(), known).with_context(|| name.to_string())
}

fn parse(bytes: impl Read, known: &mut Index) -> anyhow::Result<Descriptions> {
    let mut reader = csv::Reader::from_reader(bytes);
    let header = reader.headers().map_err(plainly)?;
    let names: Vec<String> =
        header.iter().map(|name| name.trim_start_matches('\u{feff}').trim().to_owned()).collect();
    let columns = columns(&names)?;
    let mut described: Vec<Option<Description>> = vec![None; known.len()];
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record).map_err(plainly)? {
        let line = record.position().map_or(0, csv::Position::line);
        let id = record.get(columns.item).unwrap_or_default();
        ensure!(!id.is_empty(), "line {line}: the item is empty");
        let number = known.intern(id) as usize;
        if number == described.len() {
            described.push(None);
        }
        let description = description(&record, &columns).with_context(|| format!("line {line}"))?;
        if described[number].replace(description).is_some() {
            bail!("line {line}: item “{id}” stands there twice");
        }
    }
    ensure!(described.iter().any(Option::is_some), "it has a header, but no rows");
    Ok(Descriptions(described.into_iter().map(Option::unwrap_or_default).collect()))
}

fn columns(names: &[String]) -> anyhow::Result<Columns> {
    let find = |wanted: &str| names.iter().position(|name| name.eq_ignore_ascii_case(wanted));
    let item = find("item").ok_or_else(|| {
        let meant = nearest("item", names).map_or(String::new(), |name| format!(" (is it “{name}”?)"));
        anyhow!(
            "it has no column “item”{meant}; needed are {EXPECTED} in the first line, parted by commas, found are: {}",
            names.join(", ")
        )
    })?;
    let columns = Columns {
        item,
        title: find("title"),
        category: find("category"),
        brand: find("brand"),
        price: find("price"),
    };
    let said = [columns.title, columns.category, columns.brand, columns.price];
    ensure!(
        said.iter().any(Option::is_some),
        "it says nothing of its items; needed are {EXPECTED} in the first line, at least one of the columns in brackets"
    );
    Ok(columns)
}

fn description(record: &csv::StringRecord, columns: &Columns) -> anyhow::Result<Description> {
    let cell = |at: Option<usize>| at.and_then(|at| record.get(at)).unwrap_or_default().trim();
    let price = match cell(columns.price) {
        "" => None,
        text => {
            let price = text.parse::<f32>().ok().filter(|price| price.is_finite() && *price >= 0.0);
            Some(price.ok_or_else(|| anyhow!("the price is “{text}”; expected a number such as 12.50"))?)
        }
    };
    Ok(Description {
        text: cell(columns.title).to_owned(),
        category_path: category_path(cell(columns.category)),
        brand: Some(cell(columns.brand).to_owned()).filter(|brand| !brand.is_empty()),
        price: price.filter(|price| *price > 0.0),
        ..Description::default()
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

    use super::*;

    #[test]
    fn items_are_described_in_the_order_of_their_numbers() {
        let mut known = Index::new();
        known.intern("b");
        known.intern("z");
        let text = "Item,price,category,title\na,,Home,Cup\nb,2.50,Home > Light,\"Lantern, white\"\n";
        let Descriptions(told) = parse(text.as_bytes(), &mut known).unwrap();
        assert_eq!(known.ids().collect::<Vec<_>>(), ["b", "z", "a"]);
        assert_eq!((told[0].text.as_str(), told[0].price), ("Lantern, white", Some(2.5)));
        assert_eq!(told[0].category_path, ["Home", "Light"]);
        assert_eq!((&told[1], told[2].price), (&Description::default(), None));
    }

    #[test]
    fn every_complaint_says_where_and_what() {
        let complaint = |text: &str| format!("{:#}", parse(text.as_bytes(), &mut Index::new()).unwrap_err());
        for (text, said) in [
            ("", "no column “item”"),
            ("items,title\n", "is it “items”?"),
            ("item\na\n", "says nothing of its items"),
            ("item,title\n", "no rows"),
            ("item,title\n,Cup\n", "line 2: the item is empty"),
            ("item,title\na,Cup\na,Mug\n", "line 3: item “a” stands there twice"),
            ("item,price\na,cheap\n", "line 2: the price is “cheap”"),
            ("item,price\na,-1\n", "expected a number"),
            ("item,title\na\n", "line 2: the first line has 2 cells"),
        ] {
            assert!(complaint(text).contains(said), "{text:?}: {}", complaint(text));
        }
    }
}
