//! How many e-mails a minute are made: each starting template compiled, then filled for every recipient with six
//! picks, as HTML and as text.
//!
//! `cargo bench --bench email -- [RECIPIENTS]`

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints, and may panic")]

use chrono::DateTime;
use handpick::campaigns::email::gallery::GALLERY;
use handpick::campaigns::email::{Addressee, Mailing, Origin, Person, Rendered, Source};
use handpick::ids::{CampaignId, THE_SHOP};
use handpick::money::Money;
use handpick::picker::catalogue::Catalogue;
use handpick::picker::picks_file::{Recipient, StoredPick};
use handpick::picker::plan::{Arm, Origin as PickOrigin};
use handpick::picker::reason::Why;
use handpick::records::Product;
use handpick::store::emails::EmailSettings;
use handpick::store::shops::Shop;
use std::sync::Arc;
use std::time::Instant;

const PRODUCTS: usize = 1_000;
const SLOTS: usize = 6;

fn main() {
    let recipients = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(50_000);
    let catalogue = Arc::new(Catalogue::new((0..PRODUCTS).map(product).collect()));
    let shop = Shop {
        id: THE_SHOP,
        name: "Benchmark".into(),
        currency: "EUR".into(),
        time_zone: "UTC".into(),
        secret: b"secret".to_vec(),
        created_at: DateTime::UNIX_EPOCH,
    };
    let settings =
        EmailSettings { unsubscribe_url: "https://shop.example/leave".into(), ..EmailSettings::default() };
    let all: Vec<Recipient> = (0..recipients).map(recipient).collect();
    for starter in &GALLERY {
        let source = Source { subject: starter.subject, preheader: starter.preheader, mjml: starter.mjml };
        let origin = Origin {
            campaign: CampaignId(1),
            name: "Benchmark",
            shop: &shop,
            public_url: "",
            settings: &settings,
            pictures: None,
        };
        let began = Instant::now();
        let mailing = Mailing::new(origin, source, catalogue.clone()).unwrap();
        let compiled_ms = began.elapsed().as_secs_f64() * 1e3;
        let person = Person { first_name: "Alex", ..Person::default() };
        let (mut rendered, mut bytes) = (Rendered::default(), 0);
        let began = Instant::now();
        for recipient in &all {
            let Recipient { customer, picks, .. } = recipient;
            mailing.write_into(
                &Addressee { customer, person, picks, unsubscribe_url: None, counting: None },
                &mut rendered,
            );
            bytes += rendered.html.len() + rendered.text.len();
        }
        let seconds = began.elapsed().as_secs_f64();
        let limit = copied(&rendered, recipients);
        println!(
            "{:<8} compiled in {compiled_ms:.1} ms; {recipients} e-mails of {:.1} kB in {seconds:.2} s: {:.0} a minute on one core, {:.1} times as long as only copying their letters",
            starter.name,
            bytes as f64 / recipients as f64 / 1024.0,
            recipients as f64 / seconds * 60.0,
            seconds / limit
        );
    }
}

/// Seconds to put an e-mail that is ready so many times into a buffer.
fn copied(rendered: &Rendered, times: usize) -> f64 {
    let (mut buffer, began) = (String::new(), Instant::now());
    for _ in 0..times {
        buffer.clear();
        buffer.push_str(&std::hint::black_box(rendered).html);
        buffer.push_str(&rendered.text);
    }
    std::hint::black_box(&buffer);
    began.elapsed().as_secs_f64()
}

fn product(n: usize) -> Product {
    Product {
        id: format!("p{n:05}"),
        title: format!("A product with a name of usual length, {n}"),
        category: Some("Home > Kitchen".into()),
        price: Some(Money::from_units(n as i64 + 1)),
        image: Some(format!("https://shop.example/images/{n}.jpg")),
        url: Some(format!("https://shop.example/products/{n}")),
        active: true,
        ..Product::default()
    }
}

fn recipient(n: usize) -> Recipient {
    let customer = format!("c{n:07}");
    let pick = |slot: usize| StoredPick {
        customer: customer.clone(),
        slot: slot as u8 + 1,
        product: format!("p{:05}", (n * 7 + slot * 131) % PRODUCTS),
        score: 0.5,
        origin: PickOrigin::Personal,
        why: Why::Bought,
        reason_product: Some(format!("p{:05}", (n * 3 + slot) % PRODUCTS)),
    };
    let picks = (0..SLOTS).map(pick).collect();
    Recipient { customer, arm: Arm::Picks, picks }
}
