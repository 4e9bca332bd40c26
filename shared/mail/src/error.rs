//! What can be wrong with a body, and where.

use crate::place::Place;

/// Why a body cannot be compiled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {wrong}")]
pub struct MailError {
    /// Where.
    pub place: Place,
    /// What.
    pub wrong: Wrong,
}

/// What can be wrong with a body.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// `{{` or `{%` without its end.
    #[error("`{0}` is never closed")]
    UnclosedLiquid(&'static str),
    /// An element of MJML that is never closed.
    #[error("`<{0}>` is never closed with `</{0}>`")]
    Unclosed(String),
    /// A closing tag that closes nothing, or something else.
    #[error("`</{found}>` closes nothing here{}", .open.as_ref().map(|open| format!("; `<{open}>` is open")).unwrap_or_default())]
    NotOpen {
        /// The closing tag.
        found: String,
        /// The element that is open.
        open: Option<String>,
    },
    /// An element that MJML does not have.
    #[error("MJML has no `<{found}>`; did you mean `<{near}>`?")]
    UnknownElement {
        /// As written.
        found: String,
        /// The nearest that it has.
        near: &'static str,
    },
    /// MJML does not take this here.
    #[error("`{0}` has no place here")]
    Unexpected(String),
    /// Liquid where MJML takes elements only.
    #[error("`{0}` has no place here; put it into `<mj-raw>`, or into the text of an element")]
    UnexpectedLiquid(String),
    /// An attribute that must be there.
    #[error("the attribute `{0}` is missing")]
    MissingAttribute(&'static str),
    /// An attribute with a value that cannot be.
    #[error("the value of `{0}` is not one that it can have")]
    BadAttribute(String),
    /// Anything else that MJML refuses.
    #[error("{0}")]
    Mjml(String),
    /// Liquid that stands where its place in the HTML cannot be known.
    #[error("`{0}` would be lost here; put it into the text of an element, or into an attribute")]
    Lost(String),
    /// An include of what is not there.
    #[error("there is no partial `{0}` to include")]
    NoPartial(String),
    /// An include without a path.
    #[error("`<mj-include>` needs the id of a partial: `path=\"…\"`")]
    NoPath,
    /// A whole document where a part was expected.
    #[error("the partial `{0}` is a whole `<mjml>` document; include parts, such as sections")]
    WholeDocument(String),
    /// Includes within each other, probably of themselves.
    #[error("partials include each other more than {0} deep")]
    IncludesTooDeep(usize),
    /// Styles that cannot be written into the elements.
    #[error("the style sheet cannot be read: {0}")]
    Style(String),
    /// Too much of it.
    #[error("a body can have {0} bytes")]
    TooLarge(usize),
}
