//! The command's choices, its words, and what it measures on logs that fit on a line.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use super::*;
use crate::progress::Silent;
use serde_json::{Value, json};

fn file(text: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    file
}

/// Parts the text and measures.
fn measured(
    text: &str,
    split: Split,
    ranked: Ranked,
    find: Option<Kind>,
    models: &[&str],
) -> Result<Report, String> {
    let file = file(text);
    let in_words =
        |error: anyhow::Error| format!("{error:#}").replace(&file.path().display().to_string(), "log");
    let data = Parts::split(file.path(), split, ranked).and_then(|parts| Data::new(&parts, ranked, find));
    let measuring = Measuring { data: data.map_err(in_words)?, k: 20, ranked, by_activity: true };
    let models: Vec<String> = models.iter().map(|&model| model.to_owned()).collect();
    measuring.run(asked(&models, &[], false).unwrap(), &Silent).map_err(in_words)
}

const TINY: &str = "user,item,timestamp\na,x,1\nb,x,1\nb,y,2\na,y,10\n";
const AT_5: Split = Split::At(5_000_000);

#[test]
fn a_tiny_log_is_split_and_measured() {
    let report = measured(TINY, AT_5, Ranked::New, None, &["popular"]).unwrap().json(Some(7));
    assert_eq!((&report["recall@20"], &report["interactions"]), (&json!(1.0), &json!(3)));
    for field in ["model", "params", "users", "items", "interactions", "test_users"] {
        assert!(!report[field].is_null(), "{field}");
    }
    for field in ["recall@20", "ndcg@20", "hit_rate@20", "mrr@20", "coverage@20", "map@20", "diversity@20"] {
        assert!(report[field].is_f64() && report["best_sellers"][field].is_f64(), "{field}");
    }
    for field in ["train_seconds", "score_seconds", "users_per_second", "peak_memory_bytes"] {
        assert!(report[field].is_number(), "{field}");
    }
    assert_eq!(report["difference"]["ndcg@20"], json!([0.0, 0.0, 0.0]));
    assert_eq!(report["by_activity"][0]["training_items"], json!([1, 1]));
}

#[test]
fn all_models_stand_beside_best_sellers() {
    let report = measured(TINY, AT_5, Ranked::New, None, &["all"]).unwrap();
    let json = report.json(None);
    let kinds: Vec<&Value> = json["models"].as_array().unwrap().iter().map(|model| &model["model"]).collect();
    // Files do not describe the items, and content learns from nothing else.
    let learnt: Vec<&str> = Params::KINDS.iter().copied().filter(|&kind| kind != "content").collect();
    assert_eq!(kinds, learnt);
    let text = report.text();
    let lines: Vec<&str> = text.lines().collect();
    assert!(
        lines[0].starts_with(
            "Learned from 3 interactions of 2 users and 2 items; users with something to find: 1."
        ),
        "{text}"
    );
    let found = lines.iter().position(|line| *line == "What was found").unwrap();
    assert!(
        lines[found + 2].starts_with("best-sellers") && lines[found + 3].starts_with("item_knn"),
        "{text}"
    );
    assert!(text.contains("als: ") && text.contains("factors="), "{text}");
    assert!(text.contains("asymmetry=0.6 "), "{text}");
}

#[test]
fn the_last_item_or_a_share_is_held_back() {
    let report = measured(TINY, Split::LastOfEach, Ranked::New, None, &["item_knn"]).unwrap();
    assert_eq!((report.models[0].users, report.interactions), (2, 2));
    let half = Split::Share { share: 0.5, seed: 1 };
    let untimed = "user,item\na,x\na,y\nb,x\nb,y\nc,x\n";
    assert_eq!(measured(untimed, half, Ranked::New, None, &["popular"]).unwrap().interactions, 3);
}

#[test]
fn what_is_bought_again_counts_where_it_is_asked_for() {
    // a buys x again and again; only what is new could be y.
    let text = "user,item,timestamp\na,x,1\na,x,2\nb,y,1\na,x,9\n";
    let again = measured(text, AT_5, Ranked::All, None, &["item_knn"]).unwrap();
    assert_eq!(again.models[0].quality.recall, 1.0);
    let error = measured(text, AT_5, Ranked::New, None, &["item_knn"]).err().unwrap();
    assert!(error.starts_with("no user has a test item"), "{error}");
    let last = measured(text, Split::LastOfEach, Ranked::All, None, &["popular"]).unwrap();
    assert_eq!((last.interactions, last.models[0].users), (2, 1));
}

#[test]
fn only_purchases_are_found_where_it_is_asked_for() {
    // a looked at y before buying it, and looks at z later.
    let text =
        "user,item,timestamp,event\na,y,1,view\na,x,1,purchase\nb,z,2,purchase\na,y,8,purchase\na,z,9,view\n";
    let report = measured(text, AT_5, Ranked::New, Some(Kind::Purchase), &["popular"]).unwrap();
    assert_eq!((report.models[0].users, report.models[0].quality.recall), (1, 1.0));
    assert!(measured(text, AT_5, Ranked::New, Some(Kind::Cart), &["popular"]).is_err());
    let error = measured(TINY, AT_5, Ranked::New, Some(Kind::Purchase), &["popular"]).err().unwrap();
    assert_eq!(error, "--find needs a column “event”");
}

#[test]
fn what_cannot_be_parted_is_said() {
    let error = |text, split| measured(text, split, Ranked::New, None, &["popular"]).err().unwrap();
    assert_eq!(
        error(TINY, Split::At(60_000_000)),
        "log: no row is at or after 1970-01-01 00:01:00; the rows reach from 1970-01-01 00:00:01 to 1970-01-01 00:00:10"
    );
    assert!(error(TINY, Split::At(0)).starts_with("log: no row is before 1970-01-01 00:00:00;"));
    let untimed = "user,item\na,x\nb,y\n";
    assert_eq!(
        error(untimed, Split::LastOfEach),
        "log: leaving the last item out needs a column “timestamp”"
    );
    assert_eq!(error(untimed, AT_5), "log: splitting in time needs a column “timestamp”");
    let alone = error(untimed, Split::Share { share: 0.5, seed: 1 });
    assert_eq!(alone, "log: nothing is held back: users need at least two items each");
}

#[test]
fn strangers_are_told() {
    let error = |train: &str, test: &str| {
        let (train, test) = (file(train), file(test));
        let parts = Parts::files(train.path(), test.path());
        parts.and_then(|parts| Data::new(&parts, Ranked::New, None)).err().unwrap().to_string()
    };
    let train = "user,item\n1,x\n1,y\n2,x\n";
    assert!(error(train, "user,item\n01,y\n02,y\n").contains(": none of its users is in "));
    assert!(error(train, "user,item\n2,Y\n").contains(": none of its items is in "));
    let nothing = "user,item,weight\n1,x,0\n";
    assert!(error(nothing, "user,item\n1,x\n").starts_with("nothing is to be learned from"));
}

#[test]
fn parameters_are_checked_before_anything_is_read() {
    let with = |value: &str| {
        let set = [("factors".to_owned(), value.to_owned())];
        asked(&["als".to_owned()], &set, false).unwrap_err().to_string()
    };
    assert_eq!(with("0"), "parameter factors is 0; expected 1 to 1024");
    assert_eq!(with("many"), "parameter factors is “many”; expected a whole number");
}

#[test]
fn a_blend_names_what_it_is_made_of() {
    let report = measured(TINY, AT_5, Ranked::New, None, &["blend"]).unwrap().text();
    assert!(report.contains("blend: components=[ease item_knn als spectral] "), "{report}");
}

#[test]
fn parameters_go_to_the_model_they_name() {
    let of = |models: &[&str], key: &str| {
        let models: Vec<String> = models.iter().map(|&model| model.to_owned()).collect();
        asked(&models, &[(key.to_owned(), "7".to_owned())], false).map_err(|error| error.to_string())
    };
    let mut als = Params::default_of("als").unwrap();
    als.set("factors", "7").unwrap();
    assert_eq!(of(&["als"], "factors").unwrap(), [Some(als.clone())]);
    let both = of(&["popular", "als"], "als.factors").unwrap();
    assert_eq!(both[1], Some(als));
    assert!(of(&["popular", "als"], "factors").unwrap_err().contains("popular.factors=7"));
    assert!(of(&["popular"], "als.factors").unwrap_err().contains("not among the models popular"));
    assert!(of(&["magic"], "factors").unwrap_err().contains("“magic” is not a model"));
    assert_eq!(of(&["all", "als"], "als.factors").unwrap().len(), Params::KINDS.len() - 1);
    assert!(of(&["auto"], "factors").unwrap_err().contains("“factors” is not a parameter of this model"));
    assert!(of(&["als"], "iterations").is_ok() && of(&["als"], "regularisation").is_ok());
    let content = asked(&["content".to_owned()], &[], false).unwrap_err().to_string();
    assert!(content.contains("--products"), "{content}");
    assert_eq!(asked(&["all".to_owned()], &[], true).unwrap().len(), Params::KINDS.len());
}

#[test]
fn what_nobody_bought_before_is_found_by_what_it_is() {
    let log = "user,item,timestamp\na,red cup,1\na,blue cup,2\nb,green hat,1\nb,grey hat,2\na,new cup,9\nb,new hat,9\n";
    let products = "item,title,category\nred cup,red cup,Cups\nblue cup,blue cup,Cups\ngreen hat,green hat,Hats\n\
                    grey hat,grey hat,Hats\nnew cup,white cup,Cups\nnew hat,white hat,Hats\nnever,a spoon,Spoons\n";
    let (log, products) = (file(log), file(products));
    let mut parts = Parts::split(log.path(), AT_5, Ranked::New).unwrap();
    parts.describe(products.path()).unwrap();
    let data = Data::new(&parts, Ranked::New, None).unwrap();
    let measuring = Measuring { data, k: 1, ranked: Ranked::New, by_activity: false };
    let models = ["content".to_owned(), "ease".to_owned()];
    let report = measuring.run(asked(&models, &[], true).unwrap(), &Silent).unwrap();
    assert_eq!((report.items, report.models[0].users), (7, 2));
    assert_eq!(report.models[0].quality.recall, 1.0);
    assert!(report.models[1].quality.recall < 1.0);
    let strange = file("item,title\n1,cup\n");
    let error = parts.describe(strange.path()).unwrap_err().to_string();
    assert!(error.contains("describes none of the items"), "{error}");
}

#[test]
fn the_command_line_is_checked() {
    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }
    let parse = |line: &str| <Line as clap::Parser>::try_parse_from(line.split(' ')).map(|line| line.args);
    let args =
        parse("evaluate --events a.csv --split-at 2011-09-01 --model popular,als --model item_knn").unwrap();
    assert_eq!(args.split_at, Some(1_314_835_200_000_000));
    assert_eq!(args.model, ["popular", "als", "item_knn"]);
    assert_eq!(
        parse("evaluate --events a.csv --split-at 2011-09-01T00:00:00Z").unwrap().split_at,
        args.split_at
    );
    for wrong in [
        "evaluate",
        "evaluate --events a.csv",
        "evaluate --train a.csv",
        "evaluate --events a.csv --split-at yesterday",
        "evaluate --events a.csv --holdout 1.5",
        "evaluate --events a.csv --holdout 0.2 --leave-last-out",
        "evaluate --train a.csv --test b.csv --leave-last-out",
        "evaluate --events a.csv --leave-last-out --test-new-only --with-repeats",
        "evaluate --events a.csv --leave-last-out --find sale",
    ] {
        assert!(parse(wrong).is_err(), "{wrong}");
    }
}
