//! Chance with a seed, and what rules and histories are both drawn from.

use fastrand::Rng;

use crate::model::*;

/// Draws for one case.
pub(crate) struct Draw {
    pub(crate) rng: Rng,
    /// When the person's story begins, and how long it is.
    pub(crate) start: Ms,
    pub(crate) length: Ms,
}

/// Zones with summer time in both hemispheres, at odd offsets, and with days that lack midnight.
pub(crate) const ZONES: &[&str] = &[
    "Europe/Paris",
    "America/New_York",
    "Pacific/Auckland",
    "America/Santiago",
    "Asia/Kolkata",
    "Africa/Cairo",
    "America/Havana",
    "UTC",
];

const SPANS: &[Ms] = &[
    90 * SECOND,
    30 * MINUTE,
    HOUR,
    3 * HOUR,
    12 * HOUR,
    DAY,
    2 * DAY,
    5 * DAY,
    7 * DAY,
    14 * DAY,
    30 * DAY,
    60 * DAY,
    90 * DAY,
    180 * DAY,
];

impl Draw {
    pub(crate) fn new(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let length = [6 * HOUR, 2 * DAY, 10 * DAY, 40 * DAY, 120 * DAY][rng.usize(..5)];
        // From 2024, a leap year, on.
        let start = 1_704_067_200_000 + rng.i64(0..3 * 365 * DAY);
        let grain = [1, SECOND, MINUTE, HOUR][rng.usize(..4)];
        Self { rng, start: start / grain * grain, length }
    }

    pub(crate) fn of<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.rng.usize(..list.len())]
    }

    /// One or two different elements.
    pub(crate) fn some<T: Copy + PartialEq>(&mut self, list: &[T]) -> Vec<T> {
        let mut some = vec![self.of(list)];
        let other = self.of(list);
        if !some.contains(&other) && self.chance(40) {
            some.push(other);
        }
        some
    }

    /// True in so many of a hundred draws.
    pub(crate) fn chance(&mut self, percent: u8) -> bool {
        self.rng.u8(..100) < percent
    }

    /// A span that matters in a story of this length.
    pub(crate) fn span(&mut self) -> Ms {
        let length = self.length;
        let fitting: Vec<Ms> =
            SPANS.iter().copied().filter(|s| *s >= length / 60 && *s <= length * 2).collect();
        self.of(&fitting)
    }

    /// An instant within the story, often on a whole second, minute or hour.
    pub(crate) fn instant(&mut self) -> Ms {
        let at = self.start + self.rng.i64(0..self.length);
        let grain = self.of(&[1, SECOND, MINUTE, HOUR]);
        (at / grain * grain).max(self.start)
    }
}
