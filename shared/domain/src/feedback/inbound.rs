//! Texts that people send to the shop's number.

use std::fmt;

use serde_json::Value;

use super::words::reply_of;
use super::{Unread, text_at};
use crate::address::Address;

/// A text from somebody.
#[derive(Clone, PartialEq, Eq)]
pub struct Inbound {
    /// The carrier's id of it: the same however often we are told.
    pub id: String,
    /// Whose number it came from.
    pub from: Address,
    /// What it asks for.
    pub reply: Reply,
    /// What it says, as it is kept. It is personal data.
    pub body: String,
}

impl fmt::Debug for Inbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Inbound({:?}, {:?})", self.from, self.reply)
    }
}

/// Characters of a text that are kept: no phone sends more.
const KEPT: usize = 1_600;

/// What a text from somebody asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reply {
    /// No more messages.
    Stop,
    /// Who is this?
    Help,
    /// Messages again.
    Start,
    /// Something for a person to read.
    Other,
}

pub(super) fn read(notice: &Value) -> Result<Inbound, Unread> {
    let id = text_at(notice, &["inboundMessageId"]).filter(|id| !id.is_empty());
    let id = id.ok_or(Unread::Unreadable("no id of the text"))?.to_owned();
    let from = text_at(notice, &["originationNumber"]).and_then(|from| Address::phone(from).ok());
    let from = from.ok_or(Unread::Unreadable("no number"))?;
    let body = text_at(notice, &["messageBody"]).unwrap_or_default();
    let body: String = body.chars().take(KEPT).collect();
    Ok(Inbound { id, from, reply: reply_of(&body), body })
}
