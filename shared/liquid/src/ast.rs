//! A template after parsing: what the renderer walks over.

use std::sync::Arc;

use crate::filters::{Filter, LOOKUPS};
use crate::parse::token::Compare;
use crate::position::Span;
use crate::tags::{
    abort::Abort, assign::Assign, branch::Branches, capture::Capture, case::Case, changed::Changed,
    counter::Counter, cycle::Cycle, for_loop::For, partial::Partial, tablerow::TableRow,
};
use crate::value::Value;

/// One step of rendering.
#[derive(Debug)]
pub(crate) enum Node {
    Text(Span),
    Output(Filtered),
    Assign(Assign),
    Capture(Capture),
    Branches(Branches),
    Case(Case),
    For(Box<For>),
    TableRow(Box<TableRow>),
    Cycle(Cycle),
    Counter(Counter),
    Changed(Changed),
    Partial(Box<Partial>),
    Break,
    Continue,
    Abort(Abort),
}

/// An expression and the filters it goes through.
#[derive(Debug)]
pub(crate) struct Filtered {
    pub(crate) at: usize,
    pub(crate) expr: Expr,
    pub(crate) filters: Vec<FilterCall>,
}

/// A filter with its arguments.
#[derive(Debug)]
pub(crate) struct FilterCall {
    pub(crate) at: usize,
    pub(crate) filter: &'static Filter,
    pub(crate) arguments: Vec<Expr>,
    pub(crate) named: Vec<(Arc<str>, Expr)>,
}

impl FilterCall {
    /// The text in quotes that a filter like `lookup` follows a path to, as a `.` does.
    pub(crate) fn looked_up(&self) -> Option<&str> {
        match self.arguments.as_slice() {
            [Expr::Literal(Value::Str(key))] if LOOKUPS.contains(&self.filter.name) => Some(key),
            _ => None,
        }
    }
}

/// Something with a value.
#[derive(Debug)]
pub(crate) enum Expr {
    Literal(Value),
    Path(Path),
    Range(Box<(Expr, Expr)>),
    /// Filters inside a condition, in dialects that have them.
    Filtered(Box<Filtered>),
    /// `blank`: a test beside `==`, the empty text elsewhere.
    Blank,
    /// `empty`: a test beside `==`, the empty text elsewhere.
    Empty,
}

/// A way into the data: a name and what follows it.
#[derive(Debug)]
pub(crate) struct Path {
    pub(crate) at: usize,
    pub(crate) root: Segment,
    pub(crate) segments: Vec<Segment>,
}

/// One part of a path.
#[derive(Debug)]
pub(crate) enum Segment {
    /// `.name`
    Name(Arc<str>),
    /// `[…]`
    Index(Box<Expr>),
}

/// Comparisons joined by `and` and `or`, which bind alike and from the right, as in Ruby.
#[derive(Debug)]
pub(crate) struct Condition {
    pub(crate) first: Comparison,
    pub(crate) rest: Vec<(Junction, Comparison)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Junction {
    And,
    Or,
}

/// One test of a condition.
#[derive(Debug)]
pub(crate) struct Comparison {
    pub(crate) at: usize,
    pub(crate) negated: bool,
    pub(crate) left: Expr,
    pub(crate) right: Option<(Compare, Expr)>,
}
