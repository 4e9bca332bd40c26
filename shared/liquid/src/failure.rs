//! What can go wrong with a value while a template is rendered.

use crate::excerpt::excerpt;
use crate::value::Value;

/// Why an expression, a filter or a tag has no result.
///
/// A strict template stops at it; a lax one writes nothing in its place and warns.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// A division by zero.
    #[error("cannot divide by 0")]
    DividedByZero,
    /// A whole number of more than 64 bits, or a fraction too large for a float.
    #[error("the result is too large a number")]
    NumberTooLarge,
    /// A whole number was needed.
    #[error("expected a whole number, found {found}")]
    NotWhole {
        /// The text in backticks, or the kind of value.
        found: String,
    },
    /// An array was needed.
    #[error("expected an array, found {found}")]
    NotArray {
        /// The kind of value.
        found: &'static str,
    },
    /// Numbers cannot be compared with text.
    #[error("cannot compare {left} with {right}")]
    NotComparable {
        /// The kind of the left value.
        left: &'static str,
        /// The kind of the right value.
        right: &'static str,
    },
    /// Values without a common order cannot be sorted.
    #[error("cannot sort values of different kinds")]
    NotSortable,
    /// An item has no properties, or none with such a key.
    #[error("{item} has no property `{property}`")]
    NoProperty {
        /// The kind of the item.
        item: &'static str,
        /// The property that was asked for.
        property: String,
    },
    /// The text is not what the filter decodes.
    #[error("the text is not valid {encoding}")]
    NotDecodable {
        /// Which encoding was expected.
        encoding: &'static str,
    },
    /// A directive of a date format that pads too far.
    #[error("the date format pads to more than {max} characters")]
    DateTooWide {
        /// The widest field.
        max: usize,
    },
    /// A time zone that does not exist.
    #[error("unknown time zone `{name}`")]
    UnknownZone {
        /// The name as written.
        name: String,
    },
    /// A date format that has a name which means nothing.
    #[error("unknown date format `{name}`")]
    UnknownFormat {
        /// The name as written.
        name: String,
    },
    /// A partial whose name is not text.
    #[error("the name of a partial must be text, found {found}")]
    PartialName {
        /// The kind of value.
        found: &'static str,
    },
    /// A partial that is not there.
    #[error("there is no partial `{name}`")]
    NoPartial {
        /// The name as written.
        name: String,
    },
    /// An `include` inside of what `render` renders, which stands apart from everything around it.
    #[error("`include` cannot be used inside `render`")]
    IncludeInRender,
    /// A failure inside a filter.
    #[error("`{filter}`: {failure}")]
    Filter {
        /// The filter.
        filter: &'static str,
        /// What went wrong in it.
        failure: Box<Failure>,
    },
}

impl Failure {
    /// This value is no whole number.
    pub(crate) fn not_whole(value: &Value) -> Self {
        let found = value.as_str().map(|text| format!("`{}`", excerpt(text)));
        Self::NotWhole { found: found.unwrap_or_else(|| value.kind().to_owned()) }
    }

    /// The failure in words, without anything that may stand in the data.
    pub(crate) fn without_data(&self) -> String {
        let told = match self {
            Self::NotWhole { .. } => "expected a whole number",
            Self::NoProperty { .. } => "an item has no such property",
            Self::UnknownZone { .. } => "unknown time zone",
            Self::UnknownFormat { .. } => "unknown date format",
            Self::NoPartial { .. } => "there is no such partial",
            Self::Filter { filter, failure } => {
                return format!("`{filter}`: {}", failure.without_data());
            }
            Self::DividedByZero
            | Self::NumberTooLarge
            | Self::NotArray { .. }
            | Self::NotComparable { .. }
            | Self::NotSortable
            | Self::NotDecodable { .. }
            | Self::DateTooWide { .. }
            | Self::PartialName { .. }
            | Self::IncludeInRender => return self.to_string(),
        };
        told.to_owned()
    }
}
