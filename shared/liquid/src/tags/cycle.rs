//! `{% cycle 'odd', 'even' %}`: writes the next of some values each time it is met.

use std::fmt::Write as _;

use crate::ast::{Expr, Node};
use crate::parse::cursor::{Cursor, Parsed};
use crate::parse::token::Kind;
use crate::render::{Flow, Next, Renderer};
use crate::value::Printer;

#[derive(Debug)]
pub(crate) struct Cycle {
    group: Group,
    pub(crate) values: Vec<Expr>,
}

/// Which cycles go on with each other.
#[derive(Debug)]
enum Group {
    /// Those with the same value before a colon.
    Named(Expr),
    /// Those with the same literal values.
    Alike(String),
    /// None but itself: it has a variable, and stands here.
    Alone(usize),
}

pub(crate) fn parse(cursor: &mut Cursor<'_>) -> Parsed<Node> {
    let first = cursor.expression()?;
    let mut values = Vec::new();
    let name = if cursor.accept(Kind::Colon) {
        values.push(cursor.expression()?);
        Some(first)
    } else {
        values.push(first);
        None
    };
    while cursor.accept(Kind::Comma) && !cursor.is_done() {
        cursor.check_arguments(values.len() + 1)?;
        values.push(cursor.expression()?);
    }
    cursor.finish("`,` or the end");
    let group = match (name, alike(&values)) {
        (Some(name), _) => Group::Named(name),
        (None, Some(key)) => Group::Alike(key),
        (None, None) => Group::Alone(cursor.at),
    };
    Ok(Node::Cycle(Cycle { group, values }))
}

/// A key that is the same for cycles of the same literals; `None` where there is a variable.
fn alike(values: &[Expr]) -> Option<String> {
    let mut key = String::from("=");
    for value in values {
        let Expr::Literal(value) = value else { return None };
        // Writing into a `String` cannot fail.
        let _ = write!(key, "{value:?},");
    }
    Some(key)
}

impl Cycle {
    pub(crate) fn name(&self) -> Option<&Expr> {
        match &self.group {
            Group::Named(name) => Some(name),
            Group::Alike(_) | Group::Alone(_) => None,
        }
    }

    pub(crate) fn render<'r>(&'r self, renderer: &mut Renderer<'r>) -> Flow {
        let key = match &self.group {
            Group::Alike(key) => key.clone(),
            Group::Alone(at) => {
                format!("@{at} {}", renderer.place.partial.as_deref().unwrap_or_default())
            }
            Group::Named(name) => {
                let name = renderer.value(name)?;
                let printer = Printer::new(renderer.env.numbers, renderer.env.budget.room());
                printer.print_inspected(&name).map_err(|_| renderer.env.budget.no_room())?
            }
        };
        renderer.env.budget.value(key.len())?;
        let place = renderer.frame.cycles.get(&key).copied().unwrap_or_default();
        let next = if place + 1 >= self.values.len() { 0 } else { place + 1 };
        renderer.frame.cycles.insert(key, next);
        match self.values.get(place) {
            Some(value) => {
                let value = renderer.needed(value)?;
                renderer.write(&value)
            }
            None => Ok(Next::Go),
        }
    }
}
