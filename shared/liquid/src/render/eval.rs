//! What expressions and filters come to.

use crate::ast::{Expr, FilterCall, Filtered, Path, Segment};
use crate::failure::Failure;
use crate::filters::{Call, Html};
use crate::html;
use crate::number::Number;
use crate::value::{ITEM_BYTES, Range, Value};

use super::frame::{LoopState, TableState};
use super::renderer::{Renderer, Stop};

/// Parts of a path that are followed for one step. Paths of people have three or four.
const SEGMENTS_PER_STEP: usize = 8;

impl<'r> Renderer<'r> {
    /// The value of an expression after its filters. A missing name is reported, unless the template
    /// has a `default` for it.
    pub(crate) fn filtered(&mut self, filtered: &'r Filtered) -> Result<Value, Stop> {
        let provided = filtered.filters.iter().any(|call| call.filter.name == "default");
        self.through(filtered, !provided)
    }

    /// The value of an expression after its filters; whether a missing name is reported.
    fn through(&mut self, filtered: &'r Filtered, needed: bool) -> Result<Value, Stop> {
        self.at = filtered.at;
        let mut value =
            if needed { self.needed(&filtered.expr)? } else { self.value(&filtered.expr)? };
        let mut followed = match &filtered.expr {
            Expr::Path(path) if needed && value != Value::Nil => Some(path),
            _ => None,
        };
        for (place, call) in filtered.filters.iter().enumerate() {
            value = self.apply(call, value)?;
            // A path that goes on with a `lookup` can end there.
            let Some(path) = followed.filter(|_| call.looked_up().is_some()) else { continue };
            followed = (value != Value::Nil).then_some(path);
            if followed.is_none() {
                let keys =
                    filtered.filters.iter().take(place + 1).filter_map(FilterCall::looked_up);
                let text = || keys.fold(path.to_string(), |text, key| text + "." + key);
                self.report.miss(&self.place, path.at, text);
            }
        }
        Ok(value)
    }

    fn apply(&mut self, call: &'r FilterCall, input: Value) -> Result<Value, Stop> {
        let mut arguments = Vec::with_capacity(call.arguments.len());
        for argument in &call.arguments {
            arguments.push(self.needed(argument)?);
        }
        let mut named = Vec::with_capacity(call.named.len());
        for (name, argument) in &call.named {
            named.push((&**name, self.needed(argument)?));
        }
        self.at = call.at;
        let filter = call.filter;
        self.charge(&input, &arguments)?;
        let mut input = input;
        let markup =
            self.env.escapes && self.meets_markup(filter.html, &mut input, &mut arguments)?;
        let result = (filter.run)(&mut Call {
            input,
            arguments: &arguments,
            named: &named,
            env: &mut self.env,
        });
        let value = result.map_err(|stop| match stop {
            Stop::Failure(failure) => {
                Stop::Failure(Failure::Filter { filter: filter.name, failure: Box::new(failure) })
            }
            other => other,
        })?;
        Ok(if markup { as_markup(value) } else { value })
    }

    /// Takes the steps for a filter: it may look at its input and its arguments once.
    fn charge(&mut self, input: &Value, arguments: &[Value]) -> Result<(), Stop> {
        let weights = arguments.iter().map(Value::weight);
        self.env.budget.steps(arguments.len())?;
        Ok(self.env.budget.look(weights.fold(input.weight(), usize::saturating_add))?)
    }

    /// Whether a filter's result is markup, because its input is or takes markup in. What else
    /// becomes part of the result is escaped then.
    fn meets_markup(
        &mut self,
        html: Html,
        input: &mut Value,
        arguments: &mut [Value],
    ) -> Result<bool, Stop> {
        let (inserted, lifts, is_markup) = match html {
            Html::New => return Ok(false),
            Html::Keeps { inserted } => (inserted, true, matches!(input, Value::Html(_))),
            Html::Cuts { inserted } => (Some(inserted), false, matches!(input, Value::Html(_))),
            Html::Joins => (Some(0), true, holds_markup(input)),
        };
        let given = inserted.and_then(|place| arguments.get(place));
        let lifted = lifts && given.is_some_and(|given| matches!(given, Value::Html(_)));
        if !(is_markup || lifted) {
            return Ok(false);
        }
        self.escape(input, html == Html::Joins)?;
        for (place, argument) in arguments.iter_mut().enumerate() {
            // What is looked for in a text is looked for in the text once escaped.
            if !is_markup || inserted == Some(place) {
                self.escape(argument, false)?;
            }
        }
        Ok(true)
    }

    /// Escapes what is to become part of markup: as a whole, or item by item.
    fn escape(&mut self, value: &mut Value, items: bool) -> Result<(), Stop> {
        match value {
            // The text of these has no sign that means something.
            Value::Html(_) | Value::Nil | Value::Bool(_) | Value::Int(_) | Value::Float(_) => {}
            Value::Range(_) => {}
            Value::Array(list) if items => {
                self.env.budget.value(list.len().saturating_mul(ITEM_BYTES))?;
                let mut list = list.to_vec();
                list.iter_mut().try_for_each(|item| self.escape(item, true))?;
                *value = Value::from(list);
            }
            Value::Str(_) | Value::Array(_) | Value::Object(_) => {
                let text = self.env.text(value)?;
                self.env.budget.value(text.len() + html::growth(&text))?;
                *value = Value::Html(html::escape(&text).into());
            }
        }
        Ok(())
    }

    /// The value of an expression; a missing name is reported.
    pub(crate) fn needed(&mut self, expr: &'r Expr) -> Result<Value, Stop> {
        let path = match expr {
            Expr::Path(path) => path,
            Expr::Filtered(filtered) => return self.filtered(filtered),
            expr => return self.value(expr),
        };
        let value = self.path(path)?;
        if value.is_none() {
            self.report.miss(&self.place, path.at, || path.to_string());
        }
        Ok(value.unwrap_or_default())
    }

    /// The value of an expression; a missing name is `nil`.
    pub(crate) fn value(&mut self, expr: &'r Expr) -> Result<Value, Stop> {
        match expr {
            Expr::Literal(value) => Ok(value.clone()),
            Expr::Path(path) => Ok(self.path(path)?.unwrap_or_default()),
            Expr::Range(ends) => {
                // Ranges and brackets can stand in each other, twice in each.
                self.env.budget.steps(1)?;
                let (first, last) = &**ends;
                let (first, last) = (self.bound(first)?, self.bound(last)?);
                Ok(Value::Range(Range { first, last }))
            }
            Expr::Filtered(filtered) => self.through(filtered, false),
            Expr::Blank | Expr::Empty => Ok(Value::empty()),
        }
    }

    fn bound(&mut self, expr: &'r Expr) -> Result<i64, Stop> {
        let value = self.needed(expr)?;
        self.env.budget.key(value.weight(), 1)?;
        Ok(Number::of(&value)?.truncate()?)
    }

    /// The value at the end of a path; `None` where the path leads nowhere.
    fn path(&mut self, path: &'r Path) -> Result<Option<Value>, Stop> {
        self.at = path.at;
        self.env.budget.steps(path.segments.len() / SEGMENTS_PER_STEP)?;
        let mut segments = path.segments.iter();
        let mut value = match &path.root {
            Segment::Name(name) => match self.about(name) {
                Some(about) => self.told(about, &mut segments),
                None => self.root(name, &mut segments)?,
            },
            Segment::Index(expr) => {
                let name = self.needed(expr)?;
                self.keyed(&name)?
            }
        };
        for segment in segments {
            let Some(inner) = value else { return Ok(None) };
            value = self.step(&inner, segment)?;
        }
        Ok(value)
    }

    fn step(&mut self, value: &Value, segment: &'r Segment) -> Result<Option<Value>, Stop> {
        match segment {
            Segment::Name(name) => {
                if matches!(value, Value::Str(_) | Value::Html(_)) {
                    self.env.budget.look(value.weight())?;
                }
                self.env.budget.key(name.len(), 1)?;
                Ok(value.property(name))
            }
            Segment::Index(expr) => {
                self.env.budget.steps(1)?;
                let key = self.needed(expr)?;
                self.env.budget.key(key.weight(), 1)?;
                Ok(value.entry(&key))
            }
        }
    }

    /// What a name stands for. `self` is a way to write a name in brackets: `self['First name']`.
    fn root(
        &mut self,
        name: &str,
        segments: &mut std::slice::Iter<'r, Segment>,
    ) -> Result<Option<Value>, Stop> {
        let found = self.named(name)?;
        if found.is_some() || name != "self" {
            return Ok(found);
        }
        match segments.next() {
            None => Ok(None),
            Some(Segment::Name(name)) => self.named(name),
            Some(Segment::Index(expr)) => {
                let name = self.needed(expr)?;
                self.keyed(&name)
            }
        }
    }

    /// What a name stands for in the template, else in the data.
    fn named(&mut self, name: &str) -> Result<Option<Value>, Stop> {
        // Each scope, what was assigned, the counters and the data.
        self.env.budget.key(name.len(), self.frame.scopes.len() + 3)?;
        Ok(self.frame.get(name).or_else(|| self.input.data.get(name).cloned()))
    }

    /// What a name stands for that is itself a value.
    fn keyed(&mut self, name: &Value) -> Result<Option<Value>, Stop> {
        name.as_str().map_or(Ok(None), |name| self.named(name))
    }

    /// The loop that a name like `forloop` tells about.
    fn about(&self, name: &str) -> Option<About<'_>> {
        match name {
            "forloop" => self.frame.for_loop(0).map(About::For),
            "tablerowloop" => self.frame.table().map(About::TableRow),
            _ => None,
        }
    }

    /// What a path into `forloop` or `tablerowloop` leads to. These are not values but looked up
    /// where they are asked for, because making them anew for each item would be the larger part of
    /// a loop's work.
    fn told(
        &self,
        about: About<'_>,
        segments: &mut std::slice::Iter<'r, Segment>,
    ) -> Option<Value> {
        let mut state = match about {
            About::For(state) => state,
            About::TableRow(state) => {
                return property_or_all(segments, &TableState::PROPERTIES, |name| {
                    state.property(name)
                });
            }
        };
        let mut outwards = 0;
        while let [Segment::Name(name), ..] = segments.as_slice()
            && &**name == "parentloop"
        {
            segments.next();
            outwards += 1;
            state = self.frame.for_loop(outwards)?;
        }
        property_or_all(segments, &LoopState::PROPERTIES, |name| state.property(name))
    }
}

/// What a name like `forloop` tells about.
#[derive(Clone, Copy)]
enum About<'f> {
    For(&'f LoopState),
    TableRow(&'f TableState),
}

/// One property if a path goes on with its name, else an object of all.
fn property_or_all(
    segments: &mut std::slice::Iter<'_, Segment>,
    names: &[&str],
    property: impl Fn(&str) -> Option<Value>,
) -> Option<Value> {
    match segments.next() {
        Some(Segment::Name(name)) => property(name),
        Some(Segment::Index(expr)) => match &**expr {
            Expr::Literal(Value::Str(name)) => property(name),
            _ => None,
        },
        None => Some(Value::object(
            names.iter().map(|name| (*name, property(name).unwrap_or_default())),
        )),
    }
}

/// Whether a value is markup, or an array with markup in it, however deep.
fn holds_markup(value: &Value) -> bool {
    match value {
        Value::Html(_) => true,
        Value::Array(items) => items.iter().any(holds_markup),
        _ => false,
    }
}

fn as_markup(value: Value) -> Value {
    match value {
        Value::Str(text) => Value::Html(text),
        Value::Array(items) => Value::array(items.iter().cloned().map(as_markup)),
        other => other,
    }
}

impl std::fmt::Display for Path {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.root {
            Segment::Name(name) => f.write_str(name)?,
            index @ Segment::Index(_) => write!(f, "{index}")?,
        }
        self.segments.iter().try_for_each(|segment| write!(f, "{segment}"))
    }
}

impl std::fmt::Display for Segment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Name(name) => write!(f, ".{name}"),
            Self::Index(expr) => match &**expr {
                Expr::Literal(Value::Str(name)) => write!(f, ".{name}"),
                Expr::Literal(Value::Int(place)) => write!(f, "[{place}]"),
                Expr::Path(path) => write!(f, "[{path}]"),
                _ => f.write_str("[]"),
            },
        }
    }
}
