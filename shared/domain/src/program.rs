//! Programs: what is sent to those who enter a segment.

use crate::digest::Key;
use crate::id::{CouponId, CustomerId, MessageId, ProgramId, TemplateId};
use crate::membership::Membership;
use crate::message::{Cause, Class, Message};
use crate::profile::Core;
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
    /// What the law takes it for.
    pub class: Class,
    /// Of two that compete for the last room under a cap, the higher goes first; 0 to 100.
    pub priority: u8,
    /// How long after the entry it is due.
    pub after: Span,
    /// The time of day at which it is due, if at a certain one.
    pub at: Option<At>,
    /// How long after its due time it is too late.
    pub max_lateness: Span,
    /// The coupon whose code it gives.
    pub coupon: Option<CouponId>,
    /// The topic of the consent it needs; `None` is the channel's as a whole.
    pub topic: Option<String>,
    /// When this holds, the program is done: a waiting message is dropped.
    pub goal: Option<Rule>,
    /// Whether it speaks of the cart, and is pointless without items.
    pub about_cart: bool,
}

/// A time of the customer's day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// This one.
    Time(jiff::civil::Time),
    /// The hour at which the customer is most active; at once if none is known.
    BestHour,
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
        Self::key_of(&self.id)
    }

    /// The same, of a program that may be no longer defined.
    pub fn key_of(id: &ProgramId) -> Key {
        Key::of(&["program", id.as_str()])
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

    /// The first instant from `earliest` on that has the time of day of the program, by the clock of the
    /// customer.
    pub(crate) fn at_its_hour(&self, core: &Core, earliest: Timestamp) -> Timestamp {
        let time = match self.at {
            None => None,
            Some(At::Time(time)) => Some(time),
            Some(At::BestHour) => core.responses.best_hour(),
        };
        time.map_or(earliest, |time| core.zone.first_at(time, earliest))
    }

    /// The message of an entry.
    pub fn message(
        &self,
        customer: &CustomerId,
        core: &Core,
        segment: &crate::definitions::Segment,
        entry: Membership,
        cause: Cause,
    ) -> Message {
        let due = self.at_its_hour(core, entry.since + self.after);
        Message {
            id: MessageId::of(&self.id, &segment.id, customer, entry.ordinal),
            customer: customer.clone(),
            program: self.id.clone(),
            class: self.class,
            template: self.template.clone(),
            segment: segment.id.clone(),
            entry: entry.ordinal,
            cause,
            event: None,
            at: entry.since,
            due,
            expires: due + self.max_lateness,
        }
    }
}
