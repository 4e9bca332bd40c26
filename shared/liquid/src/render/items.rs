//! What a loop goes over, without writing it out: a range of a million numbers costs nothing.

use std::sync::Arc;

use crate::value::{Object, Range, Value, pair};

/// What a loop goes over.
#[derive(Debug, Clone)]
pub(crate) enum Items {
    None,
    /// Text is one item, not its characters.
    One(Value),
    Array(Arc<[Value]>),
    /// An object's items are pairs of key and value.
    Object(Arc<Object>),
    Range(Range),
}

impl Items {
    pub(crate) fn of(value: Value) -> Self {
        match value {
            Value::Str(_) | Value::Html(_) if !value.is_empty() => Self::One(value),
            Value::Array(items) => Self::Array(items),
            Value::Object(object) => Self::Object(object),
            Value::Range(range) => Self::Range(range),
            _ => Self::None,
        }
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Self::None => 0,
            Self::One(_) => 1,
            Self::Array(items) => items.len(),
            Self::Object(object) => object.len(),
            Self::Range(range) => range.len(),
        }
    }

    /// Whether an offset and a limit choose among the items. Ruby gives a text whole or not at all.
    pub(crate) fn is_sliced(&self) -> bool {
        !matches!(self, Self::One(_))
    }

    /// The item at this place, counted from 0.
    pub(crate) fn at(&self, place: usize) -> Option<Value> {
        match self {
            Self::None => None,
            Self::One(value) => (place == 0).then(|| value.clone()),
            Self::Array(items) => items.get(place).cloned(),
            Self::Object(object) => object.at(place).map(|(key, value)| pair(key, value)),
            Self::Range(range) => range.at(place),
        }
    }
}
