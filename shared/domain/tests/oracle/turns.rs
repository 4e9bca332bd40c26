//! Every instant at which time alone might turn a rule: more than there are, but none is missing.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::brute::{Brute, slack};
use crate::calendar::{date, next_period, starts, yearly};
use crate::model::*;
use crate::value::instant;

impl Brute<'_> {
    /// The instants in `(from, to]` at which a rule might turn, and those just before.
    pub(crate) fn turns(&self, rule: &Rule, from: Ms, to: Ms) -> BTreeSet<Ms> {
        let mut turns = Turns { brute: self, from, to, found: Vec::new() };
        turns.of_rule(rule);
        let around = turns.found.iter().flat_map(|at| [at - 1, *at]);
        around.filter(|at| *at > from && *at <= to).collect()
    }
}

struct Turns<'a> {
    brute: &'a Brute<'a>,
    from: Ms,
    to: Ms,
    found: Vec<Ms>,
}

impl Turns<'_> {
    fn of_rule(&mut self, rule: &Rule) {
        match rule {
            Rule::All(rules) | Rule::Any(rules) => rules.iter().for_each(|rule| self.of_rule(rule)),
            Rule::Not(rule) => self.of_rule(rule),
            Rule::Leaf(leaf) => self.of_test(&leaf.test),
        }
    }

    fn of_test(&mut self, test: &Test) {
        let shop = self.brute.shop;
        match test {
            Test::Trait { path, moments, anniversary, .. } => {
                let value = self.brute.facts.traits.get(*path).copied();
                self.of_moments(moments, value.and_then(instant));
                if let (Some(days), Some(text)) = (anniversary, value.and_then(Value::as_str)) {
                    self.of_anniversary(text, *days);
                }
            }
            Test::Event(did) => {
                let instants = self.brute.instants(did);
                if let Some(window) = did.within {
                    for at in &instants {
                        self.of_window(window, *at);
                    }
                }
                self.of_moments(&did.first, instants.iter().min().copied());
                self.of_moments(&did.last, instants.iter().max().copied());
            }
            Test::Metric(at, range) => self.of_metric(&shop.metrics[*at], range),
            Test::Score(at, range) => self.of_score(&shop.scores[*at], range),
            Test::Waiting { since, without, after, at_most } => {
                if let Some(begun) = self.brute.begun(since, without) {
                    self.found.extend([begun + after, begun + at_most]);
                }
            }
            Test::Segment(at) => self.of_rule(&shop.segments[*at]),
            Test::Consent { .. } | Test::Prefers(_) => {}
        }
    }

    fn of_moments(&mut self, moments: &[Moment], at: Option<Ms>) {
        let Some(at) = at else { return };
        for moment in moments {
            match *moment {
                Moment::Within(window) => self.of_window(window, at),
                Moment::OlderThan(span) => self.found.push(at + span),
                Moment::InNext(span) => self.found.extend([at - span, at]),
            }
        }
    }

    fn of_window(&mut self, window: Window, at: Ms) {
        self.found.push(at);
        match window {
            Window::Last(span) => self.found.push(at + span),
            Window::During(period) => {
                let next = next_period(period, date(&self.brute.facts.zone, at));
                self.of_day(next);
            }
        }
    }

    fn of_day(&mut self, day: jiff::civil::Date) {
        // One before `to` as well, whose last instant is asked for.
        self.found.extend(starts(&self.brute.facts.zone, day, self.from, self.to + 1));
    }

    fn of_anniversary(&mut self, text: &str, days: u16) {
        let zone = &self.brute.facts.zone;
        let Some((month, day)) = yearly(text, zone) else { return };
        let years = date(zone, self.from).year()..=date(zone, self.to).year() + 1;
        for year in years {
            for day in day.min(28)..=day {
                let Ok(date) = jiff::civil::Date::new(year, month, day) else { continue };
                let first = date.saturating_sub(jiff::Span::new().days(days));
                self.of_day(first);
                self.of_day(date.tomorrow().unwrap());
            }
        }
    }

    fn of_metric(&mut self, metric: &Metric, range: &Range) {
        if let Computed::DaysSince = metric.kind {
            let instants = self.brute.facts.instants(metric.event, &metric.filter);
            let ends = [range.at_least, range.at_most, range.more_than, range.less_than];
            if let Some(newest) = instants.into_iter().max() {
                for end in ends.into_iter().flatten() {
                    self.found.extend((0..=1).map(|day| newest + (end / 100 + day) * DAY));
                }
            }
        } else if let Some(window) = metric.window {
            self.found.extend(self.brute.values(metric).iter().map(|(at, _)| at + window));
        }
    }

    /// From now on the score only halves, so it meets a limit where the logarithm says: or a
    /// little before or after, as far as rounding goes.
    fn of_score(&mut self, score: &Score, range: &Range) {
        let value = self.brute.points(score, self.from);
        let ends = [range.at_least, range.at_most, range.more_than, range.less_than];
        for end in ends.into_iter().flatten().map(|cents| cents as f64 / 100.0) {
            for limit in [end + 2.0 * slack(end), end - 2.0 * slack(end)] {
                if value > limit && limit > 0.0 {
                    let halvings = (value / limit).log2();
                    self.found.push(self.from + (halvings * score.half_life as f64) as Ms);
                }
            }
        }
    }
}
