//! Which products are variants of one: the same shirt in other sizes and colours.
//!
//! Where the shop says so (a product's `group`), that is all there is to it. Else titles tell: products of one category and
//! brand whose titles differ only in sizes, amounts and colours at their end. A colour that stands first is taken for a
//! part of the name.

use super::catalogue::Catalogue;
use crate::index::Index;

const COLOURS: &str = "black white grey gray silver gold red blue navy green olive yellow orange pink purple violet brown \
    beige cream ivory turquoise teal mint coral bordeaux burgundy anthracite natural multicolour multicolor \
    schwarz weiß weiss grau silber rot blau grün gelb lila braun türkis anthrazit natur \
    noir blanc gris rouge bleu vert jaune rose marron";
const SIZES: &str =
    "xxs xs s m l xl xxl xxxl small medium large one-size uni klein mittel groß gross petit moyen grand";
const UNITS: &str = "g kg mg ml cl dl l mm cm m oz lb pcs pack pieces stück stk pc x";

/// For each of `numbers` the number of its group; products that have no variants are alone in theirs.
pub fn groups(catalogue: &Catalogue, numbers: &[u32]) -> Vec<u32> {
    let mut names = Index::new();
    let group = |&number: &u32| {
        let product = catalogue.product(number);
        let name = match product.group.as_deref().filter(|group| !group.is_empty()) {
            Some(group) => format!("group\0{group}"),
            None if product.title.trim().is_empty() => format!("id\0{}", product.id),
            None => {
                let [category, brand] =
                    [&product.category, &product.brand].map(|text| text.as_deref().unwrap_or(""));
                format!("title\0{category}\0{brand}\0{}", stem(&product.title))
            }
        };
        names.intern(&name)
    };
    numbers.iter().map(group).collect()
}

/// A title in small letters without the sizes, amounts and colours at its end.
fn stem(title: &str) -> String {
    let title = title.to_lowercase();
    let is_part = |letter: char| letter.is_alphanumeric() || matches!(letter, '-' | '.' | '\'');
    let mut words: Vec<&str> =
        title.split(|letter| !is_part(letter)).filter(|word| !word.is_empty()).collect();
    while words.len() > 1 {
        let dropped = match words.as_slice() {
            [.., number, unit] if words.len() > 2 && is_number(number) && is_one_of(UNITS, unit) => 2,
            [.., word] if is_one_of(COLOURS, word) || is_one_of(SIZES, word) || is_amount(word) => 1,
            _ => break,
        };
        words.truncate(words.len() - dropped);
    }
    words.join(" ")
}

fn is_one_of(words: &str, word: &str) -> bool {
    words.split_whitespace().any(|known| known == word)
}

fn is_number(word: &str) -> bool {
    word.starts_with(|letter: char| letter.is_ascii_digit())
        && word.chars().all(|letter| letter.is_ascii_digit() || letter == '.')
}

/// A number with its unit, as 500ml. A number alone may be a part of the name.
fn is_amount(word: &str) -> bool {
    let digits = word.trim_end_matches(char::is_alphabetic);
    digits.len() < word.len() && is_number(digits) && is_one_of(UNITS, &word[digits.len()..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::Product;

    #[test]
    fn sizes_amounts_and_colours_at_the_end_make_variants() {
        for (one, other) in [
            ("Basic T-Shirt, red, M", "Basic T-Shirt, Black, XL"),
            ("Olive oil 500 ml", "Olive oil 1 l"),
            ("Olive oil 500ml", "Olive Oil 750ml"),
            ("Lantern (white)", "Lantern"),
        ] {
            assert_eq!(stem(one), stem(other));
        }
        for (one, other) in [
            ("Phone 14", "Phone 15"),
            ("White Lantern", "Black Lantern"),
            ("Red", "Blue"),
            ("Plate, oak", "Plate, beech"),
        ] {
            assert_ne!(stem(one), stem(other));
        }
    }

    #[test]
    fn what_the_shop_says_counts_more_than_titles() {
        let product = |id: &str, title: &str, brand: &str, group: &str| Product {
            id: id.into(),
            title: title.into(),
            brand: Some(brand.into()),
            group: (!group.is_empty()).then(|| group.into()),
            active: true,
            ..Product::default()
        };
        let catalogue = Catalogue::new(vec![
            product("a", "Shirt, red", "Acme", ""),
            product("b", "Shirt, blue", "Acme", ""),
            product("c", "Shirt, blue", "Other", ""),
            product("d", "Trousers", "Acme", "g1"),
            product("e", "Jeans", "Acme", "g1"),
        ]);
        let groups = groups(&catalogue, &[0, 1, 2, 3, 4]);
        assert_eq!(groups[0], groups[1]);
        assert_ne!(groups[0], groups[2]);
        assert_eq!(groups[3], groups[4]);
    }
}
