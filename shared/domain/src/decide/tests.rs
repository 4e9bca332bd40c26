use expect_test::{Expect, expect};
use serde_json::json;

use super::*;
use crate::testing::{Life, at, definitions, did, is, order};

const SHOP: &str = "
segments:
  - { id: waiting, when: { waiting: { since: Product Added, without: Order Completed, for: 1h, at_most: 7d } } }
  - { id: customers, when: { event: Order Completed } }
templates:
  - id: cart
    email: { subject: Your cart, html: '{{ cart.items.size }}', text: '{{ cart.items.size }}' }
    sms: Your cart
programs:
  - id: reminder
    enter: waiting
    again: { after: 7d }
    goal: { event: Order Completed, within: 1h }
    send: { template: cart, max_lateness: 6h, about: cart }
";

/// A customer with both addresses and consents left a red thing at ten; then `more` happened.
#[track_caller]
fn check(more: &[crate::event::Event], suppressed: &[&str], now: &str, expected: Expect) {
    check_in(SHOP, more, suppressed, now, expected);
}

/// The same, in another shop.
#[track_caller]
fn check_in(
    shop: &str,
    more: &[crate::event::Event],
    suppressed: &[&str],
    now: &str,
    expected: Expect,
) {
    let definitions = definitions(shop);
    let mut life = Life::new(&definitions, "2026-01-01");
    let ada = json!({"email": "ada@example.com", "phone": "+33612345678"});
    life.event(&is("2026-01-01T08:00:00Z", ada));
    for channel in ["email", "sms"] {
        life.event(&did("Consent Granted", "2026-01-01T09:00:00Z", json!({"channel": channel})));
    }
    life.event(&did("Product Added", "2026-01-01T10:00:00Z", json!({"product_id": "red"})));
    life.tick("2026-01-01T11:00:00Z");
    more.iter().for_each(|event| life.event(event));
    let suppressed: Vec<Address> =
        suppressed.iter().map(|text| Address::email(text).unwrap()).collect();
    let situation = Situation {
        message: &life.messages[0],
        profile: &life.profile,
        definitions: &definitions,
        suppressed: &suppressed,
        booked: &[],
        unsubscribed: &[],
        refused: &[],
        too_long: false,
        outranked: false,
        brakes: &Brakes::default(),
    };
    let told = match decide(&situation, at(now)) {
        Decision::Send(Choice { address, because, .. }) => {
            format!("send {} ({})", address.channel(), because.as_str())
        }
        Decision::Hold(held, until) => format!("{held:?} until {until}"),
        other => format!("{other:?}"),
    };
    expected.assert_eq(&told);
}

#[test]
fn the_policys_first_channel_is_taken_unless_the_customer_says_otherwise() {
    check(&[], &[], "2026-01-01T11:00:00Z", expect!["send email (policy)"]);
    let prefers = is("2026-01-01T11:00:00Z", json!({"preferred_channel": "sms"}));
    check(&[prefers], &[], "2026-01-01T11:00:00Z", expect!["send sms (stated)"]);
}

#[test]
fn a_suppressed_address_is_not_written_to_whatever_the_consent() {
    let told = expect!["send sms (policy)"];
    check(&[], &["ada@example.com"], "2026-01-01T11:00:00Z", told);
    let stop = did("Consent Withdrawn", "2026-01-01T11:00:00Z", json!({"channel": "sms"}));
    let told = expect![
        "Drop(Suppressed(PassedOver([(Email, Suppressed), (Sms, NoConsent { status: Some(Withdrawn), topic: None }), (Push, NoAddress)])))"
    ];
    check(&[stop], &["ada@example.com"], "2026-01-01T11:00:00Z", told);
}

#[test]
fn who_withdrew_gets_nothing_even_when_it_is_too_late_anyway() {
    let stop =
        |channel| did("Consent Withdrawn", "2026-01-01T11:00:00Z", json!({"channel": channel}));
    check(
        &[stop("email"), stop("sms")],
        &[],
        "2026-01-02T11:00:00Z",
        expect![
            "Drop(NoConsent(PassedOver([(Email, NoConsent { status: Some(Withdrawn), topic: None }), (Sms, NoConsent { status: Some(Withdrawn), topic: None }), (Push, NoAddress)])))"
        ],
    );
}

#[test]
fn a_message_expires_at_its_last_instant() {
    check(&[], &[], "2026-01-01T16:59:59.999Z", expect!["send email (policy)"]);
    check(&[], &[], "2026-01-01T17:00:00Z", expect!["Expire"]);
}

#[test]
fn a_goal_that_is_reached_ends_it() {
    let order = order("1", "2026-01-01T11:00:00Z", 9.0);
    check(&[order], &[], "2026-01-01T11:00:00Z", expect!["Drop(GoalReached)"]);
}

#[test]
fn what_was_just_bought_is_not_sold_again() {
    let products = json!({"order_id": "1", "products": [{"product_id": "red"}]});
    let bought = did("Order Completed", "2026-01-01T11:00:00Z", products);
    let again = did("Product Added", "2026-01-01T11:05:00Z", json!({"product_id": "red"}));
    check(&[bought, again], &[], "2026-01-01T13:00:00Z", expect!["Drop(NothingLeft)"]);
}
#[test]
fn what_people_wait_for_is_not_asked_what_it_would_sell() {
    let receipt = SHOP.replace("about: cart", "about: cart, class: transactional");
    let order = order("1", "2026-01-01T11:00:00Z", 9.0);
    let emptied = did("Cart Cleared", "2026-01-01T11:00:00Z", json!({}));
    let told = expect!["send email (policy)"];
    check_in(&receipt, &[order, emptied], &[], "2026-01-01T11:00:00Z", told);
}

/// The shop, with more in its policy and its `send`.
fn at_nine(policy: &str, send: &str) -> String {
    let nine = format!("about: cart, at: '09:00'{send}");
    let shop = SHOP.replace(", max_lateness: 6h, about: cart", &format!(", {nine}"));
    format!("policy: {policy}\n{shop}")
}

#[test]
fn a_message_with_its_hour_that_is_held_waits_for_that_hour() {
    // Nine in the morning of the second, and of the third.
    let (due, next) = ("2026-01-02T09:00:00Z", "2026-01-03T09:00:00.000Z");
    let closed = at_nine("{ closed: [01-02] }", "");
    check_in(&closed, &[], &[], due, expect!["QuietHours until 2026-01-03T09:00:00.000Z"]);
    // They moved to New York since: nine is by the clock that it has now.
    let moved = is("2026-01-01T12:00:00Z", json!({"timezone": "America/New_York"}));
    let there = expect!["QuietHours until 2026-01-03T14:00:00.000Z"];
    check_in(&closed, &[moved], &[], "2026-01-02T14:00:00Z", there);
    check_in(&closed, &[], &[], next, expect!["send email (policy)"]);
}

#[test]
fn an_hour_that_is_too_late_or_always_shut_is_not_waited_for() {
    let due = "2026-01-02T09:00:00Z";
    let late = at_nine("{ closed: [01-02] }", ", max_lateness: 20h");
    check_in(&late, &[], &[], due, expect!["QuietHours until 2026-01-03T00:00:00.000Z"]);
    let shut = at_nine("{ quiet_hours: 21:00-10:00 }", "");
    check_in(&shut, &[], &[], due, expect!["QuietHours until 2026-01-02T10:00:00.000Z"]);
}
