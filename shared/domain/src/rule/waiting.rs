//! `waiting`: something was begun and not finished, such as a cart without an order.

use super::read::RuleReader;
use super::{Facts, Leaf, Rule, Test};
use crate::answer::Answer;
use crate::definitions::mistake::Wrong;
use crate::definitions::source::Node;
use crate::feature::Feature;
use crate::plan::{Memory, Pattern};
use crate::time::{Span, Timestamp};

/// From `after` to `at_most` after the latest `since` event, unless a `without` event came at that
/// instant or later, or the cart was emptied.
#[derive(Debug, Clone, PartialEq)]
pub struct WaitingLeaf {
    words: String,
    since: Vec<usize>,
    without: Vec<usize>,
    after: Span,
    at_most: Span,
    about_cart: bool,
}

impl WaitingLeaf {
    fn begun(&self, facts: &Facts<'_>) -> Option<Timestamp> {
        let ended = newest(&self.without, facts);
        let ended = ended.max(facts.cart_emptied.filter(|_| self.about_cart));
        // At the same instant a goal beats its trigger.
        newest(&self.since, facts).filter(|begun| ended.is_none_or(|ended| *begun > ended))
    }
}

fn newest(slots: &[usize], facts: &Facts<'_>) -> Option<Timestamp> {
    let newest = |place: &usize| match facts.features.get(*place)? {
        Feature::Latest(latest) => latest.newest(),
        _ => None,
    };
    slots.iter().filter_map(newest).max()
}

impl Test for WaitingLeaf {
    fn answer(&self, facts: &Facts<'_>, now: Timestamp) -> Answer {
        self.begun(facts).map_or(Answer::NO, |begun| {
            Answer::between(begun + self.after, begun + self.at_most, now)
        })
    }

    fn describe(&self) -> String {
        self.words.clone()
    }

    fn value(&self, facts: &Facts<'_>, _now: Timestamp) -> String {
        match self.begun(facts) {
            Some(begun) => format!("begun at {begun}"),
            None => "nothing begun".to_owned(),
        }
    }

    fn slots(&self) -> Vec<usize> {
        self.since.iter().chain(&self.without).copied().collect()
    }
}

/// Events by which a cart is filled: an emptied cart ends waiting that began with one of them.
const CART_EVENTS: &[&str] = &["Product Added", "Cart Viewed", "Checkout Started"];

/// Reads `waiting: { since: […], without: …, for: 1h, at_most: 7d }`.
pub(super) fn read(cx: &mut RuleReader<'_>, node: &Node) -> Option<Rule> {
    let mut members = cx.reader.members(node)?;
    let since = cx.reader.required(&mut members, "since");
    let without = cx.reader.required(&mut members, "without");
    let after = cx.reader.required(&mut members, "for");
    let at_most = cx.reader.required(&mut members, "at_most");
    cx.reader.finish(&members);
    let (since, without) = (names(cx, since?)?, names(cx, without?)?);
    let (after, at_most) = (cx.looks_back(after?)?, cx.looks_back(at_most?)?);
    if after >= at_most {
        return cx.reader.refuse(&node.place, Wrong::Impossible("`for` is not below `at_most`"));
    }
    let words = format!(
        "did {} between {} and {} ago without {} since",
        super::event::describe(&since),
        after.in_words(),
        at_most.in_words(),
        super::event::describe(&without),
    );
    let about_cart = since
        .iter()
        .any(|pattern| pattern.event.as_deref().is_some_and(|event| CART_EVENTS.contains(&event)));
    let mut slots = |patterns: Vec<Pattern>| -> Vec<usize> {
        let latest = |pattern| Memory::Latest { pattern, keep: 1 };
        patterns.into_iter().map(|pattern| cx.plan.ask(latest(pattern))).collect()
    };
    let (since, without) = (slots(since), slots(without));
    Some(Rule::Leaf(Leaf::Waiting(WaitingLeaf {
        words,
        since,
        without,
        after,
        at_most,
        about_cart,
    })))
}

fn names(cx: &mut RuleReader<'_>, node: &Node) -> Option<Vec<Pattern>> {
    let list = cx.reader.list(node);
    if list.is_empty() {
        return cx.reader.refuse(&node.place, Wrong::EmptyGroup);
    }
    let name = |node| Some(Pattern::named(cx.event_name(node)?));
    list.iter().map(name).collect()
}
