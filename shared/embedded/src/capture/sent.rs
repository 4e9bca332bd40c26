//! What a person, a phone or a device would have got.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One message that the stand-in accepted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sent {
    /// The id the sender was given. Ids of one run sort by age.
    pub id: String,
    /// When it was accepted, in Unix milliseconds.
    pub at_ms: i64,
    /// The message itself.
    #[serde(flatten)]
    pub kind: Kind,
}

/// A message, by the channel it went out on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "channel", rename_all = "lowercase")]
pub enum Kind {
    /// Through SES.
    Email(Email),
    /// Through SNS, to a phone number.
    Sms(Sms),
    /// Through SNS, to a platform endpoint.
    Push(Push),
}

/// An e-mail as it was handed to SES.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Email {
    /// The mailbox in `From`, with its display name if it had one.
    pub from: String,
    /// The mailboxes in `To`.
    pub to: Vec<String>,
    /// The mailboxes in `Reply-To`.
    pub reply_to: Vec<String>,
    /// Recipients on the account's suppression list. SES accepts the message all the same, never
    /// attempts it, and reports a bounce later.
    pub suppressed: Vec<String>,
    /// The subject.
    pub subject: String,
    /// The HTML body, if any.
    pub html: Option<String>,
    /// The plain text body, if any.
    pub text: Option<String>,
    /// Headers beside those above, in order.
    pub headers: Vec<(String, String)>,
    /// The tags that come back in SES's events.
    pub tags: BTreeMap<String, String>,
    /// The configuration set, which decides where events go.
    pub configuration_set: Option<String>,
    /// The whole request, so that a test can ask for any field. Kept in memory only: written down
    /// it would double every message.
    #[serde(skip)]
    pub raw: Value,
}

/// A text message as it was handed to SNS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sms {
    /// The number, in E.164.
    pub phone: String,
    /// Whether its owner had opted out, so that no phone would ever show this.
    pub opted_out: bool,
    /// The text.
    pub text: String,
    /// Message attributes, say `AWS.SNS.SMS.SenderID`.
    pub attributes: BTreeMap<String, String>,
}

/// A push message as it was handed to SNS.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Push {
    /// The ARN of the endpoint.
    pub endpoint: String,
    /// The device token behind it.
    pub token: String,
    /// The part meant for the endpoint's platform: JSON if it parses as such, else a string.
    pub payload: Value,
    /// Message attributes, say `AWS.SNS.MOBILE.APNS.COLLAPSE_ID`.
    pub attributes: BTreeMap<String, String>,
}
