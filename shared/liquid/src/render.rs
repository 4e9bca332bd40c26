//! Renders a template: what goes in, what comes out, and what can stop it.

mod budget;
mod condition;
mod env;
mod eval;
mod frame;
mod items;
mod renderer;
mod report;
mod sink;

use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

pub(crate) use env::Env;
pub(crate) use frame::{Frame, LoopState, Scope, TableState};
pub(crate) use items::Items;
pub(crate) use renderer::{Flow, Next, Renderer, Stop};

use crate::dates::Language;
use crate::failure::Failure;
use crate::limits::{Limit, RenderLimits};
use crate::partials::{NoPartials, Partials};
use crate::position::Position;
use crate::template::Variable;
use crate::value::{Numbers, Value};

/// A moment, in milliseconds since the beginning of 1970 in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnixMillis(pub i64);

impl UnixMillis {
    /// The moment for the calendar; beyond the years -9999 to 9999 it is the nearest end of them.
    pub(crate) fn timestamp(self) -> Timestamp {
        let end = if self.0 < 0 { Timestamp::MIN } else { Timestamp::MAX };
        Timestamp::from_millisecond(self.0).unwrap_or(end)
    }
}

/// What outputs are written into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Escape {
    /// HTML: `&`, `<`, `>` and quotes of every output are escaped, save after the filter `raw`.
    #[default]
    Html,
    /// Plain text, as in a subject line or an SMS: outputs are written as they are.
    None,
}

/// Everything that a rendering depends on. The same input gives the same bytes, always.
#[derive(Clone)]
pub struct RenderInput<'i> {
    /// The names that the template can read: an object. Anything else is read as an empty one.
    pub data: &'i Value,
    /// The templates for `include` and `render`.
    pub partials: &'i dyn Partials,
    /// What it may cost.
    pub limits: RenderLimits,
    /// The moment that `now` and `today` mean.
    pub now: UnixMillis,
    /// The zone of dates that name none.
    pub zone: TimeZone,
    /// The language of names in dates.
    pub language: Language,
    /// What outputs are written into.
    pub escape: Escape,
    /// How numbers with a fraction are written.
    pub numbers: Numbers,
}

impl<'i> RenderInput<'i> {
    /// This data at this moment: no partials, default limits, UTC, English names, escaped for HTML, numbers as Ruby.
    pub fn new(data: &'i Value, now: UnixMillis) -> Self {
        Self {
            data,
            partials: &NoPartials,
            limits: RenderLimits::default(),
            now,
            zone: TimeZone::UTC,
            language: Language::default(),
            escape: Escape::default(),
            numbers: Numbers::default(),
        }
    }

    /// The same input with these partials.
    #[must_use]
    pub fn partials(self, partials: &'i dyn Partials) -> Self {
        Self { partials, ..self }
    }

    /// The same input with these limits.
    #[must_use]
    pub fn limits(self, limits: RenderLimits) -> Self {
        Self { limits, ..self }
    }

    /// The same input in this zone.
    #[must_use]
    pub fn zone(self, zone: TimeZone) -> Self {
        Self { zone, ..self }
    }

    /// The same input with names in dates in this language.
    #[must_use]
    pub fn language(self, language: Language) -> Self {
        Self { language, ..self }
    }

    /// The same input, written into HTML or into plain text.
    #[must_use]
    pub fn escape(self, escape: Escape) -> Self {
        Self { escape, ..self }
    }

    /// The same input with numbers written so.
    #[must_use]
    pub fn numbers(self, numbers: Numbers) -> Self {
        Self { numbers, ..self }
    }
}

/// What a template became.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Rendered {
    /// The text.
    pub text: String,
    /// What went wrong on the way, in a lax template; each place once, in order of first meeting.
    pub warnings: Vec<Warning>,
    /// Names that were needed and not there, each path once. A name behind which a `default` stands
    /// and one that is only asked for in a condition are not needed.
    pub missing: Vec<Variable>,
}

/// A mistake that did not stop a lax template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{position}: {message}", of_partial(partial.as_deref()))]
#[non_exhaustive]
pub struct Warning {
    /// The partial it stands in, `None` for the template itself.
    pub partial: Option<Arc<str>>,
    /// Where it stands.
    pub position: Position,
    /// What is wrong: lower case, no full stop.
    pub message: String,
    /// The same, without what it quotes of the data: for logs, as data are about persons.
    pub fault: String,
}

/// Why there is no text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RenderError {
    /// A limit was reached. Rendering again with the same input ends the same way.
    #[error("{}{position}: {limit}", of_partial(partial.as_deref()))]
    Limit {
        /// The limit.
        limit: Limit,
        /// The partial it was reached in, `None` for the template itself.
        partial: Option<Arc<str>>,
        /// Where it was reached.
        position: Position,
    },
    /// A strict template met a value that it could not work with.
    #[error("{}{position}: {failure}", of_partial(partial.as_deref()))]
    Failed {
        /// What went wrong.
        failure: Failure,
        /// The partial it stands in, `None` for the template itself.
        partial: Option<Arc<str>>,
        /// Where it stands.
        position: Position,
    },
    /// The template itself says that this message is not to be sent (`abort_message` in Braze).
    /// This is an outcome, not a mistake.
    #[error("aborted by the template{}", colon(message))]
    Aborted {
        /// The reason that the template gives; may be empty.
        message: String,
    },
}

fn of_partial(partial: Option<&str>) -> String {
    partial.map_or_else(String::new, |name| format!("partial `{name}`, "))
}

fn colon(message: &str) -> String {
    if message.is_empty() { String::new() } else { format!(": {message}") }
}
