//! What profiles must remember so that every live rule can be answered without the history.
//!
//! The plan is derived from the definitions: each leaf asks for slots, and rules that ask for the
//! same share one. A slot is known by a [`Key`] made from what it remembers, so a profile that was
//! stepped under other definitions still finds its features.

use std::collections::{BTreeMap, HashMap};

use crate::card::Status;
use crate::channel::Channel;
use crate::digest::Key;
use crate::event::Event;
use crate::ranking::Ranking;
use crate::time::Span;
use crate::value::{ValueTest, reach};

/// The version of a set of definitions, counted up by each publication. 0 is: none yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Version(pub u32);

/// One thing that a profile remembers.
#[derive(Debug, Clone, PartialEq)]
pub struct Slot {
    /// Its name inside a packed profile.
    pub key: Key,
    /// What it remembers.
    pub memory: Memory,
    /// The definitions since which every profile has it. A profile whose features were made for
    /// older ones does not have it yet: rules that need it are not answered.
    pub since: Version,
}

/// What a slot remembers.
#[derive(Debug, Clone, PartialEq)]
pub enum Memory {
    /// The newest `keep` instants of a pattern.
    Latest {
        /// Of which events.
        pattern: Pattern,
        /// How many; the most that any rule asks for.
        keep: u16,
    },
    /// The first instant of a pattern.
    First(Pattern),
    /// The values of a property of a pattern; 1 for each event if no property is named.
    Values(Pattern, Option<String>),
    /// Decayed points.
    Score {
        /// The time in which points lose half of their weight.
        half_life: Span,
        /// Millionths of a point for each event that fits.
        points: Vec<(Pattern, i64)>,
    },
    /// Which orders pass a filter.
    Orders(Pattern),
    /// Whether a test on the card holds. It is made anew whenever the card changes.
    Card(CardTest),
    /// The instant in a trait.
    Instant(String),
    /// The day of the year in a trait.
    Anniversary(String),
    /// The cell of a ranking. It is made anew by each census, and by each event.
    Rank(Ranking),
}

/// A test on what the card holds.
#[derive(Debug, Clone, PartialEq)]
pub enum CardTest {
    /// All of these hold for the trait at this path.
    Trait(String, Vec<ValueTest>),
    /// What the person said of messages on this channel, on this topic.
    Consent(Channel, Option<String>, Status),
    /// The person prefers this channel.
    Prefers(Channel),
}

/// Which events: by name, and by tests on their properties.
#[derive(Debug, Clone, PartialEq)]
pub struct Pattern {
    /// The event's name; `None` is any event the person did.
    pub event: Option<String>,
    /// Paths and what must hold for a value they lead to.
    pub filter: Vec<(String, Vec<ValueTest>)>,
}

impl Pattern {
    /// Every event of that name.
    pub fn named(event: &str) -> Self {
        Self { event: Some(event.to_owned()), filter: Vec::new() }
    }

    /// Whether `event` fits.
    pub fn fits(&self, event: &Event) -> bool {
        let named = match &self.event {
            Some(name) => event.name() == Some(name),
            None => event.is_theirs(),
        };
        named && self.passes(event)
    }

    fn passes(&self, event: &Event) -> bool {
        self.filter.iter().all(|(path, tests)| {
            event.property(path).into_iter().any(|value| passes_all(value, tests))
        })
    }

    fn name(&self) -> String {
        let event = self.event.as_deref().unwrap_or("*");
        format!("{event:?} {}", filter_name(&self.filter))
    }
}

/// Whether `value`, or any one element of it, passes all of `tests`.
pub(crate) fn passes_all(value: &serde_json::Value, tests: &[ValueTest]) -> bool {
    match value {
        serde_json::Value::Array(elements) => elements.iter().any(|one| passes_all(one, tests)),
        one => tests.iter().all(|test| test.holds(one)),
    }
}

fn filter_name(filter: &[(String, Vec<ValueTest>)]) -> String {
    let tests = filter.iter().map(|(path, tests)| {
        format!("{path:?}[{}]", tests.iter().map(ValueTest::name).collect::<Vec<_>>().join("&"))
    });
    tests.collect::<Vec<_>>().join(" ")
}

impl Memory {
    /// A text that is the same in every release for the same memory. How many instants are kept is
    /// not a part of it: more of the same is still the same slot.
    fn name(&self) -> String {
        match self {
            Self::Latest { pattern, .. } => format!("latest {}", pattern.name()),
            Self::First(pattern) => format!("first {}", pattern.name()),
            Self::Values(pattern, property) => {
                format!("values {:?} {}", property.as_deref().unwrap_or(""), pattern.name())
            }
            Self::Score { half_life, points } => {
                let points = points.iter().map(|(p, points)| format!("{points} {}", p.name()));
                format!("score {} {}", half_life.millis(), points.collect::<Vec<_>>().join(", "))
            }
            Self::Orders(pattern) => format!("orders {}", pattern.name()),
            Self::Card(CardTest::Trait(path, tests)) => {
                format!("card {}", filter_name(&[(path.clone(), tests.clone())]))
            }
            Self::Card(CardTest::Consent(channel, topic, status)) => {
                let topic = topic.as_deref().unwrap_or("");
                match status {
                    Status::Granted => format!("consent {channel} {topic:?}"),
                    other => format!("consent {channel} {topic:?} {}", other.as_str()),
                }
            }
            Self::Card(CardTest::Prefers(channel)) => format!("prefers {channel}"),
            Self::Instant(path) => format!("instant {path:?}"),
            Self::Anniversary(path) => format!("anniversary {path:?}"),
            Self::Rank(ranking) => format!("rank {}", ranking.name()),
        }
    }

    /// Whether it is made from what the profile has anyway, and so needs no history.
    pub fn is_derived(&self) -> bool {
        matches!(self, Self::Card(_) | Self::Instant(_) | Self::Anniversary(_) | Self::Rank(_))
    }

    /// The trait that it is made from, if it is from one.
    pub fn trait_path(&self) -> Option<&str> {
        match self {
            Self::Card(CardTest::Trait(path, _))
            | Self::Instant(path)
            | Self::Anniversary(path) => Some(path),
            _ => None,
        }
    }

    /// How many instants it keeps; 1 for everything that has no such number.
    pub fn keep(&self) -> u16 {
        if let Self::Latest { keep, .. } = self { *keep } else { 1 }
    }

    fn patterns(&self) -> Vec<&Pattern> {
        match self {
            Self::Latest { pattern, .. }
            | Self::First(pattern)
            | Self::Values(pattern, _)
            | Self::Orders(pattern) => vec![pattern],
            Self::Score { points, .. } => points.iter().map(|(pattern, _)| pattern).collect(),
            Self::Card(_) | Self::Instant(_) | Self::Anniversary(_) | Self::Rank(_) => Vec::new(),
        }
    }
}

/// All slots, in the order in which leaves asked for them.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// The definitions it was derived from.
    pub version: Version,
    slots: Vec<Slot>,
    by_name: HashMap<String, usize>,
    by_event: HashMap<String, Vec<usize>>,
    any_event: Vec<usize>,
    by_key: Vec<(Key, usize)>,
}

impl Plan {
    /// The place of the slot that remembers this; made if no rule has asked for it before.
    pub fn ask(&mut self, memory: Memory) -> usize {
        let name = memory.name();
        if let Some(place) = self.by_name.get(&name).copied() {
            if let Some(Slot { memory: Memory::Latest { keep, .. }, .. }) =
                self.slots.get_mut(place)
            {
                *keep = (*keep).max(memory.keep());
            }
            return place;
        }
        let place = self.slots.len();
        for pattern in memory.patterns() {
            let listed = match &pattern.event {
                Some(event) => self.by_event.entry(event.clone()).or_default(),
                None => &mut self.any_event,
            };
            // A score may name an event twice, with other filters.
            if listed.last() != Some(&place) {
                listed.push(place);
            }
        }
        let key = Key::of(&[&name]);
        let at = self.by_key.partition_point(|(known, _)| *known < key);
        self.by_key.insert(at, (key, place));
        self.slots.push(Slot { key, memory, since: self.version });
        self.by_name.insert(name, place);
        place
    }

    /// All slots.
    pub fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// The rankings, each with the place and the key of its slot.
    pub fn rankings(&self) -> impl Iterator<Item = (usize, Key, &Ranking)> {
        self.slots.iter().enumerate().filter_map(|(place, slot)| match &slot.memory {
            Memory::Rank(ranking) => Some((place, slot.key, ranking)),
            _ => None,
        })
    }

    /// Keys in rising order, each with the place of its slot: the order of a packed profile.
    pub fn by_key(&self) -> &[(Key, usize)] {
        &self.by_key
    }

    /// The places of slots that might remember `event`.
    pub fn listening(&self, event: &Event) -> impl Iterator<Item = usize> {
        let named = event.name().and_then(|name| self.by_event.get(name));
        let any = event.is_theirs().then_some(&self.any_event);
        named.into_iter().chain(any).flatten().copied()
    }

    /// Takes over from the definitions before: a slot that was there, and kept as many instants, is
    /// there since then.
    pub fn follow(&mut self, before: &BTreeMap<Key, (Version, u16)>) {
        for slot in &mut self.slots {
            slot.since = match before.get(&slot.key) {
                Some((since, keep)) if *keep >= slot.memory.keep() => *since,
                _ => self.version,
            };
        }
    }

    /// Two memories that share a key, if there are such.
    pub fn collision(&self) -> Option<(String, String)> {
        let pair = self.by_key.windows(2).find(|pair| matches!(pair, [a, b] if a.0 == b.0))?;
        let name = |at: usize| {
            let place = pair.get(at).map(|(_, place)| *place)?;
            self.slots.get(place).map(|slot| slot.memory.name())
        };
        Some((name(0)?, name(1)?))
    }

    /// Whether a profile whose features were made for `made_for` has the slot at `place`.
    pub fn has(&self, place: usize, made_for: Version) -> bool {
        self.slots.get(place).is_some_and(|slot| slot.memory.is_derived() || slot.since <= made_for)
    }
}

/// What a path of the card's traits leads to, as for properties.
pub(crate) fn trait_values<'a>(
    traits: impl IntoIterator<Item = (&'a str, &'a serde_json::Value)>,
    path: &str,
) -> Vec<&'a serde_json::Value> {
    let mut found = Vec::new();
    for (name, value) in traits {
        if name == path {
            found.push(value);
        } else if let Some(rest) = path.strip_prefix(name).and_then(|rest| rest.strip_prefix('.')) {
            found.extend(reach(value, rest));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::segment::tests::track;

    fn latest(event: &str, keep: u16) -> Memory {
        Memory::Latest { pattern: Pattern::named(event), keep }
    }

    #[test]
    fn rules_that_ask_for_the_same_share_a_slot_that_keeps_the_most() {
        let mut plan = Plan::default();
        let place = plan.ask(latest("A", 3));
        assert_eq!(plan.ask(latest("A", 1)), place);
        assert_eq!(plan.ask(latest("A", 5)), place);
        assert_ne!(plan.ask(latest("B", 1)), place);
        assert_eq!(plan.slots()[place].memory.keep(), 5);
        assert_eq!(plan.listening(&track("A", "2026-01-01")).collect::<Vec<_>>(), [place]);
    }

    #[test]
    fn a_slot_is_there_since_the_definitions_that_first_kept_as_much() {
        let mut plan = Plan { version: Version(5), ..Plan::default() };
        let (same, more) = (plan.ask(latest("A", 2)), plan.ask(latest("B", 3)));
        let key = |place: usize| plan.slots()[place].key;
        let before = [(key(same), (Version(1), 2)), (key(more), (Version(1), 2))];
        plan.follow(&BTreeMap::from(before));
        assert!(plan.has(same, Version(1)));
        assert!(!plan.has(more, Version(4)) && plan.has(more, Version(5)));
    }

    #[test]
    fn the_name_of_a_memory_never_changes_between_releases() {
        let filter = vec![("products.category".to_owned(), vec![ValueTest::Contains("Wi".into())])];
        let pattern = Pattern { event: Some("Order Completed".into()), filter };
        assert_eq!(
            Memory::Latest { pattern, keep: 3 }.name(),
            r#"latest "Order Completed" "products.category"[contains "Wi"]"#
        );
    }
}
