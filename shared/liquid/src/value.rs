//! What a template computes with.
//!
//! Cloning is cheap: text, arrays and objects are shared and never changed in place, so a filter
//! that hands its input on costs nothing, however large the data is.

mod compare;
mod json;
mod lookup;
mod object;
mod range;
mod text;

use std::sync::Arc;

pub(crate) use lookup::{index, pair};
pub use object::Object;
pub use range::Range;
pub use text::Numbers;
pub(crate) use text::Printer;

/// A value in the data, or one that a template made.
///
/// ```
/// use attune_liquid::Value;
///
/// let person: Value = serde_json::from_str(r#"{ "name": "Ada", "visits": 3 }"#).unwrap();
/// assert_eq!(person.get("visits"), Some(&Value::Int(3)));
/// ```
#[derive(Debug, Clone, Default)]
pub enum Value {
    /// `nil`, and whatever a template asks for that is not there.
    #[default]
    Nil,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number of 64 bits.
    Int(i64),
    /// A number with a fraction. Sums over it are done in decimal, as in Ruby Liquid.
    Float(f64),
    /// Text that is escaped when it is written into HTML.
    Str(Arc<str>),
    /// Text that is HTML already and is written as it stands.
    Html(Arc<str>),
    /// A list.
    Array(Arc<[Value]>),
    /// Named values in the order in which they were given.
    Object(Arc<Object>),
    /// Whole numbers from a first to a last.
    Range(Range),
}

impl Value {
    /// Text that is HTML already. Only for markup you wrote yourself: nothing in it is escaped.
    pub fn html(markup: &str) -> Self {
        Self::Html(markup.into())
    }

    /// An array of these values.
    pub fn array(items: impl IntoIterator<Item = Self>) -> Self {
        Self::Array(items.into_iter().collect())
    }

    /// An object of these entries; of two with the same key the later one counts.
    pub fn object<K: Into<Arc<str>>>(entries: impl IntoIterator<Item = (K, Self)>) -> Self {
        Self::Object(Arc::new(entries.into_iter().collect()))
    }

    /// The entry of an object with this key.
    pub fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Object(object) => object.get(key),
            _ => None,
        }
    }

    /// The text of a [`Value::Str`] or [`Value::Html`].
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Str(text) | Self::Html(text) => Some(text),
            _ => None,
        }
    }

    /// Whether a condition takes this for true: everything but `nil` and `false`.
    pub fn is_truthy(&self) -> bool {
        !matches!(self, Self::Nil | Self::Bool(false))
    }

    /// What kind of value it is, in the words of a message.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Nil => "nothing",
            Self::Bool(true) => "true",
            Self::Bool(false) => "false",
            Self::Int(_) | Self::Float(_) => "a number",
            Self::Str(_) | Self::Html(_) => "text",
            Self::Array(_) => "an array",
            Self::Object(_) => "an object",
            Self::Range(_) => "a range",
        }
    }

    /// The empty text.
    pub(crate) fn empty() -> Self {
        Self::Str("".into())
    }

    /// What it costs to look at all of it, roughly in bytes: for charging work before doing it.
    pub(crate) fn weight(&self) -> usize {
        match self {
            Self::Str(text) | Self::Html(text) => text.len(),
            Self::Array(items) => items.len().saturating_mul(ITEM_BYTES),
            Self::Object(object) => object.len().saturating_mul(ITEM_BYTES),
            // A range is nowhere gone through without being charged for each number.
            _ => 0,
        }
    }
}

/// What one place in an array is taken to cost, in bytes.
pub(crate) const ITEM_BYTES: usize = size_of::<Value>();

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<i32> for Value {
    fn from(value: i32) -> Self {
        Self::Int(value.into())
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Str(value.into())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Str(value.into())
    }
}

impl From<Vec<Value>> for Value {
    fn from(items: Vec<Value>) -> Self {
        Self::Array(items.into())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Nil, Into::into)
    }
}
