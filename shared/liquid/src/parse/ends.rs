//! Where blocks end, and tags that have no place or no meaning.

use crate::excerpt::excerpt;
use crate::options::Mode;
use crate::position::Span;
use crate::problem::Problem;
use crate::tags;

use super::blocks::{Open, Parser};
use super::found::Found;

impl Parser<'_> {
    pub(super) fn misplaced(&mut self, name: &str, at: usize) {
        let belongs = match name {
            "when" => "`case`",
            "elsif" => "`if` and `unless`",
            _ => "`if`, `unless`, `case` and `for`",
        };
        self.problems.report(at, Problem::UnexpectedBranch { found: name.to_owned(), belongs });
    }

    /// A tag that begins with no name; `/if` closes blocks in other languages.
    pub(super) fn nameless(&mut self, found: Found) {
        let text = Span::new(found.at, found.inside.end).text(self.source);
        let text = text.trim_start_matches(['{', '%', '-']).trim();
        let opened = text.strip_prefix('/').map(str::trim).filter(|name| tags::is_block(name));
        if let Some(opened) = opened {
            let end = format!("end{opened}");
            let (name, suggestion) = (excerpt(text), Some(end.clone()));
            self.problems.report(found.at, Problem::UnknownTag { name, suggestion });
            return self.end(&end, found);
        }
        let found_text = text.chars().take(20).collect();
        self.problems.report(found.at, Problem::EmptyTag { found: found_text });
    }

    /// A closing tag. If it fits a block further out, the blocks within were never closed.
    pub(super) fn end(&mut self, name: &str, found: Found) {
        let name = tags::synonym(name).unwrap_or(name);
        let opened = name.strip_prefix("end").unwrap_or(name);
        let reachable = self.open.get(self.floor..).unwrap_or_default();
        if let Some(place) = reachable.iter().rposition(|open| open.name == opened) {
            self.close_down_to(self.floor + place + 1);
            self.close();
            return;
        }
        if opened.is_empty() || tags::is_block(opened) {
            self.unexpected_end(name, opened, found.at);
        } else {
            self.unknown_tag(name, found);
        }
    }

    fn unexpected_end(&mut self, name: &str, opened: &str, at: usize) {
        // The mistake is the name of the opening tag, and was told.
        if let Some(left) = self.meant.get_mut(opened).filter(|left| **left > 0) {
            *left -= 1;
            return;
        }
        let inside = self.open.len() > self.floor;
        let open = self.open.last_mut().filter(|_| inside).map(|open| {
            open.told = true;
            (open.name.to_owned(), open.at)
        });
        self.problems.report_end(at, excerpt(name), open);
    }

    /// Closes blocks that were left open until only this many are.
    pub(super) fn close_down_to(&mut self, count: usize) {
        while self.open.len() > count {
            // Strictly, one mistake is one message; without it, the template must not be rendered.
            let told = |open: &&Open| open.told && self.options.mode == Mode::Strict;
            if let Some(open) = self.open.last().filter(|open| !told(open)) {
                self.problems
                    .report(open.at, Problem::UnclosedBlock { name: open.name.to_owned() });
            }
            self.close();
        }
    }

    fn close(&mut self) {
        let Some(open) = self.open.pop() else { return };
        let inside = std::mem::replace(&mut self.body, open.outer);
        if let Some((node, blank)) = open.block.close(inside) {
            self.body.push(node, blank);
        }
    }

    pub(super) fn unknown_tag(&mut self, name: &str, found: Found) {
        if let Some(reason) = tags::refusal(name) {
            self.problems.report(found.at, Problem::Refused { name: name.to_owned(), reason });
            return;
        }
        if self.problems.is_full() {
            return;
        }
        let dialects = tags::elsewhere(name);
        if !dialects.is_empty() {
            let name = name.to_owned();
            return self.problems.report(found.at, Problem::OtherDialect { name, dialects });
        }
        let suggestion = match tags::synonym(name) {
            Some(meant) => Some(meant.to_owned()),
            None => self.problems.suggestion(name, tags::names(self.options.dialect)),
        };
        let meant = suggestion.as_deref().filter(|meant| tags::is_block(meant));
        if let Some(meant) = meant.filter(|_| self.options.mode == Mode::Strict) {
            *self.meant.entry(meant.to_owned()).or_default() += 1;
        }
        self.problems.report(found.at, Problem::UnknownTag { name: excerpt(name), suggestion });
    }
}
