//! `score`: decayed points of interest.

use super::read::RuleReader;
use super::tests_on_values;
use super::{Facts, Leaf, Rule, Test};
use crate::answer::Answer;
use crate::definitions::mistake::Wrong;
use crate::definitions::reader::Members;
use crate::definitions::source::Node;
use crate::feature::Feature;
use crate::id::ScoreId;
use crate::number::Number;
use crate::plan::{Memory, Pattern};
use crate::time::{Span, Timestamp};
use crate::value::Range;

/// A score: points for events, of which half the weight is lost in every half-life.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoreDefinition {
    /// Its id.
    pub id: ScoreId,
    /// The slot that holds it.
    pub slot: usize,
    /// The time in which points lose half of their weight.
    pub half_life: Span,
}

impl ScoreDefinition {
    /// Its value in points, exact to a millionth.
    pub fn value(&self, facts: &Facts<'_>, now: Timestamp) -> Number {
        match facts.features.get(self.slot) {
            Some(Feature::Score(score)) => Number::from_micros(score.at(now, self.half_life)),
            _ => Number::ZERO,
        }
    }

    /// Reads `{ half_life: 3d, points: { Product Viewed: 1, … } }`.
    pub(crate) fn read(cx: &mut RuleReader<'_>, id: ScoreId, node: &Node) -> Option<Self> {
        let mut members = cx.reader.members(node)?;
        let half_life = cx.reader.required(&mut members, "half_life");
        let points = cx.reader.required(&mut members, "points");
        cx.reader.finish(&members);
        let half_life = cx.reader.span(half_life?)?;
        let entries = cx.reader.entries(points?);
        if entries.is_empty() {
            return cx.reader.refuse(&node.place, Wrong::EmptyGroup);
        }
        let mut points = Vec::new();
        for (key, value) in entries {
            let event = cx.event_name(key)?;
            let worth = cx.reader.number(value)?;
            if worth <= Number::ZERO || worth > Number::from_integer(1_000_000) {
                let range = "points above 0, up to 1000000";
                return cx.reader.refuse(&value.place, Wrong::Expected(range));
            }
            points.push((Pattern::named(event), worth.micros()));
        }
        points.sort_by(|(one, _), (other, _)| one.event.cmp(&other.event));
        let slot = cx.plan.ask(Memory::Score { half_life, points });
        Some(Self { id, slot, half_life })
    }
}

/// A score is in a range.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoreLeaf {
    score: ScoreDefinition,
    range: Range,
}

impl Test for ScoreLeaf {
    /// A score only falls, so it leaves the range at the lower end, or enters it at the upper.
    fn answer(&self, facts: &Facts<'_>, now: Timestamp) -> Answer {
        let Some(Feature::Score(score)) = facts.features.get(self.score.slot) else {
            return Answer::lasting(self.range.holds(Number::ZERO));
        };
        let half_life = self.score.half_life;
        let holds = self.range.holds(Number::from_micros(score.at(now, half_life)));
        let falls = |limit: Option<Number>, by: i64| {
            let limit = limit.map(|limit| limit.micros() - by);
            limit.map_or(Timestamp::NEVER, |limit| score.falls_to(limit, now, half_life))
        };
        let current = Number::from_micros(score.at(now, half_life));
        let until = if holds {
            falls(self.range.at_least, 1).min(falls(self.range.more_than, 0))
        } else if self.range.at_most.is_some_and(|end| current > end)
            || self.range.less_than.is_some_and(|end| current >= end)
        {
            falls(self.range.at_most, 0).min(falls(self.range.less_than, 1))
        } else {
            Timestamp::NEVER
        };
        Answer { holds, until }
    }

    fn describe(&self) -> String {
        format!("have a score “{}” of {}", self.score.id, self.range.describe())
    }

    fn value(&self, facts: &Facts<'_>, now: Timestamp) -> String {
        self.score.value(facts, now).to_string()
    }

    fn slots(&self) -> Vec<usize> {
        vec![self.score.slot]
    }
}

/// Reads `score: id` with a range.
pub(super) fn read(cx: &mut RuleReader<'_>, members: &mut Members<'_>) -> Option<Rule> {
    let node = members.get("score")?;
    let place = cx.find("score", node, &cx.names.score_ids());
    let range = tests_on_values::range(cx.reader, members)?;
    let score = cx.names.scores.get(place?)?.clone();
    match range {
        Some(range) => Some(Rule::Leaf(Leaf::Score(ScoreLeaf { score, range }))),
        None => cx.reader.refuse(members.place, Wrong::NoTest("`at_least: 10`")),
    }
}
