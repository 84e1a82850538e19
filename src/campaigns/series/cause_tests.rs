//! Whom causes strike, on a history of a few days.

use super::*;
use crate::history::{Coverage, History, Reading};
use crate::money::Money;
use crate::progress::Silent;
use crate::records::{Event, Events, Product};

fn day(number: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(number)
}

/// Day, customer, kind, product.
fn snapshot(events: &[(i64, &str, EventKind, &str)]) -> (tempfile::TempDir, Snapshot) {
    let folder = tempfile::tempdir().unwrap();
    let history = History::open(folder.path()).unwrap();
    let mut update = history.begin().unwrap();
    let mut all = Events::default();
    for (at, customer, kind, product) in events {
        all.push(Event {
            id: None,
            kind: *kind,
            at_us: day(*at).timestamp_micros() + 1,
            customer: Some(customer),
            product: Some(product),
            order: Some("o"),
            quantity: 1.0,
            value: None,
            currency: None,
            source: "shop",
        });
    }
    update.events("shop", &all).unwrap();
    update.commit(&[(Reading::Events("shop".into()), Coverage::Everything)], day(999), &Silent).unwrap();
    let snapshot = history.snapshot().unwrap();
    (folder, snapshot)
}

fn shelf(products: &[(&str, i64, i64)]) -> Shelf {
    let product = |(id, stock, units): &(&str, i64, i64)| Product {
        id: (*id).to_owned(),
        stock: Some(*stock),
        price: Some(Money::from_units(*units)),
        active: true,
        ..Product::default()
    };
    Shelf::of(&Catalogue::new(products.iter().map(product).collect()))
}

fn struck(cause: Cause, snapshot: &Snapshot, before: Option<&Shelf>, now: &Shelf) -> (bool, Plan) {
    let mut plan = Plan::default();
    let any = narrow(cause, &mut plan, snapshot, (day(100), day(101)), (before, now)).unwrap();
    (any, plan)
}

#[test]
fn purchases_of_the_right_day_strike_and_later_ones_undo_a_lapse() {
    use EventKind::{Purchase, View};
    let (_folder, snapshot) = snapshot(&[
        (85, "too_early", Purchase, "p"),
        (86, "right", Purchase, "p"),
        (86, "again", Purchase, "p"),
        (95, "again", Purchase, "p"),
        (86, "looked", View, "p"),
        (87, "too_late", Purchase, "p"),
    ]);
    let nothing = Shelf::default();
    let (_, plan) = struck(Cause::AfterPurchase { days: 14 }, &snapshot, None, &nothing);
    assert_eq!(plan.audience.only, ["again", "right"]);
    let (any, plan) = struck(Cause::Lapsed { days: 14 }, &snapshot, None, &nothing);
    assert_eq!((any, plan.audience.only), (true, vec!["right".to_owned()]));
    let (any, plan) = struck(Cause::Everybody, &snapshot, None, &nothing);
    assert!(any && plan.audience.only.is_empty());
    let (any, _) = struck(Cause::AfterPurchase { days: 50 }, &snapshot, None, &nothing);
    assert!(!any, "an empty list must not come to mean everybody");
}

#[test]
fn who_looked_and_did_not_buy_hears_of_stock_and_prices() {
    use EventKind::{Cart, Purchase, View};
    let (_folder, snapshot) = snapshot(&[
        (90, "looked", View, "back"),
        (90, "basket", Cart, "back"),
        (90, "bought", View, "back"),
        (91, "bought", Purchase, "back"),
        (90, "other", View, "same"),
        (2, "long_ago", View, "back"),
        (90, "saver", View, "cheaper"),
    ]);
    let before = shelf(&[("back", 0, 5), ("same", 3, 5), ("cheaper", 3, 9), ("gone", 3, 9)]);
    let now = shelf(&[("back", 2, 5), ("same", 3, 5), ("cheaper", 3, 8), ("new", 3, 1), ("gone", 0, 1)]);
    let (any, plan) = struck(Cause::BackInStock, &snapshot, Some(&before), &now);
    assert_eq!(
        (any, plan.audience.only, plan.products.only),
        (true, vec!["basket".into(), "looked".into()], vec!["back".into()])
    );
    let (_, plan) = struck(Cause::PriceDrop, &snapshot, Some(&before), &now);
    assert_eq!((plan.audience.only, plan.products.only), (vec!["saver".into()], vec!["cheaper".into()]));
    let (any, _) = struck(Cause::BackInStock, &snapshot, None, &now);
    assert!(!any, "the first time only looks");
    let mut plan = Plan::default();
    plan.products.only = vec!["cheaper".into(), "else".into()];
    let shelves = (Some(&before), &now);
    assert!(!narrow(Cause::BackInStock, &mut plan, &snapshot, (day(100), day(101)), shelves).unwrap());
    plan.products.only = vec!["back".into(), "else".into()];
    plan.audience.only = vec!["looked".into(), "other".into()];
    assert!(narrow(Cause::BackInStock, &mut plan, &snapshot, (day(100), day(101)), shelves).unwrap());
    assert_eq!((plan.audience.only, plan.products.only), (vec!["looked".into()], vec!["back".into()]));
    let (any, _) = struck(Cause::PriceDrop, &snapshot, Some(&now), &now);
    assert!(!any);
}
