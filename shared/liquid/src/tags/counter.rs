//! `{% increment name %}` and `{% decrement name %}`: counters that live beside what `assign` names.

use std::sync::Arc;

use crate::ast::Node;
use crate::failure::Failure;
use crate::parse::cursor::{Cursor, Parsed};
use crate::render::{Flow, Renderer};
use crate::value::Value;

#[derive(Debug)]
pub(crate) struct Counter {
    at: usize,
    pub(crate) name: Arc<str>,
    /// Whether it counts down, and then writes what it has counted to instead of what it had.
    down: bool,
}

pub(crate) fn increment(cursor: &mut Cursor<'_>) -> Parsed<Node> {
    parse(cursor, false)
}

pub(crate) fn decrement(cursor: &mut Cursor<'_>) -> Parsed<Node> {
    parse(cursor, true)
}

fn parse(cursor: &mut Cursor<'_>, down: bool) -> Parsed<Node> {
    let name = cursor.target()?;
    cursor.finish("the end of the tag");
    Ok(Node::Counter(Counter { at: cursor.at, name, down }))
}

impl Counter {
    /// A counter begins with the whole number that the data has under its name, else at 0, and hides
    /// what the data holds.
    pub(crate) fn render<'r>(&'r self, renderer: &mut Renderer<'r>) -> Flow {
        renderer.at = self.at;
        renderer.env.budget.key(self.name.len(), 3)?;
        let counted = renderer.frame.counters.get(&*self.name).copied();
        let before = counted.unwrap_or_else(|| match renderer.input.data.get(&self.name) {
            Some(Value::Int(number)) => *number,
            _ => 0,
        });
        let after =
            before.checked_add(if self.down { -1 } else { 1 }).ok_or(Failure::NumberTooLarge)?;
        renderer.frame.counters.insert(&self.name, after);
        renderer.write(&Value::Int(if self.down { after } else { before }))
    }
}
