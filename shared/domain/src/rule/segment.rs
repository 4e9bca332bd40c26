//! `segment`: another segment's rule, at the same instant.

use super::read::RuleReader;
use super::{Facts, Leaf, RankLeaf, Rule, Test};
use crate::answer::Answer;
use crate::definitions::NONE;
use crate::definitions::mistake::Wrong;
use crate::definitions::reader::Members;
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

/// Reads `class: rfm` with `is: champions`, or `in: [champions, loyal]`.
pub(super) fn read_class(cx: &mut RuleReader<'_>, members: &mut Members<'_>) -> Option<Rule> {
    let node = members.get("class")?;
    let (is, among) = (members.get("is"), members.get("in"));
    let names = cx.names;
    let ids: Vec<String> = names.classes.iter().map(|class| class.id.to_string()).collect();
    let class = names.classes.get(cx.find("class", node, &ids)?)?;
    let cells = match (is, among) {
        (Some(node), None) => std::slice::from_ref(node),
        (None, Some(node)) => cx.reader.list(node),
        _ => {
            let wrong = Wrong::NoTest("`is: champions` or `in: [champions, loyal]`");
            return cx.reader.refuse(members.place, wrong);
        }
    };
    if cells.is_empty() {
        return cx.reader.refuse(members.place, Wrong::EmptyGroup);
    }
    let id = |place: &usize| names.segments.get(*place).map_or("", String::as_str);
    let cell = |place: &usize| id(place).split_once('.').map_or("", |(_, cell)| cell).to_owned();
    let mut known: Vec<String> = class.segments.iter().map(cell).collect();
    known.push(NONE.to_owned());
    let rules = cells.iter().map(|node| match class.segments.get(cx.find("cell", node, &known)?) {
        Some(place) => {
            Some(Rule::Leaf(Leaf::Segment(SegmentLeaf { id: id(place).to_owned(), place: *place })))
        }
        None => {
            let words = format!("not ranked in “{}”", class.name);
            Some(RankLeaf::rule(cx.plan, words, class.ranking.clone(), [0]))
        }
    });
    let mut rules = rules.collect::<Option<Vec<_>>>()?;
    if rules.len() == 1 { rules.pop() } else { Some(Rule::Any(rules)) }
}
