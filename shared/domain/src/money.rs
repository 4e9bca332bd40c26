//! Amounts as people write them.
//!
//! Templates get them ready made: Liquid has no filter that knows how many decimals a currency has,
//! or where its sign stands. Source of the forms: CLDR 46, `currencyFormats`, `standard`.

use crate::language;
use crate::number::Number;

/// Currencies that have a sign of their own; others stand by their code.
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

/// How amounts are written in a language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Form {
    /// Between whole units and their parts.
    point: char,
    /// Between thousands.
    group: char,
    /// Digits of a whole amount that is written without `group`.
    whole: usize,
    /// Whether the currency stands behind.
    behind: bool,
    /// Between the currency and the amount, where a sign does not touch it.
    blank: char,
    english: bool,
}

impl Form {
    /// `€1,250.00`: English, and for every language that is not known.
    pub const ENGLISH: Self =
        Self { point: '.', group: ',', whole: 3, behind: false, blank: ' ', english: true };

    /// The form of a language such as `fr-CA`: `1 250,00 €`. No line breaks within it.
    pub fn of(tag: &str) -> Self {
        const OTHER: Form = Form {
            point: ',',
            group: '.',
            whole: 3,
            behind: true,
            blank: '\u{a0}',
            english: false,
        };
        let tag = language::lower(tag);
        match tag.split('-').next().unwrap_or_default() {
            "fr" => Self { group: '\u{a0}', ..OTHER },
            "de" | "it" => OTHER,
            "es" => Self { whole: 4, ..OTHER },
            "nl" => Self { behind: false, ..OTHER },
            "pt" if tag == "pt-pt" => Self { group: '\u{a0}', whole: 4, ..OTHER },
            "pt" => Self { behind: false, ..OTHER },
            _ => Self::ENGLISH,
        }
    }

    /// The same for a text message, in which a blank of another kind would cost half of the room.
    #[must_use]
    pub fn plain(self) -> Self {
        let plain = |c| if c == '\u{a0}' { ' ' } else { c };
        Self { group: plain(self.group), blank: plain(self.blank), ..self }
    }

    fn sign(self, code: &str) -> Option<&'static str> {
        // A dollar is not everybody's.
        match code {
            "USD" if !self.english => Some("US$"),
            _ => SIGNS.iter().find(|(known, _)| *known == code).map(|(_, sign)| *sign),
        }
    }

    /// Rounded half up.
    fn digits(self, micros: u64, decimals: u32) -> String {
        let smallest = 10_u64.pow(6_u32.saturating_sub(decimals));
        let units = micros.saturating_add(smallest / 2) / smallest;
        let one = 10_u64.pow(decimals);
        let whole = (units / one).to_string();
        let whole = if whole.len() <= self.whole { whole } else { self.grouped(units / one) };
        match decimals {
            0 => whole,
            _ => {
                format!("{whole}{}{:0places$}", self.point, units % one, places = decimals as usize)
            }
        }
    }

    fn grouped(self, whole: u64) -> String {
        let (high, low) = (whole / 1000, whole % 1000);
        match high {
            0 => low.to_string(),
            _ => format!("{}{}{low:03}", self.grouped(high), self.group),
        }
    }
}

/// Writes an amount in a currency: `$1,250.00`, `¥1,250`, `CHF 12.50`, `1 250,00 €`.
pub fn written(amount: Number, currency: &str, form: Form) -> String {
    let currency = currency.to_ascii_uppercase();
    let code = currency.as_str();
    let decimals = match code {
        _ if WHOLE.contains(&code) => 0,
        _ if THOUSANDTHS.contains(&code) => 3,
        _ => 2,
    };
    let minus = if amount < Number::ZERO { "-" } else { "" };
    let digits = form.digits(amount.micros().unsigned_abs(), decimals);
    let (sign, blank) = (form.sign(code), form.blank);
    match sign {
        _ if form.behind => format!("{minus}{digits}{blank}{}", sign.unwrap_or(code)),
        Some(sign) if form.english => format!("{minus}{sign}{digits}"),
        sign => format!("{minus}{}{blank}{digits}", sign.unwrap_or(code)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(amount: &str, currency: &str, expected: &str) {
        assert_eq!(written(Number::parse(amount).unwrap(), currency, Form::ENGLISH), expected);
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

    #[test]
    fn an_amount_has_the_form_of_the_language() {
        for (tag, expected) in [
            ("en-GB", "€1,234.50 $3.00 CHF 12,345.00"),
            ("tlh", "€1,234.50 $3.00 CHF 12,345.00"),
            ("fr_CA", "1 234,50 € 3,00 US$ 12 345,00 CHF"),
            ("de", "1.234,50 € 3,00 US$ 12.345,00 CHF"),
            ("it-CH", "1.234,50 € 3,00 US$ 12.345,00 CHF"),
            ("es", "1234,50 € 3,00 US$ 12.345,00 CHF"),
            ("nl", "€ 1.234,50 US$ 3,00 CHF 12.345,00"),
            ("pt-BR", "€ 1.234,50 US$ 3,00 CHF 12.345,00"),
            ("pt-PT", "1234,50 € 3,00 US$ 12 345,00 CHF"),
        ] {
            let form = Form::of(tag).plain();
            let amounts = [("1234.5", "EUR"), ("3", "USD"), ("12345", "CHF")];
            let amounts = amounts
                .map(|(amount, currency)| written(Number::parse(amount).unwrap(), currency, form));
            assert_eq!(amounts.join(" "), expected, "{tag}");
        }
        let french = written(Number::from_integer(1234), "EUR", Form::of("fr"));
        assert_eq!(french, "1\u{a0}234,00\u{a0}€");
    }
}
