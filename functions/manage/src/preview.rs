//! `/api/segments/preview`: how many a rule would hold for, before it is saved.

use attune_domain::id::SegmentId;
use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::body::Body;
use crate::publish::{current_source, read};
use crate::rehearsal::rehearse;
use crate::{Deps, Refusal};

/// A rule that is not saved.
#[derive(Debug, Deserialize)]
pub(crate) struct Unsaved {
    when: Value,
}

/// Under which name the rule joins the others while it is tried. Its mistakes are told by it.
const NAME: &str = "preview";

/// Counts those for whom a rule holds now, and shows some of them.
pub(crate) async fn preview(
    State(deps): State<Deps>,
    Body(Unsaved { when }): Body<Unsaved>,
) -> Result<Json<Value>, Refusal> {
    let now = deps.clock.now();
    let current = deps.store.fresh_definitions(now).await?;
    let mut id = NAME.to_owned();
    while current.segment(&id).is_some() {
        id.push('-');
    }
    let file = json!({ "segments": [{ "id": &id, "when": when }] }).to_string();
    let mut source = current_source(&deps, current.version()).await?;
    source.files.push((NAME.to_owned(), file));
    let next = read(&current, &source)?;
    let rehearsal = rehearse(&deps, &current, &next).await?;
    let sentence = next.segment(&id).map(|segment| segment.rule.describe());
    let moves = SegmentId::parse(&id).map(|id| rehearsal.moves(&id)).unwrap_or_default();
    Ok(Json(json!({
        "sentence": sentence,
        "count": moves.then,
        "looked_at": rehearsal.looked_at,
        "everyone": rehearsal.everyone,
        "sample": moves.sample.iter().map(attune_domain::id::CustomerId::as_str).collect::<Value>(),
    })))
}
