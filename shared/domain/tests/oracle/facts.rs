//! What a history says of a person, told from the beginning each time something arrives.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use serde_json::Value;

use crate::calendar;
use crate::model::*;
use crate::value::{cents, fits};
use crate::wire::hash;

/// A call that arrived for the first time.
#[derive(Debug, Clone)]
pub(crate) struct Heard<'a> {
    pub(crate) call: &'a Call,
    /// Decides between two calls at the same instant.
    pub(crate) hash: u64,
    /// For a consent that names no address, the one that was known when it arrived.
    pub(crate) address: Option<String>,
}

impl<'a> Heard<'a> {
    /// `call`, as it arrives for somebody of whom `before` was known.
    pub(crate) fn new(call: &'a Call, before: &Facts<'_>) -> Self {
        let channel = call.properties().and_then(|properties| properties.get("channel"));
        let channel = channel.and_then(Value::as_str);
        let own =
            call.device.filter(|_| channel == Some("push")).map(|token| format!("fcm:{token}"));
        let address = own.or_else(|| before.address(channel?));
        Self { call, hash: hash(&call.message_id), address }
    }

    /// When it counts: by its instant, then by its hash.
    pub(crate) fn clock(&self) -> (Ms, u64) {
        (self.call.occurred, self.hash)
    }
}

/// An order that counts.
#[derive(Debug)]
pub(crate) struct Order<'a> {
    pub(crate) at: Ms,
    pub(crate) cents: Cents,
    completions: Vec<&'a Call>,
}

/// What a history says of a person.
#[derive(Debug)]
pub(crate) struct Facts<'a> {
    pub(crate) heard: &'a [Heard<'a>],
    pub(crate) traits: BTreeMap<String, &'a Value>,
    pub(crate) zone: TimeZone,
    pub(crate) orders: Vec<Order<'a>>,
    /// When the cart was left empty by hand.
    pub(crate) emptied: Vec<Ms>,
}

impl<'a> Facts<'a> {
    pub(crate) fn new(heard: &'a [Heard<'a>], shop_zone: &str) -> Self {
        let traits = traits(heard);
        let zone = zone(heard, &traits, shop_zone);
        Self { heard, traits, zone, orders: orders(heard), emptied: emptied(heard) }
    }

    /// The address at which the person is reached on a channel.
    pub(crate) fn address(&self, channel: &str) -> Option<String> {
        let stated = |name: &str| self.traits.get(name).and_then(|value| value.as_str());
        match channel {
            "email" => stated("email").map(str::to_lowercase),
            "sms" => stated("phone").map(str::to_owned),
            _ => {
                let with_device = self.heard.iter().filter(|heard| heard.call.device.is_some());
                let newest = with_device.max_by_key(|heard| heard.clock())?;
                newest.call.device.map(|token| format!("fcm:{token}"))
            }
        }
    }

    /// The instants of an event that passes a filter; of orders those that count.
    pub(crate) fn instants(&self, name: &str, filter: &[(&str, Vec<ValueTest>)]) -> Vec<Ms> {
        if name == "Order Completed" {
            return self.orders_in(filter).map(|order| order.at).collect();
        }
        let fitting = self.calls(name).filter(|call| fits(call.properties(), filter));
        fitting.map(|call| call.occurred).collect()
    }

    /// The calls of that name; `any` are those that the person made.
    pub(crate) fn calls(&self, name: &str) -> impl Iterator<Item = &'a Call> {
        let named = move |call: &&Call| match (call.name(), name) {
            (None, _) => false,
            (Some(known), "any") => !NOT_THEIRS.contains(&known),
            (Some(known), name) => known == name,
        };
        self.heard.iter().map(|heard| heard.call).filter(named)
    }

    /// The orders of which a completion passes a filter.
    pub(crate) fn orders_in(
        &self,
        filter: &[(&str, Vec<ValueTest>)],
    ) -> impl Iterator<Item = &Order<'a>> {
        let passes = |call: &&Call| fits(call.properties(), filter);
        self.orders.iter().filter(move |order| order.completions.iter().any(passes))
    }
}

/// What happens to a person without their doing.
const NOT_THEIRS: &[&str] =
    &["Message Sent", "Consent Withdrawn", "Order Updated", "Order Refunded", "Order Cancelled"];

/// The last word on each trait.
fn traits<'a>(heard: &'a [Heard<'a>]) -> BTreeMap<String, &'a Value> {
    let mut told: BTreeMap<String, ((Ms, u64), &Value)> = BTreeMap::new();
    for heard in heard {
        let Act::Identify { traits } = &heard.call.act else { continue };
        let mut leaves = Vec::new();
        for (name, value) in traits {
            flatten(one_name(name).to_owned(), value, &mut leaves);
        }
        for (name, value) in leaves.into_iter().filter(|(name, value)| says(name, value)) {
            let known = told.get(&name).is_some_and(|(clock, _)| *clock > heard.clock());
            if !known {
                told.insert(name, (heard.clock(), value));
            }
        }
    }
    told.into_iter().map(|(name, (_, value))| (name, value)).collect()
}

/// Whether a value says what the trait is for: what cannot be read leaves what was known.
fn says(name: &str, value: &Value) -> bool {
    let channel =
        |word: &str| ["email", "sms", "push"].iter().any(|c| c.eq_ignore_ascii_case(word));
    match (name, value) {
        ("timezone", Value::String(zone)) => calendar::zone(zone).is_some(),
        ("preferred_channel", Value::String(word)) => channel(word),
        _ => true,
    }
}

fn flatten<'a>(name: String, value: &'a Value, into: &mut Vec<(String, &'a Value)>) {
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(key, value)| flatten(format!("{name}.{key}"), value, into));
        }
        value => into.push((name, value)),
    }
}

/// The published spelling of a trait.
fn one_name(name: &str) -> &str {
    match name {
        "createdAt" => "created_at",
        "birthDate" => "birthday",
        "countryCode" => "country",
        name => name,
    }
}

/// The trait, else what the client said last, else the country's only zone, else the shop's.
fn zone(heard: &[Heard<'_>], traits: &BTreeMap<String, &Value>, shop: &str) -> TimeZone {
    let text = |name: &str| traits.get(name).and_then(|value| value.as_str());
    let stated = text("timezone").and_then(calendar::zone);
    let seen = || {
        let seen = heard.iter().filter(|heard| heard.call.zone.is_some());
        seen.max_by_key(|heard| heard.clock())?.call.zone.and_then(calendar::zone)
    };
    let country = || match text("country").or(text("address.country"))? {
        "FR" => calendar::zone("Europe/Paris"),
        "JP" => calendar::zone("Asia/Tokyo"),
        "EG" => calendar::zone("Africa/Cairo"),
        _ => None,
    };
    stated.or_else(seen).or_else(country).unwrap_or_else(|| calendar::zone(shop).unwrap())
}

fn orders<'a>(heard: &'a [Heard<'a>]) -> Vec<Order<'a>> {
    let mut by_id: BTreeMap<String, Vec<&Heard<'_>>> = BTreeMap::new();
    for heard in heard {
        let Some(properties) = heard.call.properties() else { continue };
        let named =
            properties.get("order_id").map(|id| id.as_str().map_or(id.to_string(), str::to_owned));
        let completed = heard.call.name() == Some("Order Completed");
        let of_order = completed || heard.call.name().is_some_and(|n| n.starts_with("Order "));
        let alone = || completed.then(|| format!("message {}", heard.call.message_id));
        if let (true, Some(id)) = (of_order, named.or_else(alone)) {
            by_id.entry(id).or_default().push(heard);
        }
    }
    by_id.values().filter_map(|said| order(said)).collect()
}

/// What is left of an order after all that was said of it, if it counts.
fn order<'a>(said: &[&Heard<'a>]) -> Option<Order<'a>> {
    let of = |name: &str| -> Vec<&Call> {
        said.iter().map(|heard| heard.call).filter(|call| call.name() == Some(name)).collect()
    };
    let completions: Vec<&Call> = of("Order Completed");
    let at = completions.iter().map(|call| call.occurred).min()?;
    let refunds = of("Order Refunded");
    if !of("Order Cancelled").is_empty() || refunds.iter().any(|call| amount(call).is_none()) {
        return None;
    }
    // Of the amounts told the last counts; at one instant an update, and of two the higher.
    let told = |call: &&Call, update: bool| Some((call.occurred, update, amount(call)?.max(0)));
    let prices = completions.iter().filter_map(|call| told(call, false));
    let updates = of("Order Updated");
    let price = prices.chain(updates.iter().filter_map(|call| told(call, true))).max();
    let price = price.map_or(0, |(_, _, cents)| cents);
    let refunded: Cents = refunds.iter().filter_map(|call| amount(call)).map(Cents::abs).sum();
    if refunded > 0 && refunded >= price {
        return None;
    }
    Some(Order { at, cents: price - refunded, completions: said_by(said) })
}

fn said_by<'a>(said: &[&Heard<'a>]) -> Vec<&'a Call> {
    let completed = said.iter().filter(|heard| heard.call.name() == Some("Order Completed"));
    completed.map(|heard| heard.call).collect()
}

/// `total`, else `revenue`, else `value`, else the sum of price × quantity. Below zero an order costs
/// nothing, and a refund is meant the same as above.
fn amount(call: &Call) -> Option<Cents> {
    let properties = call.properties()?;
    let named = |name: &str| properties.get(name).and_then(cents);
    let of_products = || {
        let products = properties.get("products")?.as_array()?;
        let price = |product: &Value| {
            let quantity = product.get("quantity").and_then(Value::as_i64).unwrap_or(1);
            Some(cents(product.get("price")?)? * quantity)
        };
        products.iter().filter_map(price).reduce(|one, other| one + other)
    };
    let amount = named("total").or_else(|| named("revenue")).or_else(|| named("value"));
    amount.or_else(of_products)
}

/// When the cart was left empty by hand, since it was last told whole or ordered.
fn emptied(heard: &[Heard<'_>]) -> Vec<Ms> {
    let ordered = |heard: &Heard<'_>| heard.call.name() == Some("Order Completed");
    let mut by_time: Vec<&Heard<'_>> = heard.iter().collect();
    by_time.sort_by_key(|heard| (heard.call.occurred, ordered(heard), heard.hash));
    let mut cart: BTreeMap<String, i64> = BTreeMap::new();
    let mut emptied = Vec::new();
    for heard in by_time {
        let Some(properties) = heard.call.properties() else { continue };
        let product = properties.get("product_id").and_then(Value::as_str).unwrap_or_default();
        let quantity = properties.get("quantity").and_then(Value::as_i64);
        match heard.call.name() {
            Some("Product Added") => {
                *cart.entry(product.to_owned()).or_default() += quantity.unwrap_or(1);
            }
            Some("Product Removed") => {
                *cart.entry(product.to_owned()).or_default() -= quantity.unwrap_or(i64::MAX / 2);
            }
            Some("Cart Viewed" | "Checkout Started") if properties.contains_key("products") => {
                emptied.clear();
                cart = whole(&properties["products"]);
            }
            Some("Order Completed") => {
                emptied.clear();
                cart.clear();
                continue;
            }
            _ => continue,
        }
        cart.retain(|_, quantity| *quantity > 0);
        if cart.is_empty() {
            emptied.push(heard.call.occurred);
        }
    }
    emptied
}

fn whole(products: &Value) -> BTreeMap<String, i64> {
    let product = |product: &Value| {
        let quantity = product.get("quantity").and_then(Value::as_i64).unwrap_or(1);
        Some((product.get("product_id")?.as_str()?.to_owned(), quantity))
    };
    products.as_array().into_iter().flatten().filter_map(product).collect()
}
