//! What templates can read: the customer, the cart, the shop, the message.

use std::sync::Arc;

use attune_liquid::Value;
use serde_json::{Map, json};

use crate::cart::{Item, Product};
use crate::coupon::Issued;
use crate::decide::left_in_cart;
use crate::definitions::Definitions;
use crate::link::Urls;
use crate::message::Message;
use crate::money::{self, Form};
use crate::number::Number;
use crate::profile::Profile;
use crate::time::Timestamp;

/// What templates can read.
#[derive(Debug, Clone)]
pub struct Data {
    /// All but what has amounts in it, which are written once the language is known.
    value: Value,
    cart: Vec<Item>,
    recommended: Option<Vec<Product>>,
    currency: String,
    pub(super) zone: attune_liquid::TimeZone,
    pub(super) language: Option<String>,
    pub(super) most_segments: u16,
}

impl Data {
    /// `customer`, `cart`, `shop` and `message`, `now` and `today`, and `unsubscribe_url`,
    /// `preferences_url` and `confirm_url`.
    pub fn of(
        profile: &Profile,
        message: &Message,
        definitions: &Definitions,
        urls: &Urls,
        now: Timestamp,
    ) -> Self {
        let shop = &definitions.shop;
        let zone = profile.core.zone.rules().clone();
        let local = now.to_jiff().to_zoned(zone.clone());
        let value = json!({
            "now": local.strftime("%Y-%m-%d %H:%M:%S %z").to_string(),
            "today": local.strftime("%Y-%m-%d").to_string(),
            "customer": customer(profile),
            "shop": {
                "name": shop.name,
                "url": shop.url,
                "currency": shop.currency,
                "brand": shop.brand,
            },
            "message": { "id": message.id.as_str(), "program": message.program.as_str() },
            "unsubscribe_url": urls.unsubscribe,
            "preferences_url": urls.preferences,
            "confirm_url": urls.confirm,
        });
        Self {
            value: Value::from(told(value)),
            cart: left_in_cart(profile, definitions, now).collect(),
            recommended: None,
            currency: shop.currency.clone(),
            zone,
            language: profile.card.preference().language,
            most_segments: definitions.policy.sms.most_segments,
        }
    }

    /// The same, in another language than the customer's.
    #[must_use]
    pub fn in_language(self, language: &str) -> Self {
        Self { language: Some(language.to_owned()), ..self }
    }

    /// The same, with `recommendations`.
    #[must_use]
    pub fn with_recommendations(self, products: Vec<Product>) -> Self {
        Self { recommended: Some(products), ..self }
    }

    /// The same, with `event`: what the event said that the message follows.
    #[must_use]
    pub fn with_event(mut self, properties: Map<String, serde_json::Value>) -> Self {
        if !properties.is_empty() {
            put(&mut self.value, "event", Value::from(told(properties.into())));
        }
        self
    }

    /// All of it, with amounts in a form.
    pub(super) fn told(&self, form: Form) -> Value {
        let mut value = self.value.clone();
        let money = Money { currency: &self.currency, form };
        put(&mut value, "cart", Value::from(told(money.cart(&self.cart))));
        if let Some(products) = &self.recommended {
            let products = products.iter().map(|product| money.shown(product, 1));
            put(&mut value, "recommendations", Value::from(told(products.collect())));
        }
        value
    }

    /// The same, with `coupon.code` and `coupon.expires`.
    #[must_use]
    pub fn with_coupon(mut self, issued: &Issued) -> Self {
        let expires = issued.expires.map(|day| day.to_string());
        let coupon = json!({ "code": issued.code.as_str(), "expires": expires });
        put(&mut self.value, "coupon", Value::from(told(coupon)));
        self
    }
}

/// Puts a name into the data.
pub(super) fn put(data: &mut Value, name: &str, value: Value) {
    if let Value::Object(data) = data {
        Arc::make_mut(data).insert(name, value);
    }
}

/// What is told, without what is null: a template that reads what nobody told lacks it.
fn told(value: serde_json::Value) -> serde_json::Value {
    match value {
        serde_json::Value::Object(members) => {
            let members = members.into_iter().filter(|(_, value)| !value.is_null());
            members.map(|(name, value)| (name, told(value))).collect()
        }
        serde_json::Value::Array(elements) => elements.into_iter().map(told).collect(),
        other => other,
    }
}

/// Traits, with `a.b` as `b` within `a`.
fn customer(profile: &Profile) -> serde_json::Value {
    let mut customer = Map::new();
    for (path, known) in &profile.card.traits {
        let mut names = path.split('.').peekable();
        let mut into = &mut customer;
        while let Some(name) = names.next() {
            if names.peek().is_none() {
                into.insert(name.to_owned(), known.value.clone());
                break;
            }
            let member = into.entry(name).or_insert_with(|| json!({}));
            let serde_json::Value::Object(member) = member else { break };
            into = member;
        }
    }
    customer.insert("id".to_owned(), profile.id.bare().into());
    customer.into()
}

/// How amounts are written.
struct Money<'a> {
    currency: &'a str,
    form: Form,
}

impl Money<'_> {
    fn written(&self, amount: Number) -> String {
        money::written(amount, self.currency, self.form)
    }

    /// What is left in the cart. Amounts stand there as sent, for sums, and as people write them.
    fn cart(&self, items: &[Item]) -> serde_json::Value {
        let totals: Vec<Option<Number>> = items.iter().map(total).collect();
        let total = totals.iter().flatten().copied().fold(Number::ZERO, Number::plus);
        // A sum that leaves out what has no known price would be a promise.
        let known = totals.iter().all(Option::is_some);
        json!({
            "quantity": items.iter().map(|item| u64::from(item.quantity)).sum::<u64>(),
            "total": total.to_string(),
            "total_money": known.then(|| self.written(total)),
            "items": items.iter().map(|item| self.shown(&item.product, item.quantity)).collect::<Vec<_>>(),
        })
    }

    /// A product as templates see it.
    fn shown(&self, product: &Product, quantity: u32) -> serde_json::Value {
        let price = price(product);
        let amount = |amount: Option<Number>| amount.map(|amount| self.written(amount));
        let ours = [
            ("quantity", json!(quantity)),
            ("price_money", json!(amount(price))),
            ("total_money", json!(amount(price.map(|price| price.times(quantity.into()))))),
            ("product_id", json!(product.id)),
        ];
        let mut fields: Map<_, _> = product.details.clone().into_iter().collect();
        fields.extend(ours.map(|(name, value)| (name.to_owned(), value)));
        fields.into()
    }
}

fn price(product: &Product) -> Option<Number> {
    product.details.get("price").and_then(Number::of)
}

fn total(item: &Item) -> Option<Number> {
    Some(price(&item.product)?.times(item.quantity.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Life, at, definitions, did};

    #[test]
    fn amounts_are_written_out_and_a_sum_without_a_price_is_none() {
        let definitions = definitions("shop: { currency: USD }");
        let mut life = Life::new(&definitions, "2026-01-01");
        let add = |life: &mut Life<'_>, product: serde_json::Value| {
            let time = format!("2026-01-01T10:0{}:00Z", product["product_id"]);
            life.event(&did("Product Added", &time, product));
            let now = at("2026-01-01T11:00:00Z");
            let items: Vec<Item> = left_in_cart(&life.profile, &definitions, now).collect();
            Money { currency: "USD", form: Form::ENGLISH }.cart(&items)
        };
        let cart = add(&mut life, json!({"product_id": 1, "price": "12.50", "quantity": 2}));
        assert_eq!(cart["items"][0]["price_money"], "$12.50");
        assert_eq!(cart["items"][0]["total_money"], "$25.00");
        assert_eq!((&cart["total_money"], &cart["quantity"]), (&json!("$25.00"), &json!(2)));
        let cart = add(&mut life, json!({"product_id": 2, "price": "ask us"}));
        assert_eq!(cart["items"][1]["total_money"], json!(null));
        assert_eq!((&cart["total_money"], &cart["total"]), (&json!(null), &json!("25")));
    }
}
