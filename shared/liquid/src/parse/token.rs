//! The words and signs inside a tag or output.

use crate::position::Span;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Name,
    Number,
    /// Text in quotes; the span includes them.
    Text,
    /// `${name}` in Braze; the span includes the signs.
    Insert,
    Dot,
    DotDot,
    Comma,
    Colon,
    Pipe,
    OpenSquare,
    CloseSquare,
    OpenRound,
    CloseRound,
    /// A lone `=`.
    Assign,
    /// `&&`, which stands for `and`.
    And,
    /// `||`, which stands for `or`.
    Or,
    /// A lone `!`, which stands for `not`.
    Not,
    Compare(Compare),
}

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compare {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    More,
    MoreOrEqual,
    Contains,
}

/// A token and where it stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    pub(crate) span: Span,
}
