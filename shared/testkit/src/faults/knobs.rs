//! Weather: fates drawn at given rates.

use std::time::Duration;

use fastrand::Rng;

use super::call::Call;
use super::fate::{Fate, Reason, Trouble};
use super::hand::Script;

/// How often what goes wrong, per mille of the calls it can happen to. Everything is off by
/// default; set what a test is about: `Knobs { lose_reply: 50, ..Knobs::default() }`. At most one
/// thing goes wrong with a call, so the rates of a call's troubles should not exceed 1,000 in sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Knobs {
    /// [`Fate::LoseRequest`].
    pub lose_request: u16,
    /// [`Fate::LoseReply`].
    pub lose_reply: u16,
    /// [`Fate::Late`], by up to `longest`.
    pub late: u16,
    /// A 500 or 503 without effect.
    pub refuse: u16,
    /// A 500 or 503 after the effect.
    pub refuse_after: u16,
    /// Throttled; a transaction also by one of its items.
    pub throttle: u16,
    /// In conflict with another transaction: plain writes and transactions.
    pub conflict: u16,
    /// A random part left undone: batches.
    pub partial: u16,
    /// [`Fate::Delay`], by up to `longest`.
    pub delay: u16,
    /// [`Fate::Freeze`] for 25 seconds: longer than any timeout of ours, shorter than the time
    /// after which others take over.
    pub freeze: u16,
    /// [`Fate::HangAfter`]: sends, whose clients have a timeout.
    pub hang_after: u16,
    /// The longest delay drawn.
    pub longest: Duration,
}

impl Default for Knobs {
    fn default() -> Self {
        Self::all(0)
    }
}

impl Knobs {
    /// Every knob at `per_mille`, and delays of up to ten seconds.
    pub fn all(per_mille: u16) -> Self {
        Self {
            lose_request: per_mille,
            lose_reply: per_mille,
            late: per_mille,
            refuse: per_mille,
            refuse_after: per_mille,
            throttle: per_mille,
            conflict: per_mille,
            partial: per_mille,
            delay: per_mille,
            freeze: per_mille,
            hang_after: per_mille,
            longest: Duration::from_secs(10),
        }
    }
}

/// A [`Script`] that draws each fate from a seed.
#[derive(Debug, Clone)]
pub struct Weather {
    rng: Rng,
    knobs: Knobs,
}

impl Weather {
    /// The weather of `seed` at the rates of `knobs`.
    pub fn new(seed: u64, knobs: Knobs) -> Self {
        Self { rng: Rng::with_seed(seed), knobs }
    }

    fn up_to_longest(&mut self) -> Duration {
        between_zero_and(self.knobs.longest, &mut self.rng)
    }

    fn server_error(&mut self) -> Trouble {
        if self.rng.bool() { Trouble::Internal } else { Trouble::Unavailable }
    }

    fn throttle(&mut self, call: &Call) -> Trouble {
        if !call.is_transaction() || self.rng.bool() {
            return Trouble::Throttled;
        }
        let provisioned = self.rng.bool();
        let throttled = Reason::ThrottlingError;
        let reason = if provisioned { Reason::ProvisionedThroughputExceeded } else { throttled };
        Trouble::Cancelled { item: self.rng.usize(..), reason }
    }

    fn conflict(&mut self, call: &Call) -> Trouble {
        if call.is_transaction() {
            let item = self.rng.usize(..);
            return Trouble::Cancelled { item, reason: Reason::TransactionConflict };
        }
        Trouble::Conflict
    }
}

/// Draws what is left open of a fate.
type Draw = fn(&mut Weather, &Call) -> Fate;

impl Script for Weather {
    fn fate(&mut self, call: &Call) -> Fate {
        let knobs = self.knobs;
        let only = |applies: bool, rate: u16| if applies { rate } else { 0 };
        let table: [(u16, Draw); 11] = [
            (knobs.lose_request, |_, _| Fate::LoseRequest),
            (knobs.lose_reply, |_, _| Fate::LoseReply),
            (knobs.late, |me, _| Fate::Late(me.up_to_longest())),
            (knobs.refuse, |me, _| Fate::Refuse(me.server_error())),
            (knobs.refuse_after, |me, _| Fate::RefuseAfter(me.server_error())),
            (knobs.throttle, |me, call| Fate::Refuse(me.throttle(call))),
            (only(call.is_plain_write() || call.is_transaction(), knobs.conflict), |me, call| {
                Fate::Refuse(me.conflict(call))
            }),
            (only(call.is_batch(), knobs.partial), |me, _| Fate::Partial(me.rng.u128(..))),
            (knobs.delay, |me, _| Fate::Delay(me.up_to_longest())),
            (knobs.freeze, |_, _| Fate::Freeze(Duration::from_secs(25))),
            (only(call.is_send(), knobs.hang_after), |_, _| Fate::HangAfter),
        ];
        let mut draw = self.rng.u16(0..1_000);
        for (rate, fate) in table {
            match draw.checked_sub(rate) {
                Some(rest) => draw = rest,
                None => return fate(self, call),
            }
        }
        Fate::Deliver
    }
}

/// A time in whole milliseconds from zero to `longest`.
pub(super) fn between_zero_and(longest: Duration, rng: &mut Rng) -> Duration {
    let longest_ms = u64::try_from(longest.as_millis()).unwrap_or(u64::MAX);
    Duration::from_millis(rng.u64(0..=longest_ms))
}
