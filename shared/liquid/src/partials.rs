//! Where `include` and `render` find their templates.

use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasher;

use crate::template::Template;

/// Templates by name, parsed beforehand: rendering reads no file and waits for nothing.
pub trait Partials {
    /// The template of this name.
    fn partial(&self, name: &str) -> Option<&Template>;
}

/// No partials at all.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoPartials;

impl Partials for NoPartials {
    fn partial(&self, _name: &str) -> Option<&Template> {
        None
    }
}

impl Partials for BTreeMap<String, Template> {
    fn partial(&self, name: &str) -> Option<&Template> {
        self.get(name)
    }
}

impl<S: BuildHasher> Partials for HashMap<String, Template, S> {
    fn partial(&self, name: &str) -> Option<&Template> {
        self.get(name)
    }
}
