//! A message: one program × customer × entry.

use std::fmt;

use crate::channel::Channel;
use crate::decide::PassedOver;
use crate::event::{Act, Event, EventKey, MESSAGE_CLICKED, MESSAGE_SCANNED, MESSAGE_SENT};
use crate::id::{CustomerId, EventId, MessageId, ProgramId, SegmentId, TemplateId};
use crate::pressure::Cap;
use crate::time::Timestamp;

/// Why a membership changed, and with it why a message is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// The person did something just now.
    Event,
    /// Time alone.
    Time,
    /// The definitions changed.
    Definition,
    /// Features were rebuilt from the history.
    Backfill,
    /// An event told of old times.
    Import,
    /// The population's quantiles moved.
    Census,
    /// Two profiles became one.
    Merge,
}

impl Cause {
    /// All of them, with the words for them.
    pub const ALL: [(&'static str, Self); 7] = [
        ("event", Self::Event),
        ("time", Self::Time),
        ("definition", Self::Definition),
        ("backfill", Self::Backfill),
        ("import", Self::Import),
        ("census", Self::Census),
        ("merge", Self::Merge),
    ];

    /// `event`, `time`, …
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(_, cause)| *cause == self).map_or("event", |(word, _)| word)
    }

    /// Reads `event`, `time`, …
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().find(|(word, _)| *word == text).map(|(_, cause)| *cause)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A message as it is planned. What becomes of it is its [`State`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Derived from program, segment, customer and entry.
    pub id: MessageId,
    /// To whom it was planned. They may have become a part of somebody else since.
    pub customer: CustomerId,
    /// By which program.
    pub program: ProgramId,
    /// What the law takes it for, as the program was when it was planned.
    pub class: Class,
    /// With which content.
    pub template: TemplateId,
    /// The segment whose entry it follows.
    pub segment: SegmentId,
    /// The number of the entry.
    pub entry: u32,
    /// Why the entry happened.
    pub cause: Cause,
    /// The event that it follows, if it was one.
    pub event: Option<EventKey>,
    /// When it happened. Due times count from here, not from processing.
    pub at: Timestamp,
    /// When it should go out.
    pub due: Timestamp,
    /// From when on it is too late.
    pub expires: Timestamp,
}

impl Message {
    /// The event that stands for handing it to a sender. Applied with the claim, so that caps and
    /// the rule `received` count what was claimed; a second claim of the same message is the same
    /// event.
    pub fn sent_event(
        &self,
        whose: &CustomerId,
        channel: Channel,
        class: Class,
        now: Timestamp,
    ) -> Event {
        self.event(whose, MESSAGE_SENT, "sent", channel, &[("class", class.as_str())], now)
    }

    /// The event of a link in it that was followed, by a person or by a machine. A second time is
    /// the same event.
    pub fn followed_event(
        &self,
        whose: &CustomerId,
        channel: Channel,
        link: &str,
        by_machine: Option<&str>,
        now: Timestamp,
    ) -> Event {
        let link = ("link", link);
        match by_machine {
            Some(sign) => {
                let more = [link, ("sign", sign)];
                self.event(whose, MESSAGE_SCANNED, "scanned", channel, &more, now)
            }
            None => self.event(whose, MESSAGE_CLICKED, "clicked", channel, &[link], now),
        }
    }

    /// An event of this message, of which there is one by each `word`.
    fn event(
        &self,
        whose: &CustomerId,
        name: &str,
        word: &str,
        channel: Channel,
        more: &[(&str, &str)],
        now: Timestamp,
    ) -> Event {
        let about = [
            ("message", self.id.as_str()),
            ("program", self.program.as_str()),
            ("template", self.template.as_str()),
            ("channel", channel.as_str()),
        ];
        let properties = about.iter().chain(more).copied();
        let properties = properties.map(|(name, value)| (name.to_owned(), value.into())).collect();
        Event {
            id: EventId::sent(&format!("{word} {}", self.id)),
            // The same however often it is told, so that a later one finds the row of the first.
            sent: self.due,
            ..Event::ours(whose, Act::Track { name: name.to_owned(), properties }, now)
        }
    }
}

/// What the law takes a message for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Class {
    /// It sells: it needs consent, and keeps to quiet hours and caps.
    #[default]
    Marketing,
    /// The person waits for it, such as a receipt: it needs an address and no consent, goes out at
    /// any hour and counts for no cap. It goes to no address that is suppressed.
    Transactional,
    /// It asks whether a consent was meant: it goes to those whose consent is pending, once to each
    /// address, and counts for no cap.
    OptIn,
}

impl Class {
    /// All of them, with the words for them.
    pub const ALL: [(&'static str, Self); 3] = [
        ("marketing", Self::Marketing),
        ("transactional", Self::Transactional),
        ("opt-in", Self::OptIn),
    ];

    /// `marketing`, `transactional` or `opt-in`.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(_, class)| *class == self).map_or("marketing", |(word, _)| word)
    }

    /// Reads `marketing`, `transactional` or `opt-in`.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().find(|(word, _)| *word == text).map(|(_, class)| *class)
    }

    /// Whether the person waits for it: it goes before everything that sells, and no limit of a day
    /// holds it.
    pub fn is_waited_for(self) -> bool {
        self != Self::Marketing
    }
}

/// Where a message is on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Waits for its due time.
    Pending,
    /// May not go out yet.
    Held(Held, Timestamp),
    /// Claimed: it is being handed to a sender, who has this long.
    Sending(Timestamp),
    /// The sender has it.
    Accepted,
    /// Will not go out.
    Dropped(Dropped),
    /// Its time went by.
    Expired,
    /// Its own template said that it is not to be sent, and perhaps why.
    Aborted(Option<String>),
    /// Its content could not be made, for this reason.
    Failed(String),
    /// The sender said no, for this reason.
    Refused(String),
    /// Nobody can know whether the sender has it. It is not sent again.
    Unknown,
}

impl State {
    /// The word for it.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Held(..) => "held",
            Self::Sending(_) => "sending",
            Self::Accepted => "accepted",
            Self::Dropped(_) | Self::Aborted(_) => "dropped",
            Self::Expired => "expired",
            Self::Failed(_) => "failed",
            Self::Refused(_) => "refused",
            Self::Unknown => "unknown",
        }
    }

    /// Whether nothing more will be done about it.
    pub fn is_settled(&self) -> bool {
        !matches!(self, Self::Pending | Self::Held(..) | Self::Sending(_))
    }

    /// Why it is there, in words, where there is more to say than the state itself.
    pub fn reason(&self) -> Option<String> {
        match self {
            Self::Held(held, _) => Some(held.to_string()),
            Self::Dropped(dropped) => Some(dropped.to_string()),
            Self::Aborted(None) => Some("aborted by the template".to_owned()),
            Self::Aborted(Some(why)) => Some(format!("aborted by the template: {why}")),
            Self::Failed(why) | Self::Refused(why) => Some(why.clone()),
            _ => None,
        }
    }
}

/// Why a message may not go out yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Held {
    /// It is night where the person lives, or a day on which nothing is sent.
    #[error("not at this hour or day where the customer lives")]
    QuietHours,
    /// The person had enough messages for now.
    #[error("the cap on messages is reached: {0}")]
    Cap(Cap),
    /// A message that matters more waits for the last room under a cap.
    #[error("a message with a higher priority goes first")]
    Outranked,
    /// Complaints or bounces stopped the program.
    #[error("the program was stopped by complaints or bounces")]
    Breaker,
    /// The operator's limit for a day is reached.
    #[error("the daily limit is reached")]
    DailyLimit,
    /// The program's goal cannot be judged while features are rebuilt from the history.
    #[error("the goal cannot be judged until the history was read")]
    NotYet,
    /// The operator holds all sends.
    #[error("all sends are held")]
    Switch,
    /// The shop was restored from a backup, and it may have gone out before.
    #[error(
        "the shop was restored from a backup, and this may have gone out before; release it, or it expires"
    )]
    Restored,
    /// Its text shows what the event says that it follows, and the history does not have that yet.
    #[error("the event that it follows is not in the history")]
    NoEvent,
    /// The pool of the coupon is empty.
    #[error("no coupon code is left")]
    NoCode,
    /// The sender asked to slow down.
    #[error("the sender asked to slow down")]
    Throttled,
}

/// Why a message will not go out.
#[derive(Debug, Clone, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Dropped {
    /// The id leads to another profile, of which it is no part.
    #[error("the id leads to another customer now")]
    SomebodyElse,
    /// The profile is gone.
    #[error("the profile is gone")]
    Gone,
    /// The program or its template is no longer defined.
    #[error("the program is no longer defined")]
    NoProgram,
    /// There is no channel with an address, consent and content.
    #[error("no channel has an address, consent and content: {0}")]
    NoChannel(PassedOver),
    /// The person did not allow, or withdrew.
    #[error("the customer does not allow it: {0}")]
    NoConsent(PassedOver),
    /// Every address that could be used must not be written to.
    #[error("the address is suppressed: {0}")]
    Suppressed(PassedOver),
    /// The person already did what the program wants.
    #[error("the goal is reached")]
    GoalReached,
    /// What it would sell was just bought, or is no longer in the cart.
    #[error("nothing is left to sell: bought just now, or no longer in the cart")]
    NothingLeft,
    /// The person had enough messages for now, and the policy is not to wait.
    #[error("the cap on messages is reached: {0}")]
    Cap(Cap),
    /// The last day of its coupon is over.
    #[error("the coupon has expired")]
    CouponExpired,
    /// The same entry reached the same address as another customer.
    #[error("the address already got this message")]
    SameAddress,
}
