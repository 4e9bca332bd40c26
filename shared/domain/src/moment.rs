//! Tests on an instant that time itself can turn.

use jiff::civil::Date;
use jiff::{Span as CalendarSpan, ToSpan};

use crate::answer::Answer;
use crate::time::{Span, Timestamp};
use crate::zone::{Period, Zone};

/// A test on one instant, seen from now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Moment {
    /// Not longer ago than this: in `(now - span, now]`.
    Within(Span),
    /// At least this long ago.
    OlderThan(Span),
    /// Still to come, and not further away than this: in `(now, now + span]`.
    InNext(Span),
    /// In the local calendar period that now is in.
    During(Period),
}

impl Moment {
    /// Whether it holds for `instant`; an instant that is not known passes nothing.
    pub fn answer(self, instant: Option<Timestamp>, zone: &Zone, now: Timestamp) -> Answer {
        let Some(instant) = instant else { return Answer::NO };
        match self {
            Self::Within(span) => Answer::between(instant, instant + span, now),
            Self::OlderThan(span) => Answer::between(instant + span, Timestamp::NEVER, now),
            Self::InNext(span) => Answer::between(instant - span, instant, now),
            Self::During(period) => {
                let (from, to) = zone.period(period, instant);
                Answer::between(from.max(instant), to, now)
            }
        }
    }

    /// In words, to follow a verb: `in the last 30 days`.
    pub fn describe(self) -> String {
        match self {
            Self::Within(span) => format!("in the last {}", span.in_words()),
            Self::OlderThan(span) => format!("at least {} ago", span.in_words()),
            Self::InNext(span) => format!("in the next {}", span.in_words()),
            Self::During(period) => period.describe().to_owned(),
        }
    }
}

impl Period {
    /// In words: `today`, `this week`.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Day => "today",
            Self::Week => "this week",
            Self::Month => "this month",
            Self::Year => "this year",
        }
    }
}

/// The date in a text; of an instant its local date.
pub fn date_in(text: &str, zone: &Zone) -> Option<Date> {
    match text.parse::<jiff::Timestamp>() {
        Ok(instant) => Some(zone.date(Timestamp::from_millis(instant.as_millisecond()))),
        Err(_) => text.parse::<Date>().ok(),
    }
}

/// A day of the year, such as a birthday.
///
/// 29 February is kept on 28 February in years without one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Anniversary {
    /// 1 to 12.
    pub month: i8,
    /// 1 to 31.
    pub day: i8,
    /// The local day on which it comes round next, or is now: first instant and end. Looking this
    /// up in the zone's rules is slow, so it is kept until it is over.
    pub next: Option<(Timestamp, Timestamp)>,
}

impl Anniversary {
    /// Reads a date, `03-14`, `03/14` or `--03-14`; of an instant its local date.
    pub fn read(text: &str, zone: &Zone) -> Option<Self> {
        let yearless = text.strip_prefix("--").unwrap_or(text);
        let date = if let Some((month, day)) = yearless.split_once(['-', '/'])
            && month.len() <= 2
            && day.len() <= 2
        {
            // A leap year, so that 29 February is a date.
            Date::new(2000, month.parse().ok()?, day.parse().ok()?).ok()?
        } else {
            date_in(text, zone)?
        };
        Some(Self { month: date.month(), day: date.day(), next: None })
    }

    /// Looks up `next` if it is over or not known.
    pub fn refresh(&mut self, zone: &Zone, now: Timestamp) {
        if self.next.is_none_or(|(_, end)| now >= end) {
            self.next = Some(self.coming(zone, now, 0));
        }
    }

    /// Whether the day is today or, with `days`, at most so many local days away.
    pub fn answer(&self, days: u16, zone: &Zone, now: Timestamp) -> Answer {
        let (from, to) = match self.next {
            Some((from, to)) if days == 0 && now < to => (from, to),
            _ => self.coming(zone, now, days),
        };
        Answer::between(from, to, now)
    }

    /// From `days` local days before the day to its end, for the first year in which the end is
    /// still to come.
    fn coming(&self, zone: &Zone, now: Timestamp, days: u16) -> (Timestamp, Timestamp) {
        let year = zone.date(now).year();
        let mut span = (Timestamp::NEVER, Timestamp::NEVER);
        for year in [year, year.saturating_add(1)] {
            let Some(date) = self.in_year(year) else { continue };
            let first = date.saturating_sub(CalendarSpan::new().days(days));
            span = (zone.start_of(first), zone.start_of(date.saturating_add(1.day())));
            if now < span.1 {
                break;
            }
        }
        span
    }

    fn in_year(&self, year: i16) -> Option<Date> {
        let month = Date::new(year, self.month, 1).ok()?;
        Date::new(year, self.month, self.day.min(month.days_in_month())).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[track_caller]
    fn check(moment: Moment, instant: &str, now: &str, holds: bool, until: &str) {
        let answer = moment.answer(Some(at(instant)), &Zone::utc(), at(now));
        assert_eq!((answer.holds, answer.until.to_string()), (holds, until.to_owned()));
    }

    #[test]
    fn a_window_that_ends_on_this_very_millisecond_no_longer_holds() {
        let within = Moment::Within(Span::days(30));
        check(within, "2026-01-01", "2026-01-01", true, "2026-01-31T00:00:00.000Z");
        check(within, "2026-01-01", "2026-01-30T23:59:59.999Z", true, "2026-01-31T00:00:00.000Z");
        check(within, "2026-01-01", "2026-01-31", false, "never");
    }

    #[test]
    fn older_than_begins_where_within_ends() {
        let older = Moment::OlderThan(Span::days(30));
        check(older, "2026-01-01", "2026-01-30T23:59:59.999Z", false, "2026-01-31T00:00:00.000Z");
        check(older, "2026-01-01", "2026-01-31", true, "never");
    }

    #[test]
    fn what_is_to_come_is_so_until_it_has_come() {
        let next = Moment::InNext(Span::days(7));
        check(next, "2026-01-31", "2026-01-01", false, "2026-01-24T00:00:00.000Z");
        check(next, "2026-01-31", "2026-01-24", true, "2026-01-31T00:00:00.000Z");
        check(next, "2026-01-31", "2026-01-31", false, "never");
    }

    #[test]
    fn today_ends_at_local_midnight() {
        let zone = Zone::parse("America/New_York").unwrap();
        let today = Moment::During(Period::Day);
        let answer =
            today.answer(Some(at("2026-07-01T23:00:00Z")), &zone, at("2026-07-02T01:00:00Z"));
        assert_eq!(answer, Answer::yes_until(at("2026-07-02T04:00:00Z")));
    }

    #[track_caller]
    fn check_birthday(birthday: &str, days: u16, zone: &str, now: &str, holds: bool, until: &str) {
        let zone = Zone::parse(zone).unwrap();
        let mut day = Anniversary::read(birthday, &zone).unwrap();
        let slow = day.answer(days, &zone, at(now));
        day.refresh(&zone, at(now));
        assert_eq!(day.answer(days, &zone, at(now)), slow, "kept and looked up differ");
        assert_eq!((slow.holds, slow.until.to_string()), (holds, until.to_owned()));
    }

    #[test]
    fn a_birthday_is_the_local_day() {
        let (auckland, new_york) = ("Pacific/Auckland", "America/New_York");
        let day = "1985-03-14";
        check_birthday(day, 0, auckland, "2026-03-13T11:00:00Z", true, "2026-03-14T11:00:00.000Z");
        check_birthday(day, 0, new_york, "2026-03-13T11:00:00Z", false, "2026-03-14T04:00:00.000Z");
        check_birthday(day, 0, new_york, "2026-03-15T04:00:00Z", false, "2027-03-14T05:00:00.000Z");
        check_birthday("03/14", 7, "UTC", "2026-03-07T00:00:00Z", true, "2026-03-15T00:00:00.000Z");
    }

    #[test]
    fn a_birthday_on_29_february_is_kept_every_year() {
        check_birthday(
            "2000-02-29",
            0,
            "UTC",
            "2026-02-28T08:00:00Z",
            true,
            "2026-03-01T00:00:00.000Z",
        );
        check_birthday(
            "--02-29",
            0,
            "UTC",
            "2028-02-28T08:00:00Z",
            false,
            "2028-02-29T00:00:00.000Z",
        );
    }

    #[test]
    fn a_window_that_reaches_back_into_the_old_year_opens_there() {
        check_birthday("01-03", 7, "UTC", "2026-12-28T00:00:00Z", true, "2027-01-04T00:00:00.000Z");
    }
}
