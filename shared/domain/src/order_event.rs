//! What order events say: completed, updated, refunded, cancelled.

use serde_json::Value;

use crate::event::Event;
use crate::feature::{Orders, order_id, order_key};
use crate::number::Number;
use crate::problem::{Flaw, Problem};
use crate::value;

/// Takes an order event into the orders; other events change nothing.
pub fn apply(orders: &mut Orders, event: &Event, problems: &mut Vec<Problem>) {
    let Some(name) = event.name() else { return };
    let (key, at) = (order_key(event), event.occurred);
    match name {
        Event::ORDER_COMPLETED => orders.complete(key, at, price(event, problems)),
        "Order Updated" | "Order Refunded" | "Order Cancelled" if order_id(event).is_none() => {
            problems.push(Problem::at("properties.order_id", Flaw::NoOrderId));
        }
        "Order Updated" => {
            if let Some(cents) = price(event, problems) {
                orders.update(key, at, cents);
            }
        }
        "Order Refunded" => match cents(event) {
            Some(cents) => orders.refund(key, at, cents),
            None => orders.cancel(key, at),
        },
        "Order Cancelled" => orders.cancel(key, at),
        _ => {}
    }
}

/// What an order cost, in hundredths. An amount that is none, or is below zero, is a problem, and the
/// order counts as one of nothing.
fn price(event: &Event, problems: &mut Vec<Problem>) -> Option<i64> {
    let amount = amount(event);
    if let Some(below) = amount.filter(|amount| *amount < Number::ZERO) {
        problems.push(Problem::at("properties", Flaw::BelowZero(below.to_string())));
        return Some(0);
    }
    if amount.is_none()
        && let Some((name, value)) = Event::AMOUNT.into_iter().find_map(|name| {
            event.property(name).into_iter().find(|value| !value.is_null()).map(|v| (name, v))
        })
    {
        let written = value.to_string().chars().take(40).collect();
        problems.push(Problem::at(format!("properties.{name}"), Flaw::NotAnAmount(written)));
    }
    amount.map(Number::to_cents)
}

/// What a refund gave back, in hundredths. Some shops write it below zero; it is meant the same.
fn cents(event: &Event) -> Option<i64> {
    Some(amount(event)?.to_cents().saturating_abs())
}

/// An event's amount: `total`, else `revenue`, else `value`, else the sum of price × quantity over its
/// products.
fn amount(event: &Event) -> Option<Number> {
    let named = |name: &str| event.property(name).into_iter().find_map(Number::of);
    Event::AMOUNT.into_iter().find_map(named).or_else(|| of_products(event))
}

fn of_products(event: &Event) -> Option<Number> {
    let products = event.property("products").into_iter().find_map(Value::as_array)?;
    let prices = products.iter().filter_map(|product| {
        let number = |path: &str| value::reach(product, path).into_iter().find_map(Number::of);
        let quantity = number("quantity").unwrap_or(Number::from_integer(1));
        Some(number("price")?.multiplied(quantity))
    });
    prices.reduce(Number::plus)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::event::Act;
    use crate::event::segment::tests::track;

    #[track_caller]
    fn check(events: &[(&str, Value)], expected: &[&str]) {
        let (mut orders, mut problems) = (Orders::default(), Vec::new());
        for (name, properties) in events {
            let mut event = track(name, "2026-10-01");
            let Act::Track { properties: empty, .. } = &mut event.act else { panic!() };
            *empty = properties.as_object().unwrap().clone();
            apply(&mut orders, &event, &mut problems);
        }
        let amounts: Vec<String> = orders.counted().map(|o| o.amount().to_string()).collect();
        assert_eq!(amounts, expected);
    }

    #[test]
    fn an_amount_is_the_total_else_the_revenue_else_the_value_else_the_sum() {
        check(&[("Order Completed", json!({"total": "12.50", "revenue": 9}))], &["12.5"]);
        check(&[("Order Completed", json!({"revenue": 9, "value": 8}))], &["9"]);
        check(&[("Order Completed", json!({"value": 8}))], &["8"]);
        let products = json!({"products": [{"price": 3, "quantity": 2}, {"price": "1.25"}]});
        check(&[("Order Completed", products)], &["7.25"]);
        let by_weight = json!({"products": [{"price": 100, "quantity": 0.5}]});
        check(&[("Order Completed", by_weight)], &["50"]);
        check(&[("Order Completed", json!({}))], &["0"]);
    }

    #[test]
    fn a_refund_without_an_amount_is_a_full_one() {
        let order = ("Order Completed", json!({"order_id": 7, "total": 20}));
        check(&[order.clone(), ("Order Refunded", json!({"order_id": 7, "total": -5}))], &["15"]);
        check(&[order.clone(), ("Order Refunded", json!({"order_id": "7"}))], &[]);
        check(&[("Order Cancelled", json!({"order_id": 7})), order], &[]);
    }

    #[test]
    fn an_amount_that_is_none_is_a_problem_and_the_order_counts_as_one_of_nothing() {
        for (total, told) in [
            (
                json!("12,50"),
                "`properties.total` `\"12,50\"` is not an amount; the order counts, as one of nothing",
            ),
            (json!(-5), "`properties` `-5` is below zero; the order counts, as one of nothing"),
        ] {
            let (mut orders, mut problems) = (Orders::default(), Vec::new());
            let mut event = track("Order Completed", "2026-10-01");
            let Act::Track { properties, .. } = &mut event.act else { panic!() };
            properties.insert("total".to_owned(), total);
            apply(&mut orders, &event, &mut problems);
            assert_eq!(problems.iter().map(ToString::to_string).collect::<Vec<_>>(), [told]);
            assert_eq!(orders.counted().map(|order| order.cents).collect::<Vec<_>>(), [0]);
        }
    }

    #[test]
    fn a_refund_of_no_order_is_a_problem() {
        let mut problems = Vec::new();
        apply(&mut Orders::default(), &track("Order Refunded", "2026-10-01"), &mut problems);
        let told = "`properties.order_id` an update, refund or cancellation needs the `order_id` of its order";
        assert_eq!(problems[0].to_string(), told);
    }
}
