//! Instants and spans, in whole milliseconds.
//!
//! Every law about expiry is stated on integers: a half-open interval of milliseconds has one last
//! member, and no rounding stands between a rule and the moment at which it flips.

use std::fmt;
use std::ops::{Add, Sub};

/// An instant: milliseconds since 1970-01-01T00:00:00Z.
///
/// Ranges from the year 1 to [`Timestamp::NEVER`]; arithmetic saturates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

impl Timestamp {
    /// Later than every instant: "until an event arrives".
    pub const NEVER: Self = Self(i64::MAX);
    /// 1970-01-01T00:00:00Z, which also stands for "no time was sent".
    pub const EPOCH: Self = Self(0);
    const EARLIEST: i64 = -62_135_596_800_000;
    const LATEST: i64 = 253_402_300_799_999;

    /// The instant `millis` milliseconds after the epoch, brought into the years 1 to 9999.
    pub const fn from_millis(millis: i64) -> Self {
        if millis == i64::MAX {
            return Self::NEVER;
        }
        if millis < Self::EARLIEST {
            return Self(Self::EARLIEST);
        }
        if millis > Self::LATEST {
            return Self(Self::LATEST);
        }
        Self(millis)
    }

    /// Milliseconds since the epoch.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Whether this is [`Timestamp::NEVER`].
    pub const fn is_never(self) -> bool {
        self.0 == i64::MAX
    }

    /// Reads RFC 3339 (`2026-10-01T09:00:00.000Z`, any offset, a space for the `T`) or a bare date,
    /// which means its midnight in UTC. Fractions finer than a millisecond are cut off.
    pub fn parse(text: &str) -> Result<Self, NotATime> {
        let refuse = || NotATime(text.chars().take(40).collect());
        if let Ok(instant) = text.parse::<jiff::Timestamp>() {
            return Ok(Self::from_millis(instant.as_millisecond()));
        }
        let date = text.parse::<jiff::civil::DateTime>().map_err(|_| refuse())?;
        let zoned = date.to_zoned(jiff::tz::TimeZone::UTC).map_err(|_| refuse())?;
        Ok(Self::from_millis(zoned.timestamp().as_millisecond()))
    }

    /// The time from `earlier` to here, at least zero.
    pub fn since(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0).max(0))
    }

    pub(crate) fn to_jiff(self) -> jiff::Timestamp {
        // jiff's own range is a little wider than the years 1 to 9999, so this never falls back.
        jiff::Timestamp::from_millisecond(self.0.clamp(Self::EARLIEST, Self::LATEST))
            .unwrap_or_default()
    }
}

impl Add<Span> for Timestamp {
    type Output = Self;
    fn add(self, span: Span) -> Self {
        if self.is_never() { self } else { Self::from_millis(self.0.saturating_add(span.0)) }
    }
}

impl Sub<Span> for Timestamp {
    type Output = Self;
    fn sub(self, span: Span) -> Self {
        if self.is_never() { self } else { Self::from_millis(self.0.saturating_sub(span.0)) }
    }
}

impl fmt::Display for Timestamp {
    /// `2026-10-01T09:00:00.000Z`, or `never`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_never() { f.write_str("never") } else { write!(f, "{:.3}", self.to_jiff()) }
    }
}

/// The text is neither an RFC 3339 instant nor a date.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a time; write it like 2026-10-01T09:00:00Z or 2026-10-01")]
pub struct NotATime(String);

/// A length of time in milliseconds, at least zero. A day is 24 hours: calendar days are a matter
/// of [`crate::zone`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span(i64);

impl Span {
    /// The longest span a definition may name: 100 years.
    pub const LONGEST: Self = Self::days(36_525);

    const UNITS: [(&'static str, i64); 5] =
        [("w", 604_800_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000)];

    /// `millis` milliseconds; a negative number counts as zero.
    pub const fn from_millis(millis: i64) -> Self {
        Self(if millis < 0 { 0 } else { millis })
    }

    /// `days` times 24 hours.
    pub const fn days(days: u32) -> Self {
        Self(days as i64 * 86_400_000)
    }

    /// `hours` hours.
    pub const fn hours(hours: u32) -> Self {
        Self(hours as i64 * 3_600_000)
    }

    /// `minutes` minutes.
    pub const fn minutes(minutes: u32) -> Self {
        Self(minutes as i64 * 60_000)
    }

    /// `seconds` seconds.
    pub const fn seconds(seconds: u32) -> Self {
        Self(seconds as i64 * 1_000)
    }

    /// Its milliseconds.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Reads `90s`, `30m`, `1h`, `7d` or `12w`: a whole number above zero and one unit.
    pub fn parse(text: &str) -> Result<Self, NotASpan> {
        let refuse = || NotASpan(text.chars().take(40).collect());
        let unit = Self::UNITS.iter().find(|(unit, _)| text.ends_with(unit)).ok_or_else(refuse)?;
        let digits = text.strip_suffix(unit.0).ok_or_else(refuse)?;
        let number: u32 = digits.parse().map_err(|_| refuse())?;
        let span = Self(i64::from(number).saturating_mul(unit.1));
        if span.0 == 0 || span > Self::LONGEST { Err(refuse()) } else { Ok(span) }
    }

    /// In words: `90 days`, `1 hour`.
    pub fn in_words(self) -> String {
        let words = ["week", "day", "hour", "minute", "second"];
        let fits = Self::UNITS.iter().zip(words).skip(1).find(|((_, unit), _)| self.0 % unit == 0);
        let (number, word) =
            fits.map_or((self.0, "millisecond"), |((_, unit), word)| (self.0 / unit, word));
        if number == 1 { format!("1 {word}") } else { format!("{number} {word}s") }
    }
}

impl fmt::Display for Span {
    /// As [`Span::parse`] reads it, in the largest unit below the week that fits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Self::UNITS.iter().skip(1).find(|(_, unit)| self.0 % unit == 0) {
            Some((name, unit)) => write!(f, "{}{name}", self.0 / unit),
            None => write!(f, "{}ms", self.0),
        }
    }
}

/// The text is not a span.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a duration; write a whole number and a unit, such as 30m, 1h, 7d or 12w, up to 100 years"
)]
pub struct NotASpan(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_read_in_every_shape_the_sdks_send() {
        for text in [
            "2026-10-01T09:00:00.000Z",
            "2026-10-01T11:00:00+02:00",
            "2026-10-01T09:00:00.000000+00:00",
            "2026-10-01 09:00:00Z",
        ] {
            assert_eq!(Timestamp::parse(text).unwrap().to_string(), "2026-10-01T09:00:00.000Z");
        }
        assert_eq!(Timestamp::parse("2026-10-01").unwrap().to_string(), "2026-10-01T00:00:00.000Z");
    }

    #[test]
    fn what_is_not_a_time_is_refused_with_the_text_in_backticks() {
        let refused = Timestamp::parse("yesterday").unwrap_err();
        assert!(refused.to_string().starts_with("`yesterday` is not a time"));
    }

    #[test]
    fn spans_are_read_and_written_back() {
        for (text, written, words) in [
            ("90s", "90s", "90 seconds"),
            ("60m", "1h", "1 hour"),
            ("7d", "7d", "7 days"),
            ("12w", "84d", "84 days"),
        ] {
            let span = Span::parse(text).unwrap();
            assert_eq!((span.to_string(), span.in_words()), (written.into(), words.into()));
        }
        for text in ["", "d", "0d", "-1d", "1.5h", "7 d", "101y", "40000d", "7x"] {
            assert!(Span::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn nothing_is_later_than_never() {
        assert_eq!(Timestamp::NEVER + Span::days(1), Timestamp::NEVER);
        assert!(Timestamp::from_millis(i64::MAX - 1) < Timestamp::NEVER);
    }
}
