//! What the oracle makes of single values: numbers, instants, and tests on them.

use serde_json::{Map, Value};

use crate::model::*;

/// An instant in RFC 3339.
pub(crate) fn instant_text(at: Ms) -> String {
    format!("{:.3}", jiff::Timestamp::from_millisecond(at).unwrap())
}

/// The hundredths in a number, or in a text that is one.
pub(crate) fn cents(value: &Value) -> Option<Cents> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.parse::<f64>().ok(),
        _ => None,
    };
    number.map(|number| (number * 100.0).round() as Cents)
}

/// The instant in a text, or in a number of seconds.
pub(crate) fn instant(value: &Value) -> Option<Ms> {
    match value {
        Value::Number(seconds) => Some(seconds.as_i64()? * 1000),
        Value::String(text) if text.len() == 10 => {
            let date: jiff::civil::Date = text.parse().ok()?;
            Some(date.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_millisecond())
        }
        Value::String(text) => Some(text.parse::<jiff::Timestamp>().ok()?.as_millisecond()),
        _ => None,
    }
}

pub(crate) fn in_range(range: &Range, cents: Cents) -> bool {
    !(range.at_least.is_some_and(|end| cents < end)
        || range.at_most.is_some_and(|end| cents > end)
        || range.more_than.is_some_and(|end| cents <= end)
        || range.less_than.is_some_and(|end| cents >= end))
}

/// Whether a value, or one of its elements, passes every test.
pub(crate) fn passes(value: &Value, tests: &[ValueTest]) -> bool {
    match value {
        Value::Array(elements) => elements.iter().any(|one| passes(one, tests)),
        one => tests.iter().all(|test| passes_one(one, test)),
    }
}

fn passes_one(value: &Value, test: &ValueTest) -> bool {
    match test {
        ValueTest::In(scalars) => scalars.iter().any(|scalar| equals(value, scalar)),
        ValueTest::Contains(part) => value.as_str().is_some_and(|text| text.contains(part)),
        ValueTest::StartsWith(start) => value.as_str().is_some_and(|text| text.starts_with(start)),
        ValueTest::Number(range) => cents(value).is_some_and(|number| in_range(range, number)),
        ValueTest::Before(limit) => instant(value).is_some_and(|at| at < *limit),
        ValueTest::After(limit) => instant(value).is_some_and(|at| at > *limit),
        ValueTest::IsSet => !value.is_null() && value.as_str().is_none_or(|t| !t.trim().is_empty()),
    }
}

fn equals(value: &Value, scalar: &Scalar) -> bool {
    match scalar {
        Scalar::Text(text) => value.as_str() == Some(text),
        Scalar::Number(number) => cents(value) == Some(*number),
        Scalar::Bool(truth) => {
            value.as_bool() == Some(*truth) || value.as_str() == Some(&truth.to_string())
        }
    }
}

/// Whether the properties pass a filter: for each path, some value that it leads to.
pub(crate) fn fits(
    properties: Option<&Map<String, Value>>,
    filter: &[(&str, Vec<ValueTest>)],
) -> bool {
    filter.iter().all(|(path, tests)| {
        let (first, rest) = path.split_once('.').unwrap_or((path, ""));
        let member = properties.and_then(|properties| properties.get(first));
        member.is_some_and(|member| leads(member, rest, tests))
    })
}

/// Whether the path leads to a value that passes; in a list by any of its elements.
fn leads(value: &Value, path: &str, tests: &[ValueTest]) -> bool {
    match value {
        value if path.is_empty() => passes(value, tests),
        Value::Array(elements) => elements.iter().any(|one| leads(one, path, tests)),
        Value::Object(members) => {
            let (first, rest) = path.split_once('.').unwrap_or((path, ""));
            members.get(first).is_some_and(|member| leads(member, rest, tests))
        }
        _ => false,
    }
}
