//! `{% for item in items limit: 3 offset: 1 reversed %}…{% else %}…{% endfor %}`.

use std::sync::Arc;

use crate::ast::{Expr, Node};
use crate::excerpt::excerpt;
use crate::number;
use crate::parse::cursor::{Cursor, Parsed};
use crate::parse::token::Kind;
use crate::problem::Problem;
use crate::render::{Flow, Items, LoopState, Next, Renderer, Scope, Stop};
use crate::value::Value;

use super::{Block, Body};

#[derive(Debug)]
pub(crate) struct For {
    at: usize,
    pub(crate) variable: Arc<str>,
    pub(crate) items: Expr,
    /// What `offset: continue` goes by and `forloop.name` tells: the variable and the items.
    name: Arc<str>,
    pub(crate) limit: Option<Expr>,
    pub(crate) offset: Option<Offset>,
    reversed: bool,
    pub(crate) body: Vec<Node>,
    pub(crate) otherwise: Option<Vec<Node>>,
}

/// Where a loop begins.
#[derive(Debug)]
pub(crate) enum Offset {
    At(Expr),
    /// Where the last loop of the same name stopped.
    Continue,
}

const ATTRIBUTES: [&str; 3] = ["limit", "offset", "reversed"];

pub(crate) fn parse(cursor: &mut Cursor<'_>) -> Parsed<Box<dyn Block>> {
    let variable = cursor.expect(Kind::Name, "the name of a variable")?;
    let variable: Arc<str> = cursor.text(variable).into();
    if !cursor.accept_word("in") {
        return Err(cursor.expected("`in` and what to loop over"));
    }
    let from = cursor.place();
    let items = cursor.expression()?;
    let name = format!("{variable}-{}", cursor.squeezed(from)).into();
    let mut tag = For {
        at: cursor.at,
        variable,
        items,
        name,
        limit: None,
        offset: None,
        reversed: false,
        body: Vec::new(),
        otherwise: None,
    };
    while !cursor.is_done() {
        if !cursor.accept(Kind::Comma) {
            tag.attribute(cursor)?;
        }
    }
    Ok(Box::new(Opened { tag, body: None }))
}

impl For {
    fn attribute(&mut self, cursor: &mut Cursor<'_>) -> Parsed<()> {
        if cursor.accept_word("reversed") {
            self.reversed = true;
            return Ok(());
        }
        let Some(word) = cursor.word() else {
            cursor.finish("`limit`, `offset`, `reversed` or the end");
            return Ok(());
        };
        if !ATTRIBUTES.contains(&word) {
            return unknown_attribute(cursor, "for", word, &ATTRIBUTES);
        }
        cursor.next();
        cursor.expect(Kind::Colon, "`:` and a number")?;
        if word == "limit" {
            self.limit = Some(cursor.expression()?);
        } else if cursor.accept_word("continue") {
            self.offset = Some(Offset::Continue);
        } else {
            self.offset = Some(Offset::At(cursor.expression()?));
        }
        Ok(())
    }
}

/// Reports an unknown attribute and skips it with its value.
pub(super) fn unknown_attribute(
    cursor: &mut Cursor<'_>,
    of: &str,
    name: &str,
    known: &[&'static str],
) -> Parsed<()> {
    let suggestion = cursor.suggestion(name, known.iter().copied());
    let (of, name) = (of.to_owned(), excerpt(name));
    cursor.report((cursor.here(), Problem::UnknownArgument { of, name, suggestion }));
    cursor.next();
    if cursor.accept(Kind::Colon) {
        cursor.expression()?;
    }
    Ok(())
}

struct Opened {
    tag: For,
    /// The body, once the `else` has begun.
    body: Option<Body>,
}

impl Block for Opened {
    fn branch(&mut self, name: &str, before: Body, cursor: &mut Cursor<'_>) -> Result<(), Body> {
        if name != "else" || self.body.is_some() {
            return Err(before);
        }
        cursor.finish("the end of the tag");
        self.body = Some(before);
        Ok(())
    }

    fn close(mut self: Box<Self>, last: Body) -> Option<(Node, bool)> {
        let (body, otherwise) = match self.body {
            Some(body) => (body, Some(last)),
            None => (last, None),
        };
        let blank = body.blank && otherwise.as_ref().is_none_or(|body| body.blank);
        self.tag.body = body.into_nodes(blank);
        self.tag.otherwise = otherwise.map(|body| body.into_nodes(blank));
        Some((Node::For(Box::new(self.tag)), blank))
    }
}

impl For {
    pub(crate) fn render<'r>(&'r self, renderer: &mut Renderer<'r>) -> Flow {
        let (items, first, count) = self.slice(renderer)?;
        renderer.at = self.at;
        if count == 0 {
            return self.otherwise.as_ref().map_or(Ok(Next::Go), |nodes| renderer.nodes(nodes));
        }
        let state =
            LoopState { name: self.name.clone(), index: 0, length: count, of_partial: false };
        renderer.frame.push(Scope::For { name: &self.variable, value: Value::Nil, state });
        let flow = self.run(renderer, &items, first, count);
        renderer.frame.pop();
        flow
    }

    fn run<'r>(
        &'r self,
        renderer: &mut Renderer<'r>,
        items: &Items,
        first: usize,
        count: usize,
    ) -> Flow {
        for turn in 0..count {
            renderer.env.budget.steps(1)?;
            let place = if self.reversed { count - 1 - turn } else { turn };
            renderer.frame.advance(items.at(first + place).unwrap_or_default());
            if renderer.nodes(&self.body)? == Next::Break {
                break;
            }
        }
        Ok(Next::Go)
    }

    /// What is looped over: from which place, and how many.
    fn slice<'r>(&'r self, renderer: &mut Renderer<'r>) -> Result<(Items, usize, usize), Stop> {
        renderer.env.budget.key(self.name.len(), 2)?;
        let offset = match &self.offset {
            None => 0,
            Some(Offset::Continue) => renderer.frame.offsets.get(&self.name).copied().unwrap_or(0),
            Some(Offset::At(expr)) => whole_or(expr, renderer)?.unwrap_or(0),
        };
        let limit = match &self.limit {
            Some(expr) => whole_or(expr, renderer)?,
            None => None,
        };
        let value = if self.otherwise.is_some() {
            renderer.value(&self.items)?
        } else {
            renderer.needed(&self.items)?
        };
        let items = Items::of(value);
        let (first, count) = window(&items, offset, limit);
        let stopped = offset.saturating_add(i64::try_from(count).unwrap_or(i64::MAX));
        renderer.frame.offsets.insert(self.name.clone(), stopped);
        Ok((items, first, count))
    }
}

/// The whole number of an attribute; `None` where it is `nil`.
pub(super) fn whole_or<'r>(
    expr: &'r Expr,
    renderer: &mut Renderer<'r>,
) -> Result<Option<i64>, Stop> {
    match renderer.needed(expr)? {
        Value::Nil => Ok(None),
        value => Ok(Some(number::whole(&value)?)),
    }
}

/// The first place and the number of items that an offset and a limit leave.
pub(super) fn window(items: &Items, offset: i64, limit: Option<i64>) -> (usize, usize) {
    let len = items.len();
    if !items.is_sliced() {
        return (0, len);
    }
    let end = limit.map_or(len, |limit| {
        usize::try_from(offset.saturating_add(limit).max(0)).unwrap_or(usize::MAX).min(len)
    });
    let first = usize::try_from(offset.max(0)).unwrap_or(usize::MAX).min(len);
    (first, end.saturating_sub(first))
}

#[cfg(test)]
mod tests {
    use crate::render::Items;
    use crate::value::Range;

    #[test]
    fn a_window_never_reaches_beyond_the_items() {
        let window = |offset, limit| {
            super::window(&Items::Range(Range { first: 1, last: 6 }), offset, limit)
        };
        assert_eq!(window(2, Some(3)), (2, 3));
        assert_eq!(window(5, Some(3)), (5, 1));
        assert_eq!(window(-1, Some(3)), (0, 2));
        assert_eq!(window(i64::MAX, Some(i64::MAX)), (6, 0));
        assert_eq!(window(0, Some(-1)), (0, 0));
    }
}
