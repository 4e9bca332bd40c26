//! Filters for values of any kind.

use crate::render::Stop;
use crate::value::Value;

use super::Filter;
use super::call::{Call, Filtered};

pub(super) const FILTERS: &[Filter] = &[
    Filter::new("default", 0, 1, |call| Ok(default(call))).named(&["allow_false"]),
    Filter::new("size", 0, 0, |call| Ok(call.input.size().unwrap_or(Value::Int(0)))),
    Filter::new("json", 0, 0, json),
];

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

/// The value as JSON.
fn json(call: &mut Call<'_, '_>) -> Filtered {
    let mut writer = Room { left: call.env.budget.room(), text: Vec::new() };
    if serde_json::to_writer(&mut writer, &call.input).is_err() {
        return Err(Stop::Limit(call.env.budget.no_room()));
    }
    call.room(writer.text.len())?;
    Ok(Value::from(String::from_utf8_lossy(&writer.text).into_owned()))
}

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
