//! The configuration that reads a sample shop.

use super::Place;
use crate::config::{self, ConfigError, Source};

/// The text of a configuration file for the shop at `place`; `None` for CSV files, which no source reads.
/// A password stays out of it: it belongs in `HANDPICK_SOURCE__PASSWORD` or `HANDPICK_SOURCE__PASSWORD_FILE`.
pub fn config_text(place: &Place) -> Option<String> {
    let connection = connection(place)?;
    Some(format!("{SHOP}\n[source]\n{connection}{MAPPINGS}"))
}

/// The same as [`config_text`], read.
pub fn mapping(place: &Place) -> Result<Option<Source>, ConfigError> {
    let Some(text) = config_text(place) else { return Ok(None) };
    config::parse(&text, "the sample shop's configuration", std::iter::empty()).map(|config| config.source)
}

fn connection(place: &Place) -> Option<String> {
    let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
    let server = |kind: &str, host: &str, port: u16, database: &str, user: &str| {
        format!(
            "kind = \"{kind}\"\nhost = {}\nport = {port}\ndatabase = {}\nuser = {}\n",
            quoted(host),
            quoted(database),
            quoted(user)
        )
    };
    match place {
        Place::Csv(_) => None,
        Place::Sqlite(file) => {
            Some(format!("kind = \"sqlite\"\nfile = {}\n", quoted(&file.to_string_lossy())))
        }
        Place::Postgres(address) => {
            let parsed: postgres::Config = address.parse().ok()?;
            let host = parsed.get_hosts().first().map_or("127.0.0.1".into(), |host| match host {
                postgres::config::Host::Tcp(name) => name.clone(),
                #[cfg(unix)]
                postgres::config::Host::Unix(path) => path.display().to_string(),
            });
            let port = parsed.get_ports().first().copied().unwrap_or(5432);
            let user = parsed.get_user().unwrap_or_default();
            Some(server("postgres", &host, port, parsed.get_dbname().unwrap_or(user), user))
        }
        Place::Mysql(address) => {
            let parsed = mysql::Opts::from_url(address).ok()?;
            let host = parsed.get_ip_or_hostname();
            let (database, user) =
                (parsed.get_db_name().unwrap_or_default(), parsed.get_user().unwrap_or_default());
            Some(server("mysql", &host, parsed.get_tcp_port(), database, user))
        }
    }
}

const SHOP: &str = r#"[shop]
name = "Hearth & Table"
currency = "EUR"
time_zone = "Europe/Berlin"
"#;

const MAPPINGS: &str = r#"time_zone = "UTC"

[source.products]
table = "products"
fields = { id = "sku", title = "name", category = "category_path", brand = "brand", price = "price", list_price = "list_price", currency = "currency", stock = "stock", image = "image", url = "url", created_at = "created_at", active = "active", cost = "cost" }
attributes = { supplier = "supplier" }

[source.customers]
table = "customers"
fields = { id = "customer_id", email = "email", first_name = "first_name", last_name = "last_name", language = "language", country = "country", created_at = "created_at", mailable = "newsletter" }

# Rows of both tables only ever come on top, so their numbers say what is new.
[[source.events]]
table = "order_lines"
watermark = "line_id"
fields = { id = "line_id", kind = { value = "purchase" }, at = "ordered_at", customer = "customer_id", product = "sku", order = "order_no", quantity = "quantity", price = "unit_price", currency = "currency" }

[[source.events]]
table = "page_events"
watermark = "event_id"
fields = { id = "event_id", kind = "what", at = "happened_at", customer = "customer_id", product = "sku" }
"#;
