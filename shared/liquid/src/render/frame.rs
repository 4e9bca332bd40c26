//! The names a template has given, apart from its data.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use crate::value::Value;

/// What belongs to one template and its `include`s. A partial under `render` begins with a new one.
#[derive(Debug, Default)]
pub(crate) struct Frame<'r> {
    /// Loops and included partials, the innermost last.
    pub(crate) scopes: Vec<Scope<'r>>,
    /// What `assign` and `capture` made.
    pub(crate) assigned: HashMap<&'r str, Value>,
    /// What `increment` and `decrement` count.
    pub(crate) counters: HashMap<&'r str, i64>,
    /// Where a loop of this name stopped, for `offset: continue`.
    pub(crate) offsets: HashMap<Arc<str>, i64>,
    /// Which value of a `cycle` comes next.
    pub(crate) cycles: HashMap<String, usize>,
    /// What the last `ifchanged` wrote.
    pub(crate) changed: Option<String>,
}

/// Names that are known for a while.
#[derive(Debug)]
pub(crate) enum Scope<'r> {
    For { name: &'r str, value: Value, state: LoopState },
    TableRow { name: &'r str, value: Value, state: TableState },
    Names(HashMap<Cow<'r, str>, Value>),
}

impl<'r> Frame<'r> {
    /// What a name stands for inside the template: the innermost scope first. Which loop a name like
    /// `forloop` means is not answered here.
    pub(crate) fn get(&self, wanted: &str) -> Option<Value> {
        let scoped = self.scopes.iter().rev().find_map(|scope| match scope {
            Scope::For { name, value, .. } | Scope::TableRow { name, value, .. } => {
                (*name == wanted).then(|| value.clone())
            }
            Scope::Names(names) => names.get(wanted).cloned(),
        });
        scoped
            .or_else(|| self.assigned.get(wanted).cloned())
            .or_else(|| self.counters.get(wanted).copied().map(Value::Int))
    }

    /// The `for` loop that is this many others further out.
    pub(crate) fn for_loop(&self, outwards: usize) -> Option<&LoopState> {
        let loops = self.scopes.iter().rev().filter_map(|scope| match scope {
            Scope::For { state, .. } => Some(state),
            _ => None,
        });
        loops.take(outwards + 1).nth(outwards).filter(|state| outwards == 0 || !state.of_partial)
    }

    /// The innermost `tablerow` loop.
    pub(crate) fn table(&self) -> Option<&TableState> {
        self.scopes.iter().rev().find_map(|scope| match scope {
            Scope::TableRow { state, .. } => Some(state),
            _ => None,
        })
    }

    /// Goes on to this item in the innermost loop.
    pub(crate) fn advance(&mut self, item: Value) {
        match self.scopes.last_mut() {
            Some(Scope::For { value, state, .. }) => {
                *value = item;
                state.index += 1;
            }
            Some(Scope::TableRow { value, state, .. }) => {
                *value = item;
                state.advance();
            }
            _ => {}
        }
    }

    pub(crate) fn push(&mut self, scope: Scope<'r>) {
        self.scopes.push(scope);
    }

    pub(crate) fn pop(&mut self) {
        self.scopes.pop();
    }
}

/// What `forloop` knows. Until the first [`Frame::advance`] its index means nothing.
#[derive(Debug, Clone)]
pub(crate) struct LoopState {
    pub(crate) name: Arc<str>,
    /// The item, counted from 1.
    pub(crate) index: usize,
    pub(crate) length: usize,
    /// Whether it is the loop of a `render … for`, which is no loop's parent.
    pub(crate) of_partial: bool,
}

impl LoopState {
    pub(crate) const PROPERTIES: [&str; 8] =
        ["name", "length", "index", "index0", "rindex", "rindex0", "first", "last"];

    pub(crate) fn property(&self, name: &str) -> Option<Value> {
        if name == "name" {
            return Some(Value::Str(self.name.clone()));
        }
        position_property(self.index, self.length, name)
    }
}

/// What `tablerowloop` knows.
#[derive(Debug, Clone)]
pub(crate) struct TableState {
    /// The item, counted from 1; 0 before the first.
    pub(crate) index: usize,
    pub(crate) length: usize,
    pub(crate) row: usize,
    pub(crate) col: usize,
    /// How many columns a row has; a number that is never reached where it has no end.
    pub(crate) cols: i64,
}

impl TableState {
    pub(crate) const PROPERTIES: [&str; 12] = [
        "length",
        "index",
        "index0",
        "rindex",
        "rindex0",
        "first",
        "last",
        "row",
        "col",
        "col0",
        "col_first",
        "col_last",
    ];

    pub(crate) fn ends_row(&self) -> bool {
        i64::try_from(self.col) == Ok(self.cols)
    }

    fn advance(&mut self) {
        if self.index > 0 && self.ends_row() {
            self.row += 1;
            self.col = 1;
        } else {
            self.col += 1;
        }
        self.index += 1;
    }

    pub(crate) fn property(&self, name: &str) -> Option<Value> {
        match name {
            "row" => Some(count(self.row)),
            "col" => Some(count(self.col)),
            "col0" => Some(count(self.col.saturating_sub(1))),
            "col_first" => Some(Value::Bool(self.col == 1)),
            "col_last" => Some(Value::Bool(self.ends_row())),
            _ => position_property(self.index, self.length, name),
        }
    }
}

fn position_property(index: usize, length: usize, name: &str) -> Option<Value> {
    Some(match name {
        "length" => count(length),
        "index" => count(index),
        "index0" => count(index.saturating_sub(1)),
        "rindex" => count((length + 1).saturating_sub(index)),
        "rindex0" => count(length.saturating_sub(index)),
        "first" => Value::Bool(index == 1),
        "last" => Value::Bool(index == length),
        _ => return None,
    })
}

fn count(count: usize) -> Value {
    Value::Int(i64::try_from(count).unwrap_or(i64::MAX))
}
