//! Rules: trees of positive tests, whose answers carry an expiry.
//!
//! Leaves are positive; negation is one `not`. Reading refuses whatever evaluation could trip on,
//! so evaluation cannot fail. Each kind of leaf is one file in `rule/`, which knows how to read,
//! evaluate and say itself.

mod card;
#[cfg(test)]
mod checks;
mod event;
mod explain;
mod instants;
mod metric;
mod rank;
mod read;
mod score;
mod segment;
mod tests_on_values;
mod waiting;
mod when;
mod words;

pub use explain::Explanation;
pub use metric::{Metric, MetricKind};
pub use rank::RankLeaf;
pub(crate) use read::{Names, RuleReader};
pub use score::ScoreDefinition;
pub use segment::SegmentLeaf;

use crate::answer::Answer;
use crate::feature::{Feature, Orders};
use crate::time::Timestamp;
use crate::value::{listed, or};
use crate::zone::Zone;

/// A rule about a person.
#[derive(Debug, Clone, PartialEq)]
pub enum Rule {
    /// All of these hold. Never empty.
    All(Vec<Self>),
    /// At least one of these holds. Never empty.
    Any(Vec<Self>),
    /// This does not hold.
    Not(Box<Self>),
    /// A test.
    Leaf(Leaf),
}

/// A positive test.
#[derive(Debug, Clone, PartialEq)]
pub enum Leaf {
    /// An event happened a number of times.
    Event(event::EventLeaf),
    /// An instant (of an event or in a trait) lies so and so from now.
    When(when::WhenLeaf),
    /// A day of the year comes round.
    Anniversary(when::AnniversaryLeaf),
    /// A test on traits, consent or preference.
    Card(card::CardLeaf),
    /// A metric is in a range.
    Metric(metric::MetricLeaf),
    /// A metric, or several, is in a part of everybody's.
    Rank(rank::RankLeaf),
    /// A score is in a range.
    Score(score::ScoreLeaf),
    /// Something was begun and not finished.
    Waiting(waiting::WaitingLeaf),
    /// Another segment's rule holds.
    Segment(SegmentLeaf),
}

/// What rules look at: one profile, unpacked for one plan.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// One for each slot of the plan.
    pub features: &'a [Feature],
    /// The customer's orders.
    pub orders: &'a Orders,
    /// The customer's zone.
    pub zone: &'a Zone,
    /// When the cart was last left empty by hand.
    pub cart_emptied: Option<Timestamp>,
    /// Answers of segments, by their place; those that this rule refers to are already there.
    pub answers: &'a [Answer],
}

/// What every leaf can do.
trait Test {
    /// Whether it holds now, and how long that is sure.
    fn answer(&self, facts: &Facts<'_>, now: Timestamp) -> Answer;
    /// In words, to follow "customers who"; its first word is one that [`words::denied`] knows.
    fn describe(&self) -> String;
    /// The value it looked at, in words.
    fn value(&self, facts: &Facts<'_>, now: Timestamp) -> String;
    /// The slots it reads.
    fn slots(&self) -> Vec<usize>;
}

impl Rule {
    /// Whether the rule holds at `now`, and how long that is sure.
    ///
    /// Cannot fail: a feature of another kind than the leaf expects counts as empty.
    pub fn answer(&self, facts: &Facts<'_>, now: Timestamp) -> Answer {
        match self {
            Self::All(rules) => Answer::all(rules.iter().map(|rule| rule.answer(facts, now))),
            Self::Any(rules) => Answer::any(rules.iter().map(|rule| rule.answer(facts, now))),
            Self::Not(rule) => rule.answer(facts, now).not(),
            Self::Leaf(leaf) => leaf.answer(facts, now),
        }
    }

    /// In words, to follow "customers who": `did …, do not allow … and (… or …)`.
    pub fn describe(&self) -> String {
        match self {
            Self::All(rules) => listed(rules.iter().map(Self::describe_inside), "and"),
            Self::Any(rules) => or(rules.iter().map(Self::describe_inside)),
            Self::Not(rule) => match rule.as_ref() {
                Self::Leaf(leaf) => words::denied(&leaf.describe()),
                group => format!("not ({})", group.describe()),
            },
            Self::Leaf(leaf) => leaf.describe(),
        }
    }

    fn describe_inside(&self) -> String {
        match self {
            Self::All(_) | Self::Any(_) => format!("({})", self.describe()),
            _ => self.describe(),
        }
    }

    /// Every leaf, in the order written.
    pub fn leaves(&self) -> Vec<&Leaf> {
        match self {
            Self::All(rules) | Self::Any(rules) => rules.iter().flat_map(Self::leaves).collect(),
            Self::Not(rule) => rule.leaves(),
            Self::Leaf(leaf) => vec![leaf],
        }
    }

    /// The slots it reads.
    pub fn slots(&self) -> Vec<usize> {
        self.leaves().into_iter().flat_map(|leaf| leaf.test().slots()).collect()
    }

    /// The places of the segments it refers to.
    pub fn segments(&self) -> Vec<usize> {
        let segment = |leaf: &Leaf| match leaf {
            Leaf::Segment(leaf) => Some(leaf.place()),
            _ => None,
        };
        self.leaves().into_iter().filter_map(segment).collect()
    }
}

impl Leaf {
    #[inline]
    fn answer(&self, facts: &Facts<'_>, now: Timestamp) -> Answer {
        match self {
            Self::Event(leaf) => leaf.answer(facts, now),
            Self::When(leaf) => leaf.answer(facts, now),
            Self::Anniversary(leaf) => leaf.answer(facts, now),
            Self::Card(leaf) => leaf.answer(facts, now),
            Self::Metric(leaf) => leaf.answer(facts, now),
            Self::Rank(leaf) => leaf.answer(facts, now),
            Self::Score(leaf) => leaf.answer(facts, now),
            Self::Waiting(leaf) => leaf.answer(facts, now),
            Self::Segment(leaf) => leaf.answer(facts, now),
        }
    }

    fn test(&self) -> &dyn Test {
        match self {
            Self::Event(leaf) => leaf,
            Self::When(leaf) => leaf,
            Self::Anniversary(leaf) => leaf,
            Self::Card(leaf) => leaf,
            Self::Metric(leaf) => leaf,
            Self::Rank(leaf) => leaf,
            Self::Score(leaf) => leaf,
            Self::Waiting(leaf) => leaf,
            Self::Segment(leaf) => leaf,
        }
    }

    fn describe(&self) -> String {
        self.test().describe()
    }
}
