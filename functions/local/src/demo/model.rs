//! What a list of orders does not hold: contacts, consents, preferences, subscribers who never
//! bought, visits, carts. It is made up, from a seed, by the shares below; and it is shown as made
//! up.

use std::collections::BTreeMap;

use attune_domain::number::Number;
use attune_domain::time::{Span, Timestamp};
use fastrand::Rng;
use serde::Serialize;
use serde_json::{Value, json};

use super::orders::Order;

/// What is made up, and how often, in percent.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Model {
    /// The seed that all of it comes from.
    pub(super) seed: u64,
    /// Customers who allow e-mail.
    pub(super) allow_email: u32,
    /// Customers who allow text messages.
    pub(super) allow_sms: u32,
    /// Customers who have the app and allow push.
    pub(super) allow_push: u32,
    /// Customers who said which channel they prefer.
    pub(super) state_a_channel: u32,
    /// Orders that were put into a cart 5 to 45 minutes before.
    pub(super) orders_with_a_cart: u32,
    /// Orders after which a cart was left behind, within 60 days.
    pub(super) carts_left_behind: u32,
    /// Orders after which they came back to look around, within 90 days.
    pub(super) visits_after_orders: u32,
    /// Subscribers who never bought, for each hundred customers.
    pub(super) subscribers: u32,
}

/// How much was made up.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(super) struct MadeUp {
    pub(super) contacts: usize,
    pub(super) consents: usize,
    pub(super) preferences: usize,
    pub(super) subscribers: usize,
    pub(super) visits: usize,
    pub(super) carts: usize,
    pub(super) carts_left_behind: usize,
}

/// An event to be sent.
#[derive(Debug, Clone)]
pub(super) struct Planned {
    /// When.
    pub(super) at: Timestamp,
    /// As an SDK would send it.
    pub(super) call: Value,
}

impl Model {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            seed,
            allow_email: 72,
            allow_sms: 30,
            allow_push: 25,
            state_a_channel: 20,
            orders_with_a_cart: 25,
            carts_left_behind: 10,
            visits_after_orders: 10,
            subscribers: 10,
        }
    }

    /// The orders with everything around them, the earliest first.
    pub(super) fn play(&self, orders: &[Order]) -> (Vec<Planned>, MadeUp) {
        let mut script = Script { planned: Vec::new(), made_up: MadeUp::default() };
        let mut by_customer: BTreeMap<&str, Vec<&Order>> = BTreeMap::new();
        for order in orders {
            by_customer.entry(&order.customer).or_default().push(order);
        }
        for (customer, orders) in &by_customer {
            self.customer(&mut script, customer, orders);
        }
        if let (Some(first), Some(last)) = (orders.first(), orders.last()) {
            let subscribers = by_customer.values().zip(0..).map(|(_, number): (_, u32)| number);
            for number in subscribers.filter(|number| number % 100 < self.subscribers) {
                self.subscriber(&mut script, number, first.at, last.at);
            }
        }
        script.planned.sort_by_key(|planned| planned.at);
        (script.planned, script.made_up)
    }

    /// Chance, from the seed and a name, so that nobody's life depends on somebody else's.
    fn chance(&self, name: &str) -> Rng {
        Rng::with_seed(attune_domain::digest::hash64(&["demo", &self.seed.to_string(), name]))
    }

    fn customer(&self, script: &mut Script, customer: &str, orders: &[&Order]) {
        let mut chance = self.chance(customer);
        let times: Vec<Timestamp> =
            orders.iter().map(|order| time_of(order, &mut chance)).collect();
        let Some(first) = times.iter().min() else { return };
        let joined = *first - Span::minutes(chance.u32(60..240));
        let country = orders.iter().find_map(|order| order.country.as_deref());
        self.introduce(script, &mut chance, customer, joined, country);
        for (order, at) in orders.iter().zip(times) {
            let products = products(order, &mut chance);
            if happens(&mut chance, self.orders_with_a_cart) {
                script.made_up.carts += 1;
                script.fill_cart(customer, at - Span::minutes(chance.u32(5..=45)), &products);
            }
            script.order(customer, order, at, &products);
            self.around(script, &mut chance, customer, at);
        }
    }

    /// What happens around an order: visits, and a cart that is left behind.
    fn around(&self, script: &mut Script, chance: &mut Rng, customer: &str, order: Timestamp) {
        if happens(chance, self.visits_after_orders) {
            let at = order + Span::minutes(chance.u32(2 * 1_440..90 * 1_440));
            for (look, product) in some_products(chance).into_iter().enumerate() {
                let seconds = 5 * u32::try_from(look).unwrap_or(0);
                script.look_at(customer, at + Span::seconds(seconds), &product);
            }
            script.made_up.visits += 1;
        }
        if happens(chance, self.carts_left_behind) {
            let at = order + Span::minutes(chance.u32(1_440..60 * 1_440));
            script.made_up.carts_left_behind += 1;
            script.fill_cart(customer, at, &some_products(chance));
        }
    }

    fn subscriber(&self, script: &mut Script, number: u32, from: Timestamp, to: Timestamp) {
        let customer = format!("subscriber-{number:04}");
        let mut chance = self.chance(&customer);
        let at = from + Span::from_millis(chance.i64(0..to.since(from).millis().max(1)));
        script.made_up.subscribers += 1;
        self.introduce(script, &mut chance, &customer, at, None);
        self.around(script, &mut chance, &customer, at);
    }

    /// Tells who somebody is, and what they allow.
    fn introduce(
        &self,
        script: &mut Script,
        chance: &mut Rng,
        customer: &str,
        at: Timestamp,
        country: Option<&str>,
    ) {
        let number = attune_domain::digest::hash64(&["contact", customer]);
        let (area, zone) = pick(chance, &AREAS);
        let mut traits = json!({
            "first_name": pick(chance, &NAMES),
            "email": format!("customer-{customer}@example.com"),
            // 555-0100 to 555-0199 are reserved for fiction in every area code.
            "phone": format!("+1{area}55501{:02}", number % 100),
            "birthday": format!("19{}-{:02}-{:02}", chance.u32(40..80), chance.u32(1..=12), chance.u32(1..=28)),
            "country": country.unwrap_or("US"),
        });
        if country.is_none() {
            traits["timezone"] = zone.into();
        }
        if happens(chance, self.state_a_channel) {
            traits["preferred_channel"] = pick(chance, &["email", "sms", "push"]).into();
            script.made_up.preferences += 1;
        }
        script.made_up.contacts += 1;
        let has_app = happens(chance, self.allow_push);
        let mut identify = json!({"type": "identify", "traits": traits});
        if has_app {
            let token = format!("{number:016x}").repeat(4);
            let platform = pick(chance, &["ios", "android"]);
            identify["context"] = json!({"device": {"type": platform, "token": token}});
        }
        script.say(customer, at, "identify", identify);
        let allowed = [
            ("email", happens(chance, self.allow_email)),
            ("sms", happens(chance, self.allow_sms)),
            ("push", has_app),
        ];
        for (channel, _) in allowed.into_iter().filter(|(_, allowed)| *allowed) {
            let properties = json!({"channel": channel, "source": "demo", "wording": "made up"});
            script.made_up.consents += 1;
            script.track(customer, at + Span::seconds(1), "Consent Granted", properties);
        }
    }
}

/// Events that are collected.
struct Script {
    planned: Vec<Planned>,
    made_up: MadeUp,
}

impl Script {
    fn say(&mut self, customer: &str, at: Timestamp, id: &str, mut call: Value) {
        call["userId"] = customer.into();
        call["timestamp"] = at.to_string().into();
        call["messageId"] = format!("demo {customer} {id} {}", at.millis()).into();
        self.planned.push(Planned { at, call });
    }

    fn track(&mut self, customer: &str, at: Timestamp, event: &str, properties: Value) {
        // Two orders of a customer may be of one instant, where a file tells only the minute.
        let about = ["order_id", "product_id", "channel"];
        let about = about.map(|name| properties[name].as_str().unwrap_or_default());
        let id = format!("{event} {}", about.concat());
        let call = json!({"type": "track", "event": event, "properties": properties});
        self.say(customer, at, &id, call);
    }

    fn look_at(&mut self, customer: &str, at: Timestamp, product: &Value) {
        self.track(customer, at, "Product Viewed", product.clone());
    }

    fn fill_cart(&mut self, customer: &str, at: Timestamp, products: &[Value]) {
        for product in products {
            self.track(customer, at, "Product Added", product.clone());
        }
    }

    fn order(&mut self, customer: &str, order: &Order, at: Timestamp, products: &[Value]) {
        let properties = json!({
            "order_id": order.id,
            "total": number(order.amount),
            "products": products,
        });
        self.track(customer, at, "Order Completed", properties);
    }
}

/// When an order was made: as the file says, or at some hour of the day it names.
fn time_of(order: &Order, chance: &mut Rng) -> Timestamp {
    match order.day_only {
        // Eight in the morning to eleven at night in New York.
        true => order.at + Span::minutes(chance.u32(13 * 60..24 * 60)),
        false => order.at,
    }
}

/// The things of an order, whose prices add up to its amount.
fn products(order: &Order, chance: &mut Rng) -> Vec<Value> {
    let units = order.units.clamp(1, 4);
    let each = order.amount.to_cents() / i64::from(units);
    let mut products: Vec<Value> = Vec::new();
    for unit in 0..units {
        let rest = if unit == 0 { order.amount.to_cents() - each * i64::from(units) } else { 0 };
        let product = product(chance, Number::from_cents(each + rest));
        if products.iter().all(|known| known["product_id"] != product["product_id"]) {
            products.push(product);
        }
    }
    products
}

/// One to three things somebody looks at.
fn some_products(chance: &mut Rng) -> Vec<Value> {
    let count = chance.usize(1..=3);
    let mut products: Vec<Value> = Vec::new();
    while products.len() < count {
        let price = Number::from_cents(chance.i64(899..1_899));
        let product = product(chance, price);
        if products.iter().all(|known| known["product_id"] != product["product_id"]) {
            products.push(product);
        }
    }
    products
}

fn product(chance: &mut Rng, price: Number) -> Value {
    let (first, second) = (chance.usize(0..FIRST.len()), chance.usize(0..SECOND.len()));
    let name = format!("{} {}", FIRST.get(first).unwrap_or(&""), SECOND.get(second).unwrap_or(&""));
    let id = format!("cd-{first}{second}");
    json!({
        "product_id": id,
        "name": name,
        "price": number(price),
        "quantity": 1,
        "url": format!("https://shop.example.com/{id}"),
    })
}

fn number(number: Number) -> Value {
    serde_json::from_str(&number.to_string()).unwrap_or_default()
}

fn pick<T: Copy + Default>(chance: &mut Rng, from: &[T]) -> T {
    chance.choice(from.iter().copied()).unwrap_or_default()
}

fn happens(chance: &mut Rng, percent: u32) -> bool {
    chance.u32(0..100) < percent
}

/// Area codes and zones of four cities.
const AREAS: [(&str, &str); 4] = [
    ("212", "America/New_York"),
    ("312", "America/Chicago"),
    ("303", "America/Denver"),
    ("213", "America/Los_Angeles"),
];
const NAMES: [&str; 16] = [
    "Ada", "Amir", "Beatriz", "Chen", "Dmitri", "Elena", "Femi", "Grace", "Hana", "Ivan", "Joana",
    "Kofi", "Lena", "Mei", "Noor", "Omar",
];
const FIRST: [&str; 8] =
    ["Quiet", "Blue", "Northern", "Paper", "Seven", "Golden", "Hidden", "Late"];
const SECOND: [&str; 8] =
    ["Harbour", "Letters", "Sessions", "Bridges", "Gardens", "Rivers", "Lanterns", "Avenue"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::orders::cdnow;

    #[test]
    fn the_same_seed_gives_the_same_shop() {
        let orders = cdnow().unwrap();
        let texts = |seed| -> Vec<String> {
            let (planned, _) = Model::new(seed).play(&orders);
            planned.iter().map(|planned| planned.call.to_string()).collect()
        };
        let one = texts(1);
        assert_eq!(one, texts(1));
        assert_ne!(one, texts(2));
    }

    #[test]
    fn no_two_events_have_the_same_id() {
        let (planned, _) = Model::new(1).play(&cdnow().unwrap());
        let ids: std::collections::HashSet<_> =
            planned.iter().map(|planned| planned.call["messageId"].to_string()).collect();
        assert_eq!(ids.len(), planned.len());
    }

    #[test]
    fn two_orders_of_one_minute_are_two() {
        let mut orders = cdnow().unwrap();
        orders.truncate(1);
        let first = Order { day_only: false, ..orders.remove(0) };
        let orders = [first.clone(), Order { id: "second".to_owned(), ..first }];
        let (planned, _) = Model::new(1).play(&orders);
        let bought = planned.iter().filter(|planned| planned.call["event"] == "Order Completed");
        let ids: std::collections::HashSet<_> =
            bought.map(|planned| planned.call["messageId"].to_string()).collect();
        assert_eq!(ids.len(), 2);
    }
}
