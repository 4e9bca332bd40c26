//! Filters that write numbers for people: money and thousands.

use std::sync::Arc;

use crate::dialect::Dialect::{Braze, Klaviyo, Shopify};
use crate::failure::Failure;
use crate::number::Number;
use crate::render::Stop;
use crate::value::Value;

use super::Filter;
use super::call::{Call, Filtered};

pub(super) const FILTERS: &[Filter] = &[
    Filter::new("money", 0, 0, |call| priced(call, cents(call)?, "money_format")).only(&[Shopify]),
    Filter::new("money_with_currency", 0, 0, |call| {
        priced(call, cents(call)?, "money_with_currency_format")
    })
    .only(&[Shopify]),
    Filter::new("money_without_currency", 0, 0, |call| cents(call)?.amount("amount"))
        .only(&[Shopify]),
    Filter::new("money_without_trailing_zeros", 0, 0, without_zeros).only(&[Shopify]),
    Filter::new("money", 0, 0, |call| fixed(call, 2)).only(&[Braze]),
    Filter::new("number_with_delimiter", 0, 0, number_with_delimiter).only(&[Braze]),
    Filter::new("floatformat", 0, 1, floatformat).only(&[Klaviyo]),
    Filter::new(CURRENCY_FORMAT, 0, 1, in_currency).only(&[Klaviyo]),
];

/// The filter behind Klaviyo's tag of the same name.
pub(crate) const CURRENCY_FORMAT: &str = "currency_format";

/// An amount in whole units of its currency.
struct Amount {
    number: Number,
    /// Whether cents are left out where there are none.
    trimmed: bool,
}

/// The amount of a number in Shopify, which counts in cents.
fn cents(call: &Call<'_, '_>) -> Result<Amount, Stop> {
    let number = call.number()?.divided_by(Number::of(&Value::Float(100.0))?)?;
    Ok(Amount { number, trimmed: false })
}

impl Amount {
    /// The amount in one of the ways that a shop's format can name.
    fn amount(&self, name: &str) -> Filtered {
        let commas = |text: String| text.replace('.', "\0").replace(',', ".").replace('\0', ",");
        let whole = self.trimmed && self.number.fixed(2, "")?.ends_with(".00");
        let (number, cents) = (self.number, if whole { 0 } else { 2 });
        let text = match name {
            "amount" => number.fixed(cents, ",")?,
            "amount_no_decimals" => number.fixed(0, ",")?,
            "amount_with_comma_separator" => commas(number.fixed(cents, ",")?),
            "amount_no_decimals_with_comma_separator" => commas(number.fixed(0, ",")?),
            "amount_with_apostrophe_separator" => number.fixed(cents, "'")?,
            "amount_with_space_separator" => commas(number.fixed(cents, " ")?),
            "amount_no_decimals_with_space_separator" => number.fixed(0, " ")?,
            _ => String::new(),
        };
        Ok(Value::from(text))
    }
}

/// The amount in the format that `shop` has in the data, else in the one of its currency.
fn priced(call: &mut Call<'_, '_>, amount: Amount, format: &str) -> Filtered {
    let named = format == "money_with_currency_format";
    let format = shop_format(call, format).unwrap_or_else(|| {
        let currency = shop_currency(call);
        let (format, code) = (currency_format(&currency), code(&currency));
        if named && !format.ends_with(&code) { format!("{format} {code}").into() } else { format }
    });
    written(call, &amount, format)
}

/// The amount in a format such as `${{amount}}`.
fn written(call: &mut Call<'_, '_>, amount: &Amount, format: Arc<str>) -> Filtered {
    let Some((before, rest)) = format.split_once("{{") else { return Ok(Value::Str(format)) };
    let (name, after) = rest.split_once("}}").unwrap_or((rest, ""));
    let amount = amount.amount(name.trim())?;
    let text = format!("{before}{}{after}", amount.as_str().unwrap_or_default());
    call.room(text.len())?;
    Ok(Value::from(text))
}

/// An amount in the currency of the argument, such as `EUR`, else in that of the shop.
fn in_currency(call: &mut Call<'_, '_>) -> Filtered {
    let amount = Amount { number: call.number()?, trimmed: false };
    let currency = match call.given(0) {
        Some(_) => call.argument_text(0)?,
        None => shop_currency(call),
    };
    written(call, &amount, currency_format(&currency))
}

fn shop_format(call: &Call<'_, '_>, name: &str) -> Option<Arc<str>> {
    call.env.data.get("shop")?.get(name)?.as_str().map(Arc::from)
}

/// Dollars where the shop has no currency.
fn shop_currency(call: &Call<'_, '_>) -> Arc<str> {
    shop_format(call, "currency").unwrap_or_else(|| "USD".into())
}

fn code(currency: &str) -> String {
    currency.chars().take(3).collect::<String>().to_uppercase()
}

/// How a currency is written unless the shop says otherwise.
fn currency_format(currency: &str) -> Arc<str> {
    match code(currency).as_str() {
        "USD" | "CAD" | "AUD" | "NZD" => "${{amount}}".into(),
        "EUR" => "€{{amount_with_comma_separator}}".into(),
        "GBP" => "£{{amount}}".into(),
        "JPY" => "¥{{amount_no_decimals}}".into(),
        code => format!("{{{{amount}}}} {code}").into(),
    }
}

/// As `money`, without the cents where there are none.
fn without_zeros(call: &mut Call<'_, '_>) -> Filtered {
    let amount = Amount { trimmed: true, ..cents(call)? };
    priced(call, amount, "money_format")
}

fn fixed(call: &mut Call<'_, '_>, digits: u32) -> Filtered {
    Ok(Value::from(call.number()?.fixed(digits, ",")?))
}

/// A comma between the thousands; the digits behind the point stay as they are.
fn number_with_delimiter(call: &mut Call<'_, '_>) -> Filtered {
    let text = call.text()?;
    let digits = text.split_once('.').map_or(0, |(_, fraction)| fraction.trim_end().len());
    fixed(call, u32::try_from(digits).unwrap_or(0).min(28))
}

/// Django's: one digit behind the point unless it is 0, or as many as asked for; a number below zero
/// asks for as many at most.
fn floatformat(call: &mut Call<'_, '_>) -> Filtered {
    let digits = if call.given(0).is_some() { call.argument_number(0)?.truncate()? } else { -1 };
    let places = u32::try_from(digits.unsigned_abs()).ok().filter(|places| *places <= 28);
    let places = places.ok_or(Failure::NumberTooLarge)?;
    let text = call.number()?.fixed(places, "")?;
    let whole =
        text.split_once('.').filter(|(_, fraction)| fraction.bytes().all(|digit| digit == b'0'));
    Ok(Value::from(match whole {
        Some((whole, _)) if digits < 0 => whole,
        _ => &text,
    }))
}
