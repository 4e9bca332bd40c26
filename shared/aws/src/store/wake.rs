//! Waking a profile: time alone, told by the agenda.

use attune_domain::step::{Input, MembershipChange, step};
use attune_domain::time::Timestamp;

use super::agenda::Due;
use super::commit::{Committed, MOST_RACES, Work};
use super::profiles::{Consistency, Found, Stored};
use super::{Store, StoreError};

/// What waking brought.
#[derive(Debug, Default)]
pub struct Woken {
    /// Memberships that changed.
    pub changes: Vec<MembershipChange>,
    /// Whether there was a profile to wake.
    pub found: bool,
}

impl Store {
    /// Visits one wake-up. The first visit may read a little late; the second, `settled`, sees
    /// everything, and repairs what a first visit that died left undone.
    pub async fn wake(
        &self,
        due: &Due,
        settled: bool,
        now: Timestamp,
    ) -> Result<Woken, StoreError> {
        let mut woken = Woken::default();
        let mut consistency = if settled { Consistency::Strong } else { Consistency::Eventual };
        for _ in 0..MOST_RACES {
            let stored = match self.find(&due.customer, consistency, now).await? {
                Found::Profile(stored) if stored.exists() => *stored,
                // Merged or erased: its wake-ups end here.
                _ => return Ok(woken),
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
        let core = &stored.profile.core;
        for (key, membership) in core.memberships.iter() {
            let since_then = membership.since >= since;
            if let Some(segment) = stored.definitions.segment_of(*key).filter(|_| since_then) {
                let id = segment.id.as_str();
                if !self.has_membership(id, &stored.profile.id, *membership).await? {
                    self.put_membership(id, &stored.profile.id, *membership, now).await?;
                }
            }
        }
        Ok(())
    }
}
