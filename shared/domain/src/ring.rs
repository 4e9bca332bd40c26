//! The ids of a profile's last events, by which a retry is recognised.
//!
//! A profile is written before the history rows of its events, so that a row proves that its event
//! took effect. An id in the ring took effect too, and whether its row is there is not known. It is let
//! go once that is known; from then on the row tells.

use crate::digest::Key;
use crate::event::Event;
use crate::id::{CustomerId, EventId};
use crate::limits;
use crate::time::Timestamp;

/// One event that took effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its id.
    pub id: EventId,
    /// The id it was sent under, where its row is filed.
    pub filed: CustomerId,
    /// Its time as sent, by which its row is found.
    pub sent: Timestamp,
    /// When it happened. A row that a retry puts must say the same, though the retry was received
    /// later.
    pub occurred: Timestamp,
}

/// The events whose rows are not known to be there, by arrival, the newest last.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ring {
    entries: Vec<Entry>,
    /// The last [`limits::SEEN`] of those whose rows were found to be there. Of two thousand million new
    /// events, one is taken for one of them.
    seen: Vec<Key>,
    /// The latest time as sent among the entries that were let go. An event sent later than this
    /// was never seen unless it is in the ring.
    let_go: Option<Timestamp>,
}

/// What the ring knows of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known {
    /// It took effect, and its row may be missing.
    Applied(Entry),
    /// It took effect, and its row is there.
    Done,
    /// It was never here.
    New,
    /// It may have been here and was let go: its row tells.
    AskHistory,
}

impl Ring {
    /// What is known of `event`.
    pub fn knows(&self, event: &Event) -> Known {
        if let Some(entry) = self.entries.iter().find(|entry| entry.id == event.id) {
            return Known::Applied(entry.clone());
        }
        if self.seen.contains(&event.id.key()) {
            return Known::Done;
        }
        match self.let_go {
            Some(let_go) if event.sent <= let_go => Known::AskHistory,
            _ => Known::New,
        }
    }

    /// Notes that `event` took effect. There must be [`Ring::room`] for it.
    pub fn note(&mut self, event: &Event) {
        self.entries.push(Entry {
            id: event.id,
            filed: event.filed.clone(),
            sent: event.sent,
            occurred: event.occurred,
        });
    }

    /// How many events can be noted before rows must be looked after.
    pub fn room(&self) -> usize {
        limits::COMMIT.saturating_sub(self.entries.len())
    }

    /// Whether it is time to look which rows are there, before `wanted` events are noted.
    pub fn is_crowded(&self, wanted: usize) -> bool {
        !self.entries.is_empty() && self.entries.len() + wanted > limits::RING
    }

    /// Lets go of an event whose row is there.
    pub fn see_row(&mut self, id: EventId) {
        if self.lose_row(id) {
            self.seen.push(id.key());
            self.trim();
        }
    }

    /// Lets go of all events, whose rows are there.
    pub fn see_rows(&mut self) {
        let ids: Vec<EventId> = self.entries.iter().map(|entry| entry.id).collect();
        ids.into_iter().for_each(|id| self.see_row(id));
    }

    /// Lets go of an event whose row never came: only a tombstone stands for it. From now on its row
    /// is asked, so that a late retry finds the tombstone and puts the row in its place. Says whether
    /// the event was in the ring.
    pub fn lose_row(&mut self, id: EventId) -> bool {
        let place = self.entries.iter().position(|entry| entry.id == id);
        let gone = place.map(|place| self.entries.remove(place));
        self.let_go = self.let_go.max(gone.as_ref().map(|entry| entry.sent));
        gone.is_some()
    }

    /// Adds what another profile has.
    pub fn merge(&mut self, other: &Self) {
        self.let_go = self.let_go.max(other.let_go);
        let new = other.entries.iter().filter(|e| !self.entries.iter().any(|own| own.id == e.id));
        let new: Vec<Entry> = new.cloned().collect();
        self.entries.extend(new);
        self.seen.extend(&other.seen);
        self.trim();
    }

    fn trim(&mut self) {
        let over = self.seen.len().saturating_sub(limits::SEEN);
        self.seen.drain(..over);
    }

    /// The entries, the newest last.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The last of those whose rows were found to be there.
    pub(crate) fn seen(&self) -> &[Key] {
        &self.seen
    }

    /// The latest time as sent among the entries that were let go.
    pub(crate) fn let_go(&self) -> Option<Timestamp> {
        self.let_go
    }

    /// From what was stored.
    pub(crate) fn stored(entries: Vec<Entry>, seen: Vec<Key>, let_go: Option<Timestamp>) -> Self {
        Self { entries, seen, let_go }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::segment::tests::track;

    fn event(n: usize) -> Event {
        let mut event = track("A", "2026-10-01T09:00:00Z");
        event.id = EventId::sent(&n.to_string());
        event.sent = Timestamp::from_millis(i64::try_from(n).unwrap() * 1000);
        event
    }

    fn with(events: std::ops::RangeInclusive<usize>) -> Ring {
        let mut ring = Ring::default();
        events.for_each(|n| ring.note(&event(n)));
        ring
    }

    #[test]
    fn rows_are_looked_after_when_many_are_not_known_and_only_then() {
        let ring = Ring::default();
        assert!(!ring.is_crowded(limits::COMMIT), "there is nothing to look after");
        let mut ring = with(1..=limits::RING);
        assert!(ring.is_crowded(1));
        ring.see_row(event(3).id);
        assert!(!ring.is_crowded(1));
        assert!(ring.is_crowded(2));
    }

    #[test]
    fn as_many_can_be_noted_as_are_committed_at_once() {
        assert_eq!(Ring::default().room(), limits::COMMIT);
        assert_eq!(with(1..=limits::COMMIT).room(), 0);
    }

    #[test]
    fn what_the_ring_let_go_is_asked_of_the_history_and_the_rest_is_known() {
        let mut ring = with(1..=5);
        assert!(matches!(ring.knows(&event(3)), Known::Applied(_)));
        assert_eq!(ring.knows(&event(0)), Known::New, "nothing was let go");
        for n in [1, 2, 3, 3] {
            ring.see_row(event(n).id);
        }
        assert_eq!(ring.knows(&event(1)), Known::AskHistory);
        assert_eq!(ring.knows(&event(3)), Known::Done, "one of the last is still known");
        assert_eq!(ring.knows(&event(2)), Known::Done);
        assert!(matches!(ring.knows(&event(4)), Known::Applied(_)));
        assert_eq!(ring.knows(&event(6)), Known::New);
    }

    #[test]
    fn an_id_whose_row_never_came_is_asked_of_the_history() {
        let mut ring = with(1..=5);
        assert!(ring.lose_row(event(3).id));
        assert_eq!(ring.knows(&event(3)), Known::AskHistory);
        assert!(!ring.lose_row(event(3).id));
    }

    #[test]
    fn merging_is_adding() {
        let (mut ring, mut other) = (with(1..=3), with(3..=9));
        other.see_row(event(9).id);
        ring.merge(&other);
        assert_eq!(ring.entries(), with(1..=8).entries());
        assert_eq!(ring.knows(&event(9)), Known::Done);
    }
}
