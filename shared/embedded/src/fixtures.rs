//! The table the tests write to, and the few calls they make over and over.

use std::collections::HashMap;

use attune_aws::sdk::dynamodb;
use dynamodb::Client;
use dynamodb::error::SdkError;
use dynamodb::operation::create_table::CreateTableError;
use dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, GlobalSecondaryIndex, KeySchemaElement,
    KeyType, Projection, ProjectionType, ScalarAttributeType,
};

pub(crate) async fn create_table(
    client: &Client,
    table: &str,
    index: &str,
) -> Result<(), SdkError<CreateTableError>> {
    let keys_only = Projection::builder().projection_type(ProjectionType::KeysOnly).build();
    let index = GlobalSecondaryIndex::builder()
        .index_name(index)
        .key_schema(key_part("customer", KeyType::Hash))
        .key_schema(key_part("version", KeyType::Range))
        .projection(keys_only)
        .build()
        .unwrap();
    client
        .create_table()
        .table_name(table)
        .billing_mode(BillingMode::PayPerRequest)
        .attribute_definitions(attribute("customer", ScalarAttributeType::S))
        .attribute_definitions(attribute("part", ScalarAttributeType::S))
        .attribute_definitions(attribute("version", ScalarAttributeType::N))
        .key_schema(key_part("customer", KeyType::Hash))
        .key_schema(key_part("part", KeyType::Range))
        .global_secondary_indexes(index)
        .send()
        .await
        .map(drop)
}

pub(crate) fn attribute(name: &str, kind: ScalarAttributeType) -> AttributeDefinition {
    AttributeDefinition::builder().attribute_name(name).attribute_type(kind).build().unwrap()
}

pub(crate) fn key_part(name: &str, kind: KeyType) -> KeySchemaElement {
    KeySchemaElement::builder().attribute_name(name).key_type(kind).build().unwrap()
}

pub(crate) async fn put(client: &Client, customer: &str, part: &str, version: i64) {
    let item = item(customer, part, version);
    client.put_item().table_name("profiles").set_item(Some(item)).send().await.unwrap();
}

pub(crate) async fn got(client: &Client, customer: &str, part: &str) -> Option<i64> {
    let read = client.get_item().table_name("profiles").consistent_read(true);
    let answer = read.set_key(Some(key(customer, part))).send().await.unwrap();
    answer.item().map(version)
}

pub(crate) fn item(customer: &str, part: &str, version: i64) -> HashMap<String, AttributeValue> {
    let mut item = key(customer, part);
    item.insert("version".into(), AttributeValue::N(version.to_string()));
    item
}

pub(crate) fn key(customer: &str, part: &str) -> HashMap<String, AttributeValue> {
    HashMap::from([
        ("customer".into(), AttributeValue::S(customer.into())),
        ("part".into(), AttributeValue::S(part.into())),
    ])
}

pub(crate) fn version(item: &HashMap<String, AttributeValue>) -> i64 {
    item["version"].as_n().unwrap().parse().unwrap()
}
