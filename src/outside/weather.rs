//! A weather service that answers as Open-Meteo does: one day's values at one place.

use super::http::{Client, FetchError};
use crate::config;
use chrono::NaiveDate;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// An answer is a few hundred bytes.
const MOST_BYTES: u64 = 100_000;

#[derive(Debug, thiserror::Error)]
pub enum WeatherError {
    #[error("the weather service does not answer as expected: {0}")]
    Fetch(#[from] FetchError),
    #[error("the weather service's answer cannot be read: {0}")]
    Unreadable(String),
    #[error("the weather service says nothing of {0}")]
    NotThatDay(NaiveDate),
}

#[derive(Deserialize)]
struct Answer {
    daily: BTreeMap<String, Vec<Value>>,
}

/// The values of `day` by the service's names; what it does not know is left out. Days begin in the zone of this name.
pub fn of_day(
    settings: &config::Weather,
    zone: &str,
    day: NaiveDate,
    names: &[&str],
) -> Result<BTreeMap<String, f64>, WeatherError> {
    let mut url = format!(
        "{}?latitude={}&longitude={}&daily={}&timezone={}&start_date={day}&end_date={day}",
        settings.url,
        settings.latitude,
        settings.longitude,
        names.join(","),
        zone.replace('/', "%2F").replace('+', "%2B"),
    );
    if !settings.key.is_empty() {
        url.push_str("&apikey=");
        url.push_str(settings.key.reveal());
    }
    // The address is the admin's own: it may lie inside the network.
    let bytes = Client::new(true).get(&url, MOST_BYTES)?;
    let answer: Answer =
        serde_json::from_slice(&bytes).map_err(|error| WeatherError::Unreadable(error.to_string()))?;
    let is_day = |value: &Value| value.as_str() == Some(&day.to_string());
    let at = answer.daily.get("time").and_then(|days| days.iter().position(is_day));
    let at = at.ok_or(WeatherError::NotThatDay(day))?;
    let value = |name: &&str| {
        let value = answer.daily.get(*name)?.get(at)?.as_f64()?;
        Some(((*name).to_owned(), value))
    };
    Ok(names.iter().filter_map(value).collect())
}
