//! Each leaf, one line a case: rule, history, now, answer.

use expect_test::{Expect, expect};
use serde_json::json;

use crate::definitions::{Definitions, Lineage};
use crate::event::Event;
use crate::testing::{Life, at, definitions, did, is, one_segment, order};

/// Checks the answer of a rule, after a history, at an instant.
#[track_caller]
fn check(rule: &str, history: &[Event], now: &str, expected: Expect) {
    let definitions = definitions(&one_segment(rule));
    let mut life = Life::new(&definitions, "2020-01-01");
    history.iter().for_each(|event| life.event(event));
    let answer = definitions.answers(&life.profile.core.facts(), at(now)).remove(0);
    let until = match answer.until.is_never() {
        true => "until an event".to_owned(),
        false => format!("until {}", answer.until),
    };
    let text = format!("{}, {until}", if answer.holds { "yes" } else { "no" });
    expected.assert_eq(&text);
}

/// Checks what a rule says in words.
#[track_caller]
fn check_words(rule: &str, expected: Expect) {
    expected.assert_eq(&definitions(&one_segment(rule)).segments[0].rule.describe());
}

/// Checks how a rule is refused that cannot be meant.
#[track_caller]
fn check_refused(yaml: &str, expected: Expect) {
    let mistakes = Definitions::read(&[("test.yaml", yaml)], &Lineage::default()).unwrap_err();
    let told = mistakes.iter().map(|mistake| mistake.wrong.to_string()).collect::<Vec<_>>();
    expected.assert_eq(&told.join("; "));
}

#[test]
fn counts_that_contradict_each_other_or_that_nobody_can_know_are_refused() {
    let refused = |times: &str, expected: Expect| {
        check_refused(&one_segment(&format!("{{ event: A, times: {times} }}")), expected);
    };
    refused(
        "{ exactly: 2, at_least: 1 }",
        expect!["`exactly` stands alone, without `at_least` and `at_most`"],
    );
    refused(
        "{ at_least: 3, at_most: 2 }",
        expect!["nothing can pass this: `at_most` is below `at_least`"],
    );
    refused("{}", expect!["this needs a test, such as `at_least: 3`"]);
    let beyond = || expect!["a rule can count up to 64, and up to 63 where there may be no more"];
    for times in ["65", "{ at_most: 64 }", "{ exactly: 64 }"] {
        refused(times, beyond());
    }
}

#[test]
fn a_count_of_orders_in_a_window_is_compared_only_with_what_is_remembered() {
    let of = |range: &str| {
        let rule = one_segment(&format!("{{ metric: orders, {range} }}"));
        format!("metrics: {{ orders: {{ count: Order Completed, within: 30d }} }}\n{rule}")
    };
    for range in ["at_least: 64", "more_than: 63", "at_most: 63", "less_than: 64"] {
        definitions(&of(range));
    }
    let beyond = || expect!["a rule can count up to 64, and up to 63 where there may be no more"];
    for range in ["at_least: 65", "more_than: 64", "at_most: 64", "less_than: 65", "is: 64"] {
        check_refused(&of(range), beyond());
    }
}

#[test]
fn two_metrics_of_one_name_in_two_files_are_refused() {
    let files = [
        ("a.yaml", "metrics: { basket: { average: total, of: Order Completed } }"),
        ("b.yaml", "metrics: { basket: { sum: total, of: Order Completed } }"),
        ("c.yaml", "scores: { intent: { half_life: 3d, points: { A: 1 } } }"),
        ("d.yaml", "scores: { intent: { half_life: 3d, points: { B: 1 } } }"),
    ];
    let mistakes = Definitions::read(&files, &Lineage::default()).unwrap_err();
    let told = mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    expect![[r"
        b.yaml:1:12: there is a metric `basket` already
        d.yaml:1:11: there is a score `intent` already"]]
    .assert_eq(&told);
}

#[test]
fn an_anniversary_is_counted_in_whole_days() {
    let rule = one_segment("{ trait: birthday, anniversary: { in_next: 36h } }");
    check_refused(&rule, expect!["expected whole days, from `1d` to `364d`"]);
}

#[test]
fn a_window_that_ends_on_this_very_second_no_longer_holds() {
    let history = [order("1", "2026-01-01T00:00:00Z", 10.0)];
    let rule = "{ event: Order Completed, within: 30d }";
    check(rule, &history, "2026-01-01", expect!["yes, until 2026-01-31T00:00:00.000Z"]);
    check(rule, &history, "2026-01-31", expect!["no, until an event"]);
}

#[test]
fn a_count_in_a_window_expires_with_the_kth_newest() {
    let history = ["01", "05", "09"].map(|day| did("A", &format!("2026-01-{day}"), json!({})));
    let rule = "{ event: A, times: { at_least: 2 }, within: 30d }";
    check(rule, &history, "2026-01-10", expect!["yes, until 2026-02-04T00:00:00.000Z"]);
    check(rule, &history, "2026-02-04", expect!["no, until an event"]);
    let rule = "{ event: A, times: { at_most: 2 }, within: 30d }";
    check(rule, &history, "2026-01-10", expect!["no, until 2026-01-31T00:00:00.000Z"]);
    check(rule, &history, "2026-01-31", expect!["yes, until 2026-02-08T00:00:00.000Z"]);
    check(rule, &history, "2026-02-08", expect!["no, until an event"]);
}

#[test]
fn at_most_is_not_for_those_who_never_did_it() {
    check("{ event: A, times: { at_most: 2 } }", &[], "2026-01-10", expect!["no, until an event"]);
}

#[test]
fn a_cancelled_order_is_not_counted() {
    let cancel = did("Order Cancelled", "2026-01-03", json!({"order_id": "1"}));
    let history = [order("1", "2026-01-01", 10.0), order("2", "2026-01-02", 20.0), cancel];
    check(
        "{ event: Order Completed, times: 2 }",
        &history,
        "2026-01-04",
        expect!["no, until an event"],
    );
    check(
        "{ event: Order Completed, times: 1 }",
        &history,
        "2026-01-04",
        expect!["yes, until an event"],
    );
}

#[test]
fn orders_can_be_told_by_what_is_in_them() {
    let wine = json!({"order_id": "1", "products": [{"category": "Wine"}, {"category": "Glass"}]});
    let history = [did("Order Completed", "2026-01-01", wine), order("2", "2026-01-05", 9.0)];
    let rule = "{ event: Order Completed, where: { products.category: Wine }, within: 30d }";
    check(rule, &history, "2026-01-06", expect!["yes, until 2026-01-31T00:00:00.000Z"]);
    let rule = "{ event: Order Completed, where: { products.category: Beer } }";
    check(rule, &history, "2026-01-06", expect!["no, until an event"]);
}

#[test]
fn first_and_last_are_seen_from_now() {
    let history = [did("A", "2026-01-01", json!({})), did("A", "2026-02-01", json!({}))];
    check(
        "{ event: A, first: { older_than: 60d } }",
        &history,
        "2026-02-02",
        expect!["no, until 2026-03-02T00:00:00.000Z"],
    );
    check(
        "{ event: A, last: { within: 7d } }",
        &history,
        "2026-02-02",
        expect!["yes, until 2026-02-08T00:00:00.000Z"],
    );
}

#[test]
fn today_is_the_customers_own_day() {
    let history = [
        is("2026-07-01T12:00:00Z", json!({"timezone": "America/New_York"})),
        did("A", "2026-07-02T01:00:00Z", json!({})),
    ];
    check(
        "{ event: A, within: today }",
        &history,
        "2026-07-02T03:00:00Z",
        expect!["yes, until 2026-07-02T04:00:00.000Z"],
    );
}

#[test]
fn a_trait_holds_until_somebody_says_otherwise() {
    let history =
        [is("2026-01-01", json!({"country": "FR", "tags": ["vip"], "address": {"city": "Lyon"}}))];
    for rule in [
        "{ trait: country, in: [FR, BE, CH] }",
        "{ trait: tags, is: vip }",
        "{ trait: address.city, starts_with: Ly }",
        "{ not: { trait: phone, is_set: true } }",
    ] {
        check(rule, &history, "2026-01-02", expect!["yes, until an event"]);
    }
}

#[test]
fn a_date_in_a_trait_is_seen_from_now() {
    let history =
        [is("2026-01-01", json!({"createdAt": "2026-01-01T00:00:00Z", "birthday": "1985-03-14"}))];
    check(
        "{ trait: created_at, within: 7d }",
        &history,
        "2026-01-02",
        expect!["yes, until 2026-01-08T00:00:00.000Z"],
    );
    check(
        "{ trait: created_at, older_than: 7d }",
        &history,
        "2026-01-02",
        expect!["no, until 2026-01-08T00:00:00.000Z"],
    );
    check(
        "{ trait: birthday, anniversary: today }",
        &history,
        "2026-01-02",
        expect!["no, until 2026-03-14T00:00:00.000Z"],
    );
    check(
        "{ trait: birthday, anniversary: { in_next: 7d } }",
        &history,
        "2026-03-08",
        expect!["yes, until 2026-03-15T00:00:00.000Z"],
    );
}

const METRICS: &str = "
metrics:
  revenue: { sum: total, of: Order Completed, within: 30d }
  basket: { average: total, of: Order Completed }
  orders: { count: Order Completed, within: 30d }
  recency: { days_since: Order Completed }
  minutes: { sum: minutes, of: Video Watched, within: 7d }
scores:
  intent: { half_life: 3d, points: { Product Viewed: 1, Product Added: 5 } }
segments:
  - id: s
    when: ";

#[track_caller]
fn check_metric(rule: &str, history: &[Event], now: &str, expected: Expect) {
    let definitions = definitions(&format!("{METRICS}{rule}"));
    let mut life = Life::new(&definitions, "2020-01-01");
    history.iter().for_each(|event| life.event(event));
    let explained = definitions.explain(&definitions.segments[0].rule, &life.profile.core, at(now));
    let turns = explained.turns_at.map_or("never".to_owned(), |at| at.to_string());
    let told =
        format!("{} ({}), turns {turns}", explained.holds, explained.value.unwrap_or_default());
    expected.assert_eq(&told);
}

#[test]
fn a_metric_in_a_window_turns_when_enough_has_left_it() {
    let history = [
        order("1", "2026-01-01", 60.0),
        order("2", "2026-01-05", 30.0),
        order("3", "2026-01-09", 20.0),
    ];
    check_metric(
        "{ metric: revenue, at_least: 50 }",
        &history,
        "2026-01-10",
        expect!["true (110), turns 2026-02-04T00:00:00.000Z"],
    );
    check_metric(
        "{ metric: revenue, less_than: 30 }",
        &history,
        "2026-01-10",
        expect!["false (110), turns 2026-02-04T00:00:00.000Z"],
    );
    check_metric(
        "{ metric: orders, at_most: 1 }",
        &history,
        "2026-01-10",
        expect!["false (3), turns 2026-02-04T00:00:00.000Z"],
    );
    check_metric(
        "{ metric: basket, more_than: 36 }",
        &history,
        "2026-01-10",
        expect!["true (36.666666), turns never"],
    );
    check_metric(
        "{ metric: recency, at_least: 2, less_than: 4 }",
        &history,
        "2026-01-10",
        expect!["false (1), turns 2026-01-11T00:00:00.000Z"],
    );
    check_metric(
        "{ metric: recency, at_least: 2, less_than: 4 }",
        &history,
        "2026-01-11",
        expect!["true (2), turns 2026-01-13T00:00:00.000Z"],
    );
}

#[test]
fn a_rule_that_can_never_turn_is_not_told_to_turn_some_day() {
    let birthday = "{ trait: birthday, anniversary: today }";
    check_metric(
        &format!("{{ any: [{birthday}, {{ not: {birthday} }}] }}"),
        &[is("2026-01-01", json!({"birthday": "1985-03-14"}))],
        "2026-01-02",
        expect!["true (), turns never"],
    );
}

#[test]
fn a_sum_of_any_property_is_a_metric() {
    let history = [
        did("Video Watched", "2026-01-01", json!({"minutes": 2.5})),
        did("Video Watched", "2026-01-03", json!({"minutes": "4"})),
    ];
    check_metric(
        "{ metric: minutes, at_least: 5 }",
        &history,
        "2026-01-04",
        expect!["true (6.5), turns 2026-01-08T00:00:00.000Z"],
    );
}

#[test]
fn a_score_falls_below_its_limit_by_itself() {
    let history = [
        did("Product Added", "2026-01-01", json!({})),
        did("Product Viewed", "2026-01-01", json!({})),
    ];
    check_metric(
        "{ score: intent, at_least: 3 }",
        &history,
        "2026-01-02",
        expect!["true (4.762203), turns 2026-01-04T00:00:00.063Z"],
    );
}

#[test]
fn a_cart_waits_from_an_hour_to_a_week_and_an_order_at_the_same_instant_answers_it() {
    let rule = "{ waiting: { since: [Product Added, Checkout Started], without: Order Completed, for: 1h, at_most: 7d } }";
    let cart = did("Product Added", "2026-01-01T10:00:00Z", json!({"product_id": "red"}));
    let mut history = vec![cart];
    check(rule, &history, "2026-01-01T10:30:00Z", expect!["no, until 2026-01-01T11:00:00.000Z"]);
    check(rule, &history, "2026-01-01T11:00:00Z", expect!["yes, until 2026-01-08T10:00:00.000Z"]);
    check(rule, &history, "2026-01-08T10:00:00Z", expect!["no, until an event"]);
    history.push(order("1", "2026-01-01T10:00:00Z", 5.0));
    check(rule, &history, "2026-01-01T11:00:00Z", expect!["no, until an event"]);
}

#[test]
fn a_cart_emptied_by_hand_waits_no_longer() {
    let rule =
        "{ waiting: { since: Product Added, without: Order Completed, for: 1h, at_most: 7d } }";
    let red = json!({"product_id": "red"});
    let history = [
        did("Product Added", "2026-01-01T10:00:00Z", red.clone()),
        did("Product Removed", "2026-01-01T10:05:00Z", red),
    ];
    check(rule, &history, "2026-01-01T12:00:00Z", expect!["no, until an event"]);
}

#[test]
fn what_an_emptied_cart_ended_does_not_come_back_when_it_is_filled_again() {
    let rule =
        "{ waiting: { since: Checkout Started, without: Order Completed, for: 1h, at_most: 7d } }";
    let red = json!({"product_id": "red"});
    let history = [
        did("Product Added", "2026-01-01T09:55:00Z", red.clone()),
        did("Checkout Started", "2026-01-01T10:00:00Z", json!({})),
        did("Product Removed", "2026-01-01T10:05:00Z", red.clone()),
        did("Product Added", "2026-01-01T12:30:00Z", red),
    ];
    check(rule, &history, "2026-01-01T13:00:00Z", expect!["no, until an event"]);
}

#[test]
fn consent_is_what_was_said_for_this_address() {
    let grant = did("Consent Granted", "2026-01-02", json!({"channel": "email"}));
    let history = [is("2026-01-01", json!({"email": "Ada@Example.com"})), grant];
    check("{ consent: email }", &history, "2026-01-03", expect!["yes, until an event"]);
    let moved =
        [history.as_slice(), &[is("2026-01-04", json!({"email": "ada@other.example"}))]].concat();
    check("{ consent: email }", &moved, "2026-01-05", expect!["no, until an event"]);
}

#[test]
fn rules_say_themselves_in_words() {
    check_words(
        "{ all: [{ event: Order Completed, times: { at_least: 3 }, within: 90d },
                 { not: { event: Order Completed, within: 30d } },
                 { any: [{ trait: country, in: [FR, BE] }, { consent: sms }] }] }",
        expect![
            "did “Order Completed” at least 3 times in the last 90 days, did not do “Order Completed” in the last 30 days and (have a trait country that is FR or BE or allow text messages)"
        ],
    );
    check_words(
        "{ received: any, within: 7d }",
        expect!["received any message in the last 7 days"],
    );
    check_words(
        "{ trait: created_at, within: 7d }",
        expect!["have a trait created_at that is in the last 7 days"],
    );
}

/// Checks what the opposite of a rule says in words.
#[track_caller]
fn check_denied(rule: &str, expected: Expect) {
    check_words(&format!("{{ not: {rule} }}"), expected);
}

#[test]
fn rules_that_do_not_hold_say_themselves_in_words() {
    check_denied("{ event: A, within: 7d }", expect!["did not do “A” in the last 7 days"]);
    check_denied("{ opened: any }", expect!["did not open any message"]);
    check_denied("{ consent: sms }", expect!["do not allow text messages"]);
    check_denied("{ consent: email, is: pending }", expect!["are not asked to confirm e-mail"]);
    check_denied("{ prefers: push }", expect!["do not prefer push messages"]);
    check_denied(
        "{ trait: phone, is_set: true }",
        expect!["do not have a trait phone that is set"],
    );
    check_denied(
        "{ trait: birthday, anniversary: today }",
        expect!["do not have the anniversary of birthday today"],
    );
    check_denied(
        "{ event: A, last: { older_than: 7d } }",
        expect!["not: last did “A” at least 7 days ago"],
    );
    check_denied("{ any: [{ event: A }, { event: B }] }", expect!["not (did “A” or did “B”)"]);
}
