//! The reference workload: the customers on whom wake-ups, units and times are stated.
//!
//! A figure without its workload says nothing, so this one is written down, made from a seed, and
//! the figures must hold for any seed. Customers are independent of each other: each is made from
//! the seed and its own number, so a population is played by as many threads as there are.
//!
//! - [`Person`] is what one customer did, as raw facts and as the calls that a client would send.
//! - [`Truth`] answers the twelve segments from raw facts alone. It shares nothing with the product
//!   but the crate of time zones.
//! - [`Life`] is the product's side without a store: steps, and a model of the agenda that counts
//!   what the store would write.
//! - [`play`] runs both side by side over thirty days, and compares them at every hour.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    reason = "what cannot be made fails the test that asked for it"
)]

mod calls;
mod figures;
mod life;
mod person;
mod play;
mod sample;
mod segments;
mod truth;

use attune_domain::definitions::{Definitions, Lineage};
use attune_domain::time::{Span, Timestamp};

pub use figures::{Figures, Reads};
pub use life::Life;
pub use person::{Doing, Kind, Person};
pub use play::{Played, play};
pub use sample::Sample;
pub use segments::{Quartiles, SEGMENTS};
pub use truth::{Calendar, Truth};

/// How long before the end the first customers signed up.
const PAST: Span = Span::days(400);
/// How long is played.
pub const PLAYED: Span = Span::days(30);
/// When the play begins: the clocks of Sydney, Berlin and New York change within thirty days.
pub const BEGIN: Timestamp = Timestamp::from_millis(1_790_985_600_000);

/// A population of customers, made from a seed.
#[derive(Debug, Clone)]
pub struct Workload {
    seed: u64,
    customers: u64,
    harder: bool,
    quartiles: Quartiles,
}

impl Workload {
    /// So many customers; times are known to the millisecond, and events arrive as they happen.
    pub fn new(seed: u64, customers: u64) -> Self {
        Self::made(seed, customers, false)
    }

    /// The same with 5 % of events up to three days late, 3 % sent again up to thirty days later,
    /// arrivals in any order within a minute, and zones with daylight saving.
    pub fn harder(seed: u64, customers: u64) -> Self {
        Self::made(seed, customers, true)
    }

    fn made(seed: u64, customers: u64, harder: bool) -> Self {
        let mut workload = Self { seed, customers, harder, quartiles: Quartiles::default() };
        workload.quartiles = Quartiles::of(workload.people(), BEGIN);
        workload
    }

    /// How many customers there are at the end.
    pub fn customers(&self) -> u64 {
        self.customers
    }

    /// One customer, from 0.
    pub fn person(&self, number: u64) -> Person {
        Person::made(self.seed, number, self.harder)
    }

    /// All customers, one after the other.
    pub fn people(&self) -> impl Iterator<Item = Person> {
        (0..self.customers).map(|number| self.person(number))
    }

    /// The thresholds that were frozen when the play began.
    pub fn quartiles(&self) -> &Quartiles {
        &self.quartiles
    }

    /// The twelve segments, as a shop would write them.
    pub fn yaml(&self) -> String {
        segments::yaml(&self.quartiles)
    }

    /// The twelve segments, as the first version of a shop's definitions.
    pub fn definitions(&self) -> Definitions {
        Definitions::read(&[("workload.yaml", &self.yaml())], &Lineage::default().next())
            .unwrap_or_else(|mistakes| panic!("{mistakes:#?}"))
    }
}

/// When the play ends.
pub fn end() -> Timestamp {
    BEGIN + PLAYED
}
