//! A condition asked of a whole table at once.

use super::compile::{Condition, Node, Relation, Sum, Test};
use super::facts::{Column, Lists, Root, Table, Texts};
use std::borrow::Cow;

/// What a root stands for.
#[derive(Debug, Clone, Copy)]
pub enum Side<'a> {
    /// Every row of a table, one after another.
    Every(&'a Table),
    /// One row of it.
    Row(&'a Table, usize),
}

/// What each root stands for; at most one of them for every row of its table.
#[derive(Debug, Clone, Copy, Default)]
pub struct Bound<'a> {
    sides: [Option<Side<'a>>; Root::ALL.len()],
}

impl<'a> Bound<'a> {
    pub fn with(mut self, root: Root, side: Side<'a>) -> Self {
        self.sides[root as usize] = Some(side);
        self
    }

    fn rows(&self) -> usize {
        let rows = |side: &Option<Side<'_>>| match side {
            Some(Side::Every(table)) => Some(table.rows()),
            _ => None,
        };
        self.sides.iter().find_map(rows).unwrap_or(1)
    }
}

/// True, false, or unknown.
pub(super) type Truth = Option<bool>;

/// What a part of a condition is: the same for every row, or one for each.
pub(super) enum Values<'a> {
    Truth(Truth),
    Number(f64),
    Text(Option<Cow<'a, str>>),
    List(&'a Lists, usize),
    Truths(Vec<Truth>),
    Numbers(Cow<'a, [f64]>),
    Texts(&'a Texts),
    Lists(&'a Lists),
}

impl Condition {
    /// Whether it speaks of a root.
    pub fn asks(&self, root: Root) -> bool {
        self.root.speaks_of(root)
    }

    /// The columns of a root's table that it depends on, ascending: rows that agree in them are treated alike.
    pub fn columns(&self, root: Root) -> Vec<usize> {
        let mut columns = Vec::new();
        self.root.facts(&mut |of, at| columns.extend((of == root).then_some(at)));
        columns.sort_unstable();
        columns.dedup();
        columns
    }

    /// Whether it holds: one answer for each row of the root that is bound to every row, one answer if none is. What
    /// is unknown does not hold.
    ///
    /// # Panics
    /// When it speaks of a root that is not bound.
    pub fn holds(&self, bound: &Bound<'_>) -> Vec<bool> {
        match self.root.values(bound) {
            Values::Truths(truths) => truths.into_iter().map(|truth| truth == Some(true)).collect(),
            Values::Truth(truth) => vec![truth == Some(true); bound.rows()],
            _ => unreachable!("a checked condition is true or false"),
        }
    }
}

impl Node {
    pub(super) fn speaks_of(&self, root: Root) -> bool {
        let mut speaks = false;
        self.facts(&mut |of, _| speaks |= of == root);
        speaks
    }

    fn facts(&self, each: &mut impl FnMut(Root, usize)) {
        match self {
            Self::Truth(_) | Self::Number(_) | Self::Text(_) => {}
            Self::Fact(root, at) | Self::Known(root, at) => each(*root, *at),
            Self::Not(part) | Self::OneOf(part, _) | Self::Test(_, part, _) => part.facts(each),
            Self::Both(a, b)
            | Self::Either(a, b)
            | Self::Compare(_, a, b)
            | Self::Calculate(_, a, b)
            | Self::In(a, b) => {
                a.facts(each);
                b.facts(each);
            }
        }
    }

    pub(super) fn values<'a>(&'a self, bound: &Bound<'a>) -> Values<'a> {
        match self {
            Self::Truth(truth) => Values::Truth(Some(*truth)),
            Self::Number(number) => Values::Number(*number),
            Self::Text(text) => Values::Text(Some(Cow::Borrowed(text))),
            Self::Fact(root, at) => fact(bound, *root, *at),
            Self::Known(root, at) => known(fact(bound, *root, *at)),
            Self::Not(part) => map_truth(part.values(bound), |truth| truth.map(|truth| !truth)),
            Self::Both(a, b) => join(a.values(bound), b.values(bound), |a, b| match (a, b) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            }),
            Self::Either(a, b) => join(a.values(bound), b.values(bound), |a, b| match (a, b) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            }),
            Self::Compare(relation, a, b) => compare(*relation, a.values(bound), b.values(bound)),
            Self::Calculate(sum, a, b) => calculate(*sum, a.values(bound), b.values(bound)),
            Self::OneOf(part, among) => one_of(part.values(bound), among),
            Self::In(text, list) => within(text.values(bound), list.values(bound)),
            Self::Test(test, text, wanted) => {
                of_texts(text.values(bound), |text| passes(*test, text, wanted))
            }
        }
    }
}

fn fact<'a>(bound: &Bound<'a>, root: Root, at: usize) -> Values<'a> {
    match bound.sides[root as usize] {
        Some(Side::Every(table)) => match table.column(at) {
            Column::Truths(truths) => Values::Truths(truths.clone()),
            Column::Numbers(numbers) => Values::Numbers(Cow::Borrowed(numbers)),
            Column::Texts(texts) => Values::Texts(texts),
            Column::Lists(lists) => Values::Lists(lists),
        },
        Some(Side::Row(table, row)) => match table.column(at) {
            Column::Truths(truths) => Values::Truth(truths[row]),
            Column::Numbers(numbers) => Values::Number(numbers[row]),
            Column::Texts(texts) => Values::Text(texts.get(row).map(Cow::Borrowed)),
            Column::Lists(lists) => Values::List(lists, row),
        },
        None => panic!("“{}” is bound to nothing", root.name()),
    }
}

fn known(values: Values<'_>) -> Values<'_> {
    match values {
        Values::Truth(truth) => Values::Truth(Some(truth.is_some())),
        Values::Number(number) => Values::Truth(Some(!number.is_nan())),
        Values::Text(text) => Values::Truth(Some(text.is_some())),
        Values::Truths(truths) => Values::Truths(truths.iter().map(|truth| Some(truth.is_some())).collect()),
        Values::Numbers(numbers) => {
            Values::Truths(numbers.iter().map(|number| Some(!number.is_nan())).collect())
        }
        Values::Texts(texts) => {
            Values::Truths((0..texts.codes.len()).map(|row| Some(texts.get(row).is_some())).collect())
        }
        // An empty list is known to be empty.
        Values::List(..) | Values::Lists(_) => Values::Truth(Some(true)),
    }
}

fn map_truth(values: Values<'_>, of: impl Fn(Truth) -> Truth) -> Values<'_> {
    match values {
        Values::Truth(truth) => Values::Truth(of(truth)),
        Values::Truths(mut truths) => {
            truths.iter_mut().for_each(|truth| *truth = of(*truth));
            Values::Truths(truths)
        }
        _ => unreachable!("a checked condition joins truths"),
    }
}

fn join<'a>(a: Values<'a>, b: Values<'a>, of: impl Fn(Truth, Truth) -> Truth) -> Values<'a> {
    match (a, b) {
        (Values::Truths(mut a), Values::Truths(b)) => {
            a.iter_mut().zip(b).for_each(|(a, b)| *a = of(*a, b));
            Values::Truths(a)
        }
        // Both joins are symmetric.
        (Values::Truth(one), all) | (all, Values::Truth(one)) => map_truth(all, |truth| of(truth, one)),
        _ => unreachable!("a checked condition joins truths"),
    }
}

fn compare<'a>(relation: Relation, a: Values<'a>, b: Values<'a>) -> Values<'a> {
    let numbers = |a: f64, b: f64| (!a.is_nan() && !b.is_nan()).then(|| relation.holds(&a, &b));
    match (a, b) {
        (Values::Number(a), Values::Number(b)) => Values::Truth(numbers(a, b)),
        (Values::Numbers(a), Values::Number(b)) => Values::Truths(a.iter().map(|&a| numbers(a, b)).collect()),
        (Values::Number(a), Values::Numbers(b)) => Values::Truths(b.iter().map(|&b| numbers(a, b)).collect()),
        (Values::Numbers(a), Values::Numbers(b)) => {
            Values::Truths(a.iter().zip(b.iter()).map(|(&a, &b)| numbers(a, b)).collect())
        }
        (Values::Text(Some(one)), texts @ Values::Texts(_))
        | (texts @ Values::Texts(_), Values::Text(Some(one))) => {
            of_texts(texts, |text| relation.holds(text, &*one))
        }
        (Values::Text(a), Values::Text(b)) => Values::Truth(a.zip(b).map(|(a, b)| relation.holds(&*a, &*b))),
        (Values::Text(None), Values::Texts(_)) | (Values::Texts(_), Values::Text(None)) => {
            Values::Truth(None)
        }
        (Values::Texts(a), Values::Texts(b)) => {
            let rows = 0..a.codes.len();
            Values::Truths(rows.map(|row| Some(relation.holds(a.get(row)?, b.get(row)?))).collect())
        }
        // Equality of truths; unequal is symmetric too.
        (a, b) => join(a, b, |a, b| a.zip(b).map(|(a, b)| relation.holds(&a, &b))),
    }
}

impl Relation {
    /// The same of the two exchanged.
    pub(super) fn turned(self) -> Self {
        match self {
            Self::Less => Self::More,
            Self::AtMost => Self::AtLeast,
            Self::Equal => Self::Equal,
            Self::Unequal => Self::Unequal,
            Self::AtLeast => Self::AtMost,
            Self::More => Self::Less,
        }
    }

    fn holds<T: PartialOrd + ?Sized>(self, a: &T, b: &T) -> bool {
        match self {
            Self::Less => a < b,
            Self::AtMost => a <= b,
            Self::Equal => a == b,
            Self::Unequal => a != b,
            Self::AtLeast => a >= b,
            Self::More => a > b,
        }
    }
}

fn calculate<'a>(sum: Sum, a: Values<'a>, b: Values<'a>) -> Values<'a> {
    let of = |a: f64, b: f64| match sum {
        Sum::Plus => a + b,
        Sum::Minus => a - b,
        Sum::Times => a * b,
        Sum::Over => a / b,
    };
    match (a, b) {
        (Values::Number(a), Values::Number(b)) => Values::Number(of(a, b)),
        (Values::Numbers(a), Values::Number(b)) => Values::Numbers(a.iter().map(|&a| of(a, b)).collect()),
        (Values::Number(a), Values::Numbers(b)) => Values::Numbers(b.iter().map(|&b| of(a, b)).collect()),
        (Values::Numbers(a), Values::Numbers(b)) => {
            Values::Numbers(a.iter().zip(b.iter()).map(|(&a, &b)| of(a, b)).collect())
        }
        _ => unreachable!("a checked condition calculates with numbers"),
    }
}

fn one_of<'a>(values: Values<'a>, among: &[Node]) -> Values<'a> {
    let has_number = |number: f64| {
        (!number.is_nan()).then(|| among.iter().any(|one| matches!(one, Node::Number(one) if *one == number)))
    };
    match values {
        Values::Number(number) => Values::Truth(has_number(number)),
        Values::Numbers(numbers) => {
            Values::Truths(numbers.iter().map(|&number| has_number(number)).collect())
        }
        texts => {
            of_texts(texts, |text| among.iter().any(|one| matches!(one, Node::Text(one) if one == text)))
        }
    }
}

fn within<'a>(text: Values<'a>, list: Values<'a>) -> Values<'a> {
    let has = |lists: &Lists, row: usize, text: &str| {
        lists.row(row).iter().any(|&code| lists.names[code as usize] == text)
    };
    match (text, list) {
        (Values::Text(None), _) => Values::Truth(None),
        (Values::Text(Some(text)), Values::List(lists, row)) => Values::Truth(Some(has(lists, row, &text))),
        (Values::Text(Some(text)), Values::Lists(lists)) => {
            let rows = lists.starts.len() - 1;
            let wanted = lists.names.iter().position(|name| *name == text);
            let holds = |row| wanted.is_some_and(|wanted| lists.row(row).contains(&(wanted as u32)));
            Values::Truths((0..rows).map(|row| Some(holds(row))).collect())
        }
        (texts, Values::List(lists, row)) => of_texts(texts, |text| has(lists, row, text)),
        (Values::Texts(texts), Values::Lists(lists)) => Values::Truths(
            (0..texts.codes.len()).map(|row| texts.get(row).map(|text| has(lists, row, text))).collect(),
        ),
        _ => unreachable!("a checked condition looks for texts in lists"),
    }
}

/// Asks each different text once.
fn of_texts<'a>(values: Values<'a>, holds: impl Fn(&str) -> bool) -> Values<'a> {
    match values {
        Values::Text(text) => Values::Truth(text.map(|text| holds(&text))),
        Values::Texts(texts) => {
            let of_name: Vec<bool> = texts.names.iter().map(|name| holds(name)).collect();
            Values::Truths(texts.codes.iter().map(|&code| of_name.get(code as usize).copied()).collect())
        }
        _ => unreachable!("a checked condition asks this of texts"),
    }
}

pub(super) fn passes(test: Test, text: &str, wanted: &str) -> bool {
    match test {
        Test::Starts => text.starts_with(wanted),
        Test::Ends => text.ends_with(wanted),
        Test::Contains => text.contains(wanted),
        Test::Below => {
            text.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with(" > "))
        }
    }
}
