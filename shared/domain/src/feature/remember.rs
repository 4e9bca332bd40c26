//! How a feature takes in an event, and another profile's feature.

use crate::digest::Key;
use crate::event::Event;
use crate::number::Number;
use crate::plan::{Memory, Pattern};

use super::Feature;

impl Feature {
    /// Takes in an event that may fit. Commutative: any order of events gives the same feature.
    /// That each event comes once is the ring's duty.
    pub fn remember(&mut self, memory: &Memory, event: &Event) {
        let at = event.occurred;
        match (self, memory) {
            (Self::Latest(latest), Memory::Latest { pattern, keep }) if pattern.fits(event) => {
                latest.add(at, *keep);
            }
            (Self::First(first), Memory::First(pattern)) if pattern.fits(event) => {
                *first = Some(first.map_or(at, |known| known.min(at)));
            }
            (Self::Values(values), Memory::Values(pattern, property)) if pattern.fits(event) => {
                let value = match property {
                    None => Some(Number::from_integer(1)),
                    Some(property) => event.property(property).into_iter().find_map(Number::of),
                };
                if let Some(value) = value {
                    values.add(at, value);
                }
            }
            (Self::Score(score), Memory::Score { half_life, points }) => {
                let worth =
                    |(pattern, points): &(Pattern, i64)| pattern.fits(event).then_some(*points);
                for points in points.iter().filter_map(worth) {
                    score.add(at, points, *half_life);
                }
            }
            (Self::Orders(keys), Memory::Orders(pattern)) if pattern.fits(event) => {
                put_key(keys, order_key(event));
            }
            _ => {}
        }
    }

    /// Takes in what another profile's feature of the same slot remembers.
    pub fn merge(&mut self, memory: &Memory, other: &Self) {
        match (self, other) {
            (Self::Latest(ours), Self::Latest(theirs)) => ours.merge(theirs, memory.keep()),
            (Self::First(ours), Self::First(theirs)) => {
                *ours = [*ours, *theirs].into_iter().flatten().min();
            }
            (Self::Values(ours), Self::Values(theirs)) => ours.merge(theirs),
            (Self::Score(ours), Self::Score(theirs)) => ours.merge(theirs),
            (Self::Orders(ours), Self::Orders(theirs)) => {
                theirs.iter().for_each(|key| put_key(ours, *key));
            }
            // What comes from the card is made anew from the merged card.
            _ => {}
        }
    }
}

/// The key of the order that an event speaks of; one without an id is an order of its own. Of customers
/// of whom 64 orders are kept, one in two million has two with the same key.
pub(crate) fn order_key(event: &Event) -> Key {
    match order_id(event) {
        Some(id) => Key::of(&["order", &id]),
        None => event.id.key(),
    }
}

/// The `order_id` of an event, if it has one.
pub(crate) fn order_id(event: &Event) -> Option<String> {
    match event.properties()?.get("order_id")? {
        serde_json::Value::String(id) if !id.trim().is_empty() => Some(id.trim().to_owned()),
        serde_json::Value::Number(id) => Some(id.to_string()),
        _ => None,
    }
}

/// Keys are kept in rising order. There are as many as orders that are kept one by one:
/// [`Core::forget_folded_orders`](crate::profile::Core::forget_folded_orders).
fn put_key(keys: &mut Vec<Key>, key: Key) {
    if let Err(at) = keys.binary_search(&key) {
        keys.insert(at, key);
    }
}
