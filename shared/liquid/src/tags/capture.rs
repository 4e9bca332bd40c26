//! `{% capture name %}…{% endcapture %}`: gives a piece of output a name.
//!
//! In HTML what is captured is HTML: its outputs were escaped when they were written, and it is not
//! escaped again.

use std::sync::Arc;

use crate::ast::Node;
use crate::parse::cursor::{Cursor, Parsed};
use crate::render::{Flow, Renderer};
use crate::value::Value;

use super::{Block, Body};

#[derive(Debug)]
pub(crate) struct Capture {
    pub(crate) name: Arc<str>,
    pub(crate) body: Vec<Node>,
}

pub(crate) fn parse(cursor: &mut Cursor<'_>) -> Parsed<Box<dyn Block>> {
    let name = cursor.target()?;
    cursor.finish("the end of the tag");
    Ok(Box::new(Opened { name }))
}

struct Opened {
    name: Arc<str>,
}

impl Block for Opened {
    fn branch(&mut self, _name: &str, before: Body, _cursor: &mut Cursor<'_>) -> Result<(), Body> {
        Err(before)
    }

    fn close(self: Box<Self>, last: Body) -> Option<(Node, bool)> {
        Some((Node::Capture(Capture { name: self.name, body: last.nodes }), true))
    }
}

impl Capture {
    pub(crate) fn render<'r>(&'r self, renderer: &mut Renderer<'r>) -> Flow {
        let outer = renderer.sink.begin_capture();
        let flow = renderer.nodes(&self.body);
        let text = renderer.sink.end_capture(outer);
        let next = flow?;
        let value = if renderer.env.escapes { Value::Html(text.into()) } else { Value::from(text) };
        renderer.env.budget.key(self.name.len(), 1)?;
        renderer.frame.assigned.insert(&self.name, value);
        Ok(next)
    }
}
