//! Checks that a type cannot express: zones, currencies, addresses, cron lines, mappings.

use super::{Config, ConfigError, Mapping};

/// Refuses the first value that cannot work; `text` gives the line.
pub fn check(config: &Config, text: &str, name: &str) -> Result<(), ConfigError> {
    let wrong = |key: &str, reason: String| {
        let last = key.rsplit('.').next().unwrap_or(key);
        let line = text.lines().position(|line| line.trim_start().starts_with(last)).map_or(1, |at| at + 1);
        Err(ConfigError::WrongValue { place: format!("{name}, line {line}"), key: key.to_owned(), reason })
    };
    let shop = &config.shop;
    if shop.currency.len() != 3 || !shop.currency.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return wrong(
            "shop.currency",
            format!("“{}” is not a currency code; write EUR, GBP, …", shop.currency),
        );
    }
    if shop.time_zone.parse::<chrono_tz::Tz>().is_err() {
        return wrong("shop.time_zone", unknown_zone(&shop.time_zone));
    }
    if config.server.listen.parse::<std::net::SocketAddr>().is_err() {
        let reason =
            format!("“{}” is not an address with a port, such as 127.0.0.1:8080", config.server.listen);
        return wrong("server.listen", reason);
    }
    let schedule = &config.schedule;
    for (key, cron) in [
        ("schedule.sync", &schedule.sync),
        ("schedule.train", &schedule.train),
        ("schedule.mailbox", &schedule.mailbox),
        ("schedule.reports", &schedule.reports),
    ] {
        if !cron.is_empty()
            && let Err(error) = cron.parse::<croner::Cron>()
        {
            return wrong(key, format!("“{cron}” is not a time as cron writes it: {error}"));
        }
    }
    if let Some((key, reason)) = config
        .mail
        .fault()
        .or_else(|| config.mailbox.fault())
        .or_else(|| config.weather.fault())
        .or_else(|| config.listmonk.fault())
    {
        return wrong(key, reason);
    }
    let Some(source) = &config.source else { return Ok(()) };
    if source.time_zone.parse::<chrono_tz::Tz>().is_err() {
        return wrong("source.time_zone", unknown_zone(&source.time_zone));
    }
    let mappings = source.products.iter().chain(&source.customers).chain(&source.events);
    for mapping in mappings {
        if let Some(reason) = mapping_fault(mapping) {
            return wrong("source", reason);
        }
    }
    Ok(())
}

fn unknown_zone(zone: &str) -> String {
    format!("“{zone}” is not a time zone; write a name such as Europe/London")
}

fn mapping_fault(mapping: &Mapping) -> Option<String> {
    let which = if mapping.name.is_empty() { &mapping.table } else { &mapping.name };
    match (mapping.table.is_empty(), mapping.select.is_empty()) {
        (true, true) => Some(format!("the mapping “{which}” needs a table or a select")),
        (false, false) => Some(format!("the mapping “{which}” has a table and a select; keep one")),
        (true, false) if mapping.name.is_empty() => Some("a mapping with a select needs a name".into()),
        _ => None,
    }
}
