//! Names and addresses of an audience, for the files of the e-mail tool.

use crate::picker::plan::Arm;
use crate::records::{Customer, TextColumn};

const ABSENT: u32 = u32::MAX;

/// Columns, because two million customers as structs would cost a gigabyte.
pub struct People {
    /// By ascending id.
    ids: Vec<(String, Arm)>,
    /// For each id its row in the columns.
    rows: Vec<u32>,
    columns: [TextColumn; 4],
}

/// What is known of a customer; empty where the shop does not say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Person<'a> {
    pub email: &'a str,
    pub first_name: &'a str,
    pub last_name: &'a str,
    pub language: &'a str,
}

impl People {
    /// `ids` as [`crate::picker::picks_file::arms`] gives them.
    pub fn read<E>(
        ids: Vec<(String, Arm)>,
        customers: impl Iterator<Item = Result<Customer, E>>,
    ) -> Result<Self, E> {
        let mut people = Self { rows: vec![ABSENT; ids.len()], ids, columns: Default::default() };
        for customer in customers {
            let customer = customer?;
            if let Some(at) = people.at(&customer.id) {
                people.rows[at] = people.columns[0].len() as u32;
                let texts = [&customer.email, &customer.first_name, &customer.last_name, &customer.language];
                for (column, text) in people.columns.iter_mut().zip(texts) {
                    column.push(text.as_deref());
                }
            }
        }
        Ok(people)
    }

    fn at(&self, id: &str) -> Option<usize> {
        self.ids.binary_search_by(|(known, _)| known.as_str().cmp(id)).ok()
    }

    pub fn person(&self, id: &str) -> Person<'_> {
        let Some(row) = self.at(id).map(|at| self.rows[at]).filter(|row| *row != ABSENT) else {
            return Person::default();
        };
        let text = |column: usize| self.columns[column].get(row as usize).unwrap_or_default();
        Person { email: text(0), first_name: text(1), last_name: text(2), language: text(3) }
    }
}
