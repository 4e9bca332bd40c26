//! How a template is to be read.

use crate::dialect::Dialect;
use crate::limits::ParseLimits;

/// What to do about a mistake in a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// Every mistake is an error: for the editor and for checks before sending.
    #[default]
    Strict,
    /// What can be rendered is rendered, and the mistakes are warnings: for sending. A template
    /// whose blocks do not fit each other, that goes beyond a limit, or that asks for something
    /// [refused](crate::Problem::Refused) is an error all the same.
    Lax,
}

/// How a template is to be read: by default strictly, as plain Liquid.
#[derive(Debug, Clone, Default)]
pub struct ParseOptions {
    /// What to do about mistakes.
    pub mode: Mode,
    /// Whose Liquid it is.
    pub dialect: Dialect,
    /// How large it may be.
    pub limits: ParseLimits,
}

impl ParseOptions {
    /// Options for sending: mistakes are warnings.
    pub fn lax() -> Self {
        Self { mode: Mode::Lax, ..Self::default() }
    }

    /// The same options for another dialect.
    #[must_use]
    pub fn dialect(self, dialect: Dialect) -> Self {
        Self { dialect, ..self }
    }
}
