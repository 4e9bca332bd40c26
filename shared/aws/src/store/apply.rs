//! Events onto a profile: recognise what was there before, step, commit, keep the rows.

use attune_domain::card::Card;
use attune_domain::event::{Act, Event};
use attune_domain::id::CustomerId;
use attune_domain::limits;
use attune_domain::message::Message;
use attune_domain::problem::Problem;
use attune_domain::profile::Profile;
use attune_domain::ring::Known;
use attune_domain::step::{Input, MembershipChange, step};
use attune_domain::time::Timestamp;

use super::commit::{Committed, MOST_RACES, Work};
use super::profiles::{Consistency, Stored};
use super::{Store, StoreError};

/// What came of applying events.
#[derive(Debug, Default)]
pub struct Applied {
    /// Problems, each with the place of its event in the list.
    pub problems: Vec<(usize, Problem)>,
    /// Events that took effect now.
    pub new: usize,
    /// Events that had taken effect before.
    pub duplicates: usize,
    /// Memberships that changed.
    pub changes: Vec<MembershipChange>,
}

/// Events that were sorted out and stepped, and wait for their commit.
#[derive(Default)]
struct Batch {
    /// Events whose rows are to be put.
    rows: Vec<Event>,
    /// Whether some of those took effect in an earlier attempt, whose projections may be missing.
    repair: bool,
    new: usize,
    duplicates: usize,
    taken: usize,
    /// Whether the profile is not what it was.
    stepped: bool,
    problems: Vec<(usize, Problem)>,
    changes: Vec<MembershipChange>,
    messages: Vec<Message>,
}

impl Store {
    /// Applies events that were sent under one id, in order. When this returns `Ok`, every one of
    /// them has taken effect exactly once, and that is durable.
    pub async fn apply(
        &self,
        id: &CustomerId,
        events: &[Event],
        now: Timestamp,
    ) -> Result<Applied, StoreError> {
        let (mut applied, mut done, mut races) = (Applied::default(), 0, 0);
        let mut at_hand = None;
        while let Some(rest) = events.get(done..).filter(|rest| !rest.is_empty()) {
            let stored = match at_hand.take() {
                Some(stored) => stored,
                None if races == 0 => self.load(id, Consistency::Eventual, now).await?,
                None => self.load(id, Consistency::Strong, now).await?,
            };
            match self.apply_some(stored, rest, now).await? {
                Some((stored, batch)) => {
                    applied.take(batch, &mut done);
                    (at_hand, races) = (Some(stored), 0);
                }
                None => races += 1,
            }
            if races >= MOST_RACES {
                return Err(StoreError::Contended(MOST_RACES));
            }
        }
        Ok(applied)
    }

    /// Applies as many events as one commit takes. `None` if somebody else wrote in between.
    async fn apply_some(
        &self,
        stored: Stored,
        events: &[Event],
        now: Timestamp,
    ) -> Result<Option<(Stored, Batch)>, StoreError> {
        let Some(mut stored) = self.link(stored, events, now).await? else { return Ok(None) };
        let wanted = events.len().min(limits::RING);
        if stored.profile.core.ring.room() < wanted {
            let expires = now + stored.definitions.shop.history;
            self.confirm_rows(&mut stored.profile.core.ring, expires).await?;
        }
        let (profile, mut batch) = self.step_events(&stored, events, now).await?;
        let customer = profile.id.clone();
        let keep = stored.definitions.shop.history;
        let mut stored = if !batch.stepped {
            stored
        } else {
            let work = Work {
                stored,
                profile,
                messages: std::mem::take(&mut batch.messages),
                changes: batch.changes.clone(),
                with: Vec::new(),
            };
            match self.commit(work, now).await? {
                Committed::Yes(stored) => *stored,
                Committed::LostRace | Committed::Refused => return Ok(None),
            }
        };
        if !batch.rows.is_empty() {
            self.put_rows(&batch.rows, &customer, keep).await?;
        }
        if batch.repair {
            self.project_again(&stored, now).await?;
        }
        for event in &batch.rows {
            stored.profile.core.ring.see_row(event.id);
        }
        Ok(Some((stored, batch)))
    }

    /// Steps through events until there are enough for one commit.
    async fn step_events(
        &self,
        stored: &Stored,
        events: &[Event],
        now: Timestamp,
    ) -> Result<(Profile, Batch), StoreError> {
        let (mut profile, mut batch) = (stored.profile.clone(), Batch::default());
        for (at, event) in events.iter().enumerate() {
            let full = batch.messages.len() >= limits::MESSAGES_PER_STEP;
            if full || profile.core.ring.room() == 0 {
                break;
            }
            match self.known(&profile, event).await? {
                Known::Applied(entry) => {
                    batch.duplicates += 1;
                    if !entry.row_seen {
                        batch.repair = true;
                        // The row says what took effect, whatever the retry's clock makes of it.
                        batch.rows.push(Event { occurred: entry.occurred, ..event.clone() });
                    }
                }
                Known::AskHistory => batch.duplicates += 1,
                Known::New => {
                    let stepped = step(profile, Input::Event(event), &stored.definitions, now);
                    profile = stepped.profile;
                    batch.changes.extend(stepped.changes);
                    batch.messages.extend(stepped.messages);
                    batch.stepped = true;
                    if stepped.behind {
                        // Not taken yet: what came of the way there is committed first.
                        break;
                    }
                    batch.problems.extend(stepped.problems.into_iter().map(|p| (at, p)));
                    batch.rows.push(event.clone());
                    batch.new += 1;
                }
            }
            batch.taken = at + 1;
        }
        Ok((profile, batch))
    }

    /// What is known of an event; `AskHistory` is left only for those that have a row.
    async fn known(&self, profile: &Profile, event: &Event) -> Result<Known, StoreError> {
        match profile.core.ring.knows(event) {
            Known::AskHistory if !self.has_row(event).await? => Ok(Known::New),
            known => Ok(known),
        }
    }

    /// Writes the projections of a profile again, whose writer may have died before them.
    async fn project_again(&self, stored: &Stored, now: Timestamp) -> Result<(), StoreError> {
        let core = &stored.profile.core;
        for (key, membership) in core.memberships.iter() {
            if let Some(segment) = stored.definitions.segment_of(*key) {
                let id = segment.id.as_str();
                self.put_membership(id, &stored.profile.id, *membership, now).await?;
            }
        }
        self.project_addresses(&stored.profile.id, &Card::default(), &stored.card).await
    }
}

impl Applied {
    fn take(&mut self, batch: Batch, done: &mut usize) {
        self.problems.extend(batch.problems.into_iter().map(|(at, problem)| (*done + at, problem)));
        self.new += batch.new;
        self.duplicates += batch.duplicates;
        self.changes.extend(batch.changes);
        *done += batch.taken;
    }
}

/// Whether an event may bring another profile into this one.
pub(super) fn links(event: &Event) -> bool {
    event.alias.is_some() || matches!(event.act, Act::Merge { .. })
}
