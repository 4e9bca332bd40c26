//! Tests on one fact: a trait of a profile, or a property of an event.
//!
//! They look at the value alone, so they hold or not for as long as the value stands. Tests that
//! time can turn are in [`crate::moment`].

use serde_json::Value;

use crate::number::Number;
use crate::time::Timestamp;

/// A test on a JSON value. A list passes if any of its elements does.
#[derive(Debug, Clone, PartialEq)]
pub enum ValueTest {
    /// Equal to one of these scalars.
    In(Vec<Scalar>),
    /// A text that holds this text.
    Contains(String),
    /// A text that begins with this text.
    StartsWith(String),
    /// A number in this range.
    Number(Range),
    /// An instant before this one.
    Before(Timestamp),
    /// An instant after this one.
    After(Timestamp),
    /// Anything but null, an empty text or an empty list.
    IsSet,
}

impl ValueTest {
    /// Whether `value`, or any element of it, passes.
    pub fn holds(&self, value: &Value) -> bool {
        match value {
            Value::Array(elements) => elements.iter().any(|element| self.holds(element)),
            value => self.holds_for_one(value),
        }
    }

    fn holds_for_one(&self, value: &Value) -> bool {
        match self {
            Self::In(scalars) => scalars.iter().any(|scalar| scalar.equals(value)),
            Self::Contains(part) => value.as_str().is_some_and(|text| text.contains(part)),
            Self::StartsWith(start) => value.as_str().is_some_and(|text| text.starts_with(start)),
            Self::Number(range) => Number::of(value).is_some_and(|number| range.holds(number)),
            Self::Before(limit) => instant_of(value).is_some_and(|instant| instant < *limit),
            Self::After(limit) => instant_of(value).is_some_and(|instant| instant > *limit),
            Self::IsSet => match value {
                Value::Null => false,
                Value::String(text) => !text.trim().is_empty(),
                _ => true,
            },
        }
    }

    /// A text that is the same in every release for the same test.
    pub(crate) fn name(&self) -> String {
        let end = |end: Option<Number>| end.map_or(String::new(), |n| n.micros().to_string());
        match self {
            Self::In(scalars) => {
                format!("in {}", scalars.iter().map(Scalar::name).collect::<Vec<_>>().join(","))
            }
            Self::Contains(part) => format!("contains {part:?}"),
            Self::StartsWith(start) => format!("starts {start:?}"),
            Self::Number(Range { at_least, at_most, more_than, less_than }) => {
                let (low, high) = (end(*at_least), end(*at_most));
                format!("number {low} {high} {} {}", end(*more_than), end(*less_than))
            }
            Self::Before(limit) => format!("before {}", limit.millis()),
            Self::After(limit) => format!("after {}", limit.millis()),
            Self::IsSet => "set".to_owned(),
        }
    }

    /// In words, to follow the name of the fact: `is FR, BE or CH`.
    pub fn describe(&self) -> String {
        match self {
            Self::In(scalars) => format!("is {}", or(scalars.iter().map(Scalar::describe))),
            Self::Contains(part) => format!("contains “{part}”"),
            Self::StartsWith(start) => format!("starts with “{start}”"),
            Self::Number(range) => format!("is {}", range.describe()),
            Self::Before(limit) => format!("is before {limit}"),
            Self::After(limit) => format!("is after {limit}"),
            Self::IsSet => "is set".to_owned(),
        }
    }
}

/// A value that a fact can be equal to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scalar {
    /// `true` or `false`; the texts `true` and `false` are equal to it.
    Bool(bool),
    /// A number; a text that is the same number is equal to it.
    Number(Number),
    /// A text, compared character by character.
    Text(String),
}

impl Scalar {
    fn equals(&self, value: &Value) -> bool {
        match (self, value) {
            (Self::Bool(expected), Value::Bool(found)) => expected == found,
            (Self::Bool(expected), Value::String(found)) => *found == expected.to_string(),
            (Self::Number(expected), found) => Number::of(found) == Some(*expected),
            (Self::Text(expected), Value::String(found)) => expected == found,
            (Self::Text(expected), Value::Number(found)) => *expected == found.to_string(),
            _ => false,
        }
    }

    fn name(&self) -> String {
        match self {
            Self::Bool(value) => value.to_string(),
            Self::Number(value) => value.micros().to_string(),
            Self::Text(value) => format!("{value:?}"),
        }
    }

    fn describe(&self) -> String {
        match self {
            Self::Bool(value) => value.to_string(),
            Self::Number(value) => value.to_string(),
            Self::Text(value) => value.clone(),
        }
    }
}

/// A range of numbers; at least one of its ends is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Range {
    /// The smallest number inside.
    pub at_least: Option<Number>,
    /// The largest number inside.
    pub at_most: Option<Number>,
    /// The largest number below the range.
    pub more_than: Option<Number>,
    /// The smallest number above the range.
    pub less_than: Option<Number>,
}

impl Range {
    /// Exactly this number.
    pub fn exactly(number: Number) -> Self {
        Self { at_least: Some(number), at_most: Some(number), ..Self::default() }
    }

    /// Whether `number` is inside.
    pub fn holds(&self, number: Number) -> bool {
        self.at_least.is_none_or(|end| number >= end)
            && self.at_most.is_none_or(|end| number <= end)
            && self.more_than.is_none_or(|end| number > end)
            && self.less_than.is_none_or(|end| number < end)
    }

    /// Whether no number can be inside.
    pub fn is_empty(&self) -> bool {
        let lower = self.at_least.max(self.more_than.map(|n| n.plus(Number::from_micros(1))));
        let upper = [self.at_most, self.less_than.map(|n| n.minus(Number::from_micros(1)))];
        upper.into_iter().flatten().min().is_some_and(|upper| lower.is_some_and(|l| l > upper))
    }

    /// In words: `at least 3 and less than 9`.
    pub fn describe(&self) -> String {
        if let (Some(low), Some(high)) = (self.at_least, self.at_most)
            && low == high
        {
            return format!("exactly {low}");
        }
        let ends = [
            ("at least", self.at_least),
            ("more than", self.more_than),
            ("at most", self.at_most),
            ("less than", self.less_than),
        ];
        let words = ends.into_iter().filter_map(|(words, end)| Some(format!("{words} {}", end?)));
        words.collect::<Vec<_>>().join(" and ")
    }
}

/// The instant in a JSON value: a text that [`Timestamp::parse`] reads, or a number of seconds or
/// milliseconds since 1970 (from 10^11 on it is milliseconds, as no shop has dates past 5138).
pub fn instant_of(value: &Value) -> Option<Timestamp> {
    match value {
        Value::String(text) => Timestamp::parse(text).ok(),
        Value::Number(number) => {
            let number = number.as_f64().filter(|n| n.is_finite() && n.abs() < 1e15)?;
            let millis = if number.abs() < 1e11 { number * 1000.0 } else { number };
            #[expect(clippy::cast_possible_truncation, reason = "bounded above by 10^15")]
            Some(Timestamp::from_millis(millis as i64))
        }
        _ => None,
    }
}

/// Every value that `path` (names joined by dots) leads to; a list on the way means each of its
/// elements. A key that itself holds dots is found too.
pub fn reach<'a>(value: &'a Value, path: &str) -> Vec<&'a Value> {
    let mut found = Vec::new();
    walk(value, path, &mut found);
    found
}

/// Recursion is bounded by the nesting of `value`, which is checked where events come in.
fn walk<'a>(value: &'a Value, path: &str, found: &mut Vec<&'a Value>) {
    match value {
        Value::Array(elements) => elements.iter().for_each(|element| walk(element, path, found)),
        Value::Object(members) => {
            if let Some(member) = members.get(path) {
                found.push(member);
            } else if let Some((first, rest)) = path.split_once('.')
                && let Some(member) = members.get(first)
            {
                walk(member, rest, found);
            }
        }
        _ => {}
    }
}

/// `a, b or c`
pub(crate) fn or(words: impl Iterator<Item = String>) -> String {
    listed(words, "or")
}

/// `a, b and c`
pub(crate) fn listed(words: impl Iterator<Item = String>, last: &str) -> String {
    let words: Vec<String> = words.collect();
    match words.as_slice() {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., end] => format!("{} {last} {end}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_list_on_the_way_means_any_of_its_elements() {
        let order = json!({"products": [{"category": "Beer"}, {"category": "Wine"}]});
        let wine = ValueTest::In(vec![Scalar::Text("Wine".into())]);
        assert!(reach(&order, "products.category").into_iter().any(|value| wine.holds(value)));
        assert!(reach(&order, "products.price").is_empty());
    }

    #[test]
    fn numbers_and_their_texts_are_equal() {
        let two = ValueTest::In(vec![Scalar::Number(Number::from_integer(2))]);
        for value in [json!(2), json!(2.0), json!("2"), json!(["1", "2"])] {
            assert!(two.holds(&value), "{value}");
        }
        assert!(!two.holds(&json!("two")));
    }

    #[test]
    fn a_number_is_an_instant_in_seconds_or_milliseconds() {
        assert_eq!(instant_of(&json!(1_790_000_000)), instant_of(&json!(1_790_000_000_000_i64)));
        assert_eq!(
            instant_of(&json!("2026-10-01")).unwrap().to_string(),
            "2026-10-01T00:00:00.000Z"
        );
    }

    #[test]
    fn what_is_blank_is_not_set() {
        for blank in [json!(null), json!(""), json!("  "), json!([])] {
            assert!(!ValueTest::IsSet.holds(&blank), "{blank}");
        }
        assert!(ValueTest::IsSet.holds(&json!(false)));
    }

    #[test]
    fn a_range_says_itself_in_words() {
        let number = Number::from_integer;
        let range =
            Range { at_least: Some(number(3)), less_than: Some(number(9)), ..Range::default() };
        assert_eq!(range.describe(), "at least 3 and less than 9");
        assert_eq!(Range::exactly(number(4)).describe(), "exactly 4");
        assert!(!range.is_empty());
        let none = Range { more_than: Some(number(3)), at_most: Some(number(3)), ..range };
        assert!(none.is_empty());
    }
}
