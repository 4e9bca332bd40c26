//! When programs start, and when they end before anything is sent.

use expect_test::{Expect, expect};
use serde_json::json;

use super::{pack, pack_after, read};
use crate::decide::{Choice, Decision, Situation, decide};
use crate::event::Event;
use crate::id::SegmentId;
use crate::message::Message;
use crate::profile::empty_features;
use crate::step::Input;
use crate::testing::{Life, at, did, is, order};

/// A customer who may be written to, and then did this.
fn history(more: &[Event]) -> Vec<Event> {
    let address = is("2026-01-01T08:00:00Z", json!({"email": "ada@example.com"}));
    let grant = did("Consent Granted", "2026-01-01T09:00:00Z", json!({"channel": "email"}));
    [&[address, grant], more].concat()
}

fn orders(times: &[&str]) -> Vec<Event> {
    times.iter().enumerate().map(|(at, time)| order(&at.to_string(), time, 50.0)).collect()
}

fn left_in_cart(time: &str) -> Event {
    did("Product Added", time, json!({"product_id": "red", "name": "Red", "price": 9}))
}

fn told(message: &Message) -> String {
    let Message { program, cause, due, expires, .. } = message;
    format!("{program} by {cause}, due {due}, expires {expires}")
}

/// Checks the messages of one program.
#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "reads better at the many calls")]
fn check(program: &str, more: &[Event], until: &str, expected: Expect) {
    let pack = pack();
    let mut life = Life::new(&pack, "2025-01-01");
    for event in history(more) {
        life.event(&event);
    }
    life.tick(until);
    let own = life.messages.iter().filter(|message| message.program.as_str() == program);
    expected.assert_eq(&own.map(told).collect::<Vec<_>>().join("; "));
}

/// Checks what is decided about the program's message when it is due, after `more` and `then`.
#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "reads better at the many calls")]
fn check_decision(program: &str, more: &[Event], then: &[Event], late: &str, expected: Expect) {
    let pack = pack();
    let mut life = Life::new(&pack, "2025-01-01");
    for event in history(more) {
        life.event(&event);
    }
    let latest = |life: &Life<'_>| {
        life.messages.iter().rfind(|message| message.program.as_str() == program).cloned()
    };
    // The start may need time alone.
    while latest(&life).is_none() && !life.profile.core.wake_at.is_never() {
        life.take(Input::Tick, life.profile.core.wake_at);
    }
    let message = latest(&life).unwrap();
    for event in then {
        life.event(event);
    }
    let now = if late.is_empty() { message.due } else { at(late) };
    let situation = Situation {
        message: &message,
        profile: &life.profile,
        definitions: &pack,
        suppressed: &[],
        booked: &[],
        unsubscribed: &[],
        refused: &[],
        too_long: false,
        outranked: false,
        brakes: &crate::brakes::Brakes::default(),
    };
    let told = match decide(&situation, now) {
        Decision::Send(Choice { address, .. }) => format!("send {}", address.channel()),
        Decision::Hold(held, until) => format!("hold until {until}: {held}"),
        other => format!("{other:?}"),
    };
    expected.assert_eq(&told);
}

#[test]
fn a_lead_is_welcomed_once_a_few_minutes_after_subscribing() {
    let told =
        expect!["welcome by event, due 2026-01-01T09:05:00.000Z, expires 2026-01-02T09:05:00.000Z"];
    check("welcome", &[], "2026-02-01", told);
    let again = ["Consent Withdrawn", "Consent Granted"].map(|name| {
        let day = if name == "Consent Granted" { "2026-01-03" } else { "2026-01-02" };
        did(name, day, json!({"channel": "email"}))
    });
    let told =
        expect!["welcome by event, due 2026-01-01T09:05:00.000Z, expires 2026-01-02T09:05:00.000Z"];
    check("welcome", &again, "2026-02-01", told);
    check_decision("welcome", &[], &[], "", expect!["send email"]);
    let bought = orders(&["2026-01-01T09:04:00Z"]);
    check_decision("welcome", &[], &bought, "", expect!["Drop(GoalReached)"]);
}

#[test]
fn the_first_order_is_thanked_for_a_day_later_and_never_again() {
    let first = orders(&["2026-01-10T18:00:00Z"]);
    let cancelled = did("Order Cancelled", "2026-01-11T10:00:00Z", json!({"order_id": "0"}));
    let other = order("other", "2026-01-12", 9.0);
    let told = expect![
        "first-order by event, due 2026-01-11T18:00:00.000Z, expires 2026-01-12T18:00:00.000Z"
    ];
    let all = [first.as_slice(), &[cancelled.clone(), other.clone()]].concat();
    check("first-order", &all, "2026-03-01", told);
    check_decision("first-order", &first, &[], "", expect!["send email"]);
    check_decision("first-order", &first, &[cancelled], "", expect!["Drop(GoalReached)"]);
    let second = order("1", "2026-01-11", 9.0);
    check_decision("first-order", &first, &[second], "", expect!["Drop(GoalReached)"]);
}

#[test]
fn who_lapses_is_won_back_once_a_year_at_most() {
    let once = orders(&["2026-01-10"]);
    let told =
        expect!["win-back by time, due 2026-07-09T10:00:00.000Z, expires 2026-07-11T10:00:00.000Z"];
    check("win-back", &once, "2028-01-01", told);
    // Lapses on 2026-07-09, 2027-01-16 (too soon) and 2027-10-28.
    let thrice = orders(&["2026-01-10", "2026-07-20", "2027-05-01"]);
    let told = expect![
        "win-back by time, due 2026-07-09T10:00:00.000Z, expires 2026-07-11T10:00:00.000Z; win-back by time, due 2027-10-28T10:00:00.000Z, expires 2027-10-30T10:00:00.000Z"
    ];
    check("win-back", &thrice, "2028-01-01", told);
    check_decision("win-back", &once, &[], "", expect!["send email"]);
    let back = order("back", "2026-07-09T00:00:00Z", 9.0);
    check_decision("win-back", &once, &[back], "", expect!["Drop(GoalReached)"]);
}

#[test]
fn who_lapses_because_an_order_was_cancelled_is_not_missed() {
    let cancelled = did("Order Cancelled", "2026-09-02", json!({"order_id": "1"}));
    let history = [orders(&["2026-01-10", "2026-09-01"]), vec![cancelled]].concat();
    // The order of September counted from July on, when the first one lapsed them by time.
    let told =
        expect!["win-back by time, due 2026-07-09T10:00:00.000Z, expires 2026-07-11T10:00:00.000Z"];
    check("win-back", &history, "2028-01-01", told);
    let soon = did("Order Cancelled", "2026-07-20", json!({"order_id": "1"}));
    let history = [orders(&["2026-01-10", "2026-07-01"]), vec![soon]].concat();
    check("win-back", &history, "2028-01-01", expect![[""]]);
}

#[test]
fn a_loyal_customer_is_thanked_once_a_year_at_most() {
    let three = orders(&["2026-01-10", "2026-02-10", "2026-03-10T12:00:00Z"]);
    let told = expect![
        "loyal-thanks by event, due 2026-03-12T12:00:00.000Z, expires 2026-03-13T12:00:00.000Z"
    ];
    let six = [&three[..], &orders(&["2026-10-01", "2026-10-02", "2026-10-03"])].concat();
    check("loyal-thanks", &six, "2028-01-01", told);
    check_decision("loyal-thanks", &three, &[], "", expect!["send email"]);
    let cancelled = did("Order Cancelled", "2026-03-11", json!({"order_id": "1"}));
    check_decision("loyal-thanks", &three, &[cancelled], "", expect!["Drop(GoalReached)"]);
}

#[test]
fn a_cart_is_spoken_of_after_an_hour_for_twelve_hours_and_once_a_week() {
    let carts = ["2026-01-10T10:00:00Z", "2026-01-12T10:00:00Z", "2026-01-17T10:00:01Z"];
    let told = expect![
        "cart-reminder by time, due 2026-01-10T11:00:00.000Z, expires 2026-01-10T23:00:00.000Z; cart-reminder by time, due 2026-01-17T11:00:01.000Z, expires 2026-01-17T23:00:01.000Z"
    ];
    check("cart-reminder", &carts.map(left_in_cart), "2026-03-01", told);
    let left = [left_in_cart("2026-01-10T10:00:00Z")];
    check_decision("cart-reminder", &left, &[], "", expect!["send email"]);
    check_decision("cart-reminder", &left, &[], "2026-01-10T23:00:00Z", expect!["Expire"]);
    let more = left_in_cart("2026-01-10T11:00:00Z");
    check_decision("cart-reminder", &left, &[more], "", expect!["send email"]);
}

#[test]
fn nobody_is_woken_and_a_reminder_of_the_evening_comes_in_the_morning() {
    let left = [left_in_cart("2026-01-10T21:30:00Z")];
    let night = expect![
        "hold until 2026-01-11T07:00:00.000Z: not at this hour or day where the customer lives"
    ];
    check_decision("cart-reminder", &left, &[], "", night);
    check_decision("cart-reminder", &left, &[], "2026-01-11T07:00:00Z", expect!["send email"]);
}

#[test]
fn who_leaves_a_topic_still_gets_the_others() {
    let left = [left_in_cart("2026-01-10T10:00:00Z")];
    let without = |topic: &str| {
        let about = json!({"channel": "email", "topic": topic});
        did("Consent Withdrawn", "2026-01-10T10:30:00Z", about)
    };
    check_decision("cart-reminder", &left, &[without("news")], "", expect!["send email"]);
    check_decision(
        "cart-reminder",
        &left,
        &[without("reminders")],
        "",
        expect![[
            r#"Drop(NoConsent(PassedOver([(Email, NoConsent { status: Some(Withdrawn), topic: Some("reminders") }), (Sms, NoAddress), (Push, NoAddress)])))"#
        ]],
    );
}

#[test]
fn an_order_or_an_empty_basket_ends_a_cart_reminder() {
    let left = [left_in_cart("2026-01-10T10:00:00Z")];
    let bought = order("1", "2026-01-10T11:00:00Z", 9.0);
    check_decision("cart-reminder", &left, &[bought], "", expect!["Drop(GoalReached)"]);
    let emptied = did("Product Removed", "2026-01-10T11:00:00Z", json!({"product_id": "red"}));
    check_decision("cart-reminder", &left, &[emptied], "", expect!["Drop(NothingLeft)"]);
    let today = [order("1", "2026-01-10T08:00:00Z", 9.0), left[0].clone()];
    check_decision("cart-reminder", &today, &[], "", expect!["Drop(GoalReached)"]);
}

#[test]
fn what_was_bought_this_month_is_not_sold_again() {
    let products = json!({"order_id": "1", "products": [{"product_id": "red"}]});
    let bought = did("Order Completed", "2026-01-05T10:00:00Z", products);
    let again = [bought, left_in_cart("2026-01-10T10:00:00Z")];
    check_decision("cart-reminder", &again, &[], "", expect!["Drop(NothingLeft)"]);
    let blue = did("Product Added", "2026-01-10T10:01:00Z", json!({"product_id": "blue"}));
    let more = [&again[..], &[blue]].concat();
    check_decision("cart-reminder", &more, &[], "", expect!["send email"]);
}

/// All that the starter pack could start: a lead, a first order, a loyal and a lapsed customer, and
/// a cart.
fn everything() -> Vec<Event> {
    let times = ["2026-01-10", "2026-02-10", "2026-03-10", "2027-03-01"];
    [history(&orders(&times)), vec![left_in_cart("2027-03-05")]].concat()
}

/// Where that leads, twelve hours after the cart.
const IN_MARCH: [&str; 3] = ["cart-abandoners", "customers-of-the-week", "recent-customers"];

/// The segments a customer is in.
fn inside<'a>(life: &'a Life<'_>) -> Vec<&'a str> {
    let inside = life.profile.core.memberships.iter().filter(|(_, place)| place.inside);
    let mut ids: Vec<_> = inside
        .filter_map(|(key, _)| life.definitions.segment_id(*key))
        .map(SegmentId::as_str)
        .collect();
    ids.sort_unstable();
    ids
}

#[test]
fn news_starts_every_program_and_an_import_of_the_same_starts_none() {
    let pack = pack();
    let (mut news, mut import) = (Life::new(&pack, "2025-01-01"), Life::new(&pack, "2025-01-01"));
    for event in everything() {
        news.event(&event);
        let received = at("2027-03-05T12:00:00Z");
        import.event(&Event { import: true, received, ..event });
    }
    news.tick("2027-03-05T12:00:00Z");
    let mut started: Vec<_> =
        news.messages.iter().map(|message| message.program.as_str()).collect();
    started.sort_unstable();
    assert_eq!(started, ["cart-reminder", "first-order", "loyal-thanks", "welcome", "win-back"]);
    assert_eq!(import.messages, []);
    assert_eq!((inside(&import), inside(&news)), (IN_MARCH.to_vec(), IN_MARCH.to_vec()));
}

#[test]
fn publishing_the_pack_for_customers_who_were_there_before_sends_nothing() {
    let before = read(&[], &crate::definitions::Lineage::default().next());
    let mut life = Life::new(&before, "2025-01-01");
    for event in everything() {
        life.event(&event);
    }
    let pack = pack_after(&before.lineage().next());
    life.definitions = &pack;
    life.profile.core.features = empty_features(&pack.plan);
    life.profile.make_features(&everything(), &pack);
    life.take(Input::Pass, at("2027-03-05T12:00:00Z"));
    assert_eq!(inside(&life), IN_MARCH);
    assert_eq!(life.messages, []);
    life.take(Input::Tick, at("2027-09-01"));
    let started = life.messages.iter().map(told).collect::<Vec<_>>();
    assert_eq!(started.len(), 1, "what time brings later is news: {started:?}");
}
