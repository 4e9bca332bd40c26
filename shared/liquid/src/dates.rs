//! Dates: what text means one, and how one is written.

mod civil;
mod django;
mod names;
mod read;
mod write;

use std::sync::LazyLock;

use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{Timestamp, Zoned};

pub(crate) use write::{MAX_WIDTH, WriteError};

use crate::value::Value;

/// The language of names in dates. Ruby, and with it Liquid, knows English only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// `Friday 27 November`.
    #[default]
    English,
    /// `Freitag 27 November`.
    German,
    /// `viernes 27 noviembre`.
    Spanish,
    /// `vendredi 27 novembre`.
    French,
    /// `venerdì 27 novembre`.
    Italian,
    /// `vrijdag 27 november`.
    Dutch,
    /// `sexta-feira 27 novembro`.
    Portuguese,
}

impl Language {
    /// The language of a tag such as `fr` or `pt-BR`; English for every other.
    pub fn of(tag: &str) -> Self {
        let primary = tag.trim().split(['-', '_']).next().unwrap_or_default();
        match primary.to_ascii_lowercase().as_str() {
            "de" => Self::German,
            "es" => Self::Spanish,
            "fr" => Self::French,
            "it" => Self::Italian,
            "nl" => Self::Dutch,
            "pt" => Self::Portuguese,
            _ => Self::English,
        }
    }
}

/// How a date is to be written.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Format<'f> {
    /// Ruby's `strftime`: `%B %-d, %Y`.
    Ruby(&'f str),
    /// Django's letters: `F j, Y`. One with a `%` in it is Ruby's, which Klaviyo reads as well.
    Django(&'f str),
}

/// The longest field, `%c`, takes as long as so many steps, each about a microsecond in a debug build.
const STEPS_PER_FIELD: usize = 15;

impl Format<'_> {
    /// The steps it takes to write a date so: some for each field, which may stand for several.
    pub(crate) fn steps(self) -> usize {
        let fields = match self {
            Self::Ruby(format) => format.matches('%').count(),
            Self::Django(format) => format.len(),
        };
        fields.saturating_mul(STEPS_PER_FIELD)
    }

    /// The date in this format with the names of a language, in at most `room` bytes.
    pub(crate) fn write(
        self,
        date: &Zoned,
        language: Language,
        room: usize,
    ) -> Result<String, WriteError> {
        match self {
            Self::Django(format) if !format.contains('%') => {
                django::write(date, format, language, room)
            }
            Self::Ruby(format) | Self::Django(format) => write::write(date, format, language, room),
        }
    }
}

/// The zones that are compiled in. The system's are left alone, whichever they are: the same template
/// gives the same text everywhere.
static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// The time zone of this name.
pub(crate) fn zone(name: &str) -> Option<TimeZone> {
    ZONES.get(name).ok()
}

/// The moment that a value means: a count of seconds since 1970, `now`, `today`, or a date in one of
/// the usual ways of writing it. A date that names no zone is in `zone`. `None` if it is no date.
pub(crate) fn read(value: &Value, now: Timestamp, zone: &TimeZone) -> Option<Zoned> {
    let seconds = |seconds: i64| {
        Timestamp::from_second(seconds).ok().map(|moment| moment.to_zoned(zone.clone()))
    };
    match value {
        Value::Int(value) => seconds(*value),
        Value::Str(text) | Value::Html(text) => match text.to_ascii_lowercase().as_str() {
            "" => None,
            "now" | "today" => Some(now.to_zoned(zone.clone())),
            digits if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                seconds(digits.parse().ok()?)
            }
            text => read::read(text, &now.to_zoned(zone.clone())),
        },
        _ => None,
    }
}
