//! Instants seen from now: of the first or last event, or in a trait; and days of the year.

use super::instants::Instants;
use super::read::RuleReader;
use super::{Facts, Test};
use crate::answer::Answer;
use crate::definitions::mistake::Wrong;
use crate::definitions::reader::{Members, Reader};
use crate::definitions::source::Node;
use crate::feature::Feature;
use crate::moment::Moment;
use crate::time::Timestamp;
use crate::zone::Period;

/// Where the instant comes from.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum When {
    /// A slot that keeps the first.
    First(usize),
    /// The oldest order that counts.
    FirstOrder(Instants),
    /// The newest of these.
    Last(Instants),
    /// A slot with a trait's instant.
    Trait(usize),
}

/// An instant lies so and so from now.
#[derive(Debug, Clone, PartialEq)]
pub struct WhenLeaf {
    what: String,
    instants: Vec<When>,
    earliest: bool,
    moment: Moment,
}

impl WhenLeaf {
    /// The earliest or latest of `instants` is `moment`.
    pub(super) fn new(what: String, instants: Vec<When>, earliest: bool, moment: Moment) -> Self {
        Self { what, instants, earliest, moment }
    }

    fn instant(&self, facts: &Facts<'_>) -> Option<Timestamp> {
        let known = self.instants.iter().filter_map(|when| when.instant(facts));
        if self.earliest { known.min() } else { known.max() }
    }
}

impl When {
    fn instant(&self, facts: &Facts<'_>) -> Option<Timestamp> {
        match self {
            Self::First(place) => match facts.features.get(*place)? {
                Feature::First(instant) => *instant,
                _ => None,
            },
            Self::FirstOrder(Instants::Orders) => facts.orders.first(),
            Self::FirstOrder(filtered) => {
                (1..).map_while(|k| filtered.nth(k, facts)).take(crate::limits::ORDERS).last()
            }
            Self::Last(instants) => instants.nth(1, facts),
            Self::Trait(place) => match facts.features.get(*place)? {
                Feature::Instant(instant) => *instant,
                _ => None,
            },
        }
    }

    fn slot(&self) -> Option<usize> {
        match self {
            Self::First(place) | Self::Trait(place) => Some(*place),
            Self::FirstOrder(instants) | Self::Last(instants) => instants.slot(),
        }
    }
}

impl Test for WhenLeaf {
    fn answer(&self, facts: &Facts<'_>, now: Timestamp) -> Answer {
        self.moment.answer(self.instant(facts), facts.zone, now)
    }

    fn describe(&self) -> String {
        format!("{} {}", self.what, self.moment.describe())
    }

    fn value(&self, facts: &Facts<'_>, _now: Timestamp) -> String {
        self.instant(facts).map_or("not known".to_owned(), |at| at.to_string())
    }

    fn slots(&self) -> Vec<usize> {
        self.instants.iter().filter_map(When::slot).collect()
    }
}

/// A day of the year is today, or comes within so many days.
#[derive(Debug, Clone, PartialEq)]
pub struct AnniversaryLeaf {
    path: String,
    slot: usize,
    days: u16,
}

impl AnniversaryLeaf {
    /// The trait at `path`, kept in `slot`.
    pub(super) fn new(path: String, slot: usize, days: u16) -> Self {
        Self { path, slot, days }
    }
}

impl Test for AnniversaryLeaf {
    fn answer(&self, facts: &Facts<'_>, now: Timestamp) -> Answer {
        match facts.features.get(self.slot) {
            Some(Feature::Anniversary(Some(day))) => day.answer(self.days, facts.zone, now),
            _ => Answer::NO,
        }
    }

    fn describe(&self) -> String {
        match self.days {
            0 => format!("have the anniversary of {} today", self.path),
            1 => format!("have the anniversary of {} today or tomorrow", self.path),
            days => {
                format!("have the anniversary of {} today or in the next {days} days", self.path)
            }
        }
    }

    fn value(&self, facts: &Facts<'_>, _now: Timestamp) -> String {
        match facts.features.get(self.slot) {
            Some(Feature::Anniversary(Some(day))) => format!("{:02}-{:02}", day.month, day.day),
            _ => "not known".to_owned(),
        }
    }

    fn slots(&self) -> Vec<usize> {
        vec![self.slot]
    }
}

/// Reads `{ within: …, older_than: …, in_next: … }`: every moment that must hold.
pub(super) fn moments(reader: &mut Reader, node: &Node) -> Option<Vec<Moment>> {
    let mut members = reader.members(node)?;
    let moments = moments_among(reader, &mut members)?;
    reader.finish(&members);
    if moments.is_empty() {
        return reader.refuse(&node.place, Wrong::NoTest("`within: 30d` or `older_than: 30d`"));
    }
    Some(moments)
}

/// The moments among other keys.
pub(super) fn moments_among(reader: &mut Reader, members: &mut Members<'_>) -> Option<Vec<Moment>> {
    let keys = ["within", "older_than", "in_next"].map(|key| (key, members.get(key)));
    let mut moments = Vec::new();
    for (key, node) in keys {
        let Some(node) = node else { continue };
        moments.push(match (key, period(node)) {
            ("within", Some(period)) => Moment::During(period),
            ("within", None) => Moment::Within(reader.span(node)?),
            ("older_than", _) => Moment::OlderThan(reader.span(node)?),
            _ => Moment::InNext(reader.span(node)?),
        });
    }
    let oldest =
        moments.iter().filter_map(|m| if let Moment::Within(s) = m { Some(*s) } else { None });
    let newest =
        moments.iter().filter_map(|m| if let Moment::OlderThan(s) = m { Some(*s) } else { None });
    if let (Some(within), Some(older_than)) = (oldest.min(), newest.max())
        && within <= older_than
    {
        let why = "`within` does not reach back beyond `older_than`";
        return reader.refuse(members.place, Wrong::Impossible(why));
    }
    Some(moments)
}

/// Reads `today`, `this_week`, `this_month` or `this_year`.
pub(super) fn period(node: &Node) -> Option<Period> {
    match node.text()? {
        "today" => Some(Period::Day),
        "this_week" => Some(Period::Week),
        "this_month" => Some(Period::Month),
        "this_year" => Some(Period::Year),
        _ => None,
    }
}

/// Reads `anniversary: today` or `anniversary: { in_next: 7d }`: how many days ahead.
pub(super) fn anniversary(cx: &mut RuleReader<'_>, node: &Node) -> Option<u16> {
    if node.text() == Some("today") {
        return Some(0);
    }
    let mut members = cx.reader.members(node)?;
    let span = cx.reader.required(&mut members, "in_next");
    cx.reader.finish(&members);
    let span = cx.reader.span(span?)?;
    let day = crate::time::Span::days(1).millis();
    let days = (span.millis() % day == 0).then_some(span.millis() / day);
    let days = days.and_then(|days| u16::try_from(days).ok());
    match days.filter(|days| (1..=364).contains(days)) {
        None => cx.reader.refuse(&node.place, Wrong::Expected("whole days, from `1d` to `364d`")),
        days => days,
    }
}
