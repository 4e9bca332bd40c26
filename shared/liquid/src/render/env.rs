//! What filters may know and use: the moment, the zone, and what is left of the limits.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::dates::Language;
use crate::limits::Limit;
use crate::value::{Numbers, Printer, Value};

use super::budget::Budget;
use super::{Escape, RenderInput};

/// What filters may know and use.
#[derive(Debug)]
pub(crate) struct Env<'r> {
    pub(crate) budget: Budget,
    /// What the template is rendered with; filters for money find a shop's format in it.
    pub(crate) data: &'r Value,
    pub(crate) now: Timestamp,
    pub(crate) zone: &'r TimeZone,
    pub(crate) language: Language,
    pub(crate) numbers: Numbers,
    /// Whether outputs are escaped for HTML.
    pub(crate) escapes: bool,
}

impl<'r> Env<'r> {
    pub(crate) fn new(input: &'r RenderInput<'r>) -> Self {
        Self {
            budget: Budget::new(input.limits),
            data: input.data,
            now: input.now.timestamp(),
            zone: &input.zone,
            language: input.language,
            numbers: input.numbers,
            escapes: input.escape == Escape::Html,
        }
    }

    /// A value as text. Making one out of an array or object takes room.
    pub(crate) fn text(&mut self, value: &Value) -> Result<Arc<str>, Limit> {
        let text = Printer::new(self.numbers, self.budget.room())
            .print(value)
            .map_err(|_| self.budget.no_room())?;
        if matches!(value, Value::Array(_) | Value::Object(_)) {
            self.budget.value(text.len())?;
        }
        Ok(text)
    }

    /// Whether two values are equal. Looking into arrays and objects takes steps for every item.
    pub(crate) fn equal(&mut self, left: &Value, right: &Value) -> Result<bool, Limit> {
        self.budget.look(left.weight().min(right.weight()))?;
        match (left, right) {
            (Value::Array(left), Value::Array(right)) => {
                let mut equal = left.len() == right.len();
                for (left, right) in left.iter().zip(right.iter()) {
                    equal = equal && self.equal(left, right)?;
                }
                Ok(equal)
            }
            (Value::Object(left), Value::Object(right)) => {
                let mut equal = left.len() == right.len();
                for (key, left) in left.iter() {
                    equal = match right.get(key) {
                        Some(right) if equal => self.equal(left, right)?,
                        _ => false,
                    };
                }
                Ok(equal)
            }
            _ => Ok(left == right),
        }
    }

    /// Whether one of the items equals this value.
    pub(crate) fn any_equal(&mut self, items: &[Value], wanted: &Value) -> Result<bool, Limit> {
        for item in items {
            if self.equal(item, wanted)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
