//! Text that Liquid writes as it stands, and that is a variable or a tag in another product's
//! templates: lawful, and hardly ever meant.

use attune_liquid::{Dialect, Position};

/// What a variable is written between, whose that is, and whether Liquid reads it in a dialect.
const SIGNS: [(&str, &str, &str, Option<Dialect>); 7] = [
    ("*|", "|*", "Mailchimp", None),
    ("%%", "%%", "Salesforce", None),
    ("<%=", "%>", "Adobe Campaign", None),
    ("${", "}", "another language", None),
    ("{", "}", "another language", None),
    ("@", "@", "Dotdigital", Some(Dialect::Dotdigital)),
    ("[[", "]]", "another language", None),
];

/// Signs that Liquid would read, were they written in one.
const TORN: [(&str, &str); 2] = [("{ {", "{{"), ("{ %", "{%")];

/// The most characters of a variable, with its closing sign; whatever is longer is prose.
const LONGEST: usize = 60;

/// Doubts about one text. Whoever pastes a whole template of another product has seen enough.
const MOST: usize = 20;

/// What looks like another product's, each with its place. The text is Liquid without mistakes, so
/// that all of it is closed.
pub(super) fn lookalikes(text: &str, dialect: Dialect) -> Vec<(Position, String)> {
    let mut found: Vec<(Position, String)> = Vec::new();
    let (mut at, mut place) = (0, Position { line: 1, column: 1 });
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty() && found.len() < MOST) {
        let told = lookalike(text, at, dialect);
        let len = match &told {
            Some((len, _)) => *len,
            None => liquid(rest).or_else(|| rest.chars().next().map(char::len_utf8)).unwrap_or(1),
        };
        found.extend(told.map(|(_, told)| (place, told)));
        for letter in rest.get(..len).unwrap_or_default().chars() {
            place = match letter {
                '\n' => Position { line: place.line + 1, column: 1 },
                _ => Position { column: place.column + 1, ..place },
            };
        }
        at += len;
    }
    found
}

/// How long the Liquid is that begins here, with all that `raw` and `comment` keep.
fn liquid(rest: &str) -> Option<usize> {
    let (_, close) =
        [("{{", "}}"), ("{%", "%}")].iter().find(|(open, _)| rest.starts_with(open))?;
    let len = rest.find(close)? + close.len();
    let name = rest.get(2..len)?.trim_start_matches('-').trim_start();
    let kept = ["raw", "comment"].into_iter().find(|kept| name.starts_with(kept));
    let Some(kept) = kept.filter(|_| *close == "%}") else { return Some(len) };
    let end = rest.find(&format!("end{kept}")).unwrap_or(rest.len());
    Some(end.max(len))
}

/// What begins at `at` and looks like another product's: its length, and what to say.
fn lookalike(text: &str, at: usize, dialect: Dialect) -> Option<(usize, String)> {
    let (before, rest) = (text.get(..at)?, text.get(at..)?);
    if let Some((torn, sign)) = TORN.iter().find(|(torn, _)| rest.starts_with(torn)) {
        let told =
            format!("`{torn}` is text, which is sent as it stands; write `{sign}` for Liquid");
        return Some((torn.len(), told));
    }
    SIGNS.iter().filter(|(.., own)| own.is_none_or(|own| own != dialect)).find_map(|sign| {
        let (open, close, whose, own) = sign;
        let inner = rest.strip_prefix(open)?;
        let end = inner.char_indices().nth(LONGEST).map_or(inner.len(), |(end, _)| end);
        let len = inner.get(..end)?.find(close)?;
        let name = inner.get(..len)?.trim();
        // `@` also stands in addresses, where letters are before it.
        let address = *open == "@" && before.ends_with(char::is_alphanumeric);
        let shouted = *open != "@" || !name.contains(char::is_lowercase);
        if !is_name(name) || address || !shouted {
            return None;
        }
        let written = rest.get(..open.len() + len + close.len())?;
        let instead = match own {
            Some(_) => "choose the dialect `dotdigital`".to_owned(),
            None => format!("write `{{{{ customer.{} }}}}`", ours(name)),
        };
        let told = format!(
            "`{written}` is {whose}'s, and here a text that is sent as it stands; {instead}"
        );
        Some((written.len(), told))
    })
}

/// What we probably call it.
fn ours(name: &str) -> String {
    let name = name.to_lowercase().replace(' ', "_");
    match name.as_str() {
        "fname" | "firstname" => "first_name".to_owned(),
        "lname" | "lastname" => "last_name".to_owned(),
        _ => name,
    }
}

/// Whether this could be the name of a variable: words of letters and digits, joined by signs.
fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-' | ' '))
        && name.split(' ').count() <= 3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[(usize, usize, &str)]) {
        let found = lookalikes(text, Dialect::Standard);
        let found: Vec<_> = found
            .iter()
            .map(|(place, told)| (place.line, place.column, told.split('`').nth(1).unwrap()))
            .collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn variables_of_other_products_are_found() {
        check("Hi *|FNAME|*,\né%%First Name%%", &[(1, 4, "*|FNAME|*"), (2, 2, "%%First Name%%")]);
        check(
            "<%= recipient.name %> ${name}",
            &[(1, 1, "<%= recipient.name %>"), (1, 23, "${name}")],
        );
        check(
            "{first_name} { name } [[name]]",
            &[(1, 1, "{first_name}"), (1, 14, "{ name }"), (1, 23, "[[name]]")],
        );
        check("Dear @FIRSTNAME@", &[(1, 6, "@FIRSTNAME@")]);
        check("{ % if a % }{ { b } }", &[(1, 1, "{ %"), (1, 13, "{ {")]);
    }

    #[test]
    fn liquid_prose_styles_and_addresses_are_not() {
        check("{{ a }}{% if b %}{{${c}}}{%- endif -%}", &[]);
        check("{% raw %}{name} *|X|*{% endraw %}{% comment %}{a}{% endcomment %}", &[]);
        check("5 %% off, {see: below} {} {1} ** a|b **", &[]);
        check("<style>a{color:red} @media print { b { margin: 0 } }</style>", &[]);
        check("me@x.org and you@x.org, @handle @other", &[]);
        assert_eq!(lookalikes("@A@", Dialect::Dotdigital), []);
    }

    #[test]
    fn doubts_about_a_text_are_few() {
        assert_eq!(lookalikes(&"{a} ".repeat(1_000), Dialect::Standard).len(), MOST);
    }
}
