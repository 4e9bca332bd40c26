//! What AWS would tell of a message afterwards, in the shapes in which AWS tells it.
//!
//! Nothing here happens by itself, but for the addresses of SES's mailbox simulator: mail to
//! `bounce@simulator.amazonses.com` bounces, as on AWS. Tests and `attune serve` ask for the rest.
#![allow(clippy::indexing_slicing, reason = "what is indexed here is JSON, where nothing is null")]

use std::io::Write as _;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::sent::{Email, Kind, Sent};

/// The topic by which feedback comes, and the one by which texts come, on one machine.
pub const FEEDBACK_TOPIC: &str = "arn:aws:sns:us-east-1:123456789012:attune-feedback";

/// The domain of SES's mailbox simulator.
const SIMULATOR: &str = "@simulator.amazonses.com";
/// What a person's mail program says that it is.
const PERSON: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15";
/// Milliseconds after which somebody has had the time to read a mail.
const READ_AFTER: i64 = 60_000;

/// Something that can become of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Happened {
    /// It was taken by SES.
    Send,
    /// It arrived.
    Delivery,
    /// It takes longer than usual.
    Delay,
    /// It can never arrive.
    Bounce,
    /// The address is on the account's suppression list.
    Suppressed,
    /// It did not arrive this time.
    SoftBounce,
    /// A machine answers that the person is away.
    Absence,
    /// The person says that it is spam.
    Complaint,
    /// SES found something bad in it.
    Reject,
    /// A person opens it.
    Open,
    /// A machine opens it.
    Scan,
    /// A person follows a link.
    Click,
}

impl Happened {
    const ALL: [(&'static str, Self); 12] = [
        ("send", Self::Send),
        ("delivery", Self::Delivery),
        ("delay", Self::Delay),
        ("bounce", Self::Bounce),
        ("suppressed", Self::Suppressed),
        ("soft-bounce", Self::SoftBounce),
        ("out-of-office", Self::Absence),
        ("complaint", Self::Complaint),
        ("reject", Self::Reject),
        ("open", Self::Open),
        ("scan", Self::Scan),
        ("click", Self::Click),
    ];

    /// Reads `delivery`, `bounce`, …
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(word, _)| *word == text).map(|(_, happened)| happened)
    }

    /// The words for all of them.
    pub fn words() -> impl Iterator<Item = &'static str> {
        Self::ALL.into_iter().map(|(word, _)| word)
    }

    /// What becomes of mail to an address of SES's simulator, `bounce+label@…` included.
    pub(super) fn to_simulator(address: &str) -> &'static [Self] {
        let Some(local) = address.strip_suffix(SIMULATOR) else { return &[] };
        match local.split('+').next().unwrap_or_default() {
            "success" => &[Self::Send, Self::Delivery],
            "bounce" => &[Self::Send, Self::Bounce],
            "complaint" => &[Self::Send, Self::Delivery, Self::Complaint],
            "ooto" => &[Self::Send, Self::Delivery, Self::Absence],
            "suppressionlist" => &[Self::Send, Self::Suppressed],
            _ => &[],
        }
    }
}

/// What AWS publishes when this becomes of a message at a Unix time in milliseconds. `None` if it
/// cannot become of a message on that channel.
pub fn told_of(sent: &Sent, happened: Happened, at_ms: i64) -> Option<Value> {
    match &sent.kind {
        Kind::Email(email) => Some(mail_event(sent, email, happened, at_ms)),
        Kind::Sms(sms) => {
            let (status, told) = match happened {
                Happened::Delivery => ("SUCCESS", "Message has been accepted by phone"),
                Happened::Bounce => ("FAILURE", "Invalid phone number"),
                Happened::SoftBounce => ("FAILURE", "Phone is currently unreachable/unavailable"),
                Happened::Suppressed => ("FAILURE", "Phone number is opted out"),
                _ => return None,
            };
            Some(json!({
                "notification": { "messageId": sent.id, "timestamp": log_time(sent.at_ms) },
                "delivery": {
                    "phoneCarrier": "My Phone Carrier", "mnc": 270, "mcc": 310,
                    "numberOfMessageParts": 1, "destination": sms.phone,
                    "priceInUSD": 0.00645, "smsType": "Promotional",
                    "providerResponse": told, "dwellTimeMs": 599,
                },
                "status": status,
            }))
        }
        Kind::Push(push) => (happened == Happened::Bounce).then(|| {
            json!({
                "DeliveryAttempts": 1, "EndpointArn": push.endpoint,
                "EventType": "DeliveryFailure", "FailureMessage": "Endpoint is disabled",
                "FailureType": "EndpointDisabled", "MessageId": sent.id, "Service": "SNS",
                "Resource": "arn:aws:sns:us-east-1:123456789012:app/GCM/local",
                "Time": time(at_ms),
            })
        }),
    }
}

fn mail_event(sent: &Sent, email: &Email, happened: Happened, at_ms: i64) -> Value {
    let to = email.to.first().cloned().unwrap_or_default();
    let read_ms = at_ms.max(sent.at_ms + READ_AFTER);
    let (kind, part, told) = match happened {
        Happened::Send => ("Send", "send", json!({})),
        Happened::Delivery => ("Delivery", "delivery", delivery(&to, at_ms)),
        Happened::Delay => ("DeliveryDelay", "deliveryDelay", delay(&to, at_ms)),
        Happened::Bounce => bounced("Permanent", "General", &to, at_ms, Some("5.1.1")),
        Happened::Suppressed => {
            bounced("Permanent", "OnAccountSuppressionList", &to, at_ms, Some("5.1.1"))
        }
        Happened::SoftBounce => bounced("Transient", "MailboxFull", &to, at_ms, Some("4.2.2")),
        Happened::Absence => bounced("Transient", "General", &to, at_ms, None),
        Happened::Complaint => ("Complaint", "complaint", complaint(&to, at_ms)),
        Happened::Reject => ("Reject", "reject", json!({"reason": "Bad content"})),
        Happened::Open => ("Open", "open", seen(PERSON, read_ms)),
        Happened::Scan => ("Open", "open", seen("Mozilla/5.0", at_ms)),
        Happened::Click => {
            let mut click = seen(PERSON, read_ms);
            click["link"] = json!("https://shop.example.com/");
            click["linkTags"] = Value::Null;
            ("Click", "click", click)
        }
    };
    let tags = email.tags.iter().map(|(name, value)| (name.clone(), json!([value])));
    let mut tags: serde_json::Map<String, Value> = tags.collect();
    if let Some(set) = &email.configuration_set {
        tags.insert("ses:configuration-set".to_owned(), json!([set]));
    }
    let mut event = json!({
        "eventType": kind,
        "mail": {
            "timestamp": time(sent.at_ms), "source": email.from, "messageId": ses_id(&sent.id),
            "sourceArn": "arn:aws:ses:us-east-1:123456789012:identity/shop.example.com",
            "sendingAccountId": "123456789012", "destination": email.to,
            "headersTruncated": false, "headers": [],
            "commonHeaders": { "from": [email.from], "to": email.to, "subject": email.subject },
            "tags": tags,
        },
    });
    event[part] = told;
    event
}

/// The id that SES gives to a mail.
pub(super) fn ses_id(id: &str) -> String {
    // It ends with a part number, which is always the same today.
    format!("{id}-000000")
}

fn delivery(to: &str, at_ms: i64) -> Value {
    json!({
        "timestamp": time(at_ms), "processingTimeMillis": 546, "recipients": [to],
        "smtpResponse": "250 2.6.0 Message received", "reportingMTA": "mta.example.com",
    })
}

fn delay(to: &str, at_ms: i64) -> Value {
    json!({
        "timestamp": time(at_ms), "delayType": "MailboxFull", "expirationTime": time(at_ms),
        "delayedRecipients": [{"emailAddress": to, "status": "4.2.2"}],
    })
}

fn complaint(to: &str, at_ms: i64) -> Value {
    json!({
        "timestamp": time(at_ms), "feedbackId": format!("complaint-{at_ms}"),
        "complaintSubType": null, "complaintFeedbackType": "abuse",
        "userAgent": "Amazon SES Mailbox Simulator",
        "complainedRecipients": [{"emailAddress": to}],
    })
}

fn seen(agent: &str, at_ms: i64) -> Value {
    json!({"timestamp": time(at_ms), "ipAddress": "203.0.113.9", "userAgent": agent})
}

fn bounced(
    kind: &str,
    sub: &str,
    to: &str,
    at_ms: i64,
    status: Option<&str>,
) -> (&'static str, &'static str, Value) {
    let mut recipient = json!({"emailAddress": to});
    if let Some(status) = status {
        recipient["action"] = json!("failed");
        recipient["status"] = json!(status);
        recipient["diagnosticCode"] = json!(format!("smtp; 550 {status} it did not work"));
    }
    let bounce = json!({
        "bounceType": kind, "bounceSubType": sub, "bouncedRecipients": [recipient],
        "timestamp": time(at_ms), "feedbackId": format!("bounce-{at_ms}"),
        "reportingMTA": "dns; mta.example.com",
    });
    ("Bounce", "bounce", bounce)
}

/// A text that somebody sends to the shop's number.
pub fn text_from(from: &str, body: &str, id: &str) -> Value {
    json!({
        "originationNumber": from, "destinationNumber": "+12065550100",
        "messageKeyword": "KEYWORD_12065550100", "messageBody": body,
        "previousPublishedMessageId": null, "inboundMessageId": id,
    })
}

/// How Lambda hands over what was published to a topic.
pub fn by_topic(topic: &str, notice: &Value, at_ms: i64) -> Value {
    json!({"Records": [{
        "EventSource": "aws:sns", "EventVersion": "1.0",
        "EventSubscriptionArn": format!("{topic}:0b6941c3-f04d-4d3e-a66d-b1df00e1e381"),
        "Sns": {
            "Type": "Notification", "MessageId": format!("notice-{at_ms}"), "TopicArn": topic,
            "Subject": null, "Message": notice.to_string(), "Timestamp": time(at_ms),
            "SignatureVersion": "1", "Signature": "", "SigningCertUrl": "",
            "UnsubscribeUrl": "", "MessageAttributes": {},
        },
    }]})
}

/// How `CloudWatch` Logs hands over a row of the log in which SNS writes what became of texts.
pub fn by_logs(notice: &Value, at_ms: i64) -> Value {
    let failed = if notice["status"] == "FAILURE" { "/Failure" } else { "" };
    let batch = json!({
        "messageType": "DATA_MESSAGE", "owner": "123456789012",
        "logGroup": format!("sns/us-east-1/123456789012/DirectPublishToPhoneNumber{failed}"),
        "logStream": "0b6941c3-f04d-4d3e-a66d-b1df00e1e381",
        "subscriptionFilters": ["attune-texts"],
        "logEvents": [{"id": at_ms.to_string(), "timestamp": at_ms, "message": notice.to_string()}],
    });
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    // To write to memory cannot fail.
    packed.write_all(batch.to_string().as_bytes()).ok();
    let packed = packed.finish().unwrap_or_default();
    json!({"awslogs": {"data": BASE64_STANDARD.encode(packed)}})
}

/// How `EventBridge` hands over what SES tells.
pub fn by_bus(notice: &Value, at_ms: i64) -> Value {
    json!({
        "version": "0", "id": format!("event-{at_ms}"), "detail-type": "Email Event",
        "source": "aws.ses", "account": "123456789012", "time": time(at_ms),
        "region": "us-east-1", "resources": [], "detail": notice,
    })
}

fn time(at_ms: i64) -> String {
    format!("{:.3}", Timestamp::from_millisecond(at_ms).unwrap_or_default())
}

/// As the delivery log of SNS writes it.
fn log_time(at_ms: i64) -> String {
    time(at_ms).replace('T', " ").replace('Z', "")
}
