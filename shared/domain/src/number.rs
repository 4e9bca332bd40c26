//! Numbers as shops write them: decimals, exact to the sixth place.

use std::fmt;

use serde_json::Value;

/// `part` by `whole`, and 0 by nothing. Of counts far below 2^52.
#[allow(clippy::cast_precision_loss)]
pub fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// A decimal number in millionths, from about -9.2 to +9.2 million million.
///
/// Integers, so that a sum does not depend on the order in which its parts arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Number(i64);

impl Number {
    /// Zero.
    pub const ZERO: Self = Self(0);
    const ONE: i64 = 1_000_000;

    /// `micros` millionths.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// A whole number; saturates at the ends of the range.
    pub const fn from_integer(number: i64) -> Self {
        Self(number.saturating_mul(Self::ONE))
    }

    /// An amount of money in hundredths.
    pub const fn from_cents(cents: i64) -> Self {
        Self(cents.saturating_mul(10_000))
    }

    /// Its millionths.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// In hundredths, rounded half away from zero.
    pub const fn to_cents(self) -> i64 {
        let half = if self.0 < 0 { -5_000 } else { 5_000 };
        self.0.saturating_add(half) / 10_000
    }

    /// The sum; saturates at the ends of the range.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// The difference; saturates at the ends of the range.
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// The product with a whole number; saturates at the ends of the range.
    #[must_use]
    pub const fn times(self, factor: i64) -> Self {
        Self(self.0.saturating_mul(factor))
    }

    /// The product, cut off after the sixth decimal; at the ends of the range it stays there.
    #[must_use]
    pub fn multiplied(self, other: Self) -> Self {
        let product = i128::from(self.micros()) * i128::from(other.micros()) / 1_000_000;
        let bounded = product.clamp(i128::from(i64::MIN), i128::from(i64::MAX));
        Self::from_micros(i64::try_from(bounded).unwrap_or_default())
    }

    /// Reads a decimal such as `12`, `-3.5` or `1e3`. Digits past the sixth place are cut off.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let negative = mantissa.starts_with('-');
        let digits = mantissa.strip_prefix(['-', '+']).unwrap_or(mantissa);
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all = whole.len() + fraction.len();
        if all == 0
            || all > 64
            || !(whole.bytes().chain(fraction.bytes())).all(|b| b.is_ascii_digit())
        {
            return None;
        }
        let places = i32::try_from(fraction.len()).ok()?.checked_sub(exponent)?;
        let micros = scaled(whole.bytes().chain(fraction.bytes()), places.checked_sub(6)?)?;
        Some(Self(if negative { -micros } else { micros }))
    }

    /// The number in a JSON value: a number, or a text that is one.
    pub fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Number(number) => Self::parse(&number.to_string()),
            Value::String(text) => Self::parse(text),
            _ => None,
        }
    }
}

/// The integer that `digits` spell, divided by ten to the power of `drop`.
fn scaled(digits: impl Iterator<Item = u8>, drop: i32) -> Option<i64> {
    let mut number: i128 = 0;
    for digit in digits {
        number = number.checked_mul(10)?.checked_add(i128::from(digit - b'0'))?;
    }
    let power = 10_i128.checked_pow(drop.unsigned_abs().min(38))?;
    let scaled = if drop > 0 { number / power } else { number.checked_mul(power)? };
    i64::try_from(scaled).ok()
}

impl fmt::Display for Number {
    /// Without needless zeros: `12`, `-3.5`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, rest) = (self.0.unsigned_abs() / 1_000_000, self.0.unsigned_abs() % 1_000_000);
        if rest == 0 {
            return write!(f, "{sign}{whole}");
        }
        write!(f, "{sign}{whole}.{}", format!("{rest:06}").trim_end_matches('0'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_exact() {
        for (text, written) in [
            ("0.1", "0.1"),
            ("29.33", "29.33"),
            ("-3.50", "-3.5"),
            ("1e3", "1000"),
            ("2.5E-1", "0.25"),
            ("0.0000019", "0.000001"),
            ("+7", "7"),
            ("168469.60", "168469.6"),
        ] {
            assert_eq!(Number::parse(text).unwrap().to_string(), written);
        }
    }

    #[test]
    fn what_is_not_a_number_is_none() {
        for text in ["", ".", "-", "1,5", "0x10", "NaN", "1e99", "1e-99999999999", "99999999999999"]
        {
            assert_eq!(Number::parse(text), None, "{text}");
        }
        assert_eq!(Number::parse("1e-30"), Some(Number::ZERO));
    }

    #[test]
    fn cents_round_half_away_from_zero() {
        assert_eq!(Number::parse("1.005").unwrap().to_cents(), 101);
        assert_eq!(Number::parse("-1.005").unwrap().to_cents(), -101);
    }
}
