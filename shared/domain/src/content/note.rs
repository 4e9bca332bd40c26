//! What is noted when a message is written: what it needs and nobody gave, and what was read over.

use attune_liquid::Position;

use crate::definitions::Origin;

/// Something that was noted about a part of a message, and where.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Note {
    /// The part, as people call it: `the subject`.
    pub part: &'static str,
    /// The partial it stands in; `None` is the text of the part itself.
    pub partial: Option<String>,
    /// Line and column in that text, both from 1, in characters. `None` if it stands nowhere in
    /// particular.
    pub position: Option<Position>,
    /// The path of a variable that is missing, or what is wrong.
    pub told: String,
    /// The same without anything of the customer's, for logs.
    pub fault: String,
}

impl Note {
    /// The same about a body that was compiled, at its place in what people wrote.
    pub(super) fn at(self, origin: Option<Origin>) -> Self {
        let Some(Origin { part, partial, position }) = origin else {
            return Self { position: None, ..self };
        };
        Self { part: part.unwrap_or(self.part), partial, position: Some(position), ..self }
    }
}
