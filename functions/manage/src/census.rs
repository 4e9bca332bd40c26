//! `/api/census`: where rankings are cut, how large classes are, how good segments are, and what is
//! known of whom.

use std::cmp::Reverse;

use attune_aws::store::{Counted, Pass, Round};
use attune_domain::census::quality::{Finding, Measured, Overlap, Quality};
use attune_domain::census::{Headcount, Known, Summary, Tally};
use attune_domain::channel::Channel;
use attune_domain::class::ClassDefinition;
use attune_domain::coverage::{Asked, Fact, Needed, needs_of_program, needs_of_segments};
use attune_domain::number::ratio;
use attune_domain::program::Program;
use attune_domain::ranking::{Cuts, Frozen, Place, Split};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use crate::{Deps, Refusal};

/// The last census, its classes, and how far the pass is that takes the next.
pub(crate) async fn show(State(deps): State<Deps>) -> Result<Json<Value>, Refusal> {
    let pass = deps.store.current_pass().await?;
    let pass = match pass {
        Some(pass) => under_way(&deps, &pass).await?,
        None => Value::Null,
    };
    let Some(counted) = deps.store.last_census().await? else {
        return Ok(Json(json!({ "census": null, "pass": pass })));
    };
    let classes = counted.definitions.classes.iter().map(|class| of_class(class, &counted));
    let census = json!({
        "number": counted.definitions.census().number,
        "at": counted.definitions.census().at.to_string(),
        "version": counted.definitions.version().0,
        "customers": counted.summary.customers,
        "sampled": counted.summary.rows.len(),
        "classes": classes.collect::<Value>(),
    });
    Ok(Json(json!({ "census": census, "pass": pass })))
}

/// Asks for a census now, unless a pass is under way, which takes one as well.
pub(crate) async fn take(State(deps): State<Deps>) -> Result<(StatusCode, Json<Value>), Refusal> {
    let now = deps.clock.now();
    let pass = match deps.store.current_pass().await? {
        Some(pass) if pass.round != Round::Done => pass,
        _ => deps.store.start_census(now).await?,
    };
    // Also of one that is under way: whoever drove it may have died, and slices are safe to share.
    deps.pass_machine.start(&pass, now).await?;
    Ok((StatusCode::ACCEPTED, Json(json!({ "pass": under_way(&deps, &pass).await? }))))
}

/// How good the segments are.
pub(crate) async fn quality(State(deps): State<Deps>) -> Result<Json<Value>, Refusal> {
    let counted = last(&deps).await?;
    let quality = Quality::of(&counted.summary, &counted.definitions);
    let finding =
        |finding: &Finding| json!({ "kind": finding.as_str(), "sentence": finding.to_string() });
    Ok(Json(json!({
        "at": counted.definitions.census().at.to_string(),
        "customers": quality.customers,
        "sampled": quality.sampled,
        "findings": quality.findings.iter().map(finding).collect::<Value>(),
        "segments": quality.segments.iter().map(measured).collect::<Value>(),
        "overlaps": quality.overlaps.iter().map(overlap).collect::<Value>(),
    })))
}

/// What is known of how many, what segments and messages need that customers lack, and what to ask
/// them for.
pub(crate) async fn coverage(State(deps): State<Deps>) -> Result<Json<Value>, Refusal> {
    let counted = last(&deps).await?;
    let Counted { definitions, summary } = &counted;
    let known = summary.known.iter().map(|(fact, Known { have, .. })| {
        let inside = have.inside.iter().filter_map(|(place, customers)| {
            let segment = definitions.segments.get(usize::from(*place))?;
            Some((segment.id.to_string(), (*customers).into()))
        });
        json!({
            "what": fact.to_string(),
            "customers": have.customers,
            "share": rounded(ratio(have.customers, summary.customers)),
            "inside": inside.collect::<Map<_, _>>(),
        })
    });
    let segments = definitions.segments.iter().zip(needs_of_segments(definitions));
    let segments = segments.filter_map(|(segment, needs)| {
        (!needs.is_empty()).then(|| {
            let needs = needs.into_iter().map(|fact| lack(&fact, None, summary));
            json!({ "segment": segment.id.as_str(), "needs": needs.collect::<Value>() })
        })
    });
    let programs = definitions.programs.iter().filter_map(|program| needs(program, &counted));
    Ok(Json(json!({
        "at": definitions.census().at.to_string(),
        "customers": summary.customers,
        "known": known.collect::<Value>(),
        "segments": segments.collect::<Value>(),
        "programs": programs.collect::<Value>(),
        "questions": questions(&counted),
    })))
}

async fn last(deps: &Deps) -> Result<Counted, Refusal> {
    let counted = deps.store.last_census().await?;
    counted.ok_or_else(none_yet)
}

pub(crate) fn none_yet() -> Refusal {
    Refusal::NotFound("no census was taken yet".to_owned())
}

async fn under_way(deps: &Deps, pass: &Pass) -> Result<Value, Refusal> {
    let mut visited = 0;
    for slice in pass.slices() {
        visited += deps.store.slice_progress(&slice).await?.visited;
    }
    Ok(json!({
        "number": pass.number,
        "version": pass.version.0,
        "round": pass.round.as_str(),
        "over": pass.round == Round::Done,
        "not_before": pass.not_before.to_string(),
        "visited": visited,
    }))
}

fn of_class(class: &ClassDefinition, counted: &Counted) -> Value {
    let Counted { definitions, summary } = counted;
    let frozen = definitions.frozen(class.slot);
    let ranked = frozen.map_or(0, |frozen| frozen.ranked);
    let cells = class.segments.iter().filter_map(|place| {
        let segment = definitions.segments.get(*place)?;
        let Tally { inside, entered, left, .. } =
            summary.segments.get(*place).copied().unwrap_or_default();
        Some(json!({
            "id": segment.id.as_str(), "name": segment.name, "customers": inside,
            "share": rounded(ratio(inside, ranked)), "entered": entered, "left": left,
        }))
    });
    json!({
        "id": class.id.as_str(),
        "name": class.name,
        "ranked": ranked,
        "not_ranked": summary.customers.saturating_sub(ranked),
        "cells": cells.collect::<Value>(),
        "cut": frozen.map(|frozen| cut(class, frozen)),
    })
}

/// Where the axes of a class are cut, and whether by fixed values as few are ranked.
fn cut(class: &ClassDefinition, frozen: &Frozen) -> Value {
    let axes = class.ranking.axes.iter().zip(&frozen.axes).map(|(axis, cuts)| {
        let at = |place: &Place| number(place.value.micros());
        let (kind, values): (_, Vec<Value>) = match cuts {
            Cuts::Above(places) => ("above", places.iter().map(at).collect()),
            Cuts::Below(place) => ("below", place.iter().map(at).collect()),
            Cuts::At(values) => ("at", values.iter().map(|v| number(v.micros())).collect()),
        };
        let small = matches!((cuts, &axis.split), (Cuts::At(_), Split::Quantiles(_)));
        json!({ "metric": axis.metric.id.as_str(), kind: values, "small_shop": small })
    });
    axes.collect()
}

fn measured(measured: &Measured) -> Value {
    let Measured { id, tally, share, churn, spread, distance, nearest } = measured;
    let reachable = Channel::ALL.iter().zip(tally.reachable);
    let reachable = reachable.map(|(channel, count)| (channel.to_string(), count.into()));
    let spread = spread.iter().map(|(metric, spread)| (metric.to_string(), rounded(*spread)));
    json!({
        "id": id.as_str(),
        "customers": tally.inside,
        "share": rounded(*share),
        "reachable": reachable.collect::<Map<_, _>>(),
        "reachable_on_any": tally.reached,
        "entered": tally.entered,
        "left": tally.left,
        "churn": churn.map(rounded),
        "spread": spread.collect::<Map<_, _>>(),
        "distance": distance.map(rounded),
        "nearest": nearest.as_ref().map(|(id, distance)| {
            json!({ "id": id.as_str(), "distance": rounded(*distance) })
        }),
    })
}

fn overlap(overlap: &Overlap) -> Value {
    let Overlap { of: [one, other], both, jaccard } = overlap;
    json!({ "of": [one.as_str(), other.as_str()], "both": both, "jaccard": rounded(*jaccard) })
}

/// What a program's template needs, and how many of its segment lack it.
fn needs(program: &Program, counted: &Counted) -> Option<Value> {
    let Counted { definitions, summary } = counted;
    let needs = needs_of_program(program, definitions).into_iter();
    let needs = needs.map(|fact| lack(&fact, Some(program.segment), summary));
    Some(json!({
        "program": program.id.as_str(),
        "template": program.template.as_str(),
        "segment": definitions.segments.get(program.segment)?.id.as_str(),
        "customers": customers(Some(program.segment), summary),
        "needs": needs.collect::<Value>(),
    }))
}

/// How many lack a fact, in all or inside a segment, and how many of these can be asked; null if it was
/// not counted.
fn lack(fact: &Fact, inside: Option<usize>, summary: &Summary) -> Value {
    let of = |head: &Headcount| match inside {
        None => head.customers,
        Some(place) => {
            let place = u16::try_from(place).ok();
            place.and_then(|place| head.inside.get(&place)).copied().unwrap_or_default()
        }
    };
    let known = summary.known.get(fact);
    let all = customers(inside, summary);
    json!({
        "what": fact.to_string(),
        "lacking": known.map(|known| all.saturating_sub(of(&known.have))),
        "askable": known.map(|known| of(&known.askable)),
    })
}

/// How many there are, in all or inside a segment.
fn customers(inside: Option<usize>, summary: &Summary) -> u64 {
    inside.map_or(summary.customers, |place| {
        summary.segments.get(place).map_or(0, |tally| tally.inside)
    })
}

/// What to ask for: what is needed and lacking, and can be asked of somebody. What most can be asked
/// for comes first.
fn questions(counted: &Counted) -> Value {
    let Counted { definitions, summary } = counted;
    let askable = |fact: &Fact| summary.known.get(fact).map_or(0, |known| known.askable.customers);
    let needed = definitions.needs().iter();
    let mut needed: Vec<_> = needed.filter(|(fact, _)| askable(fact) > 0).collect();
    needed.sort_by_key(|(fact, _)| Reverse(askable(fact)));
    let question = |(fact, needed): (&Fact, &Needed)| {
        let asked = Asked::of(fact, definitions);
        let segments = needed.segments.iter().filter_map(|place| definitions.segments.get(*place));
        let programs = needed.programs.iter().filter_map(|place| definitions.programs.get(*place));
        let mut question = lack(fact, None, summary);
        question["answer"] = asked.as_str().into();
        if let Asked::Choice(choices) = asked {
            question["choices"] = choices.into_iter().collect();
        }
        question["segments"] = segments.map(|segment| segment.id.as_str()).collect();
        question["programs"] = programs.map(|program| program.id.as_str()).collect();
        question
    };
    needed.into_iter().map(question).collect()
}

/// To four digits.
fn rounded(number: f64) -> Value {
    json!((number * 10_000.0).round() / 10_000.0)
}

#[allow(clippy::cast_precision_loss)]
fn number(micros: i64) -> Value {
    json!(micros as f64 / 1e6)
}
