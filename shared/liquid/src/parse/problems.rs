//! The mistakes met while parsing. The parser always goes on; the mode decides afterwards which of
//! them are errors.

use crate::options::Mode;
use crate::position::positions;
use crate::problem::{ParseError, ParseErrors, Problem};
use crate::suggest::nearest;

/// Mistakes with the offsets at which they stand.
#[derive(Debug)]
pub(crate) struct Problems {
    list: Vec<(usize, Problem)>,
    max: usize,
}

impl Problems {
    pub(crate) fn new(max: usize) -> Self {
        Self { list: Vec::new(), max: max.max(1) }
    }

    /// Keeps a mistake. One that is fatal has a place even where the list is full, because without
    /// it a lax template would be rendered.
    pub(crate) fn report(&mut self, at: usize, problem: Problem) {
        if self.list.len() < self.max {
            self.list.push((at, problem));
        } else if problem.is_fatal() {
            self.list.pop();
            self.list.push((at, problem));
        }
    }

    /// How many there are, for [`Problems::instead`].
    pub(crate) fn mark(&self) -> usize {
        self.list.len()
    }

    /// Tells one mistake instead of those since the mark that only follow from it.
    pub(crate) fn instead(&mut self, mark: usize, at: usize, problem: Problem) {
        let fatal: Vec<_> = self.list.split_off(mark.min(self.list.len()));
        self.report(at, problem);
        self.list.extend(fatal.into_iter().filter(|(_, problem)| problem.is_fatal()));
    }

    /// The word that was probably meant. Looked for only while there is room for the mistake: a
    /// template of nothing but unknown words would take seconds otherwise.
    pub(crate) fn suggestion(
        &self,
        word: &str,
        known: impl IntoIterator<Item = &'static str>,
    ) -> Option<String> {
        if self.list.len() >= self.max {
            return None;
        }
        nearest(word, known).map(str::to_owned)
    }

    /// The mistakes as warnings, or as errors if the mode says so.
    pub(crate) fn settle(
        mut self,
        mode: Mode,
        source: &str,
    ) -> Result<Vec<ParseError>, ParseErrors> {
        let fatal = self.list.iter().any(|(_, problem)| problem.is_fatal());
        if fatal && mode == Mode::Lax {
            self.list.retain(|(_, problem)| problem.is_fatal());
        }
        self.list.sort_by_key(|(at, _)| *at);
        let offsets: Vec<usize> = self.list.iter().map(|(at, _)| *at).collect();
        let errors: Vec<ParseError> = positions(source, &offsets)
            .into_iter()
            .zip(self.list)
            .map(|(position, (_, problem))| ParseError { position, problem })
            .collect();
        if errors.is_empty() || (mode == Mode::Lax && !fatal) {
            return Ok(errors);
        }
        Err(ParseErrors::new(errors))
    }
}
