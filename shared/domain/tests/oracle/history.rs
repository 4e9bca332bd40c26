//! Draws histories: late, repeated and out of order, at the same instant, across summer time, with
//! merges, refunds and clocks that are off.

use serde_json::{Map, Value, json};

use crate::draw::{Draw, ZONES};
use crate::model::*;
use crate::print::number;
use crate::rules::PROGRAMS;
use crate::value::instant_text;

/// What happens to one person, in order of arrival.
pub(crate) fn inputs(draw: &mut Draw) -> Vec<Input> {
    let merge = draw.chance(25).then(|| draw.instant());
    let arrivals = draw.rng.usize(10..36);
    let mut at: Vec<Ms> = (0..arrivals).map(|_| draw.instant()).collect();
    at.sort_unstable();
    let mut inputs: Vec<Input> = Vec::new();
    // Of two profiles that merge, only one is seen with zones and devices: a sighting within a day
    // of the last is not noted, so two profiles may not agree on which was last.
    let visitor_is_seen = draw.chance(50);
    for (number, received) in at.into_iter().enumerate() {
        let calls: Vec<usize> = calls_at(&inputs);
        if !calls.is_empty() && draw.chance(10) {
            let call = draw.of(&calls);
            inputs.push(Input::Again(call, received));
            continue;
        }
        let visitor = match merge {
            Some(at) if received < at => draw.chance(50),
            Some(_) => draw.chance(15),
            None => false,
        };
        let before_merge = merge.is_some_and(|at| received < at);
        let mut call = call(draw, number, received, &inputs);
        call.visitor = visitor;
        let alone = inputs.last().is_none_or(|last| last.at() < received);
        let elsewhere = |input: &Input| matches!(input, Input::Call(other) if of_cart(other) && other.visitor != visitor);
        let orders = call.name() == Some("Order Completed");
        if (of_cart(&call) && ordered_since(&inputs, call.occurred))
            || (orders && before_merge && inputs.iter().any(elsewhere))
        {
            continue;
        }
        if call.occurred < received || !alone || (before_merge && visitor != visitor_is_seen) {
            (call.zone, call.device) = (None, None);
        }
        inputs.push(Input::Call(call));
    }
    inputs.extend(merge.map(Input::Merge));
    let end = draw.start + draw.length;
    let later = draw.of(&[DAY, 40 * DAY, 400 * DAY]);
    let ticks = draw.rng.usize(2..8);
    inputs.extend((0..ticks).map(|_| Input::Tick(draw.instant())));
    inputs.extend((0..3).map(|_| Input::Tick(end + draw.rng.i64(0..later))));
    in_order(&inputs)
}

/// Whether an order came before that happened at `at` or later. An order of somebody without a cart
/// is no change of the cart, to save a write; so what was in a cart that we hear of only after its
/// order, or that another profile brings, stays in it. Histories have no such carts.
fn ordered_since(inputs: &[Input], at: Ms) -> bool {
    inputs.iter().any(|input| match input {
        Input::Call(call) => call.name() == Some("Order Completed") && call.occurred >= at,
        _ => false,
    })
}

fn of_cart(call: &Call) -> bool {
    let cart = ["Product Added", "Product Removed", "Cart Viewed", "Checkout Started"];
    call.name().is_some_and(|name| cart.contains(&name))
}

/// Sorts by arrival; repeated calls keep pointing at what they repeat.
fn in_order(inputs: &[Input]) -> Vec<Input> {
    let mut order: Vec<usize> = (0..inputs.len()).collect();
    order.sort_by_key(|at| inputs[*at].at());
    let place = |old: usize| order.iter().position(|at| *at == old).unwrap();
    let moved = |at: &usize| match inputs[*at].clone() {
        Input::Again(call, at) => Input::Again(place(call), at),
        input => input,
    };
    order.iter().map(moved).collect()
}

fn calls_at(inputs: &[Input]) -> Vec<usize> {
    (0..inputs.len()).filter(|at| matches!(inputs[*at], Input::Call(_))).collect()
}

fn call(draw: &mut Draw, number: usize, received: Ms, before: &[Input]) -> Call {
    let others: Vec<Ms> = before
        .iter()
        .filter_map(|input| if let Input::Call(call) = input { Some(call.occurred) } else { None })
        .collect();
    let mut occurred = match draw.rng.u8(..20) {
        0..=11 => received,
        12..=14 if !others.is_empty() => draw.of(&others),
        15..=17 => received - draw.rng.i64(0..draw.length),
        _ => received - draw.rng.i64(0..HOUR),
    };
    let on_time = occurred == received;
    let clock = match draw.rng.u8(..12) {
        0 if on_time => Clock::Missing,
        1 if on_time => Clock::Ahead(draw.of(&[1, HOUR, 3 * DAY])),
        2 => Clock::Behind(draw.of(&[1, MINUTE, -HOUR, DAY, -DAY])),
        3 => Clock::Behind(draw.of(&[DAY + 1, -30 * HOUR])),
        _ => Clock::Right,
    };
    // A clock that is over a day off is not believed.
    if matches!(clock, Clock::Behind(by) if by.abs() > DAY) {
        occurred = received;
    }
    Call {
        visitor: false,
        message_id: format!("message-{number}-{}", draw.rng.u16(..)),
        occurred,
        received,
        clock,
        import: draw.chance(5),
        zone: draw.chance(12).then(|| draw.of(ZONES)),
        device: draw.chance(12).then(|| draw.of(&["tok1", "tok2"])),
        act: act(draw),
    }
}

fn act(draw: &mut Draw) -> Act {
    let (name, spelled, properties) = match draw.rng.u8(..115) {
        0..=25 => return Act::Identify { traits: traits(draw) },
        26..=30 => return Act::Page,
        31..=38 => ("Product Viewed", draw.of(&["Product Viewed", "Viewed Product"]), seen(draw)),
        39..=46 => ("Product Added", draw.of(&["Product Added", "Added Product"]), item(draw)),
        47..=51 => ("Product Removed", "Product Removed", item(draw)),
        52..=54 => ("Cart Viewed", "Cart Viewed", whole(draw)),
        55..=60 => ("Checkout Started", "Started Checkout", whole(draw)),
        61..=73 => {
            ("Order Completed", draw.of(&["Order Completed", "Completed Order"]), order(draw))
        }
        74..=76 => ("Order Updated", "Updated Order", change(draw)),
        77..=79 => ("Order Refunded", "Order Refunded", change(draw)),
        80 => ("Order Cancelled", draw.of(&["Order Canceled", "Cancelled Order"]), change(draw)),
        81..=88 => ("Wine Tasted", "Wine Tasted", seen(draw)),
        89..=92 => ("Message Sent", "Message Sent", message(draw)),
        93..=95 => ("Message Opened", "Message Opened", message(draw)),
        96..=98 => ("Message Clicked", "Message Clicked", message(draw)),
        99..=108 => ("Consent Granted", "Consent Granted", consent(draw)),
        109..=111 => ("Consent Withdrawn", "Consent Withdrawn", consent(draw)),
        // Never makes nor ends a grant, which is all that the brute force looks at.
        _ => ("Consent Requested", "Consent Requested", consent(draw)),
    };
    Act::Track { name, spelled, properties: object(properties) }
}

fn object(value: Value) -> Map<String, Value> {
    let Value::Object(members) = value else { panic!("{value}") };
    members
}

fn cents(draw: &mut Draw) -> Cents {
    draw.of(&[500, 1000, 1001, 1999, 2050, 3333, 4000, 5250])
}

/// A number, sometimes written as a text.
fn money(draw: &mut Draw) -> Value {
    let value = number(cents(draw));
    if draw.chance(25) { json!(value.to_string()) } else { value }
}

fn seen(draw: &mut Draw) -> Value {
    let mut seen = json!({"color": draw.of(&["red", "blue", "green"])});
    if draw.chance(60) {
        seen["total"] = money(draw);
    }
    if draw.chance(70) {
        seen["rating"] = money(draw);
    }
    if draw.chance(40) {
        seen["products"] = json!([{"category": draw.of(&["Wine", "Beer", "Glass"])}]);
    }
    seen
}

fn item(draw: &mut Draw) -> Value {
    let mut item = json!({"product_id": draw.of(&["red", "blue"]), "color": "red"});
    if draw.chance(40) {
        item["quantity"] = json!(draw.rng.u8(1..3));
    }
    item
}

/// A cart as a whole, or an event that does not tell it.
fn whole(draw: &mut Draw) -> Value {
    match draw.rng.u8(..4) {
        0 => json!({"products": [item(draw)], "color": "blue"}),
        1 if draw.chance(30) => json!({"products": []}),
        _ => json!({"color": draw.of(&["red", "green"])}),
    }
}

const ORDERS: &[&str] = &["o1", "o2", "o3", "o4", "5"];

fn order(draw: &mut Draw) -> Value {
    let mut order = amount(draw);
    if draw.chance(80) {
        order["order_id"] = json!(draw.of(ORDERS));
    }
    if draw.chance(50) {
        order["color"] = json!(draw.of(&["red", "blue", "green"]));
    }
    order
}

fn change(draw: &mut Draw) -> Value {
    let mut change = if draw.chance(80) { amount(draw) } else { json!({}) };
    if draw.chance(95) {
        change["order_id"] = json!(draw.of(ORDERS));
        if change["order_id"] == "5" && draw.chance(50) {
            change["order_id"] = json!(5);
        }
    }
    change
}

/// An amount in one of the ways in which shops tell it, or in two.
fn amount(draw: &mut Draw) -> Value {
    match draw.rng.u8(..8) {
        0 => json!({"revenue": money(draw), "value": 3}),
        1 => json!({"value": money(draw)}),
        2 => {
            let one = json!({"price": money(draw), "quantity": 2, "category": "Wine"});
            json!({"products": [one, {"price": money(draw), "category": "Beer"}]})
        }
        3 => json!({"total": number(-cents(draw))}),
        4 if draw.chance(50) => json!({"products": [{"category": "Beer"}]}),
        _ => json!({"total": money(draw), "products": [{"category": draw.of(&["Wine", "Beer"])}]}),
    }
}

fn message(draw: &mut Draw) -> Value {
    json!({"program": draw.of(PROGRAMS)})
}

fn consent(draw: &mut Draw) -> Value {
    let channel = draw.of(&["email", "email", "sms", "push"]);
    let mut consent = json!({"channel": channel, "source": "form"});
    if draw.chance(35) {
        consent["topic"] = json!("news");
    }
    let address = match channel {
        "email" => draw.of(MAILS).to_lowercase(),
        "sms" => draw.of(PHONES).to_owned(),
        _ => draw.of(&["fcm:tok1", "fcm:tok2"]).to_owned(),
    };
    if draw.chance(45) {
        consent["address"] = json!(address);
    }
    consent
}

const MAILS: &[&str] = &["Ada@Example.com", "ada@other.example"];
const PHONES: &[&str] = &["+33612345678", "+81312345678"];

fn traits(draw: &mut Draw) -> Map<String, Value> {
    let mut traits = Map::new();
    for _ in 0..draw.rng.usize(1..6) {
        let (name, value) = one_trait(draw);
        traits.insert(name.to_owned(), value);
    }
    // Two spellings of one trait in one call: the one that the call writes last would win.
    if traits.contains_key("createdAt") {
        traits.remove("created_at");
    }
    if traits.contains_key("birthDate") {
        traits.remove("birthday");
    }
    traits
}

fn one_trait(draw: &mut Draw) -> (&'static str, Value) {
    let text = |draw: &mut Draw, list: &[&str]| json!(draw.of(list));
    let (name, value) = match draw.rng.u8(..14) {
        0 => ("country", text(draw, &["FR", "JP", "US", "EG"])),
        1 => ("tags", json!(draw.some(&["red", "blue", "beer", ""]))),
        2 => ("address", json!({"city": draw.of(&["Lyon", "Osaka", "Oslo"]), "country": "FR"})),
        3 => ("age", if draw.chance(50) { json!("20.50") } else { json!(draw.of(&[18, 30, 40])) }),
        4 => ("newsletter", draw.of(&[json_true, json_false, json_text])()),
        5 | 6 => (draw.of(&["created_at", "createdAt"]), date(draw)),
        7 | 8 => ("renews_at", date(draw)),
        9 | 10 => (draw.of(&["birthday", "birthDate"]), birthday(draw)),
        11 => ("email", text(draw, &[MAILS[0], MAILS[0], MAILS[1]])),
        12 if draw.chance(50) => ("phone", text(draw, PHONES)),
        12 => {
            let zones = [ZONES, &["Mars/Olympus"]].concat();
            ("timezone", text(draw, &zones))
        }
        _ => {
            let channel = draw.of(&["email", "SMS", "push", "fax"]);
            let list = json!([channel, draw.of(&["email", "push"])]);
            ("preferred_channel", if draw.chance(50) { list } else { json!(channel) })
        }
    };
    (name, if draw.chance(7) && name != "address" { Value::Null } else { value })
}

fn json_true() -> Value {
    json!(true)
}

fn json_false() -> Value {
    json!(false)
}

fn json_text() -> Value {
    json!("true")
}

/// An instant in or near the story, in one of the ways in which it is written.
fn date(draw: &mut Draw) -> Value {
    let at = draw.instant() + draw.rng.i64(-draw.length..draw.length);
    match draw.rng.u8(..3) {
        0 => json!(instant_text(at)[..10]),
        1 => json!(at / 1000),
        _ => json!(instant_text(at)),
    }
}

/// A day of the year in or near the story.
fn birthday(draw: &mut Draw) -> Value {
    let at = draw.instant() + draw.rng.i64(0..draw.length.max(3 * DAY));
    let text = instant_text(at);
    match draw.rng.u8(..6) {
        0 => json!(text),
        1 => json!("2000-02-29"),
        2 => json!(text[5..10].replace('-', "/")),
        3 => json!(format!("--{}", &text[5..10])),
        4 => json!(text[5..10]),
        _ => json!(format!("1985{}", text[4..10].replace("02-29", "02-28"))),
    }
}
