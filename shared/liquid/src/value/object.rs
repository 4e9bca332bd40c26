//! An object whose entries keep their order, so that the same data prints the same text.

use std::sync::Arc;

use indexmap::IndexMap;

use super::Value;

/// Named values in the order in which they were given.
#[derive(Debug, Clone, Default)]
pub struct Object(IndexMap<Arc<str>, Value>);

impl Object {
    /// The value with this key.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.get(key)
    }

    /// The entry at this place, counted from 0.
    pub fn at(&self, place: usize) -> Option<(&Arc<str>, &Value)> {
        self.0.get_index(place)
    }

    /// The entries in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Arc<str>, &Value)> {
        self.0.iter()
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Puts an entry at the end, or changes the one with this key where it stands.
    pub fn insert(&mut self, key: impl Into<Arc<str>>, value: Value) {
        self.0.insert(key.into(), value);
    }
}

impl<K: Into<Arc<str>>> FromIterator<(K, Value)> for Object {
    fn from_iter<I: IntoIterator<Item = (K, Value)>>(entries: I) -> Self {
        Self(entries.into_iter().map(|(key, value)| (key.into(), value)).collect())
    }
}
