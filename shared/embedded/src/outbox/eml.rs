//! A captured e-mail as the file a mail program opens (RFC 5322, MIME).

use mail_builder::MessageBuilder;
use mail_builder::headers::HeaderType;
use mail_builder::headers::address::Address;
use mail_builder::headers::content_type::ContentType;
use mail_builder::headers::date::Date;
use mail_builder::headers::message_id::MessageId;
use mail_builder::headers::raw::Raw;
use mail_builder::headers::text::Text;
use mail_builder::mime::MimePart;

use crate::capture::sent::Email;

/// The message as SES would have put it together, byte for byte the same for the same input.
pub(super) fn render(id: &str, at_ms: i64, email: &Email) -> Vec<u8> {
    let mut message = MessageBuilder::new()
        .header("Date", Date::new(at_ms.div_euclid(1_000)))
        .header("Message-ID", MessageId::new(format!("{id}@stand-in.invalid")))
        .header("From", mailbox(&email.from))
        .header("To", mailboxes(&email.to));
    if !email.reply_to.is_empty() {
        message = message.header("Reply-To", mailboxes(&email.reply_to));
    }
    message = message.header("Subject", Text::new(email.subject.as_str()));
    for (name, value) in &email.headers {
        message = message.header(name.as_str(), Raw::new(value.as_str()));
    }
    if let Some(set) = &email.configuration_set {
        message = message.header("X-SES-CONFIGURATION-SET", Raw::new(set.as_str()));
    }
    for (name, value) in &email.tags {
        message = message.header("X-SES-MESSAGE-TAGS", Raw::new(format!("{name}={value}")));
    }
    let mut output = Vec::new();
    message.body(body(id, email)).serialize(&mut output);
    output
}

/// Text first: a mail program shows the last alternative it can (RFC 2046, 5.1.4).
fn body<'x>(id: &str, email: &'x Email) -> MimePart<'x> {
    let text = email.text.as_deref().map(|text| MimePart::new("text/plain", text));
    let html = email.html.as_deref().map(|html| MimePart::new("text/html", html));
    match (text, html) {
        (Some(text), Some(html)) => {
            let kind = ContentType::new("multipart/alternative");
            MimePart::new(kind.attribute("boundary", format!("=_{id}")), vec![text, html])
        }
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => MimePart::new("text/plain", ""),
    }
}

fn mailboxes(mailboxes: &[String]) -> HeaderType<'_> {
    Address::new_list(mailboxes.iter().map(|text| mailbox(text)).collect()).into()
}

/// `Ann <a@b.test>` or `a@b.test`.
fn mailbox(text: &str) -> Address<'_> {
    match text.rsplit_once('<') {
        Some((name, rest)) => {
            let name = name.trim().trim_matches('"');
            Address::new_address(
                Some(name).filter(|name| !name.is_empty()),
                rest.trim_end_matches('>'),
            )
        }
        None => Address::new_address(None::<&str>, text),
    }
}
