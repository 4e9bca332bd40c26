//! The account's suppression list: addresses that SES accepts mail for and never attempts.

use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::{Value, json};

use super::ses::parse;
use super::{State, Suppressed};
use crate::service::Refusal;

/// `ListSuppressedDestinations`: most entries of one page.
const PAGE: usize = 1_000;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Suppress {
    email_address: String,
    reason: String,
}

pub(super) fn put(state: &mut State, body: &[u8]) -> Result<Value, Refusal> {
    let Suppress { email_address, reason } = parse(body)?;
    if reason != "BOUNCE" && reason != "COMPLAINT" {
        return Err(Refusal::bad("BadRequestException", "Reason is BOUNCE or COMPLAINT"));
    }
    let since_ms = state.account.clock.now().millis();
    state.suppressed.insert(email_address.to_lowercase(), Suppressed { reason, since_ms });
    Ok(json!({}))
}

pub(super) fn get(state: &State, path: &str) -> Result<Value, Refusal> {
    let address = address(path);
    let entry = state.suppressed.get(&address).ok_or_else(|| not_listed(&address))?;
    Ok(json!({ "SuppressedDestination": summary(&address, entry) }))
}

pub(super) fn delete(state: &mut State, path: &str) -> Result<Value, Refusal> {
    let address = address(path);
    state.suppressed.remove(&address).ok_or_else(|| not_listed(&address))?;
    Ok(json!({}))
}

/// A page in the order of the addresses; the token is the last address of the page before. Filters
/// by date are refused: nobody here asks by date.
pub(super) fn list(state: &State, query: Option<&str>) -> Result<Value, Refusal> {
    let (mut after, mut page, mut reasons) = (String::new(), PAGE, Vec::new());
    for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        match name.as_ref() {
            "NextToken" => after = value.into_owned(),
            "PageSize" => page = value.parse().map_or(PAGE, |size: usize| size.clamp(1, PAGE)),
            "Reason" => reasons.push(value.into_owned()),
            other => {
                let message = format!("the stand-in does not know the filter `{other}`");
                return Err(Refusal::bad("BadRequestException", message));
            }
        }
    }
    let wanted = |entry: &Suppressed| reasons.is_empty() || reasons.contains(&entry.reason);
    let mut rest = state
        .suppressed
        .range(after.clone()..)
        .filter(|(address, entry)| **address != after && wanted(entry));
    let shown: Vec<_> = rest.by_ref().take(page).collect();
    let token = rest.next().and(shown.last()).map(|(address, _)| *address);
    let summaries = shown.iter().map(|(address, entry)| summary(address, entry));
    Ok(json!({
        "SuppressedDestinationSummaries": summaries.collect::<Vec<_>>(),
        "NextToken": token,
    }))
}

fn summary(address: &str, entry: &Suppressed) -> Value {
    json!({
        "EmailAddress": address,
        "Reason": entry.reason,
        "LastUpdateTime": entry.since_ms / 1_000,
    })
}

fn not_listed(address: &str) -> Refusal {
    let message = format!("Email address {address} does not exist on your suppression list.");
    Refusal::absent("NotFoundException", message)
}

/// The address at the end of a path, in lower case.
fn address(path: &str) -> String {
    let last = path.rsplit('/').next().unwrap_or_default();
    percent_decode_str(last).decode_utf8_lossy().to_lowercase()
}
