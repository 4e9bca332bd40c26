//! What can be wrong with the text of a template, and the one place where it is put into words.

use std::fmt;

use crate::dialect::Dialect;
use crate::limits::Limit;
use crate::position::Position;

/// One mistake in a template.
///
/// Each is worded for whoever writes the template: what was found, what was expected, and where a
/// word is nearly right, which one was probably meant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// A limit on reading was reached.
    #[error("{0}")]
    Limit(#[from] Limit),
    /// `{{` without `}}`.
    #[error("`{{{{` is never closed with `}}}}`")]
    UnclosedOutput,
    /// `{%` without `%}`.
    #[error("`{{%` is never closed with `%}}`")]
    UnclosedTag,
    /// Text that begins with a quote and does not end with one.
    #[error("the text that begins here is never closed with `{quote}`")]
    UnclosedText {
        /// The quote it began with.
        quote: char,
    },
    /// A `{% %}` without a name.
    #[error("expected the name of a tag, found {}", quoted(found))]
    EmptyTag {
        /// What stands where the name should be.
        found: String,
    },
    /// A block that is still open at the end.
    #[error("`{name}` is never closed with `end{name}`")]
    UnclosedBlock {
        /// The tag that opened the block.
        name: String,
    },
    /// A closing tag that does not fit the open block, or closes nothing.
    #[error("{}", unexpected_end(found, open.as_ref()))]
    UnexpectedEnd {
        /// The closing tag.
        found: String,
        /// The block that is open here, and where it was opened.
        open: Option<(String, Position)>,
    },
    /// `else`, `elsif` or `when` in a block that has no such branch, or outside of every block.
    #[error("`{found}` has no place here, it belongs into {belongs}")]
    UnexpectedBranch {
        /// The branch.
        found: String,
        /// The blocks that have such a branch.
        belongs: &'static str,
    },
    /// A tag that does not exist.
    #[error("unknown tag `{name}`{}", hint(suggestion.as_deref()))]
    UnknownTag {
        /// The name as written.
        name: String,
        /// The tag that was probably meant.
        suggestion: Option<String>,
    },
    /// A filter that does not exist.
    #[error("unknown filter `{name}`{}", hint(suggestion.as_deref()))]
    UnknownFilter {
        /// The name as written.
        name: String,
        /// The filter that was probably meant.
        suggestion: Option<String>,
    },
    /// A tag, filter or sign that another product's Liquid has.
    #[error("`{name}` belongs to {}", owners(dialects))]
    OtherDialect {
        /// The tag, filter or sign.
        name: String,
        /// Whose it is; at least one.
        dialects: Vec<Dialect>,
    },
    /// `{{ if … }}` or `{{#if …}}`: a tag between the signs of an output.
    #[error("`{found}` is a tag, write `{instead}`")]
    TagInOutput {
        /// The tag as written.
        found: String,
        /// How Liquid writes it.
        instead: String,
    },
    /// `{% if {{ a }} %}`: an output between the signs of a tag.
    #[error("between `{{%` and `%}}` a name stands as it is, without `{{{{` and `}}}}`")]
    OutputInTag,
    /// Markup between the signs of a tag or output, as visual editors put it there.
    #[error(
        "`{found}` is HTML, which stands before or after `{{{{ … }}}}` and `{{% … %}}`, not within"
    )]
    Markup {
        /// The markup.
        found: String,
    },
    /// A name with a space in it, as in `customer.First Name`.
    #[error("a name with a space stands in brackets: write `['{name}']`")]
    SpaceInName {
        /// The name.
        name: String,
    },
    /// Two words at the beginning of an output, as in `first name`.
    #[error("a name has no space in it, as `{first}_{second}`, and before a filter stands `|`")]
    TwoNames {
        /// The first word.
        first: String,
        /// The second.
        second: String,
    },
    /// A comparison that does not exist.
    #[error("unknown operator `{found}`{}", hint(suggestion.as_deref()))]
    UnknownOperator {
        /// The word as written.
        found: String,
        /// The operator that was probably meant.
        suggestion: Option<String>,
    },
    /// `'a' in list`, which only some dialects have.
    #[error("`in` compares nothing here, write `{list} contains …`")]
    InList {
        /// The list.
        list: String,
    },
    /// A named argument that the tag or filter does not have.
    #[error("`{of}` has no argument `{name}`{}", hint(suggestion.as_deref()))]
    UnknownArgument {
        /// The tag or filter.
        of: String,
        /// The argument as written.
        name: String,
        /// The argument that was probably meant.
        suggestion: Option<String>,
    },
    /// A tag or filter that another product has and this one never will.
    #[error("`{name}` is not available: {reason}")]
    Refused {
        /// The tag or filter.
        name: String,
        /// Why, and what to do instead.
        reason: &'static str,
    },
    /// Something else was needed here.
    #[error("expected {expected}, found {}", quoted(found))]
    Expected {
        /// What was needed.
        expected: &'static str,
        /// What was found; empty at the end.
        found: String,
    },
    /// A character that means nothing in Liquid.
    #[error("unexpected character `{found}`")]
    UnexpectedCharacter {
        /// The character.
        found: char,
    },
    /// Something that is right in another language.
    #[error("write {} instead of `{found}`", shown(instead))]
    WriteInstead {
        /// What was written.
        found: String,
        /// What Liquid calls it.
        instead: &'static str,
    },
    /// Brackets around comparisons, which Liquid does not have.
    #[error("brackets group nothing in a condition, use an `if` inside an `if`")]
    Grouping,
    /// A filter without an argument that it needs.
    #[error("`{filter}` needs {} behind a `:`, found {found}", arguments(*min))]
    TooFewArguments {
        /// The filter.
        filter: &'static str,
        /// How many it needs.
        min: usize,
        /// How many there are.
        found: usize,
    },
    /// A filter with an argument that it does not take.
    #[error("`{filter}` takes {}, found {found}", at_most(*max))]
    TooManyArguments {
        /// The filter.
        filter: &'static str,
        /// How many it takes.
        max: usize,
        /// How many there are.
        found: usize,
    },
    /// A comment over several lines of which one does not begin with `#`.
    #[error("every line of this comment must begin with `#`")]
    CommentLine,
    /// A tag that cannot be used inside another.
    #[error("`{name}` cannot be used inside `{inside}`")]
    NotInside {
        /// The inner tag.
        name: &'static str,
        /// The outer tag.
        inside: &'static str,
    },
}

impl Problem {
    /// Whether even a lax template cannot be rendered with it.
    pub(crate) fn is_fatal(&self) -> bool {
        matches!(
            self,
            Self::Limit(_)
                | Self::UnclosedBlock { .. }
                | Self::UnexpectedEnd { .. }
                | Self::UnexpectedBranch { .. }
                | Self::Refused { .. }
        )
    }
}

fn hint(suggestion: Option<&str>) -> String {
    suggestion.map_or_else(String::new, |word| format!(", did you mean `{word}`?"))
}

fn quoted(found: &str) -> String {
    if found.is_empty() { "the end".to_owned() } else { format!("`{found}`") }
}

/// A blank alone cannot be seen between backticks.
fn shown(instead: &str) -> String {
    if instead == " " { "a space".to_owned() } else { format!("`{instead}`") }
}

/// The products that have something, and what the template would have to be read as.
fn owners(dialects: &[Dialect]) -> String {
    let products: Vec<&str> = dialects.iter().map(|dialect| dialect.product()).collect();
    let settings: Vec<String> = dialects.iter().map(|dialect| format!("`{dialect}`")).collect();
    format!("{}; choose the dialect {}", products.join(" and "), settings.join(" or "))
}

fn arguments(count: usize) -> String {
    match count {
        1 => "1 argument".to_owned(),
        more => format!("{more} arguments"),
    }
}

fn at_most(count: usize) -> String {
    if count == 0 { "no argument".to_owned() } else { format!("at most {}", arguments(count)) }
}

fn unexpected_end(found: &str, open: Option<&(String, Position)>) -> String {
    match open {
        Some((open, Position { line, .. })) => {
            format!("expected `end{open}` to close the `{open}` of line {line}, found `{found}`")
        }
        None => format!("`{found}` closes nothing, no block is open here"),
    }
}

/// A mistake and where it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{position}: {problem}")]
#[non_exhaustive]
pub struct ParseError {
    /// The first character of it.
    pub position: Position,
    /// What is wrong.
    pub problem: Problem,
}

/// The mistakes of a template, in the order in which they stand; at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseErrors(Vec<ParseError>);

impl ParseErrors {
    pub(crate) fn new(errors: Vec<ParseError>) -> Self {
        Self(errors)
    }

    /// The mistakes in order.
    pub fn iter(&self) -> std::slice::Iter<'_, ParseError> {
        self.0.iter()
    }
}

impl<'e> IntoIterator for &'e ParseErrors {
    type Item = &'e ParseError;
    type IntoIter = std::slice::Iter<'e, ParseError>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl std::error::Error for ParseErrors {}

/// One mistake in each line.
impl fmt::Display for ParseErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, error) in self.0.iter().enumerate() {
            if place > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{error}")?;
        }
        Ok(())
    }
}
