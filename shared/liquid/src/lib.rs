//! Liquid as marketers write it: faithful to Ruby Liquid, deterministic, bounded.
//!
//! ```
//! use attune_liquid::{ParseOptions, RenderInput, Template, UnixMillis, Value};
//!
//! let template = Template::parse("Hello {{ name | default: 'you' }}!", &ParseOptions::default())?;
//! let data: Value = serde_json::from_str(r#"{ "name": "Ada & Co" }"#)?;
//! let rendered = template.render(&RenderInput::new(&data, UnixMillis(1_780_000_000_000)))?;
//! assert_eq!(rendered.text, "Hello Ada &amp; Co!");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What it is for
//!
//! Templates come from people who are no programmers, and from strangers. So
//!
//! - a name that is missing is empty, as in Ruby, and [told](Rendered::missing);
//! - [strict](Mode::Strict) mode tells every mistake with line, column and what was probably meant;
//!   [lax](Mode::Lax) mode renders what can be rendered and [warns](Rendered::warnings);
//! - outputs are escaped for HTML unless [asked otherwise](Escape::None);
//! - the [dialects](Dialect) of other products can be read, one at a time;
//! - nothing panics, nothing is fetched, no clock is read, no recursion goes uncounted, and every
//!   [limit](RenderLimits) is charged before the work is done;
//! - the same [`RenderInput`] gives the same bytes, in every process.
//!
//! # Mistakes
//!
//! ```
//! use attune_liquid::{ParseOptions, Template};
//!
//! let source = "Hello {{ name | upcas }}\n{% if points => 10 %}you are gold";
//! let errors = Template::parse(source, &ParseOptions::default()).unwrap_err();
//! assert_eq!(
//!     errors.to_string(),
//!     "line 1, column 17: unknown filter `upcas`, did you mean `upcase`?\n\
//!      line 2, column 1: `if` is never closed with `endif`\n\
//!      line 2, column 14: write `>=` instead of `=>`"
//! );
//! ```
//!
//! # What a template needs
//!
//! ```
//! use attune_liquid::{ParseOptions, Template};
//!
//! let source = "{% for item in cart.items %}{{ item.title }}: {{ item.price | times: rate }}{% endfor %}";
//! let template = Template::parse(source, &ParseOptions::default())?;
//! let paths: Vec<String> = template.variables().into_iter().map(|variable| variable.path).collect();
//! assert_eq!(paths, ["cart.items", "cart.items[].title", "cart.items[].price", "rate"]);
//! # Ok::<(), attune_liquid::ParseErrors>(())
//! ```
//!
//! # HTML
//!
//! With [`Escape::Html`] every output is escaped, save what is markup already: the result of the
//! filters `raw`, `escape`, `escape_once` and `newline_to_br`, what `capture` holds, and a
//! [`Value::Html`] from the data. Filters that only rearrange text keep markup what it is and escape
//! what they add to it, so `{{ captured | strip | append: name }}` is safe.
//!
//! The filters and tags are described, each with examples, in [`mod@reference`].

mod ast;
mod dates;
mod dialect;
mod excerpt;
mod failure;
mod filters;
mod header;
mod html;
mod limits;
mod number;
mod options;
mod outline;
mod parse;
mod partials;
mod position;
mod problem;
mod render;
mod suggest;
mod tags;
mod template;
mod value;
mod variables;

pub use jiff::tz::TimeZone;

pub use dates::Language;
pub use dialect::{Dialect, UnknownDialect};
pub use failure::Failure;
pub use header::HeaderError;
pub use limits::{Limit, ParseLimits, RenderLimits};
pub use options::{Mode, ParseOptions};
pub use outline::{Call, Outline, Read};
pub use partials::{NoPartials, Partials};
pub use position::Position;
pub use problem::{ParseError, ParseErrors, Problem};
pub use render::{Escape, RenderError, RenderInput, Rendered, UnixMillis, Warning};
pub use template::{Template, Variable};
pub use value::{Numbers, Object, Range, Value};

/// The language: its filters and tags, with examples that are tests.
pub mod reference {
    #[doc = include_str!("../FILTERS.md")]
    pub mod filters {}

    #[doc = include_str!("../TAGS.md")]
    pub mod tags {}
}
