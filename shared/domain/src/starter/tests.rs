//! The starter pack at work.

use expect_test::{Expect, expect};

use super::FILES;
use crate::definitions::{Definitions, Lineage};

fn pack() -> Definitions {
    Definitions::read(&FILES, &Lineage::default().next()).unwrap_or_else(|mistakes| {
        panic!("{}", mistakes.iter().map(|mistake| format!("{mistake}\n")).collect::<String>())
    })
}

#[test]
fn every_segment_says_in_words_who_is_in_it() {
    let line = |segment: &crate::definitions::Segment| {
        format!("{}: customers who {}.\n", segment.name, segment.rule.describe())
    };
    let told: String = pack().segments.iter().map(line).collect();
    expect![[r#"
        Leads: customers who (allow e-mail, allow text messages or allow push messages) and did not do “Order Completed”.
        First-time customers: customers who last did “Order Completed” in the last 30 days and did “Order Completed” exactly once.
        Recent customers: customers who did “Order Completed” in the last 30 days.
        Potential loyal customers: customers who (did “Order Completed” at least 2 times in the last 90 days or (last did “Order Completed” at least 14 days ago and have a score “intent” of at least 5)), are not in “loyal-customers” and are not in “lapsed-customers”.
        Loyal customers: customers who did “Order Completed” at least 3 times in the last 365 days and are not in “lapsed-customers”.
        VIP customers: customers who (have “average_order_value” of at least 150 and have “orders_in_a_year” of at least 2) or have “orders_in_a_year” of at least 6.
        Lapsed customers: customers who last did “Order Completed” at least 180 days ago.
        Cart abandoners: customers who did “Product Added” or “Checkout Started” between 1 hour and 7 days ago without “Order Completed” since.
        Browse abandoners: customers who did “Product Viewed” between 2 hours and 3 days ago without “Product Added”, “Checkout Started” or “Order Completed” since and are not in “cart-abandoners”.
        High intent: customers who have a score “intent” of at least 10 and did not do “Order Completed” in the last 7 days.
        Birthday today: customers who have the anniversary of birthday today.
        Customers of the week: customers who did “Order Completed” this week.
        Customers of the month: customers who did “Order Completed” at least 2 times this month.
        Customers of the year: customers who did “Order Completed” at least 4 times this year.
    "#]].assert_eq(&told);
}
