//! `POST /outbox/…`: what AWS and people would tell us of a message, on a machine where nobody does.
//!
//! Each call makes what AWS would hand to the function `feedback`, and hands it over.

use std::sync::Arc;

use attune_embedded::capture::feedback::{
    FEEDBACK_TOPIC, Happened, by_bus, by_logs, by_topic, text_from, told_of,
};
use attune_embedded::capture::sent::Kind;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::suite::Suite;

/// The routes.
pub(crate) fn router(suite: Arc<Suite>) -> Router {
    Router::new()
        .route("/outbox/{id}/feedback", post(feedback))
        .route("/outbox/inbound-sms", post(inbound))
        .with_state(suite)
}

/// What becomes of a message.
#[derive(Debug, Deserialize)]
struct Asked {
    event: String,
    /// How it is told, unless as AWS does it: of mail and push by `sns`, of texts by `logs`.
    #[serde(default)]
    by: Option<By>,
}

/// Ways on which AWS tells.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum By {
    Sns,
    EventBridge,
    Logs,
}

async fn feedback(
    State(suite): State<Arc<Suite>>,
    Path(id): Path<String>,
    Json(asked): Json<Asked>,
) -> Response {
    let Some(happened) = Happened::parse(&asked.event) else {
        let words: Vec<_> = Happened::words().collect();
        let told = format!("`{}` is not one of {}", asked.event, words.join(", "));
        return refuse(StatusCode::UNPROCESSABLE_ENTITY, &told);
    };
    let Some(sent) = suite.capture.find(&id) else {
        return refuse(StatusCode::NOT_FOUND, "there is no such message among the newest");
    };
    let now = suite.clock.now().millis();
    let Some(notice) = told_of(&sent, happened, now) else {
        let told = format!("`{}` is not told of messages on this channel", asked.event);
        return refuse(StatusCode::UNPROCESSABLE_ENTITY, &told);
    };
    let usual = if matches!(sent.kind, Kind::Sms(_)) { By::Logs } else { By::Sns };
    let payload = match asked.by.unwrap_or(usual) {
        By::Sns => by_topic(FEEDBACK_TOPIC, &notice, now),
        By::EventBridge => by_bus(&notice, now),
        By::Logs => by_logs(&notice, now),
    };
    hand_over(&suite, &payload).await
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

async fn inbound(State(suite): State<Arc<Suite>>, Json(text): Json<Inbound>) -> Response {
    let now = suite.clock.now().millis();
    let id = text.id.unwrap_or_else(|| format!("{:016x}", fastrand::u64(..)));
    let notice = text_from(&text.from, &text.text, &id);
    hand_over(&suite, &by_topic(FEEDBACK_TOPIC, &notice, now)).await
}

async fn hand_over(suite: &Suite, payload: &Value) -> Response {
    match suite.feedback(payload).await {
        Ok(taken) => Json(json!(taken)).into_response(),
        Err(error) => refuse(StatusCode::SERVICE_UNAVAILABLE, &error.to_string()),
    }
}

fn refuse(status: StatusCode, message: &str) -> Response {
    (status, Json(json!({ "message": message }))).into_response()
}
