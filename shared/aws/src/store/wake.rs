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
use super::item::Read;
use super::memberships::MembershipRows;
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

/// What was read together for the wake-ups of one page, instead of by one call for each. Cheap to
/// clone.
#[derive(Debug, Clone, Default)]
pub struct AtHand(Arc<Together>);

#[derive(Debug, Default)]
struct Together {
    /// Profiles with nothing but their cores, where that is enough: time alone changes nothing else,
    /// and looks at nothing else, unless the definitions changed since.
    profiles: BTreeMap<CustomerId, Stored>,
    /// For the second visit, the membership rows of what changed since they were due.
    rows: MembershipRows,
}

impl Store {
    /// Reads what a page of wake-ups is about. On the second visit, `settled`, it sees everything.
    pub async fn at_hand(
        &self,
        page: &[Due],
        settled: bool,
        now: Timestamp,
    ) -> Result<AtHand, StoreError> {
        let customers: BTreeSet<&CustomerId> = page.iter().map(|due| &due.customer).collect();
        let key = |customer: &&CustomerId| part_key(customer.as_str(), "core");
        let keys: Vec<_> = customers.iter().map(key).collect();
        let items = self.get_all(Table::Profiles, &keys, settled).await?;
        let definitions = self.definitions(now).await?;
        let mut profiles = BTreeMap::new();
        for item in items {
            let row = Read { table: Table::Profiles, item: &item };
            let customer = row.parsed("customer", CustomerId::parse)?;
            // Whoever visits one that cannot be read reads it again, and reports it.
            if let Ok(Found::Profile(stored)) = read(&customer, &[item], definitions.clone(), now)
                && stored.exists()
                && stored.profile.core.judged_by == definitions.version()
            {
                profiles.insert(customer, *stored);
            }
        }
        let mut changed = BTreeSet::new();
        for due in page.iter().filter(|_| settled) {
            let changes = profiles.get(&due.customer).map(|stored| changes(stored, due.at));
            let segments = changes.into_iter().flatten().map(|(segment, _)| segment);
            changed.extend(segments.map(|segment| (&due.customer, segment)));
        }
        let rows = self.membership_rows(changed).await?;
        Ok(AtHand(Arc::new(Together { profiles, rows })))
    }

    /// Visits one wake-up. The first visit may read a little late; the second, `settled`, sees
    /// everything, and repairs what a first visit that died left undone.
    pub async fn wake(
        &self,
        due: &Due,
        at_hand: &AtHand,
        settled: bool,
        now: Timestamp,
    ) -> Result<Woken, StoreError> {
        let AtHand(together) = at_hand;
        let mut profile = together.profiles.get(&due.customer);
        let mut woken = Woken::default();
        let mut consistency = if settled { Consistency::Strong } else { Consistency::Eventual };
        for _ in 0..MOST_RACES {
            let rows = profile.map(|_| &together.rows);
            let stored = match profile.take() {
                Some(stored) => stored.clone(),
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
                if settled {
                    self.check_projection(&stored, due.at, rows, now).await?;
                }
                self.stay_on_agenda(&stored, stepped.profile.core.wake_at, due, settled).await?;
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
    ) -> Result<(), StoreError> {
        let core = &stored.profile.core;
        if wake_at.is_never() || core.wake_ups.cover(wake_at, due.at) {
            return Ok(());
        }
        // On the second visit the row is nearly always there, and looking costs a tenth of writing.
        if settled && self.has_wake_up(&due.customer, wake_at).await? {
            return Ok(());
        }
        self.put_wake_up(&due.customer, wake_at, Some(stored.versions.core)).await
    }

    /// Puts the membership rows of what changed since an instant, where they are missing. Its writer
    /// may have died in between, and nobody retries a wake-up or a visit of the pass.
    pub(super) async fn check_projection(
        &self,
        stored: &Stored,
        since: Timestamp,
        at_hand: Option<&MembershipRows>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let customer = &stored.profile.id;
        let changed: Vec<_> = changes(stored, since).collect();
        let read;
        let there = match at_hand {
            Some(rows) => rows,
            None => {
                let keys = changed.iter().map(|(segment, _)| (customer, *segment)).collect();
                read = self.membership_rows(keys).await?;
                &read
            }
        };
        self.repair_memberships(customer, &changed, there, now).await
    }
}

/// What changed since an instant. Also of a segment that is no longer defined: whoever left it with
/// that may have died.
fn changes(stored: &Stored, since: Timestamp) -> impl Iterator<Item = (&str, Membership)> {
    let changed = move |(key, membership): &(Key, Membership)| {
        let id = stored.definitions.segment_id(*key).filter(|_| membership.since >= since)?;
        Some((id.as_str(), *membership))
    };
    stored.profile.core.memberships.iter().filter_map(changed)
}
