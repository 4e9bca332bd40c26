//! Text messages by SNS.

use attune_domain::address::Address;
use attune_domain::message::Class;
use aws_sdk_sns::types::MessageAttributeValue;

use super::error::status;
use super::{Outgoing, SendError, Senders};

impl Senders {
    /// Sends a text to a phone number. SNS carries no id of ours, so nothing that comes back later
    /// can settle an unknown outcome.
    pub(super) async fn send_sms(
        &self,
        outgoing: &Outgoing<'_>,
        text: &str,
    ) -> Result<String, SendError> {
        // Carriers deliver what does not sell with priority, and to numbers on lists of those who
        // want no advertising.
        let kind = match outgoing.class {
            Class::Marketing => "Promotional",
            Class::Transactional | Class::OptIn => "Transactional",
        };
        self.text_message(outgoing.address, text, kind).await
    }

    /// Answers a text of somebody's, who asked for it: that is no marketing.
    pub async fn answer(&self, to: &Address, text: &str) -> Result<String, SendError> {
        self.text_message(to, text, "Transactional").await
    }

    async fn text_message(
        &self,
        to: &Address,
        text: &str,
        kind: &str,
    ) -> Result<String, SendError> {
        let value = |value: &str| {
            let value = MessageAttributeValue::builder().data_type("String").string_value(value);
            value.build().map_err(|error| SendError::Refused(error.to_string()))
        };
        let mut call = self
            .sns
            .publish()
            .phone_number(to.text())
            .message(text)
            .message_attributes("AWS.SNS.SMS.SMSType", value(kind)?);
        if let Some(name) = &self.settings.sms_sender {
            call = call.message_attributes("AWS.SNS.SMS.SenderID", value(name)?);
        }
        match call.send().await {
            Ok(output) => Ok(output.message_id.unwrap_or_default()),
            Err(error) => Err(SendError::of(&error, status(&error))),
        }
    }
}
