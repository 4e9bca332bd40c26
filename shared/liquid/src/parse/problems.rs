//! The mistakes met while parsing. The parser always goes on; the mode decides afterwards which of
//! them are errors.

use crate::options::Mode;
use crate::position::{Position, positions};
use crate::problem::{ParseError, ParseErrors, Problem};
use crate::suggest::nearest;

/// Mistakes with the offsets at which they stand.
#[derive(Debug)]
pub(crate) struct Problems {
    list: Vec<(usize, Problem)>,
    /// Of closing tags that do not fit: where they stand, and where the block that is open began.
    opened: Vec<(usize, usize)>,
    max: usize,
}

impl Problems {
    pub(crate) fn new(max: usize) -> Self {
        Self { list: Vec::new(), opened: Vec::new(), max: max.max(1) }
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

    /// Keeps a closing tag that does not fit, and which block was opened where.
    pub(crate) fn report_end(&mut self, at: usize, found: String, open: Option<(String, usize)>) {
        if let Some((_, opened)) = &open
            && self.opened.len() < self.max
        {
            self.opened.push((at, *opened));
        }
        let open = open.map(|(name, _)| (name, Position { line: 1, column: 1 }));
        self.report(at, Problem::UnexpectedEnd { found, open });
    }

    /// Fills in where the blocks were opened.
    fn locate_blocks(&mut self, source: &str) {
        let offsets: Vec<usize> = self.opened.iter().map(|(_, opened)| *opened).collect();
        let places: Vec<_> = self.opened.iter().zip(positions(source, &offsets)).collect();
        for (at, problem) in &mut self.list {
            if let Problem::UnexpectedEnd { open: Some((_, position)), .. } = problem
                && let Some((_, found)) = places.iter().find(|((end, _), _)| end == at)
            {
                *position = *found;
            }
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
        if self.is_full() {
            return None;
        }
        nearest(word, known).map(str::to_owned)
    }

    /// Whether no more mistakes are kept, save fatal ones: what it takes to word one is in vain.
    pub(crate) fn is_full(&self) -> bool {
        self.list.len() >= self.max
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
        self.locate_blocks(source);
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
