//! How a text stands in its file, so that a place within the text can be told as a place in the file.
//!
//! YAML folds lines, drops indentation and has escapes, but whatever the style, a text has the same
//! characters as its source in the same order, white space left aside. So the place of the n-th
//! character that is none is found by counting.

use std::sync::Arc;

use saphyr_parser::ScalarStyle;

use super::source::Place;

/// How a scalar stands in its file.
#[derive(Debug, Clone)]
pub(crate) struct Written {
    /// The whole file.
    pub(crate) source: Arc<str>,
    /// With which quotes, if any.
    pub(crate) style: ScalarStyle,
}

impl Written {
    /// Where the character of `text` at this line and column (from 1) stands in the file, if the text
    /// begins at `begin`. White space and the end are told right behind what is before them.
    pub(crate) fn place(&self, begin: &Place, text: &str, line: usize, column: usize) -> Place {
        let at = offset(text, line, column);
        let (before, from) = text.split_at(at);
        let count = before.chars().filter(|c| !c.is_whitespace()).count();
        let here = from.chars().next().filter(|c| !c.is_whitespace());
        let mut written = Scan::new(self, begin).filter(|(_, c)| !c.is_whitespace());
        let found = match here {
            Some(_) => written.nth(count),
            None => count.checked_sub(1).and_then(|last| written.nth(last)),
        };
        let Some(((line, column), found)) = found else { return begin.clone() };
        let beyond = usize::from(here.is_none());
        // What YAML can do and this does not know of is told where the text begins.
        if here.is_some_and(|here| here != found) {
            return begin.clone();
        }
        Place { file: Arc::clone(&begin.file), line, column: column + beyond }
    }
}

/// The byte at a line and column.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let mut start = 0;
    for _ in 1..line {
        let Some(next) = text.get(start..).and_then(|rest| rest.find('\n')) else { break };
        start += next + 1;
    }
    let rest = text.get(start..).unwrap_or_default();
    rest.char_indices().nth(column.saturating_sub(1)).map_or(text.len(), |(at, _)| start + at)
}

/// The characters of a scalar as they are meant, each with the line and column at which it is
/// written.
struct Scan<'w> {
    rest: std::iter::Peekable<std::str::Chars<'w>>,
    style: ScalarStyle,
    line: usize,
    column: usize,
}

type At = (usize, usize);

impl<'w> Scan<'w> {
    fn new(written: &'w Written, begin: &Place) -> Self {
        let lines = written.source.split_inclusive('\n').take(begin.line.saturating_sub(1));
        let start: usize = lines.map(str::len).sum();
        let rest = written.source.get(start..).unwrap_or_default().chars().peekable();
        let mut scan = Self { rest, style: written.style, line: begin.line, column: 1 };
        for _ in 1..begin.column {
            scan.next_written();
        }
        let quote = match written.style {
            ScalarStyle::SingleQuoted => Some('\''),
            ScalarStyle::DoubleQuoted => Some('"'),
            _ => None,
        };
        if let Some(quote) = quote {
            while scan.next_written().is_some_and(|(_, found)| found != quote) {}
        }
        // A text without quotes cannot begin so: it is a tag or an anchor before the text.
        while written.style == ScalarStyle::Plain && matches!(scan.rest.peek(), Some('!' | '&')) {
            while scan.next_written().is_some_and(|(_, found)| !found.is_whitespace()) {}
            while scan.rest.peek().is_some_and(|next| next.is_whitespace()) {
                scan.next_written();
            }
        }
        scan
    }

    fn next_written(&mut self) -> Option<(At, char)> {
        let at = (self.line, self.column);
        let written = self.rest.next()?;
        if written == '\n' {
            (self.line, self.column) = (self.line + 1, 1);
        } else {
            self.column += 1;
        }
        Some((at, written))
    }

    /// What follows a backslash between double quotes; white space for a break that it takes away.
    fn escaped(&mut self) -> Option<char> {
        let (_, letter) = self.next_written()?;
        let digits = match letter {
            'n' | 't' | 'r' | 'v' | 'f' | '_' | 'N' | 'L' | 'P' => return Some(' '),
            'x' => 2,
            'u' => 4,
            'U' => 8,
            other => return Some(other),
        };
        let mut code = 0;
        for _ in 0..digits {
            let (_, digit) = self.next_written()?;
            code = code * 16 + digit.to_digit(16)?;
        }
        char::from_u32(code)
    }
}

impl Iterator for Scan<'_> {
    type Item = (At, char);

    fn next(&mut self) -> Option<Self::Item> {
        let (at, written) = self.next_written()?;
        match (self.style, written) {
            (ScalarStyle::SingleQuoted, '\'') => {
                self.rest.next_if_eq(&'\'')?;
                self.column += 1;
                Some((at, written))
            }
            (ScalarStyle::DoubleQuoted, '"') => None,
            (ScalarStyle::DoubleQuoted, '\\') => self.escaped().map(|meant| (at, meant)),
            _ => Some((at, written)),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::definitions::source::{Kind, Node};

    /// Where the `@` of the first value is told to stand, and where it stands.
    #[track_caller]
    fn check(source: &str) {
        let node = Node::read("a.yaml", source).unwrap();
        let Kind::Map(members) = node.kind else { panic!() };
        let text = members[0].1.text().unwrap();
        let at = text.find('@').unwrap();
        let line = text[..at].matches('\n').count() + 1;
        let column = text[..at].rsplit('\n').next().unwrap().chars().count() + 1;
        let place = members[0].1.place_of(line, column);
        let at = source.rfind('@').unwrap();
        let line = source[..at].matches('\n').count() + 1;
        let column = source[..at].rsplit('\n').next().unwrap().chars().count() + 1;
        assert_eq!((place.line, place.column), (line, column), "{source}");
    }

    #[test]
    fn a_character_is_found_in_every_style() {
        check("a: x @");
        check("a: { b: 1 }\n".replace("{ b: 1 }", "é {{ @ }}").as_str());
        check("a: 'it''s ''é'' @'");
        check(r#"a: "tab\t\"q\" \\ \x41\u00e9 \U0001F600\/ @""#);
        check(r#"{ "a": "\u00e9 \n @" }"#);
        check("a: |\n  one\n   two é\n\n  th@ree\n");
        check("a: |\n\n\n  one\n  @");
        check("a: |2-\n    one\n  @\n\n");
        check("a: >\n  one\n  two\n\n    more\n  @ three\n");
        check("a: >-\n  one @\nb: 1");
        check("a: one\n  two\n  three @ four\n");
        check("a: 'one\n\n  two @'");
        check("a: \"one \\\n  two \\\n  @\"");
        check("a: |\r\n  one\r\n  two @\r\n");
        check("a:\n  - b\n".replace("- b", "!!str x@").as_str());
        check("a: &here 'x @'");
        check("a: &here x @");
        check("a: # a note\n  x @");
        check("a: | # a note\n  x @");
    }

    #[test]
    fn white_space_and_the_end_are_behind_what_is_before_them() {
        let node = Node::read("a.yaml", "- |\n  ab  \n  c\n").unwrap();
        let Kind::List(items) = node.kind else { panic!() };
        let place = |line, column| {
            let place = items[0].place_of(line, column);
            (place.line, place.column)
        };
        assert_eq!(place(1, 3), (2, 5));
        assert_eq!(place(9, 9), (3, 4));
    }
}
