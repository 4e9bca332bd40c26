//! How much a template may cost to read and to render.
//!
//! Every limit is charged before the work is done. The defaults fit mail: a stranger's template is
//! refused within a tenth of a second, and no template that people write for mail comes near them.

/// Limits on reading a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParseLimits {
    /// Bytes of source. Gmail cuts mail off at 102 kB; default 256 KiB.
    pub template_bytes: usize,
    /// Blocks inside blocks. Never more than 100, where Ruby Liquid stops too; default 100.
    pub block_depth: usize,
    /// Brackets inside brackets in one expression. Never more than 50, because reading them takes
    /// stack; default 20.
    pub bracket_depth: usize,
    /// Comparisons joined by `and` and `or` in one condition; default 100.
    pub conditions: usize,
    /// Branches (`elsif`, `else`, `when`) of one block; default 500.
    pub branches: usize,
    /// Arguments of one filter or tag, and filters of one value; default 100.
    pub arguments: usize,
    /// Digits of one number, without zeros before them; default 18, which always fits 64 bits.
    pub digits: usize,
    /// Mistakes reported for one template; default 100.
    pub mistakes: usize,
}

impl Default for ParseLimits {
    fn default() -> Self {
        Self {
            template_bytes: 256 * 1024,
            block_depth: MAX_BLOCK_DEPTH,
            bracket_depth: 20,
            conditions: 100,
            branches: 500,
            arguments: 100,
            digits: 18,
            mistakes: 100,
        }
    }
}

/// Limits on rendering a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RenderLimits {
    /// Nodes rendered, filters applied and comparisons made, with long values counting more.
    /// Mail takes a few hundred; default 100,000.
    pub steps: usize,
    /// Bytes of output; default 1 MiB.
    pub output_bytes: usize,
    /// Bytes of all values that the template makes, whether or not it keeps them; default 2 MiB.
    pub value_bytes: usize,
    /// Partials inside partials, of which each is a block too; default 20.
    pub partial_depth: usize,
    /// Blocks inside blocks while rendering, across all partials. Never more than 100, because
    /// rendering a block takes stack; default 100.
    pub block_depth: usize,
    /// Objects and arrays inside each other in the data. Never more than 128, which is where
    /// `serde_json` stops too; default 128.
    pub data_depth: usize,
    /// Warnings and missing names kept for one rendering; default 100 of each.
    pub warnings: usize,
}

impl Default for RenderLimits {
    fn default() -> Self {
        Self {
            steps: 100_000,
            output_bytes: 1024 * 1024,
            value_bytes: 2 * 1024 * 1024,
            partial_depth: 20,
            block_depth: MAX_BLOCK_DEPTH,
            data_depth: MAX_DATA_DEPTH,
            warnings: 100,
        }
    }
}

/// Rendering this many nested blocks takes less than half of a stack of 2 MiB in a debug build.
pub(crate) const MAX_BLOCK_DEPTH: usize = 100;

/// Reading this many nested brackets takes a twentieth of a stack of 2 MiB in a debug build.
pub(crate) const MAX_BRACKET_DEPTH: usize = 50;

/// The depth at which `serde_json` refuses a document.
pub(crate) const MAX_DATA_DEPTH: usize = 128;

/// Which limit was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Limit {
    /// [`ParseLimits::template_bytes`]
    #[error("the template is longer than {0} bytes")]
    TemplateBytes(usize),
    /// [`ParseLimits::block_depth`] or [`RenderLimits::block_depth`]
    #[error("more than {0} blocks are nested in each other")]
    BlockDepth(usize),
    /// [`ParseLimits::bracket_depth`]
    #[error("more than {0} brackets are nested in each other")]
    BracketDepth(usize),
    /// [`ParseLimits::conditions`]
    #[error("a condition joins more than {0} comparisons")]
    Conditions(usize),
    /// [`ParseLimits::branches`]
    #[error("a block has more than {0} branches")]
    Branches(usize),
    /// [`ParseLimits::arguments`]
    #[error("there are more than {0} arguments or filters")]
    Arguments(usize),
    /// [`ParseLimits::digits`]
    #[error("a number has more than {0} digits")]
    Digits(usize),
    /// [`RenderLimits::steps`]
    #[error("the template takes more than {0} steps, probably in a loop that is too long")]
    Steps(usize),
    /// [`RenderLimits::output_bytes`]
    #[error("the output is longer than {0} bytes")]
    OutputBytes(usize),
    /// [`RenderLimits::value_bytes`]
    #[error("the template makes values of more than {0} bytes")]
    ValueBytes(usize),
    /// [`RenderLimits::partial_depth`]
    #[error("more than {0} partials are nested in each other")]
    PartialDepth(usize),
    /// [`RenderLimits::data_depth`]
    #[error("the data is nested more than {0} levels deep")]
    DataDepth(usize),
}
