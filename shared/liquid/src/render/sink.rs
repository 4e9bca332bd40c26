//! Where text is written: the output, or a value that a `capture` is making.

use crate::html::{escape_into, growth};
use crate::limits::Limit;

use super::budget::Budget;

#[derive(Debug, Default)]
pub(crate) struct Sink {
    text: String,
    /// How many values are being captured, one inside the other.
    captures: usize,
}

impl Sink {
    /// Writes text as it stands.
    pub(crate) fn write(&mut self, text: &str, budget: &mut Budget) -> Result<(), Limit> {
        self.charge(text.len(), budget)?;
        self.text.push_str(text);
        Ok(())
    }

    /// Writes text escaped for HTML.
    pub(crate) fn write_escaped(&mut self, text: &str, budget: &mut Budget) -> Result<(), Limit> {
        self.charge(text.len() + growth(text), budget)?;
        escape_into(text, &mut self.text);
        Ok(())
    }

    fn charge(&self, bytes: usize, budget: &mut Budget) -> Result<(), Limit> {
        if self.captures > 0 { budget.value(bytes) } else { budget.output(bytes) }
    }

    /// Begins to capture; gives what was written so far, to be handed back to [`Sink::end_capture`].
    pub(crate) fn begin_capture(&mut self) -> String {
        self.captures += 1;
        std::mem::take(&mut self.text)
    }

    /// Ends the innermost capture; gives what was captured.
    pub(crate) fn end_capture(&mut self, outer: String) -> String {
        self.captures = self.captures.saturating_sub(1);
        std::mem::replace(&mut self.text, outer)
    }

    pub(crate) fn into_text(self) -> String {
        self.text
    }
}
