//! Reads dates in the ways in which people and machines write them.
//!
//! Ruby guesses harder: it finds a date in nearly any text. A word that has no place in a date makes
//! the text no date here, so that `May Street 12` stays what it is.

use jiff::Zoned;

use super::civil::Parts;

/// The longest text that is taken for a date, in bytes; Ruby's limit too.
const MAX_BYTES: usize = 128;

/// The date that a text in lower case means.
pub(super) fn read(text: &str, now: &Zoned) -> Option<Zoned> {
    if text.len() > MAX_BYTES {
        return None;
    }
    let tokens = tokens(text);
    let mut reader = Reader { rest: &tokens, parts: Parts::default(), lone: None };
    while !reader.rest.is_empty() {
        reader.step()?;
    }
    reader.parts.moment(now)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token<'t> {
    Digits(&'t str),
    Word(&'t str),
    Sign(char),
}

/// Runs of digits, runs of letters, and signs; white space only separates.
fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let alike = |c: char| match first {
            _ if first.is_ascii_digit() => c.is_ascii_digit(),
            _ if first.is_alphabetic() => c.is_alphabetic(),
            _ => false,
        };
        let len = rest.find(|c| !alike(c)).unwrap_or(rest.len()).max(first.len_utf8());
        let (token, after) = rest.split_at(len);
        rest = after;
        match first {
            _ if first.is_ascii_digit() => tokens.push(Token::Digits(token)),
            _ if first.is_alphabetic() => tokens.push(Token::Word(token)),
            _ if first.is_whitespace() => {}
            _ => tokens.push(Token::Sign(first)),
        }
    }
    tokens
}

struct Reader<'t> {
    rest: &'t [Token<'t>],
    parts: Parts,
    /// A number that stood alone: the day before a month's name, or the year after it.
    lone: Option<&'t str>,
}

use Token::{Digits, Sign, Word};

impl<'t> Reader<'t> {
    /// Takes the next part of the date; `None` if it is none.
    fn step(&mut self) -> Option<()> {
        match *self.rest {
            [Digits(hour), Sign(':'), Digits(minute), ref rest @ ..]
                if self.parts.time.is_none() =>
            {
                self.rest = rest;
                self.time(number(hour)?, number(minute)?)
            }
            [
                Digits(first),
                Sign(sign),
                Digits(month),
                Sign(again),
                Digits(last),
                ref rest @ ..,
            ] if sign == again && matches!(sign, '-' | '/' | '.') => {
                self.rest = rest;
                self.date(first, month, last)
            }
            [Digits(year), Sign('-'), Digits(month), ref rest @ ..] if year.len() == 4 => {
                self.rest = rest;
                (self.parts.year, self.parts.month) = (number(year), number(month));
                Some(())
            }
            [Digits(month), Sign('/'), Digits(day), ref rest @ ..] => {
                self.rest = rest;
                (self.parts.month, self.parts.day) = (number(month), number(day));
                Some(())
            }
            [Sign(sign @ ('+' | '-')), Digits(offset), ref rest @ ..]
                if self.parts.time.is_some() =>
            {
                self.rest = rest;
                self.offset(sign, offset)
            }
            [Digits(hour), Word(half @ ("am" | "pm")), ref rest @ ..] => {
                self.rest = rest;
                self.parts.time = Some([half_day(number(hour)?, half)?, 0, 0, 0]);
                Some(())
            }
            [Digits(digits), ref rest @ ..] => {
                self.rest = rest;
                self.digits(digits)
            }
            [Word(word), ref rest @ ..] => {
                self.rest = rest;
                self.word(word)
            }
            [Sign(sign), ref rest @ ..] => {
                self.rest = rest;
                matches!(sign, ',' | '-' | '.' | '\'' | '(' | ')').then_some(())
            }
            [] => None,
        }
    }

    /// The seconds and the half of the day, after hour and minute.
    fn time(&mut self, hour: i64, minute: i64) -> Option<()> {
        let (mut second, mut nano) = (0, 0);
        if let [Sign(':'), Digits(digits), ref rest @ ..] = *self.rest {
            self.rest = rest;
            second = number(digits)?;
            if let [Sign('.' | ','), Digits(digits), ref rest @ ..] = *self.rest {
                self.rest = rest;
                nano = format!("{digits:0<9.9}").parse().ok()?;
            }
        }
        let hour = match *self.rest {
            [Word(half @ ("am" | "pm")), ref rest @ ..] => {
                self.rest = rest;
                half_day(hour, half)?
            }
            _ => hour,
        };
        self.parts.time = Some([hour, minute, second, nano]);
        Some(())
    }

    /// Three numbers with the month in the middle. The year is the last if only that one has more
    /// than two digits, else the first.
    fn date(&mut self, first: &str, month: &str, last: &str) -> Option<()> {
        let year_last = first.len() <= 2 && last.len() > 2;
        let (year, day) = if year_last { (last, first) } else { (first, last) };
        self.parts.year = Some(full_year(year)?);
        (self.parts.month, self.parts.day) = (number(month), number(day));
        Some(())
    }

    fn offset(&mut self, sign: char, digits: &str) -> Option<()> {
        let (hours, minutes) = match (digits.len(), self.rest) {
            (4, _) => (digits.get(..2)?, digits.get(2..)?),
            (1 | 2, [Sign(':'), Digits(minutes), rest @ ..]) => {
                self.rest = rest;
                (digits, *minutes)
            }
            (1 | 2, _) => (digits, "0"),
            _ => return None,
        };
        let seconds = number(hours)? * 3600 + number(minutes)? * 60;
        let signed = if sign == '-' { -seconds } else { seconds };
        self.parts.offset = Some(i32::try_from(signed).ok()?);
        Some(())
    }

    /// A number alone: `20160314`, the day beside a month's name, or the year behind it.
    fn digits(&mut self, digits: &'t str) -> Option<()> {
        if digits.len() == 8 {
            return self.date(digits.get(..4)?, digits.get(4..6)?, digits.get(6..)?);
        }
        if digits.len() == 6 && self.parts.day.is_some() && self.parts.time.is_none() {
            let part = |from: usize| number(digits.get(from..from + 2)?);
            self.parts.time = Some([part(0)?, part(2)?, part(4)?, 0]);
            return Some(());
        }
        if self.parts.month.is_none() {
            return if self.lone.replace(digits).is_none() { Some(()) } else { None };
        }
        if self.parts.day.is_none() && digits.len() <= 2 {
            self.parts.day = number(digits);
            return Some(());
        }
        if self.parts.year.is_none() {
            self.parts.year = Some(full_year(digits)?);
            return Some(());
        }
        None
    }

    fn word(&mut self, word: &str) -> Option<()> {
        if let Some(month) = named(word, &MONTHS) {
            self.parts.month = Some(month);
            return match self.lone.take() {
                Some(digits) => self.digits(digits),
                None => Some(()),
            };
        }
        if let Some((_, hours)) = ZONES.iter().find(|(name, _)| *name == word) {
            self.parts.offset = Some(hours * 3600);
            return Some(());
        }
        let known = named(word, &WEEKDAYS).is_some() || FILLERS.contains(&word);
        known.then_some(())
    }
}

fn number(digits: &str) -> Option<i64> {
    digits.parse().ok()
}

/// A year of two digits lies between 1969 and 2068.
fn full_year(digits: &str) -> Option<i64> {
    let year = number(digits)?;
    Some(match digits.len() {
        0..=2 if year >= 69 => year + 1900,
        0..=2 => year + 2000,
        _ => year,
    })
}

fn half_day(hour: i64, half: &str) -> Option<i64> {
    let afternoon = if half == "pm" { 12 } else { 0 };
    (1..=12).contains(&hour).then_some(hour % 12 + afternoon)
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

const WEEKDAYS: [&str; 7] =
    ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];

/// Words that stand in dates and mean nothing.
const FILLERS: [&str; 9] = ["t", "st", "nd", "rd", "th", "at", "on", "of", "the"];

/// Zones that are written by name, and their hours from Greenwich.
const ZONES: [(&str, i32); 16] = [
    ("z", 0),
    ("utc", 0),
    ("gmt", 0),
    ("est", -5),
    ("edt", -4),
    ("cst", -6),
    ("cdt", -5),
    ("mst", -7),
    ("mdt", -6),
    ("pst", -8),
    ("pdt", -7),
    ("bst", 1),
    ("cet", 1),
    ("cest", 2),
    ("eet", 2),
    ("eest", 3),
];

/// The number, counted from 1, of a name or of its first three letters.
fn named(word: &str, names: &[&str]) -> Option<i64> {
    let place = names
        .iter()
        .position(|name| *name == word || (word.len() == 3 && name.starts_with(word)))?;
    i64::try_from(place + 1).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<&str>) {
        let now = "2026-07-04T12:34:56[Europe/Berlin]".parse::<Zoned>().unwrap();
        let found = read(&text.to_ascii_lowercase(), &now);
        let found = found.map(|moment| moment.strftime("%Y-%m-%d %H:%M:%S%.f %:z").to_string());
        assert_eq!(found.as_deref(), expected, "{text}");
    }

    #[test]
    fn dates_are_read_as_machines_write_them() {
        check("2016-03-14", Some("2016-03-14 00:00:00 +01:00"));
        check("2016-03-14T10:15:00Z", Some("2016-03-14 10:15:00 +00:00"));
        check("2016-03-14 10:15:00.25 -0500", Some("2016-03-14 10:15:00.25 -05:00"));
        check("20160314T101500+02:00", Some("2016-03-14 10:15:00 +02:00"));
        check("Mon, 14 Mar 2016 10:15:00 GMT", Some("2016-03-14 10:15:00 +00:00"));
        check("Mon Mar 14 10:15:00 2016", Some("2016-03-14 10:15:00 +01:00"));
    }

    #[test]
    fn dates_are_read_as_people_write_them() {
        check("March 14, 2016", Some("2016-03-14 00:00:00 +01:00"));
        check("14th of march 2016 at 3pm", Some("2016-03-14 15:00:00 +01:00"));
        check("14 Mar 16 12:30 AM", Some("2016-03-14 00:30:00 +01:00"));
        check("14.03.2016", Some("2016-03-14 00:00:00 +01:00"));
        check("14/3/2016", Some("2016-03-14 00:00:00 +01:00"));
        check("March 2016", Some("2016-03-01 00:00:00 +01:00"));
        check("14-Mar-2016", Some("2016-03-14 00:00:00 +01:00"));
        check("12/25", Some("2026-12-25 00:00:00 +01:00"));
        check("10:30", Some("2026-07-04 10:30:00 +02:00"));
    }

    #[test]
    fn what_is_no_date_is_none() {
        check("hello", None);
        check("07/16/2004", None);
        check("May Street 12", None);
        check("31 february 2016", None);
        check("-1152098955", None);
        check("99999999999999999999-01-01", None);
        check("1:2:3:4:5:6", None);
        check(&"1 ".repeat(100), None);
    }
}
