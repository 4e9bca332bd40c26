//! Amounts as people write them.
//!
//! Templates get them ready made: Liquid has no filter that knows how many decimals a currency has,
//! or where its sign stands.

use crate::number::Number;

/// Currencies that English texts write with a sign of their own; others stand by their code.
const SIGNS: &[(&str, &str)] = &[
    ("AUD", "A$"),
    ("BRL", "R$"),
    ("CAD", "CA$"),
    ("EUR", "€"),
    ("GBP", "£"),
    ("INR", "₹"),
    ("JPY", "¥"),
    ("KRW", "₩"),
    ("NZD", "NZ$"),
    ("USD", "$"),
];

/// Currencies without decimals. Source: ISO 4217, list one, minor unit 0.
const WHOLE: &[&str] = &[
    "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND",
    "VUV", "XAF", "XOF", "XPF",
];

/// Currencies with three decimals. Source: ISO 4217, list one, minor unit 3.
const THOUSANDTHS: &[&str] = &["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"];

/// Writes an amount in a currency: `$1,250.00`, `¥1,250`, `CHF 12.50`.
pub fn written(amount: Number, currency: &str) -> String {
    let currency = currency.to_ascii_uppercase();
    let code = currency.as_str();
    let decimals = match code {
        _ if WHOLE.contains(&code) => 0,
        _ if THOUSANDTHS.contains(&code) => 3,
        _ => 2,
    };
    let before = match SIGNS.iter().find(|(known, _)| *known == code) {
        Some((_, sign)) => (*sign).to_owned(),
        None => format!("{code} "),
    };
    let minus = if amount < Number::ZERO { "-" } else { "" };
    format!("{minus}{before}{}", digits(amount.micros().unsigned_abs(), decimals))
}

/// Rounded half up, with a comma between the thousands.
fn digits(micros: u64, decimals: u32) -> String {
    let smallest = 10_u64.pow(6_u32.saturating_sub(decimals));
    let units = micros.saturating_add(smallest / 2) / smallest;
    let one = 10_u64.pow(decimals);
    let whole = grouped(units / one);
    match decimals {
        0 => whole,
        _ => format!("{whole}.{:0places$}", units % one, places = decimals as usize),
    }
}

fn grouped(whole: u64) -> String {
    let (high, low) = (whole / 1000, whole % 1000);
    if high == 0 { low.to_string() } else { format!("{},{low:03}", grouped(high)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(amount: &str, currency: &str, expected: &str) {
        assert_eq!(written(Number::parse(amount).unwrap(), currency), expected);
    }

    #[test]
    fn an_amount_has_the_decimals_of_its_currency() {
        check("12.5", "USD", "$12.50");
        check("12", "eur", "€12.00");
        check("1250", "JPY", "¥1,250");
        check("1.5", "KWD", "KWD 1.500");
        check("1234567.891", "CHF", "CHF 1,234,567.89");
    }

    #[test]
    fn an_amount_is_rounded_to_the_smallest_coin() {
        check("0.005", "GBP", "£0.01");
        check("0.004999", "GBP", "£0.00");
        check("999.995", "USD", "$1,000.00");
        check("0.5", "JPY", "¥1");
        check("-3.1", "USD", "-$3.10");
    }
}
