//! Reads the text of a template.
//!
//! Open blocks are kept on a stack of their own, so that nesting costs no stack of the program; only
//! brackets are read by recursion, and they are counted. One parser serves both modes: it reports
//! each mistake, takes the most likely meaning and goes on.

mod blocks;
mod condition;
pub(crate) mod cursor;
mod ends;
mod expression;
mod filtered;
mod foreign;
mod found;
mod lex;
mod lines;
mod problems;
mod scan;
mod snippet;
mod text;
pub(crate) mod token;
mod trim;

pub(crate) use blocks::parse;
pub(crate) use trim::is_space;
