//! Calls and definitions that are not what they should be: refused with a place or a reason, never
//! a panic.

use attune_domain::definitions::{Definitions, Lineage};
use attune_domain::event::Writer;
use attune_domain::event::segment::{Arrival, read};
use attune_domain::id::CustomerId;
use attune_domain::problem::Problem;
use attune_domain::profile::Profile;
use attune_domain::step::{Input as Taken, step};
use fastrand::Rng;
use serde_json::{Map, Value, json};

use crate::case::Case;
use crate::draw::Draw;
use crate::model::Input;
use crate::teeth::Teeth;
use crate::wire::{self, instant};
use crate::{print, rules};

/// What stands where something else should.
fn junk(rng: &mut Rng) -> Value {
    match rng.u8(..16) {
        0 => Value::Null,
        1 => json!(rng.bool()),
        2 => json!(rng.i64(..)),
        3 => json!(rng.u64(..)),
        4 => json!(f64::from_bits(rng.u64(..))),
        5 => json!(""),
        6 => json!("\u{0}\u{202e}é"),
        7 => json!("9".repeat(rng.usize(..400))),
        8 => json!(["", null, {}, []]),
        9 => json!({"": {"a.b": [1]}}),
        10 => json!("9999-12-31T23:59:59.999999999Z"),
        11 => json!("-009999-01-01T00:00:00Z"),
        12 => json!("1e308"),
        13 => (0..rng.usize(..60)).fold(json!(1), |inner, _| json!([inner])),
        14 => json!("x".repeat(rng.usize(..5_000))),
        _ => json!(-0.0),
    }
}

const FIELDS: &[&str] = &[
    "type",
    "event",
    "userId",
    "anonymousId",
    "previousId",
    "groupId",
    "messageId",
    "timestamp",
    "originalTimestamp",
    "sentAt",
    "context",
    "properties",
    "traits",
    "name",
    "category",
    "timezone",
    "device",
    "token",
    "import",
    "order_id",
    "total",
    "products",
    "price",
    "quantity",
    "product_id",
    "channel",
    "address",
    "topic",
    "email",
    "phone",
    "birthday",
    "country",
];

/// Puts junk into one place of a value.
fn spoil(rng: &mut Rng, value: &mut Value) {
    match value {
        Value::Object(members) if !members.is_empty() && rng.u8(..10) < 8 => {
            spoil_object(rng, members);
        }
        Value::Array(elements) if !elements.is_empty() && rng.bool() => {
            let at = rng.usize(..elements.len());
            spoil(rng, &mut elements[at]);
        }
        value => *value = junk(rng),
    }
}

fn spoil_object(rng: &mut Rng, members: &mut Map<String, Value>) {
    let key = members.keys().nth(rng.usize(..members.len())).cloned().unwrap();
    match rng.u8(..8) {
        0 => drop(members.remove(&key)),
        1 => drop(members.insert(FIELDS[rng.usize(..FIELDS.len())].to_owned(), junk(rng))),
        2 => {
            let value = members.remove(&key).unwrap_or_default();
            members.insert(FIELDS[rng.usize(..FIELDS.len())].to_owned(), value);
        }
        _ => spoil(rng, &mut members[&key]),
    }
}

fn says_why(problem: &Problem) -> Result<(), String> {
    let told = problem.to_string();
    // What is wrong with the event as a whole has no place.
    let fits = told.len() > 8 && told.len() < 1_000;
    if fits { Ok(()) } else { Err(format!("a problem is told as {told:?}")) }
}

/// Spoiled calls are refused with a reason, or read; what is read can be stepped, judged and asked.
pub(crate) fn spoiled_calls(seed: u64) -> Result<Teeth, String> {
    let mut rng = Rng::with_seed(seed);
    let case = Case::of(seed % 64);
    let calls: Vec<Value> = case
        .inputs
        .iter()
        .filter_map(
            |input| if let Input::Call(call) = input { Some(wire::json(call)) } else { None },
        )
        .collect();
    let mut call = calls[rng.usize(..calls.len())].clone();
    (0..rng.usize(1..4)).for_each(|_| spoil(&mut rng, &mut call));
    let writer = [Writer::Browser, Writer::Server, Writer::Ourselves][rng.usize(..3)];
    let sent_at = rng.bool().then(|| instant(rng.i64(..)));
    let arrival = Arrival { received: instant(case.begin), sent_at, writer };
    let (event, problems) = match read(&call, &arrival) {
        Err(problem) => return says_why(&problem).map(|()| Teeth::default()),
        Ok(read) => read,
    };
    problems.iter().try_for_each(says_why)?;
    if event.occurred > event.received {
        return Err(format!("occurred in the future: {call}"));
    }
    let definitions = case.definitions();
    let profile = Profile::new(CustomerId::known("42"), &definitions, instant(case.begin));
    let stepped = step(profile, Taken::Event(&event), &definitions, event.received);
    stepped.problems.iter().try_for_each(says_why)?;
    let core = &stepped.profile.core;
    for segment in &definitions.segments {
        let explained = definitions.explain(&segment.rule, core, event.received);
        if explained.turns_at.is_some_and(|at| at <= event.received) {
            return Err(format!("turns in the past: {call}"));
        }
    }
    Ok(Teeth::default())
}

/// Words of the language, that stand in the wrong place.
const WORDS: &[&str] = &[
    "segments",
    "metrics",
    "scores",
    "programs",
    "templates",
    "shop",
    "policy",
    "id",
    "when",
    "all",
    "any",
    "not",
    "event",
    "trait",
    "metric",
    "score",
    "waiting",
    "segment",
    "consent",
    "prefers",
    "received",
    "times",
    "within",
    "first",
    "last",
    "where",
    "is",
    "in",
    "at_least",
    "at_most",
    "older_than",
    "in_next",
    "anniversary",
    "today",
    "7d",
    "0",
    "-1",
    "1e9",
    "s0",
    "null",
    "~",
    "*a",
    "&a",
    "!!int",
    "---",
    "- ",
    ": ",
    "{",
    "}",
    "[",
    "]",
    "\"",
    "'",
    "#",
    "\t",
    "\n",
    "|",
    ">",
    "%",
    "\u{0}",
    "\u{feff}",
    "é",
    "99999999999999999999d",
    "{{ x }}",
    "{% if %}",
];

/// Spoils a text in one place.
fn spoil_text(rng: &mut Rng, text: &mut String) {
    let places: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
    if places.is_empty() {
        return;
    }
    let at = places[rng.usize(..places.len())];
    let end = places[rng.usize(..places.len())].clamp(at, at.saturating_add(40));
    let end = (end..=text.len()).find(|end| text.is_char_boundary(*end)).unwrap();
    match rng.u8(..4) {
        0 => text.replace_range(at..end, ""),
        1 => text.insert_str(at, WORDS[rng.usize(..WORDS.len())]),
        2 => text.replace_range(at..end, WORDS[rng.usize(..WORDS.len())]),
        _ => {
            let copied = text[at..end].to_owned();
            text.insert_str(at, &copied);
        }
    }
}

/// Spoiled definitions are refused, each mistake with its place, or read as a whole.
pub(crate) fn spoiled_definitions(seed: u64) -> Result<Teeth, String> {
    let mut rng = Rng::with_seed(seed);
    let shop = rules::shop(&mut Draw::new(seed));
    let mut text = print::shop(&shop);
    let mut spoiled: Value = serde_json::from_str(&text).unwrap();
    if rng.bool() {
        spoil(&mut rng, &mut spoiled);
        text = spoiled.to_string();
    } else {
        (0..rng.usize(1..4)).for_each(|_| spoil_text(&mut rng, &mut text));
    }
    let mistakes = match Definitions::read(&[("spoiled.yaml", &text)], &Lineage::default().next()) {
        Ok(definitions) => {
            let profile = Profile::new(CustomerId::known("42"), &definitions, instant(0));
            let answers = definitions.answers(&profile.core.facts(), instant(0));
            drop(definitions.segments.iter().map(|s| s.rule.describe()).collect::<Vec<_>>());
            let all = answers.len() == definitions.segments.len();
            return if all { Ok(Teeth::default()) } else { Err("an answer is missing".to_owned()) };
        }
        Err(mistakes) => mistakes,
    };
    for mistake in &mistakes {
        let lines = text.lines().count().max(1) + 1;
        let place = &mistake.place;
        let there = &*place.file == "spoiled.yaml" && (1..=lines).contains(&place.line);
        if !there || place.column == 0 || mistake.wrong.to_string().is_empty() {
            return Err(format!("{mistake} in\n{text}"));
        }
    }
    if mistakes.is_empty() {
        Err(format!("refused without a mistake:\n{text}"))
    } else {
        Ok(Teeth::default())
    }
}
