//! Cuts the inside of a tag or output into tokens.
//!
//! The lexer never gives up: what it does not know it reports and skips, and what is right in
//! another language (`&&`, curly quotes, `&gt;` from a visual editor) it reports and reads as what
//! was meant.

use crate::dialect::{Dialect, Traits};
use crate::excerpt::excerpt;
use crate::position::Span;
use crate::problem::Problem;

use super::token::{Compare, Kind, Token};

/// Tokens, and the problems met on the way with their offsets.
#[derive(Debug, Default)]
pub(crate) struct Lexed {
    pub(crate) tokens: Vec<Token>,
    pub(crate) problems: Vec<(usize, Problem)>,
}

/// Cuts this part of the source into tokens.
pub(crate) fn lex(source: &str, span: Span, traits: &Traits) -> Lexed {
    let mut lexer =
        Lexer { source, at: span.start, end: span.end, traits, lexed: Lexed::default() };
    while lexer.step() {}
    lexer.lexed
}

/// Signs and what they are; a longer sign stands before a shorter one that it begins with.
const SIGNS: &[(&str, Kind)] = &[
    ("..", Kind::DotDot),
    ("==", Kind::Compare(Compare::Equal)),
    ("!=", Kind::Compare(Compare::NotEqual)),
    ("<>", Kind::Compare(Compare::NotEqual)),
    ("<=", Kind::Compare(Compare::LessOrEqual)),
    (">=", Kind::Compare(Compare::MoreOrEqual)),
    ("<", Kind::Compare(Compare::Less)),
    (">", Kind::Compare(Compare::More)),
    ("!", Kind::Not),
    ("=", Kind::Assign),
    (".", Kind::Dot),
    (",", Kind::Comma),
    (":", Kind::Colon),
    ("|", Kind::Pipe),
    ("[", Kind::OpenSquare),
    ("]", Kind::CloseSquare),
    ("(", Kind::OpenRound),
    (")", Kind::CloseRound),
];

/// Signs of other languages, what they are read as, and what to write.
const FOREIGN: &[(&str, Kind, &str)] = &[
    ("...", Kind::DotDot, ".."),
    ("=>", Kind::Compare(Compare::MoreOrEqual), ">="),
    ("=<", Kind::Compare(Compare::LessOrEqual), "<="),
    ("===", Kind::Compare(Compare::Equal), "=="),
    ("!==", Kind::Compare(Compare::NotEqual), "!="),
    ("&gt;=", Kind::Compare(Compare::MoreOrEqual), ">="),
    ("&lt;=", Kind::Compare(Compare::LessOrEqual), "<="),
    ("&gt;", Kind::Compare(Compare::More), ">"),
    ("&lt;", Kind::Compare(Compare::Less), "<"),
    ("&amp;&amp;", Kind::And, "and"),
    ("&&", Kind::And, "and"),
    ("||", Kind::Or, "or"),
];

/// What visual editors put where somebody typed a space.
const SPACE_ENTITY: &str = "&nbsp;";

/// Quotes that text may begin with, and what it then ends with. Only the first two are Liquid.
const QUOTES: &[(&str, &[&str])] = &[
    ("'", &["'"]),
    ("\"", &["\""]),
    ("‘", &["’", "‘", "'"]),
    ("’", &["’", "'"]),
    ("“", &["”", "“", "\""]),
    ("”", &["”", "\""]),
    ("&quot;", &["&quot;"]),
    ("&#39;", &["&#39;"]),
];

/// What any of them begins with.
const QUOTE_BEGINNINGS: [char; 7] = ['\'', '"', '‘', '’', '“', '”', '&'];

/// Problems kept for one tag; a tag with more is no tag at all.
const MAX_PROBLEMS: usize = 20;

/// The longest name in a `${name}`, in bytes. Without an end the search for one would be quadratic.
const MAX_INSERT: usize = 256;

struct Lexer<'s> {
    source: &'s str,
    at: usize,
    end: usize,
    traits: &'s Traits,
    lexed: Lexed,
}

impl<'s> Lexer<'s> {
    fn rest(&self) -> &'s str {
        Span::new(self.at, self.end).text(self.source)
    }

    /// Reads one token; `false` at the end.
    fn step(&mut self) -> bool {
        let rest = self.rest();
        let Some(first) = rest.chars().next() else { return false };
        if first.is_whitespace() || first == '\0' {
            self.at += first.len_utf8();
        } else if rest.starts_with(SPACE_ENTITY) {
            self.problem(Problem::WriteInstead { found: SPACE_ENTITY.to_owned(), instead: " " });
            self.at += SPACE_ENTITY.len();
        } else if starts_name(first) {
            self.take(Kind::Name, name_len(rest));
        } else if let Some(len) = number_len(rest) {
            self.take(Kind::Number, len);
        } else if !(self.insert(rest) || self.text(rest) || self.sign(rest)) {
            self.unknown(first, rest);
        }
        true
    }

    /// A character that means nothing; a `%` before a letter begins a date's format without quotes,
    /// and a `${` a name in Braze.
    fn unknown(&mut self, first: char, rest: &str) {
        if rest.starts_with("${") {
            let ends = |c: char| c == '}' || c.is_whitespace();
            let len = rest.find(ends).map_or(rest.len(), |end| match rest.get(end..=end) {
                Some("}") => end + 1,
                _ => end,
            });
            let (name, dialects) = ("${…}".to_owned(), vec![Dialect::Braze]);
            self.problem(Problem::OtherDialect { name, dialects });
            return self.take(Kind::Insert, len);
        }
        let ends = |c: char| c.is_whitespace() || matches!(c, '|' | ',' | '\'' | '"');
        let format = if first == '%' { rest.split(ends).next().unwrap_or_default() } else { "" };
        if format.len() > 1 {
            let found = excerpt(format);
            self.problem(Problem::Expected { expected: "quotes around a format", found });
            self.take(Kind::Text, format.len());
        } else {
            self.problem(Problem::UnexpectedCharacter { found: first });
            self.at += first.len_utf8();
        }
    }

    fn take(&mut self, kind: Kind, len: usize) {
        self.lexed.tokens.push(Token { kind, span: Span::new(self.at, self.at + len) });
        self.at += len;
    }

    fn problem(&mut self, problem: Problem) {
        if self.lexed.problems.len() < MAX_PROBLEMS {
            self.lexed.problems.push((self.at, problem));
        }
    }

    /// Braze's `${name}`, and its doubled braces, which mean nothing inside a tag.
    fn insert(&mut self, rest: &str) -> bool {
        if !self.traits.dollar_names {
            return false;
        }
        if rest.starts_with("{{") || rest.starts_with("}}") {
            self.at += 2;
            return true;
        }
        let Some(inner) = rest.strip_prefix("${") else { return false };
        let Some(len) = inner.bytes().take(MAX_INSERT).position(|byte| byte == b'}') else {
            return false;
        };
        self.take(Kind::Insert, len + 3);
        true
    }

    fn text(&mut self, rest: &str) -> bool {
        if !rest.starts_with(QUOTE_BEGINNINGS) {
            return false;
        }
        let Some((open, closers)) = QUOTES.iter().find(|(open, _)| rest.starts_with(open)) else {
            return false;
        };
        let inner = rest.get(open.len()..).unwrap_or_default();
        let close = first_of(inner, closers);
        let Some((len, close_len)) = close else {
            self.problem(Problem::UnclosedText { quote: open.chars().next().unwrap_or('"') });
            self.at += open.len();
            return true;
        };
        if open.len() > 1 {
            self.problem(Problem::WriteInstead { found: (*open).to_owned(), instead: "'" });
        }
        self.take(Kind::Text, open.len() + len + close_len);
        true
    }

    fn sign(&mut self, rest: &str) -> bool {
        if let Some((found, kind, instead)) =
            FOREIGN.iter().find(|(sign, ..)| rest.starts_with(sign))
        {
            self.problem(Problem::WriteInstead { found: (*found).to_owned(), instead });
            self.take(*kind, found.len());
            return true;
        }
        let Some((sign, kind)) = SIGNS.iter().find(|(sign, _)| rest.starts_with(sign)) else {
            return false;
        };
        self.take(*kind, sign.len());
        true
    }
}

/// Where the first of these signs stands, and its length; looks at each character once.
fn first_of(text: &str, signs: &[&str]) -> Option<(usize, usize)> {
    if let [sign] = signs {
        return text.find(sign).map(|at| (at, sign.len()));
    }
    text.char_indices().find_map(|(at, _)| {
        let rest = text.get(at..)?;
        signs.iter().find(|sign| rest.starts_with(**sign)).map(|sign| (at, sign.len()))
    })
}

fn starts_name(character: char) -> bool {
    character == '_' || character.is_alphabetic()
}

/// Letters, digits, `_` and `-`, and perhaps a `?` at the end.
fn name_len(text: &str) -> usize {
    let inside = |c: char| c == '_' || c == '-' || c.is_alphanumeric();
    let len = text.find(|c| !inside(c)).unwrap_or(text.len());
    let question = text.get(len..).is_some_and(|rest| rest.starts_with('?'));
    len + usize::from(question)
}

/// Digits, perhaps a `-` before them, perhaps a point and digits after them.
fn number_len(text: &str) -> Option<usize> {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let sign = usize::from(text.starts_with('-'));
    let whole = digits(text.get(sign..)?);
    if whole == 0 {
        return None;
    }
    let rest = text.get(sign + whole..)?;
    let fraction = rest.strip_prefix('.').map_or(0, digits);
    Some(sign + whole + if fraction > 0 { fraction + 1 } else { 0 })
}

/// The content of text in quotes, or the name in a `${name}`.
pub(crate) fn unquoted(text: &str) -> &str {
    if let Some(name) = text.strip_prefix("${") {
        return name.strip_suffix('}').unwrap_or(name).trim();
    }
    let Some((open, closers)) = QUOTES.iter().find(|(open, _)| text.starts_with(open)) else {
        return text;
    };
    let inner = text.get(open.len()..).unwrap_or_default();
    closers.iter().find_map(|close| inner.strip_suffix(close)).unwrap_or(inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::Dialect;

    #[track_caller]
    fn check(source: &str, expected: &[&str], problems: usize) {
        let lexed = lex(source, Span::new(0, source.len()), Dialect::Standard.traits());
        let found: Vec<&str> = lexed.tokens.iter().map(|token| token.span.text(source)).collect();
        assert_eq!(found, expected);
        assert_eq!(lexed.problems.len(), problems, "{:?}", lexed.problems);
    }

    #[test]
    fn names_may_hold_hyphens_and_end_with_a_question_mark() {
        check("a-b c? prénom", &["a-b", "c?", "prénom"], 0);
    }

    #[test]
    fn a_range_of_numbers_is_not_a_fraction() {
        check("(1..-5.5)", &["(", "1", "..", "-5.5", ")"], 0);
    }

    #[test]
    fn no_break_spaces_are_spaces() {
        check("a\u{a0}==\tb", &["a", "==", "b"], 0);
    }

    #[test]
    fn signs_of_other_languages_are_read_and_reported() {
        check("a &gt;= 3 && “b”", &["a", "&gt;=", "3", "&&", "“b”"], 3);
    }

    #[test]
    fn unknown_characters_are_skipped_and_reported() {
        check("@a ~ 'b", &["a", "b"], 3);
    }
}
