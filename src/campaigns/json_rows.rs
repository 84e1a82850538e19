//! The lines of the JSON file, as structs: built as values they cost three times as much.

use crate::money::Money;
use serde::Serialize;
use std::borrow::Cow;

#[derive(Serialize)]
pub struct Row<'a> {
    pub campaign_id: i32,
    pub user_id: &'a str,
    pub email: Option<&'a str>,
    pub first_name: Option<&'a str>,
    pub last_name: Option<&'a str>,
    pub language: Option<&'a str>,
    pub variant: &'a str,
    pub picks: Vec<Pick<'a>>,
    pub exported_at: &'a str,
}

#[derive(Serialize)]
pub struct Pick<'a> {
    pub rank: u8,
    pub item_id: &'a str,
    pub sku: &'a str,
    pub title: Option<&'a str>,
    pub url: Option<String>,
    pub image: Option<Cow<'a, str>>,
    pub price: Option<Money>,
    pub currency: Option<&'a str>,
    pub score: f32,
    pub source: &'a str,
    pub reason: String,
}
