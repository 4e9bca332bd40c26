//! The oracle: answers a rule at an instant by looking at everything that ever arrived.
//!
//! It knows no expiry, no feature and no plan. Where it cannot decide (a score within rounding of
//! its limit) it says so with `None`.

use std::cell::RefCell;
use std::collections::BTreeMap;

use serde_json::Value;

use crate::calendar::{date, is_yearly, same_period, yearly};
use crate::facts::Facts;
use crate::model::*;
use crate::teeth::Seen;
use crate::value::{cents, fits, in_range, instant, passes};

/// A person's facts under a shop's definitions.
pub(crate) struct Brute<'a> {
    pub(crate) shop: &'a Shop,
    pub(crate) facts: &'a Facts<'a>,
    pub(crate) seen: &'a RefCell<Seen>,
}

impl Brute<'_> {
    /// Whether a rule holds at `now`; `None` if that hangs on a score within rounding of a limit.
    pub(crate) fn holds(&self, rule: &Rule, now: Ms) -> Option<bool> {
        let any = |rules: &[Rule], wanted: bool| {
            let inside: Vec<_> = rules.iter().map(|rule| self.holds(rule, now)).collect();
            if inside.contains(&Some(wanted)) {
                return Some(wanted);
            }
            (!inside.contains(&None)).then_some(!wanted)
        };
        match rule {
            Rule::All(rules) => any(rules, false),
            Rule::Any(rules) => any(rules, true),
            Rule::Not(rule) => self.holds(rule, now).map(|holds| !holds),
            Rule::Leaf(leaf) => {
                let holds = self.test(&leaf.test, now);
                if let Some(holds) = holds {
                    self.seen.borrow_mut().note(&leaf.kinds, holds);
                }
                holds
            }
        }
    }

    fn test(&self, test: &Test, now: Ms) -> Option<bool> {
        Some(match test {
            Test::Trait { path, tests, moments, anniversary } => {
                let value = self.facts.traits.get(*path).copied();
                let at = value.and_then(instant);
                (tests.is_empty() || value.is_some_and(|value| passes(value, tests)))
                    && self.moments(moments, at, now)
                    && anniversary.is_none_or(|days| self.comes_round(value, days, now))
            }
            Test::Event(did) => self.did(did, now),
            Test::Metric(at, range) => self.metric(&self.shop.metrics[*at], range, now),
            Test::Score(at, range) => return self.score(&self.shop.scores[*at], range, now),
            Test::Waiting { since, without, after, at_most } => {
                let begun = self.begun(since, without);
                begun.is_some_and(|begun| begun + after <= now && now < begun + at_most)
            }
            Test::Segment(at) => return self.holds(&self.shop.segments[*at], now),
            Test::Consent { channel, topic } => self.consent(channel, *topic),
            Test::Prefers(channel) => self.prefers() == Some(*channel),
        })
    }

    /// All instants of what a leaf is about.
    pub(crate) fn instants(&self, did: &Did) -> Vec<Ms> {
        let event = match did.word {
            "event" => {
                let each = did.names.iter().map(|name| self.facts.instants(name, &did.filter));
                return each.flatten().collect();
            }
            "received" => "Message Sent",
            "opened" => "Message Opened",
            _ => "Message Clicked",
        };
        let about = |call: &&Call| {
            let program = call.properties().and_then(|p| p.get("program")).and_then(Value::as_str);
            did.names == ["any"] || program.is_some_and(|program| did.names.contains(&program))
        };
        self.facts.calls(event).filter(about).map(|call| call.occurred).collect()
    }

    fn did(&self, did: &Did, now: Ms) -> bool {
        let instants = self.instants(did);
        let inside = |at: &&Ms| did.within.is_none_or(|window| self.inside(window, **at, now));
        let times = instants.iter().filter(inside).count();
        let (low, high) = did.times.unwrap_or((1, None));
        let counted = did.times.is_some()
            || did.within.is_some()
            || (did.first.is_empty() && did.last.is_empty());
        (!counted || (times >= low && high.is_none_or(|high| times <= high)))
            && self.moments(&did.first, instants.iter().min().copied(), now)
            && self.moments(&did.last, instants.iter().max().copied(), now)
    }

    fn moments(&self, moments: &[Moment], at: Option<Ms>, now: Ms) -> bool {
        moments.iter().all(|moment| {
            at.is_some_and(|at| match *moment {
                Moment::Within(window) => self.inside(window, at, now),
                Moment::OlderThan(span) => at <= now - span,
                Moment::InNext(span) => now < at && at <= now + span,
            })
        })
    }

    fn inside(&self, window: Window, at: Ms, now: Ms) -> bool {
        match window {
            Window::Last(span) => now - span < at && at <= now,
            Window::During(period) => at <= now && same_period(&self.facts.zone, period, at, now),
        }
    }

    fn comes_round(&self, value: Option<&Value>, days: u16, now: Ms) -> bool {
        let text = value.and_then(Value::as_str);
        let Some(day) = text.and_then(|text| yearly(text, &self.facts.zone)) else { return false };
        let mut ahead = date(&self.facts.zone, now);
        for _ in 0..=days {
            if is_yearly(day, ahead) {
                return true;
            }
            ahead = ahead.tomorrow().unwrap();
        }
        false
    }

    /// The latest beginning, if nothing ended it.
    pub(crate) fn begun(&self, since: &[&str], without: &[&str]) -> Option<Ms> {
        let newest = |names: &[&str]| {
            let calls = names.iter().flat_map(|name| self.facts.calls(name));
            calls.map(|call| call.occurred).max()
        };
        let begun = newest(since)?;
        let about_cart =
            since.iter().any(|n| ["Product Added", "Cart Viewed", "Checkout Started"].contains(n));
        let emptied = about_cart && self.facts.emptied.iter().any(|at| *at >= begun);
        let done = newest(without).is_some_and(|at| at >= begun);
        (!emptied && !done).then_some(begun)
    }

    fn metric(&self, metric: &Metric, range: &Range, now: Ms) -> bool {
        let values: Vec<Cents> = self
            .values(metric)
            .into_iter()
            .filter(|(at, _)| metric.window.is_none_or(|window| now - window < *at))
            .map(|(_, value)| value)
            .collect();
        let sum: Cents = values.iter().sum();
        let count = Cents::try_from(values.len()).unwrap();
        match metric.kind {
            Computed::Sum(_) => in_range(range, sum),
            Computed::Count => in_range(range, count * 100),
            // Exact to a millionth, so that the ends are counted in millionths as well.
            Computed::Average(_) => count > 0 && in_range(&fine(range), sum * 10_000 / count),
            Computed::DaysSince => {
                let newest = self.facts.instants(metric.event, &metric.filter).into_iter().max();
                newest.is_some_and(|newest| in_range(range, (now - newest) / DAY * 100))
            }
        }
    }

    /// What is summed or counted, each with its instant.
    pub(crate) fn values(&self, metric: &Metric) -> Vec<(Ms, Cents)> {
        let amount = |property| ["total", "revenue", "value"].contains(&property);
        let property = match metric.kind {
            Computed::Sum(property) | Computed::Average(property) => Some(property),
            _ => None,
        };
        if metric.event == "Order Completed" && property.is_none_or(amount) {
            let orders = self.facts.orders_in(&metric.filter);
            return orders.map(|order| (order.at, order.cents)).collect();
        }
        let fitting = |call: &&Call| fits(call.properties(), &metric.filter);
        let value = |call: &Call| match property {
            None => Some((call.occurred, 100)),
            Some(name) => Some((call.occurred, cents(call.properties()?.get(name)?)?)),
        };
        self.facts.calls(metric.event).filter(fitting).filter_map(value).collect()
    }

    fn score(&self, score: &Score, range: &Range, now: Ms) -> Option<bool> {
        let value = self.points(score, now);
        let slack = slack(value);
        let ends = [range.at_least, range.at_most, range.more_than, range.less_than];
        let near = |end: Cents| value > 0.0 && (value - end as f64 / 100.0).abs() <= slack;
        if ends.into_iter().flatten().any(near) {
            return None;
        }
        let end = |end: Option<Cents>| end.map(|cents| cents as f64 / 100.0);
        Some(
            end(range.at_least).is_none_or(|end| value >= end)
                && end(range.at_most).is_none_or(|end| value <= end)
                && end(range.more_than).is_none_or(|end| value > end)
                && end(range.less_than).is_none_or(|end| value < end),
        )
    }

    /// Decayed points, as exactly as floating point has them.
    pub(crate) fn points(&self, score: &Score, now: Ms) -> f64 {
        let decayed = |points: Cents, at: Ms| {
            points as f64 / 100.0 * (-((now - at) as f64) / score.half_life as f64).exp2()
        };
        let earned = score.points.iter().flat_map(|(event, points)| {
            self.facts.calls(event).map(|call| decayed(*points, call.occurred))
        });
        earned.sum()
    }

    fn prefers(&self) -> Option<&'static str> {
        let words: Vec<&str> = match self.facts.traits.get("preferred_channel")? {
            Value::String(word) => vec![word],
            Value::Array(words) => words.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        let channel = |word: &str| {
            ["email", "sms", "push"].into_iter().find(|c| c.eq_ignore_ascii_case(word))
        };
        words.into_iter().find_map(channel)
    }

    fn consent(&self, channel: &str, topic: Option<&str>) -> bool {
        let Some(here) = self.facts.address(channel) else { return false };
        match (
            self.said(channel, None, &here),
            topic.and_then(|t| self.said(channel, Some(t), &here)),
        ) {
            (Some(false), _) | (None, None) => false,
            (_, Some(granted)) => granted,
            (Some(true), None) => true,
        }
    }

    /// What was said of a channel and topic, as far as it goes for the address `here`: the newest
    /// word for it, but no if the newest word for any other address is no. A yes that was imported is
    /// older than any other word.
    fn said(&self, channel: &str, topic: Option<&str>, here: &str) -> Option<bool> {
        let mut newest: BTreeMap<String, (bool, Ms, bool)> = BTreeMap::new();
        for heard in self.facts.heard {
            let granted = match heard.call.name() {
                Some("Consent Granted") => true,
                Some("Consent Withdrawn") => false,
                _ => continue,
            };
            let Some(properties) = heard.call.properties() else { continue };
            let text = |name: &str| properties.get(name).and_then(Value::as_str);
            let Some(address) = text("address").map(str::to_owned).or(heard.address.clone()) else {
                continue;
            };
            if text("channel") != Some(channel) || text("topic") != topic {
                continue;
            }
            // At the same instant a withdrawal beats a grant.
            let act = (!(granted && heard.call.is_import()), heard.call.occurred, !granted);
            let known = newest.entry(address).or_insert(act);
            *known = (*known).max(act);
        }
        if newest.iter().any(|(address, (.., withdrawn))| address != here && *withdrawn) {
            return Some(false);
        }
        newest.get(here).map(|(.., withdrawn)| !withdrawn)
    }
}

/// How far the product's integers may be from a score: its table of halvings is off by 4 in 10^9.
pub(crate) fn slack(value: f64) -> f64 {
    2e-8 * value + 3e-6
}

/// A range in millionths.
fn fine(range: &Range) -> Range {
    let end = |end: Option<Cents>| end.map(|cents| cents * 10_000);
    Range {
        at_least: end(range.at_least),
        at_most: end(range.at_most),
        more_than: end(range.more_than),
        less_than: end(range.less_than),
    }
}
