use super::*;
use crate::testing::at;

fn hours(quiet: &str) -> Hours {
    Hours { quiet: vec![(Channel::Sms, QuietHours::parse(quiet).unwrap())], ..Hours::default() }
}

#[track_caller]
fn check(hours: &Hours, zones: &[&str], now: &str, expected: Option<&str>) {
    let zones: Vec<Zone> = zones.iter().map(|name| Zone::parse(name).unwrap()).collect();
    let open = hours.open_from(Channel::Sms, None, &zones, at(now));
    assert_eq!(open, expected.map(at));
}

#[test]
fn quiet_hours_end_at_their_end_by_the_customers_clock() {
    let quiet = hours("21:00-09:00");
    let auckland = &["Pacific/Auckland"];
    check(&quiet, auckland, "2026-11-26T12:00:00Z", Some("2026-11-26T20:00:00Z"));
    check(&quiet, auckland, "2026-11-26T20:00:00Z", Some("2026-11-26T20:00:00Z"));
    check(&quiet, auckland, "2026-11-27T07:59:59.999Z", Some("2026-11-27T07:59:59.999Z"));
    check(&quiet, auckland, "2026-11-27T08:00:00Z", Some("2026-11-27T20:00:00Z"));
}

#[test]
fn nobody_is_written_to_before_it_is_day_in_every_zone_they_may_live_in() {
    let coasts = &["America/New_York", "America/Los_Angeles"];
    check(&hours("21:00-09:00"), coasts, "2026-11-26T14:30:00Z", Some("2026-11-26T17:00:00Z"));
    // Night somewhere at any time.
    let apart = &["Europe/London", "Pacific/Auckland", "America/Los_Angeles"];
    check(&hours("18:00-10:00"), apart, "2026-11-26T14:30:00Z", None);
}

#[test]
fn a_gap_that_swallows_the_end_ends_the_quiet() {
    // Berlin, 2026-03-29: 02:00 becomes 03:00.
    let berlin = &["Europe/Berlin"];
    check(&hours("01:00-02:30"), berlin, "2026-03-29T00:30:00Z", Some("2026-03-29T01:00:00Z"));
}

#[test]
fn hours_that_the_clock_shows_twice_are_quiet_twice() {
    // Berlin, 2026-10-25: 03:00 becomes 02:00.
    let quiet = hours("01:00-02:30");
    let berlin = &["Europe/Berlin"];
    check(&quiet, berlin, "2026-10-25T00:10:00Z", Some("2026-10-25T00:30:00Z"));
    check(&quiet, berlin, "2026-10-25T00:45:00Z", Some("2026-10-25T00:45:00Z"));
    check(&quiet, berlin, "2026-10-25T01:00:00Z", Some("2026-10-25T01:30:00Z"));
}

#[test]
fn closed_days_and_weekdays_are_the_customers() {
    let hours = Hours {
        weekdays: vec![(Channel::Sms, vec![0, 1, 2, 3, 4])],
        closed: vec![Closed::parse("12-25").unwrap(), Closed::parse("2026-12-28").unwrap()],
        ..Hours::default()
    };
    // Christmas is a Friday, and the Monday after it is closed.
    check(&hours, &["Europe/Paris"], "2026-12-25T10:00:00Z", Some("2026-12-28T23:00:00Z"));
}

#[test]
fn what_is_no_time_is_refused() {
    for text in ["", "9-10", "09:00", "25:00-09:00", "09:00-09:00", "9:0-10:00", "-1:00-2:00"] {
        assert!(QuietHours::parse(text).is_err(), "{text}");
    }
    for text in ["", "13-40", "yesterday", "2026-02-30", "02-30"] {
        assert!(Closed::parse(text).is_err(), "{text}");
    }
    assert_eq!(QuietHours::parse(" 9:00-21:30").unwrap().to_string(), "09:00-21:30");
    assert_eq!(Closed::parse("02-29"), Ok(Closed::Yearly(2, 29)));
}

/// Every zone, every change of its clock from 2024 to 2030, every minute from thirteen hours before
/// to thirteen after it, so that a night fits in: what is decided is what a look at the wall clock,
/// minute by minute, says.
#[test]
fn no_minute_around_any_change_of_any_clock_is_decided_wrongly() {
    const AROUND: i64 = 13 * 60;
    let (from, until) = (at("2024-01-01"), at("2031-01-01"));
    let (mut changes, mut decided, mut wrong) = (0, 0, Vec::new());
    for name in jiff::tz::TimeZoneDatabase::bundled().available() {
        let zone = Zone::parse(name.as_str()).unwrap();
        let transitions = zone.rules().following(from.to_jiff());
        let transitions = transitions.map(|change| change.timestamp().as_millisecond());
        for change in transitions.take_while(|change| *change < until.millis()) {
            changes += 1;
            for quiet in ["21:00-09:00", "01:30-02:30"] {
                let hours = hours(quiet);
                let quiet = QuietHours::parse(quiet).unwrap();
                let minute = |minute: i64| Timestamp::from_millis(change + minute * 60_000);
                let mut open = None;
                for at in (-AROUND..=AROUND).rev().map(minute) {
                    let shut = quiet.holds(zone.time(at));
                    open = if shut { open } else { Some(at) };
                    let Some(open) = open else { continue };
                    decided += 1;
                    let zones = std::slice::from_ref(&zone);
                    if hours.open_from(Channel::Sms, None, zones, at) != Some(open) {
                        wrong.push(format!("{name:?} {at}"));
                    }
                }
            }
        }
    }
    assert!(changes > 2_000 && decided > 6_000_000, "{changes} changes, {decided} minutes");
    assert!(wrong.is_empty(), "{} wrong, such as {:?}", wrong.len(), &wrong[..wrong.len().min(5)]);
}

#[test]
fn the_search_ends_where_nothing_is_ever_open() {
    let hours = Hours { weekdays: vec![(Channel::Sms, Vec::new())], ..Hours::default() };
    check(&hours, &["Europe/Paris"], "2026-01-01T00:00:00Z", None);
    let now = at("2026-01-01T00:00:00Z");
    assert_eq!(hours.open_from(Channel::Email, None, &[Zone::utc()], now), Some(now));
}
