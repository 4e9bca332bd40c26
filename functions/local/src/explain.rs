//! `attune explain`: why somebody is in a segment or not, and when that will change.

use serde_json::Value;

use crate::api::Api;
use crate::push::api_text;
use crate::{Failure, cli};

/// Explains one segment of a customer, or all.
pub(crate) async fn run(asked: &cli::Explain) -> Result<(), Failure> {
    let api = Api::of(&asked.target).await?;
    for customer in customers(&api, &asked.customer).await? {
        let mut path = format!("/api/customers/{}/explain", api_text(&customer));
        if let Some(segment) = &asked.segment {
            path.push_str(&format!("?segment={}", api_text(segment)));
        }
        tell(&api.get(&path).await?);
    }
    Ok(())
}

/// Whom a text means: an e-mail address, a phone number, or an id.
async fn customers(api: &Api, text: &str) -> Result<Vec<String>, Failure> {
    let by = match text {
        mail if mail.contains('@') => "email",
        phone if phone.starts_with('+') => "phone",
        id => return Ok(vec![id.to_owned()]),
    };
    let found = api.get(&format!("/api/customers?{by}={}", api_text(text))).await?;
    let ids = found["customers"].as_array().into_iter().flatten();
    let ids: Vec<String> = ids.filter_map(Value::as_str).map(str::to_owned).collect();
    // Some shops use addresses as ids.
    Ok(if ids.is_empty() { vec![text.to_owned()] } else { ids })
}

fn tell(answer: &Value) {
    say!("{} at {}", text(&answer["customer"]), text(&answer["at"]));
    for segment in answer["segments"].as_array().into_iter().flatten() {
        let place = match (segment["inside"] == true, segment["since"].as_str()) {
            (true, Some(since)) => format!("in, since {since}"),
            (_, Some(since)) => format!("not in, since {since}"),
            (_, None) => "not in".to_owned(),
        };
        say!("\n{} ({}): {place}", text(&segment["name"]), text(&segment["id"]));
        if segment["not_yet"] == true {
            say!("  its features are being made from the history: nothing is decided yet");
        }
        say!("  {}", text(&segment["sentence"]));
        leaf(&segment["why"], 1);
    }
}

/// One rule and those inside it. Recursion is bounded by the depth of a rule.
fn leaf(why: &Value, depth: usize) {
    let sign = if why["holds"] == true { "yes" } else { "no " };
    let mut line = format!("{}{sign} {}", "  ".repeat(depth), text(&why["rule"]));
    if let Some(value) = why["value"].as_str() {
        line.push_str(&format!(" [{value}]"));
    }
    if let Some(at) = why["turns_at"].as_str() {
        line.push_str(&format!(", until {at}"));
    }
    say!("{line}");
    for inside in why["inside"].as_array().into_iter().flatten() {
        leaf(inside, depth + 1);
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
