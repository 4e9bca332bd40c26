//! `{% if %}` and `{% unless %}` with `{% elsif %}` and `{% else %}`.

use crate::ast::{Comparison, Condition, Expr, Node};
use crate::parse::cursor::{Cursor, Parsed};
use crate::problem::Problem;
use crate::render::{Flow, Next, Renderer};
use crate::value::Value;

use super::{Block, Body};

/// Branches of which the first that holds is rendered.
#[derive(Debug)]
pub(crate) struct Branches {
    /// Whether the first condition is turned round, as `unless` does.
    pub(crate) unless: bool,
    pub(crate) branches: Vec<Branch>,
}

/// A branch. The condition of an `else` is `None`.
#[derive(Debug)]
pub(crate) struct Branch {
    pub(crate) condition: Option<Condition>,
    pub(crate) body: Vec<Node>,
}

pub(crate) fn parse_if(cursor: &mut Cursor<'_>) -> Parsed<Box<dyn Block>> {
    open(cursor, false)
}

pub(crate) fn parse_unless(cursor: &mut Cursor<'_>) -> Parsed<Box<dyn Block>> {
    open(cursor, true)
}

fn open(cursor: &mut Cursor<'_>, unless: bool) -> Parsed<Box<dyn Block>> {
    let condition = Some(cursor.condition()?);
    Ok(Box::new(Opened { unless, condition, done: Vec::new() }))
}

struct Opened {
    unless: bool,
    /// The condition of the branch that is being filled.
    condition: Option<Condition>,
    done: Vec<(Option<Condition>, Body)>,
}

impl Block for Opened {
    /// What stands behind an `else` counts for nothing, as in Ruby, save a condition: people write
    /// `else if`, and without it the branch would be taken for everybody.
    fn branch(&mut self, name: &str, before: Body, cursor: &mut Cursor<'_>) -> Result<(), Body> {
        if name == "when" {
            return Err(before);
        }
        let mistaken = name == "else" && cursor.word() == Some("if");
        if mistaken {
            let (found, instead) = ("else if".to_owned(), "elsif");
            cursor.report((cursor.here(), Problem::WriteInstead { found, instead }));
            cursor.next();
        }
        let condition = if name == "else" && !mistaken {
            cursor.skip_all();
            None
        } else {
            let parsed = cursor.condition();
            Some(cursor.keep(parsed).unwrap_or_else(never))
        };
        self.done.push((std::mem::replace(&mut self.condition, condition), before));
        Ok(())
    }

    fn close(mut self: Box<Self>, last: Body) -> Option<(Node, bool)> {
        self.done.push((self.condition, last));
        let blank = self.done.iter().all(|(_, body)| body.blank);
        let branch =
            |(condition, body): (_, Body)| Branch { condition, body: body.into_nodes(blank) };
        let branches = self.done.into_iter().map(branch).collect();
        Some((Node::Branches(Branches { unless: self.unless, branches }), blank))
    }
}

/// A condition that could not be read.
fn never() -> Condition {
    let left = Expr::Literal(Value::Bool(false));
    Condition { first: Comparison { at: 0, negated: false, left, right: None }, rest: Vec::new() }
}

impl Branches {
    pub(crate) fn render<'r>(&'r self, renderer: &mut Renderer<'r>) -> Flow {
        for (place, branch) in self.branches.iter().enumerate() {
            let holds = match &branch.condition {
                Some(condition) => renderer.holds(condition)? != (self.unless && place == 0),
                None => true,
            };
            if holds {
                return renderer.nodes(&branch.body);
            }
        }
        Ok(Next::Go)
    }
}
