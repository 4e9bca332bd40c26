//! Prints drawn rules as the definition file that a shop would write.

use serde_json::{Map, Value, json};

use crate::model::*;
use crate::value::instant_text;

/// The file. JSON is YAML.
pub(crate) fn shop(shop: &Shop) -> String {
    let named = |prefix: &str, values: Vec<Value>| -> Value {
        let name = |(at, value)| (format!("{prefix}{at}"), value);
        Value::Object(values.into_iter().enumerate().map(name).collect())
    };
    let segment = |(at, rule): (usize, &Rule)| json!({"id": segment_id(at), "when": rule_of(rule)});
    json!({
        "shop": {"timezone": shop.zone},
        "metrics": named("m", shop.metrics.iter().map(metric).collect()),
        "scores": named("p", shop.scores.iter().map(score).collect()),
        "segments": shop.segments.iter().enumerate().map(segment).collect::<Vec<_>>(),
        "templates": [{"id": "hello", "sms": "Hello"}],
        "programs": [program("welcome"), program("winback")],
    })
    .to_string()
}

/// The id of the segment at a place.
pub(crate) fn segment_id(at: usize) -> String {
    format!("s{at}")
}

fn program(id: &str) -> Value {
    json!({"id": id, "enter": "s0", "again": {"after": "1d"}, "send": {"template": "hello"}})
}

fn rule_of(rule: &Rule) -> Value {
    match rule {
        Rule::All(rules) => json!({"all": rules.iter().map(rule_of).collect::<Vec<_>>()}),
        Rule::Any(rules) => json!({"any": rules.iter().map(rule_of).collect::<Vec<_>>()}),
        Rule::Not(rule) => json!({"not": rule_of(rule)}),
        Rule::Leaf(leaf) => test(&leaf.test),
    }
}

fn test(test: &Test) -> Value {
    match test {
        Test::Trait { path, tests, moments, anniversary } => {
            let mut map = Map::from_iter([("trait".to_owned(), json!(path))]);
            map.extend(value_tests(tests));
            map.extend(moments.iter().map(moment));
            if let Some(days) = anniversary {
                let when = match days {
                    0 => json!("today"),
                    days => json!({"in_next": format!("{days}d")}),
                };
                map.insert("anniversary".to_owned(), when);
            }
            Value::Object(map)
        }
        Test::Event(did) => event(did),
        Test::Metric(at, range) => ranged("metric", &format!("m{at}"), range),
        Test::Score(at, range) => ranged("score", &format!("p{at}"), range),
        Test::Waiting { since, without, after, at_most } => json!({"waiting": {
            "since": since, "without": without, "for": span(*after), "at_most": span(*at_most)}}),
        Test::Segment(at) => json!({"segment": segment_id(*at)}),
        Test::Consent { channel, topic: None } => json!({"consent": channel}),
        Test::Consent { channel, topic } => {
            json!({"consent": {"channel": channel, "topic": topic}})
        }
        Test::Prefers(channel) => json!({"prefers": channel}),
    }
}

fn event(did: &Did) -> Value {
    let mut map = Map::from_iter([(did.word.to_owned(), json!(did.names))]);
    if !did.filter.is_empty() {
        map.insert("where".to_owned(), filter(&did.filter));
    }
    if let Some((low, high)) = did.times {
        let mut times = Map::from_iter([("at_least".to_owned(), json!(low))]);
        times.extend(high.map(|high| ("at_most".to_owned(), json!(high))));
        map.insert("times".to_owned(), Value::Object(times));
    }
    map.extend(did.within.map(|within| ("within".to_owned(), window(within))));
    for (key, moments) in [("first", &did.first), ("last", &did.last)] {
        if !moments.is_empty() {
            map.insert(key.to_owned(), Value::Object(moments.iter().map(moment).collect()));
        }
    }
    Value::Object(map)
}

fn filter(filter: &[(&str, Vec<ValueTest>)]) -> Value {
    let one = |(path, tests): &(&str, Vec<ValueTest>)| {
        ((*path).to_owned(), Value::Object(value_tests(tests).collect()))
    };
    Value::Object(filter.iter().map(one).collect())
}

fn value_tests(tests: &[ValueTest]) -> impl Iterator<Item = (String, Value)> {
    tests.iter().flat_map(|test| match test {
        ValueTest::In(scalars) if scalars.len() == 1 => vec![("is".into(), scalar(&scalars[0]))],
        ValueTest::In(scalars) => {
            vec![("in".into(), scalars.iter().map(scalar).collect())]
        }
        ValueTest::Contains(part) => vec![("contains".into(), json!(part))],
        ValueTest::StartsWith(start) => vec![("starts_with".into(), json!(start))],
        ValueTest::Number(range) => ends(range),
        ValueTest::Before(at) => vec![("before".into(), json!(instant_text(*at)))],
        ValueTest::After(at) => vec![("after".into(), json!(instant_text(*at)))],
        ValueTest::IsSet => vec![("is_set".into(), json!(true))],
    })
}

fn ranged(word: &str, id: &str, range: &Range) -> Value {
    let mut map = Map::from_iter([(word.to_owned(), json!(id))]);
    map.extend(ends(range));
    Value::Object(map)
}

fn ends(range: &Range) -> Vec<(String, Value)> {
    let ends = [
        ("at_least", range.at_least),
        ("at_most", range.at_most),
        ("more_than", range.more_than),
        ("less_than", range.less_than),
    ];
    let end = |(key, end): (&str, Option<Cents>)| Some((key.to_owned(), number(end?)));
    ends.into_iter().filter_map(end).collect()
}

fn scalar(scalar: &Scalar) -> Value {
    match scalar {
        Scalar::Text(text) => json!(text),
        Scalar::Number(cents) => number(*cents),
        Scalar::Bool(truth) => json!(truth),
    }
}

/// A decimal as JSON.
pub(crate) fn number(cents: Cents) -> Value {
    let sign = if cents < 0 { "-" } else { "" };
    let text = format!("{sign}{}.{:02}", cents.abs() / 100, cents.abs() % 100);
    serde_json::from_str(&text).unwrap()
}

fn moment(moment: &Moment) -> (String, Value) {
    let (key, value) = match moment {
        Moment::Within(within) => ("within", window(*within)),
        Moment::OlderThan(ms) => ("older_than", json!(span(*ms))),
        Moment::InNext(ms) => ("in_next", json!(span(*ms))),
    };
    (key.to_owned(), value)
}

fn window(window: Window) -> Value {
    match window {
        Window::Last(ms) => json!(span(ms)),
        Window::During(Period::Day) => json!("today"),
        Window::During(Period::Week) => json!("this_week"),
        Window::During(Period::Month) => json!("this_month"),
        Window::During(Period::Year) => json!("this_year"),
    }
}

fn span(ms: Ms) -> String {
    let units = [("d", DAY), ("h", HOUR), ("m", MINUTE), ("s", SECOND)];
    let (unit, length) = units.into_iter().find(|(_, length)| ms % length == 0).unwrap();
    format!("{}{unit}", ms / length)
}

fn metric(metric: &Metric) -> Value {
    let mut map = Map::new();
    match metric.kind {
        Computed::Sum(property) => map.extend(of("sum", property, metric.event)),
        Computed::Average(property) => map.extend(of("average", property, metric.event)),
        Computed::Count => map.extend([("count".to_owned(), json!(metric.event))]),
        Computed::DaysSince => map.extend([("days_since".to_owned(), json!(metric.event))]),
    }
    if !metric.filter.is_empty() {
        map.insert("where".to_owned(), filter(&metric.filter));
    }
    map.extend(metric.window.map(|ms| ("within".to_owned(), json!(span(ms)))));
    Value::Object(map)
}

fn of(word: &str, property: &str, event: &str) -> [(String, Value); 2] {
    [(word.to_owned(), json!(property)), ("of".to_owned(), json!(event))]
}

fn score(score: &Score) -> Value {
    let points = score.points.iter().map(|(event, cents)| ((*event).to_owned(), number(*cents)));
    json!({"half_life": span(score.half_life), "points": points.collect::<Map<_, _>>()})
}
