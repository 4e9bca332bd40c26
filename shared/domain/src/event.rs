//! Something a profile did, or that happened to it.
//!
//! Whatever changes what we know of a person is an event with an id and a row in the history: also
//! consent given, a message sent to them, a merge. So there is one dedupe, one history, one
//! timeline, one replay.

mod names;
pub mod segment;

use serde_json::{Map, Value};

pub use names::{EVENT_ALIASES, TRAIT_ALIASES, event_name, trait_name};

use crate::id::{CustomerId, EventId};
use crate::time::{Span, Timestamp};
use crate::value;

/// An event as we keep it.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// What duplicates are recognised by.
    pub id: EventId,
    /// The id it was sent under; its history row is filed there and never moves.
    pub filed: CustomerId,
    /// The other id that came with it, when both a known and an anonymous one did.
    pub alias: Option<CustomerId>,
    /// The time that the client wrote, or the epoch when it wrote none. The same in every retry.
    pub sent: Timestamp,
    /// When it happened, by our clock: never after `received`.
    pub occurred: Timestamp,
    /// When we got it.
    pub received: Timestamp,
    /// Who wrote it.
    pub writer: Writer,
    /// Whether it tells of old times (`context.import`), so that no program starts for it.
    pub import: bool,
    /// The zone that the client said it is in (`context.timezone`).
    pub zone: Option<String>,
    /// The device that can be pushed to (`context.device`).
    pub device: Option<Device>,
    /// What happened.
    pub act: Act,
}

/// Under what the history keeps an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventKey {
    /// The id it was sent under.
    pub filed: CustomerId,
    /// The time that the client wrote.
    pub sent: Timestamp,
    /// What duplicates are recognised by.
    pub id: EventId,
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Act {
    /// A named event with its properties: a track call, or one of our own functions.
    Track {
        /// In the one spelling of [`event_name`].
        name: String,
        /// What the client said of it.
        properties: Map<String, Value>,
    },
    /// A page or screen was seen: `Page Viewed` or `Screen Viewed` in rules.
    View {
        /// Which of the two.
        screen: bool,
        /// What the client said of it; `name` and `category` among it.
        properties: Map<String, Value>,
    },
    /// The client told who the person is.
    Identify {
        /// Facts about them.
        traits: Map<String, Value>,
    },
    /// The client told which group (company, household) the person belongs to.
    Group {
        /// The group's id.
        group: String,
    },
    /// Another profile became part of this one.
    Merge {
        /// The profile that is now a pointer.
        from: CustomerId,
    },
}

/// Who wrote an event. Browsers are not to be believed about consent or a known person's address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Writer {
    /// A page or an app, with a key that anyone can read.
    Browser,
    /// The shop's own server.
    Server,
    /// One of our own functions.
    Ourselves,
}

/// A device that push messages can reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// Whose push service it listens to.
    pub platform: Platform,
    /// The token that service knows it by.
    pub token: String,
}

/// A push service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Platform {
    /// Apple's.
    Apns,
    /// Google's Firebase Cloud Messaging.
    Fcm,
}

impl Platform {
    /// `apns` or `fcm`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Apns => "apns",
            Self::Fcm => "fcm",
        }
    }

    /// Reads what `context.device.type` holds, or the name under which it is stored.
    pub fn parse(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "ios" | "ipados" | "apns" => Some(Self::Apns),
            "android" | "fcm" => Some(Self::Fcm),
            _ => None,
        }
    }
}

impl Event {
    /// The event that makes an order; Segment's name for it.
    pub const ORDER_COMPLETED: &'static str = "Order Completed";
    /// The properties that mean an order's amount, the first that is there.
    pub const AMOUNT: [&'static str; 3] = ["total", "revenue", "value"];

    /// An event this much older than its receipt tells of old times: see [`Event::is_import`].
    pub const FRESH: Span = Span::hours(24);

    /// Something that one of our own functions tells of a customer. Its id is made from what it
    /// says; whoever knows what makes two of them one gives it another.
    pub fn ours(customer: &CustomerId, act: Act, now: Timestamp) -> Self {
        Self {
            id: EventId::derived(&format!("{customer} {act:?} {}", now.millis())),
            filed: customer.clone(),
            alias: None,
            sent: Timestamp::EPOCH,
            occurred: now,
            received: now,
            writer: Writer::Ourselves,
            import: false,
            zone: None,
            device: None,
            act,
        }
    }

    /// Under what the history keeps it.
    pub fn key(&self) -> EventKey {
        EventKey { filed: self.filed.clone(), sent: self.sent, id: self.id }
    }

    /// The order in which events count: by time, then by the hash of their id, so that any order
    /// of arrival gives the same state.
    pub fn clock(&self) -> (Timestamp, EventId) {
        (self.occurred, self.id)
    }

    /// Whether the event brings in old times rather than news: said so, or over 24 hours old.
    pub fn is_import(&self) -> bool {
        self.import || self.received.since(self.occurred) > Self::FRESH
    }

    /// The name by which rules know it; identify, group and merge have none.
    pub fn name(&self) -> Option<&str> {
        match &self.act {
            Act::Track { name, .. } => Some(name),
            Act::View { screen: false, .. } => Some("Page Viewed"),
            Act::View { screen: true, .. } => Some("Screen Viewed"),
            Act::Identify { .. } | Act::Group { .. } | Act::Merge { .. } => None,
        }
    }

    /// Whether the person did it, so that it counts for `event: any`. What we did to them does not.
    pub fn is_theirs(&self) -> bool {
        self.name().is_some_and(|name| !NOT_THEIRS.contains(&name))
    }

    /// Every property that `path` leads to.
    pub fn property(&self, path: &str) -> Vec<&Value> {
        let Some(properties) = self.properties() else { return Vec::new() };
        match properties.get(path) {
            Some(property) => vec![property],
            None => path.split_once('.').map_or_else(Vec::new, |(first, rest)| {
                properties.get(first).map_or_else(Vec::new, |member| value::reach(member, rest))
            }),
        }
    }

    /// What the client said of a named event.
    pub fn properties(&self) -> Option<&Map<String, Value>> {
        match &self.act {
            Act::Track { properties, .. } | Act::View { properties, .. } => Some(properties),
            _ => None,
        }
    }
}

/// Events by which the person allows or forbids messages. They come from a server, from our own
/// pages, or from an import with a declared basis.
pub const CONSENT_GRANTED: &str = "Consent Granted";
/// See [`CONSENT_GRANTED`].
pub const CONSENT_WITHDRAWN: &str = "Consent Withdrawn";
/// A person asked for messages, and is to confirm that the address is theirs: double opt-in.
pub const CONSENT_REQUESTED: &str = "Consent Requested";
/// A message was handed to a sender.
pub const MESSAGE_SENT: &str = "Message Sent";
/// A message was opened.
pub const MESSAGE_OPENED: &str = "Message Opened";
/// A link in a message was followed.
pub const MESSAGE_CLICKED: &str = "Message Clicked";
/// A machine opened a message or followed a link in it. It is kept, and counts for nothing.
pub const MESSAGE_SCANNED: &str = "Message Scanned";
/// A person answered a text, and meant none of the words that we obey.
pub const MESSAGE_REPLIED: &str = "Message Replied";

/// Names that only our own functions may write.
pub const RESERVED: &[&str] = &[
    MESSAGE_SENT,
    MESSAGE_OPENED,
    MESSAGE_CLICKED,
    MESSAGE_SCANNED,
    "Message Delivered",
    "Message Bounced",
    "Message Complained",
    MESSAGE_REPLIED,
];

/// What happens to a person without their doing: no sign of life.
const NOT_THEIRS: &[&str] = &[
    MESSAGE_SENT,
    MESSAGE_SCANNED,
    "Message Delivered",
    "Message Bounced",
    CONSENT_WITHDRAWN,
    "Order Updated",
    "Order Refunded",
    "Order Cancelled",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::segment::tests::track;

    #[test]
    fn an_event_over_a_day_old_tells_of_old_times() {
        let mut event = track("Order Completed", "2026-10-01T09:00:00Z");
        event.received = event.occurred + Event::FRESH;
        assert!(!event.is_import());
        event.received = event.received + Span::from_millis(1);
        assert!(event.is_import());
    }

    #[test]
    fn what_we_do_to_a_person_is_no_sign_of_life() {
        assert!(track("Page Seen", "2026-10-01").is_theirs());
        assert!(!track(MESSAGE_SENT, "2026-10-01").is_theirs());
    }
}
