//! Why a rule holds or not, leaf by leaf, and when that will change.

use super::{Facts, Leaf, Rule};
use crate::answer::Answer;
use crate::definitions::Definitions;
use crate::profile::Core;
use crate::time::Timestamp;

/// A rule with what it looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// `all`, `any`, `not`, or the sentence of a leaf.
    pub rule: String,
    /// Whether it holds now.
    pub holds: bool,
    /// When that will really turn, if nothing but time happens.
    pub turns_at: Option<Timestamp>,
    /// What a leaf looked at, in words; a group looks at nothing itself.
    pub value: Option<String>,
    /// The rules inside.
    pub inside: Vec<Self>,
}

/// How far ahead a turn is looked for: more expiries than any rule has in practice.
const FORWARD: usize = 1_000;

impl Definitions {
    /// Explains a rule for a person at `now`.
    pub fn explain(&self, rule: &Rule, core: &Core, now: Timestamp) -> Explanation {
        View { definitions: self, core }.explain(rule, now)
    }
}

/// One person, to be asked at any instant.
struct View<'a> {
    definitions: &'a Definitions,
    core: &'a Core,
}

impl View<'_> {
    fn explain(&self, rule: &Rule, now: Timestamp) -> Explanation {
        let (words, inside): (_, &[Rule]) = match rule {
            Rule::All(rules) => ("all".to_owned(), rules),
            Rule::Any(rules) => ("any".to_owned(), rules),
            Rule::Not(rule) => ("not".to_owned(), std::slice::from_ref(rule)),
            Rule::Leaf(leaf) => (leaf.describe(), &[]),
        };
        let value = match (rule, self.asked(rule)) {
            (Rule::Leaf(_), Some(Rule::Leaf(Leaf::Rank(leaf)))) => {
                Some(self.at(now, |facts| leaf.compared(self.definitions, facts, now)))
            }
            (Rule::Leaf(leaf), _) => Some(self.at(now, |facts| leaf.test().value(facts, now))),
            _ => None,
        };
        Explanation {
            rule: words,
            holds: self.answer(rule, now).holds,
            turns_at: self.turns_at(rule, now),
            value,
            inside: inside.iter().map(|rule| self.explain(rule, now)).collect(),
        }
    }

    /// The rule that is looked at: of another segment, such as the cell of a class, that one's.
    fn asked<'r>(&'r self, rule: &'r Rule) -> Option<&'r Rule> {
        match rule {
            Rule::Leaf(Leaf::Segment(leaf)) => {
                self.definitions.segments.get(leaf.place()).map(|segment| &segment.rule)
            }
            rule => Some(rule),
        }
    }

    /// When the rule will really turn; `None` if it does not for [`FORWARD`] expiries, as one that
    /// is always true by its form never does. `until` is a lower bound, so this follows it forward.
    fn turns_at(&self, rule: &Rule, now: Timestamp) -> Option<Timestamp> {
        let first = self.answer(rule, now);
        let mut at = first.until;
        for _ in 0..FORWARD {
            if at.is_never() {
                return None;
            }
            let answer = self.answer(rule, at);
            if answer.holds != first.holds {
                return Some(at);
            }
            at = answer.until;
        }
        None
    }

    fn answer(&self, rule: &Rule, at: Timestamp) -> Answer {
        self.definitions.answer(rule, self.core, at)
    }

    /// What rules look at, with the answers of all segments at that instant.
    fn at<T>(&self, at: Timestamp, look: impl FnOnce(&Facts<'_>) -> T) -> T {
        let answers = self.definitions.answers(&self.core.facts(), at);
        look(&Facts { answers: &answers, ..self.core.facts() })
    }
}
