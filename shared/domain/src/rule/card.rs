//! `trait`, `consent` and `prefers`: what the card says, which only an event can change.

use super::read::RuleReader;
use super::when::{AnniversaryLeaf, When, WhenLeaf};
use super::{Facts, Leaf, Rule, Test, tests_on_values};
use crate::answer::Answer;
use crate::card::Status;
use crate::channel::Channel;
use crate::definitions::mistake::Wrong;
use crate::definitions::reader::Members;
use crate::definitions::source::{Kind, Node};
use crate::feature::Feature;
use crate::plan::{CardTest, Memory};
use crate::time::Timestamp;
use crate::value::ValueTest;

/// A test on the card, made when the card changes and kept as one bit.
#[derive(Debug, Clone, PartialEq)]
pub struct CardLeaf {
    words: String,
    slot: usize,
}

impl CardLeaf {
    fn rule(cx: &mut RuleReader<'_>, words: String, test: CardTest) -> Rule {
        let slot = cx.plan.ask(Memory::Card(test));
        Rule::Leaf(Leaf::Card(Self { words, slot }))
    }
}

impl Test for CardLeaf {
    #[inline]
    fn answer(&self, facts: &Facts<'_>, _now: Timestamp) -> Answer {
        match facts.features.get(self.slot) {
            Some(Feature::Holds(holds)) => Answer::lasting(*holds),
            _ => Answer::NO,
        }
    }

    fn describe(&self) -> String {
        self.words.clone()
    }

    fn value(&self, facts: &Facts<'_>, now: Timestamp) -> String {
        if self.answer(facts, now).holds { "yes".to_owned() } else { "no".to_owned() }
    }

    fn slots(&self) -> Vec<usize> {
        vec![self.slot]
    }
}

/// Reads `trait: path` with its tests. Several tests are all to hold.
pub(super) fn read_trait(cx: &mut RuleReader<'_>, members: &mut Members<'_>) -> Option<Rule> {
    let path = tests_on_values::trait_path(cx.reader, members.get("trait")?)?;
    let tests = tests_on_values::among(cx.reader, members);
    let moments = super::when::moments_among(cx.reader, members);
    let anniversary = members.get("anniversary");
    let mut rules = Vec::new();
    let tests = tests?;
    if !tests.is_empty() {
        let words = tests.iter().map(ValueTest::describe).collect::<Vec<_>>().join(" and ");
        let test = CardTest::Trait(path.clone(), tests);
        rules.push(CardLeaf::rule(cx, format!("have a trait {path} that {words}"), test));
    }
    for moment in moments? {
        let slot = cx.plan.ask(Memory::Instant(path.clone()));
        let leaf = WhenLeaf::new(
            format!("have a trait {path} that is"),
            vec![When::Trait(slot)],
            false,
            moment,
        );
        rules.push(Rule::Leaf(Leaf::When(leaf)));
    }
    if let Some(node) = anniversary {
        let days = super::when::anniversary(cx, node)?;
        let slot = cx.plan.ask(Memory::Anniversary(path.clone()));
        rules.push(Rule::Leaf(Leaf::Anniversary(AnniversaryLeaf::new(path, slot, days))));
    }
    match rules.len() {
        0 => cx.reader.refuse(members.place, Wrong::NoTest("`is: FR` or `is_set: true`")),
        1 => rules.pop(),
        _ => Some(Rule::All(rules)),
    }
}

/// Reads `consent: email` or `consent: { channel: email, topic: news }`, and beside it perhaps
/// `is: pending`.
pub(super) fn read_consent(cx: &mut RuleReader<'_>, members: &mut Members<'_>) -> Option<Rule> {
    let node = members.get("consent")?;
    let status = match members.get("is") {
        Some(node) => cx.reader.word(node, &Status::ALL.map(|status| (status.as_str(), status))),
        None => Some(Status::Granted),
    };
    if let Kind::Scalar { .. } = node.kind {
        let channel = channel(cx, node)?;
        return Some(consent(cx, channel, None, status?));
    }
    let mut members = cx.reader.members(node)?;
    let channel_node = cx.reader.required(&mut members, "channel");
    let topic = members.get("topic");
    cx.reader.finish(&members);
    let channel = channel(cx, channel_node?)?;
    let topic = match topic {
        Some(node) => Some(cx.topic(node)?),
        None => None,
    };
    Some(consent(cx, channel, topic, status?))
}

fn consent(
    cx: &mut RuleReader<'_>,
    channel: Channel,
    topic: Option<String>,
    status: Status,
) -> Rule {
    let about = topic.as_ref().map_or(String::new(), |topic| format!(" about “{topic}”"));
    let channel_words = channel.in_words();
    let words = match status {
        Status::Granted => format!("allow {channel_words}{about}"),
        Status::Pending => format!("are asked to confirm {channel_words}{about}"),
        Status::Withdrawn => format!("are unsubscribed from {channel_words}{about}"),
    };
    CardLeaf::rule(cx, words, CardTest::Consent(channel, topic, status))
}

/// Reads `prefers: sms`.
pub(super) fn read_prefers(cx: &mut RuleReader<'_>, node: &Node) -> Option<Rule> {
    let channel = channel(cx, node)?;
    Some(CardLeaf::rule(cx, format!("prefer {}", channel.in_words()), CardTest::Prefers(channel)))
}

fn channel(cx: &mut RuleReader<'_>, node: &Node) -> Option<Channel> {
    cx.reader.word(node, &Channel::ALL.map(|channel| (channel.as_str(), channel)))
}
