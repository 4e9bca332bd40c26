//! Conditions: `a == 'x' and b contains c`.

use crate::ast::{Comparison, Condition, Expr, Filtered, Junction};
use crate::excerpt::excerpt;
use crate::limits::Limit;
use crate::problem::Problem;
use crate::value::Value;

use super::cursor::{Cursor, Parsed};
use super::token::{Compare, Kind};

/// The operators, for suggestions.
const OPERATORS: [&str; 10] = ["==", "!=", "<>", "<", "<=", ">", ">=", "contains", "and", "or"];

/// What other languages call the operators.
const SYNONYMS: [(&str, &str); 9] = [
    ("is", "=="),
    ("eq", "=="),
    ("equals", "=="),
    ("ne", "!="),
    ("in", "contains"),
    ("has", "contains"),
    ("include", "contains"),
    ("includes", "contains"),
    ("like", "contains"),
];

fn synonym(word: &str) -> Option<String> {
    SYNONYMS.iter().find(|(other, _)| *other == word).map(|(_, operator)| (*operator).to_owned())
}

impl Cursor<'_> {
    /// Parses a condition up to the end of the tag. A comparison that cannot be read counts as false.
    pub(crate) fn condition(&mut self) -> Parsed<Condition> {
        let first = self.comparison();
        let mut rest = Vec::new();
        while let Some(junction) = self.junction() {
            let max = self.options.limits.conditions;
            if rest.len() + 1 >= max {
                return Err((self.here(), Limit::Conditions(max).into()));
            }
            rest.push((junction, self.comparison()));
        }
        self.finish("`and`, `or` or the end");
        Ok(Condition { first, rest })
    }

    fn junction(&mut self) -> Option<Junction> {
        if self.accept_word("and") || self.accept(Kind::And) {
            Some(Junction::And)
        } else if self.accept_word("or") || self.accept(Kind::Or) {
            Some(Junction::Or)
        } else {
            None
        }
    }

    fn comparison(&mut self) -> Comparison {
        let at = self.here();
        let parsed = self.try_comparison(at);
        self.keep(parsed).unwrap_or_else(|| {
            self.skip_to_junction();
            Comparison { at, negated: false, left: Expr::Literal(Value::Bool(false)), right: None }
        })
    }

    fn try_comparison(&mut self, at: usize) -> Parsed<Comparison> {
        let negated = self.negation();
        self.skip_grouping(Kind::OpenRound);
        let left = self.operand()?;
        let right = match self.operator()? {
            Some(compare) => Some((compare, self.operand()?)),
            None => None,
        };
        self.skip_grouping(Kind::CloseRound);
        Ok(Comparison { at, negated, left, right })
    }

    /// Skips brackets that are not those of a range: as in Ruby's lax mode they mean nothing.
    fn skip_grouping(&mut self, bracket: Kind) {
        while self.peek() == Some(bracket) && !self.is_range() {
            self.report((self.here(), Problem::Grouping));
            self.next();
        }
    }

    /// Whether a range begins here: `..` comes before anything that only a condition has.
    fn is_range(&self) -> bool {
        let kinds = (1..).map_while(|ahead| self.peek_after(ahead));
        let range = |kind| {
            matches!(kind, Kind::Name | Kind::Number | Kind::Dot | Kind::Insert | Kind::DotDot)
        };
        self.peek() == Some(Kind::OpenRound)
            && kinds.take_while(|kind| range(*kind)).any(|kind| kind == Kind::DotDot)
    }

    /// Takes a `not`. Only some dialects have it, but everyone means the same by it.
    fn negation(&mut self) -> bool {
        let follows = matches!(
            self.peek_after(1),
            Some(Kind::Name | Kind::Text | Kind::Number | Kind::Insert)
        );
        let operator = self.word() == Some("not") && follows;
        if operator {
            let at = self.here();
            self.next();
            if !self.options.dialect.traits().not {
                let (found, instead) = ("not".to_owned(), "unless");
                self.report((at, Problem::WriteInstead { found, instead }));
            }
        }
        operator
    }

    /// Parses one side of a comparison, with filters where the dialect has them there.
    fn operand(&mut self) -> Parsed<Expr> {
        let at = self.here();
        let expr = self.expression()?;
        let mut filters = Vec::new();
        while self.options.dialect.traits().filters_in_conditions && self.accept(Kind::Pipe) {
            filters.extend(self.filter());
        }
        if filters.is_empty() {
            return Ok(expr);
        }
        Ok(Expr::Filtered(Box::new(Filtered { at, expr, filters })))
    }

    fn operator(&mut self) -> Parsed<Option<Compare>> {
        match self.peek() {
            Some(Kind::Compare(compare)) => {
                self.next();
                Ok(Some(compare))
            }
            Some(Kind::Assign) => {
                let (found, instead) = ("=".to_owned(), "==");
                self.report((self.here(), Problem::WriteInstead { found, instead }));
                self.next();
                Ok(Some(Compare::Equal))
            }
            Some(Kind::Name) if self.accept_word("contains") => Ok(Some(Compare::Contains)),
            Some(Kind::Name) if !matches!(self.word(), Some("and" | "or")) => {
                let found = excerpt(self.found());
                let suggestion = synonym(&found).or_else(|| self.suggestion(&found, OPERATORS));
                Err((self.here(), Problem::UnknownOperator { found, suggestion }))
            }
            _ => Ok(None),
        }
    }

    fn skip_to_junction(&mut self) {
        while !self.is_done() && !matches!(self.word(), Some("and" | "or")) {
            self.next();
        }
    }
}
