//! Brute force: the twelve segments from raw facts, by counting.
//!
//! Written by hand from the words of the workload. No rule, window, expiry or feature of the product
//! is used, so that a mistake there cannot hide here.

use std::collections::BTreeMap;

use super::person::ZONES;
use super::{BEGIN, Doing, Kind, Person, Quartiles};
use attune_domain::time::Timestamp;

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

/// The local month and day in every zone at every hour of the play.
#[derive(Debug)]
pub struct Calendar(BTreeMap<&'static str, Vec<(i8, i8)>>);

impl Calendar {
    /// Looks up the hours from the beginning to the end of the play.
    pub fn new() -> Self {
        let hours = super::PLAYED.millis() / HOUR;
        let day = |rules: &jiff::tz::TimeZone, hour: i64| {
            let at = jiff::Timestamp::from_millisecond(BEGIN.millis() + hour * HOUR);
            let date = at.expect("an instant of this century").to_zoned(rules.clone()).date();
            (date.month(), date.day())
        };
        let days = |rules| (0..=hours).map(|hour| day(rules, hour)).collect();
        Self(ZONES.iter().map(|(name, rules)| (*name, days(rules))).collect())
    }
}

impl Default for Calendar {
    fn default() -> Self {
        Self::new()
    }
}

/// What is known of a customer, and who is in which segment.
#[derive(Debug)]
pub struct Truth<'a> {
    person: &'a Person,
    quartiles: &'a Quartiles,
    days: &'a [(i8, i8)],
    numbers: std::collections::HashSet<u32>,
    signed_up: bool,
    consents: bool,
    orders: Vec<(i64, i64)>,
    carts: Vec<i64>,
    views: Vec<i64>,
    opens: Vec<i64>,
    clicks: Vec<i64>,
    signs_of_life: Vec<i64>,
}

impl<'a> Truth<'a> {
    /// Nothing has arrived yet.
    pub fn new(person: &'a Person, quartiles: &'a Quartiles, calendar: &'a Calendar) -> Self {
        Self {
            person,
            quartiles,
            days: calendar.0.get(person.zone).expect("a zone of the workload"),
            numbers: std::collections::HashSet::new(),
            signed_up: false,
            consents: false,
            orders: Vec::new(),
            carts: Vec::new(),
            views: Vec::new(),
            opens: Vec::new(),
            clicks: Vec::new(),
            signs_of_life: Vec::new(),
        }
    }

    /// Something arrived. The second time it is nothing.
    pub fn learn(&mut self, doing: &Doing) {
        if !self.numbers.insert(doing.number) {
            return;
        }
        let at = doing.occurred.millis();
        match doing.kind {
            Kind::SignUp => return self.signed_up = true,
            Kind::Order(cents) => put(&mut self.orders, (at, cents)),
            Kind::Cart => put(&mut self.carts, at),
            Kind::View => put(&mut self.views, at),
            Kind::Open => put(&mut self.opens, at),
            Kind::Click => put(&mut self.clicks, at),
            Kind::Consent => self.consents = true,
        }
        put(&mut self.signs_of_life, at);
    }

    /// One bit for each segment, the first lowest, at so many hours after the beginning.
    pub fn segments(&self, hour: usize) -> u16 {
        let now = BEGIN.millis() + i64::try_from(hour).expect("an hour of the play") * HOUR;
        let answers = [
            self.is_drifting(now),
            self.leaves_a_cart(now),
            self.signed_up && self.days[hour] == self.person.birthday,
            self.is_champion(now),
            self.cannot_be_lost(now),
            self.revenue(now, 180) >= 50_000,
            within(&self.opens, now, 30) >= 3 || within(&self.clicks, now, 30) >= 1,
            !self.signs_of_life.is_empty() && within(&self.signs_of_life, now, 60) == 0,
            self.is_welcome(now),
            within(&self.views, now, 7) >= 5 && self.orders_within(now, 7) == 0,
            self.consents && self.orders_within(now, 365) >= 5 && self.orders_within(now, 120) == 0,
            self.reads_and_does_not_buy(now),
        ];
        answers.iter().rev().fold(0, |bits, answer| bits << 1 | u16::from(*answer))
    }

    fn is_drifting(&self, now: i64) -> bool {
        self.orders_within(now, 90) >= 3 && self.orders_within(now, 30) == 0
    }

    fn leaves_a_cart(&self, now: i64) -> bool {
        let Some(cart) = self.carts.last() else { return false };
        let ordered_since = self.last_order().is_some_and(|order| order >= *cart);
        !ordered_since && now - cart >= HOUR && now - cart < 7 * DAY
    }

    fn is_champion(&self, now: i64) -> bool {
        let recent = |order| now - order < self.quartiles.recent_hours * HOUR;
        self.last_order().is_some_and(recent)
            && self.orders_within(now, 365) >= self.quartiles.orders
            && self.revenue(now, 365) >= self.quartiles.revenue_cents
    }

    fn cannot_be_lost(&self, now: i64) -> bool {
        let long_ago = |order| now - order >= self.quartiles.long_ago_hours * HOUR;
        self.last_order().is_some_and(long_ago)
            && self.orders_within(now, 365) >= self.quartiles.orders
    }

    fn is_welcome(&self, now: i64) -> bool {
        let new = now - self.person.signed_up.millis() < 7 * DAY;
        self.consents && new && ["US", "GB", "DE"].contains(&self.person.country)
    }

    fn reads_and_does_not_buy(&self, now: i64) -> bool {
        self.person.country == "US"
            && self.consents
            && !self.orders.is_empty()
            && within(&self.opens, now, 14) >= 1
            && self.orders_within(now, 14) == 0
    }

    fn last_order(&self) -> Option<i64> {
        self.orders.last().map(|(at, _)| *at)
    }

    fn orders_within(&self, now: i64, days: i64) -> usize {
        self.orders.len() - self.orders.partition_point(|(at, _)| *at <= now - days * DAY)
    }

    fn revenue(&self, now: i64, days: i64) -> i64 {
        let inside = self.orders.iter().rev().take_while(|(at, _)| *at > now - days * DAY);
        inside.map(|(_, cents)| cents).sum()
    }
}

/// How many of rising instants lie in the last so many days.
fn within(instants: &[i64], now: i64, days: i64) -> usize {
    instants.len() - instants.partition_point(|at| *at <= now - days * DAY)
}

fn put<T: Ord>(sorted: &mut Vec<T>, new: T) {
    let place = sorted.partition_point(|known| *known <= new);
    sorted.insert(place, new);
}

/// The number of whole hours from the beginning of the play to `at`.
pub(super) fn hours_at(at: Timestamp) -> usize {
    usize::try_from((at.millis() - BEGIN.millis()) / HOUR).unwrap_or(0)
}
