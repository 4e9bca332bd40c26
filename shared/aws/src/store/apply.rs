//! Events onto a profile: recognise what was there before, step, commit, keep the rows.

use std::collections::BTreeSet;

use attune_domain::card::{Card, ConsentAct};
use attune_domain::event::{Act, Event};
use attune_domain::id::{CustomerId, EventId};
use attune_domain::limits;
use attune_domain::message::Message;
use attune_domain::problem::{Flaw, Problem};
use attune_domain::profile::Profile;
use attune_domain::ring::{Entry, Known};
use attune_domain::step::{Input, MembershipChange, step};
use attune_domain::time::Timestamp;

use super::commit::{Committed, MOST_RACES, Work};
use super::history::Row;
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
    /// Whether some of those took effect long ago, and only a tombstone stands for them; or an
    /// earlier attempt died between the card and the core. Projections may be missing.
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
            let dropped = self.dropped(id, &stored, rest).await?;
            if dropped > 0 {
                self.forget_aliases(&stored, rest.get(..dropped).unwrap_or_default(), now).await?;
                applied.drop(dropped, &mut done);
                at_hand = Some(stored);
                continue;
            }
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
        mut stored: Stored,
        events: &[Event],
        now: Timestamp,
    ) -> Result<Option<(Stored, Batch)>, StoreError> {
        let repaired = self.repair(&mut stored, events, now).await?;
        let Some(mut stored) = self.link(stored, events, now).await? else { return Ok(None) };
        if stored.profile.core.ring.is_crowded(events.len().min(limits::COMMIT)) {
            self.confirm_rows(&mut stored, now).await?;
        }
        let (profile, mut batch) = self.step_events(&stored, events, &repaired, now).await?;
        let customer = profile.id.clone();
        let keep = stored.definitions.shop.history;
        let mut stored = if batch.stepped {
            let work = Work {
                stored,
                profile,
                messages: std::mem::take(&mut batch.messages),
                changes: batch.changes.clone(),
                with: Vec::new(),
                visits: false,
            };
            match self.commit(work, now).await? {
                Committed::Yes(stored) => *stored,
                Committed::LostRace | Committed::Refused => return Ok(None),
            }
        } else {
            stored
        };
        if batch.repair {
            self.project_again(&stored, now).await?;
        }
        // A row says that nothing is left to do.
        self.withdraw_owed(&batch.rows, &stored, now).await?;
        if !batch.rows.is_empty() {
            self.put_rows(&batch.rows, &customer, keep).await?;
        }
        for event in &batch.rows {
            stored.profile.core.ring.see_row(event.id);
        }
        Ok(Some((stored, batch)))
    }

    /// Does what an earlier attempt at some of `events` left undone: they took effect, and their rows
    /// are not known to be there. It comes before anything else looks for those rows, finds none, and
    /// takes them for lost. Says which they are.
    async fn repair(
        &self,
        stored: &mut Stored,
        events: &[Event],
        now: Timestamp,
    ) -> Result<BTreeSet<EventId>, StoreError> {
        let ring = &stored.profile.core.ring;
        let owed = events.iter().filter_map(|event| {
            let entry = ring.entries().iter().find(|entry| entry.id == event.id)?;
            // The row says what took effect, whatever the retry's clock makes of it.
            let Entry { sent, occurred, filed, .. } = entry.clone();
            Some(Event { sent, occurred, filed, ..event.clone() })
        });
        let owed: Vec<Event> = owed.collect();
        if owed.is_empty() {
            return Ok(BTreeSet::new());
        }
        self.project_again(stored, now).await?;
        let keep = stored.definitions.shop.history;
        self.withdraw_owed(&owed, stored, now).await?;
        self.put_rows(&owed, &stored.profile.id, keep).await?;
        owed.iter().for_each(|event| stored.profile.core.ring.see_row(event.id));
        Ok(owed.iter().map(|event| event.id).collect())
    }

    /// Steps through events until there are enough for one commit.
    async fn step_events(
        &self,
        stored: &Stored,
        events: &[Event],
        repaired: &BTreeSet<EventId>,
        now: Timestamp,
    ) -> Result<(Profile, Batch), StoreError> {
        let (mut profile, mut batch) = (stored.profile.clone(), Batch::default());
        let mut taken = BTreeSet::new();
        for (at, event) in in_order(&profile.card, events) {
            let full = batch.messages.len() >= limits::MESSAGES_PER_STEP;
            if full || profile.core.ring.room() == 0 {
                break;
            }
            let known = match repaired.contains(&event.id) {
                true => Known::Done,
                false => self.known(&profile, event).await?,
            };
            match known {
                Known::Applied(entry) => {
                    batch.duplicates += 1;
                    // Not new in this batch: only a tombstone stands for it.
                    if !batch.rows.iter().any(|row| row.id == event.id) {
                        batch.repair = true;
                        batch.rows.push(Event { occurred: entry.occurred, ..event.clone() });
                    }
                }
                Known::Done | Known::AskHistory => batch.duplicates += 1,
                Known::New => {
                    batch.repair |= stored.card.has_taken(event);
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
            taken.insert(at);
        }
        // One that was taken before its turn is known when its turn comes.
        batch.taken = (0..events.len()).take_while(|at| taken.contains(at)).count();
        Ok((profile, batch))
    }

    /// What is known of an event, by the ring or by its row.
    pub(super) async fn known(
        &self,
        profile: &Profile,
        event: &Event,
    ) -> Result<Known, StoreError> {
        let known = profile.core.ring.knows(event);
        if known != Known::AskHistory {
            return Ok(known);
        }
        Ok(match self.row(&event.filed, event.sent, event.id).await? {
            Row::Missing => Known::New,
            Row::There => Known::Done,
            Row::Tombstone(occurred) => Known::Applied(Entry {
                id: event.id,
                filed: event.filed.clone(),
                sent: event.sent,
                occurred,
            }),
        })
    }

    /// Writes the projections of a profile again, whose writer may have died before them.
    pub(super) async fn project_again(
        &self,
        stored: &Stored,
        now: Timestamp,
    ) -> Result<(), StoreError> {
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
    /// Leaves out events of somebody who was erased.
    fn drop(&mut self, count: usize, done: &mut usize) {
        let dropped = *done..*done + count;
        self.problems.extend(dropped.map(|at| (at, Problem::whole(Flaw::Erased))));
        *done += count;
    }

    fn take(&mut self, batch: Batch, done: &mut usize) {
        self.problems.extend(batch.problems.into_iter().map(|(at, problem)| (*done + at, problem)));
        self.new += batch.new;
        self.duplicates += batch.duplicates;
        self.changes.extend(batch.changes);
        *done += batch.taken;
    }
}

/// Events with their places, in the order in which they are taken: that of the list, but if a consent
/// names no address, none is known, and none was told before it, who they are is taken first. Pages tell
/// both at once, in either order. Not if that would give the new address to a consent for a known one.
fn in_order<'e>(card: &Card, events: &'e [Event]) -> Vec<(usize, &'e Event)> {
    let mut order: Vec<_> = events.iter().enumerate().collect();
    let is_identify = |event: &Event| matches!(event.act, Act::Identify { .. });
    let Some(told) = events.iter().position(is_identify) else { return order };
    let before = events.get(..told).unwrap_or_default();
    let nameless = |event: &Event| {
        let acts = ConsentAct::of(event, &mut Vec::new()).into_iter();
        acts.filter(|act| act.address.is_none()).collect::<Vec<_>>()
    };
    let known = |act: &ConsentAct| card.address(act.channel).is_some();
    let first = before.iter().position(|event| !nameless(event).is_empty());
    if let Some(first) = first
        && !before.iter().flat_map(nameless).any(|act| known(&act))
    {
        order.get_mut(first..=told).into_iter().for_each(|part| part.rotate_right(1));
    }
    order
}

/// Whether an event may bring another profile into this one.
pub(super) fn links(event: &Event) -> bool {
    event.alias.is_some() || matches!(event.act, Act::Merge { .. })
}
