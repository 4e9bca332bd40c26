//! Members of a segment, many at a time, as their own profiles have them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use attune_domain::address::Address;
use attune_domain::card::Card;
use attune_domain::definitions::Definitions;
use attune_domain::id::{CustomerId, SegmentId};
use attune_domain::membership::Memberships;
use attune_domain::time::Timestamp;

use super::addresses::AddressRow;
use super::item::{Attributes, Read};
use super::profiles::{Found, part_key, read};
use super::{Store, StoreError, Table};

/// The parts of each customer, by id.
type Parts = BTreeMap<String, Vec<Attributes>>;

impl Store {
    /// The cards of those of `customers` who are in a segment, in their order. The rows of members are
    /// a projection: who was merged, is being erased, or left a moment ago is seen here.
    pub async fn cards_in(
        &self,
        segment: &SegmentId,
        customers: &[CustomerId],
        now: Timestamp,
    ) -> Result<Vec<Card>, StoreError> {
        let keys: Vec<Attributes> = customers
            .iter()
            .flat_map(|id| ["core", "card"].map(|part| part_key(id.as_str(), part)))
            .collect();
        let mut parts = Parts::new();
        for item in self.get_all(Table::Profiles, &keys, true).await? {
            let id = Read { table: Table::Profiles, item: &item }.text("customer")?.to_owned();
            parts.entry(id).or_default().push(item);
        }
        let definitions = self.definitions(now).await?;
        match cards(segment, customers, &parts, &definitions, now) {
            // Another process published since this one looked.
            Err(StoreError::OldDefinitions) => {
                let definitions = self.fresh_definitions(now).await?;
                cards(segment, customers, &parts, &definitions, now)
            }
            cards => cards,
        }
    }

    /// What is known of each of `addresses`.
    pub async fn rows_of(
        &self,
        addresses: BTreeSet<Address>,
    ) -> Result<BTreeMap<Address, AddressRow>, StoreError> {
        let addresses: Vec<Address> = addresses.into_iter().collect();
        let rows = self.addresses(&addresses).await?;
        Ok(addresses.into_iter().zip(rows).collect())
    }
}

fn cards(
    segment: &SegmentId,
    customers: &[CustomerId],
    parts: &Parts,
    definitions: &Arc<Definitions>,
    now: Timestamp,
) -> Result<Vec<Card>, StoreError> {
    let key = Memberships::key(segment);
    let mut cards = Vec::new();
    for id in customers {
        let Some(parts) = parts.get(id.as_str()) else { continue };
        let Found::Profile(stored) = read(id, parts, Arc::clone(definitions), now)? else {
            continue;
        };
        let place = stored.profile.core.memberships.get(key);
        if stored.exists() && place.is_some_and(|place| place.inside) {
            cards.push(stored.card);
        }
    }
    Ok(cards)
}
