//! What the weather service said of a day.

use super::schema::weather_days;
use super::{Conn, StoreResult};
use crate::ids::ShopId;
use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;

#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct WeatherDay {
    pub asked_at: DateTime<Utc>,
    /// Empty when the last answer was one.
    pub fault: String,
    pub told_at: Option<DateTime<Utc>>,
    /// JSON; empty before the first answer.
    pub told: String,
}

pub fn of_day(conn: &mut Conn, shop: ShopId, day: NaiveDate) -> StoreResult<Option<WeatherDay>> {
    Ok(weather_days::table
        .find((shop.0, day))
        .select((weather_days::asked_at, weather_days::fault, weather_days::told_at, weather_days::told))
        .first(conn)
        .optional()?)
}

pub fn keep(conn: &mut Conn, shop: ShopId, day: NaiveDate, told: &WeatherDay) -> StoreResult<()> {
    let values = (
        weather_days::asked_at.eq(told.asked_at),
        weather_days::fault.eq(&told.fault),
        weather_days::told_at.eq(told.told_at),
        weather_days::told.eq(&told.told),
    );
    diesel::insert_into(weather_days::table)
        .values((weather_days::shop_id.eq(shop.0), weather_days::day.eq(day), values))
        .on_conflict((weather_days::shop_id, weather_days::day))
        .do_update()
        .set(values)
        .execute(conn)?;
    Ok(())
}
