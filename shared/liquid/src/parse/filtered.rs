//! Expressions with filters: `name | default: 'you' | upcase`.

use std::sync::Arc;

use crate::ast::{Expr, FilterCall, Filtered};
use crate::excerpt::excerpt;
use crate::filters::{self, Filter, Lookup};
use crate::problem::Problem;
use crate::value::Value;

use super::cursor::{Cursor, Fault, Parsed};
use super::token::Kind;

impl Cursor<'_> {
    /// Parses a value and its filters up to the end of the tag. What cannot be read is reported and
    /// left out; nothing at all is `nil`.
    pub(crate) fn filtered(&mut self) -> Filtered {
        let at = self.here();
        let expr = if self.is_done() { None } else { self.leading_expression() };
        let mut filters = Vec::new();
        let mut pipes = 0;
        while !self.is_done() {
            if self.pipe() {
                pipes += 1;
                if let Err(fault) = self.check_arguments(pipes) {
                    self.report(fault);
                    self.skip_all();
                    break;
                }
                filters.extend(self.filter());
            } else {
                let fault = self.stray();
                self.report(fault);
                self.skip_to(&[Kind::Pipe]);
            }
        }
        Filtered { at, expr: expr.unwrap_or(Expr::Literal(Value::Nil)), filters }
    }

    /// Takes a `|`. Two of them are a mistake, which the next one of them is reported as.
    fn pipe(&mut self) -> bool {
        if self.peek() == Some(Kind::Or) {
            let found = self.expected("`|` and a filter, or the end");
            self.report(found);
            return self.accept(Kind::Or);
        }
        self.accept(Kind::Pipe)
    }

    fn leading_expression(&mut self) -> Option<Expr> {
        let parsed = self.expression();
        let expr = self.keep(parsed);
        if expr.is_none() {
            self.skip_to(&[Kind::Pipe]);
        }
        expr
    }

    /// What to say about a token after a value, where only a filter or the end may stand.
    fn stray(&self) -> Fault {
        let (at, problem) = self.expected("`|` and a filter, or the end");
        if self.word() == Some("or") {
            let (found, instead) = ("or".to_owned(), "| default:");
            return (at, Problem::WriteInstead { found, instead });
        }
        match self.word().map(|word| filters::find(word, self.options.dialect)) {
            Some(Lookup::Found(filter)) => (
                at,
                Problem::Expected {
                    expected: "`|` before a filter",
                    found: filter.name.to_owned(),
                },
            ),
            _ => (at, self.spaced().unwrap_or(problem)),
        }
    }

    /// Parses one filter after its `|`; `None` if there is no such filter.
    pub(crate) fn filter(&mut self) -> Option<FilterCall> {
        let at = self.here();
        if self.peek() != Some(Kind::Name) {
            let fault = self.expected("the name of a filter");
            self.report(fault);
            self.skip_to(&[Kind::Pipe]);
            return None;
        }
        let name = self.next().map_or("", |token| self.text(token));
        let mut arguments = Arguments::default();
        if self.accept(Kind::Colon) {
            let parsed = self.arguments(&mut arguments);
            if self.keep(parsed).is_none() {
                self.skip_to(&[Kind::Pipe]);
            }
        }
        let without_colon =
            matches!(self.peek(), Some(Kind::Text | Kind::Number | Kind::OpenRound));
        if without_colon {
            let fault = self.expected("`:` before what a filter takes");
            self.report(fault);
            self.skip_to(&[Kind::Pipe]);
        }
        let found = self.known_filter(name);
        let filter = found.map_err(|problem| self.report((at, problem))).ok()?;
        if !without_colon {
            self.check(at, filter, &arguments);
        }
        Some(FilterCall { at, filter, arguments: arguments.positional, named: arguments.named })
    }

    fn known_filter(&self, name: &str) -> Result<&'static Filter, Problem> {
        let dialect = self.options.dialect;
        match filters::find(name, dialect) {
            Lookup::Found(filter) => Ok(filter),
            Lookup::Refused(reason) => Err(Problem::Refused { name: name.to_owned(), reason }),
            Lookup::Unknown if self.is_full() => {
                Err(Problem::UnknownFilter { name: excerpt(name), suggestion: None })
            }
            Lookup::Unknown => {
                let dialects = filters::elsewhere(name);
                if !dialects.is_empty() {
                    return Err(Problem::OtherDialect { name: name.to_owned(), dialects });
                }
                let suggestion = self.suggestion(name, filters::names(dialect));
                Err(Problem::UnknownFilter { name: excerpt(name), suggestion })
            }
        }
    }

    /// Parses arguments up to the next filter; a trailing comma is allowed.
    fn arguments(&mut self, arguments: &mut Arguments) -> Parsed<()> {
        loop {
            if matches!(self.peek(), None | Some(Kind::Pipe)) {
                return Ok(());
            }
            self.check_arguments(arguments.positional.len() + arguments.named.len() + 1)?;
            if self.peek() == Some(Kind::Name) && self.peek_after(1) == Some(Kind::Colon) {
                let name = self.found().into();
                self.next();
                self.next();
                arguments.named.push((name, self.expression()?));
            } else {
                arguments.positional.push(self.expression()?);
            }
            if !self.accept(Kind::Comma) {
                return Ok(());
            }
        }
    }

    /// Reports arguments that the filter does not take, or needs and has not.
    fn check(&mut self, at: usize, filter: &'static Filter, arguments: &Arguments) {
        let found = arguments.positional.len();
        if found < filter.min {
            self.report((
                at,
                Problem::TooFewArguments { filter: filter.name, min: filter.min, found },
            ));
        }
        if found > filter.max {
            self.report((
                at,
                Problem::TooManyArguments { filter: filter.name, max: filter.max, found },
            ));
        }
        for (name, _) in &arguments.named {
            if !filter.named.contains(&&**name) {
                let suggestion = self.suggestion(name, filter.named.iter().copied());
                let (of, name) = (filter.name.to_owned(), excerpt(name));
                self.report((at, Problem::UnknownArgument { of, name, suggestion }));
            }
        }
    }
}

#[derive(Default)]
struct Arguments {
    positional: Vec<Expr>,
    named: Vec<(Arc<str>, Expr)>,
}
