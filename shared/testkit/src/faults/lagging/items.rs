//! Single items of the engine, read and written past every fault.

use std::collections::BTreeMap;

use attune_embedded::Engine;
use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Value, json};

use super::access::Key;

/// An item as the wire has it: attribute to typed value. Sorted, so that equal keys are equal text.
pub(super) type Item = BTreeMap<String, Value>;

#[derive(Debug)]
pub(super) struct Items {
    engine: Engine,
    /// The key attributes of each table seen so far; they never change.
    key_names: BTreeMap<String, Vec<String>>,
}

impl Items {
    pub(super) fn new(engine: Engine) -> Self {
        Self { engine, key_names: BTreeMap::new() }
    }

    pub(super) fn answer(&self, request: &Request<Bytes>) -> Response<Bytes> {
        self.engine.answer(request)
    }

    /// The item with `key`. None also if the engine finds fault with the key, as it will then with
    /// the request the key is from.
    pub(super) fn get(&self, key: &Key) -> Option<Item> {
        let body = json!({ "TableName": key.table, "Key": key.item(), "ConsistentRead": true });
        let item = self.ask("GetItem", &body)?.get_mut("Item")?.take();
        serde_json::from_value(item).ok()
    }

    /// Makes the item with `key` be `image`, or not be.
    pub(super) fn set(&self, key: &Key, image: Option<Item>) {
        let done = match image {
            Some(item) => self.ask("PutItem", &json!({ "TableName": key.table, "Item": item })),
            None => self.ask("DeleteItem", &json!({ "TableName": key.table, "Key": key.item() })),
        };
        assert!(done.is_some(), "the engine took an item of `{}` but not back again", key.table);
    }

    /// The attributes that make up the key of `table`; none if there is no such table.
    pub(super) fn key_names(&mut self, table: &str) -> Vec<String> {
        if let Some(names) = self.key_names.get(table) {
            return names.clone();
        }
        let Some(names) = self.described_key(table) else { return Vec::new() };
        self.key_names.insert(table.to_owned(), names.clone());
        names
    }

    fn described_key(&self, table: &str) -> Option<Vec<String>> {
        let answer = self.ask("DescribeTable", &json!({ "TableName": table }))?;
        let schema = answer.pointer("/Table/KeySchema")?.as_array()?;
        let names = schema.iter().filter_map(|part| part.get("AttributeName")?.as_str());
        Some(names.map(str::to_owned).collect())
    }

    fn ask(&self, operation: &str, body: &Value) -> Option<Value> {
        let mut request = Request::new(Bytes::from(body.to_string()));
        let target = format!("DynamoDB_20120810.{operation}").parse().ok()?;
        request.headers_mut().insert("x-amz-target", target);
        let response = self.engine.answer(&request);
        let answer = response.status().is_success().then(|| response.into_body())?;
        serde_json::from_slice(&answer).ok()
    }
}
