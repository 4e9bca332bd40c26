//! Whether conditions hold.

use std::cmp::Ordering;

use crate::ast::{Comparison, Condition, Expr, Junction};
use crate::failure::Failure;
use crate::parse::token::Compare;
use crate::value::Value;

use super::renderer::{Renderer, Stop};

impl<'r> Renderer<'r> {
    /// Whether a condition holds. `and` and `or` bind alike and from the right, so the first `false`
    /// before an `and` and the first `true` before an `or` decide.
    pub(crate) fn holds(&mut self, condition: &'r Condition) -> Result<bool, Stop> {
        let mut held = self.compares(&condition.first)?;
        for (junction, comparison) in &condition.rest {
            if held == (*junction == Junction::Or) {
                return Ok(held);
            }
            held = self.compares(comparison)?;
        }
        Ok(held)
    }

    fn compares(&mut self, comparison: &'r Comparison) -> Result<bool, Stop> {
        self.env.budget.steps(1)?;
        self.at = comparison.at;
        let held = match &comparison.right {
            None => self.truth(&comparison.left)?,
            Some((compare, right)) => match self.test(*compare, &comparison.left, right) {
                Err(Stop::Failure(failure)) => {
                    self.forgive(failure)?;
                    false
                }
                other => other?,
            },
        };
        Ok(held != comparison.negated)
    }

    /// The words `blank` and `empty` alone are true, like every other value.
    fn truth(&mut self, expr: &'r Expr) -> Result<bool, Stop> {
        Ok(self.value(expr)?.is_truthy())
    }

    fn test(&mut self, compare: Compare, left: &'r Expr, right: &'r Expr) -> Result<bool, Stop> {
        match compare {
            Compare::Equal => self.equals(left, right),
            Compare::NotEqual => Ok(!self.equals(left, right)?),
            Compare::Contains => {
                let (left, right) = (self.value(left)?, self.value(right)?);
                self.contains(&left, &right)
            }
            _ if is_test(left) || is_test(right) => Ok(false),
            _ => {
                let (left, right) = (self.value(left)?, self.value(right)?);
                self.env.budget.look(left.weight().min(right.weight()))?;
                ordered(compare, &left, &right)
            }
        }
    }

    /// Whether `==` holds.
    pub(crate) fn equals(&mut self, left: &'r Expr, right: &'r Expr) -> Result<bool, Stop> {
        match (left, right) {
            (Expr::Blank | Expr::Empty, Expr::Blank | Expr::Empty) => Ok(false),
            (Expr::Blank, other) | (other, Expr::Blank) => {
                let value = self.value(other)?;
                self.env.budget.look(value.weight())?;
                Ok(value.is_blank())
            }
            (Expr::Empty, other) | (other, Expr::Empty) => Ok(self.value(other)?.is_empty()),
            _ => {
                let (left, right) = (self.value(left)?, self.value(right)?);
                Ok(self.env.equal(&left, &right)?)
            }
        }
    }

    fn contains(&mut self, left: &Value, right: &Value) -> Result<bool, Stop> {
        if !right.is_truthy() {
            return Ok(false);
        }
        self.env.budget.look(left.weight().saturating_add(right.weight()))?;
        Ok(match left {
            Value::Str(text) | Value::Html(text) => text.contains(&*self.env.text(right)?),
            Value::Array(items) => self.env.any_equal(items, right)?,
            Value::Object(object) => right.as_str().is_some_and(|key| object.get(key).is_some()),
            Value::Range(range) => matches!(right, Value::Int(number) if range.contains(*number)),
            _ => false,
        })
    }
}

/// Whether an expression is a test beside `==` and no value.
fn is_test(expr: &Expr) -> bool {
    matches!(expr, Expr::Blank | Expr::Empty)
}

/// `<` and its like. What has no order is never smaller or larger; a number beside text is a mistake.
fn ordered(compare: Compare, left: &Value, right: &Value) -> Result<bool, Stop> {
    let Some(order) = left.order(right) else {
        if left.is_ordered() && right.is_ordered() {
            return Err(Failure::NotComparable { left: left.kind(), right: right.kind() }.into());
        }
        return Ok(false);
    };
    Ok(match compare {
        Compare::Less => order == Ordering::Less,
        Compare::LessOrEqual => order != Ordering::Greater,
        Compare::More => order == Ordering::Greater,
        _ => order != Ordering::Less,
    })
}
