//! `{% abort_message('reason') %}` in Braze: the message is not to be sent.

use crate::ast::{Expr, Node};
use crate::parse::cursor::{Cursor, Parsed};
use crate::parse::token::Kind;
use crate::render::{Flow, Renderer, Stop};

#[derive(Debug)]
pub(crate) struct Abort {
    pub(crate) message: Option<Expr>,
}

pub(crate) fn parse(cursor: &mut Cursor<'_>) -> Parsed<Node> {
    let mut message = None;
    if cursor.accept(Kind::OpenRound) && cursor.peek() != Some(Kind::CloseRound) {
        message = Some(cursor.expression()?);
    }
    cursor.accept(Kind::CloseRound);
    cursor.finish("a reason in brackets, or the end");
    Ok(Node::Abort(Abort { message }))
}

impl Abort {
    pub(crate) fn render<'r>(&'r self, renderer: &mut Renderer<'r>) -> Flow {
        let message = match &self.message {
            Some(message) => {
                let value = renderer.value(message)?;
                renderer.env.text(&value)?.to_string()
            }
            None => String::new(),
        };
        Err(Stop::Aborted(message))
    }
}
