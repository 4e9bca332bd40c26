//! What is wrong with an event, told so that its sender can mend it.

use std::fmt;

/// One thing wrong with one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where in the event, as names joined by dots; empty for the event as a whole.
    pub place: String,
    /// What is wrong.
    pub flaw: Flaw,
}

/// What can be wrong. The first group makes an event useless; the second leaves it in use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// Not a JSON object.
    #[error("an event must be a JSON object")]
    NotAnObject,
    /// Not JSON at all, or nested too deeply to be read.
    #[error("the event cannot be read as JSON: {0}")]
    NotJson(String),
    /// Deeper than [`crate::limits::NESTING`].
    #[error("the event is nested more than {} levels deep", crate::limits::NESTING)]
    TooDeep,
    /// No such call in the protocol.
    #[error("`{0}` is not a call; use identify, track, page, screen, group or alias")]
    UnknownType(String),
    /// A value of another type was expected.
    #[error("expected {0}")]
    WrongType(&'static str),
    /// A value that must be there is not.
    #[error("is missing")]
    Missing,
    /// Neither a user id nor an anonymous id.
    #[error("needs `userId` or `anonymousId`")]
    NoId,
    /// The ids are all of the kind that broken clients send for everybody.
    #[error("`{0}` is not an id of one person; see the list of junk ids")]
    JunkId(String),
    /// Over the limit of bytes.
    #[error("is longer than {0} bytes")]
    TooLong(usize),
    /// A reserved name.
    #[error("`{0}` is written only by Attune itself; choose another event name")]
    Reserved(String),
    /// The key's scope does not allow it.
    #[error("{0} needs a server key; this key is for browsers")]
    NeedsServer(&'static str),
    /// A channel that does not exist.
    #[error("`{0}` is not a channel; use email, sms or push")]
    UnknownChannel(String),
    /// A topic that the policy does not list.
    #[error(
        "`{0}` is no topic of the policy; the consent is kept under this name, which no program asks for"
    )]
    UnknownTopic(String),
    /// The consent names no address, and the profile has none on the channel.
    #[error("name the `address` that the consent is for, as none is known on the channel")]
    NoAddress,

    /// Of somebody who was erased.
    #[error(
        "the event is of somebody who was erased and was dropped; `Consent Granted` with a server key brings them back, once the erasure has ended, which takes 16 minutes"
    )]
    Erased,

    /// The time cannot be read; the time of receipt was used.
    #[error("`{0}` is not a time; the time of receipt was used")]
    BadTime(String),
    /// The time lies in the future; the time of receipt was used.
    #[error("`{0}` lies in the future; the time of receipt was used")]
    Future(String),
    /// The client's clock is off by more than 24 hours; the time of receipt was used.
    #[error("is more than 24 hours off; the time of receipt was used")]
    Skew,
    /// A junk id beside a good one.
    #[error("`{0}` is not an id of one person and was left out")]
    JunkIdLeftOut(String),
    /// A trait beyond the limit.
    #[error("was left out, as a profile holds at most {} traits", crate::limits::TRAITS)]
    TooManyTraits,
    /// Properties over the limit took effect, but are not kept in the history.
    #[error("are larger than {} KB: they took effect, but the history does not keep them", crate::limits::EVENT_BYTES / 1024)]
    PropertiesNotKept,
    /// A browser tried to change the address of a known person, or one that a server told.
    #[error("was left as it is: a browser key cannot change this address")]
    AddressKept,
    /// An order's amount that is no number.
    #[error("`{0}` is not an amount; the order counts, as one of nothing")]
    NotAnAmount(String),
    /// An order's amount below zero.
    #[error("`{0}` is below zero; the order counts, as one of nothing")]
    BelowZero(String),
    /// An order event without an order id.
    #[error("an update, refund or cancellation needs the `order_id` of its order")]
    NoOrderId,
    /// An address that cannot be one.
    #[error("was left out: {0}")]
    NotAnAddress(crate::address::NotAnAddress),
    /// A trait that means something, with a value that cannot be read. The value may be personal.
    #[error("was left out, as far as it cannot be read: expected {0}")]
    Unreadable(&'static str),
    /// A country that tells nothing of the clock there.
    #[error(
        "is no country that is known, and so tells no time zone; send two letters of ISO 3166, such as `FR`"
    )]
    UnknownCountry,
    /// A zone that does not exist.
    #[error("`{0}` is not an IANA time zone and was left out")]
    UnknownZone(String),
    /// A device without a token, or of another kind.
    #[error("a device needs a `token` and the `type` ios or android")]
    BadDevice,
}

impl Problem {
    /// A flaw at a place.
    pub fn at(place: impl Into<String>, flaw: Flaw) -> Self {
        Self { place: place.into(), flaw }
    }

    /// The kind of problem, without what differs from event to event. There are only so many.
    pub fn kind(&self) -> String {
        // The names of traits are the client's own, save of those that mean something to us.
        let meant =
            matches!(self.flaw, Flaw::Unreadable(_) | Flaw::NotAnAddress(_) | Flaw::UnknownCountry);
        let own = self.place.starts_with("traits.") && !meant;
        let place = if own { "traits" } else { &self.place };
        let flaw = format!("{:?}", self.flaw);
        let flaw = flaw.split(['(', ' ']).next().unwrap_or_default();
        format!("{flaw}:{place}")
    }

    /// The same, without the words that it has from the event.
    #[must_use]
    pub fn unquoted(mut self) -> Self {
        if self.place.starts_with("traits.") {
            "traits".clone_into(&mut self.place);
        }
        match &mut self.flaw {
            Flaw::UnknownType(word)
            | Flaw::UnknownChannel(word)
            | Flaw::UnknownTopic(word)
            | Flaw::BadTime(word)
            | Flaw::NotAnAmount(word)
            | Flaw::BelowZero(word)
            | Flaw::UnknownZone(word) => "…".clone_into(word),
            _ => {}
        }
        self
    }

    /// A flaw of the event as a whole.
    pub fn whole(flaw: Flaw) -> Self {
        Self::at("", flaw)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.place.is_empty() {
            write!(f, "{}", self.flaw)
        } else {
            write!(f, "`{}` {}", self.place, self.flaw)
        }
    }
}
