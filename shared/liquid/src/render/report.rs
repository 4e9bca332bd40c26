//! Warnings and missing names, each place once and not too many of them.

use std::collections::HashSet;
use std::sync::Arc;

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

/// A warning or a missing name, and where it was met.
#[derive(Debug)]
struct Met<'r> {
    place: Place<'r>,
    at: usize,
    text: String,
    /// A warning without the data.
    fault: String,
}

/// What is reported beside the text.
#[derive(Debug)]
pub(crate) struct Report<'r> {
    max: usize,
    warnings: Vec<Met<'r>>,
    missing: Vec<Met<'r>>,
    warned: HashSet<Seen>,
    missed: HashSet<Seen>,
}

impl<'r> Report<'r> {
    pub(crate) fn new(max: usize) -> Self {
        let (warned, missed) = (HashSet::new(), HashSet::new());
        Self { max, warnings: Vec::new(), missing: Vec::new(), warned, missed }
    }

    pub(crate) fn warn(&mut self, place: &Place<'r>, at: usize, failure: &Failure) {
        if self.warnings.len() < self.max && self.warned.insert((place.template, at)) {
            let (text, fault) = (failure.to_string(), failure.without_data());
            self.warnings.push(Met { place: place.clone(), at, text, fault });
        }
    }

    pub(crate) fn miss(&mut self, place: &Place<'r>, at: usize, path: impl FnOnce() -> String) {
        if self.missing.len() < self.max && self.missed.insert((place.template, at)) {
            let text = path();
            let known = |met: &Met<'_>| met.text == text && met.place.partial == place.partial;
            if !self.missing.iter().any(known) {
                let fault = String::new();
                self.missing.push(Met { place: place.clone(), at, text, fault });
            }
        }
    }

    /// The warnings and missing names with their positions.
    pub(crate) fn settle(self) -> (Vec<Warning>, Vec<Variable>) {
        let warning = |met: Met<'_>, position| {
            let Met { place, text: message, fault, .. } = met;
            Warning { partial: place.partial, position, message, fault }
        };
        let variable = |met: Met<'_>, position| {
            let Met { place, text: path, .. } = met;
            Variable { path, partial: place.partial, position }
        };
        (located(self.warnings, warning), located(self.missing, variable))
    }
}

/// Finds the positions, all of one template in one pass over it, and keeps the order.
fn located<T>(met: Vec<Met<'_>>, make: fn(Met<'_>, Position) -> T) -> Vec<T> {
    let mut located = Vec::with_capacity(met.len());
    let mut rest: Vec<(usize, Met<'_>)> = met.into_iter().enumerate().collect();
    while let Some((_, first)) = rest.first() {
        let template = first.place.template;
        let (here, elsewhere): (Vec<_>, Vec<_>) =
            rest.into_iter().partition(|(_, met)| std::ptr::eq(met.place.template, template));
        let offsets: Vec<usize> = here.iter().map(|(_, met)| met.at).collect();
        let positions = positions(&template.source, &offsets);
        located.extend(
            here.into_iter()
                .zip(positions)
                .map(|((order, met), position)| (order, make(met, position))),
        );
        rest = elsewhere;
    }
    located.sort_by_key(|(order, _)| *order);
    located.into_iter().map(|(_, made)| made).collect()
}
