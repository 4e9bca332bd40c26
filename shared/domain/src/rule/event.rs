//! `event`: something happened a number of times, ever or in a window.

use super::instants::{Instants, nth_newest};
use super::read::RuleReader;
use super::when::{When, WhenLeaf};
use super::{Facts, Leaf, Rule, Test};
use crate::answer::Answer;
use crate::definitions::mistake::Wrong;
use crate::definitions::reader::{Members, Reader};
use crate::definitions::source::Node;
use crate::event::{MESSAGE_CLICKED, MESSAGE_OPENED, MESSAGE_SENT};
use crate::limits;
use crate::moment::Moment;
use crate::plan::{Memory, Pattern};
use crate::time::{Span, Timestamp};
use crate::value::{Scalar, ValueTest, or};
use crate::zone::Period;

/// At least `at_least` times, and at most `at_most`, in a window.
///
/// A bound from above needs one from below: `at most 3 times` is once to three times, so that no
/// leaf matches those who never did it. Who never did it is `not`.
#[derive(Debug, Clone, PartialEq)]
pub struct EventLeaf {
    what: String,
    instants: Vec<Instants>,
    at_least: u16,
    at_most: Option<u16>,
    window: Window,
}

/// How far back an event counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Window {
    Ever,
    Last(Span),
    During(Period),
}

impl Test for EventLeaf {
    #[inline]
    fn answer(&self, facts: &Facts<'_>, now: Timestamp) -> Answer {
        let enough = self.at_least_times(self.at_least, facts, now);
        match self.at_most {
            None => enough,
            Some(most) => {
                let too_many = self.at_least_times(most.saturating_add(1), facts, now);
                Answer::all([enough, too_many.not()].into_iter())
            }
        }
    }

    fn describe(&self) -> String {
        let times = match (self.at_least, self.at_most) {
            (1, None) => String::new(),
            (k, None) => format!(" at least {k} times"),
            (1, Some(1)) => " exactly once".to_owned(),
            (k, Some(most)) if k == most => format!(" exactly {k} times"),
            (k, Some(most)) => format!(" {k} to {most} times"),
        };
        let window = match self.window {
            Window::Ever => String::new(),
            Window::Last(span) => format!(" in the last {}", span.in_words()),
            Window::During(period) => format!(" {}", period.describe()),
        };
        format!("{}{times}{window}", self.what)
    }

    fn value(&self, facts: &Facts<'_>, now: Timestamp) -> String {
        let most = self.at_most.map_or(self.at_least, |most| most.saturating_add(1));
        let inside = (1..=most)
            .map_while(|k| nth_newest(&self.instants, k, facts))
            .take_while(|at| self.window.answer(*at, facts, now).holds)
            .count();
        let or_more = if inside == usize::from(most) { " or more" } else { "" };
        match nth_newest(&self.instants, 1, facts) {
            Some(newest) => format!("{inside}{or_more} times, last at {newest}"),
            None => "never".to_owned(),
        }
    }

    fn slots(&self) -> Vec<usize> {
        self.instants.iter().filter_map(Instants::slot).collect()
    }
}

impl EventLeaf {
    /// `at least k in the window` is decided by the k-th newest instant alone.
    #[inline]
    fn at_least_times(&self, k: u16, facts: &Facts<'_>, now: Timestamp) -> Answer {
        nth_newest(&self.instants, k, facts)
            .map_or(Answer::NO, |at| self.window.answer(at, facts, now))
    }
}

impl Window {
    #[inline]
    fn answer(self, at: Timestamp, facts: &Facts<'_>, now: Timestamp) -> Answer {
        match self {
            Self::Ever => Answer::YES,
            Self::Last(span) => Answer::between(at, at + span, now),
            Self::During(period) => Moment::During(period).answer(Some(at), facts.zone, now),
        }
    }
}

/// Reads a leaf about an event: the event, and how often or when it happened.
pub(super) fn read(cx: &mut RuleReader<'_>, members: &mut Members<'_>) -> Option<Rule> {
    let name = members.get("event")?;
    let filter = members.get("where");
    let names: Option<Vec<Option<String>>> =
        cx.reader.list(name).iter().map(|name| event_name(cx, name)).collect();
    let filter = match filter {
        Some(node) => super::tests_on_values::filter(cx.reader, node)?,
        None => Vec::new(),
    };
    let patterns = names?
        .into_iter()
        .map(|event| Pattern { event, filter: filter.clone() })
        .collect::<Vec<_>>();
    let what = format!("did {}", describe(&patterns));
    counted(cx, members, what, patterns)
}

/// Reads `received`, `opened` or `clicked`: the same, of a message of our own.
pub(super) fn read_message(
    cx: &mut RuleReader<'_>,
    members: &mut Members<'_>,
    key: &'static str,
) -> Option<Rule> {
    let node = members.get(key)?;
    let event = match key {
        "received" => MESSAGE_SENT,
        "opened" => MESSAGE_OPENED,
        _ => MESSAGE_CLICKED,
    };
    let programs: Vec<&str> =
        cx.reader.list(node).iter().filter_map(|node| cx.program(node)).collect();
    let any = programs.contains(&"any");
    let scalars = programs.iter().map(|program| Scalar::Text((*program).to_owned())).collect();
    let filter = vec![("program".to_owned(), vec![ValueTest::In(scalars)])];
    let what = match any {
        true => format!("{key} any message"),
        false => format!("{key} {}", or(programs.iter().map(|p| format!("“{p}”")))),
    };
    let pattern =
        Pattern { event: Some(event.to_owned()), filter: if any { Vec::new() } else { filter } };
    counted(cx, members, what, vec![pattern])
}

fn event_name(cx: &mut RuleReader<'_>, node: &Node) -> Option<Option<String>> {
    let name = cx.event_name(node)?;
    Some((name != "any").then(|| name.to_owned()))
}

/// Reads `times`, `within`, `first` and `last`, and puts the leaves together.
fn counted(
    cx: &mut RuleReader<'_>,
    members: &mut Members<'_>,
    what: String,
    patterns: Vec<Pattern>,
) -> Option<Rule> {
    let times = members.get("times");
    let within = members.get("within");
    let mut rules = Vec::new();
    for (key, first) in [("first", true), ("last", false)] {
        if let Some(node) = members.get(key) {
            let moments = super::when::moments(cx.reader, node)?;
            for moment in moments {
                rules.push(seen(cx, &what, &patterns, first, moment));
            }
        }
    }
    if times.is_some() || within.is_some() || rules.is_empty() {
        let (at_least, at_most) = match times {
            Some(node) => read_times(cx, node)?,
            None => (1, None),
        };
        let window = within.map_or(Some(Window::Ever), |node| read_window(cx, node))?;
        let keep = at_most.map_or(at_least, |most| most.saturating_add(1));
        let instants =
            patterns.into_iter().map(|pattern| Instants::counted(cx.plan, pattern, keep)).collect();
        rules.push(Rule::Leaf(Leaf::Event(EventLeaf {
            what,
            instants,
            at_least,
            at_most,
            window,
        })));
    }
    Some(match rules.len() {
        1 => rules.remove(0),
        _ => Rule::All(rules),
    })
}

fn seen(
    cx: &mut RuleReader<'_>,
    what: &str,
    patterns: &[Pattern],
    first: bool,
    moment: Moment,
) -> Rule {
    let instants = patterns.iter().cloned().map(|pattern| {
        let orders = pattern.event.as_deref() == Some(crate::event::Event::ORDER_COMPLETED);
        match (first, orders) {
            (true, false) => When::First(cx.plan.ask(Memory::First(pattern))),
            (true, true) => When::FirstOrder(Instants::counted(cx.plan, pattern, 1)),
            (false, _) => When::Last(Instants::counted(cx.plan, pattern, 1)),
        }
    });
    let instants: Vec<When> = instants.collect();
    let which = if first { "first" } else { "last" };
    Rule::Leaf(Leaf::When(WhenLeaf::new(format!("{which} {what}"), instants, first, moment)))
}

fn read_times(cx: &mut RuleReader<'_>, node: &Node) -> Option<(u16, Option<u16>)> {
    let reader = &mut *cx.reader;
    if node.text().is_some() {
        return Some((read_count(reader, node, limits::TIMES)?, None));
    }
    let mut members = reader.members(node)?;
    let [at_least, at_most, exactly] =
        ["at_least", "at_most", "exactly"].map(|key| members.get(key));
    reader.finish(&members);
    let below = limits::TIMES - 1;
    match (exactly, at_least, at_most) {
        (Some(node), None, None) => {
            let times = read_count(reader, node, below)?;
            Some((times, Some(times)))
        }
        (Some(node), ..) => {
            let why = "`exactly` stands alone, without `at_least` and `at_most`";
            reader.refuse(&node.place, Wrong::Contradiction(why))
        }
        (None, None, None) if members.keys().next().is_some() => None,
        (None, None, None) => reader.refuse(&node.place, Wrong::NoTest("`at_least: 3`")),
        (None, low, high) => {
            let low = low.map_or(Some(1), |node| read_count(reader, node, limits::TIMES))?;
            let Some(high) = high else { return Some((low, None)) };
            let most = read_count(reader, high, below)?;
            if most < low {
                let why = "`at_most` is below `at_least`";
                return reader.refuse(&node.place, Wrong::Impossible(why));
            }
            Some((low, Some(most)))
        }
    }
}

fn read_count(reader: &mut Reader, node: &Node, most: u16) -> Option<u16> {
    if node.text() == Some("0") {
        let advice = "write `not:` around the event for those who never did it";
        return reader.refuse(&node.place, Wrong::WriteNot(advice));
    }
    reader.count(node, most, Wrong::CountTooLarge)
}

fn read_window(cx: &mut RuleReader<'_>, node: &Node) -> Option<Window> {
    match super::when::period(node) {
        Some(period) => Some(Window::During(period)),
        None => cx.looks_back(node).map(Window::Last),
    }
}

/// In words: `“Order Completed” or “Checkout Started” with products.category is Wine`.
pub(super) fn describe(patterns: &[Pattern]) -> String {
    let names = patterns.iter().map(|pattern| match &pattern.event {
        Some(name) => format!("“{name}”"),
        None => "anything".to_owned(),
    });
    let filter = patterns.first().map_or(&[][..], |pattern| &pattern.filter);
    let tests = filter.iter().map(|(path, tests)| {
        let tests = tests.iter().map(ValueTest::describe).collect::<Vec<_>>().join(" and ");
        format!("{path} {tests}")
    });
    let tests = tests.collect::<Vec<_>>().join(" and ");
    let names = or(names);
    if tests.is_empty() { names } else { format!("{names} with {tests}") }
}
