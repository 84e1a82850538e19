//! From a shop's products to what a model may learn of them.

use crate::history::{HistoryError, Snapshot};
use crate::index::Index;
use crate::recommender::{Description, Descriptions};
use crate::records::Product;

/// Describes the products of `numbers`, after adding those of the others that `wanted` holds for, by ascending id. What
/// the shop's table does not have stays blank.
pub fn all(
    snapshot: &Snapshot,
    numbers: &mut Index,
    wanted: impl Fn(&Product) -> bool,
) -> Result<Descriptions, HistoryError> {
    let mut descriptions = vec![Description::default(); numbers.len()];
    for product in snapshot.products()? {
        match numbers.number(&product.id) {
            Some(number) => descriptions[number as usize] = description(&product),
            None if wanted(&product) => {
                numbers.intern(&product.id);
                descriptions.push(description(&product));
            }
            None => {}
        }
    }
    Ok(Descriptions(descriptions))
}

/// The picture is left out: only its address is known here.
fn description(product: &Product) -> Description {
    Description {
        text: product.title.clone(),
        category_path: product.category.as_deref().map(category_path).unwrap_or_default(),
        brand: product.brand.clone().filter(|brand| !brand.is_empty()),
        price: product.price.map(|price| price.as_f64() as f32).filter(|price| *price > 0.0),
        since: product.created_at.map(|at| at.timestamp()),
        picture: Vec::new(),
    }
}

/// `Wine > Red > Rioja`, from the widest to the narrowest.
pub fn category_path(joined: &str) -> Vec<String> {
    joined.split(" > ").map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Money;

    #[test]
    fn a_product_is_described_by_what_the_shop_says() {
        let product = Product {
            title: "White Lantern".into(),
            category: Some("Home > Light".into()),
            brand: Some(String::new()),
            price: Some(Money::from_units(12)),
            ..Product::default()
        };
        let told = description(&product);
        assert_eq!((told.text.as_str(), told.price), ("White Lantern", Some(12.0)));
        assert_eq!((told.category_path, told.brand), (vec!["Home".to_owned(), "Light".to_owned()], None));
        assert_eq!(description(&Product::default()), Description::default());
    }
}
