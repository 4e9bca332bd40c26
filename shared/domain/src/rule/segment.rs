//! `segment`: another segment's rule, at the same instant.

use super::read::RuleReader;
use super::{Facts, Leaf, Rule, Test};
use crate::answer::Answer;
use crate::definitions::source::Node;
use crate::time::Timestamp;

/// Another segment's rule holds. It is asked at the same instant; the stored membership, which may
/// lag, is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentLeaf {
    id: String,
    place: usize,
}

impl SegmentLeaf {
    /// The segment's place among the definitions.
    pub fn place(&self) -> usize {
        self.place
    }
}

impl Test for SegmentLeaf {
    #[inline]
    fn answer(&self, facts: &Facts<'_>, _now: Timestamp) -> Answer {
        facts.answers.get(self.place).copied().unwrap_or(Answer::NO)
    }

    fn describe(&self) -> String {
        format!("are in “{}”", self.id)
    }

    fn value(&self, facts: &Facts<'_>, now: Timestamp) -> String {
        if self.answer(facts, now).holds { "yes".to_owned() } else { "no".to_owned() }
    }

    fn slots(&self) -> Vec<usize> {
        Vec::new()
    }
}

/// Reads `segment: id`.
pub(super) fn read(cx: &mut RuleReader<'_>, node: &Node) -> Option<Rule> {
    let id = cx.reader.text(node)?;
    let place = cx.find("segment", node, &cx.names.segments)?;
    Some(Rule::Leaf(Leaf::Segment(SegmentLeaf { id: id.to_owned(), place })))
}
