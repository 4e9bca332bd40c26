//! Values and paths: `'text'`, `12`, `customer.tags[0]`, `(1..3)`.

use crate::ast::{Expr, Path, Segment};
use crate::excerpt::excerpt;
use crate::limits::{Limit, MAX_BRACKET_DEPTH};
use crate::problem::Problem;
use crate::value::{Range, Value};

use super::cursor::{Cursor, Parsed};
use super::token::{Kind, Token};

const EXPECTED: &str = "a value";

impl Cursor<'_> {
    /// Parses one value.
    pub(crate) fn expression(&mut self) -> Parsed<Expr> {
        self.nested(0)
    }

    /// Parses one value inside this many brackets.
    fn nested(&mut self, depth: usize) -> Parsed<Expr> {
        let max = self.options.limits.bracket_depth.min(MAX_BRACKET_DEPTH);
        if depth > max {
            return Err((self.here(), Limit::BracketDepth(max).into()));
        }
        let Some(kind) = self.peek() else { return Err(self.expected(EXPECTED)) };
        match kind {
            Kind::Name | Kind::Insert | Kind::OpenSquare => self.path(depth),
            Kind::Text | Kind::Number => self.literal(),
            Kind::OpenRound => self.range(depth),
            _ => Err(self.expected(EXPECTED)),
        }
    }

    fn literal(&mut self) -> Parsed<Expr> {
        let token = self.next().ok_or_else(|| self.expected(EXPECTED))?;
        if token.kind == Kind::Number {
            return self.number(token).map(Expr::Literal);
        }
        Ok(Expr::Literal(Value::from(self.content(token))))
    }

    fn number(&self, token: Token) -> Parsed<Value> {
        let text = self.text(token);
        let max = self.options.limits.digits;
        let too_long = || (token.span.start, Problem::from(Limit::Digits(max)));
        let digits =
            text.trim_start_matches(['-', '0', '.']).bytes().filter(u8::is_ascii_digit).count();
        if digits > max {
            return Err(too_long());
        }
        let number = if text.contains('.') {
            text.parse().ok().map(Value::Float)
        } else {
            text.parse().ok().map(Value::Int)
        };
        number.ok_or_else(too_long)
    }

    /// Parses `(first..last)`.
    fn range(&mut self, depth: usize) -> Parsed<Expr> {
        self.expect(Kind::OpenRound, "`(`")?;
        let first = self.nested(depth + 1)?;
        self.expect(Kind::DotDot, "`..`")?;
        let last = self.nested(depth + 1)?;
        self.expect(Kind::CloseRound, "`)`")?;
        if let (Expr::Literal(Value::Int(first)), Expr::Literal(Value::Int(last))) = (&first, &last)
        {
            return Ok(Expr::Literal(Value::Range(Range { first: *first, last: *last })));
        }
        Ok(Expr::Range(Box::new((first, last))))
    }

    fn path(&mut self, depth: usize) -> Parsed<Expr> {
        let at = self.here();
        let word = self.word();
        if word == Some("contains") {
            return Err(self.expected(EXPECTED));
        }
        let root = match self.peek() {
            Some(Kind::OpenSquare) => match self.index(depth)? {
                Segment::Index(inner) => named(*inner),
                name @ Segment::Name(_) => name,
            },
            _ => Segment::Name(self.next().map_or("", |token| self.content(token)).into()),
        };
        let mut segments = self.segments(depth)?;
        if matches!(&root, Segment::Name(name) if &**name == "forloop") {
            let traits = self.options.dialect.traits();
            for segment in &mut segments {
                if let Segment::Name(name) = segment {
                    *name = traits.loop_property(name).into();
                }
            }
        }
        let keyword = word.filter(|_| segments.is_empty()).and_then(keyword);
        Ok(keyword.unwrap_or(Expr::Path(Path { at, root, segments })))
    }

    fn segments(&mut self, depth: usize) -> Parsed<Vec<Segment>> {
        let mut segments = Vec::new();
        loop {
            match self.peek() {
                Some(Kind::OpenSquare) => segments.push(self.index(depth)?),
                Some(Kind::Dot) => {
                    self.next();
                    segments.extend(self.property(depth)?);
                }
                _ => return Ok(segments),
            }
        }
    }

    /// Parses what follows a dot. A number is taken for a place, and a dot before a bracket for
    /// nothing, but both are mistakes.
    fn property(&mut self, depth: usize) -> Parsed<Vec<Segment>> {
        let fault = self.expected("the name of a property");
        if self.peek() == Some(Kind::OpenSquare) {
            self.report(fault);
            return Ok(vec![self.index(depth)?]);
        }
        let Some(token) = self.next() else { return Err(fault) };
        match token.kind {
            Kind::Name | Kind::Insert => Ok(vec![Segment::Name(self.content(token).into())]),
            Kind::Number => {
                if !self.options.dialect.traits().django {
                    let expected = "the name of a property; an item stands in brackets, as `[0]`";
                    let found = excerpt(self.text(token));
                    self.report((fault.0, Problem::Expected { expected, found }));
                }
                self.places(token)
            }
            _ => Err(fault),
        }
    }

    /// The places in a number after a dot: `0.1` is the second of the first.
    fn places(&self, token: Token) -> Parsed<Vec<Segment>> {
        let too_long = (token.span.start, Limit::Digits(self.options.limits.digits).into());
        let place = |digits: &str| {
            let place = digits.parse().map_err(|_| too_long.clone())?;
            Ok(Segment::Index(Box::new(Expr::Literal(Value::Int(place)))))
        };
        self.text(token).split('.').map(place).collect()
    }

    /// Parses `[…]`.
    fn index(&mut self, depth: usize) -> Parsed<Segment> {
        self.expect(Kind::OpenSquare, "`[`")?;
        let inner = self.nested(depth + 1)?;
        self.expect(Kind::CloseSquare, "`]`")?;
        Ok(Segment::Index(Box::new(inner)))
    }
}

/// The beginning of a path in brackets: text in quotes is a name like any other.
fn named(inner: Expr) -> Segment {
    match inner {
        Expr::Literal(Value::Str(name)) => Segment::Name(name),
        other => Segment::Index(Box::new(other)),
    }
}

/// The value that a bare word means in itself.
fn keyword(word: &str) -> Option<Expr> {
    match word {
        "nil" | "null" => Some(Expr::Literal(Value::Nil)),
        "true" => Some(Expr::Literal(Value::Bool(true))),
        "false" => Some(Expr::Literal(Value::Bool(false))),
        "blank" => Some(Expr::Blank),
        "empty" => Some(Expr::Empty),
        _ => None,
    }
}
