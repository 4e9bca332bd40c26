//! Reads a rule from a definition.

use super::{Metric, Rule, ScoreDefinition, card, event, metric, score, segment, waiting};
use crate::class::ClassDefinition;
use crate::definitions::mistake::{Wrong, nearest, quoted};
use crate::definitions::reader::{Members, Reader};
use crate::definitions::source::Node;
use crate::event::event_name;
use crate::limits;
use crate::plan::Plan;
use crate::time::Span;
use crate::vocabulary::misspelt_event;

/// What a rule may refer to by name.
#[derive(Debug, Default)]
pub(crate) struct Names {
    /// Ids of segments, in the order defined.
    pub(crate) segments: Vec<String>,
    /// Classes, in the order defined.
    pub(crate) classes: Vec<ClassDefinition>,
    /// Ids of programs.
    pub(crate) programs: Vec<String>,
    /// Ids of templates, right or wrong.
    pub(crate) templates: Vec<String>,
    /// Ids of coupons.
    pub(crate) coupons: Vec<String>,
    /// Ids of topics, if the shop names them.
    pub(crate) topics: Vec<String>,
    /// Metrics, in the order defined.
    pub(crate) metrics: Vec<Metric>,
    /// Scores, in the order defined.
    pub(crate) scores: Vec<ScoreDefinition>,
    /// How long the history is kept, unless windows beyond it were allowed.
    pub(crate) history: Option<Span>,
}

impl Names {
    pub(super) fn metric_ids(&self) -> Vec<String> {
        self.metrics.iter().map(|metric| metric.id.to_string()).collect()
    }

    pub(super) fn score_ids(&self) -> Vec<String> {
        self.scores.iter().map(|score| score.id.to_string()).collect()
    }
}

/// Reads rules, and asks the plan for what they need.
pub(crate) struct RuleReader<'a> {
    pub(crate) reader: &'a mut Reader,
    pub(crate) plan: &'a mut Plan,
    pub(crate) names: &'a Names,
}

/// The keys that make a map a rule.
const KINDS: &[&str] = &[
    "all", "any", "not", "event", "trait", "metric", "score", "waiting", "segment", "class",
    "consent", "prefers", "received", "opened", "clicked",
];

impl RuleReader<'_> {
    /// Reads a rule and checks its size.
    pub(crate) fn rule(&mut self, node: &Node) -> Option<Rule> {
        let rule = self.at_depth(node, 0)?;
        if rule.leaves().len() > limits::RULE_LEAVES {
            return self.reader.refuse(&node.place, Wrong::TooManyLeaves);
        }
        Some(rule)
    }

    fn at_depth(&mut self, node: &Node, depth: usize) -> Option<Rule> {
        if depth > limits::RULE_DEPTH {
            return self.reader.refuse(&node.place, Wrong::GroupsTooDeep);
        }
        let mut members = self.reader.members(node)?;
        let mut kinds = KINDS.iter().filter(|kind| members.keys().any(|key| key == **kind));
        let Some(kind) = kinds.next().copied() else {
            let near = members
                .keys()
                .find_map(|key| Some((key.to_owned(), nearest(key, KINDS.iter().copied())?)));
            let wrong = match near {
                Some((key, near)) => {
                    Wrong::UnknownKey { key, near: Some(near), known: String::new() }
                }
                None => Wrong::NotARule(quoted(KINDS.iter().copied())),
            };
            return self.reader.refuse(&node.place, wrong);
        };
        if let Some(second) = kinds.next() {
            let wrong = Wrong::TwoRules(kind.to_owned(), (*second).to_owned());
            return self.reader.refuse(&node.place, wrong);
        }
        let rule = self.of_kind(kind, &mut members, depth);
        if rule.is_some() {
            self.reader.finish(&members);
        }
        rule
    }

    fn of_kind(&mut self, kind: &str, members: &mut Members<'_>, depth: usize) -> Option<Rule> {
        match kind {
            "all" => members.get("all").and_then(|node| self.group(node, depth)).map(Rule::All),
            "any" => members.get("any").and_then(|node| self.group(node, depth)).map(Rule::Any),
            "not" => {
                let rule = self.at_depth(members.get("not")?, depth + 1)?;
                Some(Rule::Not(Box::new(rule)))
            }
            "event" => event::read(self, members),
            "trait" => card::read_trait(self, members),
            "metric" => metric::read(self, members),
            "score" => score::read(self, members),
            "waiting" => members.get("waiting").and_then(|node| waiting::read(self, node)),
            "segment" => members.get("segment").and_then(|node| segment::read(self, node)),
            "class" => segment::read_class(self, members),
            "consent" => card::read_consent(self, members),
            "prefers" => members.get("prefers").and_then(|node| card::read_prefers(self, node)),
            "received" => event::read_message(self, members, "received"),
            "opened" => event::read_message(self, members, "opened"),
            _ => event::read_message(self, members, "clicked"),
        }
    }

    fn group(&mut self, node: &Node, depth: usize) -> Option<Vec<Rule>> {
        let list = self.reader.list(node);
        if list.is_empty() {
            return self.reader.refuse(&node.place, Wrong::EmptyGroup);
        }
        // Every rule of the group is read, so that every mistake in it is told.
        let rules: Vec<_> = list.iter().map(|rule| self.at_depth(rule, depth + 1)).collect();
        rules.into_iter().collect()
    }

    /// The name of an event in its one spelling.
    pub(super) fn event_name<'n>(&mut self, node: &'n Node) -> Option<&'n str> {
        let name = event_name(self.reader.text(node)?);
        if name.len() > limits::NAME_BYTES {
            return self.reader.refuse(&node.place, Wrong::Expected("a shorter name"));
        }
        if let Some(told) = misspelt_event(name) {
            self.reader.doubt(node.place.clone(), told);
        }
        Some(name)
    }

    /// The id of a topic. Where the shop names its topics it is one of them: under another name nobody
    /// could have left it.
    pub(crate) fn topic(&mut self, node: &Node) -> Option<String> {
        if !self.names.topics.is_empty() {
            self.find("topic", node, &self.names.topics)?;
        }
        self.reader.text(node).map(str::to_owned)
    }

    /// The place of a named thing.
    pub(super) fn find(
        &mut self,
        kind: &'static str,
        node: &Node,
        known: &[String],
    ) -> Option<usize> {
        let id = self.reader.text(node)?;
        let place = known.iter().position(|known| known == id);
        if place.is_none() {
            let near = nearest(id, known.iter().map(String::as_str));
            self.reader.refuse::<()>(&node.place, Wrong::Unknown { kind, id: id.to_owned(), near });
        }
        place
    }

    /// The metric of an id.
    pub(crate) fn metric(&mut self, node: &Node) -> Option<Metric> {
        let names = self.names;
        let place = self.find("metric", node, &names.metric_ids())?;
        names.metrics.get(place).cloned()
    }

    /// The id of a program, or `any`.
    pub(super) fn program<'n>(&mut self, node: &'n Node) -> Option<&'n str> {
        if node.text() == Some("any") {
            return Some("any");
        }
        let names = self.names;
        self.find("program", node, &names.programs)?;
        node.text()
    }

    /// A span that looks back into the history, which must be kept as long.
    pub(super) fn looks_back(&mut self, node: &Node) -> Option<Span> {
        let span = self.reader.span(node)?;
        match self.names.history {
            Some(kept) if span > kept => {
                let (asked, kept) = (span.in_words(), kept.in_words());
                self.reader.refuse(&node.place, Wrong::BeyondHistory { asked, kept })
            }
            _ => Some(span),
        }
    }
}
