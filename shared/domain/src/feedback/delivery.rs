//! How far a message got, as a join-semilattice: a set of what was heard of it.
//!
//! Notices come late, twice and in any order. A set under union does not mind, and both arms are
//! kept: how far it got, and what went wrong.

use std::fmt;

/// Something that was heard of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Heard {
    /// The sender took it.
    Sent,
    /// It is under way for longer than usual.
    Delayed,
    /// The mailbox or the phone took it.
    Delivered,
    /// A machine looked at it.
    Scanned,
    /// A person opened it.
    Opened,
    /// A person followed a link in it.
    Clicked,
    /// The sender took it back: it holds something bad, or could not be written.
    Rejected,
    /// The mailbox or the phone did not take it this time.
    SoftBounced,
    /// The mailbox or the phone did not take it, and never will.
    Bounced,
    /// The person said that they did not want it.
    Complained,
}

impl Heard {
    /// All of them, in the order of their weight: whatever comes later says more.
    pub const ALL: [Self; 10] = [
        Self::Sent,
        Self::Delayed,
        Self::Delivered,
        Self::Scanned,
        Self::Opened,
        Self::Clicked,
        Self::Rejected,
        Self::SoftBounced,
        Self::Bounced,
        Self::Complained,
    ];

    /// `sent`, `delayed`, …
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Delayed => "delayed",
            Self::Delivered => "delivered",
            Self::Scanned => "scanned",
            Self::Opened => "opened",
            Self::Clicked => "clicked",
            Self::Rejected => "rejected",
            Self::SoftBounced => "soft-bounced",
            Self::Bounced => "bounced",
            Self::Complained => "complained",
        }
    }

    /// Reads `sent`, `delayed`, …
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|heard| heard.as_str() == text)
    }
}

impl fmt::Display for Heard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// All that was heard of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Delivery(u16);

impl Delivery {
    /// One thing that was heard.
    pub const fn of(heard: Heard) -> Self {
        Self(1 << heard as u16)
    }

    /// What both know.
    #[must_use]
    pub const fn join(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether it was heard.
    pub const fn has(self, heard: Heard) -> bool {
        self.0 & Self::of(heard).0 != 0
    }

    /// All that was heard, by weight.
    pub fn all(self) -> impl Iterator<Item = Heard> {
        Heard::ALL.into_iter().filter(move |heard| self.has(*heard))
    }

    /// The one word that says most: what went wrong, else how far it got. That a machine looked at
    /// a message says nothing that its delivery does not.
    pub fn word(self) -> Option<Heard> {
        self.all().filter(|heard| *heard != Heard::Scanned).last()
    }
}

impl FromIterator<Heard> for Delivery {
    fn from_iter<I: IntoIterator<Item = Heard>>(heard: I) -> Self {
        heard.into_iter().fold(Self::default(), |known, heard| known.join(Self::of(heard)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn delivery() -> impl Strategy<Value = Delivery> {
        prop::collection::vec(0..Heard::ALL.len(), 0..8)
            .prop_map(|heard| heard.into_iter().map(|at| Heard::ALL[at]).collect())
    }

    proptest! {
        #[test]
        fn what_is_known_is_a_semilattice(a in delivery(), b in delivery(), c in delivery()) {
            prop_assert_eq!(a.join(b), b.join(a));
            prop_assert_eq!(a.join(b).join(c), a.join(b.join(c)));
            prop_assert_eq!(a.join(a), a);
            prop_assert_eq!(a.join(Delivery::default()), a);
        }

        #[test]
        fn any_order_with_any_repetition_gives_the_same(
            heard in prop::collection::vec(0..Heard::ALL.len(), 1..8),
            order in prop::collection::vec(any::<prop::sample::Index>(), 0..24),
        ) {
            let once: Delivery = heard.iter().map(|at| Heard::ALL[*at]).collect();
            let repeated = order.iter().map(|index| Heard::ALL[*index.get(&heard)]);
            let shuffled: Delivery = repeated.chain(heard.iter().rev().map(|at| Heard::ALL[*at])).collect();
            prop_assert_eq!(once, shuffled);
            prop_assert_eq!(once.word(), shuffled.word());
        }
    }

    #[test]
    fn what_went_wrong_outweighs_how_far_it_got() {
        let known: Delivery =
            [Heard::Complained, Heard::Delivered, Heard::Opened].into_iter().collect();
        assert_eq!(known.word(), Some(Heard::Complained));
        assert!(known.has(Heard::Opened));
    }

    #[test]
    fn a_machine_that_looked_is_no_reader() {
        let known: Delivery = [Heard::Scanned, Heard::Delivered].into_iter().collect();
        assert_eq!(known.word(), Some(Heard::Delivered));
    }
}
