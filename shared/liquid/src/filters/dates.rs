//! Filters for dates.

use crate::dates::{MAX_WIDTH, WriteError, read, write};
use crate::failure::Failure;
use crate::render::Stop;
use crate::value::Value;

use super::Filter;
use super::call::{Call, Filtered};

pub(super) const FILTERS: &[Filter] = &[Filter::new("date", 1, 1, date)];

/// Writes a date by a format. What is no date stays as it is.
fn date(call: &mut Call<'_, '_>) -> Filtered {
    let format = call.argument_text(0)?;
    if format.is_empty() {
        return Ok(call.input.clone());
    }
    formatted(call, &format)
}

fn formatted(call: &mut Call<'_, '_>, format: &str) -> Filtered {
    let Some(date) = read(&call.input, call.env.now, call.env.zone) else {
        return Ok(call.input.clone());
    };
    let text = write(&date, format, call.env.budget.room()).map_err(|error| match error {
        WriteError::TooWide => Stop::from(Failure::DateTooWide { max: MAX_WIDTH }),
        WriteError::TooLong => Stop::from(call.env.budget.no_room()),
    })?;
    call.room(text.len())?;
    Ok(Value::from(text))
}
