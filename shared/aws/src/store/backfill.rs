//! Brings a profile to the current definitions: the features that it lacks are made from its history.

use std::time::Duration;

use attune_domain::event::Event;
use attune_domain::id::CustomerId;
use attune_domain::limits;
use attune_domain::profile::Profile;
use attune_domain::ring::Entry;
use attune_domain::step::{Input, step};
use attune_domain::time::Timestamp;

use super::agenda::SETTLED;
use super::commit::{Committed, MOST_RACES, Work};
use super::history::Row;
use super::profiles::{Consistency, Found, Stored};
use super::{Store, StoreError};

/// How long to wait for a writer that is between a profile and its rows.
const WAIT_FOR_ROWS: Duration = Duration::from_millis(100);

impl Store {
    /// Brings one profile to the current definitions and census; returns how many memberships changed.
    pub(super) async fn bring_up_to_date(
        &self,
        id: &CustomerId,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let mut changed = 0;
        for _ in 0..MOST_RACES {
            let stored = match self.find(id, Consistency::Strong, now).await? {
                Found::Profile(stored) if stored.exists() => *stored,
                _ => return Ok(changed),
            };
            let Some(profile) = self.with_features(&stored, now).await? else {
                tokio::time::sleep(WAIT_FOR_ROWS).await;
                continue;
            };
            let stepped = step(profile, Input::Pass, &stored.definitions, now);
            let changes = stepped.changes.len() as u64;
            let work = Work {
                stored,
                profile: stepped.profile,
                messages: stepped.messages,
                changes: stepped.changes,
                with: Vec::new(),
                visits: false,
            };
            if let Committed::Yes(_) = self.commit(work, now).await? {
                changed += changes;
                if !stepped.behind {
                    return Ok(changed);
                }
            }
        }
        Err(StoreError::Contended(MOST_RACES))
    }

    /// The profile with the features that it lacks, made from the history. `None` while the row of
    /// an event that took effect is still on its way: then the history is not whole.
    pub(super) async fn with_features(
        &self,
        stored: &Stored,
        now: Timestamp,
    ) -> Result<Option<Profile>, StoreError> {
        let mut profile = stored.profile.clone();
        if !profile.lacks_features(&stored.definitions) {
            return Ok(Some(profile));
        }
        let history = self.history_of(&profile, limits::BACKFILL_ROWS).await?;
        for entry in profile.core.ring.entries() {
            let missing = !history.iter().any(|event| event.id == entry.id);
            if missing && !self.is_lost(entry, stored, now).await? {
                return Ok(None);
            }
        }
        profile.make_features(&history, &stored.definitions);
        Ok(Some(profile))
    }

    /// Whether the row of an event that took effect will never come: only a tombstone stands for
    /// it, or its writer ended long ago.
    async fn is_lost(
        &self,
        entry: &Entry,
        stored: &Stored,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        Ok(match self.row(&entry.filed, entry.sent, entry.id).await? {
            Row::Tombstone(_) => true,
            // It came after the history was read.
            Row::There => false,
            Row::Missing => now.since(stored.profile.core.as_of) > SETTLED,
        })
    }

    /// Everything that took effect on a profile, of all of its ids.
    pub async fn history_of(
        &self,
        profile: &Profile,
        most: usize,
    ) -> Result<Vec<Event>, StoreError> {
        let (mut events, _) = self.history(&profile.id, most).await?;
        for known in &profile.card.ids {
            events.extend(self.history(&known.id, most).await?.0);
        }
        // What a shared device did for somebody else is not ours.
        let merged = |id: &CustomerId| profile.card.ids.iter().any(|k| k.merged && k.id == *id);
        events.retain(|(_, whose)| *whose == profile.id || merged(whose));
        events.sort_by_key(|(event, _)| std::cmp::Reverse(event.clock()));
        Ok(events.into_iter().map(|(event, _)| event).take(most).collect())
    }
}
