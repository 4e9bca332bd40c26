//! The flows of the product.

use attune_domain::time::Span;
use attune_embedded::capture::feedback::Happened;
use attune_embedded::service::Refusal;
use attune_testkit::faults::{Fate, Trouble};
use axum::http::StatusCode;
use serde_json::json;

use super::shop::{
    EASIER, FIRST, RANKED, WITH_READERS, adds, allows, allows_texts, anonymously, did, has_phone,
    identifies, orders, reads, views,
};
use super::{Act, Flow};

/// The customer of most flows.
const ADA: &str = "7";
/// Whoever ordered lately, and was thanked for it.
const BUYS: [(&str, &str); 3] = [("buyers", ADA), ("recent", ADA), ("written", ADA)];

impl Flow {
    /// A flow in the shop, with a customer who can be reached.
    fn of(name: &'static str) -> Self {
        let known = Act::Post(vec![identifies(ADA, "who"), allows(ADA, "may")]);
        let before = vec![Act::Publish(FIRST), known];
        let (acts, orders) = (Vec::new(), vec![(ADA, 0)]);
        Self { name, before, acts, orders, members: Vec::new(), messages: Vec::new() }
    }

    fn before(mut self, acts: impl IntoIterator<Item = Act>) -> Self {
        self.before.extend(acts);
        self
    }

    fn acts(mut self, acts: impl IntoIterator<Item = Act>) -> Self {
        self.acts.extend(acts);
        self
    }

    fn orders(mut self, count: usize) -> Self {
        self.orders = vec![(ADA, count)];
        self
    }

    fn members(mut self, members: &[(&'static str, &'static str)]) -> Self {
        self.members = members.to_vec();
        self
    }

    fn messages(mut self, states: &[&'static str]) -> Self {
        self.messages = states.to_vec();
        self
    }
}

/// What customers do.
pub fn events() -> Vec<Flow> {
    let seen = |n: u32| Act::Post(vec![views(ADA, &format!("seen-{n}"))]);
    let forty = (0..20)
        .flat_map(|n| [orders(ADA, &format!("order-{n}")), views(ADA, &format!("view-{n}"))]);
    let fans = [BUYS[0], BUYS[1], BUYS[2], ("fans", ADA)];
    let twice = Act::Post(vec![orders(ADA, "order")]);
    let late = did(ADA, "late", "Order Completed", 5 * 24 * 60, json!({"order_id": "late"}));
    vec![
        Flow::of("event without flip").acts([seen(1)]),
        Flow::of("flip")
            .acts([Act::Post(vec![orders(ADA, "order")])])
            .orders(1)
            .members(&BUYS)
            .messages(&["accepted"]),
        Flow::of("wake moved earlier")
            .before([
                Act::Post(vec![orders(ADA, "order")]),
                Act::Dispatch,
                Act::Wait(Span::days(1)),
            ])
            .acts([Act::Post(vec![did(
                ADA,
                "add",
                "Product Added",
                0,
                json!({"product_id": "red"}),
            )])])
            .orders(1)
            .members(&BUYS)
            .messages(&["accepted"]),
        Flow::of("batch of 40 for one person")
            .acts([Act::Post(forty.collect())])
            .orders(20)
            .members(&fans)
            .messages(&["accepted"]),
        Flow::of("duplicate")
            .acts([twice.clone(), twice])
            .orders(1)
            .members(&BUYS)
            .messages(&["accepted"]),
        Flow::of("late event")
            .before((0..20).map(seen))
            .acts([Act::Post(vec![late]), seen(0)])
            .orders(1)
            .members(&[BUYS[0], BUYS[1], fans[3]]),
        Flow::of("retry when the ring is past it")
            .before((0..20).map(seen))
            .acts([Act::PostAndForget(vec![orders(ADA, "order")])])
            .acts([Act::Post((20..37).map(|n| views(ADA, &format!("seen-{n}"))).collect())])
            .acts([Act::Post(vec![orders(ADA, "order")])])
            .orders(1)
            .members(&fans)
            .messages(&["accepted"]),
    ]
}

/// Who customers are.
pub fn people() -> Vec<Flow> {
    let visitor = || {
        let acts = [views("v", "v1"), views("v", "v2"), orders("v", "v-order"), adds("v", "v3")];
        Act::Post(acts.into_iter().map(anonymously).collect())
    };
    let both = |mut event: serde_json::Value| {
        event["anonymousId"] = "v".into();
        Act::Post(vec![event])
    };
    let alias = json!({"type": "alias", "userId": ADA, "previousId": "8", "messageId": "alias",
                       "timestamp": attune_testkit::BEGIN});
    let fans = [BUYS[0], BUYS[1], BUYS[2], ("fans", ADA)];
    let mut new = Flow::of("new person");
    new.before.truncate(1);
    vec![
        new.acts([Act::Post(vec![identifies(ADA, "who"), allows(ADA, "may")])]),
        Flow::of("merge of a visitor")
            .before([Act::Post(vec![views(ADA, "view")]), visitor()])
            .acts([both(identifies(ADA, "one"))])
            .orders(1)
            .members(&fans)
            .messages(&["accepted"]),
        Flow::of("merge by any event with both ids")
            .before([Act::Post(vec![views(ADA, "view")]), visitor()])
            .acts([both(did(ADA, "both", "Article Read", 0, json!({})))])
            .orders(1)
            .members(&fans)
            .messages(&["accepted"]),
        Flow::of("merge of two customers")
            .before([
                Act::Post(vec![views(ADA, "view"), orders(ADA, "order")]),
                Act::Post(vec![orders("8", "order-8")]),
                Act::Post(vec![views("8", "8-1"), views("8", "8-2")]),
            ])
            .acts([Act::Post(vec![alias])])
            .orders(2)
            .members(&fans)
            .messages(&["accepted", "dropped"]),
    ]
}

/// What time and definitions do.
pub fn passes() -> Vec<Flow> {
    let reader = |n: &str| Act::Post(vec![reads(ADA, n)]);
    let others = || (1..4).map(|n| Act::Post(vec![views(&n.to_string(), &format!("other-{n}"))]));
    let two = Act::Post(vec![views(ADA, "v1"), views(ADA, "v2")]);
    let pair = [("1", "one"), ("2", "two"), ("3", "three")].map(|(customer, order)| {
        let products = json!([{"product_id": "tea", "name": "Tea"}, {"product_id": "pot"}]);
        let order_completed = json!({"order_id": order, "products": products});
        Act::Post(vec![did(customer, order, "Order Completed", 40 * 24 * 60, order_completed)])
    });
    let spent = [("1", 10), ("2", 20), ("3", 30)].map(|(customer, total)| {
        let properties = json!({"order_id": customer, "total": total});
        Act::Post(vec![did(customer, customer, "Order Completed", 40 * 24 * 60, properties)])
    });
    vec![
        Flow::of("census")
            .before(spent)
            .before([Act::Publish(RANKED)])
            .acts([Act::Pass, Act::Wait(Span::minutes(2)), Act::Pass])
            .members(&[("best", "3"), ("value.high", "3"), ("value.low", "1"), ("value.low", "2")]),
        Flow::of("what is bought together")
            .before(pair)
            .before([Act::Publish(FIRST)])
            .acts([Act::Pass])
            .members(&[("buyers", "1"), ("buyers", "2"), ("buyers", "3")]),
        Flow::of("full pass")
            .before(others())
            .before([two, Act::Publish(EASIER)])
            .acts([Act::Pass])
            .members(&[("fans", ADA)]),
        Flow::of("backfill")
            .before(others())
            .before([reader("one"), Act::Publish(WITH_READERS)])
            .acts([reader("two"), Act::Pass])
            .members(&[("readers", ADA)]),
        Flow::of("wake-up")
            .before([Act::Post(vec![adds(ADA, "add")]), Act::Wait(Span::hours(1))])
            .acts([Act::Sweep])
            .members(&[("cart", ADA), BUYS[2]])
            .messages(&["accepted"]),
    ]
}

/// What comes back.
pub fn feedback() -> Vec<Flow> {
    let sent = |name| {
        Flow::of(name)
            .before([
                Act::Post(vec![orders(ADA, "order")]),
                Act::Dispatch,
                Act::Wait(Span::minutes(2)),
            ])
            .orders(1)
            .members(&BUYS)
    };
    let texts = |name| {
        Flow::of(name)
            .before([Act::Post(vec![has_phone(ADA, "phone"), allows_texts(ADA, "texts")])])
            .before([Act::Wait(Span::minutes(5))])
            .messages(&["accepted"])
    };
    let unknown = Flow::of("delivery of an unknown")
        .before([Act::Post(vec![orders(ADA, "order")]), Act::Next("SendEmail", Fate::LoseReply)])
        .before([Act::Dispatch, Act::Wait(Span::minutes(2))])
        .orders(1)
        .members(&BUYS);
    vec![
        sent("delivery").acts([Act::Tell(&[Happened::Delivery])]).messages(&["accepted"]),
        sent("bounce").acts([Act::Tell(&[Happened::Bounce])]).messages(&["accepted"]),
        sent("soft bounce").acts([Act::Tell(&[Happened::SoftBounce])]).messages(&["accepted"]),
        sent("complaint and open in one call")
            .acts([Act::Tell(&[Happened::Complaint, Happened::Open])])
            .messages(&["accepted"]),
        unknown.acts([Act::Tell(&[Happened::Delivery])]).messages(&["accepted"]),
        texts("stop").acts([Act::Text("STOP", "in-1", 1)]),
        texts("start")
            .before([Act::Text("STOP", "in-1", 1)])
            .acts([Act::Text("START", "in-2", 2)])
            .messages(&["accepted", "accepted"]),
        texts("help").acts([Act::Text("HELP", "in-1", 1)]),
    ]
}

/// What becomes of a message.
pub fn messages() -> Vec<Flow> {
    let ordered = |name| {
        Flow::of(name).before([Act::Post(vec![orders(ADA, "order")])]).orders(1).members(&BUYS)
    };
    let rejected = Refusal::new(StatusCode::BAD_REQUEST, "MessageRejected", "not this one");
    let meets = |fate| [Act::Next("SendEmail", fate)];
    let later = [Act::Dispatch, Act::Wait(Span::seconds(20)), Act::Dispatch];
    vec![
        ordered("claim").acts([Act::Dispatch]).messages(&["accepted"]),
        ordered("hold")
            .before([Act::Publish(WITH_READERS)])
            .acts([Act::Dispatch, Act::Pass])
            .messages(&["accepted"]),
        ordered("throttle")
            .before(meets(Fate::Refuse(Trouble::Throttled)))
            .acts(later)
            .messages(&["accepted"]),
        ordered("refusal")
            .before(meets(Fate::Refuse(Trouble::Other(rejected))))
            .acts([Act::Dispatch])
            .messages(&["refused"]),
        ordered("unknown")
            .before(meets(Fate::LoseReply))
            .acts([Act::Dispatch])
            .messages(&["unknown"]),
    ]
}
