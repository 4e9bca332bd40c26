//! The twelve segments, and the quartiles in them.

use attune_domain::time::{Span, Timestamp};

use super::{Kind, Person};

/// Their ids, in the order of the reference workload.
pub const SEGMENTS: [&str; 12] = [
    "drifting",
    "cart-waiting",
    "birthday",
    "champions",
    "cannot-lose",
    "big-spenders",
    "engaged",
    "dormant",
    "welcome",
    "browsing",
    "win-back",
    "reads-not-buys",
];

/// Thresholds frozen when the play begins, among those who ordered in the year before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Quartiles {
    /// Hours since the last order that a quarter is at or below.
    pub recent_hours: i64,
    /// Hours since the last order that three quarters are at or below.
    pub long_ago_hours: i64,
    /// Orders in a year that three quarters are at or below.
    pub orders: usize,
    /// Revenue of a year, in hundredths, that three quarters are at or below.
    pub revenue_cents: i64,
}

impl Quartiles {
    pub(super) fn of(people: impl Iterator<Item = Person>, at: Timestamp) -> Self {
        let year = Span::days(365);
        let (mut hours, mut counts, mut sums) = (Vec::new(), Vec::new(), Vec::new());
        for person in people {
            let orders = person.doings.iter().filter_map(|doing| match doing.kind {
                Kind::Order(cents) => Some((doing.occurred, cents)),
                _ => None,
            });
            let past = orders.filter(|(order, _)| *order <= at && *order + year > at);
            let past: std::collections::BTreeSet<_> = past.collect();
            if let Some((last, _)) = past.last() {
                hours.push(at.since(*last).millis().div_euclid(3_600_000) + 1);
                counts.push(past.len());
                sums.push(past.iter().map(|(_, cents)| cents).sum());
            }
        }
        Self {
            recent_hours: at_rank(&mut hours, 1),
            long_ago_hours: at_rank(&mut hours, 3),
            orders: at_rank(&mut counts, 3),
            revenue_cents: at_rank(&mut sums, 3),
        }
    }
}

/// The value that so many quarters are at or below; 1 of a population without orders.
fn at_rank<T: Ord + Copy + From<u8>>(values: &mut [T], quarters: usize) -> T {
    values.sort_unstable();
    values.get(values.len() * quarters / 4).copied().unwrap_or(T::from(1))
}

pub(super) fn yaml(quartiles: &Quartiles) -> String {
    let Quartiles { recent_hours, long_ago_hours, orders, revenue_cents } = quartiles;
    let revenue = format!("{}.{:02}", revenue_cents / 100, revenue_cents % 100);
    format!(
        "
metrics:
  revenue_year: {{ sum: total, of: Order Completed, within: 365d }}
  revenue_half_year: {{ sum: total, of: Order Completed, within: 180d }}
segments:
  - id: drifting
    when:
      all:
        - {{ event: Order Completed, times: {{ at_least: 3 }}, within: 90d }}
        - not: {{ event: Order Completed, within: 30d }}
  - id: cart-waiting
    when: {{ waiting: {{ since: Product Added, without: Order Completed, for: 1h, at_most: 7d }} }}
  - id: birthday
    when: {{ trait: birthday, anniversary: today }}
  - id: champions
    when:
      all:
        - {{ event: Order Completed, within: {recent_hours}h }}
        - {{ event: Order Completed, times: {{ at_least: {orders} }}, within: 365d }}
        - {{ metric: revenue_year, at_least: {revenue} }}
  - id: cannot-lose
    when:
      all:
        - {{ event: Order Completed, times: {{ at_least: {orders} }}, within: 365d }}
        - {{ event: Order Completed, last: {{ older_than: {long_ago_hours}h }} }}
  - id: big-spenders
    when: {{ metric: revenue_half_year, at_least: 500 }}
  - id: engaged
    when:
      any:
        - {{ opened: any, times: {{ at_least: 3 }}, within: 30d }}
        - {{ clicked: any, within: 30d }}
  - id: dormant
    when:
      all:
        - event: any
        - not: {{ event: any, within: 60d }}
  - id: welcome
    when:
      all:
        - {{ trait: country, in: [US, GB, DE] }}
        - consent: email
        - {{ trait: created_at, within: 7d }}
  - id: browsing
    when:
      all:
        - {{ event: Page Viewed, times: {{ at_least: 5 }}, within: 7d }}
        - not: {{ event: Order Completed, within: 7d }}
  - id: win-back
    when:
      all:
        - consent: email
        - {{ event: Order Completed, times: {{ at_least: 5 }}, within: 365d }}
        - not: {{ event: Order Completed, within: 120d }}
  - id: reads-not-buys
    when:
      all:
        - {{ trait: country, is: US }}
        - consent: email
        - event: Order Completed
        - {{ opened: any, within: 14d }}
        - not: {{ event: Order Completed, within: 14d }}
"
    )
}
