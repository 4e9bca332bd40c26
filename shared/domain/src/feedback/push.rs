//! What SNS publishes when a push message could not be delivered.

use serde_json::Value;

use super::{Unread, text_at};
use crate::time::Timestamp;

/// A device can no longer be reached: the app is gone, or its token was given back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointNotice {
    /// The endpoint that stands for the device.
    pub endpoint: String,
    /// When it was found out.
    pub at: Timestamp,
}

/// Kinds of failure that mean the device itself. Others are about a message or the moment.
const GONE: &[&str] = &["EndpointDisabled", "InvalidPlatformToken"];

pub(super) fn read(notice: &Value) -> Result<EndpointNotice, Unread> {
    let endpoint = text_at(notice, &["EndpointArn"]).filter(|arn| arn.contains(":endpoint/"));
    let endpoint = endpoint.ok_or(Unread::Unreadable("no endpoint"))?.to_owned();
    let gone = text_at(notice, &["FailureType"]).is_some_and(|kind| GONE.contains(&kind));
    if !gone {
        return Err(Unread::NotOurs);
    }
    let at = text_at(notice, &["Time"]).and_then(|time| Timestamp::parse(time).ok());
    Ok(EndpointNotice { endpoint, at: at.ok_or(Unread::Unreadable("no time"))? })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn notice(kind: &str) -> Value {
        json!({
            "DeliveryAttempts": 1, "EventType": "DeliveryFailure", "FailureType": kind,
            "FailureMessage": "Platform token is not valid", "Service": "SNS",
            "EndpointArn": "arn:aws:sns:eu-west-1:123456789012:endpoint/GCM/shop/1",
            "Resource": "arn:aws:sns:eu-west-1:123456789012:app/GCM/shop",
            "MessageId": "1", "Time": "2026-10-01T09:00:00.000Z",
        })
    }

    #[test]
    fn a_token_that_is_not_valid_means_the_device_and_a_throttle_does_not() {
        for kind in GONE {
            assert!(read(&notice(kind)).unwrap().endpoint.ends_with("/shop/1"));
        }
        assert_eq!(read(&notice("RateLimitExceeded")), Err(Unread::NotOurs));
    }
}
