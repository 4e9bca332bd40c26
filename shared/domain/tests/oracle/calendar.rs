//! Local time, the slow way: by asking what the calendar on the wall shows.

use std::sync::LazyLock;

use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::{TimeZone, TimeZoneDatabase};

use crate::model::*;

static DATABASE: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// The zone's rules.
pub(crate) fn zone(name: &str) -> Option<TimeZone> {
    DATABASE.get(name).ok()
}

/// What the calendar on the wall shows.
pub(crate) fn date(zone: &TimeZone, at: Ms) -> Date {
    jiff::Timestamp::from_millisecond(at).unwrap().to_zoned(zone.clone()).date()
}

/// The Monday, first of the month, or the like, of the period that holds a day.
pub(crate) fn first_day(period: Period, day: Date) -> Date {
    match period {
        Period::Day => day,
        Period::Week => {
            let mut monday = day;
            while monday.weekday() != jiff::civil::Weekday::Monday {
                monday = monday.yesterday().unwrap();
            }
            monday
        }
        Period::Month => Date::new(day.year(), day.month(), 1).unwrap(),
        Period::Year => Date::new(day.year(), 1, 1).unwrap(),
    }
}

/// Whether two instants lie in the same local day, week, month or year.
pub(crate) fn same_period(zone: &TimeZone, period: Period, one: Ms, other: Ms) -> bool {
    first_day(period, date(zone, one)) == first_day(period, date(zone, other))
}

/// The first day of the period after the one that holds a day.
pub(crate) fn next_period(period: Period, day: Date) -> Date {
    let mut next = day;
    while first_day(period, next) == first_day(period, day) {
        next = next.saturating_add(match period {
            Period::Day | Period::Week => 1.day(),
            Period::Month | Period::Year => 25.days(),
        });
    }
    first_day(period, next)
}

/// The first minute at which the wall shows `day` or a later one, found by halving, if it lies in
/// `(from, to]`. No zone has days that begin within a minute, since 1972.
pub(crate) fn starts(zone: &TimeZone, day: Date, from: Ms, to: Ms) -> Option<Ms> {
    let noon = day.at(12, 0, 0, 0).to_zoned(TimeZone::UTC).unwrap();
    let noon = noon.timestamp().as_millisecond() / MINUTE;
    let (mut before, mut after) = (noon - 2 * DAY / MINUTE, noon + 2 * DAY / MINUTE);
    if after * MINUTE <= from || before * MINUTE > to {
        return None;
    }
    while after - before > 1 {
        let middle = before + (after - before) / 2;
        if date(zone, middle * MINUTE) < day {
            before = middle;
        } else {
            after = middle;
        }
    }
    Some(after * MINUTE).filter(|at| *at > from && *at <= to)
}

/// A day of the year: month and day.
pub(crate) type Yearly = (i8, i8);

/// The day of the year in `1985-03-14`, `03-14`, `03/14` or `--03-14`; of an instant its local one.
pub(crate) fn yearly(text: &str, zone: &TimeZone) -> Option<Yearly> {
    if let Ok(at) = text.parse::<jiff::Timestamp>() {
        let day = date(zone, at.as_millisecond());
        return Some((day.month(), day.day()));
    }
    let digits: Vec<i8> = text
        .trim_start_matches('-')
        .split(['-', '/'])
        .rev()
        .take(2)
        .filter_map(|part| part.parse().ok())
        .collect();
    let [day, month] = digits[..] else { return None };
    Date::new(2000, month, day).ok().map(|_| (month, day))
}

/// Whether a day is the yearly one; 29 February is kept on the 28th in years without it.
pub(crate) fn is_yearly((month, day): Yearly, date: Date) -> bool {
    let early = (month, day) == (2, 29) && !date.in_leap_year();
    (date.month(), date.day()) == (month, if early { 28 } else { day })
}
