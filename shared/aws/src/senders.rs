//! The senders: Amazon SES for e-mail, Amazon SNS for text messages and push.
//!
//! Neither has an idempotency token, and the SDK's default is to send again when an answer is lost.
//! So a send is one attempt with a deadline, made by clients from one constructor, and every error
//! is sorted by what may be done next. What is not known to be refused is unknown.

mod email;
mod error;
mod push;
mod rate;
mod sms;

use std::time::Duration;

use attune_domain::address::Address;
use attune_domain::content::Written;
use attune_domain::message::{Class, Message};
use attune_domain::time::Span;
use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;

pub use error::SendError;

/// How long one attempt may take. Chosen well above what SES and SNS need, and well below a
/// function's timeout.
pub const ATTEMPT: Span = Span::seconds(5);
/// What settling needs after an attempt: a send starts only if both still fit.
pub const SETTLE: Span = Span::seconds(2);

/// What the shop set up in AWS for sending.
#[derive(Debug, Clone, Default)]
pub struct SendSettings {
    /// The SES configuration set, by which SES publishes what became of a mail.
    pub configuration_set: Option<String>,
    /// The name that phones show in the place of a number, where carriers allow it.
    pub sms_sender: Option<String>,
    /// Text messages a second that SNS takes from the account, whom it does not tell.
    pub sms_per_second: Option<u32>,
    /// The SNS platform application for Apple's push service.
    pub apns: Option<String>,
    /// The SNS platform application for Firebase.
    pub fcm: Option<String>,
}

/// Hands messages to SES and SNS. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Senders {
    ses: aws_sdk_sesv2::Client,
    sns: aws_sdk_sns::Client,
    settings: SendSettings,
    known: rate::Known,
}

/// A message that is ready to be handed over.
#[derive(Debug, Clone, Copy)]
pub struct Outgoing<'a> {
    /// The message.
    pub message: &'a Message,
    /// Where to.
    pub address: &'a Address,
    /// What it says.
    pub written: &'a Written,
    /// What the law takes it for.
    pub class: Class,
    /// The sender of mail.
    pub from: &'a str,
    /// The page on which the customer unsubscribes; none for what one does not unsubscribe from.
    pub unsubscribe: Option<&'a str>,
    /// The SNS endpoint of a device.
    pub endpoint: Option<&'a str>,
}

impl Senders {
    /// Senders whose every call is one attempt.
    pub fn new(aws: &SdkConfig, settings: SendSettings) -> Self {
        let attempt = Duration::from_millis(ATTEMPT.millis().unsigned_abs());
        let aws = aws
            .to_builder()
            .retry_config(RetryConfig::disabled())
            .timeout_config(
                TimeoutConfig::builder()
                    .connect_timeout(Duration::from_secs(2))
                    .operation_attempt_timeout(attempt)
                    .operation_timeout(attempt)
                    .build(),
            )
            .build();
        Self {
            ses: aws_sdk_sesv2::Client::new(&aws),
            sns: aws_sdk_sns::Client::new(&aws),
            settings,
            known: rate::Known::default(),
        }
    }

    /// Hands a message over; returns the sender's id for it.
    pub async fn send(&self, outgoing: &Outgoing<'_>) -> Result<String, SendError> {
        match outgoing.written {
            Written::Email { subject, html, text } => {
                self.send_email(outgoing, [subject, html, text]).await
            }
            Written::Sms(text) => self.send_sms(outgoing, text).await,
            Written::Push { title, body, link, image } => {
                let endpoint =
                    outgoing.endpoint.ok_or_else(|| SendError::refused("no endpoint"))?;
                let (link, image) = (link.as_deref(), image.as_deref());
                let shown =
                    push::Shown { id: outgoing.message.id.as_str(), title, body, link, image };
                self.send_push(endpoint, &shown).await
            }
        }
    }
}
