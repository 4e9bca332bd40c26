//! The SES v2 operations we use. Limits and error codes are those of its API reference.

use bytes::Bytes;
use http::Request;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::feedback::ses_id;
use super::sent::{Email, Kind};
use super::{State, suppression, unknown};
use crate::service::Refusal;

/// `MessageHeader` and `MessageTag`: longest name or value, in characters.
const HEADER_NAME_CHARS: usize = 126;
const HEADER_CHARS: usize = 996;
const TAG_CHARS: usize = 256;
/// `SendEmail`: most recipients of one message.
const RECIPIENTS: usize = 50;
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

pub(super) fn answer(
    state: &mut State,
    operation: &str,
    request: &Request<Bytes>,
) -> Result<String, Refusal> {
    let answer = match operation {
        "SendEmail" => send(state, request.body())?,
        "GetAccount" => account(state),
        "PutSuppressedDestination" => suppression::put(state, request.body())?,
        "GetSuppressedDestination" => suppression::get(state, request.uri().path())?,
        "DeleteSuppressedDestination" => suppression::delete(state, request.uri().path())?,
        "ListSuppressedDestinations" => suppression::list(state, request.uri().query())?,
        _ => return Err(unknown(operation)),
    };
    Ok(answer.to_string())
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SendEmail {
    from_email_address: String,
    #[serde(default)]
    reply_to_addresses: Vec<String>,
    destination: Destination,
    content: Content,
    #[serde(default)]
    email_tags: Vec<Pair>,
    configuration_set_name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Destination {
    #[serde(default)]
    to_addresses: Vec<String>,
}

/// Only simple content: the product renders its own templates and lets SES build the MIME parts.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Content {
    simple: Simple,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Simple {
    subject: Data,
    body: Body,
    #[serde(default)]
    headers: Vec<Pair>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Body {
    html: Option<Data>,
    text: Option<Data>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Data {
    data: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Pair {
    name: String,
    value: String,
}

fn send(state: &mut State, body: &[u8]) -> Result<Value, Refusal> {
    let raw: Value = parse(body)?;
    let request: SendEmail = parse(body)?;
    check_recipients(&request.destination.to_addresses)?;
    request.content.simple.headers.iter().try_for_each(check_header)?;
    request.email_tags.iter().try_for_each(check_tag)?;
    check_configuration_set(state, request.configuration_set_name.as_deref())?;
    check_sender(state, &request.from_email_address)?;

    let Simple { subject, body, headers } = request.content.simple;
    let to = request.destination.to_addresses;
    let listed = |to: &&String| state.suppressed.contains_key(&bare(to));
    let email = Email {
        from: request.from_email_address,
        suppressed: to.iter().filter(listed).cloned().collect(),
        to,
        reply_to: request.reply_to_addresses,
        subject: subject.data,
        html: body.html.map(|html| html.data),
        text: body.text.map(|text| text.data),
        headers: headers.into_iter().map(|header| (header.name, header.value)).collect(),
        tags: request.email_tags.into_iter().map(|tag| (tag.name, tag.value)).collect(),
        configuration_set: request.configuration_set_name,
        raw,
    };
    Ok(json!({ "MessageId": ses_id(&state.accept(Kind::Email(email))) }))
}

fn check_recipients(to: &[String]) -> Result<(), Refusal> {
    let plausible = |to: &String| {
        bare(to).split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty())
    };
    match to.len() {
        0 => Err(Refusal::bad("BadRequestException", "a message needs a recipient")),
        1..=RECIPIENTS if to.iter().all(plausible) => Ok(()),
        1..=RECIPIENTS => Err(Refusal::bad("BadRequestException", "Illegal address")),
        _ => Err(Refusal::bad("MessageRejected", "Recipient count exceeds 50.")),
    }
}

fn check_header(header: &Pair) -> Result<(), Refusal> {
    let Pair { name, value } = header;
    let named = !name.is_empty()
        && name.len() <= HEADER_NAME_CHARS
        && name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':');
    let printable = value.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
    if named && printable && name.len() + value.len() <= HEADER_CHARS {
        return Ok(());
    }
    Err(Refusal::bad("BadRequestException", "a header's name or value is not allowed"))
}

fn check_tag(tag: &Pair) -> Result<(), Refusal> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    let fits = |text: &str| (1..=TAG_CHARS).contains(&text.len()) && text.bytes().all(allowed);
    if fits(&tag.name) && fits(&tag.value) {
        return Ok(());
    }
    Err(Refusal::bad("BadRequestException", "a tag's name or value is not allowed"))
}

fn check_configuration_set(state: &State, name: Option<&str>) -> Result<(), Refusal> {
    let Some(name) = name else { return Ok(()) };
    let known = &state.account.configuration_sets;
    if known.is_empty() || known.iter().any(|set| set == name) {
        return Ok(());
    }
    // AWS documents both this code and `BadRequestException`; callers treat them alike.
    let message = format!("Configuration set <{name}> does not exist.");
    Err(Refusal::absent("NotFoundException", message))
}

fn check_sender(state: &State, from: &str) -> Result<(), Refusal> {
    let verified = &state.account.verified_senders;
    let sender = bare(from);
    let domain = sender.split_once('@').map(|(_, domain)| domain).unwrap_or_default();
    let covers = |identity: &String| {
        let identity = identity.to_lowercase();
        sender == identity || domain == identity || domain.ends_with(&format!(".{identity}"))
    };
    if verified.is_empty() || verified.iter().any(covers) {
        return Ok(());
    }
    let message = format!(
        "Email address is not verified. \
         The following identities failed the check in region EU-WEST-1: {sender}"
    );
    Err(Refusal::bad("MessageRejected", message))
}

fn account(state: &State) -> Value {
    let since = state.account.clock.now().millis() - DAY_MS;
    let of_today =
        state.sent.iter().filter(|sent| sent.at_ms > since && matches!(sent.kind, Kind::Email(_)));
    json!({
        "ProductionAccessEnabled": true,
        "SendingEnabled": true,
        "EnforcementStatus": "HEALTHY",
        "DedicatedIpAutoWarmupEnabled": false,
        "SendQuota": {
            "Max24HourSend": f64::from(state.account.sends_per_day),
            "MaxSendRate": f64::from(state.account.sends_per_second),
            "SentLast24Hours": of_today.count(),
        },
        "SuppressionAttributes": { "SuppressedReasons": ["BOUNCE", "COMPLAINT"] },
    })
}

/// `a@b.test` from `Ann <A@b.test>`: what SES compares, in lower case.
fn bare(mailbox: &str) -> String {
    let inner = mailbox.rsplit_once('<').and_then(|(_, rest)| rest.strip_suffix('>'));
    inner.unwrap_or(mailbox).trim().to_lowercase()
}

pub(super) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body)
        .map_err(|error| Refusal::bad("BadRequestException", error.to_string()))
}
