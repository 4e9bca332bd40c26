//! Programs: what is sent to those who enter a segment.

use crate::digest::Key;
use crate::id::{CustomerId, MessageId, ProgramId, TemplateId};
use crate::membership::Membership;
use crate::message::{Cause, Message};
use crate::rule::Rule;
use crate::time::{Span, Timestamp};

/// A path that begins with entering a segment; today it has one step, a message.
#[derive(Debug, Clone, PartialEq)]
pub struct Program {
    /// Its id.
    pub id: ProgramId,
    /// What people call it.
    pub name: String,
    /// The place of the segment among the definitions.
    pub segment: usize,
    /// The causes for which it starts.
    pub causes: Vec<Cause>,
    /// Whether it also starts for those who were there before it: confirmed by whoever pushed it.
    pub existing: bool,
    /// Whether the same person may start it again.
    pub again: Again,
    /// What is sent.
    pub template: TemplateId,
    /// How long after the entry it is due.
    pub after: Span,
    /// How long after its due time it is too late.
    pub max_lateness: Span,
    /// The topic of the consent it needs; `None` is the channel's as a whole.
    pub topic: Option<String>,
    /// When this holds, the program is done: a waiting message is dropped.
    pub goal: Option<Rule>,
    /// Whether it speaks of the cart, and is pointless without items.
    pub about_cart: bool,
}

/// Whether the same person may start a program again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// Once in a lifetime.
    Never,
    /// When so much time has passed since the last start.
    After(Span),
}

impl Program {
    /// The key under which a profile remembers the last start.
    pub fn key(&self) -> Key {
        Key::of(&["program", self.id.as_str()])
    }

    /// Whether an entry for `cause` starts it.
    pub fn starts_for(&self, cause: Cause) -> bool {
        let existing = matches!(cause, Cause::Definition | Cause::Backfill) && self.existing;
        existing || self.causes.contains(&cause)
    }

    /// Whether a person who last started it then may start it at `at`.
    pub fn may_start(&self, last: Option<Timestamp>, at: Timestamp) -> bool {
        match (last, self.again) {
            (None, _) => true,
            (Some(_), Again::Never) => false,
            (Some(last), Again::After(span)) => at >= last + span,
        }
    }

    /// The message of an entry.
    pub fn message(
        &self,
        customer: &CustomerId,
        segment: &crate::definitions::Segment,
        entry: Membership,
        cause: Cause,
    ) -> Message {
        let due = entry.since + self.after;
        Message {
            id: MessageId::of(&self.id, customer, entry.ordinal),
            customer: customer.clone(),
            program: self.id.clone(),
            template: self.template.clone(),
            segment: segment.id.clone(),
            entry: entry.ordinal,
            cause,
            at: entry.since,
            due,
            expires: due + self.max_lateness,
        }
    }
}
