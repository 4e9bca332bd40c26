//! Makes a failing case smaller: fewer inputs, and smaller rules.

use std::fmt::Write;

use crate::case::Case;
use crate::model::*;
use crate::teeth::Kind;
use crate::value::instant_text;
use crate::{print, wire};

impl Case {
    /// Every case that is this one with one thing taken away.
    pub(crate) fn smaller(&self) -> Vec<Self> {
        let without = |at: usize| Self { inputs: without(&self.inputs, at), ..self.clone() };
        let mut smaller: Vec<Self> = (0..self.inputs.len()).rev().map(without).collect();
        for (place, rule) in self.shop.segments.iter().enumerate() {
            for rule in smaller_rules(rule) {
                let mut case = self.clone();
                case.shop.segments[place] = rule;
                smaller.push(case);
            }
        }
        smaller
    }

    /// The case in words.
    pub(crate) fn told(&self) -> String {
        let mut told =
            format!("{}\nbegins {}\n", print::shop(&self.shop), instant_text(self.begin));
        for input in &self.inputs {
            let at = instant_text(input.at());
            let line = match input {
                Input::Call(call) => {
                    let occurred = instant_text(call.occurred);
                    format!(
                        "occurred {occurred} hash {:016x} {}",
                        wire::hash(&call.message_id),
                        wire::json(call)
                    )
                }
                Input::Again(call, _) => format!("input {call} again"),
                Input::Merge(_) => "merge".to_owned(),
                Input::Tick(_) => "tick".to_owned(),
            };
            writeln!(told, "{at} {line}").unwrap();
        }
        told
    }
}

fn without(inputs: &[Input], gone: usize) -> Vec<Input> {
    let kept = inputs.iter().enumerate().filter(|(at, _)| *at != gone);
    let moved = |(_, input): (usize, &Input)| match input {
        Input::Again(call, _) if *call == gone => None,
        Input::Again(call, at) if *call > gone => Some(Input::Again(call - 1, *at)),
        input => Some(input.clone()),
    };
    let left: Vec<Input> = kept.filter_map(moved).collect();
    // Taking a repeated call away takes its repetitions along, which moves what follows.
    let fits = |input: &Input| match input {
        Input::Again(call, _) => matches!(left.get(*call), Some(Input::Call(_))),
        _ => true,
    };
    left.iter().filter(|input| fits(input)).cloned().collect()
}

/// A rule that looks at nothing much.
fn least() -> Rule {
    Rule::Leaf(Leaf { kinds: vec![Kind::Prefers], test: Test::Prefers("push") })
}

fn smaller_rules(rule: &Rule) -> Vec<Rule> {
    let group = |rules: &[Rule], make: fn(Vec<Rule>) -> Rule| {
        let mut smaller = rules.to_vec();
        for at in 0..rules.len() {
            let mut fewer = rules.to_vec();
            fewer.remove(at);
            if !fewer.is_empty() {
                smaller.push(make(fewer));
            }
            for inside in smaller_rules(&rules[at]) {
                let mut changed = rules.to_vec();
                changed[at] = inside;
                smaller.push(make(changed));
            }
        }
        smaller
    };
    match rule {
        Rule::Leaf(Leaf { test: Test::Prefers("push"), .. }) => Vec::new(),
        Rule::Leaf(leaf) => smaller_leaves(leaf),
        Rule::Not(rule) => vec![least(), (**rule).clone()],
        Rule::All(rules) => [vec![least()], group(rules, Rule::All)].concat(),
        Rule::Any(rules) => [vec![least()], group(rules, Rule::Any)].concat(),
    }
}

fn smaller_leaves(leaf: &Leaf) -> Vec<Rule> {
    let mut smaller = vec![least()];
    if let Test::Event(did) = &leaf.test {
        let fewer = [
            Did { filter: Vec::new(), ..did.clone() },
            Did { times: None, ..did.clone() },
            Did { within: None, ..did.clone() },
            Did { first: Vec::new(), ..did.clone() },
            Did { last: Vec::new(), ..did.clone() },
        ];
        let size = |did: &Did| {
            let (times, within) =
                (usize::from(did.times.is_some()), usize::from(did.within.is_some()));
            did.filter.len() + did.first.len() + did.last.len() + times + within
        };
        for fewer in fewer.into_iter().filter(|fewer| size(fewer) < size(did)) {
            smaller.push(Rule::Leaf(Leaf { test: Test::Event(fewer), ..leaf.clone() }));
        }
    }
    smaller
}
