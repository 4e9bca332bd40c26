//! Outputs as other languages write them, told in one message instead of several.

use crate::dialect::Dialect;
use crate::excerpt::excerpt;
use crate::problem::Problem;
use crate::tags;

/// What the inside of an output is in another language, if it is: Braze's `${name}`, or a tag as
/// Handlebars writes it, `#if a`, or one between the wrong signs, `if a`.
pub(super) fn output(inside: &str, dialect: Dialect) -> Option<Problem> {
    let inside = inside.trim();
    if inside.starts_with("${") && !dialect.traits().dollar_names {
        return Some(Problem::OtherDialect { name: "${…}".to_owned(), dialect: Dialect::Braze });
    }
    let (sign, rest) = match inside.strip_prefix(['#', '/']) {
        Some(rest) => (inside.get(..1)?, rest),
        None => ("", inside),
    };
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
    let (word, after) = (rest.get(..end)?, rest.get(end..)?);
    let word = if word == "each" && !sign.is_empty() { "for" } else { word };
    let block = tags::is_block(word);
    match sign {
        "#" if block => Some(Problem::TagInOutput { name: excerpt(word) }),
        "/" if block => Some(Problem::TagInOutput { name: format!("end{word}") }),
        "" if block || matches!(word, "elsif" | "assign") => {
            let argument = after.trim_start();
            let tag = argument.len() < after.len()
                && argument
                    .starts_with(|c: char| c.is_alphabetic() || matches!(c, '\'' | '"' | '('));
            tag.then(|| Problem::TagInOutput { name: excerpt(word) })
        }
        _ => None,
    }
}
