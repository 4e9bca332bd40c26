//! What a failed send means, named for what to do next.

use std::fmt::Debug;

use aws_sdk_sesv2::error::{ProvideErrorMetadata, SdkError};

/// What a failed send means.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// Not accepted, and not the message's fault: try again later.
    #[error("not now: {0}")]
    Throttled(String),
    /// Not accepted, and never will be as it is.
    #[error("{0}")]
    Refused(String),
    /// Nobody can know whether it was accepted: do not send again.
    #[error("no clear answer: {0}")]
    Unknown(String),
}

/// Errors that say "later". SES and SNS name throttling in several ways; the rest is about the
/// account, which its owner can mend while the message waits.
const LATER: &[&str] = &[
    "TooManyRequestsException",
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "Throttled",
    "LimitExceededException",
    "SendingPausedException",
    "AccountSuspendedException",
    "MailFromDomainNotVerifiedException",
    "KMSThrottling",
    "AccessDenied",
    "AccessDeniedException",
    "AuthorizationError",
    "AuthorizationErrorException",
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
];

impl SendError {
    /// What may be logged: the name of the error. What AWS says about it may name the address.
    pub fn code(&self) -> &str {
        let (Self::Throttled(told) | Self::Refused(told) | Self::Unknown(told)) = self;
        told.split_once(':').map_or(told, |(code, _)| code)
    }

    pub(super) fn refused(why: &str) -> Self {
        Self::Refused(why.to_owned())
    }

    /// Sorts an SDK error. Only an answer that was read, says no, and is the client's fault (4xx)
    /// is known to mean that nothing was accepted. A lost connection looks different in every HTTP
    /// stack, so kinds of connection errors are not told apart; a 5xx may follow acceptance.
    pub(super) fn of<E, R>(error: &SdkError<E, R>, status: Option<u16>) -> Self
    where
        E: ProvideErrorMetadata + Debug,
        R: Debug,
    {
        let Some(service) = error.as_service_error() else {
            return match error {
                SdkError::ConstructionFailure(_) => Self::refused("the call could not be built"),
                SdkError::TimeoutError(_) => Self::Unknown("it took too long".to_owned()),
                _ => Self::Unknown("the connection failed".to_owned()),
            };
        };
        let code = service.code().unwrap_or_default();
        let told = format!("{code}: {}", service.message().unwrap_or_default());
        match status {
            Some(400..=499) if LATER.contains(&code) => Self::Throttled(told),
            Some(400..=499) => Self::Refused(told),
            _ => Self::Unknown(told),
        }
    }
}

/// The status of the answer, if one was read.
pub(super) fn status<E>(
    error: &SdkError<E, aws_smithy_runtime_api::client::orchestrator::HttpResponse>,
) -> Option<u16> {
    error.raw_response().map(|response| response.status().as_u16())
}
