//! Ids that turn out to be one person: pointers and merges.
//!
//! The first event with both a known and an anonymous id merges the visitor into the customer. A
//! visitor who belongs to one customer is never merged into another: only what they do from then on
//! goes to the one who identified last. Two known customers merge by an alias call alone.

use std::sync::Arc;

use attune_domain::card::Card;
use attune_domain::event::{Act, Event, Writer};
use attune_domain::id::{CustomerId, EventId};
use attune_domain::membership::Membership;
use attune_domain::ring::Entry;
use attune_domain::step::{Input, step};
use attune_domain::time::Timestamp;
use aws_sdk_dynamodb::types::TransactWriteItem;

use super::apply::links;
use super::commit::{Committed, Work};
use super::profiles::{Consistency, Found, Stored, pointer_item};
use super::{Store, StoreError, Table};

/// Another id that an event brings.
struct Other<'a> {
    id: CustomerId,
    event: &'a Event,
    /// Whether the id goes over to this profile even if it belongs to another.
    take_over: bool,
    /// Whether a known customer may be merged.
    by_alias: bool,
}

impl Store {
    /// Makes the profile the owner of every other id that `events` bring. `None` if somebody else
    /// wrote in between.
    pub(super) async fn link(
        &self,
        mut stored: Stored,
        events: &[Event],
        now: Timestamp,
    ) -> Result<Option<Stored>, StoreError> {
        let mut seen: Vec<CustomerId> = Vec::new();
        for event in events.iter().filter(|event| links(event)) {
            for other in others(event) {
                if seen.contains(&other.id) || other.id == stored.profile.id {
                    continue;
                }
                if let Some(merge) = stored.unfinished_merge(&other.id) {
                    self.take_up_merge(&mut stored, &other.id, &merge, now).await?;
                }
                if stored.profile.card.knows(&other.id) && !other.take_over {
                    continue;
                }
                seen.push(other.id.clone());
                match self.link_one(stored, &other, now).await? {
                    Some(linked) => stored = linked,
                    None => return Ok(None),
                }
            }
        }
        Ok(Some(stored))
    }

    async fn link_one(
        &self,
        stored: Stored,
        other: &Other<'_>,
        now: Timestamp,
    ) -> Result<Option<Stored>, StoreError> {
        let me = stored.profile.id.clone();
        match self.find(&other.id, Consistency::Strong, now).await? {
            Found::Pointer(to) if to == me => Ok(Some(stored)),
            Found::Pointer(to) if other.by_alias => {
                let theirs = self.load(&to, Consistency::Strong, now).await?;
                if theirs.profile.id == me {
                    return Ok(Some(stored));
                }
                self.merge(stored, theirs, other.event, now).await
            }
            Found::Pointer(_) if other.take_over => {
                self.point(&other.id, &me).await?;
                Ok(Some(stored))
            }
            Found::Pointer(_) => Ok(Some(stored)),
            Found::Profile(theirs) if theirs.is_erased() => Ok(Some(stored)),
            Found::Profile(theirs) if theirs.exists() => {
                self.merge(stored, *theirs, other.event, now).await
            }
            Found::Profile(_) if !self.may_link(&other.id, &stored).await? => Ok(Some(stored)),
            Found::Profile(_) => {
                let pointer = pointer_item(&other.id, &me, 1);
                Ok(self.put_if_version(pointer, 0).await?.then_some(stored))
            }
        }
    }

    /// Lets an id that is a pointer lead somewhere else. The last to identify wins, so no condition.
    async fn point(&self, id: &CustomerId, to: &CustomerId) -> Result<(), StoreError> {
        self.put_all(Table::Profiles, vec![pointer_item(id, to, 1)]).await
    }

    /// Merges `theirs` into `ours`: both cores change in one transaction, so that it happens once.
    async fn merge(
        &self,
        mut ours: Stored,
        mut theirs: Stored,
        event: &Event,
        now: Timestamp,
    ) -> Result<Option<Stored>, StoreError> {
        self.confirm_rows(&mut theirs, now).await?;
        if ours.profile.core.ring.is_crowded(1) {
            self.confirm_rows(&mut ours, now).await?;
        }
        let definitions = Arc::clone(&theirs.definitions);
        let woken = step(theirs.profile.clone(), Input::Tick, &definitions, now);
        if woken.behind || !woken.messages.is_empty() {
            // What time did to the other before comes first, as its messages are to be planned.
            return self.get_there(theirs, woken, now).await;
        }
        theirs.profile = woken.profile;
        let mut changes = woken.changes;
        let times = (event.sent, event.occurred);
        let merge = merge_event(&ours.profile.id, &theirs.profile.id, times, now);
        let definitions = Arc::clone(&ours.definitions);
        let stepped =
            step(ours.profile.clone(), Input::Merge(&merge, &theirs.profile), &definitions, now);
        if stepped.behind {
            // This profile has far to go: get there first, then merge.
            return self.get_there(ours, stepped, now).await;
        }
        changes.extend(stepped.changes);
        let pointer = pointer_item(&theirs.profile.id, &ours.profile.id, theirs.versions.core + 1);
        let pointer = self.put_of(pointer, theirs.versions.core)?;
        let work = Work {
            stored: ours,
            profile: stepped.profile,
            messages: stepped.messages,
            changes,
            with: vec![TransactWriteItem::builder().put(pointer).build()],
            visits: false,
        };
        let mut merged = match self.commit(work, now).await? {
            Committed::Yes(stored) => *stored,
            Committed::LostRace | Committed::Refused => return Ok(None),
        };
        self.finish_merge(&merged, &merge, &theirs.profile.id, &theirs.card).await?;
        merged.profile.core.ring.see_row(merge.id);
        Ok(Some(merged))
    }

    /// What follows a merge: its row comes last, as it says that nothing is left to do.
    async fn finish_merge(
        &self,
        merged: &Stored,
        merge: &Event,
        from: &CustomerId,
        their_card: &Card,
    ) -> Result<(), StoreError> {
        self.project_addresses(from, their_card, &Card::default()).await?;
        self.delete_parts(from).await?;
        let keep = merged.definitions.shop.history;
        self.put_rows(std::slice::from_ref(merge), &merged.profile.id, keep).await
    }

    /// Finishes the merges among entries of a profile that have no row, and takes them off the list.
    /// One of an id that the card has no room for is not recognised.
    pub(super) async fn finish_merges(
        &self,
        stored: &mut Stored,
        missing: &mut Vec<&Entry>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let ids = stored.profile.card.ids.iter().filter(|known| known.merged);
        let merged: Vec<CustomerId> = ids.map(|known| known.id.clone()).collect();
        for from in merged {
            let merge = stored.unfinished_merge(&from);
            if let Some(merge) = merge.filter(|merge| missing.contains(&merge)) {
                self.take_up_merge(stored, &from, &merge, now).await?;
                missing.retain(|entry| **entry != merge);
            }
        }
        Ok(())
    }

    /// Finishes a merge whose writer died after its transaction.
    async fn take_up_merge(
        &self,
        stored: &mut Stored,
        from: &CustomerId,
        merge: &Entry,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.project_again(stored, now).await?;
        for (key, ours) in stored.profile.core.memberships.iter() {
            if let Some(segment) = stored.definitions.segment_id(*key) {
                // Which of our segments they were in is forgotten. The number is at least theirs.
                let left = Membership { inside: false, ..*ours };
                self.put_membership(segment.as_str(), from, left, now).await?;
            }
        }
        let card = self.left_card(from).await?;
        let merge = merge_event(&stored.profile.id, from, (merge.sent, merge.occurred), now);
        self.finish_merge(stored, &merge, from, &card).await?;
        stored.profile.core.ring.see_row(merge.id);
        Ok(())
    }

    /// Commits a part of the way; the merge is then tried again from a fresh read.
    async fn get_there(
        &self,
        ours: Stored,
        stepped: attune_domain::step::Step,
        now: Timestamp,
    ) -> Result<Option<Stored>, StoreError> {
        let work = Work {
            stored: ours,
            profile: stepped.profile,
            messages: stepped.messages,
            changes: stepped.changes,
            with: Vec::new(),
            visits: false,
        };
        self.commit(work, now).await.map(|_| None)
    }
}

/// The ids that an event brings beside the one it is filed under.
fn others(event: &Event) -> Vec<Other<'_>> {
    let identify = matches!(event.act, Act::Identify { .. });
    let anonymous = event.alias.iter().map(|id| Other {
        id: id.clone(),
        event,
        take_over: identify,
        by_alias: false,
    });
    let alias = match &event.act {
        Act::Merge { from } => {
            Some(Other { id: from.clone(), event, take_over: true, by_alias: true })
        }
        _ => None,
    };
    anonymous.chain(alias).collect()
}

/// The event that stands for a merge, sent and occurred when that was which brought it. Its id
/// names the profile that goes and the one it becomes a part of, so that whoever takes the merge up
/// makes the same event.
fn merge_event(
    into: &CustomerId,
    from: &CustomerId,
    (sent, occurred): (Timestamp, Timestamp),
    now: Timestamp,
) -> Event {
    Event {
        id: merge_id(into, from),
        filed: into.clone(),
        alias: None,
        sent,
        occurred,
        received: now,
        writer: Writer::Ourselves,
        import: false,
        zone: None,
        device: None,
        act: Act::Merge { from: from.clone() },
    }
}

fn merge_id(into: &CustomerId, from: &CustomerId) -> EventId {
    EventId::sent(&format!("merge {from} {into}"))
}

impl Stored {
    /// The entry of a merge of another profile into this one, if what follows it may be undone yet.
    fn unfinished_merge(&self, from: &CustomerId) -> Option<Entry> {
        let merge = merge_id(&self.profile.id, from);
        self.profile.core.ring.entries().iter().find(|entry| entry.id == merge).cloned()
    }
}
