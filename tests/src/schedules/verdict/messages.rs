//! What must have become of every message.

use std::collections::BTreeMap;

use attune_embedded::capture::sent::Kind;
use attune_testkit::faults::{Call, Fate, Point};

use crate::schedules::stage::Stage;
use crate::schedules::{Flow, Schedule};

/// At most one accepted send for each message; exactly one outcome; and `unknown` only where nobody
/// can know.
pub(super) fn of(flow: &Flow, schedule: &Schedule, stage: &Stage, calls: &[Call]) -> Vec<String> {
    let mut sends: BTreeMap<String, usize> = BTreeMap::new();
    let (mut answers, mut replies) = (0, Vec::new());
    let mut wrong = Vec::new();
    for sent in stage.world.capture.sent() {
        let Kind::Email(mail) = &sent.kind else {
            answers += 1;
            continue;
        };
        *sends.entry(mail.tags["message"].clone()).or_default() += 1;
        if mail.subject.trim_end() == "Your order" {
            wrong.push("a message was sent without what its event says".to_owned());
        }
    }
    let mut states = Vec::new();
    for item in stage.world.items("messages") {
        let (id, word) = (item["id"]["S"].as_str(), item["state"]["S"].as_str());
        let (id, word) = (id.expect("an id"), word.expect("a state"));
        if id.starts_with("rep_") {
            replies.push(word.to_owned());
            states.push(word.to_owned());
            continue;
        }
        let sent = sends.remove(id).unwrap_or_default();
        let possible = match word {
            "accepted" => sent == 1,
            "unknown" => sent <= 1,
            "dropped" | "expired" | "failed" | "refused" => sent == 0,
            _ => false,
        };
        if !possible {
            wrong.push(format!("message {id} is `{word}` and was sent {sent} times"));
        }
        states.push(word.to_owned());
    }
    let surely = replies.iter().filter(|word| *word == "accepted").count();
    if !(surely..=replies.len()).contains(&answers) {
        wrong.push(format!("{answers} answers were sent, and the rows say {replies:?}"));
    }
    if !sends.is_empty() {
        wrong.push(format!("sent, but never planned: {sends:?}"));
    }
    let mut expected: Vec<String> = flow.messages.iter().map(ToString::to_string).collect();
    states.sort();
    expected.sort();
    let doubt = schedule.0.iter().any(|(n, fate)| in_doubt(calls, *n, fate));
    let same = states == expected || doubt && some_became_unknown(&states, &expected);
    if !same {
        wrong.push(format!("messages became {states:?}, not {expected:?}"));
    }
    wrong
}

/// Whether a trouble falls between the claim of a message and the record of its outcome.
fn in_doubt(calls: &[Call], n: usize, fate: &Fate) -> bool {
    let claims = |call: &Call| match call.is_transaction() {
        true => call.target.contains("addresses"),
        false => call.operation == "PutItem" && call.target.ends_with("messages"),
    };
    let settles = |call: &Call| call.operation == "UpdateItem" && call.target.ends_with("messages");
    let windows = calls.iter().enumerate().filter(|(_, call)| claims(call)).map(|(at, _)| {
        let end = calls.iter().skip(at).position(settles).map_or(calls.len(), |len| at + len);
        (at + 1, end + 1)
    });
    let before = *fate == Fate::Crash(Point::Before);
    windows.into_iter().any(|(claim, settle)| {
        let claimed = n > claim || n == claim && !before;
        let settled = n > settle || n == settle && !before;
        claimed && !settled
    })
}

/// Whether the two lists differ only in that some messages are `unknown` after all.
fn some_became_unknown(states: &[String], expected: &[String]) -> bool {
    let mut left = expected.to_vec();
    for state in states.iter().filter(|state| *state != "unknown") {
        let Some(at) = left.iter().position(|one| one == state) else { return false };
        left.remove(at);
    }
    states.len() == expected.len()
}
