//! Filters for words, as products add them to Liquid.

use crate::dialect::Dialect::{CustomerIo, Klaviyo, Shopify};
use crate::render::Stop;
use crate::value::Value;

use super::Filter;
use super::call::{Call, Filtered};

pub(super) const FILTERS: &[Filter] = &[
    Filter::new("titlecase", 0, 0, title).keeps_html().only(&[CustomerIo]),
    Filter::new("title", 0, 0, title).keeps_html().only(&[Klaviyo]),
    Filter::new("pluralize", 2, 2, pluralize).only(&[Shopify]),
    Filter::new("pluralize", 0, 1, pluralize_ending).only(&[Klaviyo]),
    Filter::new("handleize", 0, 0, handle).only(&[Shopify]),
    Filter::new("handle", 0, 0, handle).only(&[Shopify]),
];

/// Every word with a capital letter and small letters after it.
fn title(call: &mut Call<'_, '_>) -> Filtered {
    let text = call.text()?;
    call.room(text.len().saturating_mul(3))?;
    let mut titled = String::with_capacity(text.len());
    let mut inside = false;
    for letter in text.chars() {
        if inside {
            titled.extend(letter.to_lowercase());
        } else {
            titled.extend(letter.to_uppercase());
        }
        inside = letter.is_alphanumeric() || letter == '\'';
    }
    Ok(Value::from(titled))
}

fn is_one(call: &Call<'_, '_>) -> Result<bool, Stop> {
    Ok(call.number()?.value()? == Value::Int(1))
}

/// The first argument for one, the second for any other number.
fn pluralize(call: &mut Call<'_, '_>) -> Filtered {
    Ok(call.argument(usize::from(!is_one(call)?)))
}

/// The ending of a plural: `s`, or the argument, or of `y,ies` the first for one and the second else.
fn pluralize_ending(call: &mut Call<'_, '_>) -> Filtered {
    let endings = if call.given(0).is_some() { call.argument_text(0)? } else { "s".into() };
    let (one, more) = endings.split_once(',').unwrap_or(("", &endings));
    Ok(Value::from(if is_one(call)? { one } else { more }))
}

/// Small letters and digits with hyphens between, as in the address of a page.
fn handle(call: &mut Call<'_, '_>) -> Filtered {
    let text = call.text()?;
    call.room(text.len().saturating_mul(3))?;
    let lower = text.to_lowercase();
    let words = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    Ok(Value::from(words.collect::<Vec<_>>().join("-")))
}
