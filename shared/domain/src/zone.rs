//! Local time: what a customer's calendar and clock show.

mod countries;
mod names;

use std::fmt;
use std::sync::{LazyLock, OnceLock};

use jiff::civil::{Date, Time};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{ToSpan, Zoned};

use crate::time::Timestamp;

/// The zone rules come with the program, so that two machines agree and no file is read.
static DATABASE: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// An IANA time zone, such as `Europe/Paris`. Its rules are looked up when first needed.
#[derive(Clone)]
pub struct Zone {
    name: Box<str>,
    rules: OnceLock<TimeZone>,
}

impl Zone {
    /// Coordinated universal time.
    pub fn utc() -> Self {
        Self { name: "UTC".into(), rules: OnceLock::from(TimeZone::UTC) }
    }

    /// The zone of that name, in the database's spelling.
    pub fn parse(name: &str) -> Result<Self, UnknownZone> {
        let rules = DATABASE.get(name).map_err(|_| UnknownZone(name.chars().take(64).collect()))?;
        let name = rules.iana_name().unwrap_or("UTC").into();
        Ok(Self { name, rules: OnceLock::from(rules) })
    }

    /// A zone whose name was checked before, as when it comes out of the store. A name that the
    /// database no longer holds counts as UTC.
    pub fn stored(name: &str) -> Self {
        Self { name: name.into(), rules: OnceLock::new() }
    }

    /// The only zone of a country (by its ISO 3166 code or a name), if it has one.
    pub fn of_country(told: &str) -> Option<Self> {
        let code = names::code_of(told);
        let at = countries::ONLY_ZONE.binary_search_by(|(known, _)| (*known).cmp(&code)).ok()?;
        countries::ONLY_ZONE.get(at).and_then(|(_, zone)| Self::parse(zone).ok())
    }

    /// Every zone of a country (by its ISO 3166 code or a name): all that a customer there may live in.
    pub fn all_of_country(told: &str) -> Vec<Self> {
        let code = names::code_of(told);
        if let Some(only) = Self::of_country(&code) {
            return vec![only];
        }
        let at = countries::MANY_ZONES.binary_search_by(|(known, _)| (*known).cmp(&code));
        let zones = at.ok().and_then(|at| countries::MANY_ZONES.get(at)).map(|(_, zones)| *zones);
        zones.unwrap_or_default().iter().filter_map(|zone| Self::parse(zone).ok()).collect()
    }

    /// Its IANA name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The local date at an instant.
    pub fn date(&self, at: Timestamp) -> Date {
        self.at(at).date()
    }

    /// The local time of day at an instant.
    pub fn time(&self, at: Timestamp) -> Time {
        self.at(at).time()
    }

    /// The first instant of a local date; where midnight is skipped, the first that exists.
    pub fn start_of(&self, date: Date) -> Timestamp {
        // Only the last representable date has no start in some zone.
        let start = self.rules().to_zoned(date.at(0, 0, 0, 0)).and_then(|z| z.start_of_day());
        start.map_or(Timestamp::NEVER, |zoned| instant(&zoned))
    }

    /// The calendar period that holds `at`: its first instant, and the first instant after it.
    pub fn period(&self, period: Period, at: Timestamp) -> (Timestamp, Timestamp) {
        let today = self.date(at);
        let first = match period {
            Period::Day => today,
            Period::Week => {
                today.saturating_sub(i64::from(today.weekday().to_monday_zero_offset()).days())
            }
            Period::Month => today.first_of_month(),
            Period::Year => today.first_of_year(),
        };
        let next = first.saturating_add(match period {
            Period::Day => 1.day(),
            Period::Week => 1.week(),
            Period::Month => 1.month(),
            Period::Year => 1.year(),
        });
        (self.start_of(first), self.start_of(next))
    }

    /// The first instant after `at` at which the clock shows `time`, or at which it is put forward or
    /// back, whichever comes first: then the reader looks at the clock again.
    pub fn next_showing(&self, time: Time, at: Timestamp) -> Timestamp {
        let today = self.date(at);
        let days = [Some(today), today.tomorrow().ok()];
        let showing = days.into_iter().flatten().flat_map(|date| {
            let local = self.rules().to_ambiguous_zoned(date.to_datetime(time));
            [local.clone().earlier(), local.later()]
        });
        let change = self.rules().following(at.to_jiff()).next();
        let change = change.map(|change| change.timestamp().as_millisecond());
        let instants = showing.flatten().map(|zoned| instant(&zoned));
        let instants = instants.chain(change.map(Timestamp::from_millis));
        instants.filter(|instant| *instant > at).min().unwrap_or(Timestamp::NEVER)
    }

    /// The first instant from `at` on at which the clock shows `time`; on a day that skips it, the
    /// moment after the gap that is as far into the day.
    pub fn first_at(&self, time: Time, at: Timestamp) -> Timestamp {
        let today = self.date(at);
        let days = [Some(today), today.tomorrow().ok()];
        let showing = days.into_iter().flatten().filter_map(|date| {
            let local = date.to_datetime(time).to_zoned(self.rules().clone()).ok()?;
            Some(instant(&local))
        });
        showing.filter(|instant| *instant >= at).min().unwrap_or(at)
    }

    fn at(&self, at: Timestamp) -> Zoned {
        at.to_jiff().to_zoned(self.rules().clone())
    }

    /// The rules themselves, for the template engine.
    pub(crate) fn rules(&self) -> &TimeZone {
        self.rules.get_or_init(|| DATABASE.get(&self.name).unwrap_or(TimeZone::UTC))
    }
}

fn instant(zoned: &Zoned) -> Timestamp {
    Timestamp::from_millis(zoned.timestamp().as_millisecond())
}

impl PartialEq for Zone {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Zone {}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Zone({})", self.name)
    }
}

/// A period of the local calendar. Weeks begin on Monday (ISO 8601).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Period {
    /// From midnight to midnight.
    Day,
    /// From Monday to Sunday.
    Week,
    /// A month of the calendar.
    Month,
    /// A year of the calendar.
    Year,
}

/// No IANA zone has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a time zone; use an IANA name such as `Europe/Paris`")]
pub struct UnknownZone(String);

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn a_day_on_which_midnight_is_skipped_starts_when_the_clock_does() {
        // Santiago springs forward at 24:00: 2026-09-06 begins at 01:00 local.
        let zone = Zone::parse("America/Santiago").unwrap();
        let (start, end) = zone.period(Period::Day, at("2026-09-06T12:00:00Z"));
        assert_eq!(start.to_string(), "2026-09-06T04:00:00.000Z");
        assert_eq!(end.since(start).millis(), 23 * 3_600_000);
    }

    #[test]
    fn a_day_in_which_the_clock_goes_back_has_25_hours() {
        let zone = Zone::parse("Europe/Paris").unwrap();
        let (start, end) = zone.period(Period::Day, at("2026-10-25T12:00:00Z"));
        assert_eq!(end.since(start).millis(), 25 * 3_600_000);
    }

    #[test]
    fn weeks_begin_on_monday_and_months_on_the_first() {
        let zone = Zone::parse("Pacific/Auckland").unwrap();
        let (week, _) = zone.period(Period::Week, at("2026-11-22T10:00:00Z"));
        let (month, next) = zone.period(Period::Month, at("2026-11-22T10:00:00Z"));
        assert_eq!(week.to_string(), "2026-11-15T11:00:00.000Z");
        assert_eq!(month.to_string(), "2026-10-31T11:00:00.000Z");
        assert_eq!(next.to_string(), "2026-11-30T11:00:00.000Z");
    }

    #[test]
    fn a_country_tells_the_zone_only_if_it_has_one() {
        assert_eq!(
            Zone::of_country("fr").map(|z| z.name().to_owned()).as_deref(),
            Some("Europe/Paris")
        );
        assert_eq!(Zone::of_country("US"), None);
    }

    #[test]
    fn a_country_may_be_told_by_a_name() {
        let zones = |told: &str| {
            Zone::all_of_country(told).iter().map(|zone| zone.name().to_owned()).collect::<Vec<_>>()
        };
        for name in ["United States", "USA", "usa", "U.S.A.", " The United States of America"] {
            assert_eq!(zones(name), zones("US"), "{name}");
        }
        for name in ["UK", "United Kingdom", "England", "Great Britain"] {
            assert_eq!(zones(name), ["Europe/London"], "{name}");
        }
        assert_eq!(zones("Deutschland"), zones("de"));
        assert_eq!(zones("Trinidad & Tobago"), zones("TT"));
        assert!(zones("Atlantis").is_empty() && !zones("US").is_empty());
    }

    #[test]
    fn every_zone_of_the_table_exists_and_the_table_is_sorted() {
        assert!(countries::ONLY_ZONE.is_sorted_by_key(|(code, _)| *code));
        for (code, _) in countries::ONLY_ZONE {
            assert!(Zone::of_country(code).is_some(), "{code}");
        }
    }
}
