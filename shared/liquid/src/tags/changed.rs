//! `{% ifchanged %}…{% endifchanged %}`: output only where it differs from that of the last one.

use crate::ast::Node;
use crate::parse::cursor::{Cursor, Parsed};
use crate::render::{Flow, Renderer};

use super::{Block, Body};

#[derive(Debug)]
pub(crate) struct Changed {
    pub(crate) body: Vec<Node>,
}

#[expect(clippy::unnecessary_wraps, reason = "the table of tags wants a result")]
pub(crate) fn parse(cursor: &mut Cursor<'_>) -> Parsed<Box<dyn Block>> {
    cursor.finish("the end of the tag");
    Ok(Box::new(Opened))
}

struct Opened;

impl Block for Opened {
    fn branch(&mut self, _name: &str, before: Body, _cursor: &mut Cursor<'_>) -> Result<(), Body> {
        Err(before)
    }

    fn close(self: Box<Self>, last: Body) -> Option<(Node, bool)> {
        let blank = last.blank;
        Some((Node::Changed(Changed { body: last.nodes }), blank))
    }
}

impl Changed {
    pub(crate) fn render<'r>(&'r self, renderer: &mut Renderer<'r>) -> Flow {
        let outer = renderer.sink.begin_capture();
        let flow = renderer.nodes(&self.body);
        let text = renderer.sink.end_capture(outer);
        let next = flow?;
        if renderer.frame.changed.as_ref() != Some(&text) {
            renderer.sink.write(&text, &mut renderer.env.budget)?;
            renderer.frame.changed = Some(text);
        }
        Ok(next)
    }
}
