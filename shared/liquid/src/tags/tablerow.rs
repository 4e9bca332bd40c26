//! `{% tablerow item in items cols: 2 %}…{% endtablerow %}`: the rows and cells of an HTML table.

use std::sync::Arc;

use crate::ast::{Expr, Node};
use crate::failure::Failure;
use crate::number::Number;
use crate::parse::cursor::{Cursor, Parsed};
use crate::parse::token::Kind;
use crate::render::{Flow, Items, Next, Renderer, Scope, Stop, TableState};
use crate::value::Value;

use super::for_loop::{unknown_attribute, window};
use super::{Block, Body};

#[derive(Debug)]
pub(crate) struct TableRow {
    at: usize,
    pub(crate) variable: Arc<str>,
    pub(crate) items: Expr,
    pub(crate) cols: Option<Expr>,
    pub(crate) limit: Option<Expr>,
    pub(crate) offset: Option<Expr>,
    pub(crate) body: Vec<Node>,
}

const ATTRIBUTES: [&str; 4] = ["cols", "limit", "offset", "range"];

pub(crate) fn parse(cursor: &mut Cursor<'_>) -> Parsed<Box<dyn Block>> {
    let variable = cursor.expect(Kind::Name, "the name of a variable")?;
    let variable: Arc<str> = cursor.text(variable).into();
    if !cursor.accept_word("in") {
        return Err(cursor.expected("`in` and what to loop over"));
    }
    let items = cursor.expression()?;
    let mut tag = TableRow {
        at: cursor.at,
        variable,
        items,
        cols: None,
        limit: None,
        offset: None,
        body: Vec::new(),
    };
    while !cursor.is_done() {
        if !cursor.accept(Kind::Comma) {
            tag.attribute(cursor)?;
        }
    }
    Ok(Box::new(Opened { tag }))
}

struct Opened {
    tag: TableRow,
}

impl Block for Opened {
    fn branch(&mut self, _name: &str, before: Body, _cursor: &mut Cursor<'_>) -> Result<(), Body> {
        Err(before)
    }

    fn close(mut self: Box<Self>, last: Body) -> Option<(Node, bool)> {
        let blank = last.blank;
        self.tag.body = last.nodes;
        Some((Node::TableRow(Box::new(self.tag)), blank))
    }
}

impl TableRow {
    fn attribute(&mut self, cursor: &mut Cursor<'_>) -> Parsed<()> {
        let Some(word) = cursor.word() else {
            cursor.finish("`cols`, `limit`, `offset` or the end");
            return Ok(());
        };
        if !ATTRIBUTES.contains(&word) {
            return unknown_attribute(cursor, "tablerow", word, &ATTRIBUTES);
        }
        cursor.next();
        cursor.expect(Kind::Colon, "`:` and a number")?;
        let value = cursor.expression()?;
        match word {
            "cols" => self.cols = Some(value),
            "limit" => self.limit = Some(value),
            "offset" => self.offset = Some(value),
            // Ruby takes a `range` and does nothing with it.
            _ => {}
        }
        Ok(())
    }

    pub(crate) fn render<'r>(&'r self, renderer: &mut Renderer<'r>) -> Flow {
        let value = renderer.needed(&self.items)?;
        if !value.is_truthy() {
            return Ok(Next::Go);
        }
        let items = Items::of(value);
        let offset = int(self.offset.as_ref(), renderer)?.unwrap_or(0);
        let limit = int(self.limit.as_ref(), renderer)?;
        let (first, count) = window(&items, offset, limit);
        let length = i64::try_from(count).unwrap_or(i64::MAX);
        let cols = int(self.cols.as_ref(), renderer)?.unwrap_or(length);
        renderer.at = self.at;
        let state = TableState { index: 0, length: count, row: 1, col: 0, cols };
        renderer.sink.write("<tr class=\"row1\">\n", &mut renderer.env.budget)?;
        renderer.frame.push(Scope::TableRow { name: &self.variable, value: Value::Nil, state });
        let flow = self.cells(renderer, &items, first, count);
        renderer.frame.pop();
        flow?;
        renderer.sink.write("</tr>\n", &mut renderer.env.budget)?;
        Ok(Next::Go)
    }

    fn cells<'r>(
        &'r self,
        renderer: &mut Renderer<'r>,
        items: &Items,
        first: usize,
        count: usize,
    ) -> Flow {
        for turn in 0..count {
            renderer.env.budget.steps(1)?;
            renderer.frame.advance(items.at(first + turn).unwrap_or_default());
            let (row, col) = renderer.frame.table().map_or((1, 1), |state| (state.row, state.col));
            renderer.sink.write(&format!("<td class=\"col{col}\">"), &mut renderer.env.budget)?;
            let next = renderer.nodes(&self.body)?;
            renderer.sink.write("</td>", &mut renderer.env.budget)?;
            if next == Next::Break {
                break;
            }
            let ends_row = renderer.frame.table().is_some_and(TableState::ends_row);
            if ends_row && turn + 1 < count {
                let rows = format!("</tr>\n<tr class=\"row{}\">", row + 1);
                renderer.sink.write(&rows, &mut renderer.env.budget)?;
            }
        }
        Ok(Next::Go)
    }
}

/// An attribute as a whole number, by Ruby's lenient conversion: text by its leading digits.
fn int<'r>(expr: Option<&'r Expr>, renderer: &mut Renderer<'r>) -> Result<Option<i64>, Stop> {
    let Some(expr) = expr else { return Ok(None) };
    match renderer.needed(expr)? {
        value @ (Value::Bool(_) | Value::Array(_) | Value::Object(_) | Value::Range(_)) => {
            Err(Failure::not_whole(&value).into())
        }
        value => Ok(Some(Number::of(&value)?.truncate()?)),
    }
}
