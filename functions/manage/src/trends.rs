//! `/api/census/trends`: how large segments were, census by census, and who moved from where to where
//! within a class.

use std::collections::BTreeMap;

use attune_domain::census::{Flow, Size, Trend};
use attune_domain::definitions::Definitions;
use attune_domain::id::{ClassId, SegmentId};
use attune_domain::limits;
use attune_domain::time::Span;
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::segments::no_segment;
use crate::{Deps, Refusal};

/// Censuses in one page.
const PAGE: usize = 100;
/// How far back it is asked, if nothing else is said.
const DAYS: u32 = 30;

/// Of when, and of what.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    days: Option<u32>,
    before: Option<u32>,
    segment: Option<String>,
    class: Option<String>,
}

/// Censuses, the newest first.
pub(crate) async fn list(
    State(deps): State<Deps>,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Json<Value>, Refusal> {
    let Query(asked) = asked?;
    let days = asked.days.unwrap_or(DAYS);
    if !(1..=limits::TREND_DAYS).contains(&days) {
        let most = limits::TREND_DAYS;
        let told = format!("`days` is {days}; trends are kept for {most}, so ask for 1 to {most}");
        return Err(Refusal::Unreadable(told));
    }
    let from = deps.clock.now() - Span::days(days);
    let trends = deps.store.trends(from, asked.before, PAGE).await?;
    // Of what these censuses do not know, those of another page may.
    if trends.len() < PAGE {
        known(&asked, &trends, &*deps.store.definitions(deps.clock.now()).await?)?;
    }
    let next = trends.last().filter(|_| trends.len() == PAGE).map(|trend| trend.number);
    let trends = trends.iter().map(|trend| told(trend, &asked));
    Ok(Json(json!({ "censuses": trends.collect::<Value>(), "next": next })))
}

/// Refuses a segment or a class that neither the definitions nor any of these censuses know.
fn known(asked: &Asked, trends: &[Trend], definitions: &Definitions) -> Result<(), Refusal> {
    let no_such_segment = |id: &&String| {
        let in_trend = |trend: &Trend| trend.segments.keys().any(|known| known.as_str() == *id);
        definitions.segment(id).is_none() && !trends.iter().any(in_trend)
    };
    let no_such_class = |id: &&String| {
        let in_trend = |trend: &Trend| trend.classes.keys().any(|known| known.as_str() == *id);
        let defined = definitions.classes.iter().any(|class| class.id.as_str() == *id);
        !defined && !trends.iter().any(in_trend)
    };
    if let Some(id) = asked.segment.as_ref().filter(no_such_segment) {
        return Err(no_segment(id));
    }
    match asked.class.as_ref().filter(no_such_class) {
        Some(id) => Err(Refusal::NotFound(format!("there is no class `{id}`"))),
        None => Ok(()),
    }
}

/// A census: all of it, or what was asked of it.
fn told(trend: &Trend, asked: &Asked) -> Value {
    let Trend { number, at, version, customers, segments, classes } = trend;
    let all = asked.segment.is_none() && asked.class.is_none();
    let wanted = |id: &str, asked: &Option<String>| all || asked.as_deref() == Some(id);
    let sizes = |all: &BTreeMap<SegmentId, Size>| {
        let some = all.iter().filter(|(id, _)| wanted(id.as_str(), &asked.segment));
        some.map(|(id, size)| (id.to_string(), of_segment(*size))).collect::<Map<_, _>>()
    };
    let moves = |all: &BTreeMap<ClassId, Vec<Flow>>| {
        let some = all.iter().filter(|(id, _)| wanted(id.as_str(), &asked.class));
        let told = some.map(|(id, flows)| (id.to_string(), flows.iter().map(flow).collect()));
        told.collect::<Map<_, _>>()
    };
    json!({
        "number": number,
        "at": at.to_string(),
        "version": version.0,
        "customers": customers,
        "segments": sizes(segments),
        "classes": moves(classes),
    })
}

fn of_segment(Size { customers, reached, entered, left }: Size) -> Value {
    json!({
        "customers": customers, "reachable_on_any": reached, "entered": entered, "left": left,
    })
}

fn flow(Flow { from, to, customers }: &Flow) -> Value {
    let id = |cell: &Option<SegmentId>| cell.as_ref().map(SegmentId::to_string);
    json!({ "from": id(from), "to": id(to), "customers": customers })
}
