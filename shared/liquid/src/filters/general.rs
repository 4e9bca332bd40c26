//! Filters for values of any kind.

use crate::dialect::Dialect::{Braze, CustomerIo, Klaviyo};
use crate::render::Stop;
use crate::value::Value;

use super::Filter;
use super::call::{Call, Filtered};

pub(super) const FILTERS: &[Filter] = &[
    Filter::new("default", 1, 1, |call| Ok(django_default(call))).only(&[Klaviyo]),
    Filter::new("default_if_none", 1, 1, |call| Ok(default_if_none(call))).only(&[Klaviyo]),
    Filter::new("lookup", 1, 1, |call| Ok(lookup(call))).only(&[Klaviyo]),
    Filter::new("property_accessor", 1, 1, |call| Ok(lookup(call))).only(&[Braze]),
    Filter::new("default", 1, 1, |call| Ok(default(call))).named(&["allow_false"]),
    Filter::new("size", 0, 0, |call| Ok(call.input.size().unwrap_or(Value::Int(0)))),
    Filter::new("json", 0, 0, json),
    Filter::new("to_json", 0, 0, json).only(&[CustomerIo]),
    Filter::new("as_json_string", 0, 0, json).only(&[Braze]),
    Filter::new("json_escape", 0, 0, json_escape).only(&[Braze]),
    Filter::new("id", 1, 1, |call| Ok(call.input.clone())).only(&[Braze]),
];

/// The filters that lead to an entry of what stands before them.
pub(crate) const LOOKUPS: [&str; 2] = ["lookup", "property_accessor"];

/// The input, or the argument in the place of `nil`, `false` and what is empty.
fn default(call: &Call<'_, '_>) -> Value {
    let allow_false = call.named("allow_false").is_some_and(Value::is_truthy);
    let absent = match &call.input {
        Value::Nil => true,
        Value::Bool(false) => !allow_false,
        other => other.is_empty(),
    };
    if !absent {
        return call.input.clone();
    }
    call.given(0).cloned().unwrap_or(Value::empty())
}

/// Django counts 0 and a range of nothing as absent as well.
fn django_default(call: &Call<'_, '_>) -> Value {
    let absent = match &call.input {
        Value::Nil | Value::Bool(false) | Value::Int(0) => true,
        Value::Float(number) => *number == 0.0,
        other => other.is_empty(),
    };
    if absent { call.argument(0) } else { call.input.clone() }
}

fn default_if_none(call: &Call<'_, '_>) -> Value {
    if call.input == Value::Nil { call.argument(0) } else { call.input.clone() }
}

/// The entry of an object, or the place in an array, that the argument names.
fn lookup(call: &Call<'_, '_>) -> Value {
    call.input.entry(&call.argument(0)).unwrap_or_default()
}

/// Text as it stands between the quotes of a JSON text.
fn json_escape(call: &mut Call<'_, '_>) -> Filtered {
    call.input = Value::Str(call.text()?);
    let quoted = json(call)?;
    let text = quoted.as_str().unwrap_or_default();
    Ok(Value::from(text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text)))
}

/// The value as JSON.
fn json(call: &mut Call<'_, '_>) -> Filtered {
    let mut writer = Room { left: call.env.budget.room() / JSON_COST, text: Vec::new() };
    if serde_json::to_writer(&mut writer, &call.input).is_err() {
        return Err(Stop::Limit(call.env.budget.no_room()));
    }
    call.room(writer.text.len() * JSON_COST)?;
    Ok(Value::from(String::from_utf8_lossy(&writer.text).into_owned()))
}

/// Making a byte of JSON takes several times as long as copying a byte of text.
const JSON_COST: usize = 4;

/// Takes no more bytes than there is room for.
struct Room {
    left: usize,
    text: Vec<u8>,
}

impl std::io::Write for Room {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.left = self.left.checked_sub(bytes.len()).ok_or(std::io::ErrorKind::FileTooLarge)?;
        self.text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
