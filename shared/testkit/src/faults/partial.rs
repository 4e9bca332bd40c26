//! A batch of which only a part is done. What comes back as unprocessed was really not done: the
//! request is split, and only the rest goes on.

use std::collections::BTreeMap;
use std::mem::take;

use attune_aws::transport::{Lost, Transport};
use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::{Request, Response};
use serde_json::{Map, Value};

use super::call::Call;
use super::fate::Trouble;

/// Carries out the entries of a batch whose bit in `left` is off.
pub(super) async fn call(
    inner: &dyn Transport,
    call: &Call,
    request: Request<Bytes>,
    left: u128,
) -> Result<Response<Bytes>, Lost> {
    let unprocessed = match call.operation.as_str() {
        "BatchGetItem" => "UnprocessedKeys",
        "BatchWriteItem" => "UnprocessedItems",
        _ => return inner.call(request).await,
    };
    let Ok(mut whole) = serde_json::from_slice::<Value>(request.body()) else {
        return inner.call(request).await;
    };
    let Some(tables) = whole.get_mut("RequestItems").and_then(Value::as_object_mut) else {
        return inner.call(request).await;
    };
    let undone = split(tables, left);
    if tables.is_empty() {
        return Ok(Trouble::Throttled.answer(call, request.body()));
    }
    let (mut parts, _) = request.into_parts();
    parts.headers.remove(CONTENT_LENGTH);
    let rest = Request::from_parts(parts, whole.to_string().into());
    Ok(with(inner.call(rest).await?, unprocessed, undone))
}

/// Takes the entries whose bit is set out of `tables` and returns them, in the same shape. Tables
/// are counted in the order of their names, so that a seed means the same in every process.
fn split(tables: &mut Map<String, Value>, left: u128) -> Map<String, Value> {
    let is_left = |number: usize| {
        u32::try_from(number)
            .ok()
            .and_then(|number| left.checked_shr(number))
            .is_some_and(|bits| bits & 1 == 1)
    };
    let whole: BTreeMap<String, Value> = take(tables).into_iter().collect();
    let mut undone = Map::new();
    let mut first = 0;
    for (name, mut request) in whole {
        if let Some(rest) = part(&request, first, is_left) {
            undone.insert(name.clone(), rest);
        }
        if let Some(done) = part(&request, first, |number| !is_left(number)) {
            tables.insert(name, done);
        }
        first += entries(&mut request).map_or(0, |entries| entries.len());
    }
    undone
}

/// `request` with only the entries whose number is to be kept, counted from `first`; none if none
/// is.
fn part(request: &Value, first: usize, keep: impl Fn(usize) -> bool) -> Option<Value> {
    let mut part = request.clone();
    let entries = entries(&mut part)?;
    let mut numbers = first..;
    entries.retain(|_| numbers.next().is_some_and(&keep));
    (!entries.is_empty()).then_some(part)
}

/// The entries of one table: a list of writes, or the keys of a read beside its other settings.
fn entries(request: &mut Value) -> Option<&mut Vec<Value>> {
    match request {
        Value::Array(writes) => Some(writes),
        read => read.get_mut("Keys")?.as_array_mut(),
    }
}

/// `response` with `undone` under `name`; an error stays as it is.
fn with(response: Response<Bytes>, name: &str, undone: Map<String, Value>) -> Response<Bytes> {
    let (parts, body) = response.into_parts();
    let answer = serde_json::from_slice::<Map<String, Value>>(&body);
    match answer {
        Ok(mut answer) if parts.status.is_success() => {
            answer.insert(name.to_owned(), Value::Object(undone));
            Response::from_parts(parts, Value::Object(answer).to_string().into())
        }
        _ => Response::from_parts(parts, body),
    }
}
