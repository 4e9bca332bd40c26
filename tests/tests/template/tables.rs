//! The tables of the template are those that the store creates for itself on one machine.

use std::collections::{BTreeMap, BTreeSet};

use attune_aws::store::Table;
use attune_testkit::World;
use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};

use crate::template::{STACK, Template};

/// The prefix of tables in every world.
const WORLD: &str = "attune-";

#[tokio::test]
async fn every_table_is_as_the_store_creates_it() {
    let (world, template) = (World::new().await, Template::read());
    let described: BTreeMap<String, Value> = template
        .resources("AWS::DynamoDB::Table")
        .values()
        .map(|table| {
            let name = template.text(&table["TableName"]);
            let suffix = name.strip_prefix(&format!("{STACK}-")).expect("the stack's prefix");
            (suffix.to_owned(), shape(table, &table["TimeToLiveSpecification"]))
        })
        .collect();
    let created: BTreeMap<String, Value> = Table::ALL
        .into_iter()
        .map(|table| {
            let name = format!("{WORLD}{}", table.suffix());
            let ttl = ask(&world, "DescribeTimeToLive", &name);
            let table_as_created = ask(&world, "DescribeTable", &name);
            let shape = shape(&table_as_created["Table"], &ttl["TimeToLiveDescription"]);
            (table.suffix().to_owned(), shape)
        })
        .collect();
    assert_eq!(created, described, "left: what the store creates; right: the template");
}

#[test]
fn every_table_outlives_mistakes() {
    let template = Template::read();
    for name in template.resources("AWS::DynamoDB::Table").into_keys() {
        let resource = &template.whole()["Resources"][name];
        let table = &resource["Properties"];
        assert_eq!(resource["DeletionPolicy"], "Retain", "{name}");
        assert_eq!(resource["UpdateReplacePolicy"], "Retain", "{name}");
        assert_eq!(table["BillingMode"], "PAY_PER_REQUEST", "{name}");
        assert_eq!(table["SSESpecification"]["SSEEnabled"], true, "{name}");
        let recovery = &table["PointInTimeRecoverySpecification"];
        assert_eq!(recovery["PointInTimeRecoveryEnabled"], true, "{name}");
        assert_eq!(table["DeletionProtectionEnabled"], true, "{name}");
    }
}

fn ask(world: &World, operation: &str, table: &str) -> Value {
    let request = Request::post("/")
        .header("x-amz-target", format!("DynamoDB_20120810.{operation}"))
        .body(Bytes::from(json!({"TableName": table}).to_string()))
        .expect("a request");
    serde_json::from_slice(world.engine.answer(&request).body()).expect("JSON")
}

/// What cannot be changed later, or would be missed: keys, their types, indexes and expiry.
fn shape(table: &Value, ttl: &Value) -> Value {
    let index = |index: &Value| {
        json!({
            "name": index["IndexName"],
            "key": index["KeySchema"],
            "projection": index["Projection"],
        })
    };
    let indexes = table["GlobalSecondaryIndexes"].as_array().into_iter().flatten();
    let attributes = table["AttributeDefinitions"].as_array().into_iter().flatten();
    let sorted: BTreeSet<String> = attributes.map(Value::to_string).collect();
    json!({
        "key": table["KeySchema"],
        "attributes": sorted,
        "indexes": indexes.map(index).collect::<Vec<_>>(),
        "expires by": ttl["AttributeName"],
    })
}
