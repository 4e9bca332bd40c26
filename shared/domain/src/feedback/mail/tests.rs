use expect_test::{Expect, expect};
use serde_json::json;

use super::*;
use crate::feedback::{Notice, read};

const ID: &str = "msg_0123456789abcdefghjkmnpqrs";

fn event(kind: &str, part: &str, told: Value) -> Value {
    let mut event = json!({
        "eventType": kind,
        "mail": {
            "timestamp": "2026-10-01T09:00:00.000Z", "messageId": "ses-1",
            "source": "shop@example.com", "destination": ["ada@example.com"],
            "tags": { "message": [ID], "ses:configuration-set": ["attune"] },
        },
    });
    event[part] = told;
    event
}

#[track_caller]
fn check(event: &Value, expected: Expect) {
    let told = match read(event) {
        Ok(Notice::Mail(notice)) => match notice.what {
            What::Heard(heard) => format!("{heard} at {}", notice.at),
            What::Bounced(bounce, who) => format!("{bounce:?} bounce of {}", who.len()),
            What::Complained(who) => format!("complaint by one of {}", who.len()),
        },
        other => format!("{other:?}"),
    };
    expected.assert_eq(&told);
}

fn bounce(kind: &str, sub: &str, recipient: Value) -> Value {
    let mut recipient = recipient;
    recipient["emailAddress"] = json!("Ada <Ada@Example.com>");
    let told = json!({"bounceType": kind, "bounceSubType": sub, "feedbackId": "f-1",
        "timestamp": "2026-10-01T09:00:05.000Z", "bouncedRecipients": [recipient]});
    event("Bounce", "bounce", told)
}

#[test]
fn every_type_of_event_is_read() {
    let later = json!({"timestamp": "2026-10-01T09:01:00.000Z"});
    let phone = json!({"timestamp": "2026-10-01T09:01:00.000Z", "ipAddress": "203.0.113.9",
        "userAgent": "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X)", "link": "https://x"});
    check(&event("Send", "send", json!({})), expect!["sent at 2026-10-01T09:00:00.000Z"]);
    check(
        &event("DeliveryDelay", "deliveryDelay", later.clone()),
        expect!["delayed at 2026-10-01T09:01:00.000Z"],
    );
    check(&event("Delivery", "delivery", later), expect!["delivered at 2026-10-01T09:01:00.000Z"]);
    check(&event("Open", "open", phone.clone()), expect!["opened at 2026-10-01T09:01:00.000Z"]);
    check(&event("Click", "click", phone), expect!["clicked at 2026-10-01T09:01:00.000Z"]);
    check(
        &event("Reject", "reject", json!({"reason": "Bad content"})),
        expect!["rejected at 2026-10-01T09:00:00.000Z"],
    );
    let failure = json!({"templateName": "t", "errorMessage": "missing"});
    check(
        &event("Rendering Failure", "failure", failure),
        expect!["rejected at 2026-10-01T09:00:00.000Z"],
    );
    check(&event("Subscription", "subscription", json!({})), expect!["Err(NotOurs)"]);
    let who = json!({"complainedRecipients": [{"emailAddress": "ada@example.com"}], "complaintSubType": null});
    check(&event("Complaint", "complaint", who), expect!["complaint by one of 1"]);
}

#[test]
fn who_says_that_it_is_no_spam_does_not_complain() {
    let complaint = |kind: &str| {
        let told = json!({"complainedRecipients": [{"emailAddress": "ada@example.com"}],
            "complaintFeedbackType": kind});
        event("Complaint", "complaint", told)
    };
    check(&complaint("abuse"), expect!["complaint by one of 1"]);
    check(&complaint("not-spam"), expect!["Err(NotOurs)"]);
}

#[test]
fn an_older_notification_is_read_as_well() {
    let mut old = event("", "delivery", json!({"timestamp": "2026-10-01T09:01:00.000Z"}));
    old.as_object_mut().unwrap().remove("eventType");
    old["notificationType"] = json!("Delivery");
    check(&old, expect!["delivered at 2026-10-01T09:01:00.000Z"]);
}

#[test]
fn only_a_permanent_bounce_is_one_for_good() {
    for sub in ["General", "NoEmail", "Suppressed", "OnAccountSuppressionList"] {
        check(&bounce("Permanent", sub, json!({})), expect!["Permanent bounce of 1"]);
    }
    for sub in ["MailboxFull", "MessageTooLarge", "ContentRejected", "AttachmentRejected"] {
        check(&bounce("Transient", sub, json!({})), expect!["Soft bounce of 1"]);
    }
    let late = json!({"action": "failed", "status": "4.4.7", "diagnosticCode": "smtp; 554 4.4.7 Message expired"});
    check(&bounce("Transient", "General", late), expect!["Soft bounce of 1"]);
}

#[test]
fn an_absence_note_is_no_bounce() {
    check(&bounce("Transient", "General", json!({})), expect!["AutoReply bounce of 1"]);
    let note = json!({"status": "5.0.0", "diagnosticCode": "smtp; 550 Automatic reply: I am out of the office"});
    check(&bounce("Transient", "General", note), expect!["AutoReply bounce of 1"]);
    check(&bounce("Undetermined", "Undetermined", json!({})), expect!["AutoReply bounce of 1"]);
}

#[test]
fn a_scanner_is_not_taken_for_a_reader() {
    let quick = json!({"timestamp": "2026-10-01T09:00:01.000Z", "userAgent": "Mozilla/5.0 (Windows NT 10.0)"});
    check(&event("Click", "click", quick), expect!["scanned at 2026-10-01T09:00:01.000Z"]);
}

#[test]
fn what_is_not_ours_or_not_whole_is_not_acted_upon() {
    let delivery = event("Delivery", "delivery", json!({}));
    let without = |path: &str| {
        let mut event = delivery.clone();
        *event.pointer_mut(path).unwrap() = Value::Null;
        event
    };
    check(&without("/mail/tags"), expect!["Err(NotOurs)"]);
    check(&without("/eventType"), expect![[r#"Err(Unreadable("no event type"))"#]]);
    check(&without("/mail/messageId"), expect![[r#"Err(Unreadable("no id of the mail"))"#]]);
    check(&json!({"Records": []}), expect!["Err(NotOurs)"]);
    check(&json!("text"), expect!["Err(NotOurs)"]);
}
