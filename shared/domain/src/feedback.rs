//! What comes back about messages: delivery, bounce, complaint, open, click, and what people answer.
//!
//! Everything here is a reading of somebody else's JSON. It never fails loudly: whoever sends a
//! notice that is not ours, or is not what it says it is, gets [`Unread`], and nothing changes.

mod answers;
mod delivery;
mod events;
mod inbound;
mod machine;
mod mail;
mod push;
mod soft_bounces;
mod suppression;
mod text;
mod words;

use serde_json::Value;

pub use answers::answer_to;
pub use delivery::{Delivery, Heard};
pub use events::{event_of, event_of_text};
pub use inbound::{Inbound, Reply};
pub use machine::{Visit, Visited};
pub use mail::{Bounce, MailNotice, What};
pub use push::EndpointNotice;
pub use soft_bounces::{KEPT, SoftBounces};
pub use suppression::Suppression;
pub use text::TextNotice;
pub use words::reply_of;

/// What somebody tells us, as far as we act on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// SES tells of a mail.
    Mail(MailNotice),
    /// SNS tells whether a text arrived.
    Text(TextNotice),
    /// SNS tells that a device can no longer be reached.
    Endpoint(EndpointNotice),
    /// Somebody sent a text to the shop's number.
    Inbound(Inbound),
}

/// Why a notice is not acted upon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unread {
    /// It is whole, and about something that we did not send or do not act on.
    #[error("not about a message of ours")]
    NotOurs,
    /// It is not what such notices look like.
    #[error("unreadable: {0}")]
    Unreadable(&'static str),
}

/// Reads a notice, by what it looks like.
pub fn read(notice: &Value) -> Result<Notice, Unread> {
    if notice.get("mail").is_some() {
        return mail::read(notice).map(Notice::Mail);
    }
    if notice.get("originationNumber").is_some() {
        return inbound::read(notice).map(Notice::Inbound);
    }
    if notice.get("delivery").is_some() && notice.get("notification").is_some() {
        return text::read(notice).map(Notice::Text);
    }
    if notice.get("EndpointArn").is_some() {
        return push::read(notice).map(Notice::Endpoint);
    }
    Err(Unread::NotOurs)
}

/// A text at a path of names.
fn text_at<'a>(value: &'a Value, path: &[&str]) -> Option<&'a str> {
    path.iter().try_fold(value, |value, name| value.get(name))?.as_str()
}
