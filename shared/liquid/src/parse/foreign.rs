//! Tags and outputs as other languages, or the editors of other products, write them: told in one
//! message instead of several.

use crate::dialect::Dialect;
use crate::excerpt::excerpt;
use crate::filters::{self, Lookup};
use crate::problem::Problem;
use crate::tags;

/// What the inside of an output is in another language, if it is: Braze's `${name}`, or a tag as
/// Handlebars writes it, `#if a`, or one between the wrong signs, `if a`.
pub(super) fn output(inside: &str, dialect: Dialect) -> Option<Problem> {
    let inside = inside.trim();
    if inside.starts_with("${") && !dialect.traits().dollar_names {
        let (name, dialects) = ("${…}".to_owned(), vec![Dialect::Braze]);
        return Some(Problem::OtherDialect { name, dialects });
    }
    let (sign, rest) = match inside.strip_prefix(['#', '/']) {
        Some(rest) => (inside.get(..1)?, rest),
        None => ("", inside),
    };
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
    let (word, after) = (rest.get(..end)?, rest.get(end..)?);
    let loops = word == "each" && !sign.is_empty();
    let name = if loops { "for" } else { word };
    let argument = after.trim_start();
    let begins_value = |c: char| c.is_alphabetic() || matches!(c, '\'' | '"' | '(');
    let goes_on = argument.len() < after.len() && argument.starts_with(begins_value);
    let instead = match sign {
        "" if word == "else" && after.is_empty() => "{% else %}".to_owned(),
        "" if !goes_on => return None,
        "" if matches!(word, "elsif" | "assign") || tags::is_block(name) => {
            format!("{{% {name} … %}}")
        }
        "#" if loops => "{% for item in … %}".to_owned(),
        "#" if tags::is_block(name) => format!("{{% {name} … %}}"),
        "/" if tags::is_block(name) => format!("{{% end{name} %}}"),
        _ => return None,
    };
    Some(Problem::TagInOutput { found: format!("{sign}{word}"), instead })
}

/// What the inside of an output with mistakes is, if that is one mistake, and where it stands in it;
/// `None` is the beginning of the output.
pub(super) fn broken_output(inside: &str, dialect: Dialect) -> Option<(Option<usize>, Problem)> {
    let instead = |found: &str, instead| Problem::WriteInstead { found: found.to_owned(), instead };
    if inside.starts_with('{') && !inside.contains("{{") {
        return Some((None, instead("{{{", "{{")));
    }
    if inside.contains("{{") && !dialect.traits().dollar_names {
        return Some((None, Problem::UnclosedOutput));
    }
    if let Some(found) = markup(inside) {
        return Some(found);
    }
    if let Some((at, _)) = inside.match_indices("||").next() {
        let after = inside.get(at + 2..).unwrap_or_default().trim_start();
        let end = after.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(after.len());
        let filter = filters::find(after.get(..end).unwrap_or_default(), dialect);
        let sign = if matches!(filter, Lookup::Found(_)) { "|" } else { "| default:" };
        return Some((Some(at), instead("||", sign)));
    }
    let at = inside.find(" ? ")?;
    inside
        .get(at..)?
        .contains(" : ")
        .then(|| (Some(at + 1), instead("? :", "{% if … %} … {% else %} … {% endif %}")))
}

/// What the inside of a tag with mistakes is, if that is one mistake, and where it stands in it;
/// `None` is the beginning of the tag.
pub(super) fn broken_tag(inside: &str, dialect: Dialect) -> Option<(Option<usize>, Problem)> {
    if inside.contains("{%") {
        return Some((None, Problem::UnclosedTag));
    }
    match inside.find("{{") {
        Some(at) if !dialect.traits().dollar_names => Some((Some(at), Problem::OutputInTag)),
        _ => markup(inside),
    }
}

/// The first `<b>` or `</b>` with a name as HTML has them, and its place.
fn markup(inside: &str) -> Option<(Option<usize>, Problem)> {
    inside.match_indices('<').find_map(|(at, _)| {
        let rest = inside.get(at + 1..)?;
        let name = rest.strip_prefix('/').unwrap_or(rest);
        let len = rest.find(['<', '>']).filter(|len| rest.as_bytes().get(*len) == Some(&b'>'))?;
        let found = inside.get(at..at + len + 2)?;
        name.starts_with(|c: char| c.is_ascii_alphabetic())
            .then(|| (Some(at), Problem::Markup { found: excerpt(found) }))
    })
}
