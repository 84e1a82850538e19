//! The weather of a campaign's first day: what somebody typed, else what the service that an admin configured foretells,
//! which is asked at most every few hours.

use super::generate::GenerateError;
use super::state::sentence;
use crate::installation::Installation;
use crate::outside::weather::of_day;
use crate::picker::plan::{Plan, Weather};
use crate::picker::weather::is_asked;
use crate::store::weather::{self, WeatherDay};
use crate::web;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

/// A forecast is asked for again after so long, a service that was away sooner.
const FRESH: TimeDelta = TimeDelta::hours(3);
const AWAY: TimeDelta = TimeDelta::minutes(10);
/// An older forecast is none.
const STALE: TimeDelta = TimeDelta::days(3);

/// The service's names, in the order of [`Weather::NAMES`].
const DAILY: [&str; 6] = [
    "temperature_2m_max",
    "temperature_2m_min",
    "precipitation_sum",
    "snowfall_sum",
    "wind_speed_10m_max",
    "sunshine_duration",
];

/// Adds to what the plan says of the weather what is foretold, where its rules ask for it.
pub fn learn(installation: &Installation, plan: &mut Plan) -> Result<(), GenerateError> {
    if !is_asked(&plan.rules) {
        return Ok(());
    }
    if let Some(told) = forecast(installation, day_of(installation, plan))?.told {
        plan.weather = plan.weather.or(told.0);
    }
    Ok(())
}

fn day_of(installation: &Installation, plan: &Plan) -> NaiveDate {
    let as_of = plan.as_of.unwrap_or_else(|| installation.now());
    plan.starts_on.unwrap_or(as_of.date_naive())
}

/// What the service says of a day.
struct Forecast {
    is_on: bool,
    /// And when it said so.
    told: Option<(Weather, DateTime<Utc>)>,
    fault: String,
}

fn forecast(installation: &Installation, day: NaiveDate) -> Result<Forecast, GenerateError> {
    let settings = &installation.config.weather;
    if !settings.is_on() {
        return Ok(Forecast { is_on: false, told: None, fault: String::new() });
    }
    let (shop, now) = (installation.shop_id(), installation.now());
    let kept = installation.store.read(|conn| weather::of_day(conn, shop, day))?;
    let wait = |kept: &WeatherDay| if kept.fault.is_empty() { FRESH } else { AWAY };
    let kept = match kept {
        Some(kept) if now - kept.asked_at < wait(&kept) => kept,
        before => {
            let asked = ask(installation, day, before, now);
            installation.store.write(|conn| weather::keep(conn, shop, day, &asked))?;
            asked
        }
    };
    let told = kept.told_at.filter(|at| now - *at < STALE);
    let told = told.and_then(|at| Some((serde_json::from_str(&kept.told).ok()?, at)));
    Ok(Forecast { is_on: true, told, fault: kept.fault })
}

/// What is to be kept of the answer; what was told before stays when there is none.
fn ask(
    installation: &Installation,
    day: NaiveDate,
    before: Option<WeatherDay>,
    now: DateTime<Utc>,
) -> WeatherDay {
    let settings = &installation.config.weather;
    let (told_at, told) = before.map(|before| (before.told_at, before.told)).unwrap_or_default();
    match of_day(settings, &installation.shop.time_zone, day, &DAILY) {
        Ok(values) => {
            let mut weather = Weather::default();
            for (name, theirs) in Weather::NAMES.into_iter().zip(DAILY) {
                if let Some(place) = weather.place(name) {
                    *place = values.get(theirs).copied();
                }
            }
            // The service counts the sun's seconds.
            weather.sunshine = weather.sunshine.map(|seconds| seconds / 3600.0);
            let told = serde_json::to_string(&weather).unwrap_or_default();
            WeatherDay { asked_at: now, fault: String::new(), told_at: Some(now), told }
        }
        Err(error) => {
            tracing::warn!(%error, "no weather");
            WeatherDay { asked_at: now, fault: error.to_string(), told_at, told }
        }
    }
}

/// What rules that ask for the weather are told, in sentences for whoever writes them; empty when none asks.
pub fn in_words(installation: &Installation, plan: &Plan) -> Result<String, GenerateError> {
    if !is_asked(&plan.rules) {
        return Ok(String::new());
    }
    let day = day_of(installation, plan);
    let found = forecast(installation, day)?;
    let known = plan.weather.or(found.told.map(|told| told.0).unwrap_or_default());
    let day = day.format("%-d %B %Y");
    let mut words = match known.is_unknown() {
        true => format!("The weather of {day} is not known, so no condition about it holds."),
        false => format!("Weather of {day}: {}.", values(&known)),
    };
    match (&found.told, found.is_on) {
        (Some((_, at)), _) => {
            words.push_str(&format!(" Forecast of {}.", web::date_time(*at, installation.zone())));
        }
        (None, true) if !found.fault.is_empty() => {
            words.push_str(&format!(" {} Type it below, or come back later.", sentence(&found.fault)));
        }
        (None, false) if known.is_unknown() => {
            words.push_str(" Type it below, or ask your admin to set up a weather service.");
        }
        _ => {}
    }
    if !plan.weather.is_unknown() {
        words.push_str(" What is typed below counts first.");
    }
    Ok(words)
}

fn values(weather: &Weather) -> String {
    const WORDS: [(&str, &str); 6] = [
        ("warmest", "°C"),
        ("coldest", "°C"),
        ("rain", "mm"),
        ("snow", "cm"),
        ("wind", "km/h"),
        ("sunshine", "hours"),
    ];
    let told = |(name, (words, unit)): (&str, (&str, &str))| {
        Some(format!("{words} {} {unit}", web::decimal(weather.get(name)?, 1)))
    };
    let all: Vec<String> = Weather::NAMES.into_iter().zip(WORDS).filter_map(told).collect();
    all.join(", ")
}
