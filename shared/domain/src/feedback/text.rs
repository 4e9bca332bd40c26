//! What SNS logs about a text message.
//!
//! The row of the delivery log in `CloudWatch`, "Amazon SNS: Viewing `CloudWatch` metrics and logs for
//! SMS deliveries". It carries SNS's id and the phone number, and nothing of ours.

use serde_json::Value;

use super::{Bounce, Heard, Unread, text_at};
use crate::address::Address;
use crate::time::Timestamp;

/// What became of a text message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextNotice {
    /// SNS's own id for the text.
    pub provider_id: String,
    /// The number.
    pub address: Address,
    /// When it was handed over.
    pub at: Timestamp,
    /// Why it did not arrive; `None` if it did.
    pub bounce: Option<Bounce>,
    /// Whether the number said STOP to Amazon.
    pub opted_out: bool,
}

impl TextNotice {
    /// What is to be remembered of the message.
    pub fn heard(&self) -> Heard {
        self.bounce.and_then(Bounce::heard).unwrap_or(Heard::Delivered)
    }
}

pub(super) fn read(row: &Value) -> Result<TextNotice, Unread> {
    let provider_id = text_at(row, &["notification", "messageId"]);
    let provider_id = provider_id.ok_or(Unread::Unreadable("no id of the text"))?.to_owned();
    let number = text_at(row, &["delivery", "destination"]);
    let address = number.and_then(|number| Address::phone(number).ok());
    let address = address.ok_or(Unread::Unreadable("no number"))?;
    let at = text_at(row, &["notification", "timestamp"]);
    let at = at.and_then(|at| Timestamp::parse(at).ok());
    let at = at.ok_or(Unread::Unreadable("no time of the text"))?;
    let told = text_at(row, &["delivery", "providerResponse"]).unwrap_or_default().to_lowercase();
    let (bounce, opted_out) = match text_at(row, &["status"]) {
        Some("SUCCESS") => (None, false),
        Some("FAILURE") if told.contains("opted out") => (Some(Bounce::Soft), true),
        Some("FAILURE") if told.contains("invalid phone number") => {
            (Some(Bounce::Permanent), false)
        }
        Some("FAILURE") => (Some(Bounce::Soft), false),
        _ => return Err(Unread::Unreadable("no status")),
    };
    Ok(TextNotice { provider_id, address, at, bounce, opted_out })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn row(status: &str, told: &str) -> TextNotice {
        let row = json!({
            "notification": { "messageId": "m-1", "timestamp": "2026-10-01 09:00:00.123" },
            "delivery": { "destination": "+15550000042", "providerResponse": told, "smsType": "Promotional" },
            "status": status,
        });
        read(&row).unwrap()
    }

    #[test]
    fn a_row_says_whether_the_phone_took_it() {
        assert_eq!(row("SUCCESS", "Message has been accepted by phone").heard(), Heard::Delivered);
        assert_eq!(row("FAILURE", "Invalid phone number").bounce, Some(Bounce::Permanent));
        assert_eq!(row("FAILURE", "Phone is currently unreachable").bounce, Some(Bounce::Soft));
        assert!(row("FAILURE", "Phone number is opted out").opted_out);
    }
}
