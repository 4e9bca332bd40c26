//! Values of the shop's own making, which templates read.

use serde_json::{Map, Number, Value};

use super::reader::Reader;
use super::source::{Kind, Node};

/// A value as JSON: a text without quotes that is a number or a truth is one.
pub(super) fn value(node: &Node) -> Value {
    match &node.kind {
        Kind::List(elements) => elements.iter().map(value).collect(),
        Kind::Map(entries) => entries
            .iter()
            .map(|(key, node)| (key.text().unwrap_or_default().to_owned(), value(node)))
            .collect::<Map<_, _>>()
            .into(),
        Kind::Scalar { .. } if node.is_null() => Value::Null,
        Kind::Scalar { text, plain } => {
            let number = text.parse::<Number>().ok().filter(|_| *plain);
            let truth = node.truth().map(Value::Bool);
            truth.or(number.map(Value::Number)).unwrap_or_else(|| text.as_str().into())
        }
    }
}

/// A map of them.
pub(super) fn map(reader: &mut Reader, node: &Node) -> Map<String, Value> {
    let entries = reader.entries(node).iter();
    entries.map(|(key, node)| (key.text().unwrap_or_default().to_owned(), value(node))).collect()
}
