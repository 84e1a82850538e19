//! Accounts: who may sign in, and as what.

use super::schema::accounts;
use super::{Conn, StoreError, StoreResult};
use crate::ids::{AccountId, ShopId};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

/// What an account may do; each role may all that the ones after it may, but for the analyst's neighbour:
/// marketers make campaigns, analysts only read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    Owner,
    Admin,
    Marketer,
    Analyst,
}

impl Role {
    pub const ALL: [Role; 4] = [Self::Owner, Self::Admin, Self::Marketer, Self::Analyst];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Marketer => "marketer",
            Self::Analyst => "analyst",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }

    /// Accounts, logs, connection.
    pub const fn may_administer(self) -> bool {
        matches!(self, Self::Owner | Self::Admin)
    }

    /// Campaigns.
    pub const fn may_market(self) -> bool {
        matches!(self, Self::Owner | Self::Admin | Self::Marketer)
    }
}

#[derive(Debug, Clone)]
pub struct Account {
    pub id: AccountId,
    pub shop: ShopId,
    pub email: String,
    pub name: String,
    pub role: Role,
    pub password_hash: String,
    pub created_at: DateTime<Utc>,
    pub last_sign_in_at: Option<DateTime<Utc>>,
    pub disabled_at: Option<DateTime<Utc>>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = accounts)]
pub(super) struct Row {
    id: i32,
    shop_id: i32,
    email: String,
    name: String,
    role: String,
    password_hash: String,
    created_at: DateTime<Utc>,
    last_sign_in_at: Option<DateTime<Utc>>,
    disabled_at: Option<DateTime<Utc>>,
}

impl From<Row> for Account {
    fn from(row: Row) -> Self {
        Self {
            id: AccountId(row.id),
            shop: ShopId(row.shop_id),
            email: row.email,
            name: row.name,
            // The table's CHECK admits no other word; the least right is the safe reading of one.
            role: Role::from_name(&row.role).unwrap_or(Role::Analyst),
            password_hash: row.password_hash,
            created_at: row.created_at,
            last_sign_in_at: row.last_sign_in_at,
            disabled_at: row.disabled_at,
        }
    }
}

pub struct NewAccount<'a> {
    pub shop: ShopId,
    pub email: &'a str,
    pub name: &'a str,
    pub role: Role,
    pub password_hash: &'a str,
}

/// [`StoreError::Taken`] when another account has the e-mail.
pub fn add(conn: &mut Conn, new: &NewAccount<'_>, now: DateTime<Utc>) -> StoreResult<AccountId> {
    let inserted = diesel::insert_into(accounts::table)
        .values((
            accounts::shop_id.eq(new.shop.0),
            accounts::email.eq(new.email),
            accounts::name.eq(new.name),
            accounts::role.eq(new.role.name()),
            accounts::password_hash.eq(new.password_hash),
            accounts::created_at.eq(now),
        ))
        .returning(accounts::id)
        .get_result(conn);
    match inserted {
        Ok(id) => Ok(AccountId(id)),
        Err(diesel::result::Error::DatabaseError(diesel::result::DatabaseErrorKind::UniqueViolation, _)) => {
            Err(StoreError::Taken(new.email.to_owned()))
        }
        Err(error) => Err(error.into()),
    }
}

pub fn all(conn: &mut Conn, shop: ShopId) -> StoreResult<Vec<Account>> {
    let rows = accounts::table
        .filter(accounts::shop_id.eq(shop.0))
        .order(accounts::id)
        .select(Row::as_select())
        .load(conn)?;
    Ok(rows.into_iter().map(Account::from).collect())
}

pub fn by_id(conn: &mut Conn, shop: ShopId, id: AccountId) -> StoreResult<Option<Account>> {
    let row = accounts::table
        .filter(accounts::shop_id.eq(shop.0).and(accounts::id.eq(id.0)))
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    Ok(row.map(Account::from))
}

/// Upper and lower case are the same in an e-mail.
pub fn by_email(conn: &mut Conn, email: &str) -> StoreResult<Option<Account>> {
    let row =
        accounts::table.filter(accounts::email.eq(email)).select(Row::as_select()).first(conn).optional()?;
    Ok(row.map(Account::from))
}

pub fn signed_in(conn: &mut Conn, id: AccountId, now: DateTime<Utc>) -> StoreResult<()> {
    diesel::update(accounts::table.find(id.0)).set(accounts::last_sign_in_at.eq(now)).execute(conn)?;
    Ok(())
}

pub fn set_password(conn: &mut Conn, id: AccountId, password_hash: &str) -> StoreResult<()> {
    diesel::update(accounts::table.find(id.0))
        .set(accounts::password_hash.eq(password_hash))
        .execute(conn)?;
    Ok(())
}

pub fn set_role(conn: &mut Conn, id: AccountId, role: Role) -> StoreResult<()> {
    diesel::update(accounts::table.find(id.0)).set(accounts::role.eq(role.name())).execute(conn)?;
    Ok(())
}

/// `None` lets a disabled account sign in again.
pub fn set_disabled(conn: &mut Conn, id: AccountId, at: Option<DateTime<Utc>>) -> StoreResult<()> {
    diesel::update(accounts::table.find(id.0)).set(accounts::disabled_at.eq(at)).execute(conn)?;
    Ok(())
}
