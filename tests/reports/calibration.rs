//! Chances that scores stand for: learnt before the campaign, kept with its picks, held against what came.

use super::figures::{event, question};
use super::support::shop::Shop;
use handpick::history::{EventRange, History};
use handpick::ids::CampaignId;
use handpick::picker::foresight::Foresight;
use handpick::picker::picks_file::{self, StoredPick};
use handpick::picker::plan::{Arm, Controls, Origin};
use handpick::recommender::uplift::isotonic;
use handpick::records::EventKind;
use handpick::reports::Reported;
use handpick::reports::detail::Calibrated;
use handpick::reports::formats::{Format, Issue};
use handpick::reports::kpi::Tally;
use handpick::reports::report::{Group, Report};
use handpick::reports::tables::tables;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// A pick with a score from 0 to 1 is bought by so many without a mail.
fn chance(score: f32) -> f64 {
    0.02 + 0.1 * f64::from(score)
}

/// Two picks each; the mail adds four points to every chance.
fn campaign() -> Report {
    const PEOPLE: usize = 12_000;
    let mut random = ChaCha8Rng::seed_from_u64(11);
    let earlier: Vec<(f64, bool)> = (0..40_000)
        .map(|_| {
            let score = random.random::<f32>();
            (f64::from(score), random.random::<f64>() < chance(score))
        })
        .collect();
    let arm = |n: usize| if n.is_multiple_of(3) { Arm::Holdout } else { Arm::Picks };
    let controls = Controls { holdout_share: 1.0 / 3.0, baseline_share: 0.0 };
    let arms = (0..PEOPLE).map(|n| (format!("c{n:05}"), arm(n)));
    let mut tally = Tally::new(question(14, controls), arms).expecting(Some(isotonic(earlier, 40).unwrap()));
    for n in 0..PEOPLE {
        let customer = format!("c{n:05}");
        for slot in [1, 2] {
            let (product, score) = (format!("p{}", (n + usize::from(slot)) % 50), random.random::<f32>());
            let (more, is_holdout) = if arm(n) == Arm::Holdout { (0.0, true) } else { (0.04, false) };
            if is_holdout {
                tally.unsent(&customer, &product, (Origin::Personal, score));
            } else {
                tally.pick(&customer, &product, slot, (Origin::Personal, score));
            }
            if random.random::<f64>() < chance(score) + more {
                let order = format!("o{n}-{slot}");
                tally.event(&event(EventKind::Purchase, 3, &customer, &product, &order, 20));
            }
        }
    }
    tally.finish()
}

fn of(report: &Report, group: Group) -> &Calibrated {
    report.detail.calibrated.iter().find(|one| one.group == group).unwrap()
}

#[test]
fn the_holdout_does_as_foretold_and_the_mailed_more() {
    let report = campaign();
    let (holdout, mailed) = (of(&report, Group::Holdout), of(&report, Group::Picks));
    assert_eq!((holdout.picks, mailed.picks), (8_000, 16_000));
    let foretold = holdout.expected / 8_000.0;
    assert!((foretold - 0.07).abs() < 0.003, "{foretold}");
    assert!(holdout.share.low < foretold && foretold < holdout.share.high, "{holdout:?}");
    // 40 000 outcomes taught it, some 2 800 of them purchases, beside some 560 expected now.
    assert!((2_600..3_000).contains(&holdout.learnt), "{}", holdout.learnt);
    let roots = 2.0 * ((holdout.bought as f64 + 0.375).sqrt() - (holdout.expected + 0.375).sqrt());
    let surprise = roots / (1.0 + holdout.expected / holdout.learnt as f64).sqrt();
    assert!(
        (holdout.surprise() - surprise).abs() < 1e-12 && surprise.abs() < 1.96 && mailed.surprise() > 5.0
    );
    assert!(holdout.error < 0.01 && (mailed.error - 0.04).abs() < 0.01, "{} {}", holdout.error, mailed.error);
    assert!(holdout.bins.windows(2).all(|pair| pair[0].predicted < pair[1].predicted), "{:?}", holdout.bins);
    // The mail is told by the groups alone: what the holdout would have been shown is nobody's hit.
    assert_eq!(report.group(Group::Holdout).unwrap().customers_with_picks, 0);

    let issue = issue(report);
    let text =
        |name: &str, ending: &str| String::from_utf8(issue.part(name, ending).unwrap().unwrap().0).unwrap();
    let expected = text("expected", "csv");
    assert!(
        expected.contains("as many as expected, give or take chance. A pick's chance was off by 0."),
        "{expected}"
    );
    assert!(expected.contains("more than expected without an e-mail"), "{expected}");
    assert_eq!(text("calibration", "csv").lines().count(), 11, "a head, five parts of each group");
    let drawn = text("calibration", "svg");
    for said in ["Got the picks", "Holdout, picks not sent", "Expected to be bought", "stroke-dasharray"] {
        assert!(drawn.contains(said), "{said} in {drawn}");
    }
    for format in [Format::Pdf, Format::Xlsx, Format::Html] {
        assert!(!issue.write(format).unwrap().is_empty());
    }
}

fn issue(report: Report) -> Issue {
    let tables = tables(&report, |_| String::new());
    let found = Reported { id: CampaignId(7), name: "Spring".into(), report, frozen: None };
    Issue::new(found, tables, "Shop", chrono_tz::UTC)
}

#[test]
fn before_the_window_closes_and_without_chances_nothing_is_held_against_anything() {
    let controls = Controls { holdout_share: 0.5, baseline_share: 0.0 };
    let arms = || [("a".to_owned(), Arm::Picks), ("b".to_owned(), Arm::Holdout)];
    let steps = isotonic(vec![(0.5, true), (0.1, false)], 2).unwrap();
    let mut open = Tally::new(question(5, controls), arms()).expecting(Some(steps.clone()));
    open.pick("a", "wine", 1, (Origin::Personal, 0.5));
    assert_eq!(open.finish().detail.calibrated, []);
    let mut closed = Tally::new(question(14, controls), arms()).expecting(Some(steps));
    // Best-sellers have no score of the customer's own; nobody else has an unsent pick.
    closed.pick("a", "wine", 1, (Origin::Popular, 0.5));
    closed.unsent("a", "wine", (Origin::Personal, 0.5));
    closed.unsent("stranger", "wine", (Origin::Personal, 0.5));
    assert_eq!(closed.finish().detail.calibrated, []);
}

/// The same campaign with mail for everybody shows these customers just what they would have been shown.
fn same_without_a_holdout(shop: &Shop, unsent: &[StoredPick]) {
    let text = std::fs::read_to_string(shop.path().join("campaign.toml")).unwrap();
    let text = text.replace("\"Whole\"", "\"All\"").replace("holdout_share = 0.2", "holdout_share = 0.0");
    std::fs::write(shop.path().join("all.toml"), text).unwrap();
    shop.must(&["campaign", "run", "all.toml", "--out", "out"]);
    let sent = picks_file::picks(&generation(shop, 2)).unwrap().map(Result::unwrap);
    let without: HashSet<&str> = unsent.iter().map(|pick| pick.customer.as_str()).collect();
    let theirs: Vec<StoredPick> = sent.filter(|pick| without.contains(pick.customer.as_str())).collect();
    assert!(theirs == unsent, "{} and {} picks", theirs.len(), unsent.len());
    assert!(picks_file::unsent(&generation(shop, 2)).unwrap().next().is_none());
}

/// The folder of a campaign's only generation.
fn generation(shop: &Shop, campaign: u32) -> PathBuf {
    let folder = shop.path().join(format!("data/shops/1/campaigns/{campaign}"));
    let mut all = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    all.find(|path| path.join("arms.parquet").exists()).unwrap()
}

/// Who of these bought what they were or would have been shown, recounted one by one.
fn recount(shop: &Shop, picks: &[StoredPick], told: &Foresight) -> Vec<(f64, bool)> {
    let history = History::open(&shop.path().join("data/shops/1/history")).unwrap();
    let (from, until) = ("2026-09-01T00:00:00Z".parse().unwrap(), "2026-09-29T00:00:00Z".parse().unwrap());
    let mut bought = HashSet::new();
    for events in history.snapshot().unwrap().events(EventRange::between(from, until)).unwrap() {
        for event in events.unwrap().iter().filter(|event| event.kind == EventKind::Purchase) {
            if let (Some(customer), Some(product)) = (event.customer, event.product) {
                bought.insert((customer.to_owned(), product.to_owned()));
            }
        }
    }
    let personal = picks.iter().filter(|pick| matches!(pick.origin, Origin::Personal | Origin::Similar));
    personal
        .map(|pick| {
            // The last step that begins at or below the score.
            let step = told.steps.all().iter().rfind(|step| step.from <= f64::from(pick.score));
            let step = step.unwrap_or(&told.steps.all()[0]);
            let chance = step.came as f64 / step.people as f64;
            (chance, bought.contains(&(pick.customer.clone(), pick.product.clone())))
        })
        .collect()
}

#[test]
fn what_was_learnt_before_a_campaign_is_what_its_report_is_held_against() {
    let shop = Shop::make("", "90000");
    shop.must(&["sync"]);
    shop.campaign();
    let folder = generation(&shop, 1);
    {
        let _served = shop.serve();
        let begun = Instant::now();
        while Foresight::of(&folder).is_none() {
            assert!(begun.elapsed() < Duration::from_secs(240), "the chances were never learnt");
            std::thread::sleep(Duration::from_millis(100));
        }
    }
    let told = Foresight::of(&folder).unwrap();
    assert_eq!((told.from.to_rfc3339().as_str(), told.days), ("2026-08-04T00:00:00+00:00", 28));
    let steps = told.steps.all();
    assert!(steps.windows(2).all(|pair| pair[0].from < pair[1].from && pair[0].chance() < pair[1].chance()));
    assert_eq!(steps.iter().map(|step| step.people).sum::<u64>(), told.picks);

    let arms: HashMap<String, Arm> = picks_file::arms(&folder).unwrap().into_iter().collect();
    let sent: Vec<StoredPick> = picks_file::picks(&folder).unwrap().map(Result::unwrap).collect();
    let unsent: Vec<StoredPick> = picks_file::unsent(&folder).unwrap().map(Result::unwrap).collect();
    assert!(sent.iter().all(|pick| arms[&pick.customer] != Arm::Holdout));
    assert!(unsent.iter().all(|pick| arms[&pick.customer] == Arm::Holdout) && unsent.len() > 100);

    same_without_a_holdout(&shop, &unsent);

    let report = shop.must(&["report", "1", "--format", "json", "--out", "-"]);
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    let report: Report = serde_json::from_value(report["report"].clone()).unwrap();
    for (group, picks) in [(Group::Picks, &sent), (Group::Holdout, &unsent)] {
        let outcomes = recount(&shop, picks, &told);
        let found = of(&report, group);
        let came = outcomes.iter().filter(|one| one.1).count();
        assert_eq!((found.picks, found.bought), (outcomes.len() as u64, came as u64));
        let expected: f64 = outcomes.iter().map(|one| one.0).sum();
        assert!((found.expected - expected).abs() < 1e-6, "{} {expected}", found.expected);
        // Where every bin is whole steps, the error is that of the bins' own people.
        let mut sorted = outcomes.clone();
        sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (mut from, mut error) = (0, 0.0);
        for bin in &found.bins {
            let part = &sorted[from..from + bin.people as usize];
            from += part.len();
            let foretold: f64 = part.iter().map(|one| one.0).sum();
            let bought = part.iter().filter(|one| one.1).count() as f64;
            error += (foretold - bought).abs() / outcomes.len() as f64;
            assert!((bin.predicted - foretold / part.len() as f64).abs() < 1e-9);
        }
        assert_eq!(from, outcomes.len());
        assert!((found.error - error).abs() < 1e-9, "{} {error}", found.error);
    }
}
