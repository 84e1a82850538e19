//! How numbers, amounts and times are shown on pages: one way each, everywhere.

use crate::money::Money;
use chrono::{DateTime, Utc};

/// 12 345, with thin spaces between the thousands.
pub fn whole(number: impl TryInto<i128>) -> String {
    let number = number.try_into().unwrap_or_default();
    let digits = number.unsigned_abs().to_string();
    let mut shown = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            shown.push('\u{202f}');
        }
        shown.push(digit);
    }
    if number < 0 { format!("−{shown}") } else { shown }
}

/// With `places` decimals.
pub fn decimal(number: f64, places: usize) -> String {
    format!("{number:.places$}")
}

/// A share from 0 to 1 as `12.3 %`.
pub fn percent(share: f64) -> String {
    format!("{:.1}\u{a0}%", share * 100.0)
}

/// `1 234.50 EUR`.
pub fn money(amount: Money, currency: &str) -> String {
    let cents = amount.to_cents_string();
    let (units, rest) = cents.rsplit_once('.').unwrap_or((&cents, "00"));
    let negative = units.starts_with('-');
    let units = whole(units.trim_start_matches('-').parse::<i64>().unwrap_or_default());
    format!("{}{units}.{rest}\u{a0}{currency}", if negative { "−" } else { "" })
}

/// `24 Nov 2026`, in the shop's zone.
pub fn date(at: DateTime<Utc>, zone: chrono_tz::Tz) -> String {
    at.with_timezone(&zone).format("%-d %b %Y").to_string()
}

/// `24 Nov 2026, 20:30`, in the shop's zone.
pub fn date_time(at: DateTime<Utc>, zone: chrono_tz::Tz) -> String {
    at.with_timezone(&zone).format("%-d %b %Y, %H:%M").to_string()
}

/// A job's kind in plain words.
pub fn job_title(kind: &str) -> &'static str {
    match kind {
        "sync" => "Sync with the shop",
        "train" => "Train a model",
        "generate" => "Make a campaign's picks",
        "foresight" => "Learn what chance of a purchase the scores stand for",
        "hindsight" => "Work out how many will buy",
        "listmonk" => "Give recipients to listmonk",
        "mailbox" => "Look into the mailbox",
        "repeat" => "Make a repeated campaign",
        "map" => "Draw the map of products",
        "report" => "Compute a report",
        "mail-reports" => "Send reports by e-mail",
        _ => "Background work",
    }
}

/// Text as one value in an address.
pub fn encode(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded += &format!("%{byte:02X}");
        }
    }
    encoded
}
