//! The main job through the command line, on real servers: made, checked, synced, picked for, reported; and what the
//! servers saw of it. Then the same with the server lost, and with every step killed in its middle.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "in a test, a panic is the failure")]

mod support;

use std::process::Stdio;
use std::time::Duration;
use support::shop::{Shop, said};
use support::{MariaDb, PostgreSql};

fn do_the_whole_job(shop: &Shop) {
    shop.must(&["sync"]);
    shop.campaign();
    let wide = std::fs::read_to_string(shop.path().join("out/whole_picks_wide.csv")).unwrap();
    assert!(wide.lines().count() > 500, "{}", wide.lines().count());
    let report = shop.must(&["report", "1", "--format", "json", "--out", "-"]);
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["name"], "Whole");
    shop.must(&["sync"]);
}

#[test]
fn a_whole_campaign_sends_the_servers_nothing_but_reads() {
    let (postgres, mariadb) = (PostgreSql::start(), MariaDb::start());
    let places = [
        format!("postgres://hp@127.0.0.1:{}/postgres", postgres.port),
        format!("mysql://root@127.0.0.1:{}/shop", mariadb.port),
    ];
    let shops = places.map(|place| Shop::make(&place, "30000"));
    shops.iter().for_each(do_the_whole_job);
    let allowed = [
        "SELECT ",
        "COPY (SELECT ",
        "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY",
        "ROLLBACK",
        "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
        "SET SESSION ",
        "SHOW GRANTS",
    ];
    for seen in [postgres.statements_of_reader(), mariadb.statements_of_reader()] {
        assert!(seen.iter().any(|statement| statement.contains("order_lines")));
        for statement in &seen {
            assert!(allowed.iter().any(|start| statement.starts_with(start)), "{statement}");
        }
    }
    // The check tries one write, which the server refuses: it works all the same.
    for shop in &shops {
        let check = shop.run(&["check"]);
        assert!(matches!(check.status.code(), Some(0 | 3)), "{}", said(&check));
    }
}

#[test]
fn a_server_that_is_lost_is_said_and_nothing_is_half_synced() {
    let server = PostgreSql::start();
    let shop = Shop::make(&format!("postgres://hp@127.0.0.1:{}/postgres", server.port), "200000");
    let mut sync = shop.command(&["sync"]).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let history = shop.path().join("data/shops/1/history/events");
    // As soon as the first segment grows, the server goes.
    while !std::fs::read_dir(&history).is_ok_and(|mut files| files.next().is_some()) {
        assert!(sync.try_wait().unwrap().is_none(), "the sync ended before the server could be stopped");
        std::thread::sleep(Duration::from_millis(1));
    }
    server.stop();
    let lost = sync.wait_with_output().unwrap();
    if lost.status.success() {
        println!("the sync had read everything before the server stopped");
    } else {
        assert_eq!(lost.status.code(), Some(1), "{}", said(&lost));
        assert_eq!(shop.events(), 0);
    }
    let refused = shop.run(&["sync"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(said(&refused).contains("127.0.0.1"), "{}", said(&refused));
    server.resume();
    shop.must(&["sync"]);
    assert!(shop.events() > 150_000, "{}", shop.events());
}

#[test]
fn every_step_can_be_killed_and_done_again() {
    let shop = Shop::make("", "60000");
    println!("syncs killed: {}", shop.kill_in_the_middle_of(&["sync"]));
    let whole = Shop::make("", "60000");
    whole.must(&["sync"]);
    assert_eq!(shop.events(), whole.events(), "what was read after many kills is what is read at once");

    let train = ["train", "--model", "als", "--set", "iterations=2", "--set", "factors=8"];
    println!("trainings killed: {}", shop.kill_in_the_middle_of(&train));
    let run = ["campaign", "run", "campaign.toml", "--out", "out"];
    println!("campaigns killed: {}", shop.kill_in_the_middle_of(&run));
    shop.campaign();
    whole.campaign();
    let recipients = |shop: &Shop| {
        std::fs::read_to_string(shop.path().join("out/whole_picks.jsonl")).unwrap().lines().count()
    };
    assert!(recipients(&shop) > 500 && recipients(&whole) > 500);
    for campaign in std::fs::read_dir(shop.path().join("data/shops/1/campaigns")).unwrap().flatten() {
        for generation in std::fs::read_dir(campaign.path()).unwrap().flatten() {
            let name = generation.file_name().to_string_lossy().into_owned();
            if name.starts_with('.') {
                continue;
            }
            let arms = handpick::picker::picks_file::arms(&generation.path()).unwrap();
            assert!(arms.len() > 500, "{name} is whole");
        }
    }
}
