//! `{% case value %}` with `{% when a, b or c %}` and `{% else %}`.
//!
//! As in Ruby every `when` that matches is rendered, once for each of its values that does, and an
//! `else` wherever nothing before it matched.

use crate::ast::{Expr, Node};
use crate::parse::cursor::{Cursor, Parsed};
use crate::parse::token::Kind;
use crate::render::{Flow, Next, Renderer, Stop};

use super::{Block, Body};

#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) subject: Expr,
    pub(crate) arms: Vec<Arm>,
}

/// One `when`, or an `else`, which has no values.
#[derive(Debug)]
pub(crate) struct Arm {
    pub(crate) values: Option<Vec<Expr>>,
    pub(crate) body: Vec<Node>,
}

pub(crate) fn parse(cursor: &mut Cursor<'_>) -> Parsed<Box<dyn Block>> {
    let subject = cursor.expression()?;
    cursor.finish("the end of the tag");
    Ok(Box::new(Opened { subject, arm: None, done: Vec::new(), blank: true }))
}

/// The values of a `when`; `None` for an `else`.
type Values = Option<Vec<Expr>>;

struct Opened {
    subject: Expr,
    /// The branch that is being filled; `None` before the first.
    arm: Option<Values>,
    done: Vec<(Values, Body)>,
    blank: bool,
}

impl Opened {
    fn end_arm(&mut self, body: Body, next: Option<Values>) {
        self.blank &= body.blank;
        if let Some(values) = std::mem::replace(&mut self.arm, next) {
            self.done.push((values, body));
        }
    }
}

impl Block for Opened {
    fn branch(&mut self, name: &str, before: Body, cursor: &mut Cursor<'_>) -> Result<(), Body> {
        let values = match name {
            "when" => Some(values(cursor)),
            "else" => {
                cursor.finish("the end of the tag");
                None
            }
            _ => return Err(before),
        };
        self.end_arm(before, Some(values));
        Ok(())
    }

    fn close(mut self: Box<Self>, last: Body) -> Option<(Node, bool)> {
        self.end_arm(last, None);
        let blank = self.blank;
        let arm = |(values, body): (Values, Body)| Arm { values, body: body.into_nodes(blank) };
        let arms = self.done.into_iter().map(arm).collect();
        Some((Node::Case(Case { subject: self.subject, arms }), blank))
    }
}

/// The values of a `when`, between which stands a comma or an `or`.
fn values(cursor: &mut Cursor<'_>) -> Vec<Expr> {
    let mut values = Vec::new();
    let parsed = list(cursor, &mut values);
    if cursor.keep(parsed).is_some() {
        cursor.finish("`,`, `or` or the end");
    }
    values
}

fn list(cursor: &mut Cursor<'_>, values: &mut Vec<Expr>) -> Parsed<()> {
    loop {
        cursor.check_arguments(values.len() + 1)?;
        values.push(cursor.expression()?);
        if !(cursor.accept(Kind::Comma) || cursor.accept_word("or")) {
            return Ok(());
        }
    }
}

impl Case {
    pub(crate) fn render<'r>(&'r self, renderer: &mut Renderer<'r>) -> Flow {
        let mut matched = false;
        for arm in &self.arms {
            let times = match &arm.values {
                Some(values) => self.matches(values, renderer)?,
                None => usize::from(!matched),
            };
            matched |= times > 0 && arm.values.is_some();
            for _ in 0..times {
                let next = renderer.nodes(&arm.body)?;
                if next != Next::Go {
                    return Ok(next);
                }
            }
        }
        Ok(Next::Go)
    }

    /// How many of these values the subject equals.
    fn matches<'r>(
        &'r self,
        values: &'r [Expr],
        renderer: &mut Renderer<'r>,
    ) -> Result<usize, Stop> {
        let mut count = 0;
        for value in values {
            renderer.env.budget.steps(1)?;
            count += usize::from(renderer.equals(&self.subject, value)?);
        }
        Ok(count)
    }
}
