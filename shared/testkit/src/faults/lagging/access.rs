//! Which items a request writes, and of which it may see the past.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::items::{Item, Items};

/// One item of one table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) table: String,
    /// The key attributes as JSON text with sorted names: values of the wire have no order of their
    /// own.
    json: String,
}

/// What a request does, as far as time is concerned.
pub(super) enum Access {
    Write(Vec<Key>),
    /// A read that need not be of this moment.
    Read(Vec<View>),
    /// A consistent read, a transaction of reads, or nothing to do with items.
    Other,
}

/// What a read looks at.
pub(super) enum View {
    Keys(Vec<Key>),
    /// A query or scan of this table.
    Table(String),
    /// A query or scan of an index of this table.
    Index(String),
}

impl Access {
    pub(super) fn of(operation: &str, body: &[u8], items: &mut Items) -> Self {
        match operation {
            "PutItem" | "UpdateItem" | "DeleteItem" => {
                Self::write(parse(body).into_iter().collect(), items)
            }
            "BatchWriteItem" => {
                let tables = parse(body).map(|batch: BatchWrite| batch.request_items);
                Self::write(tables.into_iter().flatten().flat_map(named).collect(), items)
            }
            "TransactWriteItems" => {
                let parts = parse(body).map(|whole: Transaction| whole.transact_items);
                let parts = parts.into_iter().flatten().flatten();
                // A condition check writes nothing.
                let writes = parts.filter(|(kind, _)| kind != "ConditionCheck");
                Self::write(writes.map(|(_, write)| write).collect(), items)
            }
            "GetItem" => match parse::<OneRead>(body) {
                Some(OneRead {
                    consistent_read: None | Some(false),
                    table_name,
                    key: Some(key),
                    ..
                }) => Self::Read(vec![View::Keys(vec![Key::of(table_name, &key)])]),
                _ => Self::Other,
            },
            "BatchGetItem" => {
                let tables = parse(body).map(|batch: BatchRead| batch.request_items);
                Self::Read(tables.into_iter().flatten().filter_map(keys).collect())
            }
            "Query" | "Scan" => match parse::<OneRead>(body) {
                Some(OneRead { consistent_read: Some(true), .. }) | None => Self::Other,
                Some(OneRead { index_name: Some(_), table_name, .. }) => {
                    Self::Read(vec![View::Index(table_name)])
                }
                Some(read) => Self::Read(vec![View::Table(read.table_name)]),
            },
            _ => Self::Other,
        }
    }

    fn write(writes: Vec<OneWrite>, items: &mut Items) -> Self {
        Self::Write(writes.into_iter().filter_map(|write| write.key(items)).collect())
    }
}

impl Key {
    fn of(table: String, key: &Item) -> Self {
        Self { table, json: serde_json::to_string(key).unwrap_or_default() }
    }

    /// The key attributes.
    pub(super) fn item(&self) -> Item {
        serde_json::from_str(&self.json).unwrap_or_default()
    }
}

/// A put has an item; an update and a delete have a key.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OneWrite {
    #[serde(default)]
    table_name: String,
    key: Option<Item>,
    item: Option<Item>,
}

impl OneWrite {
    fn key(self, items: &mut Items) -> Option<Key> {
        let key = match (self.key, self.item) {
            (Some(key), _) => key,
            (None, Some(mut item)) => {
                let names = items.key_names(&self.table_name);
                item.retain(|name, _| names.contains(name));
                item
            }
            (None, None) => return None,
        };
        Some(Key::of(self.table_name, &key))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OneRead {
    table_name: String,
    index_name: Option<String>,
    key: Option<Item>,
    consistent_read: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct BatchRead {
    request_items: BTreeMap<String, ReadKeys>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ReadKeys {
    keys: Vec<Item>,
    consistent_read: Option<bool>,
}

/// Each write is a map of one: `PutRequest` or `DeleteRequest`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct BatchWrite {
    request_items: BTreeMap<String, Vec<BTreeMap<String, OneWrite>>>,
}

/// Each part is a map of one: `Put`, `Update`, `Delete` or `ConditionCheck`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Transaction {
    transact_items: Vec<BTreeMap<String, OneWrite>>,
}

fn named((table, writes): (String, Vec<BTreeMap<String, OneWrite>>)) -> Vec<OneWrite> {
    let writes = writes.into_iter().flat_map(BTreeMap::into_values);
    writes.map(|write| OneWrite { table_name: table.clone(), ..write }).collect()
}

fn keys((table, read): (String, ReadKeys)) -> Option<View> {
    let eventual = read.consistent_read != Some(true);
    let keys = read.keys.iter().map(|key| Key::of(table.clone(), key));
    eventual.then(|| View::Keys(keys.collect()))
}

/// A request that does not parse is none of ours: the engine refuses it.
fn parse<T: DeserializeOwned>(body: &[u8]) -> Option<T> {
    serde_json::from_slice(body).ok()
}
