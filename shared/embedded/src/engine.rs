//! `DynamoDB` on one machine: the `dynoxide` engine behind the SDK's own client.
//!
//! The engine is `SQLite` in this process, so a call never waits for anything but the disk. It
//! therefore runs inline on the caller's task instead of on a thread of its own: tests are single
//! threaded and stay deterministic, and a hop to another thread costs more than most calls. A
//! server with tasks that must not wait for a scan gives them another runtime thread.
//!
//! What it does not do: throttle, conflict, or answer a stale read. Its window for a transaction's
//! token (10 minutes) follows the machine's clock, not [`Clock`].

use std::fmt;
use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use attune_aws::clock::Clock;
use attune_aws::transport::{Reply, Transport};
use bytes::Bytes;
use dynoxide::actions::transact_write_items::TransactWriteItemsRequest;
use dynoxide::{Database, DynoxideError};
use http::{Request, Response, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::service::Service;

/// An embedded database that answers the `DynamoDB` operations the product uses. Cloning it gives
/// another handle to the same data.
#[derive(Clone)]
pub struct Engine {
    database: Database,
    /// Where it is, if not in memory.
    file: Option<PathBuf>,
    /// Whether a transaction with the token of an earlier one is answered and not carried out.
    tokens: bool,
}

/// The engine could not open its file, or failed inside.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The engine says so.
    #[error("the embedded database failed: {0}")]
    Engine(#[from] DynoxideError),
    /// The log beside its file could not be emptied.
    #[error("the log of the embedded database could not be emptied: {0}")]
    Log(#[from] rusqlite::Error),
    /// Somebody reads the log.
    #[error("the log of the embedded database is in use")]
    LogInUse,
}

impl Engine {
    /// An empty database in memory.
    pub fn memory() -> Result<Self, EngineError> {
        Ok(Self::of(Database::memory()?, None))
    }

    /// An empty database in memory whose items expire by `clock`, once [`sweep_ttl`] is called.
    ///
    /// [`sweep_ttl`]: Self::sweep_ttl
    pub fn memory_with_clock(clock: Clock) -> Result<Self, EngineError> {
        Ok(Self::of(Database::memory_with_clock(Arc::new(Seconds(clock)))?, None))
    }

    /// The database in the file at `path`, made if missing. An answered write survives the death of
    /// the process. Expiry follows the machine's clock. Only its owner may read it: it holds who the
    /// customers are.
    pub fn open(path: &Path) -> Result<Self, EngineError> {
        keep_private(path).map_err(|why| DynoxideError::ValidationException(why.to_string()))?;
        let not_text = || DynoxideError::ValidationException("the path is not UTF-8".to_owned());
        let database = Database::new(path.to_str().ok_or_else(not_text)?)?;
        Ok(Self::of(database, Some(path.to_owned())))
    }

    fn of(database: Database, file: Option<PathBuf>) -> Self {
        Self { database, file, tokens: true }
    }

    /// The same database, which does not remember the tokens of transactions. The engine walks all
    /// those of the last ten minutes at every transaction; where no answer can be lost on the way,
    /// no transaction comes twice.
    #[must_use]
    pub fn without_tokens(self) -> Self {
        Self { tokens: false, ..self }
    }

    /// Deletes the items whose time to live has passed and says how many. `DynamoDB` does so by
    /// itself, up to two days late; nothing here happens unless called.
    pub fn sweep_ttl(&self) -> Result<usize, EngineError> {
        Ok(self.database.sweep_ttl()?)
    }

    /// Writes the file anew, without what was deleted: `SQLite` leaves its bytes where they were until
    /// something else needs the room, and in the log beside the file. Takes as long as it takes to copy
    /// the file.
    pub fn vacuum(&self) -> Result<(), EngineError> {
        self.database.vacuum()?;
        self.file.as_deref().map_or(Ok(()), empty_log)
    }

    #[cfg(feature = "http")]
    pub(crate) fn database(&self) -> Database {
        self.database.clone()
    }

    /// Carries out `request` and answers it, without leaving this thread.
    pub fn answer(&self, request: &Request<Bytes>) -> Response<Bytes> {
        match self.run(&Service::DynamoDb.operation(request), request.body()) {
            Ok(body) => Service::DynamoDb.answer(StatusCode::OK, body),
            Err(error) => {
                let status = StatusCode::from_u16(error.status_code());
                let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                Service::DynamoDb.answer(status, error.to_json())
            }
        }
    }

    /// One row per operation: a new one costs a line here.
    fn run(&self, operation: &str, body: &[u8]) -> Result<Vec<u8>, DynoxideError> {
        let db = &self.database;
        match operation {
            "BatchGetItem" => call(body, |r| db.batch_get_item(r)),
            "BatchWriteItem" => call(body, |r| db.batch_write_item(r)),
            "CreateTable" => call(body, |r| db.create_table(r)),
            "DeleteItem" => call(body, |r| db.delete_item(r)),
            "DescribeTable" => call(body, |r| db.describe_table(r)),
            "DescribeTimeToLive" => call(body, |r| db.describe_time_to_live(r)),
            "GetItem" => call(body, |r| db.get_item(r)),
            "ListTables" => call(body, |r| db.list_tables(r)),
            "PutItem" => call(body, |r| db.put_item(r)),
            "Query" => call(body, |r| db.query(r)),
            "Scan" => call(body, |r| db.scan(r)),
            "TransactGetItems" => call(body, |r| db.transact_get_items(r)),
            "TransactWriteItems" => call(body, |mut r: TransactWriteItemsRequest| {
                r.client_request_token = r.client_request_token.filter(|_| self.tokens);
                db.transact_write_items(r)
            }),
            "UpdateItem" => call(body, |r| db.update_item(r)),
            "UpdateTimeToLive" => call(body, |r| db.update_time_to_live(r)),
            other => Err(DynoxideError::UnsupportedCapability(other.to_owned())),
        }
    }
}

impl Transport for Engine {
    fn call(&self, request: Request<Bytes>) -> Reply<'_> {
        Box::pin(async move { Ok(self.answer(&request)) })
    }
}

/// Makes the file, and takes the rights of others from it. `SQLite` gives its `-wal` and `-shm` the
/// rights of the file; those of a process that died may have others still.
fn keep_private(path: &Path) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?;
    #[cfg(unix)]
    for suffix in ["", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        match std::fs::set_permissions(name, mode) {
            Err(why) if why.kind() != std::io::ErrorKind::NotFound => return Err(why),
            _ => {}
        }
    }
    Ok(())
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Engine")
    }
}

/// Empties the log of a file: the engine does so only when it closes the file. `SQLite` tells whether
/// somebody was in the way (<https://sqlite.org/pragma.html#pragma_wal_checkpoint>).
fn empty_log(file: &Path) -> Result<(), EngineError> {
    let log = rusqlite::Connection::open(file)?;
    let in_use = log.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    if in_use { Err(EngineError::LogInUse) } else { Ok(()) }
}

fn call<Q: DeserializeOwned, A: Serialize>(
    body: &[u8],
    run: impl FnOnce(Q) -> Result<A, DynoxideError>,
) -> Result<Vec<u8>, DynoxideError> {
    let request = serde_json::from_slice(body).map_err(|error| refusal(&error))?;
    serde_json::to_vec(&run(request)?)
        .map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}

/// The engine checks some rules while it parses and reports them as parse errors, marked by a
/// prefix. Unmapped, the SDK would see a `SerializationException` where `DynamoDB` refuses a value.
fn refusal(error: &serde_json::Error) -> DynoxideError {
    let text = error.to_string();
    let text = text.split(" at line ").next().unwrap_or_default();
    match text.split_once(':') {
        Some(("VALIDATION" | "VALIDATION_REQUEST" | "VALIDATION_AS_READ", rule)) => {
            DynoxideError::ValidationException(rule.to_owned())
        }
        Some(("SERIALIZATION" | "SERIALIZATION_AS_READ", fault)) => {
            DynoxideError::SerializationException(fault.to_owned())
        }
        _ if text.starts_with("missing field") => {
            DynoxideError::ValidationException(text.to_owned())
        }
        _ => DynoxideError::SerializationException(text.to_owned()),
    }
}

/// Our clock, in the words of the engine.
struct Seconds(Clock);

impl dynoxide::storage_backend::Clock for Seconds {
    fn now_unix_secs(&self) -> u64 {
        u64::try_from(self.0.now().millis() / 1000).unwrap_or_default()
    }

    #[expect(clippy::cast_precision_loss, reason = "exact to the millisecond for 285,000 years")]
    fn now_unix_secs_f64(&self) -> f64 {
        self.0.now().millis() as f64 / 1000.0
    }
}

#[cfg(test)]
mod tests;
