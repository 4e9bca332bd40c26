//! Reads tests on values: of traits, and of properties in `where`.

use crate::definitions::mistake::Wrong;
use crate::definitions::reader::{Members, Reader};
use crate::definitions::source::{Kind, Node};
use crate::event::trait_name;
use crate::number::Number;
use crate::time::Timestamp;
use crate::value::{Range, Scalar, ValueTest};
use crate::vocabulary::misspelt_trait;

/// Reads `where: { path: value, path: [values], path: { tests } }`.
pub(super) fn filter(reader: &mut Reader, node: &Node) -> Option<Vec<(String, Vec<ValueTest>)>> {
    let entries = reader.entries(node);
    if entries.is_empty() {
        return reader.refuse(&node.place, Wrong::EmptyGroup);
    }
    let filter = entries.iter().map(|(key, value)| {
        let path = reader.text(key)?.to_owned();
        let tests = match &value.kind {
            Kind::Map(_) => {
                let mut members = reader.members(value)?;
                let tests = among(reader, &mut members)?;
                reader.finish(&members);
                if tests.is_empty() {
                    return reader.refuse(&value.place, Wrong::NoTest("`is: red`"));
                }
                tests
            }
            _ => vec![ValueTest::In(scalars(reader, value)?)],
        };
        Some((path, tests))
    });
    // A filter's order of writing makes no difference, so it makes no other slot.
    let mut filter = filter.collect::<Option<Vec<_>>>()?;
    filter.sort_by(|(one, _), (other, _)| one.cmp(other));
    Some(filter)
}

/// The tests on a value among other keys; none if there are none.
pub(super) fn among(reader: &mut Reader, members: &mut Members<'_>) -> Option<Vec<ValueTest>> {
    let mut tests = Vec::new();
    for key in ["is", "in"] {
        if let Some(node) = members.get(key) {
            tests.push(ValueTest::In(scalars(reader, node)?));
        }
    }
    if let Some(node) = members.get("contains") {
        tests.push(ValueTest::Contains(reader.text(node)?.to_owned()));
    }
    if let Some(node) = members.get("starts_with") {
        tests.push(ValueTest::StartsWith(reader.text(node)?.to_owned()));
    }
    if let Some(range) = range(reader, members)? {
        tests.push(ValueTest::Number(range));
    }
    if let Some(node) = members.get("before") {
        tests.push(ValueTest::Before(reader.parsed(node, Timestamp::parse)?));
    }
    if let Some(node) = members.get("after") {
        tests.push(ValueTest::After(reader.parsed(node, Timestamp::parse)?));
    }
    if let Some(node) = members.get("is_set") {
        if !reader.truth(node)? {
            let advice = "write `not:` around `is_set: true`";
            return reader.refuse(&node.place, Wrong::WriteNot(advice));
        }
        tests.push(ValueTest::IsSet);
    }
    Some(tests)
}

/// The range among other keys: `at_least`, `at_most`, `more_than`, `less_than`.
pub(super) fn range(reader: &mut Reader, members: &mut Members<'_>) -> Option<Option<Range>> {
    let mut end = |reader: &mut Reader, key| match members.get(key) {
        Some(node) => reader.number(node).map(Some),
        None => Some(None),
    };
    let range = Range {
        at_least: end(reader, "at_least")?,
        at_most: end(reader, "at_most")?,
        more_than: end(reader, "more_than")?,
        less_than: end(reader, "less_than")?,
    };
    if range.is_empty() {
        return reader.refuse(members.place, Wrong::Impossible("the upper end is below the lower"));
    }
    Some((range != Range::default()).then_some(range))
}

fn scalars(reader: &mut Reader, node: &Node) -> Option<Vec<Scalar>> {
    let list = reader.list(node);
    if list.is_empty() {
        return reader.refuse(&node.place, Wrong::EmptyGroup);
    }
    list.iter().map(|node| scalar(reader, node)).collect()
}

fn scalar(reader: &mut Reader, node: &Node) -> Option<Scalar> {
    let Kind::Scalar { text, plain } = &node.kind else {
        return reader.refuse(&node.place, Wrong::Expected("a text, a number, `true` or `false`"));
    };
    if node.is_null() {
        let advice = "null is not a value; write `not:` around `is_set: true`";
        return reader.refuse(&node.place, Wrong::WriteNot(advice));
    }
    Some(match (node.truth(), Number::parse(text).filter(|_| *plain)) {
        (Some(truth), _) => Scalar::Bool(truth),
        (None, Some(number)) => Scalar::Number(number),
        (None, None) => Scalar::Text(text.clone()),
    })
}

/// Reads the path of a trait, with its first name in the one spelling.
pub(super) fn trait_path(reader: &mut Reader, node: &Node) -> Option<String> {
    let path = reader.text(node)?;
    let path = match path.split_once('.') {
        Some((first, rest)) => format!("{}.{rest}", trait_name(first)),
        None => trait_name(path).to_owned(),
    };
    if let Some(told) = misspelt_trait(&path, &path) {
        reader.doubt(node.place.clone(), told);
    }
    Some(path)
}
