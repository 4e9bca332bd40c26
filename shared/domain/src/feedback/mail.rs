//! What SES publishes about a mail.
//!
//! The shapes are those of the SES guide, "Contents of event data that Amazon SES publishes"; older
//! notifications say `notificationType` for `eventType`. Our message's id comes back in its tags.

use serde_json::Value;

use super::machine::{Visit, Visited};
use super::{Heard, Unread, text_at};
use crate::address::Address;
use crate::id::MessageId;
use crate::time::Timestamp;

/// What SES tells of a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailNotice {
    /// Which message of ours it was.
    pub message: MessageId,
    /// SES's own id for the mail.
    pub provider_id: String,
    /// To whom it was sent.
    pub to: Vec<Address>,
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    pub what: What,
}

/// What happened to a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// Something that says only how far it got.
    Heard(Heard),
    /// It did not arrive at these addresses.
    Bounced(Bounce, Vec<Address>),
    /// Somebody complained. SES lists everyone whom it may have been.
    Complained(Vec<Address>),
}

/// What a bounce means for the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Bounce {
    /// It will never take mail.
    Permanent,
    /// It did not take this one.
    Soft,
    /// It took the mail, and a machine answered: out of office, a challenge, a receipt.
    AutoReply,
}

impl Bounce {
    /// What is to be remembered of the message; of one that arrived nothing.
    pub fn heard(self) -> Option<Heard> {
        match self {
            Self::Permanent => Some(Heard::Bounced),
            Self::Soft => Some(Heard::SoftBounced),
            Self::AutoReply => None,
        }
    }
}

impl What {
    /// What is to be remembered of the message.
    pub fn heard(&self) -> Option<Heard> {
        match self {
            Self::Heard(heard) => Some(*heard),
            Self::Bounced(bounce, _) => bounce.heard(),
            Self::Complained(_) => Some(Heard::Complained),
        }
    }
}

pub(super) fn read(notice: &Value) -> Result<MailNotice, Unread> {
    let kind = text_at(notice, &["eventType"]).or_else(|| text_at(notice, &["notificationType"]));
    let kind = kind.ok_or(Unread::Unreadable("no event type"))?;
    let mail = notice.get("mail").ok_or(Unread::NotOurs)?;
    let provider_id =
        text_at(mail, &["messageId"]).ok_or(Unread::Unreadable("no id of the mail"))?;
    let sent = instant(mail, "timestamp").ok_or(Unread::Unreadable("no time of the mail"))?;
    let message = mail.pointer("/tags/message/0").and_then(Value::as_str);
    let message = message.and_then(MessageId::parse).ok_or(Unread::NotOurs)?;
    let (part, what) = what(kind, notice, sent)?;
    let at = notice.get(part).and_then(|part| instant(part, "timestamp")).unwrap_or(sent);
    let to = mail.get("destination").and_then(Value::as_array);
    let to = to.into_iter().flatten().filter_map(Value::as_str).filter_map(address).collect();
    Ok(MailNotice { message, provider_id: provider_id.to_owned(), to, at, what })
}

/// What happened, and the name of the part that tells of it.
fn what(kind: &str, notice: &Value, sent: Timestamp) -> Result<(&'static str, What), Unread> {
    let by = |part: &'static str, human: Heard, what: Visited| {
        let told = notice.get(part).ok_or(Unread::Unreadable("no open or click"))?;
        let agent = text_at(told, &["userAgent"]).unwrap_or_default();
        let ip = text_at(told, &["ipAddress"]).unwrap_or_default();
        let at = instant(told, "timestamp").unwrap_or(sent);
        let visit =
            Visit { what, agent, ip, ahead: false, bare: false, after: Some(at.since(sent)) };
        let machine = visit.sign_of_a_machine().is_some();
        Ok((part, What::Heard(if machine { Heard::Scanned } else { human })))
    };
    match kind {
        "Send" => Ok(("send", What::Heard(Heard::Sent))),
        "DeliveryDelay" => Ok(("deliveryDelay", What::Heard(Heard::Delayed))),
        "Delivery" => Ok(("delivery", What::Heard(Heard::Delivered))),
        "Open" => by("open", Heard::Opened, Visited::Opened),
        "Click" => by("click", Heard::Clicked, Visited::Followed),
        "Reject" => Ok(("reject", What::Heard(Heard::Rejected))),
        "Rendering Failure" => Ok(("failure", What::Heard(Heard::Rejected))),
        "Bounce" => {
            let bounce = notice.get("bounce").ok_or(Unread::Unreadable("no bounce"))?;
            let addresses = recipients(bounce, "bouncedRecipients");
            Ok(("bounce", What::Bounced(Bounce::of(bounce), addresses)))
        }
        "Complaint" => {
            let complaint = notice.get("complaint").ok_or(Unread::Unreadable("no complaint"))?;
            // Its reader took it out of the spam again (RFC 6430): the opposite.
            if text_at(complaint, &["complaintFeedbackType"]) == Some("not-spam") {
                return Err(Unread::NotOurs);
            }
            let addresses = recipients(complaint, "complainedRecipients");
            Ok(("complaint", What::Complained(addresses)))
        }
        // Subscriptions are of SES's own contact lists, which we do not use.
        _ => Err(Unread::NotOurs),
    }
}

impl Bounce {
    /// Sorts a bounce.
    ///
    /// A mailbox that is full or too small for the mail is soft. `Transient` `General` is what SES
    /// makes of every answer that it cannot place, an absence note among them: it is a bounce only
    /// if a recipient has a failed action or a status of failure, and no words of an automatic
    /// reply. `Undetermined` says that SES could not even tell whether it was a bounce.
    fn of(bounce: &Value) -> Self {
        let kind = text_at(bounce, &["bounceType"]).unwrap_or_default();
        let sub = text_at(bounce, &["bounceSubType"]).unwrap_or_default();
        match (kind, sub) {
            ("Permanent", _) => Self::Permanent,
            ("Transient", "General" | "") if !failed(bounce) => Self::AutoReply,
            ("Transient", _) => Self::Soft,
            _ => Self::AutoReply,
        }
    }
}

/// Parts of what automatic replies say, in lower case.
const AUTO_REPLIES: &[&str] = &[
    "abwesen",
    "absence",
    "auto reply",
    "auto-reply",
    "autoreply",
    "automatic reply",
    "away from",
    "on leave",
    "out of office",
    "out of the office",
    "out-of-office",
    "vacation",
];

fn failed(bounce: &Value) -> bool {
    let recipients = bounce.get("bouncedRecipients").and_then(Value::as_array);
    recipients.into_iter().flatten().any(|recipient| {
        let told = text_at(recipient, &["diagnosticCode"]).unwrap_or_default().to_lowercase();
        let status = text_at(recipient, &["status"]).unwrap_or_default();
        let action = text_at(recipient, &["action"]).unwrap_or_default();
        let failure = action.eq_ignore_ascii_case("failed")
            || status.starts_with(['4', '5'])
            || told.starts_with("smtp; 4")
            || told.starts_with("smtp; 5");
        failure && !AUTO_REPLIES.iter().any(|words| told.contains(words))
    })
}

/// The addresses in a list of recipients, those that can be read.
fn recipients(part: &Value, list: &str) -> Vec<Address> {
    let list = part.get(list).and_then(Value::as_array);
    let texts = list.into_iter().flatten().filter_map(|told| text_at(told, &["emailAddress"]));
    texts.filter_map(address).collect()
}

/// Reads `ada@example.com` or `Ada <ada@example.com>`.
fn address(text: &str) -> Option<Address> {
    let bare = text.rsplit_once('<').map_or(text, |(_, bare)| bare.trim_end_matches('>'));
    Address::email(bare).ok()
}

fn instant(value: &Value, name: &str) -> Option<Timestamp> {
    Timestamp::parse(text_at(value, &[name])?).ok()
}

#[cfg(test)]
mod tests;
