//! Points that lose half of their weight every half-life.
//!
//! A sum of decayed points is usually kept as one number that is decayed at each event; then the
//! order of arrival shows in its last digits. Here the points of each half-life ("epoch") are
//! summed apart, as integers scaled to the epoch's start, so that any order of arrival gives the
//! same bytes, and evaluation is integer arithmetic that is the same on every machine.

use std::sync::LazyLock;

use crate::time::{Span, Timestamp};

/// The points of a profile, per epoch of one half-life, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Score(Vec<(i64, u64)>);

/// After so many half-lives the largest score is worth less than a millionth of a point.
const EPOCHS: i64 = 48;
/// Extra bits of a scaled sum, below the millionth.
const FRACTION: u32 = 10;

impl Score {
    /// Adds `points` (in millionths, at most 10^12) for something that happened at `at`.
    pub fn add(&mut self, at: Timestamp, points: i64, half_life: Span) {
        let (epoch, part) = split(at, half_life);
        // p · 2^part, as p · 2 · 2^-(1 - part).
        let points = u128::from(points.unsigned_abs().min(1_000_000_000_000)) << (FRACTION + 1);
        let scaled = rounded(points * u128::from(halving(ONE - part)), SHIFT);
        self.put(epoch, u64::try_from(scaled).unwrap_or(u64::MAX));
    }

    /// Adds all points of another profile.
    pub fn merge(&mut self, other: &Self) {
        other.0.iter().for_each(|(epoch, sum)| self.put(*epoch, *sum));
    }

    /// The score in millionths of a point. It never rises as `now` goes on.
    pub fn at(&self, now: Timestamp, half_life: Span) -> i64 {
        let (epoch, part) = split(now, half_life);
        let whole: u128 = self
            .0
            .iter()
            .map(|(earned, sum)| shift(u128::from(*sum), epoch.saturating_sub(*earned)))
            .sum();
        let decayed = rounded(whole * u128::from(halving(part)), SHIFT + FRACTION);
        i64::try_from(decayed).unwrap_or(i64::MAX)
    }

    /// The first instant after `now` at which the score is at most `limit` millionths.
    pub fn falls_to(&self, limit: i64, now: Timestamp, half_life: Span) -> Timestamp {
        if limit < 0 {
            return Timestamp::NEVER;
        }
        let longest = Span::from_millis(half_life.millis().saturating_mul(EPOCHS + 2));
        let (mut above, mut below) = (now.millis(), (now + longest).millis());
        // Bisection on the evaluation itself: at most 64 rounds, and no second formula to agree.
        while above + 1 < below {
            let middle = above + (below - above) / 2;
            if self.at(Timestamp::from_millis(middle), half_life) > limit {
                above = middle;
            } else {
                below = middle;
            }
        }
        Timestamp::from_millis(below)
    }

    /// Epochs and their sums, newest first.
    pub fn epochs(&self) -> &[(i64, u64)] {
        &self.0
    }

    /// From what was stored, newest first.
    pub(crate) fn stored(epochs: Vec<(i64, u64)>) -> Self {
        Self(epochs)
    }

    fn put(&mut self, epoch: i64, sum: u64) {
        let place = self.0.partition_point(|(kept, _)| *kept > epoch);
        match self.0.get_mut(place) {
            Some((kept, total)) if *kept == epoch => *total = total.saturating_add(sum),
            _ => self.0.insert(place, (epoch, sum)),
        }
        let newest = self.0.first().map_or(epoch, |(newest, _)| *newest);
        self.0.retain(|(kept, _)| newest - kept < EPOCHS);
    }
}

/// `sum` halved `times` times; doubled, when the epoch lies ahead.
fn shift(sum: u128, times: i64) -> u128 {
    match u32::try_from(times) {
        Ok(times) => sum.checked_shr(times).unwrap_or(0),
        Err(_) => sum << times.unsigned_abs().min(32),
    }
}

/// One, as a part of an epoch.
const ONE: u64 = 1 << 32;
/// Bits after the point in the table of halvings.
const SHIFT: u32 = 62;
/// Steps of the table in one half-life; between them it is linear, which is off by 4 in 10^9.
const STEPS: usize = 4096;

/// The half-life that holds `at`, and how far into it `at` is, in [0, ONE).
fn split(at: Timestamp, half_life: Span) -> (i64, u64) {
    let half_life = half_life.millis().max(1);
    let (epoch, rest) = (at.millis().div_euclid(half_life), at.millis().rem_euclid(half_life));
    let part = (u128::from(rest.unsigned_abs()) << 32) / u128::from(half_life.unsigned_abs());
    (epoch, u64::try_from(part).unwrap_or(0))
}

/// 2^-(i / STEPS), with [`SHIFT`] bits after the point.
static TABLE: LazyLock<Vec<u64>> = LazyLock::new(|| {
    // The twelfth square root of a half, as STEPS is 2^12.
    let step = (0..STEPS.ilog2()).fold(1_u128 << (SHIFT - 1), |x, _| (x << SHIFT).isqrt());
    let powers = std::iter::successors(Some(1_u128 << SHIFT), |x| Some((x * step) >> SHIFT));
    powers.take(STEPS + 1).map(|x| u64::try_from(x).unwrap_or(u64::MAX)).collect()
});

/// 2^-part for a part in [0, ONE], falling in every step.
fn halving(part: u64) -> u64 {
    let scaled = u128::from(part) * STEPS as u128;
    let step = usize::try_from(scaled >> 32).unwrap_or(STEPS).min(STEPS);
    let at = |i: usize| TABLE.get(i).copied().unwrap_or(1 << (SHIFT - 1));
    let (from, to) = (at(step), at((step + 1).min(STEPS)));
    let drop = (u128::from(from - to) * (scaled & u128::from(u32::MAX))) >> 32;
    from - u64::try_from(drop).unwrap_or(0)
}

fn rounded(number: u128, bits: u32) -> u128 {
    (number + (1 << (bits - 1))) >> bits
}

#[cfg(test)]
mod tests {
    use super::*;

    const HALF_LIFE: Span = Span::days(3);
    const POINT: i64 = 1_000_000;

    fn t(millis: i64) -> Timestamp {
        Timestamp::from_millis(1_790_000_000_000 + millis)
    }

    #[test]
    fn points_halve_in_every_half_life() {
        let mut score = Score::default();
        score.add(t(0), 10 * POINT, HALF_LIFE);
        assert_eq!(score.at(t(0), HALF_LIFE), 10 * POINT);
        assert_eq!(score.at(t(HALF_LIFE.millis()), HALF_LIFE), 5 * POINT);
        assert_eq!(score.at(t(10 * HALF_LIFE.millis()), HALF_LIFE), 9_766);
    }

    #[test]
    fn any_order_of_arrival_gives_the_same_score() {
        let (mut one, mut other) = (Score::default(), Score::default());
        let events = [(0, 1), (5_000_000, 5), (400_000_000, 10), (399_999_999, 3)];
        events.iter().for_each(|(at, p)| one.add(t(*at), p * POINT, HALF_LIFE));
        events.iter().rev().for_each(|(at, p)| other.add(t(*at), p * POINT, HALF_LIFE));
        assert_eq!(one, other);
    }

    #[test]
    fn a_score_crosses_its_limit_at_the_instant_found() {
        let mut score = Score::default();
        score.add(t(0), 10 * POINT, HALF_LIFE);
        score.add(t(77_000_000), 5 * POINT, HALF_LIFE);
        let falls = score.falls_to(4 * POINT, t(77_000_000), HALF_LIFE);
        assert!(score.at(falls, HALF_LIFE) <= 4 * POINT);
        assert!(score.at(falls - Span::from_millis(1), HALF_LIFE) > 4 * POINT);
    }

    #[test]
    fn a_score_never_rises_by_time() {
        let mut score = Score::default();
        score.add(t(1), 123_456_789, Span::from_millis(997));
        let values: Vec<i64> =
            (1..4_000).map(|ms| score.at(t(ms), Span::from_millis(997))).collect();
        assert!(values.is_sorted_by(|earlier, later| earlier >= later));
    }
}
