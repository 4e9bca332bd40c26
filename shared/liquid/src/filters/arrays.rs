//! Filters for arrays.

use std::cmp::Ordering;
use std::collections::HashSet;

use crate::failure::Failure;
use crate::number::Number;
use crate::render::{Env, Stop};
use crate::value::{Numbers, Printer, Value};

use super::Filter;
use super::call::{Call, Filtered, NoProperty, property};

pub(super) const FILTERS: &[Filter] = &[
    Filter::new("join", 0, 1, join).joins_html(),
    Filter::new("first", 0, 0, |call| Ok(call.input.first().unwrap_or_default())),
    Filter::new("last", 0, 0, |call| Ok(call.input.last().unwrap_or_default())),
    Filter::new("reverse", 0, 0, reverse),
    Filter::new("sort", 0, 1, |call| sort(call, sort_order)),
    Filter::new("sort_natural", 0, 1, |call| sort(call, natural_order)),
    Filter::new("uniq", 0, 1, uniq),
    Filter::new("compact", 0, 1, compact),
    Filter::new("concat", 1, 1, concat),
    Filter::new("map", 1, 1, map),
    Filter::new("sum", 0, 1, sum),
];

fn join(call: &mut Call<'_, '_>) -> Filtered {
    let glue = if call.given(0).is_some() { call.argument_text(0)? } else { " ".into() };
    let items = call.items()?;
    let mut joined = String::new();
    for (place, item) in items.iter().enumerate() {
        let text = call.env.text(item)?;
        let glue = if place == 0 { "" } else { &*glue };
        call.room(glue.len() + text.len())?;
        joined.push_str(glue);
        joined.push_str(&text);
    }
    Ok(Value::from(joined))
}

fn reverse(call: &mut Call<'_, '_>) -> Filtered {
    let mut items = call.items()?;
    items.reverse();
    Ok(Value::from(items))
}

/// The order of two values for sorting, or that they have none.
type Order = fn(&mut Env<'_>, &Value, &Value) -> Result<Ordering, Stop>;

fn sort(call: &mut Call<'_, '_>, order: Order) -> Filtered {
    let items = call.items()?;
    let mut keyed = Vec::with_capacity(items.len());
    for item in items {
        let key = match call.arguments.first() {
            None | Some(Value::Nil) => item.clone(),
            Some(name) => match property(call.env, &item, name) {
                Ok(key) => key,
                Err(NoProperty::None) => return Ok(Value::Nil),
                Err(NoProperty::Stop(stop)) => return Err(stop),
            },
        };
        keyed.push((key, item));
    }
    let sorted = merge_sort(keyed, &mut |a, b| order(call.env, &a.0, &b.0))?;
    Ok(Value::array(sorted.into_iter().map(|(_, item)| item)))
}

/// Sorts, keeping the order of equal items. Unlike the standard library's, this sort may be given an
/// order that fails, and one that contradicts itself does no harm.
fn merge_sort<T>(
    mut items: Vec<T>,
    order: &mut impl FnMut(&T, &T) -> Result<Ordering, Stop>,
) -> Result<Vec<T>, Stop> {
    if items.len() < 2 {
        return Ok(items);
    }
    let right = items.split_off(items.len() / 2);
    let mut left = merge_sort(items, order)?.into_iter().peekable();
    let mut right = merge_sort(right, order)?.into_iter().peekable();
    let mut merged = Vec::with_capacity(left.len() + right.len());
    while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
        let from_right = order(a, b)? == Ordering::Greater;
        merged.extend(if from_right { right.next() } else { left.next() });
    }
    merged.extend(left);
    merged.extend(right);
    Ok(merged)
}

/// Numbers by size, text by its bytes, `nil` last.
fn sort_order(env: &mut Env<'_>, a: &Value, b: &Value) -> Result<Ordering, Stop> {
    env.budget.look(a.weight().min(b.weight()))?;
    match (a, b) {
        (Value::Nil, Value::Nil) => Ok(Ordering::Equal),
        (Value::Nil, _) => Ok(Ordering::Greater),
        (_, Value::Nil) => Ok(Ordering::Less),
        _ => match a.order(b) {
            Some(order) => Ok(order),
            None if env.equal(a, b)? => Ok(Ordering::Equal),
            None => Err(Failure::NotSortable.into()),
        },
    }
}

/// Everything by its text without regard to case, `nil` last.
fn natural_order(env: &mut Env<'_>, a: &Value, b: &Value) -> Result<Ordering, Stop> {
    match (a, b) {
        (Value::Nil, Value::Nil) => Ok(Ordering::Equal),
        (Value::Nil, _) => Ok(Ordering::Greater),
        (_, Value::Nil) => Ok(Ordering::Less),
        _ => {
            let (a, b) = (env.text(a)?, env.text(b)?);
            env.budget.look(a.len().min(b.len()))?;
            let lower = |byte: u8| byte.to_ascii_lowercase();
            Ok(a.bytes().map(lower).cmp(b.bytes().map(lower)))
        }
    }
}

/// Keeps the first of items that are equal, or have an equal property.
fn uniq(call: &mut Call<'_, '_>) -> Filtered {
    let mut known = HashSet::new();
    filter(call, |env, value| {
        // As Ruby writes it, in which 1 and 1.0 differ.
        let printer = Printer::new(Numbers::Ruby, env.budget.room());
        let key = printer.print_inspected(value).map_err(|_| env.budget.no_room())?;
        env.budget.value(key.len())?;
        Ok(known.insert(key))
    })
}

/// Drops items that are `nil`, or whose property is.
fn compact(call: &mut Call<'_, '_>) -> Filtered {
    filter(call, |_, value| Ok(*value != Value::Nil))
}

/// Keeps the items that this is true of, or that it is true of whose property.
fn filter(
    call: &mut Call<'_, '_>,
    mut keep: impl FnMut(&mut Env<'_>, &Value) -> Result<bool, Stop>,
) -> Filtered {
    let items = call.items()?;
    let mut kept = Vec::new();
    for item in items {
        let value = match call.arguments.first() {
            None | Some(Value::Nil) => Ok(item.clone()),
            Some(name) => property(call.env, &item, name),
        };
        let value = match value {
            Ok(value) => value,
            Err(NoProperty::None) => return Ok(Value::Nil),
            Err(NoProperty::Stop(stop)) => return Err(stop),
        };
        if keep(call.env, &value)? {
            kept.push(item);
        }
    }
    Ok(Value::from(kept))
}

fn concat(call: &mut Call<'_, '_>) -> Filtered {
    let Value::Array(others) = call.argument(0) else {
        return Err(Failure::NotArray { found: call.argument(0).kind() }.into());
    };
    let mut items = call.items()?;
    call.room_for_items(others.len())?;
    items.extend(others.iter().cloned());
    Ok(Value::from(items))
}

/// The property of every item; `nil` for an item without properties.
fn map(call: &mut Call<'_, '_>) -> Filtered {
    let items = call.items()?;
    let name = call.argument(0);
    let values: Result<Vec<Value>, Stop> =
        items.iter().map(|item| property_or(call.env, item, &name, Value::Nil)).collect();
    values.map(Value::from)
}

fn property_or(env: &mut Env<'_>, item: &Value, name: &Value, otherwise: Value) -> Filtered {
    match property(env, item, name) {
        Ok(value) => Ok(value),
        Err(NoProperty::None) => Ok(otherwise),
        Err(NoProperty::Stop(stop)) => Err(stop),
    }
}

/// The sum of the items, or of their properties. What is no number counts as 0.
fn sum(call: &mut Call<'_, '_>) -> Filtered {
    let items = call.items()?;
    let values = match call.argument(0) {
        Value::Nil => items,
        name => items
            .iter()
            .map(|item| property_or(call.env, item, &name, Value::Int(0)))
            .collect::<Result<_, _>>()?,
    };
    let mut total = Number::Int(0);
    for value in call.list(&Value::from(values))? {
        call.env.budget.key(value.weight(), 1)?;
        total = total.plus(Number::of(&value)?)?;
    }
    Ok(total.value()?)
}
