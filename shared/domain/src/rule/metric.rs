//! `metric`: a number about a customer, such as the revenue of a year.

use super::instants::Instants;
use super::read::RuleReader;
use super::{Facts, Leaf, Rule, Test};
use super::{rank, tests_on_values};
use crate::answer::Answer;
use crate::definitions::mistake::Wrong;
use crate::definitions::reader::Members;
use crate::definitions::source::Node;
use crate::digest::{Key, hash64};
use crate::event::Event;
use crate::feature::Feature;
use crate::id::MetricId;
use crate::limits;
use crate::number::Number;
use crate::plan::{Memory, Pattern, Plan};
use crate::time::{Span, Timestamp};
use crate::value::Range;

/// A number about a customer.
#[derive(Debug, Clone, PartialEq)]
pub struct Metric {
    /// Its id.
    pub id: MetricId,
    /// What is computed.
    pub kind: MetricKind,
    source: Source,
    window: Option<Span>,
    /// The same for the same computation, whatever it is called.
    meaning: u64,
}

/// What a metric computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricKind {
    /// The sum of a property; 0 where there is none.
    Sum,
    /// The mean of a property; undefined where there is none.
    Average,
    /// How many events; 0 where there is none.
    Count,
    /// Whole days of 24 hours since the last event; undefined where there is none.
    DaysSince,
}

#[derive(Debug, Clone, PartialEq)]
enum Source {
    /// The amounts of orders; with a slot, of those that pass its filter.
    Orders(Option<usize>),
    /// A slot of values.
    Values(usize),
    /// The newest instant.
    Newest(Instants),
}

const DAY: i64 = 86_400_000;
const ONE_TEST: &str =
    "a metric has a range, or `top`, `bottom` or `above`; put two rules into `all:`";

impl Metric {
    /// The number at `now`, if it is defined.
    pub fn value(&self, facts: &Facts<'_>, now: Timestamp) -> Option<Number> {
        if let Source::Newest(instants) = &self.source {
            let days = now.since(instants.nth(1, facts)?).millis() / DAY;
            return Some(Number::from_integer(days));
        }
        self.tally(facts, now).result(self.kind)
    }

    /// Whether the number is in `range`, and how long that is sure.
    pub fn answer(&self, range: &Range, facts: &Facts<'_>, now: Timestamp) -> Answer {
        let in_range = |value: Option<Number>| value.is_some_and(|number| range.holds(number));
        match (&self.source, self.window) {
            (Source::Newest(instants), _) => {
                instants.nth(1, facts).map_or(Answer::NO, |last| days_since(last, range, now))
            }
            (_, None) => Answer::lasting(in_range(self.value(facts, now))),
            (_, Some(window)) => self.in_window(window, in_range, facts, now),
        }
    }

    /// In a window the number changes when the oldest value leaves it, then the next: the answer
    /// lasts until the first departure that turns it.
    fn in_window(
        &self,
        window: Span,
        in_range: impl Fn(Option<Number>) -> bool,
        facts: &Facts<'_>,
        now: Timestamp,
    ) -> Answer {
        let mut tally = self.tally(facts, now);
        let holds = in_range(tally.result(self.kind));
        let mut leaving = self.inside(window, facts, now);
        while let Some((at, value)) = leaving.pop() {
            tally.remove(value);
            while let Some((_, value)) = leaving.pop_if(|(other, _)| *other == at) {
                tally.remove(value);
            }
            if in_range(tally.result(self.kind)) != holds {
                return Answer { holds, until: at + window };
            }
        }
        Answer::lasting(holds)
    }

    /// The values in the window, newest first.
    fn inside(&self, window: Span, facts: &Facts<'_>, now: Timestamp) -> Vec<(Timestamp, Number)> {
        match &self.source {
            Source::Orders(slot) => {
                let orders = facts.orders.in_window(window, now);
                let orders = orders.filter(|order| passes(*slot, order.key, facts));
                orders.map(|order| (order.at, order.amount())).collect()
            }
            Source::Values(slot) => match facts.features.get(*slot) {
                Some(Feature::Values(values)) => {
                    let inside = values.list().iter().take_while(|(at, _)| *at + window > now);
                    inside.copied().collect()
                }
                _ => Vec::new(),
            },
            Source::Newest(_) => Vec::new(),
        }
    }

    fn tally(&self, facts: &Facts<'_>, now: Timestamp) -> Tally {
        let mut tally = Tally::default();
        let window = self.window.unwrap_or(Span::from_millis(i64::MAX));
        for (_, value) in self.inside(window, facts, now) {
            tally.add(1, value);
        }
        if self.window.is_none() {
            self.add_folded(&mut tally, facts);
        }
        tally
    }

    /// Filtered orders have no sum of what was folded: the filter was not kept for them.
    fn add_folded(&self, tally: &mut Tally, facts: &Facts<'_>) {
        match &self.source {
            Source::Orders(None) => {
                let folded = facts.orders.folded();
                tally.add(folded.count, Number::from_cents(folded.cents));
            }
            Source::Values(slot) => {
                if let Some(Feature::Values(values)) = facts.features.get(*slot) {
                    let (count, sum) = values.folded();
                    tally.add(count, sum);
                }
            }
            _ => {}
        }
    }

    /// A number that is the same for the same computation, whatever it is called.
    pub(crate) fn meaning(&self) -> u64 {
        self.meaning
    }

    /// The slots it reads.
    pub fn slots(&self) -> Vec<usize> {
        match &self.source {
            Source::Orders(slot) => slot.iter().copied().collect(),
            Source::Values(slot) => vec![*slot],
            Source::Newest(instants) => instants.slot().into_iter().collect(),
        }
    }

    /// Reads `{ sum: total, of: Order Completed, within: 365d }` and its like.
    pub(crate) fn read(cx: &mut RuleReader<'_>, id: MetricId, node: &Node) -> Option<Self> {
        let mut members = cx.reader.members(node)?;
        let computed = [
            ("sum", MetricKind::Sum),
            ("average", MetricKind::Average),
            ("count", MetricKind::Count),
            ("days_since", MetricKind::DaysSince),
        ];
        let Some(key) = members.first_of(&computed.map(|(key, _)| key)) else {
            let known = "`sum`, `average`, `count` or `days_since`";
            return cx.reader.refuse(&node.place, Wrong::NotARule(known.to_owned()));
        };
        let (_, kind) = computed.into_iter().find(|(known, _)| *known == key)?;
        let named = members.get(key)?;
        let property = match kind {
            MetricKind::Sum | MetricKind::Average => Some(cx.reader.text(named)?.to_owned()),
            MetricKind::Count | MetricKind::DaysSince => None,
        };
        let event = match property {
            Some(_) => cx.reader.required(&mut members, "of")?,
            None => named,
        };
        let event = cx.event_name(event)?;
        let filter = match members.get("where") {
            Some(node) => tests_on_values::filter(cx.reader, node)?,
            None => Vec::new(),
        };
        let window = match members.get("within").filter(|_| kind != MetricKind::DaysSince) {
            Some(node) => Some(cx.looks_back(node)?),
            None => None,
        };
        cx.reader.finish(&members);
        let event = (event != "any").then(|| event.to_owned());
        let source = Source::ask(cx, kind, property, Pattern { event, filter });
        let window_text = window.map_or(String::new(), |window| window.millis().to_string());
        let text = format!("{kind:?} {}", source.name(cx.plan));
        let meaning = hash64(&["metric", &text, &window_text]);
        Some(Self { id, kind, source, window, meaning })
    }
}

impl Source {
    fn name(&self, plan: &Plan) -> String {
        let key =
            |slot: Option<usize>| slot.and_then(|slot| plan.slots().get(slot)).map(|s| s.key.0);
        match self {
            Self::Orders(slot) => format!("orders {:?}", key(*slot)),
            Self::Values(slot) => format!("values {:?}", key(Some(*slot))),
            Self::Newest(instants) => format!("newest {:?}", key(instants.slot())),
        }
    }

    fn ask(
        cx: &mut RuleReader<'_>,
        kind: MetricKind,
        property: Option<String>,
        pattern: Pattern,
    ) -> Self {
        let orders = pattern.event.as_deref() == Some(Event::ORDER_COMPLETED);
        let amount = property.as_deref().is_none_or(|name| Event::AMOUNT.contains(&name));
        match kind {
            MetricKind::DaysSince => Self::Newest(Instants::counted(cx.plan, pattern, 1)),
            _ if orders && amount && pattern.filter.is_empty() => Self::Orders(None),
            _ if orders && amount => Self::Orders(Some(cx.plan.ask(Memory::Orders(pattern)))),
            _ => Self::Values(cx.plan.ask(Memory::Values(pattern, property))),
        }
    }
}

fn passes(slot: Option<usize>, key: Key, facts: &Facts<'_>) -> bool {
    let Some(slot) = slot else { return true };
    matches!(facts.features.get(slot), Some(Feature::Orders(keys)) if keys.contains(&key))
}

/// A sum and a count, from which every kind of metric follows.
#[derive(Default)]
struct Tally {
    count: u32,
    sum: Number,
}

impl Tally {
    fn add(&mut self, count: u32, sum: Number) {
        self.count = self.count.saturating_add(count);
        self.sum = self.sum.plus(sum);
    }

    fn remove(&mut self, value: Number) {
        self.count = self.count.saturating_sub(1);
        self.sum = self.sum.minus(value);
    }

    fn result(&self, kind: MetricKind) -> Option<Number> {
        match kind {
            MetricKind::Sum => Some(self.sum),
            MetricKind::Count => Some(Number::from_integer(self.count.into())),
            MetricKind::Average => {
                let mean = self.sum.micros().checked_div(self.count.into())?;
                Some(Number::from_micros(mean))
            }
            MetricKind::DaysSince => None,
        }
    }
}

/// Whole days since `last` only grow: they enter the range at its first whole number and leave it
/// after its last.
fn days_since(last: Timestamp, range: &Range, now: Timestamp) -> Answer {
    let holds = |days: i64| range.holds(Number::from_integer(days));
    let first = (0..=1).map(|add| lower(range).saturating_add(add)).find(|days| holds(*days));
    let Some(first) = first else { return Answer::NO };
    let day = |days: i64| last + Span::from_millis(days.saturating_mul(DAY));
    let beyond = upper(range).map_or(Timestamp::NEVER, |days| {
        let last_day = (0..=1).map(|less| days.saturating_sub(less)).find(|days| holds(*days));
        last_day.map_or(last, |days| day(days.saturating_add(1)))
    });
    Answer::between(day(first), beyond, now)
}

/// The whole number at or below the lower end, at least 0.
fn lower(range: &Range) -> i64 {
    let ends = [range.at_least, range.more_than].into_iter().flatten();
    ends.map(|end| end.micros().div_euclid(1_000_000)).max().unwrap_or(0).max(0)
}

/// The whole number at or below the upper end.
fn upper(range: &Range) -> Option<i64> {
    let ends = [range.at_most, range.less_than].into_iter().flatten();
    ends.map(|end| end.micros().div_euclid(1_000_000)).min()
}

/// A metric is in a range.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricLeaf {
    metric: Metric,
    range: Range,
}

impl Test for MetricLeaf {
    fn answer(&self, facts: &Facts<'_>, now: Timestamp) -> Answer {
        self.metric.answer(&self.range, facts, now)
    }

    fn describe(&self) -> String {
        format!("have “{}” of {}", self.metric.id, self.range.describe())
    }

    fn value(&self, facts: &Facts<'_>, now: Timestamp) -> String {
        self.metric.value(facts, now).map_or("not defined".to_owned(), |number| number.to_string())
    }

    fn slots(&self) -> Vec<usize> {
        self.metric.slots()
    }
}

/// Reads `metric: id` with a range.
pub(super) fn read(cx: &mut RuleReader<'_>, members: &mut Members<'_>) -> Option<Rule> {
    let node = members.get("metric")?;
    let metric = cx.metric(node);
    let is = members.get("is");
    let range = tests_on_values::range(cx.reader, members)?;
    let metric = metric?;
    if let Some(rule) = rank::read(cx, &metric, members)? {
        return match (is, range) {
            (None, None) => Some(rule),
            _ => cx.reader.refuse(members.place, Wrong::Contradiction(ONE_TEST)),
        };
    }
    let range = match (is, range) {
        (Some(node), None) => Range::exactly(cx.reader.number(node)?),
        (None, Some(range)) => range,
        _ => return cx.reader.refuse(members.place, Wrong::NoTest("`at_least: 500`")),
    };
    let most = Number::from_integer(i64::try_from(limits::ORDERS).unwrap_or(i64::MAX));
    // Beyond the last that is remembered, nobody can be; and below it, everybody would.
    let beyond = [range.at_least, range.less_than].into_iter().flatten().any(|end| end > most)
        || [range.more_than, range.at_most].into_iter().flatten().any(|end| end >= most);
    if metric.kind == MetricKind::Count && metric.window.is_some() && beyond {
        return cx.reader.refuse(&node.place, Wrong::CountTooLarge);
    }
    Some(Rule::Leaf(Leaf::Metric(MetricLeaf { metric, range })))
}
