//! What a play costs, counted as the store would be charged.

use std::ops::{AddAssign, SubAssign};

/// Write request units, by what they are for. Each row below 1 KB is one unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Writes {
    /// Cores of profiles, by their size.
    pub cores: u64,
    /// Cards and carts that changed; their items are taken as below 1 KB.
    pub parts: u64,
    /// Rows of the history.
    pub events: u64,
    /// Rows of memberships.
    pub memberships: u64,
    /// Wake-ups.
    pub agenda: u64,
}

/// Counts over a number of customers and a span of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Figures {
    /// Events that took effect.
    pub events: u64,
    /// Events that had taken effect before.
    pub duplicates: u64,
    /// Wake-ups visited for the first time.
    pub woken: u64,
    /// Wake-ups visited for the first time that changed a membership: what nobody could save.
    pub woken_for_a_change: u64,
    /// Wake-ups visited for the second time.
    pub woken_again: u64,
    /// Memberships that an event changed.
    pub flips_by_event: u64,
    /// Memberships that time changed.
    pub flips_by_time: u64,
    /// Written for events.
    pub by_event: Writes,
    /// Written by sweeps.
    pub by_time: Writes,
}

impl Writes {
    /// All of them.
    pub fn units(&self) -> u64 {
        self.cores + self.parts + self.events + self.memberships + self.agenda
    }

    fn each(&mut self, other: &Self, change: impl Fn(&mut u64, u64)) {
        change(&mut self.cores, other.cores);
        change(&mut self.parts, other.parts);
        change(&mut self.events, other.events);
        change(&mut self.memberships, other.memberships);
        change(&mut self.agenda, other.agenda);
    }
}

impl Figures {
    /// Wake-ups that were put, for each event.
    pub fn agenda_writes_per_event(&self) -> f64 {
        ratio(self.by_event.agenda + self.by_time.agenda, self.events)
    }

    /// The part of `customers` that is woken in one of `hours`, in percent.
    pub fn percent_woken_per_hour(&self, customers: u64, hours: u64) -> f64 {
        100.0 * ratio(self.woken, customers * hours)
    }

    fn each(&mut self, other: &Self, change: impl Fn(&mut u64, u64) + Copy) {
        change(&mut self.events, other.events);
        change(&mut self.duplicates, other.duplicates);
        change(&mut self.woken, other.woken);
        change(&mut self.woken_for_a_change, other.woken_for_a_change);
        change(&mut self.woken_again, other.woken_again);
        change(&mut self.flips_by_event, other.flips_by_event);
        change(&mut self.flips_by_time, other.flips_by_time);
        self.by_event.each(&other.by_event, change);
        self.by_time.each(&other.by_time, change);
    }
}

impl AddAssign for Figures {
    fn add_assign(&mut self, other: Self) {
        self.each(&other, |ours, theirs| *ours += theirs);
    }
}

impl SubAssign for Figures {
    fn sub_assign(&mut self, other: Self) {
        self.each(&other, |ours, theirs| *ours -= theirs);
    }
}

/// How many of `part` there are for each of `whole`.
#[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
fn ratio(part: u64, whole: u64) -> f64 {
    part as f64 / whole as f64
}
