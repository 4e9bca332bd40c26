//! E-mail by SES.

use aws_sdk_sesv2::types::{
    Body, Content, Destination, EmailContent, Message as SesMessage, MessageHeader, MessageTag,
};

use super::error::status;
use super::{Outgoing, SendError, Senders};

impl Senders {
    /// Sends subject, HTML and text. Our id rides in the tags, which SES repeats in everything it
    /// later publishes about the mail.
    pub(super) async fn send_email(
        &self,
        outgoing: &Outgoing<'_>,
        [subject, html, text]: [&str; 3],
    ) -> Result<String, SendError> {
        let bug = |error: aws_sdk_sesv2::error::BuildError| SendError::Refused(error.to_string());
        let utf8 = |data: &str| Content::builder().charset("UTF-8").data(data).build();
        let body = Body::builder().html(utf8(html).map_err(bug)?).text(utf8(text).map_err(bug)?);
        let mut message =
            SesMessage::builder().subject(utf8(subject).map_err(bug)?).body(body.build());
        for (name, value) in outgoing.unsubscribe.into_iter().flat_map(headers) {
            let header = MessageHeader::builder().name(name).value(value).build();
            message = message.headers(header.map_err(bug)?);
        }
        let mut call = self
            .ses
            .send_email()
            .from_email_address(outgoing.from)
            .destination(Destination::builder().to_addresses(outgoing.address.text()).build())
            .content(EmailContent::builder().simple(message.build()).build())
            .set_configuration_set_name(self.settings.configuration_set.clone());
        for (name, value) in [
            ("message", outgoing.message.id.as_str()),
            ("program", outgoing.message.program.as_str()),
        ] {
            let tag = MessageTag::builder().name(name).value(value).build();
            call = call.email_tags(tag.map_err(bug)?);
        }
        match call.send().await {
            Ok(output) => Ok(output.message_id.unwrap_or_default()),
            Err(error) => Err(SendError::of(&error, status(&error))),
        }
    }
}

/// The headers by which a mailbox shows "unsubscribe" (RFC 2369), and by which one click there is
/// enough (RFC 8058).
fn headers(page: &str) -> [(&'static str, String); 2] {
    [
        ("List-Unsubscribe", format!("<{page}>")),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()),
    ]
}
