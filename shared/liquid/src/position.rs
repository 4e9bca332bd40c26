//! Where something stands in a template.

use std::fmt;

/// A line and a column, both counted from 1; a column is one character, whatever its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The character within the line.
    pub column: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// Some bytes of the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Span {
    pub(crate) start: usize,
    pub(crate) end: usize,
}

impl Span {
    pub(crate) fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// The text of the span; empty where the span does not fit the source.
    pub(crate) fn text(self, source: &str) -> &str {
        source.get(self.start..self.end).unwrap_or_default()
    }
}

/// The positions of these byte offsets, in one pass over the source however many there are.
pub(crate) fn positions(source: &str, offsets: &[usize]) -> Vec<Position> {
    let mut order: Vec<usize> = (0..offsets.len()).collect();
    order.sort_by_key(|&place| offsets.get(place));
    let mut found = vec![Position { line: 1, column: 1 }; offsets.len()];
    let mut here = Position { line: 1, column: 1 };
    let mut characters = source.char_indices().peekable();
    for place in order {
        let offset = offsets.get(place).copied().unwrap_or_default();
        while let Some((_, character)) = characters.next_if(|(at, _)| *at < offset) {
            if character == '\n' {
                here = Position { line: here.line + 1, column: 1 };
            } else {
                here.column += 1;
            }
        }
        if let Some(slot) = found.get_mut(place) {
            *slot = here;
        }
    }
    found
}

/// The position of one byte offset.
pub(crate) fn position(source: &str, offset: usize) -> Position {
    positions(source, &[offset]).first().copied().unwrap_or(Position { line: 1, column: 1 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_lines_start_again() {
        let at = |line, column| Position { line, column };
        assert_eq!(positions("aé\n{{ b", &[7, 0, 3]), [at(2, 4), at(1, 1), at(1, 3)]);
        assert_eq!(position("ab", 99), at(1, 3));
    }
}
