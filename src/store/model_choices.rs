//! Which model is to speak to customers, where somebody decided it: who, when and why.

use super::models::{self, StoredModel};
use super::schema::model_choices;
use super::{Conn, StoreResult};
use crate::ids::{AccountId, ModelId, ShopId};
use chrono::{DateTime, Utc};
use diesel::prelude::*;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelChoice {
    /// `None`: Handpick is to choose again.
    pub model: Option<ModelId>,
    pub note: String,
    pub at: DateTime<Utc>,
    pub by: Option<AccountId>,
}

/// Model, note, when, who.
type Row = (Option<i32>, String, DateTime<Utc>, Option<i32>);

pub fn add(conn: &mut Conn, shop: ShopId, choice: &ModelChoice) -> StoreResult<()> {
    diesel::insert_into(model_choices::table)
        .values((
            model_choices::shop_id.eq(shop.0),
            model_choices::model_id.eq(choice.model.map(|model| model.0)),
            model_choices::note.eq(&choice.note),
            model_choices::chosen_at.eq(choice.at),
            model_choices::chosen_by.eq(choice.by.map(|by| by.0)),
        ))
        .execute(conn)?;
    Ok(())
}

/// Newest first.
pub fn latest(conn: &mut Conn, shop: ShopId, at_most: i64) -> StoreResult<Vec<ModelChoice>> {
    let rows: Vec<Row> = model_choices::table
        .filter(model_choices::shop_id.eq(shop.0))
        .order(model_choices::id.desc())
        .limit(at_most)
        .select((
            model_choices::model_id,
            model_choices::note,
            model_choices::chosen_at,
            model_choices::chosen_by,
        ))
        .load(conn)?;
    let choice = |(model, note, at, by): Row| ModelChoice {
        model: model.map(ModelId),
        note,
        at,
        by: by.map(AccountId),
    };
    Ok(rows.into_iter().map(choice).collect())
}

/// The model that somebody decided on; `None` when Handpick chooses, or when that model cannot be read any more.
pub fn chosen(conn: &mut Conn, shop: ShopId) -> StoreResult<Option<StoredModel>> {
    match latest(conn, shop, 1)?.first().and_then(|choice| choice.model) {
        Some(model) => Ok(models::by_id(conn, shop, model)?.filter(|model| model.unreadable.is_none())),
        None => Ok(None),
    }
}

/// The model that speaks to customers: the one that somebody decided on, else the newest that Handpick chose, else the
/// newest of all.
pub fn in_use(conn: &mut Conn, shop: ShopId) -> StoreResult<Option<StoredModel>> {
    const LOOKED_AT: i64 = 50;
    if let Some(chosen) = chosen(conn, shop)? {
        return Ok(Some(chosen));
    }
    let mut all = models::latest(conn, shop, LOOKED_AT)?;
    let at = all.iter().position(StoredModel::is_automatic).unwrap_or(0);
    Ok((!all.is_empty()).then(|| all.swap_remove(at)))
}
