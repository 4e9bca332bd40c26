//! What is bought together, as each census found it, and what is recommended to a customer by it.

use std::sync::{Arc, PoisonError};

use attune_domain::affinity::{Affinities, Counts, Naming};
use attune_domain::census::Summary;
use attune_domain::definitions::Definitions;
use attune_domain::limits;
use attune_domain::recommend::{Recommended, recommend};
use attune_domain::time::{Span, Timestamp};

use super::census::census_name;
use super::item::{Build, Read};
use super::pass::Pass;
use super::profiles::Stored;
use super::{Store, StoreError, Table, expiry};

/// How long it is recommended by one census, if no other comes.
const KEPT: Span = Span::days(35);

/// What this process read last. It is written before its census is pointed to, and not changed.
pub(super) type Cache = Option<Arc<Affinities>>;

impl Store {
    /// What is bought together by a census; nothing before the first, or if it was too long ago.
    pub async fn affinities(&self, census: u32) -> Result<Arc<Affinities>, StoreError> {
        let known = self.affinities_cache().clone();
        if let Some(known) = known.filter(|known| known.census == census) {
            return Ok(known);
        }
        let item = self.workspace("affinities", &census_name(census)).await?;
        let affinities = match &item {
            Some(item) => {
                let read = Read { table: Table::Workspace, item };
                let found = Affinities::unpack(read.bytes("found")?);
                found.map_err(|_| read.unreadable("found"))?
            }
            None => Affinities::new(census, Timestamp::default(), 0, Vec::new()),
        };
        let affinities = Arc::new(affinities);
        *self.affinities_cache() = Some(Arc::clone(&affinities));
        Ok(affinities)
    }

    /// Products for a customer, the best first: one read of their newest events, and of a census that
    /// this process did not see yet.
    pub async fn recommendations(
        &self,
        stored: &Stored,
        now: Timestamp,
    ) -> Result<Vec<Recommended>, StoreError> {
        let Stored { profile, definitions, .. } = stored;
        let history = self.history_of(profile, limits::RECOMMENDATION_ROWS).await?;
        let affinities = self.affinities(definitions.census().number).await?;
        Ok(recommend(&history, profile, definitions, &affinities, now))
    }

    /// Finds what is bought together from what a pass counted, unless that was done.
    pub(super) async fn find_affinities(
        &self,
        pass: &Pass,
        counted: &Summary,
        definitions: &Definitions,
    ) -> Result<(), StoreError> {
        let name = census_name(pass.number);
        if self.workspace("affinities", &name).await?.is_some() {
            return Ok(());
        }
        let mut naming = Naming::new(Counts::of(counted), counted, definitions);
        while let Some(customer) = naming.next_to_ask() {
            let (events, _) = self.history(&customer, limits::RECOMMENDATION_ROWS).await?;
            naming.learn(events.iter().map(|(event, _)| event));
        }
        let found = naming.finish(pass.number, pass.at);
        let item = Build::default()
            .text("kind", "affinities")
            .text("id", name)
            .bytes("found", found.pack())
            .number("expires", expiry(pass.at + KEPT))
            .done();
        self.put_all(Table::Workspace, vec![item]).await
    }

    fn affinities_cache(&self) -> std::sync::MutexGuard<'_, Cache> {
        self.affinities.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
