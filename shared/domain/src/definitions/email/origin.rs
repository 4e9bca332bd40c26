//! Where the Liquid of a body that was compiled stands in what people wrote.
//!
//! Compiling moves Liquid and leaves it as it is. So it is found again by its own characters: the
//! n-th time that they stand in one is the n-th in the other, if both have them equally often.

use attune_liquid::Position;

/// A text that went into a body.
pub(super) struct Text<'t> {
    /// What people call it, if it is a part of its own.
    pub(super) part: Option<&'static str>,
    /// Its id, if it is a partial.
    pub(super) partial: Option<&'t str>,
    pub(super) source: &'t str,
}

/// A place in what people wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// What people call the part, if it is not the body itself.
    pub part: Option<&'static str>,
    /// The partial that is included there.
    pub partial: Option<String>,
    /// Where in that text.
    pub position: Position,
}

/// The place in one of `texts`, in the order in which they went into `compiled`, of what stands there
/// at a position. `None` if there is no Liquid, or none of them has it.
pub(super) fn origin(compiled: &str, position: Position, texts: &[Text<'_>]) -> Option<Origin> {
    let at = offset(compiled, position)?;
    let start =
        OPEN.iter().filter_map(|sign| compiled.get(..at + sign.len())?.rfind(sign)).max()?;
    let from = compiled.get(start..)?;
    let end = CLOSE.iter().filter_map(|sign| Some(from.find(sign)? + sign.len())).min()?;
    let liquid = from.get(..end)?;
    let count = |text: &str| text.matches(liquid).count();
    let before = count(compiled.get(..start)?);
    let equally = texts.iter().map(|text| count(text.source)).sum::<usize>() == count(compiled);
    let mut places = texts
        .iter()
        .flat_map(|text| text.source.match_indices(liquid).map(move |(found, _)| (text, found)));
    let (text, found) = places.nth(if equally { before } else { 0 })?;
    let position = position_of(text.source, found + (at - start));
    Some(Origin { part: text.part, partial: text.partial.map(str::to_owned), position })
}

const OPEN: [&str; 2] = ["{{", "{%"];
const CLOSE: [&str; 2] = ["}}", "%}"];

/// The byte at a position.
fn offset(text: &str, position: Position) -> Option<usize> {
    let (before, from) = match position.line.checked_sub(2) {
        None => (0, text),
        Some(breaks) => {
            let (end, _) = text.match_indices('\n').nth(breaks)?;
            (end + 1, text.get(end + 1..)?)
        }
    };
    let (column, _) = from.char_indices().nth(position.column.checked_sub(1)?)?;
    Some(before + column)
}

fn position_of(text: &str, at: usize) -> Position {
    let before = text.get(..at).unwrap_or(text);
    let last = before.rsplit('\n').next().unwrap_or_default();
    Position { line: before.matches('\n').count() + 1, column: last.chars().count() + 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where the `n`-th `@` of what was compiled stands in the texts, as text, line and column.
    #[track_caller]
    fn check(compiled: &str, n: usize, texts: [&str; 2], expected: Option<(usize, usize, usize)>) {
        let at = compiled.match_indices('@').nth(n).unwrap().0;
        let ids = ["a", "b"];
        let text = |(id, source)| Text { part: None, partial: Some(id), source };
        let texts: Vec<Text<'_>> = ids.into_iter().zip(texts).map(text).collect();
        let found = origin(compiled, position_of(compiled, at), &texts).map(|origin| {
            let text = ids.iter().position(|id| Some(*id) == origin.partial.as_deref()).unwrap();
            (text, origin.position.line, origin.position.column)
        });
        assert_eq!(found, expected);
    }

    #[test]
    fn liquid_is_found_by_its_own_characters() {
        check("<td>é{{ x.@ }}</td>", 0, ["", "a\n <b>{{ x.@ }}"], Some((1, 2, 10)));
        check("\n\n{%- if @ %}", 0, ["{%- if @ %}", ""], Some((0, 1, 8)));
        check("{{ @ }} x {{ @ }}{{ @ }}", 1, ["{{ @ }}", "\n{{ @ }}{{ @ }}"], Some((1, 2, 4)));
    }

    #[test]
    fn what_was_written_once_and_stands_there_twice_has_one_place() {
        check("{{ @ }}{{ @ }}", 1, ["-{{ @ }}", ""], Some((0, 1, 5)));
    }

    #[test]
    fn what_is_in_none_of_them_has_no_place() {
        check("{{ @ }}", 0, ["{{ a }}", ""], None);
        check("@", 0, ["@", ""], None);
    }
}
