//! `/api/restored`: after the tables were restored from a backup, what was due before waits for a
//! word.

use attune_aws::store::Restored;
use attune_domain::time::Timestamp;
use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::body::Body;
use crate::{Deps, Refusal};

/// What was restored.
#[derive(Debug, Deserialize)]
pub(crate) struct Report {
    at: String,
}

/// Whether a restore was reported.
pub(crate) async fn current(State(deps): State<Deps>) -> Result<Json<Value>, Refusal> {
    Ok(Json(told(deps.store.restored().await?.as_ref())))
}

/// The tables are those of an instant that is past: every message that was due by now may have gone
/// out since, and is held.
pub(crate) async fn report(
    State(deps): State<Deps>,
    Body(Report { at }): Body<Report>,
) -> Result<Json<Value>, Refusal> {
    let (at, now) = (Timestamp::parse(&at), deps.clock.now());
    let at = at.map_err(|why| Refusal::Unreadable(why.to_string()))?;
    if at > now {
        return Err(Refusal::Unreadable("`at` lies in the future".to_owned()));
    }
    Ok(Json(told(Some(&deps.store.report_restore(at, now).await?))))
}

/// What is held for it goes out, unless it is too late.
pub(crate) async fn release(State(deps): State<Deps>) -> Result<Json<Value>, Refusal> {
    let released = deps.store.release_restore(deps.clock.now()).await?;
    let missing = || Refusal::NotFound("no restore was reported".to_owned());
    released.as_ref().map(|mark| Json(told(Some(mark)))).ok_or_else(missing)
}

fn told(mark: Option<&Restored>) -> Value {
    let Some(mark) = mark else { return json!({ "restored": false }) };
    json!({
        "restored": true,
        "at": mark.at.to_string(),
        "reported": mark.reported.to_string(),
        "released": mark.released.map(|at| at.to_string()),
    })
}
