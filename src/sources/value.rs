//! One value of a row, and how it is read as an id, a text, an amount, a number or a truth.

use super::Reason;
use crate::money::Money;

/// A value as the server sent it, borrowed from the row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Unsigned(u64),
    Float(f64),
    /// In ten-thousandths, exact; further places were rounded half away from zero.
    Decimal(i128),
    Text(&'a str),
    /// Microseconds since 1970, UTC.
    Instant(i64),
    /// Microseconds since 1970 on a clock whose zone is not known.
    WallClock(i64),
    /// Days since 1970.
    Date(i32),
    Uuid(u128),
    /// Present, but no such value: not UTF-8, infinity, `0000-00-00`.
    Unreadable,
}

/// Ten-thousandths in one.
const SCALE: i128 = 10_000;

/// Room for the digits of a number that serves as an id, so that no row allocates.
#[derive(Default)]
pub struct Digits {
    integer: itoa::Buffer,
    text: String,
}

impl<'a> Value<'a> {
    /// As an id: texts without the blanks around them, whole numbers as their digits. Empty is `None`.
    pub fn id<'b>(self, digits: &'b mut Digits) -> Result<Option<&'b str>, Reason>
    where
        'a: 'b,
    {
        Ok(Some(match self {
            Value::Null => return Ok(None),
            Value::Text(text) => {
                let trimmed = text.trim_ascii();
                return Ok((!trimmed.is_empty()).then_some(trimmed));
            }
            Value::Int(number) => digits.integer.format(number),
            Value::Unsigned(number) => digits.integer.format(number),
            Value::Bool(_) | Value::Unreadable => return Err(Reason::UnreadableId),
            // Spreadsheet imports leave whole numbers in floating columns: 13085.0 is the id 13085.
            Value::Float(number) if number.fract() == 0.0 && number.abs() < 9e15 => {
                digits.integer.format(number as i64)
            }
            Value::Float(_) => return Err(Reason::UnreadableId),
            Value::Decimal(amount) if amount % SCALE == 0 => digits.integer.format(amount / SCALE),
            Value::Decimal(_) => return Err(Reason::UnreadableId),
            Value::Uuid(_) | Value::Instant(_) | Value::WallClock(_) | Value::Date(_) => {
                digits.text = self.to_text();
                &digits.text
            }
        }))
    }

    /// For the translation table of a mapping and for previews: how a person would write the value.
    pub fn to_text(self) -> String {
        match self {
            Value::Null => String::new(),
            Value::Bool(truth) => truth.to_string(),
            Value::Int(number) => number.to_string(),
            Value::Unsigned(number) => number.to_string(),
            Value::Float(number) => number.to_string(),
            Value::Decimal(amount) => decimal_text(amount),
            Value::Text(text) => text.trim_ascii().to_owned(),
            Value::Instant(us) | Value::WallClock(us) => chrono::DateTime::from_timestamp_micros(us)
                .map_or_else(String::new, |at| at.naive_utc().to_string()),
            Value::Date(days) => super::time::date_text(days),
            Value::Uuid(number) => uuid_text(number),
            Value::Unreadable => "(unreadable)".to_owned(),
        }
    }

    /// A text without the blanks around it; empty is `None`.
    pub fn text(self) -> Option<String> {
        match self {
            Value::Null | Value::Unreadable => None,
            other => Some(other.to_text()).filter(|text| !text.is_empty()),
        }
    }

    pub fn money(self) -> Result<Option<Money>, Reason> {
        let whole = |units: i128| i64::try_from(units * SCALE).ok().map(Money::from_ten_thousandths);
        let amount = match self {
            Value::Null => return Ok(None),
            Value::Int(units) => whole(i128::from(units)),
            Value::Unsigned(units) => whole(i128::from(units)),
            Value::Decimal(amount) => i64::try_from(amount).ok().map(Money::from_ten_thousandths),
            Value::Float(units) => Money::from_f64(units),
            Value::Text(text) if text.trim().is_empty() => return Ok(None),
            Value::Text(text) => text.parse().ok(),
            _ => None,
        };
        amount.map(Some).ok_or(Reason::UnreadableAmount)
    }

    /// A number of pieces, possibly fractional (cloth by the metre).
    pub fn quantity(self) -> Result<Option<f64>, Reason> {
        let number = match self {
            Value::Null => return Ok(None),
            Value::Int(number) => number as f64,
            Value::Unsigned(number) => number as f64,
            Value::Float(number) => number,
            Value::Decimal(amount) => amount as f64 / SCALE as f64,
            Value::Text(text) if text.trim().is_empty() => return Ok(None),
            Value::Text(text) => text.trim().parse().map_err(|_| Reason::UnreadableQuantity)?,
            _ => return Err(Reason::UnreadableQuantity),
        };
        if number.is_finite() { Ok(Some(number)) } else { Err(Reason::UnreadableQuantity) }
    }

    /// Whole pieces; fractions are rounded down, as half a piece cannot be sent.
    pub fn pieces(self) -> Option<i64> {
        match self {
            Value::Bool(truth) => Some(i64::from(truth)),
            other => other.quantity().ok().flatten().map(|number| number.floor() as i64),
        }
    }

    /// A truth in the spellings shops use; `None` when it is missing or none of them.
    pub fn truth(self) -> Option<bool> {
        match self {
            Value::Bool(truth) => Some(truth),
            Value::Int(number) => Some(number != 0),
            Value::Unsigned(number) => Some(number != 0),
            Value::Decimal(number) => Some(number != 0),
            Value::Float(number) => Some(number != 0.0),
            Value::Text(text) => truth_word(text),
            _ => None,
        }
    }
}

fn truth_word(text: &str) -> Option<bool> {
    const YES: [&str; 14] = [
        "1",
        "t",
        "true",
        "y",
        "yes",
        "on",
        "active",
        "enabled",
        "visible",
        "published",
        "subscribed",
        "ja",
        "oui",
        "si",
    ];
    const NO: [&str; 14] = [
        "0",
        "f",
        "false",
        "n",
        "no",
        "off",
        "inactive",
        "disabled",
        "hidden",
        "draft",
        "unsubscribed",
        "nein",
        "non",
        "archived",
    ];
    let word = text.trim();
    let is_one_of = |words: &[&str]| words.iter().any(|known| known.eq_ignore_ascii_case(word));
    if is_one_of(&YES) {
        Some(true)
    } else if is_one_of(&NO) {
        Some(false)
    } else {
        None
    }
}

/// `12.5` for 125000 ten-thousandths; no needless zeros.
fn decimal_text(amount: i128) -> String {
    let (whole, rest) = (amount.unsigned_abs() / 10_000, amount.unsigned_abs() % 10_000);
    let sign = if amount < 0 { "-" } else { "" };
    if rest == 0 {
        return format!("{sign}{whole}");
    }
    format!("{sign}{whole}.{rest:04}").trim_end_matches('0').to_owned()
}

fn uuid_text(number: u128) -> String {
    let hex = format!("{number:032x}");
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// Ten-thousandths of a decimal text such as MySQL's `DECIMAL` sends; `None` when it is no decimal.
pub fn parse_decimal(text: &str) -> Option<i128> {
    let trimmed = text.trim();
    let (negative, digits) = match trimmed.as_bytes().first()? {
        b'-' => (true, &trimmed[1..]),
        b'+' => (false, &trimmed[1..]),
        _ => (false, trimmed),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let mut amount: i128 = 0;
    let places = fraction.bytes().chain(std::iter::repeat(b'0')).take(4);
    for byte in whole.bytes().chain(places) {
        if !byte.is_ascii_digit() {
            return None;
        }
        amount = amount.checked_mul(10)?.checked_add(i128::from(byte - b'0'))?;
    }
    let further = fraction.as_bytes().get(4..).unwrap_or_default();
    if !further.iter().all(u8::is_ascii_digit) {
        return None;
    }
    amount += i128::from(further.first().is_some_and(|byte| *byte >= b'5'));
    Some(if negative { -amount } else { amount })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn id(value: Value<'_>) -> Result<Option<String>, Reason> {
        value.id(&mut Digits::default()).map(|id| id.map(str::to_owned))
    }

    #[test]
    fn ids_are_texts_and_whole_numbers() {
        for (value, expected) in [
            (Value::Int(-7), Some("-7")),
            (Value::Unsigned(u64::MAX), Some("18446744073709551615")),
            (Value::Float(13085.0), Some("13085")),
            (Value::Decimal(130_850_000), Some("13085")),
            (Value::Text("  85123A "), Some("85123A")),
            (Value::Text("  "), None),
            (Value::Null, None),
            (
                Value::Uuid(0xa0eebc99_9c0b4ef8_bb6d6bb9_bd380a11),
                Some("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
            ),
        ] {
            assert_eq!(id(value), Ok(expected.map(str::to_owned)), "{value:?}");
        }
        for refused in [Value::Float(0.5), Value::Decimal(5), Value::Unreadable, Value::Bool(true)] {
            assert_eq!(id(refused), Err(Reason::UnreadableId));
        }
    }

    #[test]
    fn truths_in_many_spellings() {
        for yes in ["1", "T", "Yes", " on ", "Active"] {
            assert_eq!(Value::Text(yes).truth(), Some(true), "{yes}");
        }
        for no in ["0", "f", "NO", "disabled"] {
            assert_eq!(Value::Text(no).truth(), Some(false), "{no}");
        }
        assert_eq!(Value::Text("perhaps").truth(), None);
        assert_eq!(Value::Int(2).truth(), Some(true));
        assert_eq!(Value::Null.truth(), None);
    }

    proptest! {
        #[test]
        fn decimals_read_back(amount in any::<i64>()) {
            prop_assert_eq!(parse_decimal(&decimal_text(i128::from(amount))), Some(i128::from(amount)));
        }

        #[test]
        fn decimals_agree_with_money(text in "-?[0-9]{1,12}(\\.[0-9]{0,8})?") {
            let money: Money = text.parse().expect("a decimal");
            prop_assert_eq!(parse_decimal(&text), Some(i128::from(money.ten_thousandths())));
            prop_assert_eq!(Value::Text(&text).money(), Ok(Some(money)));
        }

        #[test]
        fn no_text_is_too_strange(text in any::<String>()) {
            let value = Value::Text(&text);
            let read = (id(value), value.money(), value.quantity(), value.pieces(), value.truth(), parse_decimal(&text));
            prop_assert!(read.0.is_ok());
        }
    }
}
