//! The texts that a condition names: what may be misspelt, or gone from the shop since it was written.

use super::compile::{Condition, Node, Relation, Test};
use super::evaluate::passes;
use super::facts::Root;

/// A text that a fact is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mention<'a> {
    pub root: Root,
    /// Of the root's table.
    pub column: usize,
    pub text: &'a str,
    /// `None`: the fact is, or holds, the text itself.
    test: Option<Test>,
}

impl Mention<'_> {
    /// Whether a value of the fact is one that the condition means.
    pub fn fits(&self, value: &str) -> bool {
        self.test.map_or(value == self.text, |test| passes(test, value, self.text))
    }

    /// Whether the text is a whole value, rather than a part of one.
    pub fn is_whole(&self) -> bool {
        self.test.is_none_or(|test| test == Test::Below)
    }
}

impl Condition {
    /// In the order in which they stand.
    pub fn mentions(&self) -> Vec<Mention<'_>> {
        let mut found = Vec::new();
        self.root.mentions(&mut found);
        found
    }
}

impl Node {
    fn mentions<'a>(&'a self, found: &mut Vec<Mention<'a>>) {
        match self {
            Self::Compare(Relation::Equal | Relation::Unequal, a, b) => match (&**a, &**b) {
                (Self::Fact(root, at), Self::Text(text)) | (Self::Text(text), Self::Fact(root, at)) => {
                    found.push(Mention { root: *root, column: *at, text, test: None });
                }
                _ => {}
            },
            Self::OneOf(fact, among) => {
                if let Self::Fact(root, at) = &**fact {
                    found.extend(among.iter().filter_map(|one| match one {
                        Self::Text(text) => Some(Mention { root: *root, column: *at, text, test: None }),
                        _ => None,
                    }));
                }
            }
            Self::In(text, list) => {
                if let (Self::Text(text), Self::Fact(root, at)) = (&**text, &**list) {
                    found.push(Mention { root: *root, column: *at, text, test: None });
                }
            }
            Self::Test(test, fact, text) => {
                if let Self::Fact(root, at) = &**fact {
                    found.push(Mention { root: *root, column: *at, text, test: Some(*test) });
                }
            }
            Self::Not(part) => part.mentions(found),
            Self::Both(a, b) | Self::Either(a, b) => {
                a.mentions(found);
                b.mentions(found);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Fact, Kind, Schema, compile};
    use super::*;

    #[test]
    fn the_texts_of_a_condition_are_found_with_what_they_are_compared_to() {
        const FACTS: &[Fact] = &[
            Fact { root: Root::Product, name: "brand", kind: Kind::Text, meaning: "" },
            Fact { root: Root::Customer, name: "brands", kind: Kind::Texts, meaning: "" },
        ];
        let text = "!(product.brand == 'a') && ('b' in customer.brands || product.brand in ['c', 'd']) && \
                    product.brand.below('e')";
        let condition = compile(text, Schema(FACTS)).unwrap();
        let found = condition.mentions();
        let named: Vec<(Root, &str)> = found.iter().map(|one| (one.root, one.text)).collect();
        let (product, customer) = (Root::Product, Root::Customer);
        assert_eq!(named, [(product, "a"), (customer, "b"), (product, "c"), (product, "d"), (product, "e")]);
        assert!(found[0].fits("a") && !found[0].fits("a > b"));
        assert!(found[4].fits("e > f") && !found[4].fits("ef"));
    }
}
