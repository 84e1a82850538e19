//! Exact amounts: no price is ever a floating-point number.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub};
use std::str::FromStr;

/// An amount in ten-thousandths of the currency's unit, as `DECIMAL(18, 4)` holds it.
///
/// Four places cover the decimal columns of the shops' databases (Magento uses `DECIMAL(20, 4)`)
/// and every currency in use. The range is ± 922 million million units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Money(i64);

/// Ten-thousandths in one unit.
const SCALE: i64 = 10_000;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    #[error("“{0}” is not an amount of money; expected a decimal number such as 12.50")]
    NotANumber(String),
    #[error("“{0}” is too large for an amount of money")]
    TooLarge(String),
}

impl Money {
    pub const ZERO: Money = Money(0);

    pub const fn from_ten_thousandths(amount: i64) -> Self {
        Self(amount)
    }

    pub const fn ten_thousandths(self) -> i64 {
        self.0
    }

    pub const fn from_units(units: i64) -> Self {
        Self(units * SCALE)
    }

    /// From a binary floating-point column (`REAL`, `DOUBLE`): rounded to the nearest ten-thousandth.
    /// `None` when it is not finite or out of range.
    pub fn from_f64(value: f64) -> Option<Self> {
        let scaled = (value * SCALE as f64).round();
        (scaled.is_finite() && scaled.abs() < i64::MAX as f64).then_some(Self(scaled as i64))
    }

    /// For statistics and charts only, never for sums that are shown.
    pub fn as_f64(self) -> f64 {
        self.0 as f64 / SCALE as f64
    }

    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    pub const fn abs(self) -> Self {
        Self(self.0.abs())
    }

    /// This amount for `quantity` pieces, rounded half away from zero. Saturates at the range's ends.
    pub fn times(self, quantity: f64) -> Self {
        Self((self.0 as f64 * quantity).round() as i64)
    }

    /// Rounded to two places, as prices are shown: `1234.50`.
    pub fn to_cents_string(self) -> String {
        let cents = (self.0.unsigned_abs() + 50) / 100;
        let sign = if self.0 < 0 && cents > 0 { "-" } else { "" };
        format!("{sign}{}.{:02}", cents / 100, cents % 100)
    }
}

/// All four places when they are needed, two otherwise: `12.50`, `0.0025`.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let amount = self.0.unsigned_abs();
        let sign = if self.0 < 0 { "-" } else { "" };
        let (units, rest) = (amount / SCALE as u64, amount % SCALE as u64);
        if rest.is_multiple_of(100) {
            write!(f, "{sign}{units}.{:02}", rest / 100)
        } else {
            write!(f, "{sign}{units}.{rest:04}")
        }
    }
}

impl FromStr for Money {
    type Err = MoneyError;

    /// Reads a plain decimal (`-12.5`, `1e-3` is refused). Places beyond the fourth are rounded half up.
    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let refuse = || MoneyError::NotANumber(text.to_owned());
        let trimmed = text.trim();
        let (negative, digits) = match trimmed.as_bytes().first() {
            Some(b'-') => (true, &trimmed[1..]),
            Some(b'+') => (false, &trimmed[1..]),
            _ => (false, trimmed),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if (whole.is_empty() && fraction.is_empty()) || !all_digits(whole) || !all_digits(fraction) {
            return Err(refuse());
        }
        let too_large = || MoneyError::TooLarge(text.to_owned());
        let mut amount: i64 = 0;
        for byte in whole.bytes() {
            let digit = i64::from(byte - b'0');
            amount = amount.checked_mul(10).and_then(|a| a.checked_add(digit)).ok_or_else(too_large)?;
        }
        let mut places = fraction.bytes().map(|byte| i64::from(byte - b'0'));
        for _ in 0..4 {
            let digit = places.next().unwrap_or(0);
            amount = amount.checked_mul(10).and_then(|a| a.checked_add(digit)).ok_or_else(too_large)?;
        }
        if places.next().is_some_and(|digit| digit >= 5) {
            amount = amount.checked_add(1).ok_or_else(too_large)?;
        }
        Ok(Self(if negative { -amount } else { amount }))
    }
}

/// As text, `"12.50"`: JSON and TOML numbers are binary and would not stay exact.
impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// From text or from a number, as people write it in a file.
impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Amount;

        impl de::Visitor<'_> for Amount {
            type Value = Money;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an amount such as 12.50")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Money, E> {
                text.parse().map_err(E::custom)
            }

            fn visit_i64<E: de::Error>(self, units: i64) -> Result<Money, E> {
                units
                    .checked_mul(SCALE)
                    .map(Money)
                    .ok_or_else(|| E::custom("too large for an amount of money"))
            }

            fn visit_u64<E: de::Error>(self, units: u64) -> Result<Money, E> {
                i64::try_from(units).map_err(E::custom).and_then(|units| self.visit_i64(units))
            }

            fn visit_f64<E: de::Error>(self, units: f64) -> Result<Money, E> {
                Money::from_f64(units).ok_or_else(|| E::custom("too large for an amount of money"))
            }
        }

        deserializer.deserialize_any(Amount)
    }
}

impl Add for Money {
    type Output = Money;
    fn add(self, other: Money) -> Money {
        Money(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Money {
    fn add_assign(&mut self, other: Money) {
        *self = *self + other;
    }
}

impl Sub for Money {
    type Output = Money;
    fn sub(self, other: Money) -> Money {
        Money(self.0.saturating_sub(other.0))
    }
}

impl Neg for Money {
    type Output = Money;
    fn neg(self) -> Money {
        Money(-self.0)
    }
}

impl Sum for Money {
    fn sum<I: Iterator<Item = Money>>(amounts: I) -> Money {
        amounts.fold(Money::ZERO, Add::add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_and_shows_decimals() {
        for (text, shown) in
            [("12.5", "12.50"), ("-0.0025", "-0.0025"), ("7", "7.00"), (".5", "0.50"), ("1.00005", "1.0001")]
        {
            assert_eq!(text.parse::<Money>().map(|m| m.to_string()), Ok(shown.to_owned()), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_amount() {
        for text in ["", ".", "12,5", "1e3", "EUR 5", "--1", "9223372036854775807"] {
            assert!(text.parse::<Money>().is_err(), "{text}");
        }
    }

    #[test]
    fn cents_round_half_away_from_zero() {
        assert_eq!(Money::from_ten_thousandths(12_350).to_cents_string(), "1.24");
        assert_eq!(Money::from_ten_thousandths(-49).to_cents_string(), "0.00");
        assert_eq!(Money::from_ten_thousandths(-12_350).to_cents_string(), "-1.24");
    }

    proptest! {
        #[test]
        fn shown_amounts_read_back(amount in -1_000_000_000_000i64..1_000_000_000_000) {
            let money = Money::from_ten_thousandths(amount);
            prop_assert_eq!(money.to_string().parse::<Money>(), Ok(money));
        }
    }
}
