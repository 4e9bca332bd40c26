//! How often products were bought, and which of them together.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::{Partner, ProductKey};
use crate::census::Summary;
use crate::limits;

/// What the customers of a sample bought, counted. Products are known by their places: the one that
/// most customers bought is the first, and of those with as many, the one with the lowest key.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counts {
    /// Customers who bought anything.
    pub(super) customers: u32,
    /// By place, at most [`limits::AFFINITY_PRODUCTS`].
    pub(super) products: Vec<Counted>,
}

/// A product that was bought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Counted {
    pub(super) key: ProductKey,
    pub(super) buyers: u32,
    /// The strongest first, at most [`limits::AFFINITY_PARTNERS`].
    pub(super) partners: Vec<Partner>,
}

impl Counts {
    /// Counts the sample of a census.
    pub fn of(summary: &Summary) -> Self {
        let baskets = || summary.rows.values().map(|row| row.bought.as_slice());
        let customers = count(baskets().filter(|bought| !bought.is_empty()).count());
        let mut buyers: BTreeMap<ProductKey, u32> = BTreeMap::new();
        baskets().flatten().for_each(|key| *buyers.entry(*key).or_default() += 1);
        let mut most: Vec<(ProductKey, u32)> = buyers.into_iter().collect();
        most.retain(|(_, buyers)| *buyers >= limits::AFFINITY_SUPPORT);
        most.sort_by_key(|(key, buyers)| (Reverse(*buyers), *key));
        most.truncate(limits::AFFINITY_PRODUCTS);
        let none = |(key, buyers)| Counted { key, buyers, partners: Vec::new() };
        let mut counts = Self { customers, products: most.into_iter().map(none).collect() };
        let pairs = counts.pairs(baskets());
        let partners: Vec<_> =
            (0..counts.products.len()).map(|one| counts.partners(&pairs, one)).collect();
        for (product, partners) in counts.products.iter_mut().zip(partners) {
            product.partners = partners;
        }
        counts
    }

    /// The places of products, by key.
    pub(super) fn places(&self) -> BTreeMap<ProductKey, usize> {
        self.products.iter().enumerate().map(|(place, product)| (product.key, place)).collect()
    }

    /// How many bought both of two products: the one whose place is the row, and that of the column.
    fn pairs<'a>(&self, baskets: impl Iterator<Item = &'a [ProductKey]>) -> Vec<u32> {
        let (places, width) = (self.places(), self.products.len());
        let mut pairs = vec![0; width * width];
        for bought in baskets {
            let bought: Vec<usize> =
                bought.iter().filter_map(|key| places.get(key).copied()).collect();
            for one in &bought {
                for other in bought.iter().filter(|other| *other != one) {
                    if let Some(both) = pairs.get_mut(one * width + other) {
                        *both += 1;
                    }
                }
            }
        }
        pairs
    }

    fn partners(&self, pairs: &[u32], one: usize) -> Vec<Partner> {
        let width = self.products.len();
        let Some(product) = self.products.get(one) else { return Vec::new() };
        let row = pairs.get(one * width..).unwrap_or_default();
        let partner = |((place, other), both): ((u16, &Counted), &u32)| {
            let score = association(*both, [product.buyers, other.buyers], self.customers)?;
            Some(Partner { place, both: *both, score })
        };
        let mut partners: Vec<Partner> =
            (0..).zip(&self.products).zip(row).filter_map(partner).collect();
        partners.sort_by_key(|partner| (Reverse(partner.score), partner.place));
        partners.truncate(limits::AFFINITY_PARTNERS);
        partners
    }
}

/// How sure it is that two products go together, in thousandths. `None` if too few bought both, or no
/// more than would by chance.
fn association(both: u32, [one, other]: [u32; 2], customers: u32) -> Option<u32> {
    let by_chance = u64::from(one) * u64::from(other);
    if both < limits::AFFINITY_SUPPORT || u64::from(both) * u64::from(customers) <= by_chance {
        return None;
    }
    let neither = (customers + both).saturating_sub(one).saturating_sub(other);
    let ratio = log_likelihood_ratio([both, one - both, other - both, neither]);
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
    let thousandths = (ratio * 1_000.0).round() as u32;
    Some(thousandths)
}

/// The log-likelihood ratio −2 ln λ of a table of two by two: how many have both of two features, only
/// the first, only the second, and neither. 0 is what independent features give; above 10.83, one pair
/// in a thousand would be by chance (χ² with one degree of freedom). Unlike χ² it holds for rare features
/// too.
///
/// T. Dunning, *Accurate Methods for the Statistics of Surprise and Coincidence*, Computational
/// Linguistics 19(1), 1993, pp. 61–74.
pub fn log_likelihood_ratio(table: [u32; 4]) -> f64 {
    let [both, first, second, neither] = table.map(f64::from);
    let all = both + first + second + neither;
    let cell = |count: f64, row: f64, column: f64| match count > 0.0 {
        true => count * (count * all / (row * column)).ln(),
        false => 0.0,
    };
    let (with, without) = (both + first, second + neither);
    let sum = cell(both, with, both + second)
        + cell(first, with, first + neither)
        + cell(second, without, both + second)
        + cell(neither, without, first + neither);
    (2.0 * sum).max(0.0)
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
