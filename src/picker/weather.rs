//! The weather of the day a campaign is for, as rules may ask for it.

use super::facts::SCHEMA;
use super::plan::Rule;
use crate::conditions::{Column, Root, Table, compile};
use serde::{Deserialize, Serialize};

/// What is not known is `None`: a condition that hangs on it does not hold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Weather {
    /// The highest and the lowest of the day, in degrees Celsius.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coldest: Option<f64>,
    /// Rain, showers and melted snow, in millimetres.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rain: Option<f64>,
    /// Fresh snow, in centimetres.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snow: Option<f64>,
    /// The strongest of the day, in kilometres an hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wind: Option<f64>,
    /// In hours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sunshine: Option<f64>,
}

impl Weather {
    /// In the order of the facts.
    pub const NAMES: [&'static str; 6] = ["temperature", "coldest", "rain", "snow", "wind", "sunshine"];

    pub fn get(&self, name: &str) -> Option<f64> {
        self.clone().place(name).and_then(|place| *place)
    }

    /// Where a value stands; `None` for a name that is none of [`Self::NAMES`].
    pub fn place(&mut self, name: &str) -> Option<&mut Option<f64>> {
        Some(match name {
            "temperature" => &mut self.temperature,
            "coldest" => &mut self.coldest,
            "rain" => &mut self.rain,
            "snow" => &mut self.snow,
            "wind" => &mut self.wind,
            "sunshine" => &mut self.sunshine,
            _ => return None,
        })
    }

    pub fn is_unknown(&self) -> bool {
        *self == Self::default()
    }

    /// What is known here, and for the rest what is known there.
    pub fn or(self, other: Self) -> Self {
        Self {
            temperature: self.temperature.or(other.temperature),
            coldest: self.coldest.or(other.coldest),
            rain: self.rain.or(other.rain),
            snow: self.snow.or(other.snow),
            wind: self.wind.or(other.wind),
            sunshine: self.sunshine.or(other.sunshine),
        }
    }

    pub(super) fn table(&self) -> Table {
        let number = |name| Some(Column::Numbers(vec![self.get(name).unwrap_or(f64::NAN)]));
        Table::new(Self::NAMES.map(number).into(), 1)
    }
}

/// The names of what a rule asks of the weather; none where it asks nothing, or cannot be understood.
pub fn asked_by(rule: &Rule) -> Vec<&'static str> {
    let Ok(condition) = compile(&rule.when, SCHEMA) else { return Vec::new() };
    condition.columns(Root::Weather).into_iter().map(|at| Weather::NAMES[at]).collect()
}

/// Whether any rule that is switched on asks for it.
pub fn is_asked(rules: &[Rule]) -> bool {
    rules.iter().any(|rule| !rule.off && !asked_by(rule).is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picker::plan::Effect;

    #[test]
    fn the_facts_are_the_names_in_their_order() {
        let facts: Vec<&str> = SCHEMA.of(Root::Weather).map(|fact| fact.name).collect();
        assert_eq!(facts, Weather::NAMES);
        let mut weather = Weather::default();
        for (name, value) in Weather::NAMES.into_iter().zip([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]) {
            if let Some(place) = weather.place(name) {
                *place = Some(value);
            }
            assert_eq!(weather.get(name), Some(value));
        }
        assert!(weather.place("hail").is_none());
        let rule = Rule::when(Effect::Exclude {}, "weather.rain > 2 && weather.temperature < 5");
        assert_eq!(asked_by(&rule), ["temperature", "rain"]);
    }
}
