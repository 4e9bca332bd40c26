//! The template as JSON: YAML whose short tags (`!Ref x`) become the long functions (`{"Ref": "x"}`).

use saphyr_parser::{Event, Parser, ScalarStyle, Tag};
use serde_json::{Map, Value, json};

/// Reads a template, or fails the test.
#[track_caller]
pub(crate) fn read(text: &str) -> Value {
    let mut open: Vec<Open> = Vec::new();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.expect("YAML");
        let line = span.start.line();
        let done = match event {
            Event::Scalar(text, style, _, tag) => function(tag.as_deref(), scalar(&text, style)),
            Event::SequenceStart(_, tag) => {
                open.push(Open::new(json!([]), tag.as_deref()));
                continue;
            }
            Event::MappingStart(_, tag) => {
                open.push(Open::new(json!({}), tag.as_deref()));
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let done = open.pop().expect("an end has a start");
                wrapped(done.function, done.value)
            }
            Event::Alias(_) => panic!("line {line}: CloudFormation knows no aliases"),
            _ => continue,
        };
        match open.last_mut() {
            Some(parent) => parent.take(done, line),
            None => return done,
        }
    }
    panic!("the template is empty")
}

/// A list or map whose end has not come.
struct Open {
    value: Value,
    function: Option<String>,
    key: Option<String>,
}

impl Open {
    fn new(value: Value, tag: Option<&Tag>) -> Self {
        Self { value, function: tag.and_then(name), key: None }
    }

    fn take(&mut self, child: Value, line: usize) {
        match (&mut self.value, self.key.take()) {
            (Value::Array(elements), _) => elements.push(child),
            (Value::Object(members), Some(key)) => insert(members, key, child, line),
            (_, None) => {
                self.key = Some(child.as_str().map_or_else(|| child.to_string(), str::to_owned));
            }
            _ => unreachable!("only lists and maps are open"),
        }
    }
}

fn insert(members: &mut Map<String, Value>, key: String, child: Value, line: usize) {
    assert!(!members.contains_key(&key), "line {line}: `{key}` stands here twice");
    members.insert(key, child);
}

fn scalar(text: &str, style: ScalarStyle) -> Value {
    if style != ScalarStyle::Plain {
        return text.into();
    }
    match text {
        "" | "~" | "null" => Value::Null,
        "true" => true.into(),
        "false" => false.into(),
        _ => text.parse::<i64>().map_or_else(|_| text.into(), Value::from),
    }
}

/// The long name of a short tag. `!` alone, before a quoted text, is no function.
fn name(tag: &Tag) -> Option<String> {
    match tag.suffix.as_str() {
        "" => None,
        short @ ("Ref" | "Condition") => Some(short.to_owned()),
        short => Some(format!("Fn::{short}")),
    }
}

fn function(tag: Option<&Tag>, value: Value) -> Value {
    let name = tag.and_then(name);
    match (name.as_deref(), value.as_str()) {
        (Some("Fn::GetAtt"), Some(path)) => {
            let (resource, attribute) = path.split_once('.').expect("`!GetAtt Resource.Attribute`");
            json!({ "Fn::GetAtt": [resource, attribute] })
        }
        _ => wrapped(name, value),
    }
}

fn wrapped(function: Option<String>, value: Value) -> Value {
    match function {
        Some(name) => Value::Object(Map::from_iter([(name, value)])),
        None => value,
    }
}

#[test]
fn short_tags_become_long_functions() {
    let text = "a: !Ref B\nc: !GetAtt D.Arn\ne: !Join [\":\", [!Ref F, \"1\"]]\ng: ['2', 3, true]";
    let long = json!({
        "a": {"Ref": "B"},
        "c": {"Fn::GetAtt": ["D", "Arn"]},
        "e": {"Fn::Join": [":", [{"Ref": "F"}, "1"]]},
        "g": ["2", 3, true],
    });
    assert_eq!(read(text), long);
}
