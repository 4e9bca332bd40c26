//! The wake-ups that a profile knows to be on the agenda.
//!
//! A row of the agenda is put when a profile must be woken earlier than any row would. A profile
//! that remembers more than the earliest of its rows needs fewer of them: when the earliest is used
//! up, a later one that is still in time takes its place, and no row is put twice.

use crate::limits;
use crate::time::{Span, Timestamp};

/// How soon a wake-up that was overtaken must be due to be taken off the agenda, which costs as much
/// as putting one. Most are of carts that became an order within the hour: on the reference workload
/// a seventh fewer customers are woken for it. A later one is left: it may be in time for what the
/// customer does until then.
const OVERTAKEN: Span = Span::hours(1);
/// How soon one must be due that is left in place of another. To be woken by it costs a third of taking
/// it off; but with all of them left, more than 0.26 % of the customers are woken an hour, and with none,
/// a million events cost $0.02 more.
const SPARED: Span = Span::minutes(45);

/// Due times of rows, the earliest first, at most [`limits::WAKE_UPS`]. Rows that are not remembered
/// here may be there as well; they wake for nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WakeUps(Vec<Timestamp>);

impl WakeUps {
    /// Whether one of them is due after `now` and not after `wake_at`.
    pub fn cover(&self, wake_at: Timestamp, now: Timestamp) -> bool {
        self.0.iter().any(|due| *due > now && *due <= wake_at)
    }

    /// Notes a row that was put at `now`. Those that are due by then are forgotten, and of too many
    /// the latest.
    pub fn note(&mut self, due: Timestamp, now: Timestamp) {
        self.0.retain(|known| *known > now && *known != due);
        let place = self.0.partition_point(|known| *known < due);
        self.0.insert(place, due);
        self.0.truncate(limits::WAKE_UPS);
    }

    /// Those that would wake for nothing, as nothing happens before `wake_at`, and that are due soon
    /// (`OVERTAKEN`). If another row would have to be put in their place, the latest stays,
    /// unless it is due only later than `SPARED`: it covers `wake_at`, and whoever is woken by
    /// it puts the next.
    pub fn overtaken(&self, wake_at: Timestamp, now: Timestamp) -> Vec<Timestamp> {
        let is_overtaken =
            |due: &Timestamp| *due > now && *due < wake_at && *due <= now + OVERTAKEN;
        let (mut overtaken, others): (Vec<_>, Vec<_>) =
            self.0.iter().partition(|due| is_overtaken(due));
        let is_replaced = !wake_at.is_never() && !Self(others).cover(wake_at, now);
        if is_replaced && overtaken.last().is_some_and(|due| *due <= now + SPARED) {
            overtaken.pop();
        }
        overtaken
    }

    /// Forgets rows.
    pub fn forget(&mut self, rows: &[Timestamp]) {
        self.0.retain(|known| !rows.contains(known));
    }

    /// The earliest first.
    pub fn as_slice(&self) -> &[Timestamp] {
        &self.0
    }

    /// From what was stored, the earliest first.
    pub(crate) fn stored(rows: Vec<Timestamp>) -> Self {
        Self(rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn t(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn noted(rows: &[i64]) -> WakeUps {
        let mut wake_ups = WakeUps::default();
        for due in rows {
            wake_ups.note(t(*due), t(0));
        }
        wake_ups
    }

    #[test]
    fn a_row_covers_what_is_due_with_it_or_later_until_it_is_used_up() {
        let rows = noted(&[5]);
        assert!(rows.cover(t(5), t(4)) && rows.cover(t(9), t(4)));
        assert!(!rows.cover(t(4), t(3)), "too late");
        assert!(!rows.cover(t(9), t(5)), "used up");
    }

    #[test]
    fn when_the_earliest_is_used_up_a_later_one_takes_its_place() {
        let rows = noted(&[9, 5]);
        assert!(rows.cover(t(20), t(5)));
    }

    #[test]
    fn the_earliest_are_remembered_and_the_past_is_not() {
        let mut rows = noted(&[5, 9, 7, 8]);
        assert_eq!(rows.as_slice(), [t(5), t(7), t(8)]);
        rows.note(t(6), t(5));
        rows.note(t(6), t(5));
        assert_eq!(rows.as_slice(), [t(6), t(7), t(8)]);
    }

    #[test]
    fn a_row_is_overtaken_when_nothing_is_due_with_it_any_more() {
        let rows = noted(&[5, 7, 9]);
        assert_eq!(rows.overtaken(t(9), t(5)), [t(7)]);
        assert_eq!(rows.overtaken(Timestamp::NEVER, t(7)), [t(9)]);
    }

    #[test]
    fn a_row_that_is_not_due_soon_is_left() {
        let (soon, later) = (OVERTAKEN.millis(), OVERTAKEN.millis() + 1);
        assert_eq!(noted(&[soon, later]).overtaken(Timestamp::NEVER, t(0)), [t(soon)]);
    }

    #[test]
    fn a_row_in_whose_place_another_would_have_to_be_put_stays_if_it_is_due_very_soon() {
        let (spared, later) = (SPARED.millis(), SPARED.millis() + 1);
        assert_eq!(noted(&[5, spared]).overtaken(t(i64::MAX / 2), t(0)), [t(5)]);
        assert_eq!(noted(&[spared]).overtaken(t(i64::MAX / 2), t(0)), []);
        assert_eq!(noted(&[later]).overtaken(t(i64::MAX / 2), t(0)), [t(later)]);
    }
}
