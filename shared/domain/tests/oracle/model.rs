//! What the generator draws and the oracle judges: rules and calls in words of their own.
//!
//! Nothing here is the product's. The product gets the same rules as a definition file
//! ([`crate::print`]) and the same calls as the JSON an SDK would send ([`crate::wire`]).

use serde_json::{Map, Value};

use crate::teeth::Kind;

/// Milliseconds, of an instant or of a span.
pub(crate) type Ms = i64;

pub(crate) const SECOND: Ms = 1_000;
pub(crate) const MINUTE: Ms = 60 * SECOND;
pub(crate) const HOUR: Ms = 60 * MINUTE;
pub(crate) const DAY: Ms = 24 * HOUR;

/// A decimal, in hundredths.
pub(crate) type Cents = i64;

/// A shop's definitions.
#[derive(Debug, Clone)]
pub(crate) struct Shop {
    pub(crate) zone: &'static str,
    pub(crate) metrics: Vec<Metric>,
    pub(crate) scores: Vec<Score>,
    /// A segment refers to earlier ones only.
    pub(crate) segments: Vec<Rule>,
}

#[derive(Debug, Clone)]
pub(crate) enum Rule {
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
    Leaf(Leaf),
}

/// A test, with the kinds of test that it is an example of.
#[derive(Debug, Clone)]
pub(crate) struct Leaf {
    pub(crate) kinds: Vec<Kind>,
    pub(crate) test: Test,
}

#[derive(Debug, Clone)]
pub(crate) enum Test {
    Trait {
        path: &'static str,
        tests: Vec<ValueTest>,
        moments: Vec<Moment>,
        anniversary: Option<u16>,
    },
    Event(Did),
    Metric(usize, Range),
    Score(usize, Range),
    Waiting {
        since: Vec<&'static str>,
        without: Vec<&'static str>,
        after: Ms,
        at_most: Ms,
    },
    Segment(usize),
    Consent {
        channel: &'static str,
        topic: Option<&'static str>,
    },
    Prefers(&'static str),
}

/// `event` and its like.
#[derive(Debug, Clone)]
pub(crate) struct Did {
    /// `event`, `received`, `opened` or `clicked`.
    pub(crate) word: &'static str,
    /// Event names, or programs; `any` stands alone.
    pub(crate) names: Vec<&'static str>,
    pub(crate) filter: Vec<(&'static str, Vec<ValueTest>)>,
    pub(crate) times: Option<(usize, Option<usize>)>,
    pub(crate) within: Option<Window>,
    pub(crate) first: Vec<Moment>,
    pub(crate) last: Vec<Moment>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Window {
    Last(Ms),
    During(Period),
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Moment {
    Within(Window),
    OlderThan(Ms),
    InNext(Ms),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Period {
    Day,
    Week,
    Month,
    Year,
}

#[derive(Debug, Clone)]
pub(crate) enum ValueTest {
    In(Vec<Scalar>),
    Contains(&'static str),
    StartsWith(&'static str),
    Number(Range),
    Before(Ms),
    After(Ms),
    IsSet,
}

#[derive(Debug, Clone)]
pub(crate) enum Scalar {
    Text(&'static str),
    Number(Cents),
    Bool(bool),
}

#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Range {
    pub(crate) at_least: Option<Cents>,
    pub(crate) at_most: Option<Cents>,
    pub(crate) more_than: Option<Cents>,
    pub(crate) less_than: Option<Cents>,
}

#[derive(Debug, Clone)]
pub(crate) struct Metric {
    pub(crate) kind: Computed,
    pub(crate) event: &'static str,
    pub(crate) filter: Vec<(&'static str, Vec<ValueTest>)>,
    pub(crate) window: Option<Ms>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Computed {
    Sum(&'static str),
    Average(&'static str),
    Count,
    DaysSince,
}

#[derive(Debug, Clone)]
pub(crate) struct Score {
    pub(crate) half_life: Ms,
    pub(crate) points: Vec<(&'static str, Cents)>,
}

/// What an SDK sends.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    /// Whose id it carries: the visitor's or the known customer's.
    pub(crate) visitor: bool,
    pub(crate) message_id: String,
    /// The instant at which it happened, by our clock.
    pub(crate) occurred: Ms,
    pub(crate) received: Ms,
    pub(crate) clock: Clock,
    pub(crate) import: bool,
    pub(crate) zone: Option<&'static str>,
    pub(crate) device: Option<&'static str>,
    pub(crate) act: Act,
}

impl Call {
    /// Whether nobody can know when it happened.
    pub(crate) fn is_undated(&self) -> bool {
        match self.clock {
            Clock::Ahead(by) => by > DAY,
            Clock::Behind(by) => by.abs() > DAY,
            Clock::Right | Clock::Missing => false,
        }
    }

    /// Whether it counts as imported: said so, or a grant of which nobody can know when it was made.
    pub(crate) fn is_import(&self) -> bool {
        let grant = matches!(self.act, Act::Track { name: "Consent Granted", .. });
        self.import || (grant && self.is_undated())
    }
}

/// What the client's clock and its `sentAt` say.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Clock {
    /// A right timestamp and no `sentAt`.
    Right,
    /// No timestamp at all.
    Missing,
    /// A timestamp ahead of its receipt by so much.
    Ahead(Ms),
    /// A clock that is behind ours by so much, which `sentAt` betrays.
    Behind(Ms),
}

#[derive(Debug, Clone)]
pub(crate) enum Act {
    Track {
        /// The one spelling.
        name: &'static str,
        /// As sent.
        spelled: &'static str,
        properties: Map<String, Value>,
    },
    Page,
    Identify {
        traits: Map<String, Value>,
    },
}

/// One thing that happens to a person, in order of arrival.
#[derive(Debug, Clone)]
pub(crate) enum Input {
    Call(Call),
    /// A client sends the call at this place among the inputs once more.
    Again(usize, Ms),
    /// The visitor turns out to be the known customer.
    Merge(Ms),
    Tick(Ms),
}

impl Input {
    pub(crate) fn at(&self) -> Ms {
        match self {
            Self::Call(call) => call.received,
            Self::Again(_, at) | Self::Merge(at) | Self::Tick(at) => *at,
        }
    }
}

impl Call {
    /// The name by which rules know it.
    pub(crate) fn name(&self) -> Option<&'static str> {
        match self.act {
            Act::Track { name, .. } => Some(name),
            Act::Page => Some("Page Viewed"),
            Act::Identify { .. } => None,
        }
    }

    pub(crate) fn properties(&self) -> Option<&Map<String, Value>> {
        match &self.act {
            Act::Track { properties, .. } => Some(properties),
            _ => None,
        }
    }
}
