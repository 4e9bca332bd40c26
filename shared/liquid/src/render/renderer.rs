//! Walks over the nodes of a template and writes its text.

use std::sync::Arc;

use crate::ast::Node;
use crate::failure::Failure;
use crate::limits::{Limit, MAX_BLOCK_DEPTH, MAX_DATA_DEPTH};
use crate::options::Mode;
use crate::template::Template;
use crate::value::Value;

use super::env::Env;
use super::frame::Frame;
use super::report::{Place, Report};
use super::sink::Sink;
use super::{RenderError, RenderInput, Rendered};

/// What ends the work on a node before it is done.
#[derive(Debug)]
pub(crate) enum Stop {
    /// A value that nothing can be done with; in a lax template it ends only this node.
    Failure(Failure),
    /// A limit; it ends everything.
    Limit(Limit),
    /// The template does not want to be sent.
    Aborted(String),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl From<Limit> for Stop {
    fn from(limit: Limit) -> Self {
        Self::Limit(limit)
    }
}

/// Whether the nodes after this one are rendered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    Go,
    /// Leave the innermost loop.
    Break,
    /// Go on with the next item of the innermost loop.
    Continue,
}

/// How a node ended.
pub(crate) type Flow = Result<Next, Stop>;

/// A rendering under way.
pub(crate) struct Renderer<'r> {
    pub(crate) input: &'r RenderInput<'r>,
    pub(crate) env: Env<'r>,
    pub(crate) frame: Frame<'r>,
    pub(crate) sink: Sink,
    pub(crate) place: Place<'r>,
    /// Where in the source the work is, for errors.
    pub(crate) at: usize,
    pub(crate) partial_depth: usize,
    /// Whether what is being rendered stands apart, under a `render`.
    pub(crate) isolated: bool,
    pub(super) report: Report<'r>,
    mode: Mode,
    depth: usize,
}

impl<'r> Renderer<'r> {
    /// Renders a template.
    pub(crate) fn render(
        template: &'r Template,
        input: &'r RenderInput<'r>,
    ) -> Result<Rendered, RenderError> {
        let mut renderer = Self {
            input,
            env: Env::new(input),
            frame: Frame::default(),
            sink: Sink::default(),
            place: Place { template, partial: None },
            at: 0,
            partial_depth: 0,
            isolated: false,
            report: Report::new(input.limits.warnings),
            mode: template.mode,
            depth: 0,
        };
        match renderer.run(&template.nodes) {
            Ok(()) => {
                let (warnings, missing) = renderer.report.settle();
                Ok(Rendered { text: renderer.sink.into_text(), warnings, missing })
            }
            Err(stop) => Err(renderer.error(stop)),
        }
    }

    fn run(&mut self, nodes: &'r [Node]) -> Result<(), Stop> {
        check_depth(self.input.data, self.input.limits.data_depth.min(MAX_DATA_DEPTH))?;
        self.nodes(nodes).map(|_| ())
    }

    fn error(&self, stop: Stop) -> RenderError {
        let partial: Option<Arc<str>> = self.place.partial.clone();
        let position = self.place.position(self.at);
        match stop {
            Stop::Failure(failure) => RenderError::Failed { failure, partial, position },
            Stop::Limit(limit) => RenderError::Limit { limit, partial, position },
            Stop::Aborted(message) => RenderError::Aborted { message },
        }
    }

    /// Renders nodes one after the other until one of them leaves a loop.
    pub(crate) fn nodes(&mut self, nodes: &'r [Node]) -> Flow {
        let max = self.input.limits.block_depth.min(MAX_BLOCK_DEPTH);
        if self.depth > max {
            return Err(Limit::BlockDepth(max).into());
        }
        self.depth += 1;
        for node in nodes {
            self.env.budget.steps(1)?;
            let next = match self.node(node) {
                Err(Stop::Failure(failure)) => self.forgive(failure)?,
                other => other?,
            };
            if next != Next::Go {
                self.depth -= 1;
                return Ok(next);
            }
        }
        self.depth -= 1;
        Ok(Next::Go)
    }

    /// Makes a warning of a failure in a lax template.
    pub(crate) fn forgive(&mut self, failure: Failure) -> Flow {
        if self.mode == Mode::Strict {
            return Err(failure.into());
        }
        self.report.warn(&self.place, self.at, &failure);
        Ok(Next::Go)
    }

    fn node(&mut self, node: &'r Node) -> Flow {
        match node {
            Node::Text(span) => {
                self.at = span.start;
                let text = span.text(&self.place.template.source);
                self.sink.write(text, &mut self.env.budget)?;
                Ok(Next::Go)
            }
            Node::Output(output) => {
                let value = self.filtered(output)?;
                self.write(&value)
            }
            Node::Assign(tag) => tag.render(self),
            Node::Capture(tag) => tag.render(self),
            Node::Branches(tag) => tag.render(self),
            Node::Case(tag) => tag.render(self),
            Node::For(tag) => tag.render(self),
            Node::TableRow(tag) => tag.render(self),
            Node::Cycle(tag) => tag.render(self),
            Node::Counter(tag) => tag.render(self),
            Node::Changed(tag) => tag.render(self),
            Node::Partial(tag) => tag.render(self),
            Node::Abort(tag) => tag.render(self),
            Node::Break => Ok(Next::Break),
            Node::Continue => Ok(Next::Continue),
        }
    }

    /// Writes a value as an output does: the items of an array one after the other.
    pub(crate) fn write(&mut self, value: &Value) -> Flow {
        if let Value::Array(items) = value {
            self.env.budget.steps(items.len())?;
            for item in items.iter() {
                self.write(item)?;
            }
            return Ok(Next::Go);
        }
        let text = self.env.text(value)?;
        let budget = &mut self.env.budget;
        match value {
            Value::Html(_) => self.sink.write(&text, budget)?,
            _ if self.env.escapes => self.sink.write_escaped(&text, budget)?,
            _ => self.sink.write(&text, budget)?,
        }
        Ok(Next::Go)
    }
}

/// Refuses data that is nested too deep to be walked by recursion later on; walks it without.
fn check_depth(data: &Value, max: usize) -> Result<(), Limit> {
    let mut open = vec![(data, 0)];
    while let Some((value, depth)) = open.pop() {
        if depth > max {
            return Err(Limit::DataDepth(max));
        }
        match value {
            Value::Array(items) => open.extend(items.iter().map(|item| (item, depth + 1))),
            Value::Object(object) => open.extend(object.iter().map(|(_, item)| (item, depth + 1))),
            _ => {}
        }
    }
    Ok(())
}
