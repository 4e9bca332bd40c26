//! What can become of a call.

use std::time::Duration;

use attune_embedded::service::{Refusal, Service};
use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::{Value, json};

use super::call::Call;

/// What becomes of one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It is carried out and answered.
    Deliver,
    /// It is carried out and answered after this long.
    Delay(Duration),
    /// It is carried out, then the whole process stands still for this long, as Lambda freezes one:
    /// no other task of it runs, and its deadlines pass meanwhile.
    Freeze(Duration),
    /// It gets lost on the way: no effect, and the caller hears that the connection broke.
    LoseRequest,
    /// It is carried out, and the answer gets lost: the caller hears that the connection broke.
    LoseReply,
    /// The caller hears at once that the connection broke, and the call takes effect this much
    /// later, when the caller may have moved on or be dead.
    Late(Duration),
    /// It is refused without effect.
    Refuse(Trouble),
    /// It is carried out and answered with an error all the same.
    RefuseAfter(Trouble),
    /// No effect and no answer, ever: the caller's own timeout has to end it.
    Hang,
    /// It is carried out and never answered.
    HangAfter,
    /// Of a batch, the entries whose bit is set are not done and come back as unprocessed. Bit 0 is
    /// the first entry of the first table in the order of names. If none is left to do, the batch
    /// is throttled, as on AWS. A call that is no batch is delivered.
    Partial(u128),
    /// The process dies, at one of three moments of this call.
    Crash(Point),
}

/// When in the course of a call a process dies. These are all the moments that leave different
/// traces outside of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Point {
    /// Before the call has any effect.
    Before,
    /// After its effect, before the process hears of it.
    AfterEffect,
    /// After the process heard of it, before it did anything more.
    AfterReply,
}

impl Point {
    /// Every point, in order.
    pub const ALL: [Self; 3] = [Self::Before, Self::AfterEffect, Self::AfterReply];
}

/// An error a service answers with for reasons of its own. A failed condition is not among them: it
/// is never faked, since only the data can say whether a condition holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// Status 500.
    Internal,
    /// Status 503.
    Unavailable,
    /// Too fast for the table, the account or the topic.
    Throttled,
    /// Another transaction is at work on the item. For a transaction, on its first item.
    Conflict,
    /// A transaction is cancelled because of its item number `item`, from 0; past the last one it
    /// counts on from the first.
    Cancelled {
        /// Which item.
        item: usize,
        /// Why.
        reason: Reason,
    },
    /// Any other refusal.
    Other(Refusal),
}

/// Why a transaction is cancelled, other than by its conditions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Another transaction is at work on the item.
    TransactionConflict,
    /// The table's provisioned rate is used up.
    ProvisionedThroughputExceeded,
    /// The table's on-demand rate is used up.
    ThrottlingError,
}

impl Trouble {
    /// The answer to `call`, whose body is `body`, in the shape its service gives it.
    pub(super) fn answer(&self, call: &Call, body: &[u8]) -> Response<Bytes> {
        let (item, reason) = match self {
            Self::Cancelled { item, reason } => (*item, *reason),
            Self::Conflict if call.is_transaction() => (0, Reason::TransactionConflict),
            other => return call.service.refuse(&other.refusal(call)),
        };
        let cancelled = cancellation(item, reason, body).to_string();
        call.service.answer(StatusCode::BAD_REQUEST, cancelled)
    }

    fn refusal(&self, call: &Call) -> Refusal {
        let opt_out = call.operation.contains("PhoneNumber");
        match (self, call.service) {
            (Self::Other(refusal), _) => refusal.clone(),
            (Self::Unavailable, _) => refusal(503, "ServiceUnavailable", "Service unavailable"),
            (Self::Internal, Service::DynamoDb) => {
                refusal(500, "InternalServerError", "Internal server error")
            }
            (Self::Internal, Service::Ses) => refusal(500, "InternalFailure", "Internal failure"),
            (Self::Internal, Service::Sns) => refusal(500, "InternalError", "Internal error"),
            (Self::Throttled, Service::DynamoDb) => refusal(
                400,
                "ProvisionedThroughputExceededException",
                "The level of configured provisioned throughput for the table was exceeded",
            ),
            (Self::Throttled, Service::Ses) => {
                refusal(429, "TooManyRequestsException", "Maximum sending rate exceeded.")
            }
            (Self::Throttled, Service::Sns) if opt_out => {
                refusal(429, "Throttled", "Rate exceeded")
            }
            (Self::Throttled, Service::Sns) => refusal(400, "Throttling", "Rate exceeded"),
            (Self::Conflict | Self::Cancelled { .. }, _) => {
                refusal(400, "TransactionConflictException", "Transaction is ongoing for the item")
            }
        }
    }
}

fn refusal(status: u16, code: &'static str, message: &'static str) -> Refusal {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    Refusal::new(status, code, message)
}

/// The body of a cancelled transaction: one reason for each item, `None` for those not at fault.
fn cancellation(item: usize, reason: Reason, body: &[u8]) -> Value {
    let request: Value = serde_json::from_slice(body).unwrap_or_default();
    let items = request.get("TransactItems").and_then(Value::as_array).map_or(1, Vec::len).max(1);
    let code = |n| if n == item % items { format!("{reason:?}") } else { "None".to_owned() };
    let codes: Vec<_> = (0..items).map(code).collect();
    json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "Message": format!(
            "Transaction cancelled, please refer cancellation reasons for specific reasons [{}]",
            codes.join(", ")
        ),
        "CancellationReasons": codes.iter().map(|code| json!({ "Code": code })).collect::<Vec<_>>(),
    })
}
