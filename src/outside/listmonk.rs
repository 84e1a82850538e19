//! The shop's listmonk: lists, and subscribers with what their e-mails are made of.
//!
//! Whatever is told twice is there once: a list is looked for by its name before it is made, a subscriber is known by the
//! address. What somebody else keeps in a subscriber's attributes stays.

use super::http::{Ask, Client, FetchError};
use crate::config;
use serde::Deserialize;
use serde_json::{Map, Value, json};

const MOST_BYTES: u64 = 1_000_000;

#[derive(Debug, thiserror::Error)]
pub enum ListmonkError {
    #[error("listmonk cannot be reached: {0}")]
    Away(FetchError),
    /// It answered that it cannot now.
    #[error("listmonk is busy or broken: it answers {status}{}", said(.message))]
    Busy { status: u16, message: String },
    #[error(
        "listmonk does not let Handpick in: it answers {0}. Check user and token in [listmonk], and what this user may do \
         there: manage and look for lists and subscribers"
    )]
    NotAllowed(u16),
    /// It will not take this, however often it is told.
    #[error("listmonk answers {status}{}", said(.message))]
    Refused { status: u16, message: String },
    #[error("listmonk's answer cannot be read: {0}")]
    Unreadable(String),
}

fn said(message: &str) -> String {
    if message.is_empty() { String::new() } else { format!(" and says “{message}”") }
}

impl ListmonkError {
    /// The same may go well later.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Away(_) | Self::Busy { .. })
    }
}

/// Somebody with an address, and what their e-mail is made of.
pub struct Subscriber<'a> {
    pub email: &'a str,
    pub name: &'a str,
    pub attributes: &'a Map<String, Value>,
}

#[derive(Deserialize)]
struct Data<T> {
    data: T,
}

#[derive(Deserialize)]
struct Results<T> {
    results: Vec<T>,
}

#[derive(Deserialize)]
struct List {
    id: i64,
    #[serde(default)]
    name: String,
}

#[derive(Deserialize)]
struct Known {
    id: i64,
    email: String,
    name: String,
    status: String,
    #[serde(default)]
    attribs: Map<String, Value>,
    #[serde(default)]
    lists: Vec<List>,
}

pub struct Listmonk {
    client: Client,
    base: String,
    authorization: String,
}

impl Listmonk {
    pub fn new(settings: &config::Listmonk) -> Self {
        Self {
            // The address is the admin's own: it may lie inside the network.
            client: Client::new(true),
            base: settings.url.trim_end_matches('/').to_owned(),
            authorization: format!("token {}:{}", settings.user, settings.token.reveal()),
        }
    }

    /// The number of the list of this name, which is made where there is none: private, without a second question to
    /// those who are put on it.
    pub fn list(&self, name: &str) -> Result<i64, ListmonkError> {
        let path = format!("/api/lists?query={}&per_page=all", encoded(name));
        let known: Data<Results<List>> = self.told(Ask::Get, &path, None)?;
        if let Some(list) = known.data.results.into_iter().find(|list| list.name == name) {
            return Ok(list.id);
        }
        let new = json!({ "name": name, "type": "private", "optin": "single", "tags": ["handpick"] });
        let made: Data<List> = self.told(Ask::Post, "/api/lists", Some(&new))?;
        Ok(made.data.id)
    }

    /// Puts somebody on a list, with these attributes beside those that they have.
    pub fn subscribe(&self, who: &Subscriber<'_>, list: i64) -> Result<(), ListmonkError> {
        let new = json!({
            "email": who.email,
            "name": who.name,
            "status": "enabled",
            "lists": [list],
            "attribs": who.attributes,
            "preconfirm_subscriptions": true,
        });
        match self.asked(Ask::Post, "/api/subscribers", Some(&new)) {
            Ok(_) => Ok(()),
            // The address is known.
            Err(ListmonkError::Refused { status: 409, .. }) => self.renew(who, list),
            Err(error) => Err(error),
        }
    }

    fn renew(&self, who: &Subscriber<'_>, list: i64) -> Result<(), ListmonkError> {
        let query = format!("subscribers.email = '{}'", who.email.to_lowercase().replace('\'', "''"));
        let path = format!("/api/subscribers?query={}&per_page=2", encoded(&query));
        let known: Data<Results<Known>> = self.told(Ask::Get, &path, None)?;
        let is_them = |known: &Known| known.email.eq_ignore_ascii_case(who.email);
        let Some(known) = known.data.results.into_iter().find(is_them) else {
            let message = "it knows the address, and does not find it".to_owned();
            return Err(ListmonkError::Refused { status: 409, message });
        };
        let mut attributes = known.attribs;
        attributes.extend(who.attributes.clone());
        let mut lists: Vec<i64> = known.lists.into_iter().map(|known| known.id).collect();
        if !lists.contains(&list) {
            lists.push(list);
        }
        // All of it: what is left out would be taken away. Who is blocked stays blocked, and other lists' questions stay
        // open.
        let whole = json!({
            "email": known.email,
            "name": known.name,
            "status": known.status,
            "lists": lists,
            "attribs": attributes,
            "preconfirm_subscriptions": false,
        });
        self.asked(Ask::Put, &format!("/api/subscribers/{}", known.id), Some(&whole)).map(|_| ())
    }

    fn told<T: for<'de> Deserialize<'de>>(
        &self,
        how: Ask,
        path: &str,
        json: Option<&Value>,
    ) -> Result<T, ListmonkError> {
        let bytes = self.asked(how, path, json)?;
        serde_json::from_slice(&bytes).map_err(|error| ListmonkError::Unreadable(error.to_string()))
    }

    fn asked(&self, how: Ask, path: &str, json: Option<&Value>) -> Result<Vec<u8>, ListmonkError> {
        let url = format!("{}{path}", self.base);
        let answer = self.client.ask(how, &url, (&self.authorization, json), MOST_BYTES);
        let (status, bytes) = answer.map_err(ListmonkError::Away)?;
        let message = || {
            let told: Option<Value> = serde_json::from_slice(&bytes).ok();
            let message = told.as_ref().and_then(|told| told["message"].as_str()).unwrap_or_default();
            message.chars().take(200).collect()
        };
        match status {
            200..=299 => Ok(bytes),
            401 | 403 => Err(ListmonkError::NotAllowed(status)),
            429 | 500..=599 => Err(ListmonkError::Busy { status, message: message() }),
            _ => Err(ListmonkError::Refused { status, message: message() }),
        }
    }
}

/// As a part of an address.
fn encoded(text: &str) -> String {
    let letter = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(letter).collect()
}
