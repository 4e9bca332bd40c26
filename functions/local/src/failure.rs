//! What can go wrong on the command line, told to the person who typed it.

use std::io;
use std::path::PathBuf;

use attune_aws::store::StoreError;
use attune_embedded::EngineError;

/// What can go wrong.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// A file cannot be read or written.
    #[error("{}: {why}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// Input that cannot be used; the text names the place.
    #[error("{0}")]
    Input(String),
    /// The other side refused, or did not answer.
    #[error("{0}")]
    Api(String),
    /// The embedded engine could not be opened.
    #[error("the data folder cannot be opened: {0}")]
    Engine(#[from] EngineError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Something of the operating system.
    #[error(transparent)]
    System(#[from] io::Error),
}

impl Failure {
    /// A file cannot be read or written.
    pub(crate) fn file(path: impl Into<PathBuf>, why: impl ToString) -> Self {
        Self::File { path: path.into(), why: why.to_string() }
    }
}
