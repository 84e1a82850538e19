//! What is read from a file, and what is said of one that cannot be.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use super::*;

fn of_text(text: &str) -> Result<Vec<Line>, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("some.csv");
    std::fs::write(&path, text).unwrap();
    read(&path, &mut Dictionaries::default())
        .map_err(|error| format!("{error:#}").replace(&format!("{}: ", path.display()), ""))
}

#[test]
fn columns_in_any_order() {
    let lines =
        of_text("\u{feff}timestamp,Item,user,weight\n2024-05-01,a,x,2\n1714521600,b,x,0.5\n").unwrap();
    let at_us = Some(1_714_521_600_000_000);
    assert_eq!(lines[0], Line { user: 0, item: 0, weight: 2.0, at_us, kind: None });
    assert_eq!(lines[1], Line { user: 0, item: 1, weight: 0.5, at_us, kind: None });
}

#[test]
fn events_count_as_in_a_shop_unless_a_weight_is_given() {
    let lines = of_text("user,item,event\na,x,view\na,x,Purchase\n").unwrap();
    assert_eq!((lines[0].kind, lines[0].weight), (Some(Kind::View), Weighing::default().view));
    assert_eq!((lines[1].kind, lines[1].weight), (Some(Kind::Purchase), 1.0));
    assert_eq!(of_text("user,item,event,weight\na,x,view,3\n").unwrap()[0].weight, 3.0);
}

#[test]
fn complaints_name_the_line_and_what_was_expected() {
    for (text, says) in [
        (
            "0,1\n2,3\n",
            "it has no column “user”; needed are user,item[,weight][,timestamp][,event] in the first line, found are: 0, 1",
        ),
        ("user_id,item\na,b\n", "it has no column “user” (is it “user_id”?); needed are"),
        ("user,itme\na,b\n", "it has no column “item” (is it “itme”?); needed are"),
        (
            "user,item,event\na,b,sale\n",
            "line 2: the event is “sale”; expected view, click, cart or purchase",
        ),
        ("user,item\n", "it has a header, but no rows"),
        ("", "it is empty"),
        ("\n\n", "it is empty"),
        ("user;item\na;b\n", "its columns are parted by “;”; commas are needed"),
        ("user\titem\na\tb\n", "its columns are parted by tabs; commas are needed"),
        ("user,User,item\na,b,c\n", "it has several columns “user”; leave only one"),
        ("user,item\na,b\nb,\"c\nd,e\n", "line 3: the item goes on over the end of the line; is there"),
        (
            "user,item,weight\na,b,1\na,c,heavy\n",
            "line 3: the weight is “heavy”; expected a number of at least 0",
        ),
        ("user,item,weight\na,b,NaN\n", "line 2: the weight is NaN; expected a number of at least 0"),
        ("user,item\na,b\n,c\n", "line 3: the user is empty"),
        ("user,item,timestamp\na,b,yesterday\n", "line 2: the timestamp is “yesterday”; expected"),
        ("user,item\na,b,c\n", "line 2: the first line has 2 cells, this one 3; a comma inside"),
        ("user,item\na,b\nc\n", "line 3: the first line has 2 cells, this one 1;"),
    ] {
        let error = of_text(text).unwrap_err();
        assert!(error.contains(says), "{error}");
    }
}

#[test]
fn what_is_not_utf_8_is_told_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.csv");
    std::fs::write(&path, b"user,item\na,b\nM\xfcller,c\n").unwrap();
    let error = || format!("{:#}", read(&path, &mut Dictionaries::default()).unwrap_err());
    assert!(error().contains("line 3: it is not text in UTF-8"), "{}", error());
    // As UTF-16.
    std::fs::write(&path, b"\xff\xfeu\0s\0e\0r\0").unwrap();
    assert!(error().contains("line 1: it is not text in UTF-8"), "{}", error());
}

#[test]
fn what_is_no_whole_file_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let error = |path: &Path| format!("{:#}", read(path, &mut Dictionaries::default()).unwrap_err());
    assert!(error(folder.path()).ends_with("is a folder; a file is needed"));
    let path = folder.path().join("log.parquet");
    assert!(error(&path).contains("log.parquet cannot be opened: No such file"));
    std::fs::write(&path, b"PAR1 and no more").unwrap();
    assert!(error(&path).contains("damaged or not whole"), "{}", error(&path));
}

#[test]
fn parquet_is_told_by_its_content() {
    use arrow_array::{ArrayRef, Int64Array, StringArray};
    use std::sync::Arc;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("some.file");
    let users: ArrayRef = Arc::new(Int64Array::from(vec![7, 7]));
    let items: ArrayRef = Arc::new(StringArray::from(vec![Some("a"), None]));
    let batch = RecordBatch::try_from_iter([("user", users), ("item", items)]).unwrap();
    let file = File::create(&path).unwrap();
    let mut writer = parquet::arrow::ArrowWriter::try_new(file, batch.schema(), None).unwrap();
    writer.write(&batch.slice(0, 1)).unwrap();
    writer.close().unwrap();
    let mut known = Dictionaries::default();
    assert_eq!(read(&path, &mut known).unwrap().len(), 1);
    assert_eq!((known.users.id(0), known.items.id(0)), ("7", "a"));
    let file = File::create(&path).unwrap();
    let mut writer = parquet::arrow::ArrowWriter::try_new(file, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let error = format!("{:#}", read(&path, &mut known).unwrap_err());
    assert!(error.ends_with("some.file: row 2: the item is empty"), "{error}");
}
