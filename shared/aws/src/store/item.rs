//! Items by name and type, with a clear error for what is not there.

use std::collections::HashMap;

use attune_domain::time::Timestamp;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;

use super::{StoreError, Table};

/// Attributes by name.
pub(super) type Attributes = HashMap<String, AttributeValue>;

/// Builds an item.
#[derive(Debug, Default, Clone)]
pub(super) struct Build(Attributes);

impl Build {
    pub(super) fn text(mut self, name: &str, value: impl Into<String>) -> Self {
        self.0.insert(name.to_owned(), text(value));
        self
    }

    pub(super) fn number(mut self, name: &str, value: impl ToString) -> Self {
        self.0.insert(name.to_owned(), number(value));
        self
    }

    pub(super) fn time(self, name: &str, at: Timestamp) -> Self {
        self.number(name, at.millis())
    }

    pub(super) fn bytes(mut self, name: &str, value: Vec<u8>) -> Self {
        self.0.insert(name.to_owned(), AttributeValue::B(Blob::new(value)));
        self
    }

    pub(super) fn flag(mut self, name: &str, value: bool) -> Self {
        if value {
            self.0.insert(name.to_owned(), AttributeValue::Bool(true));
        }
        self
    }

    /// A text, if there is one.
    pub(super) fn maybe(self, name: &str, value: Option<impl Into<String>>) -> Self {
        match value {
            Some(value) => self.text(name, value),
            None => self,
        }
    }

    pub(super) fn done(self) -> Attributes {
        self.0
    }
}

pub(super) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

pub(super) fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// Reads an item.
#[derive(Debug, Clone, Copy)]
pub(super) struct Read<'a> {
    pub(super) table: Table,
    pub(super) item: &'a Attributes,
}

impl<'a> Read<'a> {
    pub(super) fn text(&self, name: &str) -> Result<&'a str, StoreError> {
        self.maybe_text(name).ok_or_else(|| self.unreadable(name))
    }

    pub(super) fn maybe_text(&self, name: &str) -> Option<&'a str> {
        self.item.get(name)?.as_s().ok().map(String::as_str)
    }

    pub(super) fn number<N: std::str::FromStr>(&self, name: &str) -> Result<N, StoreError> {
        self.maybe_number(name).ok_or_else(|| self.unreadable(name))
    }

    pub(super) fn maybe_number<N: std::str::FromStr>(&self, name: &str) -> Option<N> {
        self.item.get(name)?.as_n().ok()?.parse().ok()
    }

    pub(super) fn time(&self, name: &str) -> Result<Timestamp, StoreError> {
        self.number(name).map(Timestamp::from_millis)
    }

    pub(super) fn maybe_time(&self, name: &str) -> Option<Timestamp> {
        self.maybe_number(name).map(Timestamp::from_millis)
    }

    pub(super) fn bytes(&self, name: &str) -> Result<&'a [u8], StoreError> {
        let blob = self.item.get(name).and_then(|value| value.as_b().ok());
        blob.map(AsRef::as_ref).ok_or_else(|| self.unreadable(name))
    }

    /// The members of a set of texts.
    pub(super) fn texts(&self, name: &str) -> impl Iterator<Item = &'a str> + use<'a> {
        let set = self.item.get(name).and_then(|value| value.as_ss().ok());
        set.into_iter().flatten().map(String::as_str)
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        self.item.contains_key(name)
    }

    /// What a function that may refuse makes of a text.
    pub(super) fn parsed<T>(
        &self,
        name: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, StoreError> {
        parse(self.text(name)?).ok_or_else(|| self.unreadable(name))
    }

    pub(super) fn unreadable(&self, what: &str) -> StoreError {
        StoreError::Unreadable { table: self.table.suffix(), what: what.to_owned() }
    }
}
