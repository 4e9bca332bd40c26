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
const SYNONYMS: [(&str, &str); 8] = [
    ("is", "=="),
    ("eq", "=="),
    ("equals", "=="),
    ("ne", "!="),
    ("has", "contains"),
    ("include", "contains"),
    ("includes", "contains"),
    ("like", "contains"),
];

fn synonym(word: &str) -> Option<String> {
    SYNONYMS.iter().find(|(other, _)| *other == word).map(|(_, operator)| (*operator).to_owned())
}

/// What stands behind the item in `'a' in list`.
struct InList {
    list: Expr,
    negated: bool,
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
        if let Some(turned) = self.in_list()? {
            self.skip_grouping(Kind::CloseRound);
            let (negated, right) = (negated != turned.negated, Some((Compare::Contains, left)));
            return Ok(Comparison { at, negated, left: turned.list, right });
        }
        let right = match self.operator()? {
            Some(compare) => Some((compare, self.operand()?)),
            None => None,
        };
        self.skip_grouping(Kind::CloseRound);
        Ok(Comparison { at, negated, left, right })
    }

    /// Takes the rest of `'a' in list` or `'a' not in list`, which in most dialects is a mistake that
    /// means `list contains 'a'`.
    fn in_list(&mut self) -> Parsed<Option<InList>> {
        let at = self.here();
        let before = self.place();
        let negated = self.peek_after(1) == Some(Kind::Name) && self.accept_word("not");
        if !self.accept_word("in") {
            self.back_to(before);
            return Ok(None);
        }
        let from = self.place();
        let list = self.operand()?;
        if !self.options.dialect.traits().django {
            let list = excerpt(&self.squeezed(from));
            self.report((at, Problem::InList { list }));
        }
        Ok(Some(InList { list, negated }))
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

    /// Takes a `not` or a `!`. Only some dialects have the one and none the other, but everyone means
    /// the same by them.
    fn negation(&mut self) -> bool {
        let follows = matches!(
            self.peek_after(1),
            Some(Kind::Name | Kind::Text | Kind::Number | Kind::Insert)
        );
        let operator = follows && (self.word() == Some("not") || self.peek() == Some(Kind::Not));
        if operator {
            let (at, found) = (self.here(), self.found().to_owned());
            self.next();
            let known = self.options.dialect.traits().django;
            if !known || found == "!" {
                let instead = if known { "not" } else { "unless" };
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
        while self.options.dialect.traits().django && self.accept(Kind::Pipe) {
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
