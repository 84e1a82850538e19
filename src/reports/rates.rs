//! What other currencies were worth in the shop's own, day by day: a file that an admin gives.
//!
//! It guesses nothing: on a day without a rate the last one before counts, for a week at most, since banks publish none on
//! weekends and holidays.

use chrono::{Days, NaiveDate};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

/// A rate counts for so many days after its own.
const LASTS_DAYS: u64 = 7;

#[derive(Debug, thiserror::Error)]
pub enum RatesError {
    #[error("the exchange rates {path} cannot be read ({reason}); see shop.rates_file")]
    File { path: String, reason: String },
    #[error(
        "the exchange rates {path} cannot be used: row {row}: {reason}. Each row has a day, a currency and what one unit of \
         it was worth in the shop's: 2026-03-02,USD,0.9241"
    )]
    Row { path: String, row: u64, reason: String },
}

/// By currency, in capitals, and day.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rates {
    by_currency: HashMap<String, BTreeMap<NaiveDate, f64>>,
}

impl Rates {
    /// CSV with the columns `day,currency,rate`, in any order, among others. *Errors*: the first row that says something
    /// else.
    pub fn read(path: &Path) -> Result<Self, RatesError> {
        let shown = path.display().to_string();
        let unreadable = |reason: String| RatesError::File { path: shown.clone(), reason };
        let file = std::fs::File::open(path).map_err(|error| unreadable(error.to_string()))?;
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(file);
        let heads = reader.headers().map_err(|error| unreadable(error.to_string()))?.clone();
        let place = |name: &str| {
            let at = heads.iter().position(|head| head.eq_ignore_ascii_case(name));
            at.ok_or_else(|| unreadable(format!("it has no column “{name}”")))
        };
        let (day, currency, rate) = (place("day")?, place("currency")?, place("rate")?);
        let mut rates = Self::default();
        for (row, record) in (2u64..).zip(reader.records()) {
            let wrong = |reason: String| RatesError::Row { path: shown.clone(), row, reason };
            let record = record.map_err(|error| wrong(error.to_string()))?;
            let cell = |at: usize| record.get(at).unwrap_or_default();
            let date = cell(day).parse().map_err(|_| wrong(format!("“{}” is no day", cell(day))))?;
            let worth: f64 =
                cell(rate).parse().map_err(|_| wrong(format!("“{}” is no number", cell(rate))))?;
            if !(worth.is_finite() && worth > 0.0) {
                return Err(wrong(format!("{worth} is no rate")));
            }
            if cell(currency).is_empty() {
                return Err(wrong("it names no currency".into()));
            }
            rates.add(date, cell(currency), worth);
        }
        Ok(rates)
    }

    /// `worth` is in the shop's currency, above 0.
    pub fn add(&mut self, day: NaiveDate, currency: &str, worth: f64) {
        self.by_currency.entry(currency.to_uppercase()).or_default().insert(day, worth);
    }

    /// Whether there is any rate of the currency.
    pub fn knows(&self, currency: &str) -> bool {
        self.by_currency.contains_key(&currency.to_uppercase())
    }

    /// What one unit was worth on the day.
    pub fn on(&self, currency: &str, day: NaiveDate) -> Option<f64> {
        let days = self.by_currency.get(&currency.to_uppercase())?;
        let first = day.checked_sub_days(Days::new(LASTS_DAYS)).unwrap_or(day);
        days.range(first..=day).next_back().map(|(_, worth)| *worth)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn read(text: &str) -> Result<Rates, RatesError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rates.csv");
        std::fs::write(&path, text).unwrap();
        Rates::read(&path)
    }

    #[test]
    fn a_rate_lasts_over_a_weekend_and_not_for_ever() {
        let rates = read("currency,day,rate,source\nusd,2026-03-06,0.92,x\nUSD,2026-03-09,0.93,x\n").unwrap();
        assert_eq!(rates.on("USD", day("2026-03-05")), None, "nobody knows it before");
        assert_eq!(rates.on("usd", day("2026-03-06")), Some(0.92));
        assert_eq!(rates.on("USD", day("2026-03-08")), Some(0.92));
        assert_eq!(rates.on("USD", day("2026-03-16")), Some(0.93));
        assert_eq!(rates.on("USD", day("2026-03-17")), None);
        assert!(!rates.knows("GBP") && rates.knows("uSd"));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_row() {
        for (text, told) in [
            ("day,currency\n", "no column “rate”"),
            ("day,currency,rate\n2026-03-06,USD,0.9\n6 March,USD,0.9\n", "row 3: “6 March” is no day"),
            ("day,currency,rate\n2026-03-06,USD,x\n", "row 2: “x” is no number"),
            ("day,currency,rate\n2026-03-06,USD,-1\n", "row 2: -1 is no rate"),
            ("day,currency,rate\n2026-03-06,,1\n", "names no currency"),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(told), "{error}");
        }
        let missing = Rates::read(Path::new("/nowhere/rates.csv")).unwrap_err().to_string();
        assert!(missing.contains("shop.rates_file"), "{missing}");
    }
}
