//! What a filter is given, and the conversions that all filters share.

use std::sync::Arc;

use crate::excerpt::excerpt;
use crate::failure::Failure;
use crate::limits::Limit;
use crate::number::Number;
use crate::render::{Env, Stop};
use crate::value::{ITEM_BYTES, Value};

/// What a filter comes to.
pub(crate) type Filtered = Result<Value, Stop>;

/// One use of a filter.
pub(crate) struct Call<'c, 'r> {
    pub(crate) input: Value,
    pub(crate) arguments: &'c [Value],
    pub(crate) named: &'c [(&'r str, Value)],
    pub(crate) env: &'c mut Env<'r>,
}

impl Call<'_, '_> {
    /// The input as text.
    pub(crate) fn text(&mut self) -> Result<Arc<str>, Stop> {
        Ok(self.env.text(&self.input)?)
    }

    /// The input as a number.
    pub(crate) fn number(&self) -> Result<Number, Stop> {
        Ok(Number::of(&self.input)?)
    }

    /// An argument if it is there.
    pub(crate) fn given(&self, place: usize) -> Option<&Value> {
        self.arguments.get(place)
    }

    /// An argument, `nil` if it is not there.
    pub(crate) fn argument(&self, place: usize) -> Value {
        self.given(place).cloned().unwrap_or_default()
    }

    /// An argument as text, empty if it is not there.
    pub(crate) fn argument_text(&mut self, place: usize) -> Result<Arc<str>, Stop> {
        let argument = self.argument(place);
        Ok(self.env.text(&argument)?)
    }

    /// An argument as a number, 0 if it is not there.
    pub(crate) fn argument_number(&self, place: usize) -> Result<Number, Stop> {
        Ok(Number::of(&self.argument(place))?)
    }

    /// A named argument if it is there.
    pub(crate) fn named(&self, name: &str) -> Option<&Value> {
        self.named.iter().rev().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// Takes room for a text of this many bytes that is about to be made.
    pub(crate) fn room(&mut self, bytes: usize) -> Result<(), Stop> {
        Ok(self.env.budget.value(bytes)?)
    }

    /// Takes room for an array of this many items that is about to be made.
    pub(crate) fn room_for_items(&mut self, count: usize) -> Result<(), Stop> {
        self.room(count.saturating_mul(ITEM_BYTES))
    }

    /// The input as a list, as Ruby Liquid iterates over it: arrays inside of arrays are laid open,
    /// an object is a list of itself, and so is everything else, save `nil`, which is an empty list.
    pub(crate) fn items(&mut self) -> Result<Vec<Value>, Stop> {
        let input = self.input.clone();
        self.list(&input)
    }

    /// A value as such a list.
    pub(crate) fn list(&mut self, value: &Value) -> Result<Vec<Value>, Stop> {
        let mut list = Vec::new();
        match value {
            Value::Nil => {}
            Value::Array(items) => self.flatten(items, &mut list)?,
            Value::Range(range) => {
                self.room_for_items(range.len())?;
                list.extend((0..range.len()).filter_map(|place| range.at(place)));
            }
            other => list.push(other.clone()),
        }
        Ok(list)
    }

    fn flatten(&mut self, items: &[Value], list: &mut Vec<Value>) -> Result<(), Stop> {
        self.env.budget.look(items.len().saturating_mul(ITEM_BYTES))?;
        self.room_for_items(items.len())?;
        for item in items {
            match item {
                Value::Array(inner) => self.flatten(inner, list)?,
                other => list.push(other.clone()),
            }
        }
        Ok(())
    }
}

/// Why an item has no property.
pub(crate) enum NoProperty {
    /// Ruby's `NoMethodError`: the item has no properties at all, and the filter has no result.
    None,
    /// Ruby's `TypeError`, that the item has properties, but not with such a key; or a limit.
    Stop(Stop),
}

impl From<Limit> for NoProperty {
    fn from(limit: Limit) -> Self {
        Self::Stop(limit.into())
    }
}

/// Ruby's `item[key]`: an entry of an object, a part of a text, a bit of a number.
pub(crate) fn property(env: &mut Env<'_>, item: &Value, key: &Value) -> Result<Value, NoProperty> {
    let searched = if matches!(item, Value::Str(_) | Value::Html(_)) { item.weight() } else { 0 };
    env.budget.key(key.weight().saturating_add(searched), 1)?;
    let wrong = || {
        let property = key.as_str().map_or_else(|| key.kind().to_owned(), excerpt);
        NoProperty::Stop(Failure::NoProperty { item: item.kind(), property }.into())
    };
    match (item, key) {
        (Value::Object(object), Value::Str(key) | Value::Html(key)) => {
            Ok(object.get(key).cloned().unwrap_or_default())
        }
        (Value::Object(_), _) => Ok(Value::Nil),
        (Value::Str(text) | Value::Html(text), Value::Str(part) | Value::Html(part)) => {
            Ok(if text.contains(&**part) { key.clone() } else { Value::Nil })
        }
        (Value::Str(text) | Value::Html(text), Value::Int(place)) => {
            let len = text.chars().count();
            let found = crate::value::index(*place, len).and_then(|place| text.chars().nth(place));
            Ok(found.map(|c| Value::from(c.to_string())).into())
        }
        (Value::Int(number), Value::Int(bit)) => Ok(Value::Int(bit_of(*number, *bit))),
        (Value::Str(_) | Value::Html(_) | Value::Int(_), _) => Err(wrong()),
        _ => Err(NoProperty::None),
    }
}

fn bit_of(number: i64, bit: i64) -> i64 {
    match u32::try_from(bit) {
        Ok(bit) => (number >> bit.min(63)) & 1,
        Err(_) => 0,
    }
}
