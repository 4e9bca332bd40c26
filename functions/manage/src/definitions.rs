//! `/api/definitions`: what is current, and what shall be.

use attune_aws::store::Source;
use attune_domain::limits;
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::body::Body;
use crate::publish::{Publication, current_source, publish, read};
use crate::refusal::in_places;
use crate::rehearsal::rehearse;
use crate::{Deps, Refusal};

/// A set of definition files on the wire.
#[derive(Debug, Deserialize)]
#[serde(expecting = "an object with `files`")]
pub(crate) struct Files {
    files: Vec<File>,
}

#[derive(Debug, Deserialize)]
#[serde(expecting = "an object with `name` and `text`")]
struct File {
    name: String,
    text: String,
}

/// What a replacement may ask for.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    /// Only tell what would change.
    dry_run: Option<String>,
    /// Programs that shall start for those who are there already, with commas between.
    #[serde(default)]
    confirm: String,
}

/// The current definitions, as published.
pub(crate) async fn current(State(deps): State<Deps>) -> Result<Json<Value>, Refusal> {
    let version = deps.store.current_version().await?;
    let files = current_source(&deps, version).await?.files;
    let file = |(name, text): (String, String)| json!({ "name": name, "text": text });
    let published = match version.0 {
        0 => None,
        _ => Some(deps.store.published(version).await?.at.to_string()),
    };
    Ok(Json(json!({
        "version": version.0,
        "published": published,
        "files": files.into_iter().map(file).collect::<Value>(),
    })))
}

/// Replaces all definitions, or tells what that would change.
pub(crate) async fn replace(
    State(deps): State<Deps>,
    asked: Result<Query<Asked>, QueryRejection>,
    Body(files): Body<Files>,
) -> Result<Json<Value>, Refusal> {
    let Query(asked) = asked?;
    let source =
        Source { files: files.files.into_iter().map(|file| (file.name, file.text)).collect() };
    if source.files.is_empty() {
        return Err(Refusal::Unreadable("`files` is empty; nothing was changed".to_owned()));
    }
    let bytes: usize = source.files.iter().map(|(name, text)| name.len() + text.len()).sum();
    if bytes > limits::DEFINITION_BYTES {
        let limit = limits::DEFINITION_BYTES;
        return Err(Refusal::Unreadable(format!("definitions can have {limit} bytes")));
    }
    if asked.dry_run.is_some_and(|word| word != "false") {
        let current = deps.store.fresh_definitions(deps.clock.now()).await?;
        let next = read(&current, &source)?;
        let rehearsal = rehearse(&deps, &current, &next).await?;
        let mut answer = rehearsal.json(&next);
        answer["doubts"] = in_places(&next.doubts);
        return Ok(Json(answer));
    }
    let confirmed: Vec<&str> = asked.confirm.split(',').map(str::trim).collect();
    let Publication { version, unchanged, doubts } = publish(&deps, &source, &confirmed).await?;
    Ok(Json(json!({ "version": version.0, "unchanged": unchanged, "doubts": in_places(&doubts) })))
}
