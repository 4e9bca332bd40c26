//! Where the instants of an event are kept, newest first.

use crate::event::Event;
use crate::feature::Feature;
use crate::plan::{Memory, Pattern, Plan};
use crate::time::Timestamp;

use super::Facts;

/// One place that holds instants.
///
/// Orders are counted from the order records, so that a cancelled one is not counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Instants {
    /// A slot of newest instants.
    Slot(usize),
    /// The customer's orders.
    Orders,
    /// The orders that pass the filter of a slot.
    OrdersIn(usize),
}

impl Instants {
    /// Asks the plan to keep the newest `keep` instants of a pattern.
    pub(super) fn counted(plan: &mut Plan, pattern: Pattern, keep: u16) -> Self {
        match &pattern.event {
            Some(name) if name == Event::ORDER_COMPLETED && pattern.filter.is_empty() => {
                Self::Orders
            }
            Some(name) if name == Event::ORDER_COMPLETED => {
                Self::OrdersIn(plan.ask(Memory::Orders(pattern)))
            }
            _ => Self::Slot(plan.ask(Memory::Latest { pattern, keep })),
        }
    }

    /// The `k`-th newest, from 1.
    #[inline]
    pub(super) fn nth(&self, k: u16, facts: &Facts<'_>) -> Option<Timestamp> {
        let skip = usize::from(k).saturating_sub(1);
        match self {
            Self::Slot(place) => match facts.features.get(*place)? {
                Feature::Latest(latest) => latest.as_slice().get(skip).copied(),
                _ => None,
            },
            Self::Orders => facts.orders.counted().nth(skip).map(|order| order.at),
            Self::OrdersIn(place) => match facts.features.get(*place)? {
                Feature::Orders(keys) => {
                    let mut fits = facts.orders.counted().filter(|order| keys.contains(&order.key));
                    fits.nth(skip).map(|order| order.at)
                }
                _ => None,
            },
        }
    }

    /// The slots it reads.
    pub(super) fn slot(&self) -> Option<usize> {
        match self {
            Self::Slot(place) | Self::OrdersIn(place) => Some(*place),
            Self::Orders => None,
        }
    }
}

/// The `k`-th newest of several places together, from 1.
pub(super) fn nth_newest(places: &[Instants], k: u16, facts: &Facts<'_>) -> Option<Timestamp> {
    if let [only] = places {
        return only.nth(k, facts);
    }
    let each = |place: &Instants| (1..=k).map_while(|n| place.nth(n, facts)).collect::<Vec<_>>();
    let mut all: Vec<Timestamp> = places.iter().flat_map(each).collect();
    all.sort_unstable_by(|one, other| other.cmp(one));
    all.get(usize::from(k).saturating_sub(1)).copied()
}
