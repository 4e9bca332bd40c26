//! What a rule evaluates to: whether it holds, and for how long that is sure.

use crate::time::Timestamp;

/// A truth with an expiry: sure until then, unless an event arrives.
///
/// For every instant in `[now, until)` the rule gives the same `holds`, and `until > now`. The
/// interval is half-open: at `until` itself the rule is evaluated again. `until` is a lower bound:
/// the truth may well stay as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    /// Whether the rule holds.
    pub holds: bool,
    /// The first instant at which that is no longer sure.
    pub until: Timestamp,
}

impl Answer {
    /// True until an event arrives.
    pub const YES: Self = Self { holds: true, until: Timestamp::NEVER };
    /// False until an event arrives.
    pub const NO: Self = Self { holds: false, until: Timestamp::NEVER };

    /// Sure until an event arrives.
    pub const fn lasting(holds: bool) -> Self {
        if holds { Self::YES } else { Self::NO }
    }

    /// True until `until`.
    pub const fn yes_until(until: Timestamp) -> Self {
        Self { holds: true, until }
    }

    /// False until `until`.
    pub const fn no_until(until: Timestamp) -> Self {
        Self { holds: false, until }
    }

    /// True within `[from, to)`, false before and after.
    pub fn between(from: Timestamp, to: Timestamp, now: Timestamp) -> Self {
        if now < from && from < to {
            Self::no_until(from)
        } else if now < to && from <= now {
            Self::yes_until(to)
        } else {
            Self::NO
        }
    }

    /// The opposite, for as long.
    #[must_use]
    pub const fn not(self) -> Self {
        Self { holds: !self.holds, until: self.until }
    }

    /// Whether all hold. False until the *latest* expiry among the false ones, since any one of
    /// them keeps it false; true until the earliest expiry. No answers at all are all true.
    pub fn all(answers: impl Iterator<Item = Self>) -> Self {
        Self::combine(answers, true)
    }

    /// Whether any holds. True until the *latest* expiry among the true ones; false until the
    /// earliest expiry. Of no answers at all none is true.
    pub fn any(answers: impl Iterator<Item = Self>) -> Self {
        Self::combine(answers, false)
    }

    /// `neutral` is the value that decides nothing: true for all, false for any.
    #[inline]
    fn combine(answers: impl Iterator<Item = Self>, neutral: bool) -> Self {
        let mut earliest = Timestamp::NEVER;
        let mut decided: Option<Timestamp> = None;
        for answer in answers {
            if answer.holds == neutral {
                earliest = earliest.min(answer.until);
            } else {
                decided = Some(decided.map_or(answer.until, |latest| latest.max(answer.until)));
            }
        }
        match decided {
            Some(latest) => Self { holds: !neutral, until: latest },
            None => Self { holds: neutral, until: earliest },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn t(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn what_decides_lasts_until_the_latest_that_decides() {
        let answers = [Answer::no_until(t(5)), Answer::no_until(t(9)), Answer::yes_until(t(2))];
        assert_eq!(Answer::all(answers.into_iter()), Answer::no_until(t(9)));
        let answers = answers.map(Answer::not);
        assert_eq!(Answer::any(answers.into_iter()), Answer::yes_until(t(9)));
    }

    #[test]
    fn what_nothing_decides_lasts_until_the_earliest() {
        let answers = [Answer::yes_until(t(5)), Answer::yes_until(t(9))];
        assert_eq!(Answer::all(answers.into_iter()), Answer::yes_until(t(5)));
    }

    #[test]
    fn an_interval_is_half_open() {
        assert_eq!(Answer::between(t(5), t(9), t(4)), Answer::no_until(t(5)));
        assert_eq!(Answer::between(t(5), t(9), t(5)), Answer::yes_until(t(9)));
        assert_eq!(Answer::between(t(5), t(9), t(9)), Answer::NO);
        assert_eq!(Answer::between(t(9), t(5), t(1)), Answer::NO);
    }
}
