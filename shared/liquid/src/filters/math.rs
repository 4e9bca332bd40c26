//! Filters that compute.

use std::cmp::Ordering;

use crate::failure::Failure;
use crate::number::Number;
use crate::value::Value;

use super::Filter;
use super::call::{Call, Filtered};

pub(super) const FILTERS: &[Filter] = &[
    Filter::new("plus", 1, 1, |call| combine(call, Number::plus)),
    Filter::new("minus", 1, 1, |call| combine(call, Number::minus)),
    Filter::new("times", 1, 1, |call| combine(call, Number::times)),
    Filter::new("divided_by", 1, 1, |call| combine(call, Number::divided_by)),
    Filter::new("modulo", 1, 1, |call| combine(call, Number::modulo)),
    Filter::new("at_least", 1, 1, |call| pick(call, Ordering::Greater)),
    Filter::new("at_most", 1, 1, |call| pick(call, Ordering::Less)),
    Filter::new("abs", 0, 0, |call| Ok(call.number()?.abs()?.value()?)),
    Filter::new("ceil", 0, 0, |call| Ok(Value::Int(call.number()?.ceil()?))),
    Filter::new("floor", 0, 0, |call| Ok(Value::Int(call.number()?.floor()?))),
    Filter::new("round", 0, 1, round),
];

fn combine(
    call: &mut Call<'_, '_>,
    with: fn(Number, Number) -> Result<Number, Failure>,
) -> Filtered {
    Ok(with(call.number()?, call.argument_number(0)?)?.value()?)
}

/// The argument where it stands in this order to the input, else the input.
fn pick(call: &mut Call<'_, '_>, wanted: Ordering) -> Filtered {
    let (input, limit) = (call.number()?, call.argument_number(0)?);
    Ok(if limit.order(input) == wanted { limit } else { input }.value()?)
}

fn round(call: &mut Call<'_, '_>) -> Filtered {
    let digits = call.argument_number(0)?.truncate()?;
    Ok(call.number()?.round(digits)?.value()?)
}
