//! The payloads: SNS, `EventBridge`, either of them out of a queue of SQS, and `CloudWatch` Logs.
//!
//! That the call comes from one of them at all is AWS's to check: the function's policy names the rule
//! and the logs, and the queue's the topics. What is checked here is that it comes from ours.

use attune_domain::feedback::Unread;
use attune_domain::time::Timestamp;
use serde_json::Value;

use crate::logs;
use crate::trusted::{Told, Trusted};

/// The notices of a call.
pub(crate) fn notices(payload: &Value, trusted: &Trusted) -> Vec<Result<Told, Unread>> {
    let packed = payload.pointer("/awslogs/data").and_then(Value::as_str);
    match (payload.get("Records").and_then(Value::as_array), packed) {
        (Some(records), _) => records.iter().map(|record| of_record(record, trusted)).collect(),
        (None, Some(packed)) => logs::notices(packed, trusted),
        (None, None) => vec![of_bus(payload, trusted)],
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
    use std::io::Write as _;

    use base64::Engine as _;
    use base64::prelude::BASE64_STANDARD;
    use flate2::Compression;
    use flate2::write::GzEncoder;
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

    /// How `CloudWatch` hands over rows of a log.
    fn by_logs(batch: &Value) -> Value {
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(batch.to_string().as_bytes()).unwrap();
        json!({"awslogs": {"data": BASE64_STANDARD.encode(packed.finish().unwrap())}})
    }

    /// Rows of the log of SNS about texts.
    fn rows(messages: &[&str]) -> Value {
        let rows = messages.iter().enumerate().map(|(n, message)| {
            json!({"id": n.to_string(), "timestamp": 1_790_000_000_123_u64, "message": message})
        });
        json!({
            "messageType": "DATA_MESSAGE", "owner": "123456789012", "logStream": "a",
            "logGroup": "sns/eu-west-1/123456789012/DirectPublishToPhoneNumber",
            "subscriptionFilters": ["texts"], "logEvents": rows.collect::<Vec<_>>(),
        })
    }

    #[test]
    fn the_log_of_sns_is_read_row_by_row() {
        let mut batch = rows(&["{\"status\": \"SUCCESS\"}", "no JSON"]);
        for group in ["", "/Failure"] {
            batch["logGroup"] =
                format!("sns/eu-west-1/123456789012/DirectPublishToPhoneNumber{group}").into();
            let read = read(&by_logs(&batch));
            assert_eq!(read[0], Ok(json!({"status": "SUCCESS"})));
            assert!(matches!(read[1..], [Err(Unread::Unreadable(_))]), "{read:?}");
        }
        batch["messageType"] = "CONTROL_MESSAGE".into();
        assert_eq!(read(&by_logs(&batch)), [Err(Unread::NotOurs)]);
    }

    #[test]
    fn logs_of_strangers_and_bombs_are_not_read() {
        let changed = |name: &str, value: Value| {
            let mut batch = rows(&["{}"]);
            batch[name] = value;
            by_logs(&batch)
        };
        for payload in [
            changed("owner", "999999999999".into()),
            changed("owner", Value::Null),
            changed("logGroup", "/aws/lambda/mine".into()),
            changed("logGroup", "sns/eu-west-1/999999999999/DirectPublishToPhoneNumber".into()),
            changed("logGroup", "sns/eu-west-1/123456789012/a-topic".into()),
            changed("logStream", " ".repeat(9 * 1024 * 1024).into()),
            json!({"awslogs": {"data": "no base 64"}}),
            json!({"awslogs": {"data": BASE64_STANDARD.encode("no gzip")}}),
            json!({"awslogs": {}}),
        ] {
            assert!(matches!(read(&payload)[..], [Err(Unread::Unreadable(_))]));
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
