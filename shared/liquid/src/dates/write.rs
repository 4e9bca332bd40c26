//! Writes dates by Ruby's `strftime`.
//!
//! `jiff` has a `strftime` of its own; it differs from Ruby's in flags (`%^a`, `%-l`), in what it
//! refuses and in `%Z` of a fixed offset, and templates depend on all three.

use jiff::Zoned;

use super::Language;
use super::names::{Names, names};

/// The widest field that a format may ask for, in characters. Ruby allows thousands, for no use.
pub(crate) const MAX_WIDTH: usize = 64;

/// Why a date could not be written.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum WriteError {
    /// A field wider than [`MAX_WIDTH`].
    TooWide,
    /// The text would be longer than there is room for.
    TooLong,
}

/// Writes a date by a format with the names of a language, in at most `room` bytes.
pub(crate) fn write(
    date: &Zoned,
    format: &str,
    language: Language,
    room: usize,
) -> Result<String, WriteError> {
    let mut text = String::new();
    let mut rest = format;
    while let Some(at) = rest.find('%') {
        let (before, from) = rest.split_at(at);
        text.push_str(before);
        let (directive, after) = Directive::read(from)?;
        match directive.and_then(|directive| directive.write(date, language)) {
            Some(field) => text.push_str(&field),
            None => text.push_str(from.get(..from.len() - after.len()).unwrap_or_default()),
        }
        rest = after;
        if text.len() > room {
            return Err(WriteError::TooLong);
        }
    }
    text.push_str(rest);
    if text.len() > room { Err(WriteError::TooLong) } else { Ok(text) }
}

/// `%-10B`: flags, a width and what to write.
#[derive(Debug, Default)]
struct Directive {
    padding: Padding,
    upper: bool,
    swapped: bool,
    colons: usize,
    width: Option<usize>,
    letter: char,
}

/// What a field is filled up with.
#[derive(Debug, Clone, Copy, Default)]
enum Padding {
    /// Whatever is usual for the directive.
    #[default]
    Usual,
    Nothing,
    With(char),
}

impl Padding {
    fn or(self, usual: char) -> Option<char> {
        match self {
            Self::Usual => Some(usual),
            Self::Nothing => None,
            Self::With(fill) => Some(fill),
        }
    }
}

/// What a directive writes before it is filled up.
enum Field {
    /// A number, its usual width, and what fills it.
    Number(i64, usize, char),
    Text(String),
    /// Other directives.
    Format(&'static str),
}

use Field::{Format, Number, Text};

impl Directive {
    /// Reads the directive at the beginning of a text and tells what is left. A `%` that begins none
    /// gives no directive, and then stands for itself.
    fn read(text: &str) -> Result<(Option<Self>, &str), WriteError> {
        let mut directive = Self::default();
        let mut rest = text.get(1..).unwrap_or_default();
        loop {
            let Some(letter) = rest.chars().next() else { return Ok((None, rest)) };
            let after = rest.get(letter.len_utf8()..).unwrap_or_default();
            match letter {
                '-' => directive.padding = Padding::Nothing,
                '0' if directive.width.is_none() => directive.padding = Padding::With('0'),
                '_' => directive.padding = Padding::With(' '),
                '^' => directive.upper = true,
                '#' => directive.swapped = true,
                ':' => directive.colons += 1,
                'E' | 'O' => {}
                '0'..='9' => {
                    let digit = usize::try_from(letter.to_digit(10).unwrap_or_default())
                        .unwrap_or_default();
                    let width = directive.width.unwrap_or_default() * 10 + digit;
                    if width > MAX_WIDTH {
                        return Err(WriteError::TooWide);
                    }
                    directive.width = Some(width);
                }
                letter => {
                    directive.letter = letter;
                    return Ok((Some(directive), after));
                }
            }
            rest = after;
        }
    }

    fn write(&self, date: &Zoned, language: Language) -> Option<String> {
        let text = match self.field(date, names(language))? {
            Number(number, width, fill) => {
                let width = self.width.unwrap_or(width);
                return Some(filled(&number.to_string(), width, self.padding.or(fill)));
            }
            Text(text) => text,
            Format(format) => write(date, format, language, usize::MAX).ok()?,
        };
        Some(filled(&self.cased(text), self.width.unwrap_or(0), self.padding.or(' ')))
    }

    fn cased(&self, text: String) -> String {
        match (self.upper, self.swapped) {
            (true, _) => text.to_uppercase(),
            (_, true) if matches!(self.letter, 'p' | 'Z') => text.to_lowercase(),
            (_, true) => text.to_uppercase(),
            _ => text,
        }
    }

    fn field(&self, date: &Zoned, names: &Names) -> Option<Field> {
        let day = |fill| Number(i64::from(date.day()), 2, fill);
        let hour12 = |fill| Number((i64::from(date.hour()) + 11) % 12 + 1, 2, fill);
        let month = || names.months.get(usize::try_from(date.month() - 1).ok()?);
        let year = i64::from(date.year());
        let weekday = date.weekday();
        let sunday_based = i64::from(weekday.to_sunday_zero_offset());
        let day_name = || names.weekdays.get(usize::try_from(sunday_based).ok()?);
        Some(match self.letter {
            'Y' => Number(year, if year < 0 { 5 } else { 4 }, '0'),
            'C' => Number(year.div_euclid(100), 2, '0'),
            'y' => Number(year.rem_euclid(100), 2, '0'),
            'm' => Number(i64::from(date.month()), 2, '0'),
            'B' => Text(month()?.0.to_owned()),
            'b' | 'h' => Text(month()?.1.to_owned()),
            'd' => day('0'),
            'e' => day(' '),
            'j' => Number(i64::from(date.day_of_year()), 3, '0'),
            'H' => Number(i64::from(date.hour()), 2, '0'),
            'k' => Number(i64::from(date.hour()), 2, ' '),
            'I' => hour12('0'),
            'l' => hour12(' '),
            'P' => Text(if date.hour() < 12 { "am" } else { "pm" }.to_owned()),
            'p' => Text(if date.hour() < 12 { "AM" } else { "PM" }.to_owned()),
            'M' => Number(i64::from(date.minute()), 2, '0'),
            'S' => Number(i64::from(date.second()), 2, '0'),
            'L' => return Some(Text(self.fraction(date, 3))),
            'N' => return Some(Text(self.fraction(date, 9))),
            'z' => Text(self.offset(date)),
            'Z' => Text(zone_name(date)),
            'A' => Text(day_name()?.0.to_owned()),
            'a' => Text(day_name()?.1.to_owned()),
            'u' => Number(i64::from(weekday.to_monday_one_offset()), 1, '0'),
            'w' => Number(sunday_based, 1, '0'),
            'G' => Number(i64::from(date.date().iso_week_date().year()), 4, '0'),
            'g' => Number(i64::from(date.date().iso_week_date().year()).rem_euclid(100), 2, '0'),
            'V' => Number(i64::from(date.date().iso_week_date().week()), 2, '0'),
            'U' => Number(week_of_year(date, sunday_based), 2, '0'),
            'W' => Number(week_of_year(date, (sunday_based + 6) % 7), 2, '0'),
            's' => Number(date.timestamp().as_second(), 1, '0'),
            'n' => Text("\n".to_owned()),
            't' => Text("\t".to_owned()),
            '%' => Text("%".to_owned()),
            letter => return compound(letter).map(Format),
        })
    }

    /// The fraction of the second; the width is the number of its digits.
    fn fraction(&self, date: &Zoned, digits: usize) -> String {
        let nanos = format!("{:09}", date.subsec_nanosecond());
        let digits = self.width.unwrap_or(digits);
        nanos.chars().chain(std::iter::repeat('0')).take(digits).collect()
    }

    /// `+0100`, `+01:00` with one colon, `+01:00:00` with two.
    fn offset(&self, date: &Zoned) -> String {
        let seconds = date.offset().seconds();
        let sign = if seconds < 0 { '-' } else { '+' };
        let seconds = seconds.abs();
        let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        match self.colons {
            0 => format!("{sign}{hours:02}{minutes:02}"),
            1 => format!("{sign}{hours:02}:{minutes:02}"),
            _ => format!("{sign}{hours:02}:{minutes:02}:{rest:02}"),
        }
    }
}

/// Directives that stand for others.
fn compound(letter: char) -> Option<&'static str> {
    Some(match letter {
        'c' => "%a %b %e %H:%M:%S %Y",
        'D' | 'x' => "%m/%d/%y",
        'F' => "%Y-%m-%d",
        'v' => "%e-%^b-%Y",
        'X' | 'T' => "%H:%M:%S",
        'r' => "%I:%M:%S %p",
        'R' => "%H:%M",
        '+' => "%a %b %e %H:%M:%S %Z %Y",
        _ => return None,
    })
}

/// Fills a text up from the left; a sign stays in front of zeros.
fn filled(text: &str, width: usize, fill: Option<char>) -> String {
    let Some(fill) = fill else { return text.to_owned() };
    let missing = width.saturating_sub(text.chars().count());
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) if fill == '0' => ("-", digits),
        _ => ("", text),
    };
    let padding: String = std::iter::repeat_n(fill, missing).collect();
    format!("{sign}{padding}{digits}")
}

/// The abbreviation of the zone; Ruby has none for a fixed offset.
fn zone_name(date: &Zoned) -> String {
    let zone = date.time_zone();
    if *zone != jiff::tz::TimeZone::UTC && zone.iana_name().is_none() {
        return String::new();
    }
    zone.to_offset_info(date.timestamp()).abbreviation().to_owned()
}

/// The week of the year, where the first one begins with the first day whose offset is 0.
fn week_of_year(date: &Zoned, weekday: i64) -> i64 {
    (i64::from(date.day_of_year()) + 6 - weekday) / 7
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(format: &str, expected: &str) {
        let date = "2026-01-05T13:04:09.0123[Europe/Berlin]".parse::<Zoned>().unwrap();
        assert_eq!(
            write(&date, format, Language::English, 1000).as_deref(),
            Ok(expected),
            "{format}"
        );
    }

    #[test]
    fn directives_write_what_ruby_writes() {
        check("%a %A %b %B %d %e %j", "Mon Monday Jan January 05  5 005");
        check("%H %I %k %l %M %S %p %P", "13 01 13  1 04 09 PM pm");
        check("%Y %C %y %G %g %V %U %W %u %w", "2026 20 26 2026 26 02 01 01 1 1");
        check("%L %N %3N %s", "012 012300000 012 1767614649");
        check("%z %:z %::z %Z", "+0100 +01:00 +01:00:00 CET");
        check("%D %F %T %R %r", "01/05/26 2026-01-05 13:04:09 13:04 01:04:09 PM");
        check("%c|%x|%X|%v", "Mon Jan  5 13:04:09 2026|01/05/26|13:04:09| 5-JAN-2026");
    }

    #[test]
    fn names_are_those_of_the_language() {
        let date = "2026-02-04T13:04:09[Europe/Berlin]".parse::<Zoned>().unwrap();
        for (tag, expected) in [
            ("de-AT", "Mittwoch Mi. 4 Februar Feb. FEBRUAR"),
            ("es", "miércoles mié 4 febrero feb FEBRERO"),
            ("fr_CA", "mercredi mer. 4 février févr. FÉVRIER"),
            ("IT", "mercoledì mer 4 febbraio feb FEBBRAIO"),
            ("nl", "woensdag wo 4 februari feb FEBRUARI"),
            ("pt-br", "quarta-feira qua. 4 fevereiro fev. FEVEREIRO"),
            ("en-GB", "Wednesday Wed 4 February Feb FEBRUARY"),
            ("tlh", "Wednesday Wed 4 February Feb FEBRUARY"),
        ] {
            let written = write(&date, "%A %a %-d %B %b %^B", Language::of(tag), 100);
            assert_eq!(written.as_deref(), Ok(expected), "{tag}");
        }
    }

    #[test]
    fn flags_and_widths_change_padding_and_case() {
        check("%-d %-m %-l %-H", "5 1 1 13");
        check("%^b %^A %#p %#B", "JAN MONDAY pm JANUARY");
        check("%_d %03d %10B %-10B %010Y", " 5 005    January January 0000002026");
    }

    #[test]
    fn what_is_no_directive_stands_for_itself() {
        check("100% %Q %", "100% %Q %");
        check("%%d %n|%t|", "%d \n|\t|");
        check("é%dé", "é05é");
    }

    #[test]
    fn a_date_without_a_named_zone_has_no_zone_name() {
        let date = "2026-01-05T13:04:09+02:00[+02:00]".parse::<Zoned>().unwrap();
        assert_eq!(write(&date, "%Z|", Language::English, 10).as_deref(), Ok("|"));
    }

    #[test]
    fn formats_that_are_too_wide_or_too_long_are_refused() {
        let date = "2026-01-05T13:04:09[UTC]".parse::<Zoned>().unwrap();
        assert_eq!(write(&date, "%1000000000Y", Language::English, 100), Err(WriteError::TooWide));
        assert_eq!(
            write(&date, &"%c".repeat(100), Language::English, 100),
            Err(WriteError::TooLong)
        );
    }
}
