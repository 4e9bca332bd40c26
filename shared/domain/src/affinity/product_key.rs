//! A product in the sample of a census.

use crate::digest::hash64;

/// The hash of a product's id. Forty bits: among the products that 10,000 customers bought hardly two
/// have the same, and a slice of the sample has room for them however long the ids are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProductKey([u8; 5]);

impl ProductKey {
    /// The key of a product.
    pub fn of(id: &str) -> Self {
        let [first @ .., _, _, _] = hash64(&["product", id]).to_be_bytes();
        Self(first)
    }

    pub(crate) const fn stored(bytes: [u8; 5]) -> Self {
        Self(bytes)
    }

    pub(crate) const fn bytes(&self) -> &[u8; 5] {
        &self.0
    }
}
