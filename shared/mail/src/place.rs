//! Places in a source.

use std::fmt;

/// Where something stands in a source or in one of its partials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The partial; `None` is the source itself.
    pub partial: Option<String>,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
}

impl Place {
    /// The place of a byte of `text`.
    pub(crate) fn of(partial: Option<&str>, text: &str, at: usize) -> Self {
        let before = text.get(..at.min(text.len())).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let last = before.rsplit('\n').next().unwrap_or_default();
        let column = last.chars().count() + 1;
        Self { partial: partial.map(str::to_owned), line, column }
    }
}

impl fmt::Display for Place {
    /// ``partial `footer`, line 3, column 7``
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(partial) = &self.partial {
            write!(f, "partial `{partial}`, ")?;
        }
        write!(f, "line {}, column {}", self.line, self.column)
    }
}
