//! The census, end to end: events in, a census taken, ranks that stand until the next.
#![allow(
    clippy::large_futures,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use attune_domain::time::Span;
use attune_testkit::World;
use attune_tests::{census, manage, pass, sweep};
use serde_json::{Value, json};

const SHOP: &str = "
metrics:
  spent: { sum: total, of: Order Completed }
  orders: { count: Order Completed }
segments:
  - { id: big, when: { metric: spent, top: 20% } }
classes:
  - id: value
    name: Value
    cross:
      amount: { metric: spent, split: median }
      frequency: { metric: orders, split: 2 }
";

async fn shop() -> World {
    let world = World::with(SHOP).await;
    for n in 1..=10 {
        for order in 0..=(n % 2) {
            let id = format!("{n:02}");
            let properties = json!({"order_id": format!("{id}-{order}"), "total": 10 * n});
            world.apply(&[world.track(&id, "Order Completed", properties)]).await;
        }
    }
    world.pass(Span::hours(1));
    world
}

async fn members(world: &World, segment: &str) -> Vec<String> {
    let path = format!("/api/segments/{segment}/members");
    let (status, answer) = manage(world, "GET", &path, &Value::Null).await;
    assert_eq!(status, 200, "{answer}");
    let members = answer["members"].as_array().unwrap().iter();
    members.map(|member| member["customer"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_census_ranks_everybody_and_stands_until_the_next() {
    let world = shop().await;
    assert!(members(&world, "big").await.is_empty());
    census(&world).await.unwrap();
    assert_eq!(members(&world, "big").await, ["u#07", "u#09"]);
    assert_eq!(members(&world, "value.high-low").await, ["u#08", "u#10"]);
    let path = "/api/customers/09/explain?segment=big";
    let (_, explained) = manage(&world, "GET", path, &Value::Null).await;
    let why = explained["segments"][0]["why"]["value"].as_str().unwrap();
    let expected = "“spent” 180, in 2 of 2, cut above 100; by the census of ";
    assert!(why.starts_with(expected) && why.ends_with("over 10 customers"), "{why}");

    // Time wakes nobody, and a customer's own order moves them at once.
    world.pass(Span::days(400));
    assert_eq!(sweep(&world).await.unwrap().fresh, 0);
    let properties = json!({"order_id": "new", "total": 500});
    world.apply(&[world.track("01", "Order Completed", properties)]).await;
    assert_eq!(members(&world, "big").await, ["u#01", "u#07", "u#09"]);
    // The next census ranks all by all again.
    census(&world).await.unwrap();
    assert_eq!(members(&world, "big").await, ["u#01", "u#09"]);
}

#[tokio::test]
async fn the_census_is_told_over_http() {
    let world = shop().await;
    let (_, none) = manage(&world, "GET", "/api/census", &Value::Null).await;
    assert_eq!(none["census"], Value::Null);
    let (status, _) = manage(&world, "GET", "/api/census/quality", &Value::Null).await;
    assert_eq!(status, 404);
    world.reachable("03").await;
    census(&world).await.unwrap();
    let (_, told) = manage(&world, "GET", "/api/census", &Value::Null).await;
    assert_eq!((&told["pass"]["over"], &told["census"]["customers"]), (&json!(true), &json!(10)));
    let class = &told["census"]["classes"][0];
    assert_eq!((&class["ranked"], &class["not_ranked"]), (&json!(10), &json!(0)));
    let cells = class["cells"].as_array().unwrap().iter();
    let cells: Vec<_> =
        cells.map(|cell| (cell["id"].as_str().unwrap(), &cell["customers"])).collect();
    let expected = [("low-low", 3), ("low-high", 2), ("high-low", 2), ("high-high", 3)]
        .map(|(cell, customers)| (format!("value.{cell}"), json!(customers)));
    assert_eq!(cells, expected.iter().map(|(id, n)| (id.as_str(), n)).collect::<Vec<_>>());
    assert_eq!(class["cut"][0], json!({"metric": "spent", "above": [60.0], "small_shop": false}));

    let (_, quality) = manage(&world, "GET", "/api/census/quality", &Value::Null).await;
    assert_eq!(quality["segments"][0]["customers"], 2);
    let small = quality["findings"][0]["sentence"].as_str().unwrap();
    assert!(small.starts_with("fewer than 20 customers are in each of “big”"), "{small}");
    let (_, coverage) = manage(&world, "GET", "/api/census/coverage", &Value::Null).await;
    let known = coverage["known"].as_array().unwrap().iter();
    let mail = known.clone().find(|known| known["what"] == "address.email").unwrap();
    assert_eq!((&mail["customers"], &mail["share"]), (&json!(1), &json!(0.1)));
}

#[tokio::test]
async fn coverage_tells_who_lacks_what_and_whom_a_question_would_reach() {
    let world = World::with(
        "
segments:
  - { id: birthday, when: { trait: birthday, anniversary: { in_next: 7d } } }
  - { id: buyers, when: { event: Order Completed } }
templates: [{ id: hello, sms: 'Hello to {{ customer.city }}' }]
programs: [{ id: hello, enter: buyers, again: never, send: { template: hello } }]
",
    )
    .await;
    let born = json!({"birthday": "1990-05-01", "city": "Bath"});
    for (id, traits) in [("ada", born), ("bob", json!({})), ("eve", json!({}))] {
        let told = world.call(id, json!({"type": "identify", "traits": traits}));
        world.apply(&[told, world.track(id, "Order Completed", json!({"order_id": id}))]).await;
    }
    for id in ["ada", "bob", "mia"] {
        world.reachable(id).await;
    }
    // Who said no to text messages is not asked for them; who never spoke of them is.
    let no = world.track("bob", "Consent Withdrawn", json!({"channel": "sms"}));
    let no_number = world.call("bob", json!({"type": "identify", "traits": {"phone": null}}));
    let mail = json!({"type": "identify", "traits": {"email": "joe@example.com"}});
    let yes = world.track("joe", "Consent Granted", json!({"channel": "email"}));
    world.apply(&[no, no_number]).await;
    world.apply(&[world.call("joe", mail), yes]).await;
    world.pass(Span::hours(1));
    census(&world).await.unwrap();
    let (_, told) = manage(&world, "GET", "/api/census/coverage", &Value::Null).await;
    let needs = |what: &str, lacking: u64, askable: u64| json!({"what": what, "lacking": lacking, "askable": askable});
    assert_eq!(told["customers"], 5);
    assert_eq!(
        told["segments"],
        json!([{"segment": "birthday", "needs": [needs("trait.birthday", 4, 3)]}])
    );
    let lines = [&told["programs"], &told["questions"]].map(|list| list.as_array().unwrap());
    let lines = lines.into_iter().flatten().map(|line| format!("{line}\n"));
    expect_test::expect![[r#"
        {"customers":3,"needs":[{"askable":0,"lacking":1,"what":"address.sms"},{"askable":0,"lacking":2,"what":"consent.sms"},{"askable":1,"lacking":2,"what":"trait.city"}],"program":"hello","segment":"buyers","template":"hello"}
        {"answer":"date","askable":3,"lacking":4,"programs":[],"segments":["birthday"],"what":"trait.birthday"}
        {"answer":"text","askable":3,"lacking":4,"programs":["hello"],"segments":[],"what":"trait.city"}
        {"answer":"address","askable":1,"lacking":2,"programs":["hello"],"segments":[],"what":"address.sms"}
    "#]].assert_eq(&lines.collect::<String>());
}

#[tokio::test]
async fn a_census_can_be_asked_for_and_is_taken_once() {
    let world = shop().await;
    let ask = || manage(&world, "POST", "/api/census", &Value::Null);
    let ((status, first), (_, second)) = (ask().await, ask().await);
    assert_eq!((status.as_u16(), &first["pass"]["over"]), (202, &json!(false)), "{first}");
    assert_eq!(first["pass"]["number"], second["pass"]["number"]);
    world.pass(world.store.settings().settle);
    pass(&world).await.unwrap();
    let (_, told) = manage(&world, "GET", "/api/census", &Value::Null).await;
    assert_eq!(told["census"]["number"], first["pass"]["number"]);
    assert_eq!(told["census"]["customers"], 10);
    for (path, told) in [
        ("/api/census?x=1", "this path takes no query: `x=1`"),
        ("/api/census/trends?class=nope", "there is no class `nope`"),
        ("/api/census/trends?segment=nope", "there is no segment `nope`"),
    ] {
        let (_, refused) = manage(&world, "GET", path, &Value::Null).await;
        assert_eq!(refused["message"], told, "{path}");
    }
}

#[tokio::test]
async fn censuses_are_kept_with_sizes_and_who_moved_where() {
    let world = shop().await;
    census(&world).await.unwrap();
    world.pass(Span::days(1));
    let properties = json!({"order_id": "new", "total": 500});
    world.apply(&[world.track("01", "Order Completed", properties)]).await;
    census(&world).await.unwrap();
    let trends = async |query: &str| {
        let path = format!("/api/census/trends{query}");
        let (status, told) = manage(&world, "GET", &path, &Value::Null).await;
        assert_eq!(status, 200, "{told}");
        told
    };
    let told = trends("?segment=big&class=value").await;
    let [second, first] = told["censuses"].as_array().unwrap().as_slice() else {
        panic!("{told}");
    };
    assert_eq!(told["next"], Value::Null);
    let size = |customers, entered, left| json!({"big": {"customers": customers, "reachable_on_any": 0, "entered": entered, "left": left}});
    assert_eq!(first["segments"], size(2, 2, 0));
    assert_eq!(second["segments"], size(2, 1, 1));
    assert!(second["number"].as_u64() > first["number"].as_u64());
    let moves = |census: &Value| {
        let moves = census["classes"]["value"].as_array().unwrap().iter();
        let name = |cell: &Value| cell.as_str().unwrap_or("-").to_owned();
        let told =
            moves.map(|m| format!("{} > {} {}", name(&m["from"]), name(&m["to"]), m["customers"]));
        told.collect::<Vec<_>>()
    };
    let came = [
        "- > value.low-low 3",
        "- > value.low-high 2",
        "- > value.high-low 2",
        "- > value.high-high 3",
    ];
    assert_eq!(moves(first), came);
    // 01 rose by its order, and 08 fell, as it is not among the upper half any more.
    let moved = [
        "value.low-low > value.low-low 3",
        "value.low-high > value.low-high 1",
        "value.low-high > value.high-high 1",
        "value.high-low > value.low-low 1",
        "value.high-low > value.high-low 1",
        "value.high-high > value.high-high 3",
    ];
    assert_eq!(moves(second), moved);
    // Without a wish all of it is told, and of no time nothing.
    assert!(trends("").await["censuses"][0]["segments"].as_object().unwrap().len() > 1);
    world.pass(Span::days(2));
    assert_eq!(trends("?days=1").await["censuses"], json!([]));
    let before = format!("?before={}", second["number"]);
    assert_eq!(trends(&before).await["censuses"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn of_two_who_work_on_one_slice_nobody_is_counted_twice() {
    let world = shop().await;
    let version = world.store.current_version().await.unwrap();
    let pass = world.store.start_pass(version, world.now()).await.unwrap();
    world.pass(world.store.settings().settle);
    let slice = pass.slices().next().unwrap();
    let take = async || world.store.take_up(&slice, world.now()).await.unwrap().unwrap();
    let (mut one, mut other) = (take().await, take().await);
    for stretch in [&mut one, &mut other] {
        world.store.pass_page(stretch, world.now()).await.unwrap();
        assert!(stretch.progress.done);
    }
    assert!(world.store.put_down(&mut other, true, world.now()).await.unwrap());
    assert!(!world.store.put_down(&mut one, true, world.now()).await.unwrap());
    assert!(world.store.take_up(&slice, world.now()).await.unwrap().is_none());
    world.store.further_pass(world.now()).await.unwrap();
    world.pass(world.store.settings().settle);
    attune_tests::pass(&world).await.unwrap();
    let (_, told) = manage(&world, "GET", "/api/census", &Value::Null).await;
    assert_eq!(told["census"]["customers"], 10);
}
