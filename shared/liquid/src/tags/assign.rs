//! `{% assign name = value | filter %}`: gives a value a name for the rest of the template.

use std::sync::Arc;

use crate::ast::{Filtered, Node};
use crate::parse::cursor::{Cursor, Parsed};
use crate::parse::token::Kind;
use crate::render::{Flow, Next, Renderer};

#[derive(Debug)]
pub(crate) struct Assign {
    pub(crate) name: Arc<str>,
    pub(crate) value: Filtered,
}

pub(crate) fn parse(cursor: &mut Cursor<'_>) -> Parsed<Node> {
    let name = cursor.target()?;
    cursor.expect(Kind::Assign, "`=` and a value")?;
    Ok(Node::Assign(Assign { name, value: cursor.filtered() }))
}

impl Assign {
    /// The name outlives every loop that the tag stands in, as in Ruby.
    pub(crate) fn render<'r>(&'r self, renderer: &mut Renderer<'r>) -> Flow {
        let value = renderer.filtered(&self.value)?;
        renderer.env.budget.key(self.name.len(), 1)?;
        renderer.frame.assigned.insert(&self.name, value);
        Ok(Next::Go)
    }
}
