//! A person's place in each segment: in or out, since when, for the how-manieth time.

use crate::digest::Key;
use crate::id::SegmentId;
use crate::time::Timestamp;

/// A person's place in one segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Membership {
    /// Whether they are in.
    pub inside: bool,
    /// How often they entered: the number of this or the last entry. What they were sent is keyed
    /// by it, so it is never forgotten.
    pub ordinal: u32,
    /// When they entered or left last.
    pub since: Timestamp,
}

impl Membership {
    /// Whether they were in at an instant, if they changed no more than once since then.
    pub fn was_inside(self, at: Timestamp) -> bool {
        self.inside == (self.since <= at)
    }
}

/// All segments that a person ever entered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Memberships(Vec<(Key, Membership)>);

impl Memberships {
    /// The key under which a segment is kept.
    pub fn key(segment: &SegmentId) -> Key {
        Key::of(&["segment", segment.as_str()])
    }

    /// The place in a segment, if they ever entered it.
    pub fn get(&self, segment: Key) -> Option<Membership> {
        let at = self.0.binary_search_by_key(&segment, |(key, _)| *key).ok()?;
        self.0.get(at).map(|(_, membership)| *membership)
    }

    /// Enters a segment; returns the number of the entry.
    pub fn enter(&mut self, segment: Key, at: Timestamp) -> u32 {
        let ordinal = self.get(segment).map_or(0, |known| known.ordinal).saturating_add(1);
        self.put(segment, Membership { inside: true, ordinal, since: at });
        ordinal
    }

    /// Leaves a segment; returns the number of the entry that ends.
    pub fn leave(&mut self, segment: Key, at: Timestamp) -> u32 {
        let ordinal = self.get(segment).map_or(0, |known| known.ordinal);
        self.put(segment, Membership { inside: false, ordinal, since: at });
        ordinal
    }

    /// Adds the places of another profile: in if either was, with the higher number and the earlier
    /// beginning. Returns the segments that are entered by it.
    pub fn merge(&mut self, other: &Self) -> Vec<Key> {
        let mut entered = Vec::new();
        for (segment, theirs) in &other.0 {
            let ours = self.get(*segment);
            let was_inside = ours.is_some_and(|ours| ours.inside);
            if theirs.inside && !was_inside {
                entered.push(*segment);
            }
            let since = match ours {
                Some(ours) if was_inside && theirs.inside => ours.since.min(theirs.since),
                Some(ours) if was_inside || !theirs.inside => ours.since,
                _ => theirs.since,
            };
            let ordinal = theirs.ordinal.max(ours.map_or(0, |ours| ours.ordinal));
            let inside = was_inside || theirs.inside;
            self.put(*segment, Membership { inside, ordinal, since });
        }
        entered
    }

    /// Keys in rising order, with the place in each segment.
    pub fn iter(&self) -> impl Iterator<Item = &(Key, Membership)> {
        self.0.iter()
    }

    /// From what was stored in rising order of keys.
    pub(crate) fn stored(list: Vec<(Key, Membership)>) -> Self {
        Self(list)
    }

    fn put(&mut self, segment: Key, membership: Membership) {
        match self.0.binary_search_by_key(&segment, |(key, _)| *key) {
            Ok(at) => {
                if let Some((_, known)) = self.0.get_mut(at) {
                    *known = membership;
                }
            }
            Err(at) => self.0.insert(at, (segment, membership)),
        }
    }
}
