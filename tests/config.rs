//! The configuration: the example is complete and true, and what is wrong is said with key, place and remedy.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use handpick::config::{self, Config, ConfigError, Field, Mapping, Source};

const EXAMPLE: &str = include_str!("../config.example.toml");

fn read(text: &str, variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    config::parse(text, "handpick.toml", variables)
}

fn complaint(text: &str, variables: &[(&str, &str)]) -> String {
    read(text, variables).unwrap_err().to_string()
}

/// As the file would have it, `None`s left out; passwords are shown as stars only when there is one.
fn keys(config: &Config) -> toml::Table {
    toml::Table::try_from(config).unwrap()
}

#[test]
fn the_example_lists_every_key_with_its_default() {
    let defaults = Config { source: Some(Source::default()), ..Config::default() };
    assert_eq!(keys(&read(EXAMPLE, &[]).unwrap()), keys(&defaults));
    let listed: toml::Table = EXAMPLE.parse().unwrap();
    for (section, values) in keys(&defaults) {
        for (key, value) in values.as_table().unwrap() {
            // The list of event mappings is empty by default; the commented example below stands for it.
            if key != "events" {
                assert_eq!(listed[&section].get(key), Some(value), "{section}.{key}");
            }
        }
    }
}

#[test]
fn the_examples_commented_mappings_are_read_once_uncommented() {
    let (_, mappings) = EXAMPLE.split_once("# [source.products]").unwrap();
    let lines = format!("# [source.products]{mappings}");
    let uncommented: String = lines
        .lines()
        .filter(|line| !line.starts_with("# One"))
        .map(|line| line.trim_start_matches('#').trim_start().to_owned() + "\n")
        .collect();
    let config = read(&uncommented, &[]).unwrap();
    let source = config.source.unwrap();
    assert_eq!(source.events[0].fields["kind"], Field::Constant { value: "purchase".into() });
    for key in toml::Table::try_from(Mapping::default()).unwrap().keys() {
        assert!(lines.contains(&format!("# {key} = ")), "{key} is not in the example");
    }
}

#[test]
fn an_unknown_key_is_named_with_its_line_and_the_nearest_key() {
    let said = complaint("[shop]\nname = \"A\"\ncurency = \"EUR\"\n", &[]);
    for part in ["handpick.toml, line 3", "“curency”", "Did you mean “currency”?"] {
        assert!(said.contains(part), "{said}");
    }
    let said = complaint("[server]\nzzzzzzzzzzzzzzz = 1\n", &[]);
    assert!(said.contains("listen") && said.contains("session_hours"), "{said}");
    assert!(complaint("[sorce]\n", &[]).contains("“source”"));
}

#[test]
fn a_wrong_type_or_value_is_named_with_its_line() {
    let said = complaint("[server]\n\nmax_upload_mb = \"many\"\n", &[]);
    assert!(said.contains("line 3") && said.contains("max_upload_mb"), "{said}");
    for (text, part) in [
        ("[shop]\ncurrency = \"euro\"\n", "line 2"),
        ("[shop]\ntime_zone = \"Mars/Base\"\n", "Europe/London"),
        ("[server]\nlisten = \"8080\"\n", "127.0.0.1:8080"),
        ("[schedule]\nsync = \"at night\"\n", "schedule.sync"),
        ("[source]\nkind = \"sqlite\"\n[source.products]\nname = \"goods\"\n", "needs a table or a select"),
        ("[shop\n", "line 1"),
    ] {
        let said = complaint(text, &[]);
        assert!(said.contains(part), "{said}");
    }
}

#[test]
fn the_environment_wins_and_keeps_types() {
    let config = read(
        "[shop]\nname = \"File\"\n",
        &[
            ("HANDPICK_SHOP__NAME", "4711"),
            ("HANDPICK_TRAINING__SEED", "9"),
            ("HANDPICK_SOURCE__REQUIRE_READ_ONLY_ACCOUNT", "true"),
            ("HANDPICK_SOURCE__ANONYMOUS_CUSTOMERS", "[\"guest\"]"),
            ("HANDPICK_LOG", "not a key"),
            ("PATH", "/bin"),
        ],
    )
    .unwrap();
    assert_eq!((config.shop.name.as_str(), config.training.seed), ("4711", 9));
    let source = config.source.unwrap();
    assert!(source.require_read_only_account && source.anonymous_customers == ["guest"]);
    let said = complaint("", &[("HANDPICK_TRAINING__SEED", "many")]);
    assert!(said.contains("HANDPICK_TRAINING__SEED"), "{said}");
}

#[test]
fn a_secret_comes_from_a_file_and_is_never_shown() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("password");
    std::fs::write(&file, "s3cret\n").unwrap();
    let path = file.to_str().unwrap();
    let config = read("[source]\n", &[("HANDPICK_SOURCE__PASSWORD_FILE", path)]).unwrap();
    assert_eq!(config.source.as_ref().unwrap().password.reveal(), "s3cret");
    let shown = format!("{config:?}{}", keys(&config));
    assert!(!shown.contains("s3cret") && shown.contains("***"), "{shown}");
    let said = complaint("", &[("HANDPICK_SOURCE__PASSWORD_FILE", "/nowhere/password")]);
    assert!(said.contains("HANDPICK_SOURCE__PASSWORD_FILE") && said.contains("/nowhere/password"), "{said}");
    let config = read("[source]\n", &[("HANDPICK_SOURCE__FILE", "shop.db")]).unwrap();
    assert_eq!(config.source.unwrap().file.to_str(), Some("shop.db"));
}

/// The README's indented block in which `line` stands.
fn block_of_readme(line: &str) -> String {
    let readme = include_str!("../README.md");
    let lines: Vec<&str> = readme.lines().collect();
    let is_code = |at: &usize| lines[*at].is_empty() || lines[*at].starts_with("    ");
    let found = lines.iter().position(|text| text.trim() == line).unwrap();
    let begin = (0..found).rev().take_while(is_code).last().unwrap_or(found);
    (begin..lines.len()).take_while(is_code).map(|at| lines[at].trim_start().to_owned() + "\n").collect()
}

#[test]
fn the_readmes_examples_are_read() {
    let config = read(&block_of_readme("[source.products]"), &[]).unwrap();
    assert_eq!(config.source.unwrap().events.len(), 1);
    let text: String = block_of_readme("# autumn.toml")
        .lines()
        .filter(|line| !line.starts_with("name") && !line.starts_with("handpick"))
        .map(|line| line.to_owned() + "\n")
        .collect();
    let plan: handpick::picker::plan::Plan = toml::from_str(&text).unwrap();
    assert_eq!((plan.slots, plan.rules.len(), plan.controls.baseline_share), (4, 7, 0.2));
}
