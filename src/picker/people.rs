//! A shop's customers as columns, to be looked up and searched: two million as structs would cost a gigabyte.

use crate::index::Index;
use crate::records::{Customer, TextColumn};
use chrono::{DateTime, Utc};

/// By number, in the order of ids.
#[derive(Default)]
pub struct People {
    ids: Index,
    /// E-mail, first name, last name, language, country.
    texts: [TextColumn; 5],
    since: Vec<Option<DateTime<Utc>>>,
    mailable: Vec<Option<bool>>,
    active: Vec<bool>,
}

impl People {
    pub fn read<E>(customers: impl Iterator<Item = Result<Customer, E>>) -> Result<Self, E> {
        let mut all = customers.collect::<Result<Vec<_>, _>>()?;
        all.sort_unstable_by(|a, b| a.id.cmp(&b.id));
        all.dedup_by(|a, b| a.id == b.id);
        let mut people = Self::default();
        for customer in &all {
            people.ids.intern(&customer.id);
            let Customer { email, first_name, last_name, language, country, .. } = customer;
            let texts = [email, first_name, last_name, language, country];
            people.texts.iter_mut().zip(texts).for_each(|(column, text)| column.push(text.as_deref()));
            people.since.push(customer.created_at);
            people.mailable.push(customer.mailable);
            people.active.push(customer.active);
        }
        Ok(people)
    }

    pub fn len(&self) -> usize {
        self.ids.len()
    }

    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Ascending.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.ids.ids()
    }

    pub fn is_active(&self, number: u32) -> bool {
        self.active[number as usize]
    }

    pub fn get(&self, id: &str) -> Option<Customer> {
        self.ids.number(id).map(|number| self.at(number))
    }

    /// # Panics
    /// When there are not so many, as slices do.
    pub fn at(&self, number: u32) -> Customer {
        let at = number as usize;
        let text = |column: usize| self.texts[column].get(at).map(str::to_owned);
        Customer {
            id: self.ids.id(number).to_owned(),
            email: text(0),
            first_name: text(1),
            last_name: text(2),
            language: text(3),
            country: text(4),
            created_at: self.since[at],
            mailable: self.mailable[at],
            active: self.active[at],
        }
    }

    /// The numbers of those whose id begins so, and with `names` of those whose name or address holds every word; by
    /// id, at most `at_most`.
    pub fn search(&self, text: &str, names: Names, at_most: usize) -> Vec<u32> {
        let text = text.trim().to_lowercase();
        let words: Vec<&str> = text.split_whitespace().collect();
        let is_meant = |&number: &u32| {
            if self.ids.id(number).to_lowercase().starts_with(&text) {
                return true;
            }
            let field = |column: usize| self.texts[column].get(number as usize).unwrap_or_default();
            let name = || format!("{} {} {}", field(0), field(1), field(2)).to_lowercase();
            names == Names::Searched && {
                let name = name();
                words.iter().all(|word| name.contains(word))
            }
        };
        if text.is_empty() {
            return Vec::new();
        }
        (0..self.len() as u32).filter(is_meant).take(at_most).collect()
    }
}

/// Whether names and addresses may be searched: finding somebody by them tells them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Names {
    Searched,
    Hidden,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_found_by_id_and_only_where_allowed_by_name() {
        let person = |id: &str, first: &str| {
            let first_name = Some(first.to_owned());
            Ok::<_, ()>(Customer { id: id.into(), first_name, ..Customer::default() })
        };
        let people = People::read([person("b7", "Zoë"), person("a1", "Bea")].into_iter()).unwrap();
        assert_eq!(people.ids().collect::<Vec<_>>(), ["a1", "b7"]);
        assert_eq!(people.search("B", Names::Hidden, 9), [1]);
        assert_eq!(people.search("b", Names::Searched, 9), [0, 1]);
        assert_eq!(people.search("zoë", Names::Hidden, 9), [0u32; 0]);
        assert_eq!(people.search(" ", Names::Searched, 9), [0u32; 0]);
        assert_eq!(people.get("b7").unwrap().first_name.as_deref(), Some("Zoë"));
        assert!(people.get("c").is_none());
    }
}
