//! The engine behind the real client: each test is a promise the product leans on.

use std::sync::Arc;

use attune_aws::sdk::{dynamodb, in_process};
use attune_domain::time::Timestamp;
use dynamodb::Client;
use dynamodb::operation::put_item::PutItemError;
use dynamodb::operation::transact_write_items::TransactWriteItemsError;
use dynamodb::types::{
    AttributeValue, KeysAndAttributes, Put, ReturnConsumedCapacity,
    ReturnValuesOnConditionCheckFailure, TimeToLiveSpecification, TransactWriteItem,
};

use super::*;
use crate::fixtures::{create_table, got, item, key, put, version};

#[tokio::test]
async fn what_was_put_is_got() {
    let client = client(&Engine::memory().unwrap()).await;
    put(&client, "ann", "card", 1).await;
    assert_eq!(got(&client, "ann", "card").await, Some(1));
    assert_eq!(got(&client, "bob", "card").await, None);
}

#[tokio::test]
async fn a_failed_condition_brings_the_item_that_stood_in_its_way() {
    let client = client(&Engine::memory().unwrap()).await;
    put(&client, "ann", "core", 7).await;
    let refused = client
        .put_item()
        .table_name("profiles")
        .set_item(Some(item("ann", "core", 8)))
        .condition_expression("attribute_not_exists(customer)")
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
        .send()
        .await
        .unwrap_err()
        .into_service_error();
    let PutItemError::ConditionalCheckFailedException(failed) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(version(failed.item().unwrap()), 7);
}

#[tokio::test]
async fn a_cancelled_transaction_names_its_reason_and_writes_nothing() {
    let client = client(&Engine::memory().unwrap()).await;
    put(&client, "ann", "core", 1).await;
    let refused = client
        .transact_write_items()
        .transact_items(absent_put("bob", "core"))
        .transact_items(absent_put("ann", "core"))
        .send()
        .await
        .unwrap_err()
        .into_service_error();
    let TransactWriteItemsError::TransactionCanceledException(cancelled) = refused else {
        panic!("{refused:?}");
    };
    let codes: Vec<_> = cancelled.cancellation_reasons().iter().filter_map(|r| r.code()).collect();
    assert_eq!(codes, ["None", "ConditionalCheckFailed"]);
    assert_eq!(got(&client, "bob", "core").await, None);
}

#[tokio::test]
async fn a_transaction_repeated_with_its_token_happens_once() {
    let client = client(&Engine::memory().unwrap()).await;
    for _ in 0..2 {
        client
            .transact_write_items()
            .transact_items(absent_put("ann", "core"))
            .client_request_token("once")
            .send()
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn an_index_answers_a_range() {
    let client = client(&Engine::memory().unwrap()).await;
    for (part, due) in [("a", 1), ("b", 2), ("c", 3)] {
        put(&client, "ann", part, due).await;
    }
    let page = client
        .query()
        .table_name("profiles")
        .index_name("by-version")
        .key_condition_expression("customer = :c AND version <= :v")
        .expression_attribute_values(":c", AttributeValue::S("ann".into()))
        .expression_attribute_values(":v", AttributeValue::N("2".into()))
        .send()
        .await
        .unwrap();
    assert_eq!(page.items().iter().map(version).collect::<Vec<_>>(), [1, 2]);
}

#[tokio::test]
async fn a_batch_reads_what_exists() {
    let client = client(&Engine::memory().unwrap()).await;
    put(&client, "ann", "core", 1).await;
    let keys = KeysAndAttributes::builder()
        .keys(key("ann", "core"))
        .keys(key("bob", "core"))
        .build()
        .unwrap();
    let answer = client.batch_get_item().request_items("profiles", keys).send().await.unwrap();
    assert_eq!(answer.responses().unwrap()["profiles"].len(), 1);
}

#[tokio::test]
async fn writes_are_counted_as_dynamodb_bills_them() {
    let client = client(&Engine::memory().unwrap()).await;
    let mut big = item("ann", "core", 1);
    big.insert("filler".into(), AttributeValue::S("x".repeat(1_024)));
    let answer = client
        .put_item()
        .table_name("profiles")
        .set_item(Some(big))
        .return_consumed_capacity(ReturnConsumedCapacity::Total)
        .send()
        .await
        .unwrap();
    // Two units for the table (just over 1 KB) and one for the key-only index entry.
    assert_eq!(answer.consumed_capacity().unwrap().capacity_units(), Some(3.0));
}

#[tokio::test]
async fn an_item_past_its_time_stays_until_swept() {
    let (clock, hand) = Clock::simulated(Timestamp::from_millis(1_000_000));
    let engine = Engine::memory_with_clock(clock).unwrap();
    let client = client(&engine).await;
    expire_by(&client, "version").await;
    put(&client, "ann", "core", 1_500).await;

    assert_eq!(engine.sweep_ttl().unwrap(), 0);
    hand.set(Timestamp::from_millis(1_501_000));
    assert_eq!(got(&client, "ann", "core").await, Some(1_500));
    assert_eq!(engine.sweep_ttl().unwrap(), 1);
    assert_eq!(got(&client, "ann", "core").await, None);
}

#[tokio::test]
async fn a_broken_rule_reads_as_a_refused_value() {
    let engine = Engine::memory().unwrap();
    let refused = create_table(&raw_client(&engine), "profiles", "ix").await.unwrap_err();
    assert_eq!(refused.into_service_error().meta().code(), Some("ValidationException"));
}

#[tokio::test]
async fn an_operation_we_never_use_is_refused_by_name() {
    let refused = raw_client(&Engine::memory().unwrap()).list_backups().send().await.unwrap_err();
    let refused = refused.into_service_error();
    assert_eq!(refused.meta().code(), Some("UnsupportedOperation"));
    assert!(refused.meta().message().unwrap().contains("ListBackups"));
}

#[tokio::test]
async fn a_file_keeps_its_items_after_it_is_closed() {
    let folder = std::env::temp_dir().join(format!("attune-engine-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("kept.db");
    put(&client(&Engine::open(&file).unwrap()).await, "ann", "core", 3).await;
    let reopened = raw_client(&Engine::open(&file).unwrap());
    assert_eq!(got(&reopened, "ann", "core").await, Some(3));
    std::fs::remove_dir_all(&folder).unwrap();
}

/// Not a test but a gauge: `cargo test -p attune-embedded -- --ignored --nocapture gauge`.
#[tokio::test]
#[ignore = "a measurement, for when the engine or the SDK changes"]
async fn gauge_of_calls_per_second() {
    const CALLS: u32 = 2_000;
    let client = client(&Engine::memory().unwrap()).await;
    let filler = "x".repeat(500);
    let mut names = (0..CALLS).map(|n| n.to_string());

    let start = std::time::Instant::now();
    for n in &mut names {
        let mut item = item("ann", &n, 1);
        item.insert("filler".into(), AttributeValue::S(filler.clone()));
        client.put_item().table_name("profiles").set_item(Some(item)).send().await.unwrap();
    }
    report("put", CALLS, start);

    let start = std::time::Instant::now();
    for n in 0..CALLS {
        assert_eq!(got(&client, "ann", &n.to_string()).await, Some(1));
    }
    report("get", CALLS, start);

    let start = std::time::Instant::now();
    for n in 0..CALLS {
        let from = AttributeValue::S(n.to_string());
        let query = client.query().table_name("profiles").limit(10);
        let query = query.key_condition_expression("customer = :c AND part >= :p");
        let query = query.expression_attribute_values(":c", AttributeValue::S("ann".into()));
        query.expression_attribute_values(":p", from).send().await.unwrap();
    }
    report("query of up to 10 items", CALLS, start);

    let start = std::time::Instant::now();
    for n in 0..CALLS {
        let write = client.transact_write_items();
        let write = write.transact_items(absent_put("bob", &n.to_string()));
        let write = write.transact_items(absent_put("cyd", &n.to_string()));
        write.transact_items(absent_put("dan", &n.to_string())).send().await.unwrap();
    }
    report("transaction of 3 puts", CALLS, start);
}

fn report(what: &str, calls: u32, start: std::time::Instant) {
    let per_second = f64::from(calls) / start.elapsed().as_secs_f64();
    println!("{what}: {per_second:.0}/s");
}

/// A client of `engine`, in which the table `profiles` exists.
async fn client(engine: &Engine) -> Client {
    let client = raw_client(engine);
    create_table(&client, "profiles", "by-version").await.unwrap();
    client
}

fn raw_client(engine: &Engine) -> Client {
    Client::new(&in_process(Arc::new(engine.clone())))
}

async fn expire_by(client: &Client, attribute: &str) {
    let expiry = TimeToLiveSpecification::builder().attribute_name(attribute).enabled(true);
    client
        .update_time_to_live()
        .table_name("profiles")
        .time_to_live_specification(expiry.build().unwrap())
        .send()
        .await
        .unwrap();
}

fn absent_put(customer: &str, part: &str) -> TransactWriteItem {
    let put = Put::builder()
        .table_name("profiles")
        .set_item(Some(item(customer, part, 1)))
        .condition_expression("attribute_not_exists(customer)");
    TransactWriteItem::builder().put(put.build().unwrap()).build()
}
