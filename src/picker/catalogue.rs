//! The products of a shop as dense numbers, and which of them a campaign may pick.

use super::plan::{Attribute, Products};
use super::refusal::Removed;
use crate::index::Index;
use crate::records::Product;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::{BTreeSet, HashSet};

/// Every product of the shop. A product's number is its place in the order of ids, so the same products have the
/// same numbers however the history stores them.
pub struct Catalogue {
    products: Vec<Product>,
    ids: Index,
    pub categories: Index,
    pub brands: Index,
    category_of: Vec<Option<u32>>,
    brand_of: Vec<Option<u32>>,
    /// Levels of the category paths that all of them begin with, such as a shop's one root.
    common_levels: usize,
}

/// The products that may be picked, ascending, and what took the others away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    pub numbers: Vec<u32>,
    pub removed: Vec<Removed>,
    /// Ids in lists that no product of the shop has.
    pub unknown_ids: u64,
}

/// Between two levels of a category's path.
const LEVEL: &str = " > ";

/// How many levels all paths begin with; fewer than the shortest has, so that each has a name of its own.
fn common_levels<'a>(mut paths: impl Iterator<Item = &'a str>) -> usize {
    let Some(first) = paths.next() else { return 0 };
    let most = first.split(LEVEL).count() - 1;
    paths.fold(most, |common, path| {
        let same = first.split(LEVEL).zip(path.split(LEVEL)).take_while(|(a, b)| a == b).count();
        common.min(same).min(path.split(LEVEL).count() - 1)
    })
}

impl Catalogue {
    pub fn new(mut products: Vec<Product>) -> Self {
        products.sort_by(|a, b| a.id.cmp(&b.id));
        products.dedup_by(|a, b| a.id == b.id);
        let ids = products.iter().map(|product| &product.id).collect();
        let (mut categories, mut brands) = (Index::new(), Index::new());
        let number = |index: &mut Index, name: &Option<String>| {
            name.as_deref().filter(|name| !name.is_empty()).map(|name| index.intern(name))
        };
        let category_of = products.iter().map(|product| number(&mut categories, &product.category)).collect();
        let brand_of = products.iter().map(|product| number(&mut brands, &product.brand)).collect();
        let common_levels = common_levels(categories.ids());
        Self { products, ids, categories, brands, category_of, brand_of, common_levels }
    }

    pub fn len(&self) -> usize {
        self.products.len()
    }

    pub fn is_empty(&self) -> bool {
        self.products.is_empty()
    }

    pub fn number(&self, id: &str) -> Option<u32> {
        self.ids.number(id)
    }

    /// # Panics
    /// When no product has the number, as slices do.
    pub fn product(&self, number: u32) -> &Product {
        &self.products[number as usize]
    }

    pub fn products(&self) -> &[Product] {
        &self.products
    }

    pub fn category_of(&self, number: u32) -> Option<u32> {
        self.category_of[number as usize]
    }

    pub fn brand_of(&self, number: u32) -> Option<u32> {
        self.brand_of[number as usize]
    }

    /// A product's widest category that not all products are in.
    pub fn department_of(&self, number: u32) -> Option<&str> {
        let path = self.product(number).category.as_deref()?;
        path.split(LEVEL).nth(self.common_levels).map(str::trim).filter(|name| !name.is_empty())
    }

    /// What a product says of an attribute; what is empty is not said.
    pub fn value_of(&self, what: &Attribute, number: u32) -> Option<&str> {
        let product = self.product(number);
        let value = match what {
            Attribute::Category => product.category.as_deref(),
            Attribute::Department => self.department_of(number),
            Attribute::Brand => product.brand.as_deref(),
            Attribute::Group => product.group.as_deref(),
            Attribute::Named(name) => product.attribute(name),
        };
        value.filter(|value| !value.is_empty())
    }

    /// The names of what the shop says of its products beside what every shop does, ascending.
    pub fn attribute_names(&self) -> Vec<&str> {
        let all = self.products.iter().flat_map(|product| &product.attributes);
        let names: BTreeSet<&str> = all.map(|(name, _)| name.as_str()).collect();
        names.into_iter().collect()
    }

    /// Why the filters of a plan leave a product out, in words that follow “it is”; `None` when they do not.
    pub fn why_not(
        &self,
        wanted: &Products,
        list: Option<&[String]>,
        as_of: DateTime<Utc>,
        number: u32,
    ) -> Option<&'static str> {
        let product = self.product(number);
        if product.active && wanted.include.contains(&product.id) && !wanted.exclude.contains(&product.id) {
            return None;
        }
        filters(wanted, list, as_of).into_iter().find(|(_, keeps)| !keeps(product)).map(|(why, _)| why)
    }

    /// Applies the filters of a plan; `list` holds the ids of `wanted.list`.
    pub fn choose(&self, wanted: &Products, list: Option<&[String]>, as_of: DateTime<Utc>) -> Choice {
        let filters = filters(wanted, list, as_of);
        let mut counts = vec![0u64; filters.len()];
        let included: HashSet<&str> = wanted.include.iter().map(String::as_str).collect();
        let passes = |product: &Product, counts: &mut [u64]| {
            if product.active && included.contains(product.id.as_str()) {
                return !wanted.exclude.contains(&product.id);
            }
            let refused = filters.iter().position(|(_, keeps)| !keeps(product));
            if let Some(at) = refused {
                counts[at] += 1;
            }
            refused.is_none()
        };
        let numbers = (0..self.products.len() as u32)
            .filter(|&number| passes(&self.products[number as usize], &mut counts))
            .collect();
        let removed = filters
            .iter()
            .zip(&counts)
            .filter(|(_, count)| **count > 0)
            .map(|((why, _), count)| Removed { why: (*why).to_owned(), count: *count })
            .collect();
        let named = list.unwrap_or_default().iter().chain(&wanted.only).chain(&wanted.include);
        let unknown_ids = named.filter(|id| self.number(id).is_none()).count() as u64;
        Choice { numbers, removed, unknown_ids }
    }
}

/// `path` is `wanted`, or lies below it.
pub fn in_category(path: Option<&str>, wanted: &str) -> bool {
    path.is_some_and(|path| {
        path.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with(" > "))
    })
}

type Filter<'a> = (&'static str, Box<dyn Fn(&Product) -> bool + 'a>);

/// The filters that are set, in the order in which they are counted.
fn filters<'a>(wanted: &'a Products, list: Option<&'a [String]>, as_of: DateTime<Utc>) -> Vec<Filter<'a>> {
    let mut filters: Vec<Filter<'a>> = vec![("no longer sold", Box::new(|product| product.active))];
    let mut add = |is_set: Option<Filter<'a>>| filters.extend(is_set);
    if let Some(ids) = list {
        let ids: HashSet<&str> = ids.iter().map(String::as_str).collect();
        add(Some(("not on the uploaded list", Box::new(move |p| ids.contains(p.id.as_str())))));
    }
    if !wanted.only.is_empty() {
        let ids: HashSet<&str> = wanted.only.iter().map(String::as_str).collect();
        add(Some(("not among the chosen products", Box::new(move |p| ids.contains(p.id.as_str())))));
    }
    if !wanted.categories.is_empty() {
        let within = |p: &Product| wanted.categories.iter().any(|c| in_category(p.category.as_deref(), c));
        add(Some(("outside the chosen categories", Box::new(within))));
    }
    if !wanted.brands.is_empty() {
        let of = |p: &Product| p.brand.as_ref().is_some_and(|brand| wanted.brands.contains(brand));
        add(Some(("of other brands", Box::new(of))));
    }
    // A product whose price is unknown passes no price filter: it might cost anything.
    add(wanted.price_from.map(|from| -> Filter<'a> {
        ("below the lowest price or without a price", Box::new(move |p| p.price.is_some_and(|x| x >= from)))
    }));
    add(wanted.price_to.map(|to| -> Filter<'a> {
        ("above the highest price or without a price", Box::new(move |p| p.price.is_some_and(|x| x <= to)))
    }));
    add(wanted.in_stock.then(|| -> Filter<'a> { ("out of stock", Box::new(in_stock)) }));
    add(wanted.new_days.map(|days| -> Filter<'a> {
        let since = as_of - TimeDelta::days(i64::from(days));
        ("not new", Box::new(move |p| p.created_at.is_some_and(|at| at >= since)))
    }));
    add(wanted.on_sale.then(|| -> Filter<'a> { ("not on sale", Box::new(on_sale)) }));
    if !wanted.exclude.is_empty() {
        add(Some(("left out by hand", Box::new(|p| !wanted.exclude.contains(&p.id)))));
    }
    filters
}

/// A shop that does not say how many pieces there are is taken to have some.
pub fn in_stock(product: &Product) -> bool {
    product.stock.is_none_or(|pieces| pieces > 0)
}

pub fn on_sale(product: &Product) -> bool {
    matches!((product.price, product.list_price), (Some(now), Some(before)) if before > now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Money;

    fn product(id: &str, category: &str, price: i64, stock: i64) -> Product {
        Product {
            id: id.into(),
            title: id.to_uppercase(),
            category: Some(category.into()),
            price: Some(Money::from_units(price)),
            stock: Some(stock),
            active: true,
            ..Product::default()
        }
    }

    #[test]
    fn each_filter_counts_what_it_took_away() {
        let gone = Product { active: false, ..product("d", "Wine", 5, 1) };
        let catalogue = Catalogue::new(vec![
            product("b", "Wine > Red", 5, 1),
            product("a", "Wine", 50, 1),
            product("c", "Winery", 5, 1),
            gone,
        ]);
        let wanted = Products {
            categories: vec!["Wine".into()],
            price_to: Some(Money::from_units(10)),
            ..Products::default()
        };
        let choice = catalogue.choose(&wanted, None, DateTime::UNIX_EPOCH);
        let chosen: Vec<_> = choice.numbers.iter().map(|&n| catalogue.product(n).id.as_str()).collect();
        assert_eq!(chosen, ["b"]);
        let counts: Vec<_> = choice.removed.iter().map(|removed| removed.count).collect();
        assert_eq!(counts, [1, 1, 1]);
    }

    #[test]
    fn lists_count_ids_nobody_knows_and_exclusion_beats_inclusion() {
        let catalogue = Catalogue::new(vec![product("a", "X", 1, 1), product("b", "X", 1, 0)]);
        let list = vec!["a".to_owned(), "zz".to_owned()];
        let mut wanted = Products { include: vec!["b".into()], ..Products::default() };
        let choice = catalogue.choose(&wanted, Some(&list), DateTime::UNIX_EPOCH);
        assert_eq!((choice.numbers, choice.unknown_ids), (vec![0, 1], 1));
        wanted.exclude = vec!["b".into()];
        assert_eq!(catalogue.choose(&wanted, Some(&list), DateTime::UNIX_EPOCH).numbers, [0]);
    }
}
