//! What a play costs, counted as the store would be charged.

use std::ops::AddAssign;

use attune_aws::meter::Units;

/// Write request units, by what they are for. Each row below 1 KB is one unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Writes {
    /// Cores of profiles, by their size.
    pub cores: u64,
    /// Cards that changed; an item is taken as below 1 KB.
    pub cards: u64,
    /// Carts that did not fit into their cores; an item is taken as below 1 KB.
    pub carts: u64,
    /// Rows of the history.
    pub events: u64,
    /// Rows of memberships.
    pub memberships: u64,
    /// Wake-ups.
    pub agenda: u64,
    /// Who has an address.
    pub addresses: u64,
}

/// Read request units for events in halves, by what they are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reads {
    /// Profiles.
    pub profiles: u64,
    /// Rows of the history, by one key or by a short query.
    pub events: u64,
    /// What an address allows.
    pub addresses: u64,
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
    /// Read for events.
    pub read_by_event: Reads,
    /// Written by sweeps.
    pub by_time: Writes,
}

impl Writes {
    /// All of them.
    pub fn units(&self) -> u64 {
        let profiles = self.cores + self.cards + self.carts;
        profiles + self.events + self.memberships + self.agenda + self.addresses
    }
}

impl Figures {
    /// Wake-ups that were put, for each event.
    pub fn agenda_writes_per_event(&self) -> f64 {
        ratio(self.by_event.agenda + self.by_time.agenda, self.events)
    }

    /// What a million events cost at list price.
    pub fn dollars_per_million_events(&self) -> f64 {
        let Reads { profiles, events, addresses } = self.read_by_event;
        let writes = ratio(self.by_event.units(), self.events);
        let reads = ratio(profiles + events + addresses, self.events) / 2.0;
        Units { writes, reads }.dollars() * 1e6
    }

    /// The part of `customers` that is woken in one of `hours`, in percent.
    pub fn percent_woken_per_hour(&self, customers: u64, hours: u64) -> f64 {
        100.0 * ratio(self.woken, customers * hours)
    }
}

impl AddAssign for Writes {
    fn add_assign(&mut self, other: Self) {
        self.cores += other.cores;
        self.cards += other.cards;
        self.carts += other.carts;
        self.events += other.events;
        self.memberships += other.memberships;
        self.agenda += other.agenda;
        self.addresses += other.addresses;
    }
}

impl AddAssign for Reads {
    fn add_assign(&mut self, other: Self) {
        self.profiles += other.profiles;
        self.events += other.events;
        self.addresses += other.addresses;
    }
}

impl AddAssign for Figures {
    fn add_assign(&mut self, other: Self) {
        self.events += other.events;
        self.duplicates += other.duplicates;
        self.woken += other.woken;
        self.woken_for_a_change += other.woken_for_a_change;
        self.woken_again += other.woken_again;
        self.flips_by_event += other.flips_by_event;
        self.flips_by_time += other.flips_by_time;
        self.by_event += other.by_event;
        self.read_by_event += other.read_by_event;
        self.by_time += other.by_time;
    }
}

/// How many of `part` there are for each of `whole`.
#[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
fn ratio(part: u64, whole: u64) -> f64 {
    part as f64 / whole as f64
}
