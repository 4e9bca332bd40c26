//! `/api/problems`: events that could not be used, or not as they were meant.

use attune_aws::store::ProblemRow;
use attune_domain::limits;
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::pages::Pages;
use crate::{Deps, Refusal};

/// Which page of problems.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Page {
    before: Option<String>,
    limit: Option<u32>,
}

/// Problems, the newest hour first.
pub(crate) async fn list(
    State(deps): State<Deps>,
    page: Result<Query<Page>, QueryRejection>,
) -> Result<Json<Value>, Refusal> {
    let Query(Page { before, limit }) = page?;
    if before.as_ref().is_some_and(|id| id.is_empty() || id.len() > limits::NAME_BYTES) {
        return Err(Refusal::Unreadable("`before` is not the id of a problem".to_owned()));
    }
    let most = Pages::OF_ROWS.size(limit)?;
    let rows = deps.store.problems(before.as_deref(), most.into()).await?;
    let whole = rows.len() == usize::from(most);
    let next = rows.last().filter(|_| whole).map(|row| row.id.clone());
    let problem = |row: &ProblemRow| {
        json!({
            "id": row.id,
            "problem": row.problem,
            "lost": row.lost,
            "count": row.count,
            "example": row.example,
            "last": row.last.to_string(),
        })
    };
    Ok(Json(json!({ "problems": rows.iter().map(problem).collect::<Value>(), "next": next })))
}
