//! A mapping made ready: which columns the SELECT names, and where each field finds its value in a row.

use super::select::{checked_select, quote, quote_table};
use super::{Column, Dialect, Driver, DriverError, Shape, SourceError, Value, nearest_names};
use crate::config::{EpochUnit, Field, Mapping};
use std::collections::HashMap;

/// What a field is read as; decides which columns can serve it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Id,
    Text,
    Time,
    Money,
    Number,
    Truth,
}

/// Where one field's value comes from.
#[derive(Debug, Default)]
pub enum Slot {
    #[default]
    Absent,
    Constant(String),
    Column(usize, Option<EpochUnit>),
    /// `"*"` in the mapping's table stands for every other value.
    Translated(usize, HashMap<String, String>, Option<String>),
}

impl Slot {
    pub fn get<'a>(&'a self, row: &[Value<'a>]) -> Value<'a> {
        match self {
            Slot::Absent => Value::Null,
            Slot::Constant(text) => Value::Text(text),
            Slot::Column(at, _) => row[*at],
            Slot::Translated(at, values, otherwise) => {
                let found = match row[*at] {
                    Value::Text(text) => values.get(text.trim_ascii()),
                    other => values.get(&other.to_text()),
                };
                found.or(otherwise.as_ref()).map_or(Value::Null, |text| Value::Text(text))
            }
        }
    }

    pub const fn unit(&self) -> Option<EpochUnit> {
        match self {
            Slot::Column(_, unit) => *unit,
            _ => None,
        }
    }

    pub const fn is_absent(&self) -> bool {
        matches!(self, Slot::Absent)
    }
}

/// A SELECT's parts, and the slots of its fields.
#[derive(Debug)]
pub struct Plan {
    pub name: String,
    pub columns: Vec<Column>,
    /// `SELECT "a", "b" FROM …` without WHERE.
    pub select: String,
    /// `FROM …`, for counting.
    pub from: String,
    slots: HashMap<&'static str, Slot>,
    /// The mapping's own names, ascending.
    attributes: Vec<(String, Slot)>,
    /// The watermark's column in `columns`.
    pub watermark: Option<usize>,
    /// The unit of the time field that shares the watermark's column, when it is one.
    pub watermark_is_time: bool,
}

impl Plan {
    /// Asks the server for the columns of `mapping` and finds each field's.
    pub fn make(
        mapping: &Mapping,
        fields: &[(&'static str, Role)],
        driver: &mut dyn Driver,
    ) -> Result<Self, SourceError> {
        let dialect = driver.dialect();
        let name = mapping_name(mapping).to_owned();
        let wrong = |reason: String| SourceError::Mapping { mapping: name.clone(), reason };
        let known: Vec<&str> = fields.iter().map(|(field, _)| *field).collect();
        for field in mapping.fields.keys() {
            if !known.contains(&field.as_str()) {
                let hint = nearest_names(field, known.iter().copied());
                return Err(wrong(format!("“{field}” is not a field of this kind of thing.{hint}")));
            }
        }
        let (whole, from) = source_of(mapping, dialect).map_err(wrong)?;
        let all = driver.describe(&whole).map_err(|error| explain(error, mapping, driver))?;
        let mut picking = Picking { mapping: &name, all: &all, used: Vec::new() };
        let mut slots = HashMap::new();
        for (field, role) in fields {
            let Some(source) = mapping.fields.get(*field) else { continue };
            slots.insert(*field, picking.slot(field, *role, source)?);
        }
        let mut attributes = Vec::new();
        for (name, source) in &mapping.attributes {
            attributes.push((name.clone(), picking.slot(name, Role::Text, source)?));
        }
        let watermark = match mapping.watermark.as_str() {
            "" => None,
            column => Some(picking.column("watermark", column)?),
        };
        let times =
            |slot: &Slot| matches!((slot, watermark), (Slot::Column(at, _), Some(mark)) if *at == mark);
        let watermark_is_time =
            fields.iter().any(|(field, role)| *role == Role::Time && slots.get(field).is_some_and(times));
        let columns: Vec<Column> = picking.used.iter().map(|at| all[*at].clone()).collect();
        if columns.is_empty() {
            return Err(wrong("no field names a column".to_owned()));
        }
        let names: Vec<String> = columns.iter().map(|column| quote(&column.name, dialect)).collect();
        let select = format!("SELECT {} {from}", names.join(", "));
        Ok(Self { name, columns, select, from, slots, attributes, watermark, watermark_is_time })
    }

    pub fn take(&mut self, field: &str) -> Slot {
        self.slots.remove(field).unwrap_or_default()
    }

    pub fn take_attributes(&mut self) -> Vec<(String, Slot)> {
        std::mem::take(&mut self.attributes)
    }

    /// Refuses a mapping that leaves out a field without which no row can be used.
    pub fn require(&self, field: &str, why: &str) -> Result<(), SourceError> {
        if self.slots.contains_key(field) {
            return Ok(());
        }
        let reason = format!("the field “{field}” is missing: {why}");
        Err(SourceError::Mapping { mapping: self.name.clone(), reason })
    }
}

/// The mapping's name in messages and watermarks.
pub fn mapping_name(mapping: &Mapping) -> &str {
    if mapping.name.is_empty() { &mapping.table } else { &mapping.name }
}

/// The SELECT that shows all columns, and the FROM clause.
fn source_of(mapping: &Mapping, dialect: Dialect) -> Result<(String, String), String> {
    let from = if mapping.table.is_empty() {
        // The line break ends a comment that the SELECT may end with.
        format!("FROM ({}\n) AS handpick", checked_select(&mapping.select, dialect)?)
    } else {
        format!("FROM {}", quote_table(&mapping.table, dialect))
    };
    Ok((format!("SELECT * {from}"), from))
}

fn explain(error: DriverError, mapping: &Mapping, driver: &mut dyn Driver) -> SourceError {
    let name = mapping_name(mapping).to_owned();
    match error {
        DriverError::Other(SourceError::Refused { answer }) | DriverError::NoColumn(answer) => {
            SourceError::Mapping { mapping: name, reason: answer }
        }
        DriverError::Other(error) => error,
        DriverError::NoTable(answer) if mapping.table.is_empty() => {
            SourceError::Mapping { mapping: name, reason: answer }
        }
        DriverError::NoTable(_) => {
            // The hint is a kindness: when even the list of tables cannot be read, the message stands without it.
            let tables = driver.tables().unwrap_or_default();
            let hint = nearest_names(&mapping.table, tables.iter().map(String::as_str));
            SourceError::NoTable { mapping: name, table: mapping.table.clone(), hint }
        }
    }
}

struct Picking<'a> {
    mapping: &'a str,
    all: &'a [Column],
    /// Positions in `all` of the columns the SELECT will name.
    used: Vec<usize>,
}

impl Picking<'_> {
    fn slot(&mut self, field: &str, role: Role, source: &Field) -> Result<Slot, SourceError> {
        Ok(match source {
            Field::Constant { value } => Slot::Constant(value.clone()),
            Field::Column(column) => Slot::Column(self.suitable(field, column, role)?, None),
            Field::Epoch { column, unit } => Slot::Column(self.suitable(field, column, role)?, Some(*unit)),
            Field::Translated { column, values } => {
                let mut values: HashMap<String, String> = values.clone().into_iter().collect();
                let otherwise = values.remove("*");
                Slot::Translated(self.suitable(field, column, Role::Text)?, values, otherwise)
            }
        })
    }

    /// The column's place in the SELECT; spelled as the server spells it when only the case differs.
    fn column(&mut self, field: &str, column: &str) -> Result<usize, SourceError> {
        let exact = self.all.iter().position(|known| known.name == column);
        let folded = || {
            let mut same =
                self.all.iter().enumerate().filter(|(_, known)| known.name.eq_ignore_ascii_case(column));
            same.next().filter(|_| same.next().is_none()).map(|(at, _)| at)
        };
        let at = exact.or_else(folded).ok_or_else(|| SourceError::NoColumn {
            mapping: self.mapping.to_owned(),
            field: field.to_owned(),
            column: column.to_owned(),
            hint: nearest_names(column, self.all.iter().map(|known| known.name.as_str())),
        })?;
        if let Some(place) = self.used.iter().position(|used| *used == at) {
            return Ok(place);
        }
        self.used.push(at);
        Ok(self.used.len() - 1)
    }

    fn suitable(&mut self, field: &str, column: &str, role: Role) -> Result<usize, SourceError> {
        let place = self.column(field, column)?;
        let Column { name, shape, type_name, .. } = &self.all[self.used[place]];
        let advice = match (shape, role) {
            (Shape::Bytes, _) => {
                "write the mapping as a SELECT that turns it into text (encode(…, 'hex'), HEX(…))"
            }
            (Shape::Unsupported, _) => "write the mapping as a SELECT that turns it into text or a number",
            (Shape::Bool | Shape::Instant | Shape::WallClock | Shape::Date, Role::Id) => {
                "an id is a text or a whole number"
            }
            (Shape::Bool | Shape::Uuid, Role::Time) => "a time is a timestamp, a date, a number or a text",
            (Shape::Instant | Shape::WallClock | Shape::Date | Shape::Uuid | Shape::Bool, Role::Money) => {
                "an amount is a number"
            }
            (Shape::Instant | Shape::WallClock | Shape::Date | Shape::Uuid, Role::Number | Role::Truth) => {
                "a number is needed"
            }
            _ => return Ok(place),
        };
        let reason = format!("{field}: the column “{name}” is of type {type_name}; {advice}");
        Err(SourceError::Mapping { mapping: self.mapping.to_owned(), reason })
    }
}
