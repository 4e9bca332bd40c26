//! Warnings and missing names, each place once and not too many of them.

use std::collections::HashSet;
use std::sync::Arc;

use crate::ast::Path;
use crate::failure::Failure;
use crate::position::{Position, position, positions};
use crate::template::{Template, Variable};

use super::Warning;

/// The template that something happened in.
#[derive(Debug, Clone)]
pub(crate) struct Place<'r> {
    pub(crate) template: &'r Template,
    /// Its name if it is a partial.
    pub(crate) partial: Option<Arc<str>>,
}

impl Place<'_> {
    pub(crate) fn position(&self, at: usize) -> Position {
        position(&self.template.source, at)
    }
}

/// Where in which template: enough to tell two places apart.
type Seen = (*const Template, usize);

/// What is reported beside the text.
#[derive(Debug)]
pub(crate) struct Report<'r> {
    max: usize,
    warnings: Vec<(Place<'r>, usize, String)>,
    missing: Vec<(Place<'r>, usize, String)>,
    warned: HashSet<Seen>,
    missed: HashSet<Seen>,
}

impl<'r> Report<'r> {
    pub(crate) fn new(max: usize) -> Self {
        Self {
            max,
            warnings: Vec::new(),
            missing: Vec::new(),
            warned: HashSet::new(),
            missed: HashSet::new(),
        }
    }

    pub(crate) fn warn(&mut self, place: &Place<'r>, at: usize, failure: &Failure) {
        if self.warnings.len() < self.max && self.warned.insert((place.template, at)) {
            self.warnings.push((place.clone(), at, failure.to_string()));
        }
    }

    pub(crate) fn miss(&mut self, place: &Place<'r>, path: &Path) {
        if self.missing.len() < self.max && self.missed.insert((place.template, path.at)) {
            let text = path.to_string();
            let known = |(other, _, name): &(Place<'r>, usize, String)| {
                *name == text && other.partial == place.partial
            };
            if !self.missing.iter().any(known) {
                self.missing.push((place.clone(), path.at, text));
            }
        }
    }

    /// The warnings and missing names with their positions.
    pub(crate) fn settle(self) -> (Vec<Warning>, Vec<Variable>) {
        let warnings = located(self.warnings, |partial, position, message| Warning {
            partial,
            position,
            message,
        });
        let missing =
            located(self.missing, |partial, position, path| Variable { path, partial, position });
        (warnings, missing)
    }
}

/// Finds all positions of one template in one pass over it.
fn located<T>(
    found: Vec<(Place<'_>, usize, String)>,
    make: fn(Option<Arc<str>>, Position, String) -> T,
) -> Vec<T> {
    let mut at = vec![Position { line: 1, column: 1 }; found.len()];
    let templates: HashSet<*const Template> =
        found.iter().map(|(place, ..)| std::ptr::from_ref(place.template)).collect();
    for template in templates {
        let mine: Vec<usize> = (0..found.len())
            .filter(|n| {
                found.get(*n).is_some_and(|(place, ..)| std::ptr::eq(place.template, template))
            })
            .collect();
        let offsets: Vec<usize> =
            mine.iter().filter_map(|n| found.get(*n)).map(|(_, at, _)| *at).collect();
        let Some(source) =
            mine.first().and_then(|n| found.get(*n)).map(|(place, ..)| &place.template.source)
        else {
            continue;
        };
        for (n, position) in mine.into_iter().zip(positions(source, &offsets)) {
            if let Some(slot) = at.get_mut(n) {
                *slot = position;
            }
        }
    }
    found
        .into_iter()
        .zip(at)
        .map(|((place, _, text), position)| make(place.partial, position, text))
        .collect()
}
