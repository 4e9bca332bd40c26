//! Klaviyo's tags that write a value by a filter: `{% today '%B %d' as day %}`, `{% current_year %}`,
//! `{% currency_format price %}`.

use crate::ast::{Expr, FilterCall, Filtered, Node};
use crate::dialect::Dialect;
use crate::filters::{self, CURRENCY_FORMAT, Lookup};
use crate::parse::cursor::{Cursor, Parsed};
use crate::parse::token::Kind;
use crate::value::Value;

use super::assign::Assign;

/// The moment of the rendering by a format, perhaps as a name instead of an output.
pub(crate) fn today(cursor: &mut Cursor<'_>) -> Parsed<Node> {
    let format = match cursor.peek() {
        Some(Kind::Text) => cursor.expression()?,
        _ => Expr::Literal(Value::from("%Y-%m-%d")),
    };
    let value = moment(cursor.at, format);
    let name = if cursor.accept_word("as") { Some(cursor.target()?) } else { None };
    cursor.finish("`as` and a name, or the end");
    Ok(match name {
        Some(name) => Node::Assign(Assign { name, value }),
        None => Node::Output(value),
    })
}

/// The moment of the rendering by this format.
pub(crate) fn now(cursor: &mut Cursor<'_>, format: &'static str) -> Parsed<Node> {
    if !cursor.is_done() {
        return Err(cursor.expected("the end of the tag"));
    }
    Ok(Node::Output(moment(cursor.at, Expr::Literal(Value::from(format)))))
}

/// A price in the currency of the shop.
pub(crate) fn currency_format(cursor: &mut Cursor<'_>) -> Parsed<Node> {
    if cursor.is_done() {
        return Err(cursor.expected("an amount"));
    }
    let mut price = cursor.filtered();
    price.filters.extend(call(price.at, CURRENCY_FORMAT, Vec::new()));
    Ok(Node::Output(price))
}

fn moment(at: usize, format: Expr) -> Filtered {
    let filters = call(at, "date", vec![format]).into_iter().collect();
    Filtered { at, expr: Expr::Literal(Value::from("now")), filters }
}

fn call(at: usize, name: &str, arguments: Vec<Expr>) -> Option<FilterCall> {
    let Lookup::Found(filter) = filters::find(name, Dialect::Klaviyo) else { return None };
    Some(FilterCall { at, filter, arguments, named: Vec::new() })
}
