//! The SNS operations we use: to a phone, to a device, and who opted out.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::{Map, Value};

use super::endpoints::{platform, with_user_data};
use super::sent::{Kind, Push, Sms};
use super::{State, unknown};
use crate::service::{Refusal, escape};

/// `ListPhoneNumbersOptedOut`: most numbers of one page.
const PAGE: usize = 100;
/// `Publish`: most characters of a text message.
const SMS_CHARS: usize = 1_600;
/// `Publish`: most bytes of any message.
const MESSAGE_BYTES: usize = 262_144;
/// E.164: most digits of a number.
const PHONE_DIGITS: usize = 15;

pub(super) fn answer(state: &mut State, operation: &str, body: &[u8]) -> Result<String, Refusal> {
    let form = Form(form_urlencoded::parse(body).into_owned().collect());
    let result = match operation {
        "Publish" => publish(state, &form)?,
        "CreatePlatformEndpoint" => create_endpoint(state, &form)?,
        "GetEndpointAttributes" => {
            entries(state.endpoints.attributes(form.need("EndpointArn")?)?.iter())
        }
        "SetEndpointAttributes" => {
            let changes = form.map("Attributes", "key", "value");
            state.endpoints.change(form.need("EndpointArn")?, changes)?;
            String::new()
        }
        "DeleteEndpoint" => {
            state.endpoints.delete(form.need("EndpointArn")?);
            String::new()
        }
        "CheckIfPhoneNumberIsOptedOut" => {
            let out = state.opted_out.contains(form.need("phoneNumber")?);
            format!("<isOptedOut>{out}</isOptedOut>")
        }
        "ListPhoneNumbersOptedOut" => opted_out(state, form.get("nextToken").unwrap_or_default()),
        "OptInPhoneNumber" => {
            state.opted_out.remove(form.need("phoneNumber")?);
            String::new()
        }
        _ => return Err(unknown(operation)),
    };
    Ok(format!(
        "<{operation}Response xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\">\
         <{operation}Result>{result}</{operation}Result></{operation}Response>"
    ))
}

fn publish(state: &mut State, form: &Form) -> Result<String, Refusal> {
    let message = form.need("Message")?;
    if message.len() > MESSAGE_BYTES {
        return Err(invalid("Message too long"));
    }
    let kind = match (form.get("PhoneNumber"), form.get("TargetArn")) {
        (Some(phone), None) => Kind::Sms(sms(state, form, phone, message)?),
        (None, Some(arn)) => Kind::Push(push(state, form, arn, message)?),
        _ => return Err(invalid("the stand-in takes a PhoneNumber or a TargetArn, and no topic")),
    };
    Ok(format!("<MessageId>{}</MessageId>", state.accept(kind)))
}

fn sms(state: &State, form: &Form, phone: &str, message: &str) -> Result<Sms, Refusal> {
    if !is_e164(phone) {
        return Err(invalid(&format!("PhoneNumber Reason: {phone} is not valid to publish to")));
    }
    let text = part(form, message, "sms")?;
    if text.chars().count() > SMS_CHARS {
        return Err(invalid("Message too long"));
    }
    Ok(Sms {
        phone: phone.to_owned(),
        opted_out: state.opted_out.contains(phone),
        text,
        attributes: form.map("MessageAttributes", "Name", "Value.StringValue"),
    })
}

fn push(state: &State, form: &Form, arn: &str, message: &str) -> Result<Push, Refusal> {
    let token = state.endpoints.target(arn)?.to_owned();
    let payload = part(form, message, platform(arn))?;
    Ok(Push {
        endpoint: arn.to_owned(),
        token,
        payload: serde_json::from_str(&payload).unwrap_or(Value::String(payload)),
        attributes: form.map("MessageAttributes", "Name", "Value.StringValue"),
    })
}

/// What of `message` is for `protocol`. With `MessageStructure=json` a message is an object of
/// strings by protocol, with a `default`; a value that is no string counts as left out.
fn part(form: &Form, message: &str, protocol: &str) -> Result<String, Refusal> {
    match form.get("MessageStructure") {
        None => return Ok(message.to_owned()),
        Some("json") => {}
        Some(_) => return Err(invalid("MessageStructure")),
    }
    let Ok(parts) = serde_json::from_str::<Map<String, Value>>(message) else {
        return Err(invalid("Message Structure - JSON message body failed to parse"));
    };
    let text = |name: &str| parts.get(name).and_then(Value::as_str);
    let Some(default) = text("default") else {
        return Err(invalid("Message Structure - No default entry in JSON message body"));
    };
    Ok(text(protocol).unwrap_or(default).to_owned())
}

fn create_endpoint(state: &mut State, form: &Form) -> Result<String, Refusal> {
    let application = form.need("PlatformApplicationArn")?;
    let token = form.need("Token")?;
    let given = form.map("Attributes", "key", "value");
    let given = with_user_data(given, form.get("CustomUserData"));
    let id = state.new_id();
    let arn = state.endpoints.create(application, token, given, &id)?;
    Ok(format!("<EndpointArn>{}</EndpointArn>", escape(&arn)))
}

/// A page in the order of the numbers; the token is the last number of the page before.
fn opted_out(state: &State, after: &str) -> String {
    let mut rest = state.opted_out.range(after.to_owned()..).filter(|phone| *phone != after);
    let shown: Vec<_> = rest.by_ref().take(PAGE).collect();
    let token = rest.next().and(shown.last());
    let mut xml = "<phoneNumbers>".to_owned();
    for phone in &shown {
        let _ = write!(xml, "<member>{}</member>", escape(phone));
    }
    xml.push_str("</phoneNumbers>");
    if let Some(token) = token {
        let _ = write!(xml, "<nextToken>{}</nextToken>", escape(token));
    }
    xml
}

/// The parameters of a request, by name.
struct Form(BTreeMap<String, String>);

impl Form {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    fn need(&self, name: &str) -> Result<&str, Refusal> {
        self.get(name).filter(|value| !value.is_empty()).ok_or_else(|| invalid(name))
    }

    /// The map sent as `prefix.entry.1.key=…&prefix.entry.1.value=…`. Binary values are left out.
    fn map(&self, prefix: &str, key: &str, value: &str) -> BTreeMap<String, String> {
        let entry = |n: usize| {
            let name = self.get(&format!("{prefix}.entry.{n}.{key}"))?;
            Some((name, self.get(&format!("{prefix}.entry.{n}.{value}"))))
        };
        let entries = (1..).map_while(entry);
        entries.filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned()))).collect()
    }
}

fn is_e164(phone: &str) -> bool {
    phone.strip_prefix('+').is_some_and(|digits| {
        (2..=PHONE_DIGITS).contains(&digits.len())
            && digits.bytes().all(|digit| digit.is_ascii_digit())
            && !digits.starts_with('0')
    })
}

fn entries<'a>(attributes: impl Iterator<Item = (&'a String, &'a String)>) -> String {
    let mut xml = "<Attributes>".to_owned();
    for (key, value) in attributes {
        let (key, value) = (escape(key), escape(value));
        let _ = write!(xml, "<entry><key>{key}</key><value>{value}</value></entry>");
    }
    xml.push_str("</Attributes>");
    xml
}

fn invalid(what: &str) -> Refusal {
    Refusal::bad("InvalidParameter", format!("Invalid parameter: {what}"))
}
