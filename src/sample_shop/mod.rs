//! A realistic shop of any size, made from a seed: what the demo shows, what tests and benchmarks work on.
//!
//! Tastes, collections and companions are planted, so that a recommender has something to find; best-sellers stay
//! a fair opponent. Rows are made in the order of time and written as they are made.

mod assortment;
mod customers;
mod days;
mod dice;
mod images;
mod mapping;
mod products;
mod response;
mod schema;
mod writers;

pub use images::picture;
pub use mapping::{config_text, mapping};
pub use response::{Effect, Mailed, MailedArm, Response, respond};
pub use schema::{Cell, Column, Kind, Table};
pub use writers::{Place, ShopWriter, WriteError, open};

use crate::progress::Progress;
use chrono::{DateTime, TimeDelta, Utc};
use customers::Customers;
use days::Days;
use products::Catalogue;

/// How much there is of everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    pub customers: usize,
    pub products: usize,
    /// Order lines and page events together.
    pub events: u64,
}

impl Size {
    /// The standard loads that benchmarks name.
    pub const S: Size = Size { customers: 20_000, products: 2_000, events: 400_000 };
    pub const M: Size = Size { customers: 200_000, products: 20_000, events: 5_000_000 };
    pub const L: Size = Size { customers: 2_000_000, products: 100_000, events: 50_000_000 };
}

/// What to make. Same wish, same shop, byte for byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wish {
    pub size: Size,
    pub seed: u64,
    /// Nothing is later; nothing that happened is more than two years earlier.
    pub until: DateTime<Utc>,
}

impl Wish {
    fn start(&self) -> DateTime<Utc> {
        self.until - TimeDelta::days(730)
    }

    fn catalogue(&self) -> Catalogue {
        Catalogue::new(self.size.products, self.seed, self.start(), self.until)
    }

    fn customers(&self) -> Customers {
        Customers::new(self.size.customers, self.size.products, self.seed, self.start(), self.until)
    }
}

/// Writes the whole shop and finishes the writer.
pub fn generate(wish: &Wish, mut to: Box<dyn ShopWriter>, progress: &dyn Progress) -> Result<(), WriteError> {
    let (catalogue, customers) = (wish.catalogue(), wish.customers());
    progress.phase("Writing products", Some(wish.size.products as u64));
    for product in &catalogue.products {
        product.row(|cells| to.row(Table::Products, cells))?;
    }
    progress.advance(wish.size.products as u64);
    progress.phase("Writing customers", Some(wish.size.customers as u64));
    for customer in 0..customers.count() {
        customers.row(customer, |cells| to.row(Table::Customers, cells))?;
    }
    progress.advance(wish.size.customers as u64);
    progress.phase("Writing orders and page events", Some(wish.size.events));
    Days::new(&catalogue, &customers, wish.seed, wish.start(), wish.until).write(
        wish.size.events,
        to.as_mut(),
        progress,
    )?;
    to.finish()
}
