//! The management API, as somebody who runs a shop uses it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use attune_domain::time::Span;
use attune_testkit::World;
use attune_tests::{dispatch, manage, pass, post, sweep};
use serde_json::{Value, json};

const SHOP: &str = "
segments:
  - id: buyers
    name: Buyers
    when: { event: Order Completed, within: 30d }
templates:
  - id: thanks
    email: { subject: Thanks, html: '<p>Thanks</p>', text: Thanks }
programs:
  - id: thank
    enter: buyers
    again: { after: 30d }
    send: { template: thanks }
";

async fn get(world: &World, path: &str) -> Value {
    let (status, body) = manage(world, "GET", path, &Value::Null).await;
    assert_eq!(status.as_u16(), 200, "{path}: {body}");
    body
}

async fn shop() -> World {
    let world = World::with(SHOP).await;
    world.reachable("42").await;
    let order = json!({"order_id": "1", "total": 20});
    world.apply(&[world.track("42", "Order Completed", order)]).await;
    dispatch(&world).await.unwrap();
    world
}

#[tokio::test]
async fn segments_tell_their_size_and_say_what_they_mean() {
    let world = shop().await;
    let segments = get(&world, "/api/segments").await;
    let segment = &segments["segments"][0];
    assert_eq!(segment["sentence"], "did “Order Completed” in the last 30 days");
    assert_eq!((&segment["size"], &segment["size_is_at_least"]), (&json!(1), &json!(false)));
    assert_eq!(segment["counted_at"], world.now().to_string());
    assert_eq!(segment["last_change"], "2026-10-01T09:00:00.000Z");
    let members = get(&world, "/api/segments/buyers/members").await;
    assert_eq!(members["members"][0]["customer"], "u#42");
    assert_eq!(members["next"], Value::Null);
}

#[tokio::test]
async fn members_come_in_pages() {
    let world = World::with(SHOP).await;
    for customer in 1..=5 {
        let order = world.track(&customer.to_string(), "Order Completed", json!({"order_id": "1"}));
        world.apply(&[order]).await;
    }
    let (mut seen, mut path) = (Vec::new(), "/api/segments/buyers/members?limit=2".to_owned());
    loop {
        let page = get(&world, &path).await;
        let members = page["members"].as_array().unwrap();
        seen.extend(members.iter().map(|member| member["customer"].as_str().unwrap().to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/api/segments/buyers/members?limit=2&after={}", next.replace('#', "%23"));
    }
    seen.sort();
    assert_eq!(seen, ["u#1", "u#2", "u#3", "u#4", "u#5"]);
}

#[tokio::test]
async fn a_customer_is_found_and_shown() {
    let world = shop().await;
    let found = get(&world, "/api/customers?email=Customer-42%40example.com").await;
    assert_eq!(found["customers"], json!(["u#42"]));
    assert_eq!(get(&world, "/api/customers?phone=%2B15550000042").await, found);
    let customer = get(&world, "/api/customers/42").await;
    assert_eq!(customer["traits"]["first_name"], "Ada");
    assert_eq!(customer["channels"]["email"]["consent"], true);
    assert_eq!(
        customer["orders"],
        json!({"count": 1, "revenue": "20",
        "first": "2026-10-01T09:00:00.000Z", "last": "2026-10-01T09:00:00.000Z"})
    );
    assert_eq!(customer["segments"][0]["id"], "buyers");
}

#[tokio::test]
async fn explain_tells_when_somebody_will_leave() {
    let world = shop().await;
    let explained = get(&world, "/api/customers/42/explain?segment=buyers").await;
    let segment = &explained["segments"][0];
    assert_eq!((&segment["inside"], &segment["entry"]), (&json!(true), &json!(1)));
    assert_eq!(segment["why"]["turns_at"], "2026-10-31T09:00:00.000Z");
}

#[tokio::test]
async fn the_timeline_and_the_messages_tell_what_happened() {
    let world = shop().await;
    let timeline = get(&world, "/api/customers/42/timeline").await;
    let names: Vec<&Value> =
        timeline["events"].as_array().unwrap().iter().map(|event| &event["event"]).collect();
    assert!(names.contains(&&json!("Message Sent")) && names.contains(&&json!("Order Completed")));
    assert_eq!(names.len(), 5);
    let messages = get(&world, "/api/customers/42/messages").await;
    let message = &messages["messages"][0];
    assert_eq!((&message["state"], &message["channel"]), (&json!("accepted"), &json!("email")));
    assert_eq!(message["because"], "policy");
}

#[tokio::test]
async fn problems_are_listed_with_an_example() {
    let world = World::with(SHOP).await;
    let batch = json!({"batch": [{"type": "dance", "userId": "42"}, {"type": "track", "userId": "null", "event": "x"}]});
    post(&world, "/v1/batch", "server-key", &batch).await;
    let problems = get(&world, "/api/problems").await;
    let problems = problems["problems"].as_array().unwrap();
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(problems.iter().any(|problem| problem["example"].as_str().unwrap().contains("dance")));
}

#[tokio::test]
async fn problems_come_in_pages_the_newest_hour_first() {
    let world = World::with(SHOP).await;
    for _ in 0..3 {
        for n in 0..40 {
            let batch = json!({"batch": [{"type": "dance", "userId": n.to_string()}]});
            post(&world, "/v1/batch", "server-key", &batch).await;
        }
        world.pass(Span::hours(1));
    }
    let (mut path, mut ids, mut count) = ("/api/problems?limit=7".to_owned(), Vec::new(), 0);
    loop {
        let page = get(&world, &path).await;
        for problem in page["problems"].as_array().unwrap() {
            ids.push(problem["id"].as_str().unwrap().to_owned());
            count += problem["count"].as_u64().unwrap();
        }
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/api/problems?limit=7&before={}", next.replace('#', "%23"));
    }
    assert_eq!(count, 120);
    assert!(
        ids.len() > 40 && ids.len() <= 48 && ids.is_sorted_by(|one, other| one > other),
        "{ids:?}"
    );
}

#[tokio::test]
async fn a_method_that_a_path_does_not_take_is_told_as_json() {
    let world = shop().await;
    let (status, told) = manage(&world, "DELETE", "/api/segments", &json!(null)).await;
    assert_eq!((status.as_u16(), &told["code"]), (405, &json!("no_such_method")), "{told}");
}

#[tokio::test]
async fn a_preview_counts_without_saving() {
    let world = shop().await;
    let rule = json!({"when": {"event": "Order Completed", "where": {"total": {"at_least": 15}}}});
    let (status, preview) = manage(&world, "POST", "/api/segments/preview", &rule).await;
    assert_eq!((status.as_u16(), &preview["count"]), (200, &json!(1)), "{preview}");
    assert_eq!(preview["sample"], json!(["u#42"]));
    let rule = json!({"when": {"event": "Order Completed", "times": {"at_lest": 3}}});
    let (status, refused) = manage(&world, "POST", "/api/segments/preview", &rule).await;
    assert_eq!(status.as_u16(), 422);
    assert!(refused["message"].as_str().unwrap().contains("did you mean `at_least`"), "{refused}");
    assert_eq!(get(&world, "/api/segments").await["segments"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn definitions_are_replaced_as_a_whole_or_not_at_all() {
    let world = shop().await;
    let put = async |text: &str, query: &str| {
        let files = json!({"files": [{"name": "shop.yaml", "text": text}]});
        manage(&world, "PUT", &format!("/api/definitions{query}"), &files).await
    };
    let (status, refused) = put("segments: [{ id: a, when: { all: [] } }]", "").await;
    assert_eq!((status.as_u16(), &refused["mistakes"][0]["line"]), (422, &json!(1)));
    assert_eq!(get(&world, "/api/definitions").await["version"], 1);

    let changed = SHOP.replace("within: 30d }", "within: 30d, times: { at_least: 2 } }");
    let (_, said) = put(&changed, "?dry_run=true").await;
    let moves = &said["segments"][0];
    assert_eq!((&moves["now"], &moves["leave"], &moves["then"]), (&json!(1), &json!(1), &json!(0)));
    let (_, published) = put(&changed, "").await;
    assert_eq!([&published["version"], &published["unchanged"]], [&json!(2), &json!(false)]);
    let doubt = published["doubts"][0]["message"].as_str().unwrap();
    assert!(doubt.contains("its text has no way out"), "{doubt}");
    assert_eq!(put(&changed, "").await.1, json!({"version": 2, "unchanged": true, "doubts": []}));
    world.pass(Span::seconds(61));
    pass(&world).await.unwrap();
    assert_eq!(get(&world, "/api/segments/buyers").await["size"], 0);
}

#[tokio::test]
async fn programs_for_those_who_are_there_already_must_be_confirmed() {
    let world = shop().await;
    let text = SHOP.replace("id: thank\n", "id: thank-all\n    existing: true\n");
    let files = json!({"files": [{"name": "shop.yaml", "text": text}]});
    let (status, refused) = manage(&world, "PUT", "/api/definitions", &files).await;
    assert_eq!((status.as_u16(), &refused["code"]), (409, &json!("unconfirmed")));
    let (_, said) = manage(&world, "PUT", "/api/definitions?dry_run=true", &files).await;
    assert_eq!(said["programs"][0]["starts"], 1, "{said}");
    let path = "/api/definitions?confirm=thank-al";
    let (status, refused) = manage(&world, "PUT", path, &files).await;
    let told = "`thank-al` is to be confirmed, and there is no program of that name";
    assert_eq!((status.as_u16(), &refused["message"]), (400, &json!(told)));
    let path = "/api/definitions?confirm=thank-all";
    assert_eq!(manage(&world, "PUT", path, &files).await.0.as_u16(), 200);
    world.pass(Span::seconds(61));
    pass(&world).await.unwrap();
    sweep(&world).await.unwrap();
    assert_eq!(dispatch(&world).await.unwrap().accepted, 1);
}

#[tokio::test]
async fn only_the_manage_key_opens_it() {
    let world = World::with(SHOP).await;
    for key in ["", "Bearer server-key", "Bearer nonsense", "Basic bWFuYWdlLWtleTo="] {
        let status =
            attune_tests::manage_as(&world, key, "GET", "/api/segments", &Value::Null).await;
        assert_eq!(status.0.as_u16(), 401, "{key}");
    }
}

#[tokio::test]
async fn messages_come_in_pages_the_last_due_first() {
    let world = World::with(SHOP).await;
    world.reachable("42").await;
    for order in 0..5 {
        let bought = json!({"order_id": order.to_string(), "total": 20});
        world.apply(&[world.track("42", "Order Completed", bought)]).await;
        dispatch(&world).await.unwrap();
        world.pass(Span::days(31));
        sweep(&world).await.unwrap();
    }
    let whole = get(&world, "/api/customers/42/messages").await;
    let ids = |page: &Value| -> Vec<String> {
        let messages = page["messages"].as_array().unwrap().iter();
        messages.map(|message| message["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!((ids(&whole).len(), &whole["next"]), (5, &Value::Null));
    let (mut seen, mut path) = (Vec::new(), "/api/customers/42/messages?limit=2".to_owned());
    loop {
        let page = get(&world, &path).await;
        assert!(ids(&page).len() <= 2);
        seen.extend(ids(&page));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/api/customers/42/messages?limit=2&before={next}");
    }
    assert_eq!(seen, ids(&whole));
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_told_in_the_words_of_whoever_sent_it() {
    let world = shop().await;
    for (method, path, body, told) in [
        ("PUT", "/api/brakes", json!([true, 5]), "invalid type: list, expected an object"),
        ("PUT", "/api/brakes", json!(null), "expected an object"),
        ("POST", "/api/brakes/reset", json!(["thank"]), "expected an object"),
        ("PUT", "/api/brakes", json!({"daily_limit": "x"}), "daily_limit: invalid type: text"),
        ("PUT", "/api/brakes", json!({"hold": true}), "unknown field `hold`"),
        ("POST", "/api/segments/preview", json!({}), "missing field `when`"),
        (
            "POST",
            "/api/templates/thanks/preview",
            json!({"customer": 42}),
            "customer: invalid type",
        ),
        (
            "PUT",
            "/api/definitions",
            json!({"files": 3}),
            "files: invalid type: integer `3`, expected a list",
        ),
        ("DELETE", "/api/customers/42", json!("gone"), "expected an object"),
        ("DELETE", "/api/customers/42", json!(["gone"]), "expected an object"),
        ("GET", "/api/problems?limit=many", json!(null), "limit: expected a whole number"),
        ("GET", "/api/problems?limit=0", json!(null), "`limit` is 0; a page has from 1 to 1000"),
        ("GET", "/api/customers/42/timeline?limit=1001", json!(null), "from 1 to 1000"),
        ("GET", "/api/customers/42/messages?before=zzz", json!(null), "`before` is not where"),
        ("GET", "/api/customers/42/timeline?before=2026-10-01~zzz", json!(null), "`before` is not"),
        ("GET", "/api/census/trends?days=801", json!(null), "`days` is 801"),
        // A rehearsal that is misspelt must not be a publication.
        ("PUT", "/api/definitions?dryrun=true", json!({"files": []}), "unknown field `dryrun`"),
        ("GET", "/api/segments/buyers/members?lmit=1", json!(null), "unknown field `lmit`"),
    ] {
        let (status, answer) = manage(&world, method, path, &body).await;
        let message = answer["message"].as_str().unwrap_or_default();
        assert!(status.is_client_error() && message.contains(told), "{path} {body}: {answer}");
        let rusty = ["struct", "u32", "usize", "sequence", "deserialize"];
        assert!(rusty.iter().all(|word| !message.contains(word)), "{message}");
    }
}
