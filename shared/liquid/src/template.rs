//! A template that has been read and can be rendered any number of times.

use std::sync::Arc;

use crate::ast::Node;
use crate::options::{Mode, ParseOptions};
use crate::outline::{self, Outline};
use crate::parse;
use crate::position::Position;
use crate::problem::{ParseError, ParseErrors};
use crate::render::{RenderError, RenderInput, Rendered, Renderer};
use crate::variables;

/// A template that has been read.
#[derive(Debug)]
pub struct Template {
    pub(crate) source: Arc<str>,
    pub(crate) nodes: Vec<Node>,
    pub(crate) mode: Mode,
    warnings: Vec<ParseError>,
}

/// A path that a template reads from its data, and where it does so first.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Variable {
    /// The path, as in `customer.orders[0].total`. `[]` stands for the items of a loop.
    pub path: String,
    /// The partial it stands in, `None` for the template itself.
    pub partial: Option<Arc<str>>,
    /// Where it stands.
    pub position: Position,
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    ///
    /// All mistakes, in the order in which they stand. See [`Mode`] for which are errors.
    pub fn parse(source: &str, options: &ParseOptions) -> Result<Self, ParseErrors> {
        let (nodes, warnings) = parse::parse(source, options)?;
        Ok(Self { source: source.into(), nodes, mode: options.mode, warnings })
    }

    /// The text as it was read.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Renders the template.
    ///
    /// # Errors
    ///
    /// A limit that was reached, a failure in a strict template, or the template's own wish not to
    /// be sent. There is no partial output.
    pub fn render(&self, input: &RenderInput<'_>) -> Result<Rendered, RenderError> {
        Renderer::render(self, input)
    }

    /// Mistakes that were read over, in a lax template.
    pub fn warnings(&self) -> &[ParseError] {
        &self.warnings
    }

    /// Every path that the template reads from its data: not what it assigns itself. Each path
    /// once, in the order in which they stand; none of more than 1 KiB, and of all little more
    /// than 256 KiB.
    pub fn variables(&self) -> Vec<Variable> {
        variables::variables(self)
    }

    /// What the template reads, names and renders, each time it does so.
    pub fn outline(&self) -> Outline {
        outline::outline(self)
    }

    /// The partials that the template names in quotes, each once, in the order in which they stand.
    pub fn partials(&self) -> Vec<Arc<str>> {
        variables::partials(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_can_be_shared_between_threads() {
        fn check<T: Send + Sync + 'static>() {}
        check::<Template>();
        check::<Rendered>();
        check::<ParseErrors>();
    }
}
