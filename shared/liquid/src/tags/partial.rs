//! `{% render 'name', a: b %}` and `{% include name %}`: a template inside a template.
//!
//! What `render` renders sees the data and its arguments, nothing else of the template around it;
//! what `include` includes sees and changes everything.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use crate::ast::{Expr, Node, Path, Segment};
use crate::excerpt::excerpt;
use crate::failure::Failure;
use crate::limits::Limit;
use crate::parse::cursor::{Cursor, Parsed};
use crate::parse::token::Kind;
use crate::problem::Problem;
use crate::render::{Flow, Frame, Items, LoopState, Next, Renderer, Scope, Stop};
use crate::template::Template;
use crate::value::Value;

#[derive(Debug)]
pub(crate) struct Partial {
    pub(crate) at: usize,
    pub(crate) name_at: usize,
    pub(crate) isolated: bool,
    pub(crate) name: Expr,
    pub(crate) bound: Option<Expr>,
    /// Whether the partial is rendered once for each item of what is bound.
    each: bool,
    alias: Option<Arc<str>>,
    pub(crate) arguments: Vec<(Arc<str>, Expr)>,
}

pub(crate) fn parse_include(cursor: &mut Cursor<'_>) -> Parsed<Node> {
    parse(cursor, false)
}

pub(crate) fn parse_render(cursor: &mut Cursor<'_>) -> Parsed<Node> {
    parse(cursor, true)
}

fn parse(cursor: &mut Cursor<'_>, isolated: bool) -> Parsed<Node> {
    if isolated && cursor.peek() != Some(Kind::Text) {
        return Err(cursor.expected("the name of a partial in quotes"));
    }
    let (at, name_at) = (cursor.at, cursor.here());
    let name = cursor.expression()?;
    let each = cursor.word() == Some("for");
    let bound = if cursor.accept_word("for") || cursor.accept_word("with") {
        Some(bound(cursor)?)
    } else {
        None
    };
    let alias = if cursor.accept_word("as") { Some(cursor.target()?) } else { None };
    let mut arguments = Vec::new();
    cursor.accept(Kind::Comma);
    while cursor.peek() == Some(Kind::Name) && cursor.peek_after(1) == Some(Kind::Colon) {
        cursor.check_arguments(arguments.len() + 1)?;
        let name = cursor.found().into();
        cursor.next();
        cursor.next();
        arguments.push((name, cursor.expression()?));
        cursor.accept(Kind::Comma);
    }
    if let Some(word) = cursor.word().filter(|_| isolated || cursor.peek_after(1).is_some()) {
        let found = excerpt(word);
        cursor.report((
            cursor.here(),
            Problem::Expected { expected: "an argument with `:` and a value", found },
        ));
        cursor.skip_all();
    }
    cursor.finish("an argument or the end");
    let partial = Partial { at, name_at, isolated, name, bound, each, alias, arguments };
    Ok(Node::Partial(Box::new(partial)))
}

/// What is bound. Old themes write `with name: value`, which binds the name and is an argument too.
fn bound(cursor: &mut Cursor<'_>) -> Parsed<Expr> {
    let Some(name) = cursor.word().filter(|_| cursor.peek_after(1) == Some(Kind::Colon)) else {
        return cursor.expression();
    };
    let (at, found) = (cursor.here(), excerpt(name));
    cursor.report((at, Problem::Expected { expected: "a value", found }));
    Ok(Expr::Path(Path { at, root: Segment::Name(name.into()), segments: Vec::new() }))
}

impl Partial {
    /// An `include` of this name and nothing else.
    pub(crate) fn of(at: usize, name: Arc<str>) -> Self {
        let (name, arguments) = (Expr::Literal(Value::Str(name)), Vec::new());
        let (isolated, bound, each, alias) = (false, None, false, None);
        Self { at, name_at: at, isolated, name, bound, each, alias, arguments }
    }

    /// Under which name the partial knows what, and whether that is each item of a list. `None` where
    /// the partial's name is only known while rendering.
    pub(crate) fn binds(&self) -> Option<(&str, Option<&Expr>, bool)> {
        let Expr::Literal(Value::Str(name)) = &self.name else { return None };
        let known_as = self.alias.as_deref().unwrap_or_else(|| last_part(name));
        Some((known_as, self.bound.as_ref(), self.each))
    }

    pub(crate) fn render<'r>(&'r self, renderer: &mut Renderer<'r>) -> Flow {
        if renderer.isolated && !self.isolated {
            renderer.at = self.at;
            return Err(Failure::IncludeInRender.into());
        }
        let name = renderer.needed(&self.name)?;
        let Some(name) = name.as_str() else {
            return Err(Failure::PartialName { found: name.kind() }.into());
        };
        renderer.env.budget.look(name.len())?;
        let template = renderer.input.partials.partial(name);
        let template = template.ok_or_else(|| Failure::NoPartial { name: excerpt(name) })?;
        renderer.env.budget.steps(self.arguments.len())?;
        let max = renderer.input.limits.partial_depth;
        if renderer.partial_depth >= max {
            return Err(Limit::PartialDepth(max).into());
        }
        let bound = match &self.bound {
            Some(bound) => Some(renderer.needed(bound)?),
            None => None,
        };
        renderer.at = self.at;
        if self.isolated {
            self.render_isolated(renderer, template, name, bound)
        } else {
            self.include(renderer, template, name, bound)
        }
    }

    /// The name under which the partial knows what is bound: the last part of its own.
    fn bound_name<'r>(&'r self, template_name: &str) -> Cow<'r, str> {
        match (&self.alias, &self.name) {
            (Some(alias), _) => Cow::Borrowed(alias),
            (None, Expr::Literal(Value::Str(name))) => Cow::Borrowed(last_part(name)),
            (None, _) => Cow::Owned(last_part(template_name).to_owned()),
        }
    }

    fn render_isolated<'r>(
        &'r self,
        renderer: &mut Renderer<'r>,
        template: &'r Template,
        name: &str,
        bound: Option<Value>,
    ) -> Flow {
        let mut names = Vec::with_capacity(self.arguments.len() + 1);
        for (name, value) in &self.arguments {
            names.push((&**name, renderer.needed(value)?));
        }
        renderer.at = self.at;
        let outer = std::mem::take(&mut renderer.frame);
        let around = std::mem::replace(&mut renderer.isolated, true);
        let flow = match bound {
            Some(list @ (Value::Array(_) | Value::Object(_) | Value::Range(_))) if self.each => {
                self.render_each(renderer, template, name, &Items::of(list), &names)
            }
            bound => {
                let bound = bound.filter(|value| *value != Value::Nil);
                names.extend(bound.map(|value| (self.isolated_name(), value)));
                renderer.frame.assigned.extend(names);
                inside(renderer, template, name)
            }
        };
        renderer.frame = outer;
        renderer.isolated = around;
        // A `break` in a partial that stands apart ends only the partial.
        flow.map(|_| Next::Go)
    }

    /// The name of what is bound where the partial's own is always written out.
    fn isolated_name(&self) -> &str {
        match (&self.alias, &self.name) {
            (Some(alias), _) => alias,
            (None, Expr::Literal(Value::Str(name))) => last_part(name),
            _ => "",
        }
    }

    /// Renders the partial once for each item, each time with nothing but its arguments.
    fn render_each<'r>(
        &'r self,
        renderer: &mut Renderer<'r>,
        template: &'r Template,
        name: &str,
        items: &Items,
        names: &[(&'r str, Value)],
    ) -> Flow {
        each(renderer, items, |renderer, value, index| {
            renderer.env.budget.steps(names.len())?;
            // The name is kept with each item, and the arguments' names are looked up anew.
            let bytes = names.iter().fold(name.len(), |bytes, (name, _)| bytes + name.len());
            renderer.env.budget.key(bytes, 1)?;
            renderer.frame = Frame::default();
            renderer.frame.assigned.extend(names.iter().cloned());
            let (length, of_partial) = (items.len(), true);
            let state = LoopState { name: name.into(), index, length, of_partial };
            renderer.frame.push(Scope::For { name: self.isolated_name(), value, state });
            inside(renderer, template, name).map(|_| Next::Go)
        })
    }

    fn include<'r>(
        &'r self,
        renderer: &mut Renderer<'r>,
        template: &'r Template,
        name: &str,
        bound: Option<Value>,
    ) -> Flow {
        let bound = bound
            .or_else(|| renderer.frame.get(name))
            .or_else(|| renderer.input.data.get(name).cloned());
        renderer.frame.push(Scope::Names(HashMap::new()));
        let flow = self.included(renderer, template, name, bound.unwrap_or_default());
        renderer.frame.pop();
        flow
    }

    /// Each argument is known to the next, and all of them to the partial.
    fn included<'r>(
        &'r self,
        renderer: &mut Renderer<'r>,
        template: &'r Template,
        name: &str,
        bound: Value,
    ) -> Flow {
        for (name, value) in &self.arguments {
            let value = renderer.needed(value)?;
            bind(renderer, Cow::Borrowed(name), value);
        }
        renderer.at = self.at;
        let variable = self.bound_name(name);
        if let Value::Array(items) = bound {
            return each(renderer, &Items::Array(items), |renderer, item, _| {
                bind(renderer, variable.clone(), item);
                inside(renderer, template, name)
            });
        }
        bind(renderer, variable, bound);
        inside(renderer, template, name)
    }
}

fn last_part(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

fn bind<'r>(renderer: &mut Renderer<'r>, variable: Cow<'r, str>, value: Value) {
    if let Some(Scope::Names(names)) = renderer.frame.scopes.last_mut() {
        names.insert(variable, value);
    }
}

/// Does something for each item, until one of them leaves the loop around the partial.
fn each<'r>(
    renderer: &mut Renderer<'r>,
    items: &Items,
    mut render: impl FnMut(&mut Renderer<'r>, Value, usize) -> Flow,
) -> Flow {
    for turn in 0..items.len() {
        renderer.env.budget.steps(1)?;
        let next = render(renderer, items.at(turn).unwrap_or_default(), turn + 1)?;
        if next != Next::Go {
            return Ok(next);
        }
    }
    Ok(Next::Go)
}

/// Renders the nodes of a partial. After an error the place stays where the error is.
fn inside<'r>(
    renderer: &mut Renderer<'r>,
    template: &'r Template,
    name: &str,
) -> Result<Next, Stop> {
    let partial = Some(name.into());
    let outer = std::mem::replace(&mut renderer.place.template, template);
    let outer_name = std::mem::replace(&mut renderer.place.partial, partial);
    renderer.partial_depth += 1;
    let next = renderer.nodes(&template.nodes)?;
    renderer.partial_depth -= 1;
    renderer.place.template = outer;
    renderer.place.partial = outer_name;
    Ok(next)
}
