//! What can go wrong, named for what the caller does: in both cases, come again.

use attune_aws::senders::SendError;
use attune_aws::store::StoreError;

/// Why a notice could not be taken now.
#[derive(Debug, thiserror::Error)]
pub enum FeedbackError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// SNS did not take an answer, or did not tell of a device, and may later. Only the name of its
    /// error is told: its words may hold a phone number.
    #[error("SNS: {}", .0.code())]
    Sender(#[from] SendError),
}
