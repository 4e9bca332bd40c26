//! What the parser has just read.

use crate::position::Span;

/// A tag or a line of `liquid`, its name and what follows the name.
#[derive(Clone, Copy)]
pub(super) struct Found {
    pub(super) at: usize,
    pub(super) name: Span,
    pub(super) inside: Span,
}

/// What was read last: only text has white space to lose, only an output a fence behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Last {
    Text,
    Output,
    Tag,
}
