//! A place among the tokens of one tag or output, and the words for what is wrong there.

use std::sync::Arc;

use crate::excerpt::excerpt;
use crate::limits::Limit;
use crate::options::ParseOptions;
use crate::position::Span;
use crate::problem::Problem;

use super::lex::{lex, unquoted};
use super::problems::Problems;
use super::token::{Kind, Token};

/// A mistake that leaves nothing to go on with, and its offset.
pub(crate) type Fault = (usize, Problem);

/// What a part of a tag is parsed to.
pub(crate) type Parsed<T> = Result<T, Fault>;

/// A place among the tokens of one tag or output.
pub(crate) struct Cursor<'p> {
    source: &'p str,
    tokens: Vec<Token>,
    place: usize,
    /// Where the tag or output began: its `{{` or `{%`, or its name inside `liquid`.
    pub(crate) at: usize,
    end: usize,
    pub(crate) options: &'p ParseOptions,
    problems: &'p mut Problems,
}

impl<'p> Cursor<'p> {
    /// A cursor at the first token of this part of the source.
    pub(crate) fn new(
        source: &'p str,
        at: usize,
        inside: Span,
        options: &'p ParseOptions,
        problems: &'p mut Problems,
    ) -> Self {
        let lexed = lex(source, inside, options.dialect.traits());
        for (at, problem) in lexed.problems {
            problems.report(at, problem);
        }
        Self { source, tokens: lexed.tokens, place: 0, at, end: inside.end, options, problems }
    }

    pub(crate) fn peek(&self) -> Option<Kind> {
        self.peek_after(0)
    }

    /// The kind of the token after this many others.
    pub(crate) fn peek_after(&self, count: usize) -> Option<Kind> {
        self.tokens.get(self.place + count).map(|token| token.kind)
    }

    pub(crate) fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.place).copied()?;
        self.place += 1;
        Some(token)
    }

    pub(crate) fn text(&self, token: Token) -> &'p str {
        token.span.text(self.source)
    }

    /// The content of a quoted text or of a `${name}`.
    pub(crate) fn content(&self, token: Token) -> &'p str {
        unquoted(self.text(token))
    }

    /// The text of the next token; empty at the end.
    pub(crate) fn found(&self) -> &'p str {
        self.tokens.get(self.place).map_or("", |token| self.text(*token))
    }

    /// The next token's text if it is a name.
    pub(crate) fn word(&self) -> Option<&'p str> {
        (self.peek() == Some(Kind::Name)).then(|| self.found())
    }

    /// Where the next token begins, or where the tag ends.
    pub(crate) fn here(&self) -> usize {
        self.tokens.get(self.place).map_or(self.end, |token| token.span.start)
    }

    pub(crate) fn is_done(&self) -> bool {
        self.place >= self.tokens.len()
    }

    /// Takes the next token if it is of this kind.
    pub(crate) fn accept(&mut self, kind: Kind) -> bool {
        let accepted = self.peek() == Some(kind);
        self.place += usize::from(accepted);
        accepted
    }

    /// Takes the next token if it is this word.
    pub(crate) fn accept_word(&mut self, word: &str) -> bool {
        let accepted = self.word() == Some(word);
        self.place += usize::from(accepted);
        accepted
    }

    /// Takes the next token, which must be of this kind.
    pub(crate) fn expect(&mut self, kind: Kind, expected: &'static str) -> Parsed<Token> {
        match self.peek() {
            Some(found) if found == kind => self.next().ok_or_else(|| self.expected(expected)),
            _ => Err(self.expected(expected)),
        }
    }

    /// Takes a name to assign to: letters, digits, `_` and `-`. Ruby allows a number as well.
    pub(crate) fn target(&mut self) -> Parsed<Arc<str>> {
        let expected = "the name of a variable";
        match self.peek() {
            Some(Kind::Name | Kind::Number) => {}
            Some(Kind::Text | Kind::Insert) => {
                let fault = self.expected(expected);
                self.report(fault);
                return Ok(self.next().map_or("", |token| self.content(token)).into());
            }
            _ => return Err(self.expected(expected)),
        }
        let name = self.found();
        if name.ends_with('?') || name.contains('.') {
            let fault = self.expected(expected);
            self.report(fault);
        }
        self.place += 1;
        Ok(name.into())
    }

    /// The fault that something else was needed here.
    pub(crate) fn expected(&self, expected: &'static str) -> Fault {
        (self.here(), Problem::Expected { expected, found: excerpt(self.found()) })
    }

    /// That a word after a word is one name with it: `customer.First Name`, or `first name` alone.
    pub(crate) fn spaced(&self) -> Option<Problem> {
        let second = self.word().filter(|word| !["and", "or", "contains", "if"].contains(word))?;
        let before = |count| self.tokens.get(self.place.checked_sub(count)?);
        let first = before(1).filter(|token| token.kind == Kind::Name)?;
        let between = Span::new(first.span.end, self.here()).text(self.source);
        if !between.trim().is_empty() {
            return None;
        }
        let first = self.text(*first);
        match before(2) {
            Some(token) if token.kind == Kind::Dot => {
                Some(Problem::SpaceInName { name: excerpt(&format!("{first} {second}")) })
            }
            None => Some(Problem::TwoNames { first: excerpt(first), second: excerpt(second) }),
            Some(_) => None,
        }
    }

    pub(crate) fn report(&mut self, (at, problem): Fault) {
        self.problems.report(at, problem);
    }

    /// The word that was probably meant.
    pub(crate) fn suggestion(
        &self,
        word: &str,
        known: impl IntoIterator<Item = &'static str>,
    ) -> Option<String> {
        self.problems.suggestion(word, known)
    }

    /// Whether no more mistakes are kept.
    pub(crate) fn is_full(&self) -> bool {
        self.problems.is_full()
    }

    /// Keeps a result, or reports its fault and has nothing.
    pub(crate) fn keep<T>(&mut self, parsed: Parsed<T>) -> Option<T> {
        parsed.map_err(|fault| self.report(fault)).ok()
    }

    /// Skips to the next token of one of these kinds, or to the end.
    pub(crate) fn skip_to(&mut self, kinds: &[Kind]) {
        while self.peek().is_some_and(|kind| !kinds.contains(&kind)) {
            self.place += 1;
        }
    }

    pub(crate) fn skip_all(&mut self) {
        self.place = self.tokens.len();
    }

    /// Reports whatever is left.
    pub(crate) fn finish(&mut self, expected: &'static str) {
        if !self.is_done() {
            let fault = self.expected(expected);
            self.report(fault);
            self.skip_all();
        }
    }

    /// The source between two places among the tokens, without its white space.
    pub(crate) fn squeezed(&self, from: usize) -> Arc<str> {
        let tokens = self.tokens.get(from..self.place).unwrap_or_default();
        tokens.iter().map(|token| self.text(*token)).collect::<String>().into()
    }

    /// Goes back to where so many tokens were taken.
    pub(crate) fn back_to(&mut self, place: usize) {
        self.place = place;
    }

    /// How many tokens were taken, for [`Cursor::squeezed`].
    pub(crate) fn place(&self) -> usize {
        self.place
    }

    /// Refuses a list that grows beyond the limit on arguments.
    pub(crate) fn check_arguments(&self, count: usize) -> Parsed<()> {
        let max = self.options.limits.arguments;
        if count > max { Err((self.here(), Limit::Arguments(max).into())) } else { Ok(()) }
    }
}
