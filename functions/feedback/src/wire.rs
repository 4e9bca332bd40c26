//! The payloads: SNS, `EventBridge`, and either of them out of a queue of SQS.
//!
//! That the call comes from SNS or `EventBridge` at all is Lambda's to check: the function's policy
//! names the topics and the rule. What is checked here is that it comes from ours.

use attune_domain::feedback::Unread;
use attune_domain::time::Timestamp;
use serde_json::Value;

/// Whom the function believes.
#[derive(Debug, Clone, Default)]
pub struct Trusted {
    topics: Vec<String>,
}

/// A notice, and when it was published.
pub(crate) struct Told {
    pub(crate) notice: Value,
    pub(crate) at: Option<Timestamp>,
}

impl Trusted {
    /// These topics (ARNs with commas between), and `EventBridge` in their accounts.
    pub fn topics(topics: &str) -> Self {
        let topics = topics.split(',').map(str::trim).filter(|topic| !topic.is_empty());
        Self { topics: topics.map(str::to_owned).collect() }
    }

    fn topic(&self, arn: Option<&str>) -> bool {
        arn.is_some_and(|arn| self.topics.iter().any(|topic| topic == arn))
    }

    fn account(&self, account: Option<&str>) -> bool {
        let of = |arn: &String| arn.split(':').nth(4).map(str::to_owned);
        account.is_some_and(|account| {
            self.topics.iter().filter_map(of).any(|trusted| trusted == account)
        })
    }
}

/// The notices of a call.
pub(crate) fn notices(payload: &Value, trusted: &Trusted) -> Vec<Result<Told, Unread>> {
    match payload.get("Records").and_then(Value::as_array) {
        Some(records) => records.iter().map(|record| of_record(record, trusted)).collect(),
        None => vec![of_bus(payload, trusted)],
    }
}

fn of_record(record: &Value, trusted: &Trusted) -> Result<Told, Unread> {
    if let Some(envelope) = record.get("Sns") {
        return of_topic(envelope, trusted);
    }
    let body = record.get("body").and_then(Value::as_str);
    let body = body.ok_or(Unread::Unreadable("a record of neither SNS nor SQS"))?;
    let body: Value =
        serde_json::from_str(body).map_err(|_| Unread::Unreadable("the body is not JSON"))?;
    match body.get("TopicArn") {
        Some(_) => of_topic(&body, trusted),
        None => of_bus(&body, trusted),
    }
}

/// What SNS wraps around a notice.
fn of_topic(envelope: &Value, trusted: &Trusted) -> Result<Told, Unread> {
    let text = |name: &str| envelope.get(name).and_then(Value::as_str);
    if !trusted.topic(text("TopicArn")) {
        return Err(Unread::Unreadable("not from a topic of ours"));
    }
    let message = text("Message").ok_or(Unread::Unreadable("no message"))?;
    // SES greets a new destination with a sentence.
    let notice = serde_json::from_str(message).map_err(|_| Unread::NotOurs)?;
    let at = text("Timestamp").and_then(|at| Timestamp::parse(at).ok());
    Ok(Told { notice, at })
}

/// What `EventBridge` wraps around a notice of SES.
fn of_bus(event: &Value, trusted: &Trusted) -> Result<Told, Unread> {
    let text = |name: &str| event.get(name).and_then(Value::as_str);
    if text("source") != Some("aws.ses") || !trusted.account(text("account")) {
        return Err(Unread::Unreadable("not from SES in an account of ours"));
    }
    let notice = event.get("detail").cloned().ok_or(Unread::Unreadable("no detail"))?;
    let at = text("time").and_then(|at| Timestamp::parse(at).ok());
    Ok(Told { notice, at })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const TOPIC: &str = "arn:aws:sns:eu-west-1:123456789012:feedback";

    fn read(payload: &Value) -> Vec<Result<Value, Unread>> {
        let told = notices(payload, &Trusted::topics(&format!("{TOPIC}, ")));
        told.into_iter().map(|told| told.map(|told| told.notice)).collect()
    }

    #[test]
    fn a_notice_comes_by_sns_eventbridge_or_a_queue() {
        let notice = json!({"eventType": "Send"});
        let envelope = json!({"TopicArn": TOPIC, "Message": notice.to_string()});
        let bus = json!({"source": "aws.ses", "account": "123456789012", "detail": notice});
        for payload in [
            json!({"Records": [{"EventSource": "aws:sns", "Sns": envelope}]}),
            json!({"Records": [{"eventSource": "aws:sqs", "body": envelope.to_string()}]}),
            json!({"Records": [{"eventSource": "aws:sqs", "body": bus.to_string()}]}),
            bus,
        ] {
            assert_eq!(read(&payload), [Ok(notice.clone())], "{payload}");
        }
    }

    #[test]
    fn strangers_are_not_listened_to() {
        let message = json!({"eventType": "Send"}).to_string();
        let other = json!({"TopicArn": format!("{TOPIC}2"), "Message": message});
        for payload in [
            json!({"Records": [{"Sns": other}]}),
            json!({"Records": [{"Sns": {"Message": message}}]}),
            json!({"source": "aws.ses", "account": "999999999999", "detail": {}}),
            json!({"source": "mine", "account": "123456789012", "detail": {}}),
            json!({"eventType": "Send"}),
            json!("text"),
        ] {
            assert!(matches!(read(&payload)[..], [Err(Unread::Unreadable(_))]), "{payload}");
        }
    }
}
