//! The `[weather]` section: the service that is asked for the weather, where rules speak of it.

use super::Secret;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Weather {
    /// The address of a forecast as Open-Meteo gives it; while it is empty, nobody is asked.
    pub url: String,
    /// Where most of the customers are, in degrees: north and east are above zero.
    pub latitude: f64,
    pub longitude: f64,
    /// Sent as `apikey`, where the service wants one.
    pub key: Secret,
}

impl Weather {
    /// Whether an admin configured it.
    pub fn is_on(&self) -> bool {
        !self.url.is_empty()
    }

    /// The key and the reason of the first setting that cannot work.
    pub fn fault(&self) -> Option<(&'static str, String)> {
        if !self.is_on() {
            return None;
        }
        if !["https://", "http://"].iter().any(|scheme| self.url.starts_with(scheme)) {
            let reason =
                format!("“{}” is not an address such as https://api.open-meteo.com/v1/forecast", self.url);
            return Some(("weather.url", reason));
        }
        let degrees =
            [("weather.latitude", self.latitude, 90.0), ("weather.longitude", self.longitude, 180.0)];
        let wrong = degrees.into_iter().find(|(_, value, most)| !(-*most..=*most).contains(value));
        wrong.map(|(key, value, most)| (key, format!("{value} is not between −{most} and {most} degrees")))
    }
}
