//! What can go wrong with the store, named for what to do next.

use std::fmt::Debug;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

/// What can go wrong with the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The store did not answer, or answered that it cannot now. Whatever was asked may have
    /// happened; everything may be asked again.
    #[error("the store is not available: {0}")]
    Unavailable(String),
    /// The store understood what was asked, and said no: asking again does not help.
    #[error("the store refused: {0}")]
    Refused(String),
    /// Others changed the same thing at every try. Ask again later.
    #[error("others changed it at the same time, {0} times in a row")]
    Contended(usize),
    /// A profile was judged by definitions that this process does not have. Load them and go on.
    #[error("the definitions in this process are older than those in the store")]
    OldDefinitions,
    /// Something stored cannot be read: it is damaged, or was written by a newer release.
    #[error("{table} holds something that cannot be read: {what}")]
    Unreadable {
        /// The table.
        table: &'static str,
        /// What could not be read; never the value itself.
        what: String,
    },
    /// A call that this program built cannot be made: a bug.
    #[error("a call could not be built: {0}")]
    Bug(String),
}

/// Errors of DynamoDB that are about the item or the role, and not about the moment.
const REFUSALS: &[&str] = &[
    "AccessDeniedException",
    "ItemCollectionSizeLimitExceededException",
    "SerializationException",
    "ValidationException",
];

impl StoreError {
    /// A failed call.
    pub(super) fn of<E, R>(error: SdkError<E, R>) -> Self
    where
        E: ProvideErrorMetadata + Debug,
        R: Debug,
    {
        match error.as_service_error() {
            Some(service) => {
                let code = service.code().unwrap_or("no code");
                let told = format!("{code}: {}", service.message().unwrap_or("no message"));
                match REFUSALS.contains(&code) {
                    true => Self::Refused(told),
                    false => Self::Unavailable(told),
                }
            }
            None => Self::Unavailable(kind_of(&error).to_owned()),
        }
    }

    /// A call that could not be built.
    pub(super) fn bug(error: impl std::error::Error) -> Self {
        Self::Bug(error.to_string())
    }
}

fn kind_of<E, R>(error: &SdkError<E, R>) -> &'static str {
    match error {
        SdkError::ConstructionFailure(_) => "the request could not be built",
        SdkError::TimeoutError(_) => "it took too long",
        SdkError::DispatchFailure(_) => "the connection failed",
        _ => "the answer could not be read",
    }
}
