//! When two values are equal, in which order they stand, and what counts as blank or empty.
//!
//! The rules are Ruby's: `1 == 1.0`, `1 != '1'`, an array equals one with equal items, an object one
//! with equal entries in whatever order.

use std::cmp::Ordering;

use super::Value;

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Nil, Self::Nil) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Str(a) | Self::Html(a), Self::Str(b) | Self::Html(b)) => a == b,
            (Self::Array(a), Self::Array(b)) => a == b,
            (Self::Object(a), Self::Object(b)) => {
                a.len() == b.len() && a.iter().all(|(key, value)| b.get(key) == Some(value))
            }
            (Self::Range(a), Self::Range(b)) => a == b,
            _ => compare_numbers(self, other) == Some(Ordering::Equal),
        }
    }
}

impl Value {
    /// The order of two numbers or two texts; `None` where Ruby has no order for the pair.
    pub(crate) fn order(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Str(a) | Self::Html(a), Self::Str(b) | Self::Html(b)) => Some(a.cmp(b)),
            _ => compare_numbers(self, other),
        }
    }

    /// Whether the value has an order at all: only with such a value is a failed `<` a mistake.
    pub(crate) fn is_ordered(&self) -> bool {
        matches!(self, Self::Int(_) | Self::Float(_) | Self::Str(_) | Self::Html(_))
    }

    /// Whether `== empty` holds: text, an array or an object without content.
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::Str(text) | Self::Html(text) => text.is_empty(),
            Self::Array(items) => items.is_empty(),
            Self::Object(object) => object.is_empty(),
            _ => false,
        }
    }

    /// Whether `== blank` holds: what is empty, `nil`, `false`, and text of nothing but white space.
    pub(crate) fn is_blank(&self) -> bool {
        match self {
            Self::Nil | Self::Bool(false) => true,
            Self::Str(text) | Self::Html(text) => text.trim().is_empty(),
            _ => self.is_empty(),
        }
    }
}

/// The order of two numbers, exact even where a whole number has more digits than a float.
fn compare_numbers(a: &Value, b: &Value) -> Option<Ordering> {
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => Some(a.cmp(b)),
        (Value::Float(a), Value::Float(b)) => a.partial_cmp(b),
        (Value::Int(a), Value::Float(b)) => compare_mixed(*a, *b),
        (Value::Float(a), Value::Int(b)) => compare_mixed(*b, *a).map(Ordering::reverse),
        _ => None,
    }
}

fn compare_mixed(int: i64, float: f64) -> Option<Ordering> {
    /// 2^63: from here on a float is larger than every `i64`.
    const BEYOND: f64 = 9_223_372_036_854_775_808.0;
    if float.is_nan() {
        return None;
    }
    if float >= BEYOND {
        return Some(Ordering::Less);
    }
    if float < -BEYOND {
        return Some(Ordering::Greater);
    }
    #[expect(clippy::cast_possible_truncation, reason = "the range was checked just above")]
    let whole = float.trunc() as i64;
    Some(int.cmp(&whole).then_with(|| 0.0.partial_cmp(&float.fract()).unwrap_or(Ordering::Equal)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_number_equals_the_same_number_with_a_fraction_of_zero() {
        assert_eq!(Value::Int(1), Value::Float(1.0));
        assert_ne!(Value::Int(1), Value::from("1"));
    }

    #[test]
    fn large_whole_numbers_are_not_rounded_when_compared() {
        let large = 9_007_199_254_740_993;
        assert_eq!(
            Value::Int(large).order(&Value::Float(9_007_199_254_740_992.0)),
            Some(Ordering::Greater)
        );
        assert_eq!(Value::Int(i64::MAX).order(&Value::Float(1e19)), Some(Ordering::Less));
        assert_eq!(Value::Int(-3).order(&Value::Float(-3.5)), Some(Ordering::Greater));
    }

    #[test]
    fn objects_are_equal_whatever_the_order_of_their_entries() {
        let a = Value::object([("x", Value::Int(1)), ("y", Value::Int(2))]);
        let b = Value::object([("y", Value::Int(2)), ("x", Value::Int(1))]);
        assert_eq!(a, b);
    }
}
