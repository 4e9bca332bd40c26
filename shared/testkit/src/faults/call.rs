//! A call of AWS as a test names it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use attune_embedded::service::Service;
use bytes::Bytes;
use http::Request;
use serde::Deserialize;
use serde_json::{Map, Value};

/// One call a process made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Its number, from 1, in the order in which the calls of this process began.
    pub n: usize,
    /// The service it went to.
    pub service: Service,
    /// The API's word for it, say `PutItem` or `SendEmail`.
    pub operation: String,
    /// The tables it names, in order and once each, with the index if it names one:
    /// `messages`, `messages/by-due`, `messages+profiles`. Empty for the senders, whose targets are
    /// people.
    pub target: String,
    /// When it began, since the [`Faults`](super::Faults) were made.
    pub at: Duration,
}

impl Call {
    pub(super) fn of(request: &Request<Bytes>, n: usize, at: Duration) -> Self {
        let service = Service::of(request);
        let target = match service {
            Service::DynamoDb => tables(request.body()),
            Service::Ses | Service::Sns => String::new(),
        };
        Self { n, service, operation: service.operation(request).into_owned(), target, at }
    }

    /// Whether it hands a message to somebody.
    pub fn is_send(&self) -> bool {
        matches!(self.operation.as_str(), "SendEmail" | "Publish")
    }

    /// Whether it writes one item by itself.
    pub fn is_plain_write(&self) -> bool {
        matches!(self.operation.as_str(), "PutItem" | "UpdateItem" | "DeleteItem")
    }

    /// Whether it is a transaction of reads or writes.
    pub fn is_transaction(&self) -> bool {
        self.operation.starts_with("Transact")
    }

    /// Whether `DynamoDB` may leave a part of it undone.
    pub fn is_batch(&self) -> bool {
        self.operation.starts_with("Batch")
    }
}

/// The names in a `DynamoDB` request; everything else is skipped unread.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Names {
    table_name: Option<String>,
    index_name: Option<String>,
    request_items: Map<String, Value>,
    transact_items: Vec<BTreeMap<String, Named>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Named {
    table_name: String,
}

fn tables(body: &[u8]) -> String {
    let names: Names = serde_json::from_slice(body).unwrap_or_default();
    let single = names.table_name.map(|table| match names.index_name {
        Some(index) => format!("{table}/{index}"),
        None => table,
    });
    let parts = names.transact_items.into_iter().flat_map(BTreeMap::into_values);
    let tables: BTreeSet<String> = single
        .into_iter()
        .chain(names.request_items.into_iter().map(|(table, _)| table))
        .chain(parts.map(|part| part.table_name))
        .collect();
    tables.into_iter().collect::<Vec<_>>().join("+")
}
