//! The last event ids of a profile, by which a retry is recognised at no cost.
//!
//! A profile is written before the history rows of its events, so that a row proves that its event
//! took effect. An id in the ring took effect too; whether its row is there may not be known yet,
//! and an id whose row is not known to be there is not let go.

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
    /// Whether its row is known to be there.
    pub row_seen: bool,
}

/// The newest events by arrival, the newest last.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ring {
    entries: Vec<Entry>,
    /// The latest time as sent among the entries that were let go. An event sent later than this
    /// was never seen unless it is in the ring.
    let_go: Option<Timestamp>,
}

/// What the ring knows of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known {
    /// It took effect.
    Applied(Entry),
    /// It was never here.
    New,
    /// It may have been here before the ring began: its row tells.
    AskHistory,
}

impl Ring {
    /// What is known of `event`.
    pub fn knows(&self, event: &Event) -> Known {
        if let Some(entry) = self.entries.iter().find(|entry| entry.id == event.id) {
            return Known::Applied(entry.clone());
        }
        match self.let_go {
            Some(let_go) if event.sent <= let_go => Known::AskHistory,
            _ => Known::New,
        }
    }

    /// Notes that `event` took effect. There must be [`Ring::room`] for it.
    pub fn note(&mut self, event: &Event) {
        self.make_room(1);
        self.entries.push(Entry {
            id: event.id,
            filed: event.filed.clone(),
            sent: event.sent,
            occurred: event.occurred,
            row_seen: false,
        });
    }

    /// How many events can be noted without letting go an entry whose row is not known.
    ///
    /// Entries go in the order in which they came.
    pub fn room(&self) -> usize {
        let seen = self.entries.iter().take_while(|entry| entry.row_seen).count();
        limits::RING.saturating_sub(self.entries.len()) + seen
    }

    /// Entries whose row is not known to be there, the oldest first.
    pub fn unseen(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(|entry| !entry.row_seen)
    }

    /// Notes that the row of an event is there.
    pub fn see_row(&mut self, id: EventId) {
        if let Some(entry) = self.entries.iter_mut().find(|entry| entry.id == id) {
            entry.row_seen = true;
        }
    }

    /// Lets go of an event whose row never came: only a tombstone stands for it. From now on its row
    /// is asked, so that a late retry finds the tombstone and puts the row in its place.
    pub fn lose_row(&mut self, id: EventId) {
        if let Some(at) = self.entries.iter().position(|entry| entry.id == id) {
            let lost = self.entries.remove(at);
            self.let_go = self.let_go.max(Some(lost.sent));
        }
    }

    /// Adds the entries of another profile, whose rows must all be known: the newest stay.
    pub fn merge(&mut self, other: &Self) {
        self.let_go = self.let_go.max(other.let_go);
        let new = other.entries.iter().filter(|e| !self.entries.iter().any(|own| own.id == e.id));
        let new: Vec<Entry> = new.cloned().collect();
        // Those known to have rows come first, since they can be let go.
        self.entries.splice(0..0, new);
        self.entries.sort_by_key(|entry| !entry.row_seen);
        self.make_room(0);
    }

    /// The entries, the newest last.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The latest time as sent among the entries that were let go.
    pub fn let_go(&self) -> Option<Timestamp> {
        self.let_go
    }

    /// From what was stored.
    pub(crate) fn stored(entries: Vec<Entry>, let_go: Option<Timestamp>) -> Self {
        Self { entries, let_go }
    }

    fn make_room(&mut self, wanted: usize) {
        let over = (self.entries.len() + wanted).saturating_sub(limits::RING);
        for entry in self.entries.drain(..over) {
            self.let_go = self.let_go.max(Some(entry.sent));
        }
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

    fn full(row_seen: bool) -> Ring {
        let mut ring = Ring::default();
        for n in 1..=limits::RING {
            ring.note(&event(n));
            if row_seen {
                ring.see_row(event(n).id);
            }
        }
        ring
    }

    #[test]
    fn an_id_whose_row_is_not_known_is_not_let_go() {
        assert_eq!(full(false).room(), 0);
        assert_eq!(full(true).room(), limits::RING);
        let mut ring = full(false);
        ring.see_row(event(2).id);
        assert_eq!(ring.room(), 0, "entries go in order");
        ring.see_row(event(1).id);
        assert_eq!(ring.room(), 2);
    }

    #[test]
    fn what_the_ring_let_go_is_asked_of_the_history_and_the_rest_is_known() {
        let mut ring = full(true);
        assert_eq!(ring.knows(&event(99)), Known::New);
        ring.note(&event(99));
        assert!(matches!(ring.knows(&event(99)), Known::Applied(entry) if !entry.row_seen));
        assert_eq!(ring.knows(&event(1)), Known::AskHistory);
        assert!(matches!(ring.knows(&event(2)), Known::Applied(_)));
        assert_eq!(ring.knows(&event(100)), Known::New);
    }

    #[test]
    fn an_id_whose_row_never_came_is_asked_of_the_history() {
        let mut ring = full(false);
        ring.lose_row(event(3).id);
        assert_eq!(ring.room(), 1);
        assert_eq!(ring.knows(&event(3)), Known::AskHistory);
        assert!(matches!(ring.knows(&event(4)), Known::Applied(_)));
    }

    #[test]
    fn merging_keeps_first_what_has_no_row_yet() {
        let mut ring = full(false);
        let mut other = Ring::default();
        other.note(&event(50));
        other.see_row(event(50).id);
        ring.merge(&other);
        assert_eq!(ring.entries().len(), limits::RING);
        assert_eq!(ring.unseen().count(), limits::RING);
        assert_eq!(ring.knows(&event(50)), Known::AskHistory);
    }
}
