//! The product's side of one customer, without a store: steps, and a model of what is written.
//!
//! The model follows the store's protocol write by write: when a wake-up is put, when the two visits
//! of it come, and what a duplicate costs. A test that plays the same workload on the real store
//! shows that it counts the same.

use std::collections::{BTreeSet, HashSet};

use attune_domain::card::ConsentAct;
use attune_domain::cart::Cart;
use attune_domain::definitions::Definitions;
use attune_domain::event::Event;
use attune_domain::id::{CustomerId, EventId};
use attune_domain::packed;
use attune_domain::profile::{Core, Profile};
use attune_domain::ring::Known;
use attune_domain::step::{Input, MembershipChange, Step, step};
use attune_domain::time::{Span, Timestamp};
use attune_domain::wake_ups::WakeUps;

use super::figures::Writes;
use super::{Figures, SEGMENTS};

/// How far the second visit of a wake-up runs behind the first, as in the store.
const SETTLED: Span = Span::minutes(15);
/// What a read of something small costs, in halves of a unit, that may be a little late.
const HALF: u64 = 1;
/// One that may not.
const WHOLE: u64 = 2;

/// One customer as the product sees them.
#[derive(Debug, Clone)]
pub struct Life<'a> {
    definitions: &'a Definitions,
    customer: CustomerId,
    profile: Option<Profile>,
    history: HashSet<EventId>,
    agenda: BTreeSet<Timestamp>,
    fresh: Timestamp,
    settled: Timestamp,
    version: u64,
    core_units: u64,
    cart_inside: bool,
    changes: Vec<MembershipChange>,
    figures: Figures,
}

/// Why something is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Why {
    Event,
    Time,
}

impl<'a> Life<'a> {
    /// Nothing is known of the customer yet.
    pub fn new(definitions: &'a Definitions, customer: &str) -> Self {
        Self {
            definitions,
            customer: CustomerId::known(customer),
            profile: None,
            history: HashSet::new(),
            agenda: BTreeSet::new(),
            fresh: Timestamp::EPOCH,
            settled: Timestamp::EPOCH,
            version: 0,
            core_units: 0,
            cart_inside: false,
            changes: Vec::new(),
            figures: Figures::default(),
        }
    }

    /// The profile, once there is one.
    pub fn profile(&self) -> Option<&Profile> {
        self.profile.as_ref()
    }

    /// Memberships that changed since [`Life::begin_to_count`].
    pub fn changes(&self) -> &[MembershipChange] {
        &self.changes
    }

    /// What was counted since [`Life::begin_to_count`].
    pub fn figures(&self) -> &Figures {
        &self.figures
    }

    /// Forgets what was counted so far.
    pub fn begin_to_count(&mut self) {
        self.changes.clear();
        self.figures = Figures::default();
    }

    /// One bit for each segment, the first lowest, as the profile has it.
    pub fn segments(&self) -> u16 {
        let Some(profile) = &self.profile else { return 0 };
        let inside = |id: &&str| {
            let segment = self.definitions.segment(id).expect("a segment of the workload");
            profile.core.memberships.get(segment.key).is_some_and(|place| place.inside)
        };
        SEGMENTS.iter().rev().fold(0, |bits, id| bits << 1 | u16::from(inside(id)))
    }

    /// Bytes of the core's item.
    pub fn core_bytes(&self) -> Option<usize> {
        let core = &self.profile.as_ref()?.core;
        let packed = packed::pack(core, &self.customer, self.definitions);
        Some(packed::item_bytes(&packed, &self.customer, self.version))
    }

    /// The core as it would be stored after a step to `now`, but for the row it claims: when rows
    /// are put depends on when sweeps come, and nothing else may.
    pub fn core_at(&self, now: Timestamp) -> Option<Vec<u8>> {
        let stepped = step(self.profile.clone()?, Input::Tick, self.definitions, now);
        let mut core = stepped.profile.core;
        core.wake_ups = WakeUps::default();
        Some(packed::pack(&core, &self.customer, self.definitions))
    }

    /// An event arrives: [`Store::apply`](attune_domain::step) without the store.
    pub fn take(&mut self, event: &Event) {
        let now = event.received;
        let new = || Profile::new(self.customer.clone(), self.definitions, now);
        let mut profile = self.profile.clone().unwrap_or_else(new);
        self.figures.read_by_event.profiles += HALF;
        if !ConsentAct::of(event, &mut Vec::new()).is_empty() {
            self.figures.read_by_event.addresses += WHOLE;
        }
        let ring = &mut profile.core.ring;
        if ring.entries().iter().any(|entry| entry.id == event.id) {
            ring.see_row(event.id);
            self.repair();
        }
        if ring.is_crowded(1) {
            self.figures.read_by_event.events += HALF;
            ring.see_rows();
        }
        let known = match ring.knows(event) {
            Known::AskHistory => {
                self.figures.read_by_event.events += WHOLE;
                self.history.contains(&event.id)
            }
            Known::New => false,
            Known::Applied(_) | Known::Done => true,
        };
        if known {
            self.figures.duplicates += 1;
            return;
        }
        loop {
            let stepped = step(profile, Input::Event(event), self.definitions, now);
            let behind = stepped.behind;
            profile = self.commit(stepped, now, Why::Event);
            if !behind {
                break;
            }
        }
        self.profile = Some(profile);
        self.history.insert(event.id);
        self.figures.events += 1;
        self.figures.by_event.events += 1;
    }

    /// Visits what is due by a sweep of every `period`, up to `until`.
    pub fn sweep_until(&mut self, until: Timestamp, period: Span) {
        while let Some(now) = self.next_visit(period).filter(|next| *next <= until) {
            for due in self.due(self.fresh, now) {
                self.figures.woken += 1;
                self.wake(due, false, now);
            }
            self.fresh = now;
            for due in self.due(self.settled, now - SETTLED) {
                self.figures.woken_again += 1;
                self.wake(due, true, now);
            }
            self.settled = now - SETTLED;
            let coming = self.agenda.split_off(&(self.settled + Span::from_millis(1)));
            self.agenda = coming;
        }
    }

    fn due(&self, after: Timestamp, until: Timestamp) -> Vec<Timestamp> {
        let after = after + Span::from_millis(1);
        if after > until { Vec::new() } else { self.agenda.range(after..=until).copied().collect() }
    }

    /// The first sweep that has a row to visit.
    fn next_visit(&self, period: Span) -> Option<Timestamp> {
        let after = |cursor: Timestamp| self.agenda.range(cursor + Span::from_millis(1)..).next();
        let second = after(self.settled).map(|due| *due + SETTLED);
        let first = after(self.fresh).copied().into_iter().chain(second).min()?;
        let sweeps = (first.millis() + period.millis() - 1).div_euclid(period.millis());
        Some(Timestamp::from_millis(sweeps * period.millis()))
    }

    /// [`Store::wake`](attune_domain::step) without the store.
    fn wake(&mut self, due: Timestamp, settled: bool, now: Timestamp) {
        let Some(profile) = self.profile.clone() else { return };
        let known = profile.core.wake_ups.clone();
        let stepped = step(profile, Input::Tick, self.definitions, now);
        if !stepped.changes.is_empty() {
            self.figures.woken_for_a_change += u64::from(!settled);
            assert!(!stepped.behind, "a sweep came too seldom for one step");
            let profile = self.commit(stepped, now, Why::Time);
            self.profile = Some(profile);
            return;
        }
        let wake_at = stepped.profile.core.wake_at;
        let there = settled && self.agenda.contains(&wake_at);
        if !wake_at.is_never() && !known.cover(wake_at, due) && !there {
            self.put_wake_up(wake_at, Why::Time);
        }
    }

    fn commit(&mut self, stepped: Step, now: Timestamp, why: Why) -> Profile {
        let Step { mut profile, changes, .. } = stepped;
        self.plan_wake_up(&mut profile.core, now, why);
        let before = self.profile.as_ref();
        let told = before.is_none_or(|before| before.card != profile.card);
        let known = before.map(|before| before.card.addresses()).unwrap_or_default();
        let addresses = profile.card.addresses().difference(&known).count() as u64;
        let shopped = match before {
            Some(before) => before.cart != profile.cart,
            None => profile.cart != Cart::default(),
        };
        let segments: BTreeSet<_> = changes.iter().map(|change| &change.segment).collect();
        let memberships = segments.len() as u64;
        let flips = match why {
            Why::Event => &mut self.figures.flips_by_event,
            Why::Time => &mut self.figures.flips_by_time,
        };
        *flips += changes.len() as u64;
        let (cores, carts) = self.core_and_cart_of(&profile, shopped);
        let writes = self.writes(why);
        writes.cards += u64::from(told);
        writes.addresses += addresses;
        writes.carts += carts;
        writes.memberships += memberships;
        writes.cores += cores;
        self.changes.extend(changes);
        profile
    }

    fn plan_wake_up(&mut self, core: &mut Core, now: Timestamp, why: Why) {
        let before = self.profile.as_ref().map_or(Timestamp::NEVER, |p| p.core.wake_at);
        let overtaken = match why {
            Why::Event => core.wake_ups.overtaken(core.wake_at, now),
            Why::Time => Vec::new(),
        };
        core.wake_ups.forget(&overtaken);
        self.writes(why).agenda += overtaken.len() as u64;
        self.agenda.retain(|due| !overtaken.contains(due));
        let has_row = why == Why::Event && before > now && core.wake_at >= before;
        let has_row = has_row && overtaken.is_empty();
        if core.wake_at.is_never() || has_row || core.wake_ups.cover(core.wake_at, now) {
            return;
        }
        let due = core.wake_at.max(now + Span::from_millis(1));
        core.wake_ups.note(due, now);
        self.put_wake_up(due, why);
    }

    /// A put is charged by the larger of what was there and what is there. A cart that fits into the
    /// core's item is no write of its own.
    fn core_and_cart_of(&mut self, profile: &Profile, shopped: bool) -> (u64, u64) {
        self.version += 1;
        let id = &self.customer;
        let core = packed::pack(&profile.core, id, self.definitions);
        let cart = packed::pack_cart(&profile.cart);
        let with_cart = packed::item_bytes_with_cart(&core, &cart, id, self.version);
        let written = shopped || self.cart_inside;
        self.cart_inside = written && with_cart.is_some();
        let outside = written && with_cart.is_none();
        // With a cart that fits it is as many units as without.
        let units = packed::item_bytes(&core, id, self.version).div_ceil(1_024) as u64;
        let core = std::mem::replace(&mut self.core_units, units).max(units);
        (core, u64::from(outside))
    }

    /// A retry whose row is not known to be there puts it again, and the projections with it.
    fn repair(&mut self) {
        self.figures.by_event.events += 1;
        let Some(profile) = &self.profile else { return };
        self.figures.by_event.memberships += profile.core.memberships.iter().count() as u64;
        self.figures.by_event.addresses += profile.card.addresses().len() as u64;
    }

    fn put_wake_up(&mut self, due: Timestamp, why: Why) {
        self.agenda.insert(due);
        self.writes(why).agenda += 1;
    }

    fn writes(&mut self, why: Why) -> &mut Writes {
        match why {
            Why::Event => &mut self.figures.by_event,
            Why::Time => &mut self.figures.by_time,
        }
    }
}
