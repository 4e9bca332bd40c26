//! Django's date formats, which Klaviyo uses: `F d, Y`.

use jiff::Zoned;

use super::{Language, WriteError};

/// What Django's letters are in Ruby's formats.
const LETTERS: &[(char, &str)] = &[
    ('d', "%d"),
    ('j', "%-d"),
    ('D', "%a"),
    ('l', "%A"),
    ('w', "%w"),
    ('z', "%-j"),
    ('W', "%-V"),
    ('m', "%m"),
    ('n', "%-m"),
    ('M', "%b"),
    ('b', "%#b"),
    ('F', "%B"),
    ('N', "%b"),
    ('y', "%y"),
    ('Y', "%Y"),
    ('o', "%G"),
    ('g', "%-I"),
    ('G', "%-H"),
    ('h', "%I"),
    ('H', "%H"),
    ('i', "%M"),
    ('s', "%S"),
    ('u', "%6N"),
    ('a', "%P"),
    ('A', "%p"),
    ('P', "%-I:%M %P"),
    ('f', "%-I:%M"),
    ('e', "%Z"),
    ('T', "%Z"),
    ('O', "%z"),
    ('U', "%s"),
    ('c', "%Y-%m-%dT%H:%M:%S%:z"),
    ('r', "%a, %d %b %Y %H:%M:%S %z"),
];

/// Writes a date by a Django format with the names of a language, in at most `room` bytes.
pub(super) fn write(
    date: &Zoned,
    format: &str,
    language: Language,
    room: usize,
) -> Result<String, WriteError> {
    let mut text = String::new();
    let mut letters = format.chars();
    while let Some(letter) = letters.next() {
        let directive = LETTERS.iter().find(|(known, _)| *known == letter);
        match (letter, directive) {
            ('\\', _) => text.extend(letters.next()),
            (_, Some((_, directive))) => {
                // The date of RFC 5322 is English everywhere.
                let language = if letter == 'r' { Language::English } else { language };
                text.push_str(&super::write::write(date, directive, language, room)?);
            }
            ('S', _) => text.push_str(ordinal(date.day())),
            ('t', _) => text.push_str(&date.days_in_month().to_string()),
            ('L', _) => text.push_str(if date.in_leap_year() { "True" } else { "False" }),
            _ => text.push(letter),
        }
        if text.len() > room {
            return Err(WriteError::TooLong);
        }
    }
    Ok(text)
}

/// What follows the number of a day in English.
fn ordinal(day: i8) -> &'static str {
    match (day, day % 10) {
        (11..=13, _) => "th",
        (_, 1) => "st",
        (_, 2) => "nd",
        (_, 3) => "rd",
        _ => "th",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(date: &str, format: &str, expected: &str) {
        let date = format!("{date}T13:04:09[UTC]").parse::<Zoned>().unwrap();
        assert_eq!(
            write(&date, format, Language::English, 100).as_deref(),
            Ok(expected),
            "{format}"
        );
    }

    #[test]
    fn letters_are_fields_unless_they_are_guarded() {
        check("2026-01-05", "F j, Y", "January 5, 2026");
        check("2026-01-05", r"jS \o\f F", "5th of January");
        check("2026-01-05", "o W, t L", "2026 2, 31 False");
        check("2028-02-22", "jS, t L", "22nd, 29 True");
    }

    #[test]
    fn days_have_their_english_endings() {
        let day = |day| format!("{day}{}", ordinal(day));
        let days = [1, 2, 3, 4, 11, 12, 13, 21, 22, 23, 30, 31].map(day);
        let told = "1st 2nd 3rd 4th 11th 12th 13th 21st 22nd 23rd 30th 31st";
        assert_eq!(days.join(" "), told);
    }

    #[test]
    fn a_text_that_is_too_long_is_refused() {
        let date = "2026-01-05T13:04:09[UTC]".parse::<Zoned>().unwrap();
        assert_eq!(
            write(&date, &"F".repeat(100), Language::English, 100),
            Err(WriteError::TooLong)
        );
    }
}
