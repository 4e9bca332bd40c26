//! What stands behind a dot or a bracket.

use std::sync::Arc;

use super::Value;

impl Value {
    /// The value behind `[key]`: an entry of an object, or a place in an array, where a negative
    /// number counts from the end. `None` where there is nothing.
    pub(crate) fn entry(&self, key: &Self) -> Option<Self> {
        match (self, key) {
            (Self::Object(object), Self::Str(key) | Self::Html(key)) => object.get(key).cloned(),
            (Self::Array(items), Self::Int(place)) => {
                items.get(index(*place, items.len())?).cloned()
            }
            _ => None,
        }
    }

    /// The value behind `.name`: an entry of that name, else one of the words `size`, `first` and
    /// `last`. `None` where there is nothing.
    pub(crate) fn property(&self, name: &str) -> Option<Self> {
        if let Self::Object(object) = self
            && let Some(value) = object.get(name)
        {
            return Some(value.clone());
        }
        match name {
            "size" => self.size(),
            "first" => self.first(),
            "last" => self.last(),
            _ => None,
        }
    }

    /// How many characters, items, entries or numbers there are; `None` where that has no meaning.
    /// A whole number has 8 bytes, which is what Ruby tells.
    pub(crate) fn size(&self) -> Option<Self> {
        let size = match self {
            Self::Str(text) | Self::Html(text) => text.chars().count(),
            Self::Array(items) => items.len(),
            Self::Object(object) => object.len(),
            Self::Range(range) => range.len(),
            Self::Int(_) => size_of::<i64>(),
            _ => return None,
        };
        Some(Self::Int(i64::try_from(size).unwrap_or(i64::MAX)))
    }

    /// The first item, number, character or entry (as a pair).
    pub(crate) fn first(&self) -> Option<Self> {
        match self {
            Self::Str(text) | Self::Html(text) => {
                Some(text.chars().next().map_or(Self::empty(), character))
            }
            Self::Array(items) => items.first().cloned(),
            Self::Object(object) => object.at(0).map(|(key, value)| pair(key, value)),
            Self::Range(range) => range.at(0),
            _ => None,
        }
    }

    /// The last item, number or character. Ruby's objects have a first entry but no last one.
    pub(crate) fn last(&self) -> Option<Self> {
        match self {
            Self::Str(text) | Self::Html(text) => {
                Some(text.chars().next_back().map_or(Self::empty(), character))
            }
            Self::Array(items) => items.last().cloned(),
            Self::Range(range) if !range.is_empty() => Some(Self::Int(range.last)),
            _ => None,
        }
    }
}

/// An entry of an object as a loop sees it: an array of key and value.
pub(crate) fn pair(key: &Arc<str>, value: &Value) -> Value {
    Value::array([Value::Str(key.clone()), value.clone()])
}

/// The place that a Ruby index means in a list of this length.
pub(crate) fn index(place: i64, len: usize) -> Option<usize> {
    match usize::try_from(place) {
        Ok(place) => Some(place),
        Err(_) => len.checked_sub(usize::try_from(place.unsigned_abs()).ok()?),
    }
}

fn character(character: char) -> Value {
    Value::Str(character.encode_utf8(&mut [0; 4]).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_negative_index_counts_from_the_end() {
        let letters = Value::array([Value::from("a"), Value::from("b")]);
        assert_eq!(letters.entry(&Value::Int(-1)), Some(Value::from("b")));
        assert_eq!(letters.entry(&Value::Int(-3)), None);
        assert_eq!(letters.entry(&Value::Int(i64::MIN)), None);
    }

    #[test]
    fn an_entry_named_size_hides_the_size() {
        let object = Value::object([("size", Value::Int(99))]);
        assert_eq!(object.property("size"), Some(Value::Int(99)));
        assert_eq!(
            object.property("first"),
            Some(Value::array([Value::from("size"), Value::Int(99)]))
        );
    }
}
