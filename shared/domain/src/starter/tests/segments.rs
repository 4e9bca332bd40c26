//! When customers enter and leave each segment.

use expect_test::{Expect, expect};
use serde_json::json;

use super::pack;
use crate::event::Event;
use crate::testing::{Life, did, is, order};

/// Checks when a customer enters and leaves one segment, and why.
#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "reads better at the many calls")]
fn check(segment: &str, history: &[Event], until: &str, expected: Expect) {
    let pack = pack();
    assert!(pack.segment(segment).is_some(), "no segment `{segment}`");
    let mut life = Life::new(&pack, "2025-01-01");
    for event in history {
        life.event(event);
    }
    life.tick(until);
    let changes = life.changes.iter().filter(|change| change.segment.as_str() == segment);
    let in_words = |change: &crate::step::MembershipChange| {
        let sign = if change.membership.inside { "in" } else { "out" };
        format!("{sign} {} by {}", change.membership.since, change.cause)
    };
    expected.assert_eq(&changes.map(in_words).collect::<Vec<_>>().join(", "));
}

fn subscribed(channel: &str, time: &str) -> [Event; 2] {
    let address = json!({"email": "ada@example.com", "phone": "+33612345678"});
    [is(time, address), did("Consent Granted", time, json!({"channel": channel}))]
}

fn orders(times: &[&str]) -> Vec<Event> {
    times.iter().enumerate().map(|(at, time)| order(&at.to_string(), time, 50.0)).collect()
}

fn looked(times: usize, name: &str, time: &str) -> Vec<Event> {
    let product = |at: usize| did(name, time, json!({"product_id": at, "messageId": at}));
    (0..times).map(product).collect()
}

#[test]
fn a_lead_is_one_until_they_buy_or_unsubscribe() {
    let known = [is("2026-01-01", json!({"email": "ada@example.com"}))];
    check("leads", &known, "2027-01-01", expect![[""]]);
    for channel in ["email", "sms"] {
        let [address, grant] = subscribed(channel, "2026-01-01");
        let bought = [address.clone(), grant.clone(), order("1", "2026-01-05", 9.0)];
        check(
            "leads",
            &bought,
            "2027-01-01",
            expect!["in 2026-01-01T00:00:00.000Z by event, out 2026-01-05T00:00:00.000Z by event"],
        );
        let stop = did("Consent Withdrawn", "2026-01-05", json!({"channel": channel}));
        check(
            "leads",
            &[address, grant, stop],
            "2027-01-01",
            expect!["in 2026-01-01T00:00:00.000Z by event, out 2026-01-05T00:00:00.000Z by event"],
        );
    }
}

#[test]
fn a_first_time_customer_is_one_for_thirty_days_or_until_the_second_order() {
    let once = orders(&["2026-01-01"]);
    let told =
        expect!["in 2026-01-01T00:00:00.000Z by event, out 2026-01-31T00:00:00.000Z by time"];
    check("first-time-customers", &once, "2027-01-01", told);
    let twice = orders(&["2026-01-01", "2026-01-10"]);
    let told =
        expect!["in 2026-01-01T00:00:00.000Z by event, out 2026-01-10T00:00:00.000Z by event"];
    check("first-time-customers", &twice, "2027-01-01", told);
    let late = orders(&["2025-01-10", "2026-01-01"]);
    let told =
        expect!["in 2025-01-10T00:00:00.000Z by event, out 2025-02-09T00:00:00.000Z by time"];
    check("first-time-customers", &late, "2027-01-01", told);
}

#[test]
fn a_recent_customer_stays_thirty_days_after_the_last_order() {
    let told =
        expect!["in 2026-01-01T00:00:00.000Z by event, out 2026-02-19T00:00:00.000Z by time"];
    check("recent-customers", &orders(&["2026-01-01", "2026-01-20"]), "2027-01-01", told);
}

#[test]
fn a_customer_lapses_by_time_alone_and_comes_back_with_an_order() {
    let noon = orders(&["2026-01-01T12:00:00Z"]);
    check("lapsed-customers", &noon, "2026-06-30T11:59:59.999Z", expect![[""]]);
    let told = expect!["in 2026-06-30T12:00:00.000Z by time"];
    check("lapsed-customers", &noon, "2027-01-01", told);
    let back = orders(&["2026-01-01T12:00:00Z", "2026-08-01"]);
    let told =
        expect!["in 2026-06-30T12:00:00.000Z by time, out 2026-08-01T00:00:00.000Z by event"];
    check("lapsed-customers", &back, "2026-12-31", told);
}

#[test]
fn a_loyal_customer_ordered_three_times_in_a_year_and_is_still_active() {
    let active = orders(&["2026-01-01", "2026-02-01", "2026-03-01"]);
    let told =
        expect!["in 2026-03-01T00:00:00.000Z by event, out 2026-08-28T00:00:00.000Z by time"];
    check("loyal-customers", &active, "2027-06-01", told);
    let slow = orders(&["2025-03-01", "2025-09-01", "2026-02-01"]);
    let told =
        expect!["in 2026-02-01T00:00:00.000Z by event, out 2026-03-01T00:00:00.000Z by time"];
    check("loyal-customers", &slow, "2027-06-01", told);
    let rare = orders(&["2025-01-10", "2025-09-01", "2026-02-01"]);
    check("loyal-customers", &rare, "2027-06-01", expect![[""]]);
}

#[test]
fn a_potential_loyal_customer_ordered_again_soon_or_came_back_to_look() {
    let soon = orders(&["2026-01-01", "2026-02-01", "2026-03-15"]);
    let told =
        expect!["in 2026-02-01T00:00:00.000Z by event, out 2026-03-15T00:00:00.000Z by event"];
    check("potential-loyal-customers", &soon, "2026-03-16", told);
    let mut looking = orders(&["2026-01-01"]);
    looking.extend(looked(2, "Product Added", "2026-01-01"));
    check("potential-loyal-customers", &looking, "2026-03-16", expect![[""]]);
    looking.extend(looked(1, "Product Added", "2026-02-01"));
    let told =
        expect!["in 2026-02-01T00:00:00.000Z by event, out 2026-02-01T23:20:23.053Z by time"];
    check("potential-loyal-customers", &looking, "2026-12-31", told);
}

#[test]
fn a_vip_spends_much_on_average_or_buys_often() {
    let large =
        |id: &str, time: &str| did("Order Completed", time, json!({"order_id": id, "total": 160}));
    check("vip-customers", &[large("1", "2026-01-01")], "2026-02-01", expect![[""]]);
    let twice = [large("1", "2026-01-01"), large("2", "2026-02-01")];
    let told =
        expect!["in 2026-02-01T00:00:00.000Z by event, out 2027-01-01T00:00:00.000Z by time"];
    check("vip-customers", &twice, "2027-06-01", told);
    let often = orders(&["2026-01-01"; 6]);
    let told =
        expect!["in 2026-01-01T00:00:00.000Z by event, out 2027-01-01T00:00:00.000Z by time"];
    check("vip-customers", &often, "2027-06-01", told);
}

#[test]
fn a_cart_is_abandoned_from_an_hour_to_a_week_unless_it_is_bought_or_emptied() {
    let red = || json!({"product_id": "red"});
    let left = did("Product Added", "2026-01-01T10:00:00Z", red());
    let looked = did("Cart Viewed", "2026-01-01T10:30:00Z", json!({"products": [red()]}));
    let told = expect!["in 2026-01-01T11:00:00.000Z by time, out 2026-01-08T10:00:00.000Z by time"];
    check("cart-abandoners", &[left.clone(), looked], "2026-02-01", told);
    let told =
        expect!["in 2026-01-01T11:00:00.000Z by time, out 2026-01-01T12:00:00.000Z by event"];
    let bought = [left.clone(), order("1", "2026-01-01T12:00:00Z", 9.0)];
    check("cart-abandoners", &bought, "2026-02-01", told);
    let emptied = [left, did("Product Removed", "2026-01-01T10:59:59Z", red())];
    check("cart-abandoners", &emptied, "2026-02-01", expect![[""]]);
    let checkout = [did("Checkout Started", "2026-01-01T10:00:00Z", json!({}))];
    let told = expect!["in 2026-01-01T11:00:00.000Z by time, out 2026-01-08T10:00:00.000Z by time"];
    check("cart-abandoners", &checkout, "2026-02-01", told);
}

#[test]
fn who_looks_and_takes_nothing_is_a_browse_abandoner_but_never_a_cart_abandoner_too() {
    let mut history = looked(1, "Product Viewed", "2026-01-01T10:00:00Z");
    let told = expect!["in 2026-01-01T12:00:00.000Z by time, out 2026-01-04T10:00:00.000Z by time"];
    check("browse-abandoners", &history, "2026-02-01", told);
    history.extend(looked(1, "Product Added", "2026-01-01T10:30:00Z"));
    check("browse-abandoners", &history, "2026-02-01", expect![[""]]);
    history.extend(looked(1, "Product Viewed", "2026-01-01T10:40:00Z"));
    check("browse-abandoners", &history, "2026-02-01", expect![[""]]);
}

#[test]
fn high_intent_is_shown_by_what_people_do_and_fades() {
    let time = "2026-01-01";
    check("high-intent", &looked(7, "Product Viewed", time), "2026-02-01", expect![[""]]);
    let products = looked(10, "Product Viewed", time);
    for keen in [products, looked(2, "Product Added", time), looked(1, "Checkout Started", time)] {
        let told =
            expect!["in 2026-01-01T00:00:00.000Z by event, out 2026-01-01T23:10:43.787Z by time"];
        check("high-intent", &keen, "2026-02-01", told);
    }
    let mut bought = looked(9, "Checkout Started", "2026-01-01T00:00:00Z");
    bought.push(order("1", "2026-01-01T01:00:00Z", 9.0));
    let told =
        expect!["in 2026-01-01T00:00:00.000Z by event, out 2026-01-01T01:00:00.000Z by event"];
    check("high-intent", &bought, "2026-01-05", told);
}

#[test]
fn a_birthday_is_the_customers_own_day() {
    let born = |zone: &str| is("2026-01-01", json!({"birthday": "1985-03-14", "timezone": zone}));
    let told = expect!["in 2026-03-13T11:00:00.000Z by time, out 2026-03-14T11:00:00.000Z by time"];
    check("birthday-today", &[born("Pacific/Auckland")], "2026-12-31", told);
    let told = expect!["in 2026-03-14T04:00:00.000Z by time, out 2026-03-15T04:00:00.000Z by time"];
    check("birthday-today", &[born("America/New_York")], "2026-12-31", told);
}

#[test]
fn customers_of_a_period_are_so_until_it_ends_where_they_live() {
    let home = is("2026-01-01", json!({"timezone": "America/New_York"}));
    // Wednesday, Thursday, and the two days after.
    let times = ["2026-07-01", "2026-07-02", "2026-07-03", "2026-07-04"];
    let history = [
        vec![home],
        orders(&times.map(|day| format!("{day}T12:00:00Z")).each_ref().map(String::as_str)),
    ]
    .concat();
    let until = "2027-06-01";
    check(
        "customers-of-the-week",
        &history,
        until,
        expect!["in 2026-07-01T12:00:00.000Z by event, out 2026-07-06T04:00:00.000Z by time"],
    );
    check(
        "customers-of-the-month",
        &history,
        until,
        expect!["in 2026-07-02T12:00:00.000Z by event, out 2026-08-01T04:00:00.000Z by time"],
    );
    check(
        "customers-of-the-year",
        &history,
        until,
        expect!["in 2026-07-04T12:00:00.000Z by event, out 2027-01-01T05:00:00.000Z by time"],
    );
}

#[test]
fn nobody_is_loyal_and_lapsed_or_a_lead_and_a_customer() {
    let pack = pack();
    let mut life = Life::new(&pack, "2025-01-01");
    let [address, grant] = subscribed("email", "2026-01-01");
    let history = [vec![address, grant], orders(&["2026-02-01", "2026-03-01", "2026-04-01"])];
    for event in history.concat() {
        life.event(&event);
    }
    for month in 4..=12 {
        life.tick(&format!("2026-{month:02}-02"));
        let inside = |id: &str| {
            let key = pack.segment(id).unwrap().key;
            life.profile.core.memberships.get(key).is_some_and(|place| place.inside)
        };
        assert!(!inside("leads"));
        assert_ne!(inside("loyal-customers"), inside("lapsed-customers"), "month {month}");
    }
}

#[test]
fn every_segment_says_in_words_who_is_in_it() {
    let line = |segment: &crate::definitions::Segment| {
        format!("{}: customers who {}.\n", segment.name, segment.rule.describe())
    };
    let told: Vec<_> = pack().segments.iter().map(line).collect();
    expect![[r"
        Leads: customers who (allow e-mail, allow text messages or allow push messages) and did not do “Order Completed”.
        Asked for e-mail, to be confirmed: customers who are asked to confirm e-mail.
        First-time customers: customers who last did “Order Completed” in the last 30 days and did “Order Completed” exactly once.
        Recent customers: customers who did “Order Completed” in the last 30 days.
        Potential loyal customers: customers who (did “Order Completed” at least 2 times in the last 90 days or (last did “Order Completed” at least 14 days ago and have a score “intent” of at least 4)), are not in “loyal-customers” and are not in “lapsed-customers”.
        Loyal customers: customers who did “Order Completed” at least 3 times in the last 365 days and are not in “lapsed-customers”.
        VIP customers: customers who (have “average_order_value” of at least 150 and have “orders_in_a_year” of at least 2) or have “orders_in_a_year” of at least 6.
        Lapsed customers: customers who last did “Order Completed” at least 180 days ago.
        Cart abandoners: customers who did “Product Added” or “Checkout Started” between 1 hour and 7 days ago without “Order Completed” since.
        Browse abandoners: customers who did “Product Viewed” between 2 hours and 3 days ago without “Product Added”, “Checkout Started” or “Order Completed” since and are not in “cart-abandoners”.
        High intent: customers who have a score “intent” of at least 8 and did not do “Order Completed” in the last 7 days.
        Birthday today: customers who have the anniversary of birthday today.
        Customers of the week: customers who did “Order Completed” this week.
        Customers of the month: customers who did “Order Completed” at least 2 times this month.
        Customers of the year: customers who did “Order Completed” at least 4 times this year.
        RFM: Champions: customers who are “Champions” in “RFM”.
        RFM: Loyal: customers who are “Loyal” in “RFM”.
        RFM: Potential loyalists: customers who are “Potential loyalists” in “RFM”.
        RFM: New: customers who are “New” in “RFM”.
        RFM: Promising: customers who are “Promising” in “RFM”.
        RFM: Need attention: customers who are “Need attention” in “RFM”.
        RFM: About to sleep: customers who are “About to sleep” in “RFM”.
        RFM: At risk: customers who are “At risk” in “RFM”.
        RFM: Cannot lose: customers who are “Cannot lose” in “RFM”.
        RFM: Hibernating: customers who are “Hibernating” in “RFM”.
        Value: Very good: customers who are “Very good” in “Value”.
        Value: Good: customers who are “Good” in “Value”.
        Value: Average: customers who are “Average” in “Value”.
        Value: Occasional: customers who are “Occasional” in “Value”.
    "]].assert_eq(&told.concat());
}
