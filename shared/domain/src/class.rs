//! Classes: segments that exclude each other and cover everyone who is ranked, by one metric or several
//! crossed.

use crate::id::ClassId;
use crate::ranking::Ranking;

/// A class. Its cells are segments like any other, called `class.cell`.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassDefinition {
    /// Its id.
    pub id: ClassId,
    /// What people call it.
    pub name: String,
    /// How it ranks.
    pub ranking: Ranking,
    /// The slot that holds where somebody is.
    pub slot: usize,
    /// The places of its segments, in the order defined.
    pub segments: Vec<usize>,
}
