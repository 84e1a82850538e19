//! A condition on pairs, made ready for the many rows of one table: for each row of the other it then says in a few words
//! of bits which of them it holds for.
//!
//! What speaks of one side only is worked out once. A number of the one side compared with a number of the other is a
//! rank among sorted numbers, a text in a list the rows that have it; nothing else is asked row by row. So twenty
//! conditions on a thousand products take less time for a customer than the products' scores.

use super::compile::{Condition, Node, Relation};
use super::evaluate::{Bound, Side, Truth, Values};
use super::facts::{Column, Root, Table};

/// Numbers of a word's bits.
const WORD: usize = u64::BITS as usize;
/// Rows whose bits are set one by one when a rank lies between two prefixes that are kept.
const FEWEST_BETWEEN: usize = 64;
/// Prefixes kept of a large table.
const MOST_PREFIXES: usize = 64;

/// A condition ready for one table. Bits of rows beyond the table's are 0.
pub struct Sieve<'a> {
    rows: usize,
    every: Root,
    table: &'a Table,
    varying: Root,
    bound: Bound<'a>,
    part: Part<'a>,
}

/// Memory that is used again from one row to the next.
#[derive(Default)]
pub struct Scratch(Vec<Bits>);

/// For each row whether it is known to hold, and known not to.
#[derive(Clone, Default)]
struct Bits {
    yes: Vec<u64>,
    no: Vec<u64>,
}

enum Part<'a> {
    /// The same for every row of the other table.
    Fixed(Bits),
    /// The same for every row of this one.
    Alone(&'a Node),
    Not(Box<Part<'a>>),
    Both(Box<[Part<'a>; 2]>),
    Either(Box<[Part<'a>; 2]>),
    /// A number of this table's row on the left.
    Compare(Relation, Ranks, &'a Node),
    /// A text of this table's row in a list of the other's.
    In(Members, usize),
    /// Asked for each row.
    Each(&'a Node),
}

/// The rows by a number, ascending; those whose number is unknown are left out.
struct Ranks {
    numbers: Vec<f64>,
    rows: Vec<u32>,
    /// Ranks from one kept prefix to the next.
    between: usize,
    /// For every so many ranks the rows below, as bits.
    prefixes: Vec<Vec<u64>>,
    known: Vec<u64>,
}

/// By the number of a text in the other table's lists: the rows that have it.
struct Members {
    starts: Vec<usize>,
    rows: Vec<u32>,
    known: Vec<u64>,
}

impl<'a> Sieve<'a> {
    /// Ready for every row of `every`'s table, and for one row after another of `varying`'s; `bound` says what other roots
    /// stand for.
    ///
    /// *Cost*: as [`Condition::holds`] once, and for each comparison of numbers a sort and up to 64 bits a row.
    pub fn new(
        condition: &'a Condition,
        (every, table): (Root, &'a Table),
        (varying, other): (Root, &'a Table),
        bound: Bound<'a>,
    ) -> Self {
        let bound = bound.with(every, Side::Every(table));
        let part = Part::of(&condition.root, (every, varying), (table.rows(), other), &bound);
        Self { rows: table.rows(), every, table, varying, bound, part }
    }

    /// The rows that the condition holds for beside row `row` of `other`: 64 in a word, the first in its lowest bit.
    ///
    /// *Shapes*: `holds` has a word for every 64 rows begun.
    pub fn holds(&self, other: &'a Table, row: usize, holds: &mut [u64], scratch: &mut Scratch) {
        let bound = self.bound.with(self.varying, Side::Row(other, row));
        let alone = match self.table.rows() {
            0 => return,
            _ => bound.with(self.every, Side::Row(self.table, 0)),
        };
        let asked = Asked { bound, alone, list: (other, self.varying, row), rows: self.rows };
        let mut bits = scratch.0.pop().unwrap_or_default();
        self.part.ask(&asked, &mut bits, scratch);
        holds.copy_from_slice(&bits.yes);
        scratch.0.push(bits);
    }
}

/// The rows at hand.
struct Asked<'a> {
    bound: Bound<'a>,
    /// Binds this table's first row, for parts that do not speak of it.
    alone: Bound<'a>,
    list: (&'a Table, Root, usize),
    rows: usize,
}

impl<'a> Part<'a> {
    fn of(node: &'a Node, roots: (Root, Root), (rows, other): (usize, &'a Table), bound: &Bound<'a>) -> Self {
        let of = |node| Self::of(node, roots, (rows, other), bound);
        let (every, varying) = roots;
        if !node.speaks_of(varying) {
            return Self::Fixed(Bits::of(node.values(bound), rows));
        }
        if !node.speaks_of(every) {
            return Self::Alone(node);
        }
        match node {
            Node::Not(part) => Self::Not(Box::new(of(part))),
            Node::Both(a, b) => Self::Both(Box::new(Self::alone_first(of(a), of(b)))),
            Node::Either(a, b) => Self::Either(Box::new(Self::alone_first(of(a), of(b)))),
            Node::Compare(relation, a, b) if !a.speaks_of(varying) && !b.speaks_of(every) => {
                Self::compared(*relation, (a, b), bound).unwrap_or(Self::Each(node))
            }
            Node::Compare(relation, a, b) if !b.speaks_of(varying) && !a.speaks_of(every) => {
                Self::compared(relation.turned(), (b, a), bound).unwrap_or(Self::Each(node))
            }
            Node::In(text, list) if !text.speaks_of(varying) => match (&**list, text.values(bound)) {
                (Node::Fact(root, at), Values::Texts(texts)) if *root == varying => {
                    let Column::Lists(lists) = other.column(*at) else { return Self::Each(node) };
                    let text_of = |row| texts.get(row);
                    Self::In(Members::new(&lists.names, rows, text_of), *at)
                }
                _ => Self::Each(node),
            },
            _ => Self::Each(node),
        }
    }

    /// What costs nothing is asked first: it may decide the whole.
    fn alone_first(a: Self, b: Self) -> [Self; 2] {
        if matches!(b, Self::Alone(_)) { [b, a] } else { [a, b] }
    }

    fn compared(relation: Relation, (a, b): (&'a Node, &'a Node), bound: &Bound<'a>) -> Option<Self> {
        match a.values(bound) {
            Values::Numbers(numbers) => Some(Self::Compare(relation, Ranks::new(&numbers), b)),
            _ => None,
        }
    }

    fn ask(&self, asked: &Asked<'a>, out: &mut Bits, scratch: &mut Scratch) {
        match self {
            Self::Fixed(bits) => out.clone_from(bits),
            Self::Alone(node) => out.fill(truth(&node.values(&asked.alone)), asked.rows),
            Self::Not(part) => {
                part.ask(asked, out, scratch);
                std::mem::swap(&mut out.yes, &mut out.no);
            }
            Self::Both(parts) => Self::join(parts, asked, out, scratch, false),
            Self::Either(parts) => Self::join(parts, asked, out, scratch, true),
            Self::Compare(relation, ranks, node) => {
                ranks.compare(*relation, number(&node.values(&asked.alone)), out);
            }
            Self::In(members, at) => {
                let (table, _, row) = asked.list;
                let Column::Lists(lists) = table.column(*at) else {
                    unreachable!("a checked condition looks for texts in lists")
                };
                members.of(lists.row(row), out);
            }
            Self::Each(node) => *out = Bits::of(node.values(&asked.bound), asked.rows),
        }
    }

    /// Both, or where `either` one of the two, which is the same with yes and no exchanged.
    fn join(parts: &[Self; 2], asked: &Asked<'a>, out: &mut Bits, scratch: &mut Scratch, either: bool) {
        let [first, second] = parts;
        if let Self::Alone(node) = first {
            match truth(&node.values(&asked.alone)) {
                Some(decides) if decides == either => return out.fill(Some(decides), asked.rows),
                Some(_) => return second.ask(asked, out, scratch),
                None => {}
            }
        }
        first.ask(asked, out, scratch);
        let mut other = scratch.0.pop().unwrap_or_default();
        second.ask(asked, &mut other, scratch);
        let (all, any) = if either { (&mut out.no, &mut out.yes) } else { (&mut out.yes, &mut out.no) };
        let (other_all, other_any) = if either { (&other.no, &other.yes) } else { (&other.yes, &other.no) };
        all.iter_mut().zip(other_all).for_each(|(all, other)| *all &= other);
        any.iter_mut().zip(other_any).for_each(|(any, other)| *any |= other);
        scratch.0.push(other);
    }
}

fn truth(values: &Values<'_>) -> Truth {
    match values {
        Values::Truth(truth) => *truth,
        _ => unreachable!("one row has one truth"),
    }
}

fn number(values: &Values<'_>) -> f64 {
    match values {
        Values::Number(number) => *number,
        _ => unreachable!("numbers are compared with numbers"),
    }
}

impl Bits {
    fn of(values: Values<'_>, rows: usize) -> Self {
        let mut bits = Self::default();
        match values {
            Values::Truth(truth) => bits.fill(truth, rows),
            Values::Truths(truths) => {
                bits.fill(None, rows);
                for (row, truth) in truths.into_iter().enumerate() {
                    match truth {
                        Some(true) => set(&mut bits.yes, row),
                        Some(false) => set(&mut bits.no, row),
                        None => {}
                    }
                }
            }
            _ => unreachable!("a part of a condition that stands by itself is true or false"),
        }
        bits
    }

    fn fill(&mut self, truth: Truth, rows: usize) {
        for (bits, holds) in [(&mut self.yes, truth == Some(true)), (&mut self.no, truth == Some(false))] {
            bits.clear();
            bits.resize(rows.div_ceil(WORD), if holds { u64::MAX } else { 0 });
            if holds
                && !rows.is_multiple_of(WORD)
                && let Some(last) = bits.last_mut()
            {
                *last = (1 << (rows % WORD)) - 1;
            }
        }
    }
}

fn set(bits: &mut [u64], row: usize) {
    bits[row / WORD] |= 1 << (row % WORD);
}

impl Ranks {
    fn new(all: &[f64]) -> Self {
        let mut rows: Vec<u32> = (0u32..).zip(all).filter(|(_, n)| !n.is_nan()).map(|(row, _)| row).collect();
        rows.sort_by(|&a, &b| all[a as usize].total_cmp(&all[b as usize]));
        let between = rows.len().div_ceil(MOST_PREFIXES).max(FEWEST_BETWEEN);
        let mut known = vec![0; all.len().div_ceil(WORD)];
        let mut prefixes = Vec::new();
        for chunk in rows.chunks(between) {
            prefixes.push(known.clone());
            chunk.iter().for_each(|&row| set(&mut known, row as usize));
        }
        prefixes.push(known.clone());
        Self { numbers: rows.iter().map(|&row| all[row as usize]).collect(), rows, between, prefixes, known }
    }

    /// The rows of the lowest `rank` numbers.
    fn lowest(&self, rank: usize, bits: &mut Vec<u64>) {
        let kept = rank / self.between;
        bits.clone_from(&self.prefixes[kept]);
        self.rows[kept * self.between..rank].iter().for_each(|&row| set(bits, row as usize));
    }

    fn compare(&self, relation: Relation, with: f64, out: &mut Bits) {
        if with.is_nan() {
            out.fill(None, self.known.len() * WORD);
            return;
        }
        let below = self.numbers.partition_point(|number| *number < with);
        let up_to = || self.numbers.partition_point(|number| *number <= with);
        let Bits { yes, no } = out;
        let (holds, not) = match relation {
            Relation::Less | Relation::AtMost | Relation::Equal => (yes, no),
            Relation::AtLeast | Relation::More | Relation::Unequal => (no, yes),
        };
        match relation {
            Relation::Less | Relation::AtLeast => self.lowest(below, holds),
            Relation::AtMost | Relation::More => self.lowest(up_to(), holds),
            Relation::Equal | Relation::Unequal => {
                holds.clear();
                holds.resize(self.known.len(), 0);
                self.rows[below..up_to()].iter().for_each(|&row| set(holds, row as usize));
            }
        }
        not.clone_from(&self.known);
        not.iter_mut().zip(&*holds).for_each(|(not, holds)| *not &= !holds);
    }
}

impl Members {
    fn new<'t>(names: &[String], rows: usize, text_of: impl Fn(usize) -> Option<&'t str>) -> Self {
        let number_of: std::collections::HashMap<&str, usize> =
            names.iter().enumerate().map(|(number, name)| (name.as_str(), number)).collect();
        let mut known = vec![0; rows.div_ceil(WORD)];
        let mut of_name: Vec<Vec<u32>> = vec![Vec::new(); names.len()];
        for (row, number) in (0..rows).zip(0u32..) {
            let Some(text) = text_of(row) else { continue };
            set(&mut known, row);
            if let Some(&name) = number_of.get(text) {
                of_name[name].push(number);
            }
        }
        let mut starts = vec![0];
        starts.extend(of_name.iter().scan(0, |end, rows| {
            *end += rows.len();
            Some(*end)
        }));
        Self { starts, rows: of_name.concat(), known }
    }

    fn of(&self, names: &[u32], out: &mut Bits) {
        out.fill(None, self.known.len() * WORD);
        for &name in names {
            let own = self.starts[name as usize]..self.starts[name as usize + 1];
            self.rows[own].iter().for_each(|&row| set(&mut out.yes, row as usize));
        }
        out.no.clone_from(&self.known);
        out.no.iter_mut().zip(&out.yes).for_each(|(no, yes)| *no &= !yes);
    }
}
