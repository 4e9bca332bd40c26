//! What a customer did as the calls that a client sends, read as the product reads them.

use attune_domain::event::segment::{Arrival, read};
use attune_domain::event::{Event, Writer};
use serde_json::{Value, json};

use super::{Doing, Kind, Person};

impl Person {
    /// One of their doings as an event, read from the JSON of its call.
    pub fn event(&self, doing: &Doing) -> Event {
        let mut call = self.call(doing);
        let members = call.as_object_mut().expect("an object");
        members.insert("userId".to_owned(), self.id.clone().into());
        members.insert("messageId".to_owned(), format!("{}-{}", self.id, doing.number).into());
        members.insert("timestamp".to_owned(), doing.occurred.to_string().into());
        // Opens and clicks are told by our own functions alone.
        let own = matches!(doing.kind, Kind::Open | Kind::Click);
        let writer = if own { Writer::Ourselves } else { Writer::Server };
        let arrival = Arrival { received: doing.arrives, sent_at: None, writer };
        read(&call, &arrival).expect("an event").0
    }

    fn call(&self, doing: &Doing) -> Value {
        let product = format!("p-{}", doing.number % 40);
        match doing.kind {
            Kind::SignUp => json!({"type": "identify", "traits": self.traits()}),
            Kind::Consent => {
                track("Consent Granted", json!({"channel": "email", "source": "sign-up form"}))
            }
            Kind::Order(cents) => {
                let total = amount(cents);
                let bought = json!([{"product_id": product, "price": total, "quantity": 1}]);
                track(
                    Event::ORDER_COMPLETED,
                    json!({
                        "order_id": format!("{}-{}", self.id, doing.number),
                        "total": total, "currency": "EUR", "products": bought,
                    }),
                )
            }
            Kind::Cart => track(
                "Product Added",
                json!({"product_id": product, "name": "A bottle of red", "price": 12.5, "quantity": 1}),
            ),
            Kind::View => json!({"type": "page", "name": "Product", "properties": {
                "path": format!("/wines/{product}"), "url": format!("https://shop.example.com/wines/{product}"),
            }}),
            Kind::Open => track("Message Opened", json!({"program": "news"})),
            Kind::Click => track("Message Clicked", json!({"program": "news"})),
        }
    }

    fn traits(&self) -> Value {
        json!({
            "email": format!("{}@example.com", self.id),
            "country": self.country,
            "timezone": self.zone,
            "birthday": format!("1984-{:02}-{:02}", self.birthday.0, self.birthday.1),
            "created_at": self.signed_up.to_string(),
        })
    }
}

#[expect(clippy::needless_pass_by_value, reason = "every caller has just made it")]
fn track(event: &str, properties: Value) -> Value {
    json!({"type": "track", "event": event, "properties": properties})
}

#[expect(clippy::cast_precision_loss, reason = "below a million")]
fn amount(cents: i64) -> f64 {
    cents as f64 / 100.0
}
