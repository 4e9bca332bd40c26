//! `POST /outbox/…`: what AWS and people would tell us of a message, on a machine where nobody does.
//!
//! Each call makes what AWS would hand to the function `feedback`, and hands it over.

use std::sync::Arc;

use attune_domain::address::Address;
use attune_embedded::capture::feedback::{
    FEEDBACK_TOPIC, Happened, by_bus, by_logs, by_topic, text_from, told_of,
};
use attune_embedded::capture::sent::Kind;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::outbox_page::Sent;
use crate::suite::Suite;

/// What these routes work with.
#[derive(Debug, Clone)]
struct Deps {
    suite: Arc<Suite>,
    sent: Sent,
}

/// Why nothing is told.
#[derive(Debug)]
struct Refusal(StatusCode, String);

/// The routes.
pub(crate) fn router(suite: Arc<Suite>, sent: Sent) -> Router {
    Router::new()
        .route("/outbox/{id}/feedback", post(feedback))
        .route("/outbox/inbound-sms", post(inbound))
        .with_state(Deps { suite, sent })
}

/// What becomes of a message.
#[derive(Debug, Deserialize)]
struct Asked {
    event: String,
    /// How it is told, unless as is usual: of mail by `sns`.
    #[serde(default)]
    by: Option<By>,
}

/// Ways on which AWS tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum By {
    Sns,
    EventBridge,
    Logs,
}

/// The ways on which AWS tells of a message, the usual one first.
fn ways(kind: &Kind) -> (&'static str, &'static [By]) {
    match kind {
        Kind::Email(_) => ("mail by `sns` or `eventbridge`", &[By::Sns, By::EventBridge]),
        Kind::Sms(_) => ("texts by `logs`", &[By::Logs]),
        Kind::Push(_) => ("push by `sns`", &[By::Sns]),
    }
}

async fn feedback(
    State(deps): State<Deps>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, Refusal> {
    let asked: Asked = read(&body)?;
    let Some(happened) = Happened::parse(&asked.event) else {
        let words: Vec<_> = Happened::words().collect();
        return Err(unfit(format!("`{}` is not one of {}", asked.event, words.join(", "))));
    };
    let Some(sent) = deps.sent.find(&id) else {
        let told = "there is no such message among the newest";
        return Err(Refusal(StatusCode::NOT_FOUND, told.to_owned()));
    };
    let (told, ways) = ways(&sent.kind);
    let by = asked.by.or(ways.first().copied()).filter(|by| ways.contains(by));
    let by = by.ok_or_else(|| unfit(format!("AWS tells of {told}")))?;
    let now = deps.suite.clock.now().millis();
    let notice = told_of(&sent, happened, now).ok_or_else(|| {
        unfit(format!("`{}` is not told of messages on this channel", asked.event))
    })?;
    let payload = match by {
        By::Sns => by_topic(FEEDBACK_TOPIC, &notice, now),
        By::EventBridge => by_bus(&notice, now),
        By::Logs => by_logs(&notice, now),
    };
    hand_over(&deps.suite, &payload).await
}

/// A text from somebody.
#[derive(Debug, Deserialize)]
struct Inbound {
    from: String,
    text: String,
    /// The carrier's id: the same id is the same text.
    #[serde(default)]
    id: Option<String>,
}

async fn inbound(State(deps): State<Deps>, body: Bytes) -> Result<Response, Refusal> {
    let Inbound { from, text, id } = read(&body)?;
    if Address::phone(&from).is_err() {
        return Err(unfit(format!(
            "`from` must be a phone number like +15550000042, not `{from}`"
        )));
    }
    if id.as_deref() == Some("") {
        return Err(unfit("`id` must not be empty".to_owned()));
    }
    let now = deps.suite.clock.now().millis();
    let id = id.unwrap_or_else(|| format!("{:016x}", fastrand::u64(..)));
    let notice = text_from(&from, &text, &id);
    hand_over(&deps.suite, &by_topic(FEEDBACK_TOPIC, &notice, now)).await
}

async fn hand_over(suite: &Suite, payload: &Value) -> Result<Response, Refusal> {
    match suite.feedback(payload).await {
        Ok(taken) => Ok(Json(json!(taken)).into_response()),
        Err(error) => Err(Refusal(StatusCode::SERVICE_UNAVAILABLE, error.to_string())),
    }
}

/// Reads a body, whatever it calls itself: `curl -d` says that it is a form.
fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    let told = |why| format!("the body cannot be read: {why}");
    serde_json::from_slice(body).map_err(|why| Refusal(StatusCode::BAD_REQUEST, told(why)))
}

fn unfit(message: String) -> Refusal {
    Refusal(StatusCode::UNPROCESSABLE_ENTITY, message)
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.0, Json(json!({ "message": self.1 }))).into_response()
    }
}
