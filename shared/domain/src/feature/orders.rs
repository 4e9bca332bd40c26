//! A customer's orders, with what was later changed, refunded or cancelled.

use crate::digest::Key;
use crate::number::Number;
use crate::time::{Span, Timestamp};

/// One order, known by the hash of its `order_id`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The key of its `order_id`, or of the event, if that has none.
    pub key: Key,
    /// When it was completed; of one whose completion has not arrived, when we first heard of it.
    pub at: Timestamp,
    /// Whether `Order Completed` has arrived. A refund that comes first waits for it.
    pub completed: bool,
    /// Whether it was cancelled, or refunded as a whole.
    pub cancelled: bool,
    /// Its amount in hundredths of the shop's currency, at least 0.
    pub cents: i64,
    /// When the amount was last set.
    pub priced_at: Timestamp,
    /// Whether an update set it, which replaces what the order itself said at that instant.
    pub updated: bool,
    /// The parts of it that were paid back, in hundredths, at least 0.
    pub refunded: i64,
}

impl Order {
    fn unheard(key: Key, at: Timestamp) -> Self {
        let (completed, cancelled, updated) = (false, false, false);
        let priced_at = Timestamp::EPOCH;
        Self { key, at, completed, cancelled, cents: 0, priced_at, updated, refunded: 0 }
    }

    /// Whether it is an order at all, as rules see it.
    pub fn counts(&self) -> bool {
        let paid_back = self.refunded > 0 && self.refunded >= self.cents;
        self.completed && !self.cancelled && !paid_back
    }

    /// What is left of its amount.
    pub fn amount(&self) -> Number {
        Number::from_cents(self.cents.saturating_sub(self.refunded).max(0))
    }

    /// The last price wins; at the same instant an update, and of two the higher, so that order of
    /// arrival is no matter.
    fn price(&mut self, at: Timestamp, updated: bool, cents: i64) {
        if (at, updated, cents) >= (self.priced_at, self.updated, self.cents) {
            (self.priced_at, self.updated, self.cents) = (at, updated, cents.max(0));
        }
    }

    fn complete(&mut self, at: Timestamp) {
        self.at = if self.completed { self.at.min(at) } else { at };
        self.completed = true;
    }

    fn absorb(&mut self, other: &Self) {
        self.price(other.priced_at, other.updated, other.cents);
        self.cancelled |= other.cancelled;
        self.refunded = self.refunded.saturating_add(other.refunded);
        if other.completed {
            self.complete(other.at);
        }
    }
}

/// What is left of orders too old to be kept one by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Folded {
    /// How many.
    pub count: u32,
    /// Their amounts together, in hundredths.
    pub cents: i64,
    /// The oldest and the newest of them.
    pub between: Option<(Timestamp, Timestamp)>,
}

impl Folded {
    fn add(&mut self, order: &Order) {
        let (first, last) = self.between.unwrap_or((order.at, order.at));
        self.between = Some((first.min(order.at), last.max(order.at)));
        self.count = self.count.saturating_add(1);
        self.cents = self.cents.saturating_add(order.amount().to_cents());
    }

    fn merge(&mut self, other: &Self) {
        self.count = self.count.saturating_add(other.count);
        self.cents = self.cents.saturating_add(other.cents);
        self.between = match (self.between, other.between) {
            (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
            (one, other) => one.or(other),
        };
    }
}

/// Up to [`crate::limits::ORDERS`] orders, newest first; older ones folded into a sum.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Orders {
    list: Vec<Order>,
    folded: Folded,
}

impl Orders {
    /// An order was completed. The same order tracked twice, say by a page and by a server, is one;
    /// the time that names no amount takes none away.
    pub fn complete(&mut self, key: Key, at: Timestamp, cents: Option<i64>) {
        self.change(key, at, |order| {
            if let Some(cents) = cents {
                order.price(at, false, cents);
            }
            order.complete(at);
        });
    }

    /// Its amount was replaced.
    pub fn update(&mut self, key: Key, at: Timestamp, cents: i64) {
        self.change(key, at, |order| order.price(at, true, cents));
    }

    /// It was cancelled, or paid back as a whole: it counts no longer.
    pub fn cancel(&mut self, key: Key, at: Timestamp) {
        self.change(key, at, |order| order.cancelled = true);
    }

    /// A part of it was paid back, which lowers its amount at its own instant.
    pub fn refund(&mut self, key: Key, at: Timestamp, cents: i64) {
        self.change(key, at, |order| order.refunded = order.refunded.saturating_add(cents.max(0)));
    }

    /// Adds all orders of another profile.
    pub fn merge(&mut self, other: &Self) {
        self.folded.merge(&other.folded);
        for theirs in &other.list {
            self.change(theirs.key, theirs.at, |order| order.absorb(theirs));
        }
    }

    /// The orders that count, newest first, without those that were folded.
    pub fn counted(&self) -> impl DoubleEndedIterator<Item = &Order> {
        self.list.iter().filter(|order| order.counts())
    }

    /// Those that count and lie in `(now - within, now]`, newest first.
    pub fn in_window(&self, within: Span, now: Timestamp) -> impl Iterator<Item = &Order> {
        self.counted().take_while(move |order| order.at + within > now)
    }

    /// The instant of the first order that counts, folded ones included.
    pub fn first(&self) -> Option<Timestamp> {
        let folded = self.folded.between.map(|(first, _)| first);
        folded.or_else(|| self.counted().next_back().map(|order| order.at))
    }

    /// What was folded.
    pub fn folded(&self) -> &Folded {
        &self.folded
    }

    /// Every order, newest first, also those that do not count.
    pub fn list(&self) -> &[Order] {
        &self.list
    }

    /// From what was stored, newest first.
    pub(crate) fn stored(list: Vec<Order>, folded: Folded) -> Self {
        Self { list, folded }
    }

    fn change(&mut self, key: Key, at: Timestamp, change: impl FnOnce(&mut Order)) {
        let known = self.list.iter().position(|order| order.key == key);
        let mut order = match known {
            Some(place) => self.list.remove(place),
            None => Order::unheard(key, at),
        };
        change(&mut order);
        if !order.completed {
            order.at = order.at.min(at);
        }
        let newer = |kept: &Order| (kept.at, kept.key) > (order.at, order.key);
        let place = self.list.partition_point(newer);
        self.list.insert(place, order);
        while self.list.len() > crate::limits::ORDERS {
            if let Some(oldest) = self.list.pop()
                && oldest.counts()
            {
                self.folded.add(&oldest);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn t(day: i64) -> Timestamp {
        Timestamp::from_millis(day * 86_400_000)
    }

    type Change = fn(&mut Orders);

    /// All orders of arrival of these changes give the same orders; returns count and amount.
    #[track_caller]
    fn check_any_order(changes: &[Change], expected: (usize, &str)) {
        let mut results = Vec::new();
        permute(&mut changes.to_vec(), 0, &mut |permutation| {
            let mut orders = Orders::default();
            permutation.iter().for_each(|change| change(&mut orders));
            results.push(orders);
        });
        for orders in &results {
            assert_eq!(Some(orders), results.first());
            let amount = orders.counted().fold(Number::ZERO, |sum, order| sum.plus(order.amount()));
            assert_eq!(
                (orders.counted().count(), amount.to_string()),
                (expected.0, expected.1.into())
            );
        }
    }

    fn permute(changes: &mut Vec<Change>, fixed: usize, visit: &mut dyn FnMut(&[Change])) {
        if fixed == changes.len() {
            return visit(changes);
        }
        for next in fixed..changes.len() {
            changes.swap(fixed, next);
            permute(changes, fixed + 1, visit);
            changes.swap(fixed, next);
        }
    }

    #[test]
    fn a_partial_refund_lowers_the_amount_whenever_it_comes() {
        let order: Change = |o| o.complete(Key(1), t(1), Some(5_000));
        check_any_order(&[order, |o| o.refund(Key(1), t(3), 1_500)], (1, "35"));
    }

    #[test]
    fn an_order_that_is_paid_back_or_cancelled_is_none() {
        let order: Change = |o| o.complete(Key(1), t(1), Some(5_000));
        check_any_order(
            &[order, |o| o.refund(Key(1), t(3), 2_500), |o| o.refund(Key(1), t(4), 2_500)],
            (0, "0"),
        );
        check_any_order(
            &[order, |o| o.cancel(Key(1), t(2)), |o| o.update(Key(1), t(3), 9_000)],
            (0, "0"),
        );
    }

    #[test]
    fn an_update_replaces_the_amount_and_the_last_one_wins() {
        let order: Change = |o| o.complete(Key(1), t(1), Some(5_000));
        check_any_order(
            &[order, |o| o.update(Key(1), t(3), 4_000), |o| o.update(Key(1), t(2), 6_000)],
            (1, "40"),
        );
    }

    #[test]
    fn an_update_at_the_instant_of_its_order_replaces_the_amount() {
        let order: Change = |o| o.complete(Key(1), t(1), Some(5_000));
        check_any_order(&[order, |o| o.update(Key(1), t(1), 4_000)], (1, "40"));
    }

    #[test]
    fn an_order_tracked_again_without_an_amount_keeps_the_one_it_had() {
        let order: Change = |o| o.complete(Key(1), t(1), Some(5_000));
        check_any_order(&[order, |o| o.complete(Key(1), t(2), None)], (1, "50"));
    }

    #[test]
    fn the_same_order_tracked_twice_is_one_order() {
        check_any_order(
            &[|o| o.complete(Key(1), t(1), Some(5_000)), |o| o.complete(Key(1), t(2), Some(5_100))],
            (1, "51"),
        );
    }

    #[test]
    fn old_orders_are_folded_and_none_is_lost() {
        let mut orders = Orders::default();
        (1..=70_u32).for_each(|day| orders.complete(Key(day), t(day.into()), Some(100)));
        assert_eq!((orders.list().len(), orders.folded().count), (64, 6));
        assert_eq!((orders.folded().cents, orders.first()), (600, Some(t(1))));
    }

    #[test]
    fn merging_is_adding() {
        let (mut one, mut two, mut both) = <(Orders, Orders, Orders)>::default();
        one.complete(Key(1), t(1), Some(5_000));
        two.refund(Key(1), t(3), 1_000);
        two.complete(Key(2), t(2), Some(700));
        both.complete(Key(1), t(1), Some(5_000));
        both.refund(Key(1), t(3), 1_000);
        both.complete(Key(2), t(2), Some(700));
        one.merge(&two);
        assert_eq!(one, both);
    }
}
