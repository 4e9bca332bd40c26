//! Filters that choose items of an array by a property.
//!
//! All of them take the name of the property and perhaps its value; without a value any that is not
//! `nil` or `false` will do.

use crate::value::Value;

use super::Filter;
use super::call::{Call, Filtered, NoProperty, property};

pub(super) const FILTERS: &[Filter] = &[
    Filter::new("where", 1, 2, |call| keep(call, true)),
    Filter::new("reject", 1, 2, |call| keep(call, false)),
    Filter::new("has", 1, 2, has),
    Filter::new("find", 1, 2, find),
    Filter::new("find_index", 1, 2, find_index),
];

/// Whether an item has the property; `None` where it has none at all, which ends the filter.
fn matches(call: &mut Call<'_, '_>, item: &Value) -> Result<Option<bool>, crate::render::Stop> {
    let value = match property(call.env, item, &call.argument(0)) {
        Ok(value) => value,
        Err(NoProperty::None) => return Ok(None),
        Err(NoProperty::Stop(stop)) => return Err(stop),
    };
    match call.argument(1) {
        Value::Nil => Ok(Some(value.is_truthy())),
        wanted => Ok(Some(call.env.equal(&value, &wanted)?)),
    }
}

/// The items that match, or those that do not.
fn keep(call: &mut Call<'_, '_>, matching: bool) -> Filtered {
    let mut kept = Vec::new();
    for item in call.items()? {
        match matches(call, &item)? {
            Some(matched) if matched == matching => kept.push(item),
            Some(_) => {}
            None => return Ok(Value::Nil),
        }
    }
    Ok(Value::from(kept))
}

/// What a search comes to.
enum Search {
    Found(usize, Value),
    Nothing,
    /// An item without properties was met first.
    Stuck,
}

fn search(call: &mut Call<'_, '_>) -> Result<Search, crate::render::Stop> {
    for (place, item) in call.items()?.into_iter().enumerate() {
        match matches(call, &item)? {
            Some(true) => return Ok(Search::Found(place, item)),
            Some(false) => {}
            None => return Ok(Search::Stuck),
        }
    }
    Ok(Search::Nothing)
}

fn has(call: &mut Call<'_, '_>) -> Filtered {
    Ok(match search(call)? {
        Search::Found(..) => Value::Bool(true),
        Search::Nothing => Value::Bool(false),
        Search::Stuck => Value::Nil,
    })
}

fn find(call: &mut Call<'_, '_>) -> Filtered {
    Ok(match search(call)? {
        Search::Found(_, item) => item,
        Search::Nothing | Search::Stuck => Value::Nil,
    })
}

fn find_index(call: &mut Call<'_, '_>) -> Filtered {
    Ok(match search(call)? {
        Search::Found(place, _) => Value::Int(i64::try_from(place).unwrap_or(i64::MAX)),
        Search::Nothing | Search::Stuck => Value::Nil,
    })
}
