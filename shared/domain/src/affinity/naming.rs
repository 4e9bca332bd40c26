//! What the products are called that were counted.
//!
//! A census counts keys. What a product is, is asked of the histories of some who bought it: few, as
//! one customer who bought much names many products. Only what the shop's own server told is taken: it
//! is shown to others, and with the key of a browser anybody can tell anything.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Affinities, Counts, Partner, ProductKey, Sold};
use crate::cart::Product;
use crate::census::Summary;
use crate::definitions::Definitions;
use crate::event::{Event, Writer};
use crate::id::CustomerId;
use crate::limits;
use crate::time::Timestamp;

/// What may be shown to others. The variant and its number are what one customer chose.
const SHOWN: [&str; 7] = ["name", "brand", "category", "price", "currency", "url", "image_url"];
/// Customers who are asked for one product: of one, the orders may be too old to be kept.
const ASKED_FOR_ONE: u8 = 3;

/// Finds out what counted products are called, customer by customer.
#[derive(Debug)]
pub struct Naming<'a> {
    counts: Counts,
    /// Who bought which of them, by the places of the products.
    buyers: Vec<(&'a CustomerId, Vec<usize>)>,
    /// By place.
    known: Vec<Known>,
    places: BTreeMap<ProductKey, usize>,
    asked: usize,
}

/// What is known of a product.
#[derive(Debug, Clone, Default)]
struct Known {
    id: Option<String>,
    /// By name, as it was told last.
    details: BTreeMap<String, (Timestamp, Value)>,
    asked: u8,
}

impl<'a> Naming<'a> {
    /// Begins with what the definitions say of the shop's best sellers.
    pub fn new(counts: Counts, summary: &'a Summary, definitions: &Definitions) -> Self {
        let places = counts.places();
        let buyers = summary.rows.values().filter_map(|row| {
            let bought = row.bought.iter().filter_map(|key| places.get(key).copied());
            let bought: Vec<usize> = bought.collect();
            (!bought.is_empty()).then_some((&row.id, bought))
        });
        let buyers = buyers.collect();
        let known = vec![Known::default(); counts.products.len()];
        let mut naming = Self { counts, buyers, known, places, asked: 0 };
        for product in &definitions.shop.best_sellers {
            naming.take(product.clone(), Timestamp::NEVER);
        }
        naming
    }

    /// Whose history names most of the products that have no name yet, if somebody's does. At most
    /// [`limits::AFFINITY_HISTORIES`] are asked for.
    pub fn next_to_ask(&mut self) -> Option<CustomerId> {
        if self.asked >= limits::AFFINITY_HISTORIES {
            return None;
        }
        let wanted = |place: &&usize| self.known.get(**place).is_some_and(Known::is_wanted);
        let names = |(_, bought): &(&CustomerId, Vec<usize>)| bought.iter().filter(wanted).count();
        let best = self.buyers.iter().map(names).enumerate();
        // Of those who name as many, the first.
        let (best, names) = best.max_by_key(|(n, names)| (*names, std::cmp::Reverse(*n)))?;
        if names == 0 {
            return None;
        }
        let (id, bought) = self.buyers.remove(best);
        for place in bought {
            if let Some(known) = self.known.get_mut(place) {
                known.asked += u8::from(known.is_wanted());
            }
        }
        self.asked += 1;
        Some(id.clone())
    }

    /// Takes what a history tells of products.
    pub fn learn<'e>(&mut self, history: impl IntoIterator<Item = &'e Event>) {
        for event in history.into_iter().filter(|event| event.writer != Writer::Browser) {
            let Some(properties) = event.properties() else { continue };
            let list = properties.get("products").and_then(Value::as_array);
            let listed = list.into_iter().flatten().filter_map(Value::as_object);
            for product in listed.chain([properties]).filter_map(Product::of) {
                self.take(product, event.occurred);
            }
        }
    }

    fn take(&mut self, product: Product, at: Timestamp) {
        let place = self.places.get(&ProductKey::of(&product.id));
        let Some(known) = place.and_then(|place| self.known.get_mut(*place)) else { return };
        known.id.get_or_insert(product.id);
        let shown = |(name, _): &(String, Value)| SHOWN.contains(&name.as_str());
        for (name, value) in product.details.into_iter().filter(shown) {
            let told = known.details.entry(name).or_insert_with(|| (at, value.clone()));
            if told.0 < at {
                *told = (at, value);
            }
        }
    }

    /// What is bought together, as far as it is known what it is, and as it fits into
    /// [`limits::AFFINITY_BYTES`].
    pub fn finish(self, census: u32, at: Timestamp) -> Affinities {
        let mut room = limits::AFFINITY_BYTES;
        let mut kept: BTreeMap<u16, u16> = BTreeMap::new();
        let mut products = Vec::new();
        for ((place, known), counted) in (0..).zip(self.known).zip(&self.counts.products) {
            let Some(product) = known.product() else { continue };
            let Some(left) = room.checked_sub(bytes(&product)) else { continue };
            room = left;
            // There are no more products than were counted, whose places are as small.
            kept.insert(place, u16::try_from(products.len()).unwrap_or(u16::MAX));
            products.push((product, counted));
        }
        let sold = |(product, counted): (Product, &super::counts::Counted)| {
            let partner = |partner: &Partner| {
                let place = *kept.get(&partner.place)?;
                Some(Partner { place, ..*partner })
            };
            let partners = counted.partners.iter().filter_map(partner).collect();
            Sold { product, buyers: counted.buyers, partners }
        };
        let products = products.into_iter().map(sold).collect();
        Affinities::new(census, at, self.counts.customers, products)
    }
}

impl Known {
    fn is_wanted(&self) -> bool {
        !self.details.contains_key("name") && self.asked < ASKED_FOR_ONE
    }

    fn product(self) -> Option<Product> {
        let details = self.details.into_iter().map(|(name, (_, value))| (name, value));
        Some(Product { id: self.id?, details: details.collect() })
    }
}

/// What a product takes as it is stored, at most: a length of up to three bytes goes before each text.
fn bytes(product: &Product) -> usize {
    let detail = |(name, value): (&String, &Value)| name.len() + value.to_string().len() + 6;
    product.id.len() + 6 + product.details.iter().map(detail).sum::<usize>()
}
