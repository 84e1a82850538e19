//! PostgreSQL's binary COPY format, decoded by hand: a row costs no allocation.
//!
//! Source: the PostgreSQL manual, “COPY”, file formats, binary; numbers and times as `src/backend/utils/adt` sends them.

use super::{Column, DriverError, RowSink, Shape, SourceError, Value};
use postgres::types::{Kind, Type};

/// Microseconds and days from 1970 to 2000, where PostgreSQL's calendar starts.
const EPOCH_US: i64 = 946_684_800_000_000;
const EPOCH_DAYS: i32 = 10_957;
const SIGNATURE: &[u8; 11] = b"PGCOPY\n\xff\r\n\0";

/// What values of this type are, for the mapping.
pub fn shape_of(kind: &Type) -> Shape {
    match *kind {
        Type::BOOL => Shape::Bool,
        Type::INT2 | Type::INT4 | Type::INT8 | Type::OID => Shape::Integer,
        Type::FLOAT4 | Type::FLOAT8 => Shape::Float,
        Type::NUMERIC | Type::MONEY => Shape::Decimal,
        Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME | Type::CHAR | Type::JSON | Type::XML => {
            Shape::Text
        }
        Type::TIMESTAMPTZ => Shape::Instant,
        Type::TIMESTAMP => Shape::WallClock,
        Type::DATE => Shape::Date,
        Type::UUID => Shape::Uuid,
        Type::BYTEA => Shape::Bytes,
        _ if matches!(kind.kind(), Kind::Enum(_)) || matches!(kind.name(), "citext" | "unknown") => {
            Shape::Text
        }
        _ => Shape::Unsupported,
    }
}

#[derive(Clone, Copy)]
enum Decode {
    Bool,
    Int2,
    Int4,
    Int8,
    Oid,
    Float4,
    Float8,
    Numeric,
    Money,
    Text,
    Instant,
    WallClock,
    Date,
    Uuid,
    Nothing,
}

fn decode_of(column: &Column) -> Decode {
    match Type::from_oid(column.type_code) {
        Some(Type::BOOL) => Decode::Bool,
        Some(Type::INT2) => Decode::Int2,
        Some(Type::INT4) => Decode::Int4,
        Some(Type::INT8) => Decode::Int8,
        Some(Type::OID) => Decode::Oid,
        Some(Type::FLOAT4) => Decode::Float4,
        Some(Type::FLOAT8) => Decode::Float8,
        Some(Type::NUMERIC) => Decode::Numeric,
        Some(Type::MONEY) => Decode::Money,
        Some(Type::TIMESTAMPTZ) => Decode::Instant,
        Some(Type::TIMESTAMP) => Decode::WallClock,
        Some(Type::DATE) => Decode::Date,
        Some(Type::UUID) => Decode::Uuid,
        _ if column.shape == Shape::Text => Decode::Text,
        _ => Decode::Nothing,
    }
}

/// Takes the stream in pieces of any length and hands on whole rows.
pub struct Rows {
    decodes: Vec<Decode>,
    /// The beginning of a row whose end has not come yet.
    rest: Vec<u8>,
    started: bool,
    ended: bool,
    rows: u64,
}

impl Rows {
    pub fn new(columns: &[Column]) -> Self {
        let decodes = columns.iter().map(decode_of).collect();
        Self { decodes, rest: Vec::new(), started: false, ended: false, rows: 0 }
    }

    pub fn feed(&mut self, chunk: &[u8], sink: &mut RowSink<'_>) -> Result<(), DriverError> {
        if self.rest.is_empty() {
            // The usual case: the server sends one row per message, so nothing is copied.
            let taken = self.take_rows(chunk, sink)?;
            self.rest.extend_from_slice(&chunk[taken..]);
        } else {
            let mut joined = std::mem::take(&mut self.rest);
            joined.extend_from_slice(chunk);
            let taken = self.take_rows(&joined, sink)?;
            joined.drain(..taken);
            self.rest = joined;
        }
        Ok(())
    }

    /// How many rows came, once the stream's own end was seen.
    pub fn finish(self) -> Result<u64, SourceError> {
        if self.ended && self.rest.is_empty() {
            return Ok(self.rows);
        }
        Err(SourceError::Lost { reason: "the rows ended before the server said so".to_owned() })
    }

    /// Answers how many bytes of `bytes` were used.
    fn take_rows(&mut self, bytes: &[u8], sink: &mut RowSink<'_>) -> Result<usize, DriverError> {
        let mut at = 0;
        if !self.started {
            let Some(header) = bytes.get(..19) else { return Ok(0) };
            if &header[..11] != SIGNATURE {
                return Err(garbled("not the binary COPY format"));
            }
            let extension = be_u32(&header[15..19]) as usize;
            if bytes.len() < 19 + extension {
                return Ok(0);
            }
            at = 19 + extension;
            self.started = true;
        }
        let mut values: Vec<Value<'_>> = Vec::with_capacity(self.decodes.len());
        while let Some(count) = bytes.get(at..at + 2) {
            let count = i16::from_be_bytes([count[0], count[1]]);
            if count == -1 {
                self.ended = true;
                return Ok(at + 2);
            }
            if usize::try_from(count) != Ok(self.decodes.len()) {
                return Err(garbled("a row with another number of columns"));
            }
            values.clear();
            let Some(length) = decode_row(&bytes[at + 2..], &self.decodes, &mut values) else {
                return Ok(at);
            };
            self.rows += 1;
            sink(&values)?;
            at += 2 + length;
        }
        Ok(at)
    }
}

fn garbled(reason: &str) -> DriverError {
    DriverError::Other(SourceError::Garbled { reason: reason.to_owned() })
}

/// Fills `values`; `None` when the row's end is not there yet, otherwise the row's length.
fn decode_row<'a>(bytes: &'a [u8], decodes: &[Decode], values: &mut Vec<Value<'a>>) -> Option<usize> {
    let mut at = 0;
    for decode in decodes {
        let length = i32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?);
        at += 4;
        let Ok(length) = usize::try_from(length) else {
            values.push(Value::Null);
            continue;
        };
        values.push(decode_value(bytes.get(at..at + length)?, *decode));
        at += length;
    }
    Some(at)
}

fn decode_value(bytes: &[u8], decode: Decode) -> Value<'_> {
    let value = match decode {
        Decode::Text => std::str::from_utf8(bytes).ok().map(Value::Text),
        Decode::Bool => bytes.first().map(|byte| Value::Bool(*byte != 0)),
        Decode::Int2 => bytes.try_into().ok().map(|b| Value::Int(i16::from_be_bytes(b).into())),
        Decode::Int4 => bytes.try_into().ok().map(|b| Value::Int(i32::from_be_bytes(b).into())),
        Decode::Int8 => be_i64(bytes).map(Value::Int),
        Decode::Oid => bytes.try_into().ok().map(|b| Value::Int(u32::from_be_bytes(b).into())),
        Decode::Float4 => bytes.try_into().ok().map(|b| Value::Float(f32::from_be_bytes(b).into())),
        Decode::Float8 => bytes.try_into().ok().map(|b| Value::Float(f64::from_be_bytes(b))),
        Decode::Numeric => numeric(bytes).map(Value::Decimal),
        // Hundredths in every locale with two places, which is what `lc_monetary` means nearly everywhere.
        Decode::Money => be_i64(bytes).map(|cents| Value::Decimal(i128::from(cents) * 100)),
        Decode::Instant => {
            be_i64(bytes).and_then(|us| us.checked_add(EPOCH_US)).filter(finite).map(Value::Instant)
        }
        Decode::WallClock => {
            be_i64(bytes).and_then(|us| us.checked_add(EPOCH_US)).filter(finite).map(Value::WallClock)
        }
        Decode::Date => {
            let days = bytes.try_into().ok().map(i32::from_be_bytes);
            days.filter(|days| *days != i32::MIN)
                .and_then(|days| days.checked_add(EPOCH_DAYS))
                .map(Value::Date)
        }
        Decode::Uuid => bytes.try_into().ok().map(|b| Value::Uuid(u128::from_be_bytes(b))),
        Decode::Nothing => None,
    };
    value.unwrap_or(Value::Unreadable)
}

/// `infinity` and `-infinity` are the ends of the range.
fn finite(us: &i64) -> bool {
    *us != i64::MIN + EPOCH_US
}

fn be_u32(bytes: &[u8]) -> u32 {
    bytes.try_into().map_or(0, u32::from_be_bytes)
}

fn be_i64(bytes: &[u8]) -> Option<i64> {
    bytes.try_into().ok().map(i64::from_be_bytes)
}

/// Ten-thousandths: PostgreSQL's digits are of base 10,000, so no digit needs to be split.
fn numeric(bytes: &[u8]) -> Option<i128> {
    let word = |at: usize| Some(u16::from_be_bytes([*bytes.get(at)?, *bytes.get(at + 1)?]));
    let (count, weight, sign) = (word(0)?, word(2)? as i16, word(4)?);
    let mut amount: i128 = 0;
    for digit in 0..count {
        let value = i128::from(word(8 + 2 * usize::from(digit))?);
        match i32::from(weight) - i32::from(digit) + 1 {
            power @ 0.. => {
                let scale = 10_000i128.checked_pow(u32::try_from(power).ok()?)?;
                amount = amount.checked_add(value.checked_mul(scale)?)?;
            }
            -1 => amount += i128::from(value >= 5_000),
            _ => break,
        }
    }
    match sign {
        0x0000 => Some(amount),
        0x4000 => Some(-amount),
        _ => None, // Not a number, or infinite.
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(kind: &Type) -> Column {
        Column {
            name: "c".into(),
            shape: shape_of(kind),
            type_name: kind.name().into(),
            type_code: kind.oid(),
        }
    }

    /// A stream of one text and one integer column, cut anywhere.
    fn sample() -> Vec<u8> {
        let mut bytes = SIGNATURE.to_vec();
        bytes.extend([0; 8]);
        for (text, number) in [("one", Some(1i64)), ("", None), ("größer", Some(-3))] {
            bytes.extend(2i16.to_be_bytes());
            bytes.extend((text.len() as i32).to_be_bytes());
            bytes.extend(text.as_bytes());
            match number {
                Some(number) => {
                    bytes.extend(8i32.to_be_bytes());
                    bytes.extend(number.to_be_bytes());
                }
                None => bytes.extend((-1i32).to_be_bytes()),
            }
        }
        bytes.extend((-1i16).to_be_bytes());
        bytes
    }

    #[test]
    fn rows_come_whole_however_the_stream_is_cut() {
        let bytes = sample();
        for cut in 1..bytes.len() {
            let mut rows = Rows::new(&[column(&Type::TEXT), column(&Type::INT8)]);
            let mut seen = Vec::new();
            for piece in bytes.chunks(cut) {
                rows.feed(piece, &mut |row| {
                    seen.push(format!("{row:?}"));
                    Ok(())
                })
                .expect("a sound stream");
            }
            assert_eq!(rows.finish().expect("ended"), 3);
            assert_eq!(seen[2], "[Text(\"größer\"), Int(-3)]", "cut at {cut}");
        }
    }

    #[test]
    fn a_stream_without_its_end_is_lost() {
        let bytes = sample();
        let mut rows = Rows::new(&[column(&Type::TEXT), column(&Type::INT8)]);
        rows.feed(&bytes[..bytes.len() - 2], &mut |_| Ok(())).expect("so far sound");
        assert!(matches!(rows.finish(), Err(SourceError::Lost { .. })));
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_are_too_strange(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..40)) {
            for kind in [Type::NUMERIC, Type::TEXT, Type::TIMESTAMP, Type::DATE, Type::INT4, Type::BOOL, Type::UUID] {
                let decode = decode_of(&column(&kind));
                decode_value(&bytes, decode).to_text();
            }
        }
    }
}
