//! Filters for dates.

use jiff::{Span, Zoned};

use crate::dates::{Format, MAX_WIDTH, WriteError, read, zone};
use crate::dialect::Dialect::{Braze, CustomerIo, Klaviyo, Shopify};
use crate::excerpt::excerpt;
use crate::failure::Failure;
use crate::render::Stop;
use crate::value::Value;

use super::Filter;
use super::call::{Call, Filtered};

pub(super) const FILTERS: &[Filter] = &[
    Filter::new("date", 1, 1, django_date).only(&[Klaviyo]),
    Filter::new("format_date_string", 1, 1, django_date).only(&[Klaviyo]),
    Filter::new("date", 0, 1, shop_date).named(&["format"]).only(&[Shopify]),
    Filter::new("date", 1, 1, date),
    Filter::new("time_zone", 1, 1, in_zone).only(&[Braze]),
    Filter::new("timezone", 1, 1, in_zone).only(&[CustomerIo]),
    Filter::new("add_day", 1, 1, |call| shift(call, 1, days)).only(&[CustomerIo]),
    Filter::new("add_month", 1, 1, |call| shift(call, 1, months)).only(&[CustomerIo]),
    Filter::new("add_year", 1, 1, |call| shift(call, 1, years)).only(&[CustomerIo]),
    Filter::new("subtract_day", 1, 1, |call| shift(call, -1, days)).only(&[CustomerIo]),
    Filter::new("subtract_month", 1, 1, |call| shift(call, -1, months)).only(&[CustomerIo]),
    Filter::new("subtract_year", 1, 1, |call| shift(call, -1, years)).only(&[CustomerIo]),
];

/// A date as text that every filter for dates reads again.
const PLAIN: Format<'_> = Format::Ruby("%Y-%m-%d %H:%M:%S %z");

/// Writes a date by a format. What is no date stays as it is.
fn date(call: &mut Call<'_, '_>) -> Filtered {
    let format = call.argument_text(0)?;
    if format.is_empty() {
        return Ok(call.input.clone());
    }
    change(call, &Format::Ruby(&format), Some)
}

/// Shopify's words for formats: <https://shopify.dev/docs/api/liquid/filters/date>.
const SHOP_FORMATS: &[(&str, &str)] = &[
    ("abbreviated_date", "%b %-d, %Y"),
    ("basic", "%-m/%-d/%Y"),
    ("date", "%B %-d, %Y"),
    ("date_at_time", "%B %-d, %Y at %-I:%M %P"),
    ("default", "%A, %B %-d, %Y at %-I:%M %P %z"),
    ("on_date", "on %b %-d, %Y"),
];

/// As `date`; a `format` by name is one of Shopify's words or of Ruby's formats.
fn shop_date(call: &mut Call<'_, '_>) -> Filtered {
    let Some(named) = call.named("format").cloned() else { return date(call) };
    let word = call.env.text(&named)?;
    if let Some((_, format)) = SHOP_FORMATS.iter().find(|(known, _)| *known == &*word) {
        return change(call, &Format::Ruby(format), Some);
    }
    if word.contains('%') {
        return change(call, &Format::Ruby(&word), Some);
    }
    Err(Failure::UnknownFormat { name: excerpt(&word) }.into())
}

fn django_date(call: &mut Call<'_, '_>) -> Filtered {
    let format = call.argument_text(0)?;
    change(call, &Format::Django(&format), Some)
}

/// The same moment in another zone.
fn in_zone(call: &mut Call<'_, '_>) -> Filtered {
    let name = call.argument_text(0)?;
    let zone = zone(&name).ok_or_else(|| Failure::UnknownZone { name: excerpt(&name) })?;
    change(call, &PLAIN, |date| Some(date.with_time_zone(zone)))
}

/// The date so many days, months or years later.
fn shift(call: &mut Call<'_, '_>, sign: i64, unit: fn(i64) -> Option<Span>) -> Filtered {
    let count = call.argument_number(0)?.truncate()?;
    let span = count.checked_mul(sign).and_then(unit).ok_or(Failure::NumberTooLarge)?;
    change(call, &PLAIN, |date| date.checked_add(span).ok())
}

fn days(count: i64) -> Option<Span> {
    Span::new().try_days(count).ok()
}

fn months(count: i64) -> Option<Span> {
    Span::new().try_months(count).ok()
}

fn years(count: i64) -> Option<Span> {
    Span::new().try_years(count).ok()
}

/// Reads a date, changes it and writes it. What is no date, before or after, stays as it is.
fn change(
    call: &mut Call<'_, '_>,
    format: &Format<'_>,
    change: impl FnOnce(Zoned) -> Option<Zoned>,
) -> Filtered {
    let date = read(&call.input, call.env.now, call.env.zone).and_then(change);
    let Some(date) = date else { return Ok(call.input.clone()) };
    call.env.budget.steps(format.steps())?;
    let text =
        format.write(&date, call.env.language, call.env.budget.room()).map_err(
            |error| match error {
                WriteError::TooWide => Stop::from(Failure::DateTooWide { max: MAX_WIDTH }),
                WriteError::TooLong => Stop::from(call.env.budget.no_room()),
            },
        )?;
    call.room(text.len())?;
    Ok(Value::from(text))
}
