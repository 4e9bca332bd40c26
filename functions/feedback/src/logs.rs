//! The payload of `CloudWatch` Logs: rows of the log in which SNS writes what became of texts.
//!
//! SNS tells of texts in no other way. Lambda gets the rows in base 64 of gzip of JSON, as
//! its guide shows under "Real-time processing of log data with subscriptions".

use std::io::Read as _;

use attune_domain::feedback::Unread;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use flate2::read::GzDecoder;
use serde_json::Value;

use crate::trusted::{Told, Trusted};

/// Bytes of the rows of one call. `CloudWatch` hands over at most a megabyte of them; a bomb is cut off.
const MOST_BYTES: u64 = 8 * 1024 * 1024;
/// Logs of texts, and those of texts that failed.
const LOGS: [&str; 2] = ["DirectPublishToPhoneNumber", "DirectPublishToPhoneNumber/Failure"];

/// The notices in `packed`, one for each row.
pub(crate) fn notices(packed: &str, trusted: &Trusted) -> Vec<Result<Told, Unread>> {
    match unpacked(packed).and_then(|batch| of_sns(&batch, trusted)) {
        Ok(rows) => rows.iter().map(notice).collect(),
        Err(why) => vec![Err(why)],
    }
}

fn unpacked(packed: &str) -> Result<Value, Unread> {
    let bytes = BASE64_STANDARD.decode(packed).map_err(|_| Unread::Unreadable("no base 64"))?;
    let mut text = Vec::new();
    GzDecoder::new(bytes.as_slice())
        .take(MOST_BYTES)
        .read_to_end(&mut text)
        .map_err(|_| Unread::Unreadable("not packed by gzip"))?;
    serde_json::from_slice(&text)
        .map_err(|_| Unread::Unreadable("no JSON within, or too much of it"))
}

/// The rows, if they are from the log of SNS in an account of ours.
fn of_sns(batch: &Value, trusted: &Trusted) -> Result<Vec<Value>, Unread> {
    let text = |name: &str| batch.get(name).and_then(Value::as_str);
    // `CloudWatch` looks now and then whether it reaches whom it is to tell.
    if text("messageType") == Some("CONTROL_MESSAGE") {
        return Err(Unread::NotOurs);
    }
    let owner = text("owner").filter(|owner| trusted.account(Some(owner)));
    let owner = owner.ok_or(Unread::Unreadable("not from an account of ours"))?;
    let mut group = text("logGroup").unwrap_or_default().splitn(4, '/');
    let (service, _region) = (group.next(), group.next());
    let known = service == Some("sns")
        && group.next() == Some(owner)
        && group.next().is_some_and(|log| LOGS.contains(&log));
    if !known {
        return Err(Unread::Unreadable("not the log of SNS about texts"));
    }
    let rows = batch.get("logEvents").and_then(Value::as_array);
    Ok(rows.cloned().unwrap_or_default())
}

fn notice(row: &Value) -> Result<Told, Unread> {
    let message = row.get("message").and_then(Value::as_str).unwrap_or_default();
    let notice =
        serde_json::from_str(message).map_err(|_| Unread::Unreadable("a row that is not JSON"))?;
    Ok(Told { notice, at: None })
}
