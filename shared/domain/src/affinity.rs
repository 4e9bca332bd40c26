//! What is bought together: which other products the buyers of a product bought as well.
//!
//! It is counted from the sample of a census, over customers and not over orders, so that what
//! somebody comes back for counts too. It tells of products and never of a person: a product is here
//! only if [`limits::AFFINITY_SUPPORT`] customers bought it, and so is a pair.
//!
//! [`limits::AFFINITY_SUPPORT`]: crate::limits::AFFINITY_SUPPORT

mod counts;
mod naming;
mod packed;
mod product_key;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

pub use counts::{Counts, log_likelihood_ratio};
pub use naming::Naming;
pub use product_key::ProductKey;

use crate::cart::Product;
use crate::time::Timestamp;

/// What is bought together, and what is bought most, by one census.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Affinities {
    /// The number of the census; 0 before the first.
    pub census: u32,
    /// The instant as of which it counted.
    pub at: Timestamp,
    /// Customers of its sample who bought anything.
    pub customers: u32,
    products: Vec<Sold>,
    places: BTreeMap<String, usize>,
}

/// A product, and what its buyers bought as well.
#[derive(Debug, Clone, PartialEq)]
pub struct Sold {
    /// The product, as the shop described it.
    pub product: Product,
    /// Customers who bought it.
    pub buyers: u32,
    /// The strongest first.
    pub partners: Vec<Partner>,
}

/// A product that the buyers of another bought as well, and more of them than others did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Partner {
    /// The place of the product.
    pub place: u16,
    /// Customers who bought both.
    pub both: u32,
    /// How sure it is that they go together: see [`log_likelihood_ratio`]. In thousandths.
    pub score: u32,
}

impl Affinities {
    /// Products and their partners, whose places are those in the list.
    pub fn new(census: u32, at: Timestamp, customers: u32, products: Vec<Sold>) -> Self {
        let place = |(place, sold): (usize, &Sold)| (sold.product.id.clone(), place);
        let places = products.iter().enumerate().map(place).collect();
        Self { census, at, customers, products, places }
    }

    /// The products, those that most customers bought first.
    pub fn products(&self) -> &[Sold] {
        &self.products
    }

    /// A product by its id.
    pub fn product(&self, id: &str) -> Option<&Sold> {
        self.products.get(*self.places.get(id)?)
    }

    /// The partners of a product, the strongest first.
    pub fn partners<'a>(
        &'a self,
        sold: &'a Sold,
    ) -> impl Iterator<Item = (&'a Partner, &'a Sold)> + use<'a> {
        let product = |partner: &Partner| self.products.get(usize::from(partner.place));
        sold.partners.iter().filter_map(move |partner| Some((partner, product(partner)?)))
    }
}
