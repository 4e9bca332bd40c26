//! What is bought together, end to end: orders in, a census, a message that shows what goes with what
//! its reader bought.
#![allow(
    clippy::large_futures,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use attune_domain::time::Span;
use attune_embedded::capture::sent::Kind;
use attune_testkit::World;
use attune_tests::cost::cost;
use attune_tests::{census, dispatch, manage, sweep};
use expect_test::expect;
use serde_json::{Value, json};

const SHOP: &str = "
shop: { currency: EUR }
segments:
  - { id: buyers, when: { event: Order Completed } }
templates:
  - id: thanks
    email:
      subject: 'Thanks'
      html: '<p>Thanks</p>'
      text: |
        {% for product in recommendations %}{{ product.name }} {{ product.price_money }} {{ product.url }}
        {% endfor %}
programs:
  - id: thanks
    enter: buyers
    again: never
    send: { template: thanks }
";

/// Products of an order, each as the shop's server tells it.
fn order(id: &str, products: &[&str]) -> Value {
    let product = |id: &&str| {
        let url = format!("https://shop.test/{id}");
        json!({"product_id": id, "name": format!("The {id}"), "price": 9.5, "url": url, "variant": "XL"})
    };
    json!({"order_id": id, "products": products.iter().map(product).collect::<Value>()})
}

/// Four of five who buy tea buy a pot with it; cups go with neither more than with anything.
async fn shop() -> World {
    let world = World::with(SHOP).await;
    let orders: [&[&str]; 10] = [
        &["tea", "pot"],
        &["tea", "pot"],
        &["tea", "pot", "cup"],
        &["tea", "pot", "cup"],
        &["tea", "cup"],
        &["cup"],
        &["cup"],
        &["cup"],
        &["cup", "spoon"],
        &["spoon"],
    ];
    for (n, products) in orders.iter().enumerate() {
        let id = format!("c{n}");
        world.apply(&[world.track(&id, "Order Completed", order(&id, products))]).await;
    }
    world.pass(Span::hours(1));
    world
}

async fn get(world: &World, path: &str) -> (u16, Value) {
    let (status, told) = manage(world, "GET", path, &Value::Null).await;
    (status.as_u16(), told)
}

#[tokio::test]
async fn a_message_shows_what_goes_with_what_was_bought_and_not_what_was_bought() {
    let world = shop().await;
    census(&world).await.unwrap();
    world.reachable("ada").await;
    world.apply(&[world.track("ada", "Order Completed", order("ada", &["tea"]))]).await;
    sweep(&world).await.unwrap();
    assert_eq!(dispatch(&world).await.unwrap().accepted, 1);
    let sent = world.capture.sent();
    let Kind::Email(mail) = &sent[0].kind else { panic!("{sent:?}") };
    // The pot by its affinity, the cup as the best seller; the spoon has too few buyers.
    expect![[r"
        The pot €9.50 https://shop.test/pot
        The cup €9.50 https://shop.test/cup

    "]]
    .assert_eq(mail.text.as_deref().unwrap());
    // A preview shows the same.
    let (status, seen) = manage(
        &world,
        "POST",
        "/api/templates/thanks/preview",
        &json!({"customer": "ada", "channel": "email"}),
    )
    .await;
    assert_eq!(status, 200);
    assert_eq!(seen["parts"]["email"]["text"].as_str(), mail.text.as_deref());
}

#[tokio::test]
async fn why_something_is_recommended_is_told_over_http() {
    let world = shop().await;
    let (_, before) = get(&world, "/api/customers/c0/recommendations").await;
    assert_eq!((&before["census"], &before["recommendations"]), (&Value::Null, &json!([])));
    census(&world).await.unwrap();
    let added = json!({"product_id": "pot"});
    world.apply(&[world.track("c5", "Product Added", added)]).await;
    let mut told = String::new();
    for id in ["c4", "c5", "c9"] {
        let (status, answer) = get(&world, &format!("/api/customers/{id}/recommendations")).await;
        assert_eq!(status, 200, "{answer}");
        assert_eq!(answer["census"]["number"], 1, "{answer}");
        for one in answer["recommendations"].as_array().unwrap() {
            let text = |name: &str| one[name].as_str().unwrap().to_owned();
            told += &format!("{id} {}: {}, {}\n", text("name"), text("why"), text("reason"));
        }
    }
    expect![[r"
        c4 The pot: bought-together, bought by 4 of 5 who bought “The tea”, as this customer did
        c5 The tea: bought-together, bought by 4 of 4 who bought “The pot”, which is in the cart
        c9 The cup: most-bought, bought by 7 of 10 who bought anything
        c9 The tea: most-bought, bought by 5 of 10 who bought anything
        c9 The pot: most-bought, bought by 4 of 10 who bought anything
    "]]
    .assert_eq(&told);
    let (status, told) = get(&world, "/api/customers/nobody/recommendations").await;
    assert_eq!((status, &told["message"]), (404, &json!("there is no customer `nobody`")));
}

#[tokio::test]
async fn what_is_bought_together_is_told_over_http() {
    let world = shop().await;
    let (status, none) = get(&world, "/api/census/affinities").await;
    assert_eq!((status, &none["message"]), (404, &json!("no census was taken yet")));
    census(&world).await.unwrap();
    let (_, all) = get(&world, "/api/census/affinities").await;
    let ids = all["products"].as_array().unwrap().iter().map(|one| one["product_id"].clone());
    assert_eq!(ids.collect::<Value>(), json!(["cup", "tea", "pot"]));
    assert_eq!((&all["census"], &all["customers"]), (&json!(1), &json!(10)));
    let (status, tea) = get(&world, "/api/census/affinities?product=tea").await;
    assert_eq!(status, 200, "{tea}");
    // 2 (4 ln 40/20 + ln 10/30 + 5 ln 50/30).
    let score = 2.0 * (4.0 * 2_f64.ln() + (1.0_f64 / 3.0).ln() + 5.0 * (5.0_f64 / 3.0).ln());
    let score = (score * 1_000.0).round() / 1_000.0;
    assert_eq!(
        tea["products"],
        json!([{"product_id": "tea", "name": "The tea", "buyers": 5, "together": [
            {"product_id": "pot", "name": "The pot", "both": 4, "buyers": 4, "score": score}]}])
    );
    let (status, told) = get(&world, "/api/census/affinities?product=spoon").await;
    let message = "the last census counted no product `spoon`, or too few who bought it";
    assert_eq!((status, &told["message"]), (404, &json!(message)));
}

#[tokio::test]
async fn what_a_browser_says_of_a_product_is_shown_to_nobody_else() {
    let world = shop().await;
    let lie = json!({"product_id": "pot", "name": "Win a prize", "url": "https://evil.test"});
    let mut event = world.track("c0", "Product Viewed", lie);
    event.writer = attune_domain::event::Writer::Browser;
    world.apply(&[event]).await;
    census(&world).await.unwrap();
    let (_, told) = get(&world, "/api/customers/c4/recommendations").await;
    let first = &told["recommendations"][0];
    assert_eq!(
        (&first["name"], &first["url"]),
        (&json!("The pot"), &json!("https://shop.test/pot"))
    );
    assert_eq!(first["variant"], Value::Null);
}

#[tokio::test]
async fn a_process_reads_what_is_bought_together_once_a_census() {
    let world = shop().await;
    census(&world).await.unwrap();
    let fresh = world.another(|transport| transport);
    let ask = async |world: &World| {
        let asked = get(world, "/api/customers/c4/recommendations");
        cost(world, asked).await.0.total().reads
    };
    // Which definitions and which census are current, and both of them; what is bought together. And
    // each time who it is, and what they did.
    let first = ask(&fresh).await;
    let second = ask(&fresh).await;
    expect!["7 2"].assert_eq(&format!("{first} {second}"));
}
