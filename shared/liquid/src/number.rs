//! Arithmetic as Ruby Liquid does it: whole numbers stay whole, anything with a fraction is computed
//! in decimal, so that `10.1 | plus: 2.2` is `12.3`.
//!
//! A float outside the range of [`Decimal`] (about 1e-28 to 7.9e28) is computed as a float. Ruby's
//! whole numbers grow without end; here a result of more than 64 bits is a [`Failure`].

use std::cmp::Ordering;
use std::str::FromStr as _;

use rust_decimal::{Decimal, RoundingStrategy};

use crate::failure::Failure;
use crate::value::Value;

/// A number on its way through a filter.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Number {
    Int(i64),
    Decimal(Decimal),
    Float(f64),
}

use Number::{Float, Int};

impl Number {
    /// What a value counts as: text by its leading digits, anything that is no number as 0.
    pub(crate) fn of(value: &Value) -> Result<Self, Failure> {
        match value {
            Value::Int(value) => Ok(Int(*value)),
            Value::Float(value) => Ok(Self::of_float(*value)),
            Value::Str(text) | Value::Html(text) => Self::of_text(text),
            _ => Ok(Int(0)),
        }
    }

    fn of_float(value: f64) -> Self {
        Decimal::from_str_exact(&value.to_string()).map_or(Float(value), Self::Decimal)
    }

    fn of_text(text: &str) -> Result<Self, Failure> {
        let text = text.trim();
        if !is_decimal(text) {
            return leading_int(text).map(Int);
        }
        match Decimal::from_str(text) {
            Ok(value) => Ok(Self::Decimal(value)),
            Err(_) => text.parse().map(Float).map_err(|_| Failure::NumberTooLarge),
        }
    }

    /// The value to hand on; a result that is no finite number is a failure.
    pub(crate) fn value(self) -> Result<Value, Failure> {
        match self {
            Int(value) => Ok(Value::Int(value)),
            other => Some(other.float())
                .filter(|value| value.is_finite())
                .map(Value::Float)
                .ok_or(Failure::NumberTooLarge),
        }
    }

    /// The nearest float. By way of text, because that is the conversion that rounds correctly.
    fn float(self) -> f64 {
        match self {
            #[expect(clippy::cast_precision_loss, reason = "nearest is what is asked for")]
            Int(value) => value as f64,
            Self::Decimal(value) => value.to_string().parse().unwrap_or(f64::NAN),
            Float(value) => value,
        }
    }

    fn decimal(self) -> Option<Decimal> {
        match self {
            Int(value) => Some(Decimal::from(value)),
            Self::Decimal(value) => Some(value),
            Float(_) => None,
        }
    }

    /// Computes with whole numbers if both are, else in decimal, else with floats.
    fn combine(
        self,
        other: Self,
        whole: fn(i64, i64) -> Option<i64>,
        exact: fn(Decimal, Decimal) -> Option<Decimal>,
        float: fn(f64, f64) -> f64,
    ) -> Result<Self, Failure> {
        if let (Int(a), Int(b)) = (self, other) {
            return whole(a, b).map(Int).ok_or(Failure::NumberTooLarge);
        }
        let exact = self.decimal().zip(other.decimal()).and_then(|(a, b)| exact(a, b));
        Ok(exact.map_or_else(|| Float(float(self.float(), other.float())), Self::Decimal))
    }

    pub(crate) fn plus(self, other: Self) -> Result<Self, Failure> {
        self.combine(other, i64::checked_add, Decimal::checked_add, |a, b| a + b)
    }

    pub(crate) fn minus(self, other: Self) -> Result<Self, Failure> {
        self.combine(other, i64::checked_sub, Decimal::checked_sub, |a, b| a - b)
    }

    pub(crate) fn times(self, other: Self) -> Result<Self, Failure> {
        self.combine(other, i64::checked_mul, Decimal::checked_mul, |a, b| a * b)
    }

    /// Division; of whole numbers it rounds down, also below zero.
    pub(crate) fn divided_by(self, other: Self) -> Result<Self, Failure> {
        other.refuse_zero()?;
        self.combine(other, floor_div, Decimal::checked_div, |a, b| a / b)
    }

    /// The remainder, with the sign of the divisor.
    pub(crate) fn modulo(self, other: Self) -> Result<Self, Failure> {
        other.refuse_zero()?;
        self.combine(
            other,
            |a, b| a.checked_sub(floor_div(a, b)?.checked_mul(b)?),
            |a, b| {
                let rest = a.checked_rem(b)?;
                let differs = !rest.is_zero() && rest.is_sign_negative() != b.is_sign_negative();
                if differs { rest.checked_add(b) } else { Some(rest) }
            },
            |a, b| a - b * (a / b).floor(),
        )
    }

    fn refuse_zero(self) -> Result<(), Failure> {
        match self {
            Int(0) => Err(Failure::DividedByZero),
            Self::Decimal(value) if value.is_zero() => Err(Failure::DividedByZero),
            _ => Ok(()),
        }
    }

    pub(crate) fn order(self, other: Self) -> Ordering {
        match (self.decimal(), other.decimal()) {
            (Some(a), Some(b)) => a.cmp(&b),
            _ => self.float().partial_cmp(&other.float()).unwrap_or(Ordering::Equal),
        }
    }

    pub(crate) fn abs(self) -> Result<Self, Failure> {
        match self {
            Int(value) => value.checked_abs().map(Int).ok_or(Failure::NumberTooLarge),
            Self::Decimal(value) => Ok(Self::Decimal(value.abs())),
            Float(value) => Ok(Float(value.abs())),
        }
    }

    /// The smallest whole number that is not smaller.
    pub(crate) fn ceil(self) -> Result<i64, Failure> {
        self.to_whole(|value| value.ceil())
    }

    /// The largest whole number that is not larger.
    pub(crate) fn floor(self) -> Result<i64, Failure> {
        self.to_whole(|value| value.floor())
    }

    /// The whole number without its fraction.
    pub(crate) fn truncate(self) -> Result<i64, Failure> {
        self.to_whole(|value| value.trunc())
    }

    fn to_whole(self, round: fn(Decimal) -> Decimal) -> Result<i64, Failure> {
        match self {
            Int(value) => Ok(value),
            Self::Decimal(value) => {
                i64::try_from(round(value)).map_err(|_| Failure::NumberTooLarge)
            }
            // Outside the range of `Decimal` a float is either far above `i64` or next to nothing.
            Float(value) if value.abs() < 1.0 => Ok(0),
            Float(_) => Err(Failure::NumberTooLarge),
        }
    }

    /// Rounds half away from zero to this many digits behind the point; 0 or fewer give a whole
    /// number, as in Ruby.
    pub(crate) fn round(self, digits: i64) -> Result<Self, Failure> {
        if digits > 0 {
            let digits = u32::try_from(digits).unwrap_or(u32::MAX).min(Decimal::MAX_SCALE);
            return Ok(match self {
                Self::Decimal(value) => Self::Decimal(half_up(value, digits)),
                other => other,
            });
        }
        let whole = self.to_whole(|value| half_up(value, 0));
        let Some(unit) =
            u32::try_from(digits.unsigned_abs()).ok().and_then(|power| 10_i64.checked_pow(power))
        else {
            return whole.map(|_| Int(0));
        };
        if unit == 1 {
            return whole.map(Int);
        }
        let tens = match self.decimal().and_then(|value| value.checked_div(Decimal::from(unit))) {
            Some(tens) => Self::Decimal(half_up(tens, 0)).truncate()?,
            None => 0,
        };
        tens.checked_mul(unit).map(Int).ok_or(Failure::NumberTooLarge)
    }
}

impl Number {
    /// The number with exactly so many digits behind the point, and perhaps a sign between thousands.
    pub(crate) fn fixed(self, digits: u32, thousands: &str) -> Result<String, Failure> {
        let value = self.decimal().ok_or(Failure::NumberTooLarge)?;
        let text = format!("{:.*}", usize::try_from(digits).unwrap_or(0), half_up(value, digits));
        let (sign, unsigned) = text.strip_prefix('-').map_or(("", &*text), |text| ("-", text));
        let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
        let mut grouped = String::from(sign);
        for (place, digit) in whole.char_indices() {
            if place > 0 && (whole.len() - place) % 3 == 0 {
                grouped.push_str(thousands);
            }
            grouped.push(digit);
        }
        if !fraction.is_empty() {
            grouped.push('.');
            grouped.push_str(fraction);
        }
        Ok(grouped)
    }
}

fn half_up(value: Decimal, digits: u32) -> Decimal {
    value.round_dp_with_strategy(digits, RoundingStrategy::MidpointAwayFromZero)
}

fn floor_div(a: i64, b: i64) -> Option<i64> {
    let quotient = a.checked_div(b)?;
    let rounded_up = a % b != 0 && (a < 0) != (b < 0);
    Some(if rounded_up { quotient - 1 } else { quotient })
}

/// Whether the text is digits, a point and digits, and nothing else.
fn is_decimal(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    unsigned.split_once('.').is_some_and(|(whole, fraction)| digits(whole) && digits(fraction))
}

/// The whole number at the start of a text, 0 if there is none: Ruby's `to_i`.
pub(crate) fn leading_int(text: &str) -> Result<i64, Failure> {
    let text = text.trim_start();
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let end = unsigned.find(|c: char| !c.is_ascii_digit() && c != '_').unwrap_or(unsigned.len());
    let digits: String = unsigned.chars().take(end).filter(char::is_ascii_digit).collect();
    let sign = if text.starts_with('-') { "-" } else { "" };
    match digits.as_str() {
        "" => Ok(0),
        digits => format!("{sign}{digits}").parse().map_err(|_| Failure::NumberTooLarge),
    }
}

/// A value that has to be a whole number, as the arguments of `slice` and `truncate` do.
pub(crate) fn whole(value: &Value) -> Result<i64, Failure> {
    match value {
        Value::Int(value) => Ok(*value),
        Value::Str(text) | Value::Html(text) => {
            text.trim().parse().map_err(|_| Failure::not_whole(value))
        }
        _ => Err(Failure::not_whole(value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(value: impl Into<Value>) -> Number {
        Number::of(&value.into()).unwrap()
    }

    #[track_caller]
    fn check(result: Result<Number, Failure>, expected: impl Into<Value>) {
        assert_eq!(result.and_then(Number::value), Ok(expected.into()));
    }

    #[test]
    fn sums_with_fractions_are_exact() {
        check(number(10.1).plus(number(2.2)), 12.3);
        check(number("5.0").times(number("2.1")), 10.5);
        check(number(20).divided_by(number(7.0)), 2.857_142_857_142_857);
    }

    #[test]
    fn whole_numbers_divide_downwards() {
        check(number(-7).divided_by(number(2)), -4);
        check(number(-7).modulo(number(2)), 1);
        check(number(7).modulo(number(-2)), -1);
        check(number(-7.5).modulo(number(2)), 0.5);
    }

    #[test]
    fn a_result_beyond_64_bits_is_a_failure_and_no_panic() {
        assert_eq!(number(i64::MAX).plus(number(1)).unwrap_err(), Failure::NumberTooLarge);
        assert_eq!(number(i64::MIN).divided_by(number(-1)).unwrap_err(), Failure::NumberTooLarge);
        assert_eq!(number(i64::MIN).modulo(number(-1)).unwrap_err(), Failure::NumberTooLarge);
        assert_eq!(number(i64::MIN).abs().unwrap_err(), Failure::NumberTooLarge);
        check(number(1e300).times(number(1e-300)), 1.0);
        assert!(number(1e300).times(number(1e300)).and_then(Number::value).is_err());
    }

    #[test]
    fn text_counts_by_its_leading_digits() {
        check(Ok(number("12 apples")), 12);
        check(Ok(number(" 1_000")), 1000);
        check(Ok(number("1e5")), 1);
        check(Ok(number("apples")), 0);
    }

    #[test]
    fn rounding_goes_half_away_from_zero() {
        check(number(2.5).round(0), 3);
        check(number(-2.5).round(0), -3);
        check(number(5.666).round(1), 5.7);
        check(number(1250).round(-2), 1300);
        check(number(1.5).round(i64::MIN), 0);
        check(number(1.5).round(i64::MAX), 1.5);
    }
}
