//! One customer: who they are, and what they did.

use std::f64::consts::TAU;
use std::sync::LazyLock;

use fastrand::Rng;
use jiff::tz::{TimeZone, TimeZoneDatabase};

use super::{PAST, end};
use attune_domain::time::Timestamp;

/// The most events of one customer, before the carts that precede orders.
const MOST: f64 = 2_000.0;
const MINUTE: i64 = 60_000;
const DAY: i64 = 1_440 * MINUTE;

/// A country, its part of a hundred customers, a zone without daylight saving that stands for it,
/// and the zones in which its people live.
type Country = (&'static str, u32, &'static str, &'static [&'static str]);

const COUNTRIES: &[Country] = &[
    ("US", 30, "Etc/GMT+5", &["America/New_York", "America/Chicago", "America/Los_Angeles"]),
    ("GB", 14, "Etc/GMT", &["Europe/London"]),
    ("DE", 12, "Etc/GMT-1", &["Europe/Berlin"]),
    ("FR", 9, "Etc/GMT-1", &["Europe/Paris"]),
    ("IN", 8, "Asia/Kolkata", &["Asia/Kolkata"]),
    ("BR", 6, "Etc/GMT+3", &["America/Sao_Paulo"]),
    ("JP", 5, "Asia/Tokyo", &["Asia/Tokyo"]),
    ("AU", 4, "Etc/GMT-10", &["Australia/Sydney", "Australia/Adelaide"]),
    ("CA", 4, "Etc/GMT+5", &["America/Toronto", "America/Vancouver"]),
    ("ES", 3, "Etc/GMT-1", &["Europe/Madrid"]),
    ("IT", 3, "Etc/GMT-1", &["Europe/Rome"]),
    ("MX", 2, "Etc/GMT+6", &["America/Mexico_City"]),
];

/// The rules of every zone that occurs.
pub(super) static ZONES: LazyLock<Vec<(&'static str, TimeZone)>> = LazyLock::new(|| {
    let database = TimeZoneDatabase::bundled();
    let rules = |name: &'static str| (name, database.get(name).expect("a zone"));
    COUNTRIES
        .iter()
        .flat_map(|(_, _, fixed, zones)| zones.iter().chain([fixed]))
        .map(|name| rules(name))
        .collect()
});

/// What a customer did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Bought for so many hundredths.
    Order(i64),
    /// Put something into the cart.
    Cart,
    /// Saw a page.
    View,
    /// Opened a mail.
    Open,
    /// Followed a link in a mail.
    Click,
    /// Told who they are, when they signed up.
    SignUp,
    /// Allowed mail, when they signed up.
    Consent,
}

/// One thing that a customer did. In the harder workload it may arrive late, or twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Doing {
    /// When it reaches us.
    pub arrives: Timestamp,
    /// When it happened.
    pub occurred: Timestamp,
    /// Its number among the customer's; a duplicate has the number of the first.
    pub number: u32,
    /// What it was.
    pub kind: Kind,
}

/// One customer.
#[derive(Debug, Clone)]
pub struct Person {
    /// The shop's id of them.
    pub id: String,
    /// Where they live (ISO 3166).
    pub country: &'static str,
    /// Their IANA zone.
    pub zone: &'static str,
    /// Month and day on which they were born.
    pub birthday: (i8, i8),
    /// Whether they allowed mail.
    pub consents: bool,
    /// When they signed up.
    pub signed_up: Timestamp,
    /// What they did, in the order in which it arrives.
    pub doings: Vec<Doing>,
}

impl Person {
    pub(super) fn made(seed: u64, number: u64, harder: bool) -> Self {
        let mut rng = Rng::with_seed(seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        // The first draw of neighbouring seeds is alike.
        rng.u64(..);
        let (country, _, fixed, zones) = choose_country(&mut rng);
        let zone = if harder { zones[rng.usize(..zones.len())] } else { fixed };
        let month = rng.i8(1..=12);
        let days = jiff::civil::Date::constant(2000, month, 1).days_in_month();
        let mut person = Self {
            id: format!("customer-{number}"),
            country,
            zone,
            birthday: (month, rng.i8(1..=days)),
            consents: rng.f64() < 0.7,
            signed_up: end() - attune_domain::time::Span::from_millis(rng.i64(1..=PAST.millis())),
            doings: Vec::new(),
        };
        person.live(&mut rng, harder);
        person
    }

    fn live(&mut self, rng: &mut Rng, harder: bool) {
        self.does(Kind::SignUp, self.signed_up);
        if self.consents {
            self.does(Kind::Consent, self.signed_up);
        }
        let rules = zone_rules(self.zone);
        for _ in 0..activity(rng) {
            let at = waking_instant(rng, self.signed_up, rules);
            let kind = choose_kind(rng);
            if matches!(kind, Kind::Order(_)) && rng.f64() < 0.7 {
                let before = rng.i64(5 * MINUTE..45 * MINUTE);
                let cart = Timestamp::from_millis(at.millis() - before).max(self.signed_up);
                self.does(Kind::Cart, cart);
            }
            self.does(kind, at);
        }
        if harder {
            self.arrive_badly(rng);
        }
        self.doings.sort_by_key(|doing| (doing.arrives, doing.number));
    }

    fn does(&mut self, kind: Kind, at: Timestamp) {
        let number = u32::try_from(self.doings.len()).unwrap_or(u32::MAX);
        self.doings.push(Doing { arrives: at, occurred: at, number, kind });
    }

    /// Late, twice, and in another order within a minute; but signing up comes first.
    fn arrive_badly(&mut self, rng: &mut Rng) {
        let mut again = Vec::new();
        for doing in &mut self.doings {
            if matches!(doing.kind, Kind::SignUp | Kind::Consent) {
                continue;
            }
            let late = if rng.f64() < 0.05 { rng.i64(0..3 * DAY) } else { rng.i64(0..MINUTE) };
            doing.arrives = later(doing.occurred, late);
            if rng.f64() < 0.03 {
                let arrives = later(doing.arrives, rng.i64(0..30 * DAY));
                again.push(Doing { arrives, ..*doing });
            }
        }
        self.doings.append(&mut again);
    }
}

fn later(at: Timestamp, millis: i64) -> Timestamp {
    Timestamp::from_millis(at.millis() + millis)
}

/// The rules of a zone that occurs in the workload.
pub(super) fn zone_rules(name: &str) -> &'static TimeZone {
    &ZONES.iter().find(|(known, _)| *known == name).expect("a zone of the workload").1
}

fn choose_country(rng: &mut Rng) -> Country {
    let mut drawn = rng.u32(..100);
    for country in COUNTRIES {
        match drawn.checked_sub(country.1) {
            Some(rest) => drawn = rest,
            None => return *country,
        }
    }
    COUNTRIES[0]
}

/// Pareto with exponent 1.3: many do little, few do much; 20.5 on average.
fn activity(rng: &mut Rng) -> u32 {
    let events = (5.6 * (1.0 - rng.f64()).powf(-1.0 / 1.3)).min(MOST);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "5 to 2,000")]
    let events = events as u32;
    events
}

/// Uniform over the customer's life, thinned by the hour of their day: most at noon.
fn waking_instant(rng: &mut Rng, from: Timestamp, rules: &TimeZone) -> Timestamp {
    loop {
        let at = rng.i64(from.millis()..end().millis());
        let instant = jiff::Timestamp::from_millisecond(at).expect("an instant of this century");
        let offset = i64::from(rules.to_offset(instant).seconds()) * 1_000;
        #[expect(clippy::cast_precision_loss, reason = "below a day in milliseconds")]
        let of_day = (at + offset).rem_euclid(DAY) as f64 / DAY as f64;
        let weight = 0.15 + 0.85 * (0.5 - 0.5 * (TAU * of_day).cos());
        if rng.f64() < weight {
            return Timestamp::from_millis(at);
        }
    }
}

fn choose_kind(rng: &mut Rng) -> Kind {
    match rng.u32(..100) {
        0..10 => Kind::Order(amount(rng)),
        10..68 => Kind::View,
        68..88 => Kind::Open,
        88..94 => Kind::Click,
        _ => Kind::Cart,
    }
}

/// Log-normal around 45, in hundredths. A normal deviate by Box and Muller's transform.
fn amount(rng: &mut Rng) -> i64 {
    let deviate = (-2.0 * (1.0 - rng.f64()).ln()).sqrt() * (TAU * rng.f64()).cos();
    #[expect(clippy::cast_possible_truncation, reason = "below a million")]
    let cents = ((45.0 * (0.8 * deviate).exp() + 1.0) * 100.0).round() as i64;
    cents
}
