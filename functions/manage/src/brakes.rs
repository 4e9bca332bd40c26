//! `/api/brakes`: what the operator holds back, and programs that complaints or bounces stopped.

use attune_aws::store::Switch;
use attune_domain::brakes::Tally;
use attune_domain::id::ProgramId;
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use crate::body::Body;
use crate::{Deps, Refusal};

/// What is held back, how much went out today, and how programs fare.
pub(crate) async fn show(State(deps): State<Deps>) -> Result<Json<Value>, Refusal> {
    let now = deps.clock.now();
    let (store, switch) = (&deps.store, deps.store.switch().await?);
    let program = |(id, tally): (&ProgramId, &Tally)| {
        json!({
            "id": id.as_str(),
            "sent": tally.sent,
            "bounced": tally.bounced,
            "complained": tally.complained,
            "stopped": tally.stops(),
        })
    };
    let programs = store.tallies(now).await?;
    Ok(Json(json!({
        "held": switch.held,
        "daily_limit": switch.daily_limit,
        "changed": switch.changed.map(|at| at.to_string()),
        "taken_today": store.taken_today(now).await?,
        "programs": programs.iter().map(program).collect::<Value>(),
    })))
}

/// What is to change.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Change {
    held: Option<bool>,
    /// A number, or null for none.
    #[serde(default, deserialize_with = "there")]
    daily_limit: Option<Option<u32>>,
}

/// Tells a null from a field that is not there.
fn there<'de, D: Deserializer<'de>>(value: D) -> Result<Option<Option<u32>>, D::Error> {
    Option::deserialize(value).map(Some)
}

/// Holds all sends or lets them go, and sets the limit for a day.
pub(crate) async fn change(
    State(deps): State<Deps>,
    Body(change): Body<Change>,
) -> Result<Json<Value>, Refusal> {
    let before = deps.store.switch().await?;
    let switch = Switch {
        held: change.held.unwrap_or(before.held),
        daily_limit: change.daily_limit.unwrap_or(before.daily_limit),
        ..before
    };
    deps.store.set_switch(&switch, deps.clock.now()).await?;
    show(State(deps)).await
}

/// Which breaker is to be reset.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reset {
    program: String,
}

/// Forgets the bounces and complaints of a program, so that its messages go out again.
pub(crate) async fn reset(
    State(deps): State<Deps>,
    Body(Reset { program }): Body<Reset>,
) -> Result<Json<Value>, Refusal> {
    let now = deps.clock.now();
    let definitions = deps.store.definitions(now).await?;
    let known = definitions.program(&program);
    let known =
        known.ok_or_else(|| Refusal::NotFound(format!("there is no program `{program}`")))?;
    deps.store.reset_tally(&known.id, now).await?;
    show(State(deps)).await
}
