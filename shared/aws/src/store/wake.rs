//! Waking a profile: time alone, told by the agenda.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use attune_domain::digest::Key;
use attune_domain::id::CustomerId;
use attune_domain::membership::Membership;
use attune_domain::step::{Input, MembershipChange, step};
use attune_domain::time::Timestamp;

use super::agenda::Due;
use super::commit::{Committed, MOST_RACES, Work};
use super::item::{Attributes, Read};
use super::profiles::{Consistency, Found, Stored, part_key, read};
use super::{Store, StoreError, Table};

/// What waking brought.
#[derive(Debug, Default)]
pub struct Woken {
    /// Memberships that changed.
    pub changes: Vec<MembershipChange>,
    /// Whether there was a profile to wake.
    pub found: bool,
}

/// Cores that were read together, for the wake-ups of one page: one call instead of one for each.
/// Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Cores(Arc<BTreeMap<CustomerId, Attributes>>);

impl Store {
    /// Reads the cores that a page of wake-ups is about. On the second visit, `settled`, it sees
    /// everything.
    pub async fn cores_of(&self, page: &[Due], settled: bool) -> Result<Cores, StoreError> {
        let customers: BTreeSet<&CustomerId> = page.iter().map(|due| &due.customer).collect();
        let key = |customer: &&CustomerId| part_key(customer.as_str(), "core");
        let keys: Vec<_> = customers.iter().map(key).collect();
        let items = self.get_all(Table::Profiles, &keys, settled).await?;
        let entry = |item: Attributes| {
            let read = Read { table: Table::Profiles, item: &item };
            Ok((read.parsed("customer", CustomerId::parse)?, item))
        };
        let cores = items.into_iter().map(entry).collect::<Result<_, StoreError>>()?;
        Ok(Cores(Arc::new(cores)))
    }

    /// A profile with nothing but its core, if that is enough: time alone changes nothing else, and
    /// looks at nothing else, unless the definitions changed since.
    async fn core_at_hand(
        &self,
        cores: &Cores,
        customer: &CustomerId,
        now: Timestamp,
    ) -> Result<Option<Stored>, StoreError> {
        let Some(item) = cores.0.get(customer) else { return Ok(None) };
        let definitions = self.definitions(now).await?;
        let version = definitions.version();
        let found = read(customer, std::slice::from_ref(item), definitions, now);
        Ok(match found {
            Ok(Found::Profile(stored))
                if stored.exists() && stored.profile.core.judged_by == version =>
            {
                Some(*stored)
            }
            _ => None,
        })
    }

    /// Visits one wake-up. The first visit may read a little late; the second, `settled`, sees
    /// everything, and repairs what a first visit that died left undone.
    pub async fn wake(
        &self,
        due: &Due,
        cores: &Cores,
        settled: bool,
        now: Timestamp,
    ) -> Result<Woken, StoreError> {
        let mut at_hand = self.core_at_hand(cores, &due.customer, now).await?;
        let mut woken = Woken::default();
        let mut consistency = if settled { Consistency::Strong } else { Consistency::Eventual };
        for _ in 0..MOST_RACES {
            let stored = match at_hand.take() {
                Some(stored) => stored,
                None => match self.find(&due.customer, consistency, now).await? {
                    Found::Profile(stored) if stored.exists() => *stored,
                    // Merged or erased: its wake-ups end here, and so does what is left of it.
                    _ => {
                        self.go_on_erasing_if_any(&due.customer, now).await?;
                        return Ok(woken);
                    }
                },
            };
            woken.found = true;
            consistency = Consistency::Strong;
            let stepped = step(stored.profile.clone(), Input::Tick, &stored.definitions, now);
            if stepped.changes.is_empty() && stepped.messages.is_empty() && !stepped.behind {
                self.stay_on_agenda(&stored, stepped.profile.core.wake_at, due, settled, now)
                    .await?;
                return Ok(woken);
            }
            let work = Work {
                stored,
                profile: stepped.profile,
                messages: stepped.messages,
                changes: stepped.changes.clone(),
                with: Vec::new(),
                visits: true,
            };
            if let Committed::Yes(_) = self.commit(work, now).await? {
                woken.changes.extend(stepped.changes);
                if !stepped.behind {
                    return Ok(woken);
                }
            }
        }
        Err(StoreError::Contended(MOST_RACES))
    }

    /// Nothing changed, so nothing is written to the profile; but unless it knows of another row that
    /// comes in time, the next must be put.
    async fn stay_on_agenda(
        &self,
        stored: &Stored,
        wake_at: Timestamp,
        due: &Due,
        settled: bool,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let core = &stored.profile.core;
        if settled {
            self.check_projection(stored, due.at, now).await?;
        }
        if wake_at.is_never() || core.wake_ups.cover(wake_at, due.at) {
            return Ok(());
        }
        // On the second visit the row is nearly always there, and looking costs a tenth of writing.
        if settled && self.has_wake_up(&due.customer, wake_at).await? {
            return Ok(());
        }
        self.put_wake_up(&due.customer, wake_at, Some(stored.versions.core)).await
    }

    /// Whether what changed since an instant reached the membership rows. Its writer may have died in
    /// between, and nobody retries a wake-up or a visit of the pass.
    pub(super) async fn check_projection(
        &self,
        stored: &Stored,
        since: Timestamp,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        // Also of a segment that is no longer defined: whoever left it with that may have died.
        let changed = |(key, membership): &(Key, Membership)| {
            let id = stored.definitions.segment_id(*key).filter(|_| membership.since >= since)?;
            Some((id.as_str(), *membership))
        };
        let changed: Vec<_> = stored.profile.core.memberships.iter().filter_map(changed).collect();
        self.repair_memberships(&stored.profile.id, &changed, now).await
    }
}
