//! Outputs that are partials: `{{content_blocks.${footer}}}` in Braze, `{{ snippets.footer }}` in
//! Customer.io.

use crate::ast::{Expr, Filtered, Node, Segment};
use crate::dialect::Traits;
use crate::tags::partial::Partial;
use crate::value::Value;

/// The output, or the partial that it stands for in this dialect. Braze puts a filter `id` behind
/// such an output.
pub(super) fn of(output: Filtered, traits: &Traits) -> Node {
    let name = traits.partials.and_then(|object| name(&output, object));
    match name {
        Some(name) => Node::Partial(Box::new(Partial::of(output.at, name))),
        None => Node::Output(output),
    }
}

fn name(output: &Filtered, object: &str) -> Option<std::sync::Arc<str>> {
    let Expr::Path(path) = &output.expr else { return None };
    let Segment::Name(root) = &path.root else { return None };
    let [segment] = path.segments.as_slice() else { return None };
    let named = &**root == object && output.filters.iter().all(|call| call.filter.name == "id");
    match segment {
        Segment::Name(name) if named => Some(name.clone()),
        Segment::Index(inner) if named => match &**inner {
            Expr::Literal(Value::Str(name)) => Some(name.clone()),
            _ => None,
        },
        _ => None,
    }
}
