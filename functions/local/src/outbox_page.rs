//! `/outbox`: what would have been sent, as a simple page.

use attune_domain::time::Timestamp;
use attune_embedded::capture::sent::{Kind, Sent as Message};
use attune_embedded::{Capture, Outbox};
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse as _, Response};
use axum::routing::get;

/// Messages that are listed.
const LISTED: usize = 200;

/// Where messages are looked up.
#[derive(Debug, Clone)]
pub(crate) enum Sent {
    /// In this process.
    Here(Capture),
    /// In a folder.
    Folder(Outbox),
}

/// The routes.
pub(crate) fn router(sent: Sent) -> Router {
    Router::new().route("/outbox", get(list)).route("/outbox/{id}", get(one)).with_state(sent)
}

impl Sent {
    /// The newest messages, newest first.
    fn newest(&self) -> Vec<Message> {
        match self {
            Self::Here(capture) => {
                let mut sent = capture.sent();
                sent.reverse();
                sent.truncate(LISTED);
                sent
            }
            Self::Folder(outbox) => outbox.newest(LISTED).unwrap_or_default(),
        }
    }

    /// The message of an id, among the newest.
    pub(crate) fn find(&self, id: &str) -> Option<Message> {
        self.newest().into_iter().find(|message| message.id == id)
    }
}

async fn list(State(sent): State<Sent>) -> Html<String> {
    let rows: String = sent.newest().iter().map(row).collect();
    let empty = if rows.is_empty() { "<p>Nothing was sent yet.</p>" } else { "" };
    page(
        "Outbox",
        &format!("{empty}<table><tr><th>When<th>Channel<th>To<th>What</tr>{rows}</table>"),
    )
}

fn row(message: &Message) -> String {
    let (channel, to, what) = match &message.kind {
        Kind::Email(mail) => ("email", mail.to.join(", "), mail.subject.clone()),
        Kind::Sms(sms) => ("sms", sms.phone.clone(), sms.text.clone()),
        Kind::Push(push) => ("push", push.token.clone(), push.payload.to_string()),
    };
    format!(
        "<tr><td>{}<td>{channel}<td>{}<td><a href=\"/outbox/{}\">{}</a></tr>",
        Timestamp::from_millis(message.at_ms),
        escaped(&to.chars().take(60).collect::<String>()),
        escaped(&message.id),
        escaped(&what.chars().take(120).collect::<String>()),
    )
}

async fn one(State(sent): State<Sent>, Path(id): Path<String>) -> Response {
    let Some(message) = sent.find(&id) else {
        return (StatusCode::NOT_FOUND, "there is no such message among the newest")
            .into_response();
    };
    let body = match &message.kind {
        Kind::Email(mail) => format!(
            "<p>From {}<br>To {}<br>Subject <b>{}</b></p><iframe sandbox srcdoc=\"{}\"></iframe><pre>{}</pre>",
            escaped(&mail.from),
            escaped(&mail.to.join(", ")),
            escaped(&mail.subject),
            escaped(mail.html.as_deref().unwrap_or_default()),
            escaped(mail.text.as_deref().unwrap_or_default()),
        ),
        Kind::Sms(sms) => {
            format!("<p>To {}</p><pre>{}</pre>", escaped(&sms.phone), escaped(&sms.text))
        }
        Kind::Push(push) => {
            let json = serde_json::to_string_pretty(&push.payload).unwrap_or_default();
            format!("<p>To {}</p><pre>{}</pre>", escaped(&push.token), escaped(&json))
        }
    };
    // Whatever a template holds is shown, not run.
    let policy = [(
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'unsafe-inline'; img-src https: data:",
    )];
    (policy, page("Message", &format!("{body}<p><a href=\"/outbox\">Outbox</a></p>")))
        .into_response()
}

fn page(title: &str, body: &str) -> Html<String> {
    Html(format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{title}</title><style>\
         body{{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem}}\
         td,th{{text-align:left;padding:.25rem 1rem .25rem 0;vertical-align:top}}\
         iframe{{width:100%;height:36rem;border:1px solid #ccc}}pre{{white-space:pre-wrap}}\
         </style><h1>{title}</h1>{body}</html>"
    ))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
