//! Liquid as marketers write it: faithful to Ruby Liquid, deterministic, bounded.

mod ast;
mod dates;
mod dialect;
mod failure;
mod filters;
mod html;
mod limits;
mod number;
mod options;
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

pub use dialect::Dialect;
pub use failure::Failure;
pub use limits::{Limit, ParseLimits, RenderLimits};
pub use options::{Mode, ParseOptions};
pub use partials::{NoPartials, Partials};
pub use position::Position;
pub use problem::{ParseError, ParseErrors, Problem};
pub use render::{Escape, RenderError, RenderInput, Rendered, UnixMillis, Warning};
pub use template::{Template, Variable};
pub use value::{Numbers, Object, Range, Value};
