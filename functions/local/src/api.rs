//! Asks a suite's management API: one that runs somewhere, or the one on a data folder.

use std::time::Duration;

use attune_aws::clock::Clock;
use attune_aws::keys::{Keys, Scope};
use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, header};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use tower::ServiceExt as _;

use crate::Failure;
use crate::cli::Target;
use crate::suite::Suite;

/// Bytes of an answer.
const ANSWER_BYTES: usize = 64 * 1024 * 1024;
/// How long an answer may take: as long as API Gateway waits, and a little.
const PATIENCE: Duration = Duration::from_secs(35);
/// Where a suite runs if nothing else is said.
const HERE: &str = "http://127.0.0.1:8787";

/// A management API.
pub(crate) enum Api {
    /// Over HTTP.
    Remote {
        /// Where.
        endpoint: String,
        /// Its key.
        key: String,
    },
    /// In this process.
    Here {
        /// Its routes.
        router: Router,
        /// The suite, whose passes are this process's to drive.
        suite: Box<Suite>,
    },
}

/// The key of a management API that nobody else can reach.
const OWN: &str = "own";

impl Api {
    /// The API that the command line means.
    pub(crate) async fn of(target: &Target) -> Result<Self, Failure> {
        if let Some(folder) = &target.data {
            if !folder.join("attune.db").exists() {
                return Err(Failure::file(folder, "there is no data of a suite in this folder"));
            }
            let keys = Keys::default().with(Scope::Manage, OWN);
            let suite = Suite::open(Some(folder), Clock::system(), keys, None).await?;
            return Ok(Self::Here { router: suite.router(), suite: Box::new(suite) });
        }
        let endpoint = target.endpoint.as_deref();
        let key = target.manage_key.clone().ok_or_else(|| {
            Failure::Input(match endpoint {
                Some(endpoint) => format!("`--manage-key KEY` is missing, the key of {endpoint}"),
                None => {
                    "say which suite: `--data DIR`, or `--endpoint URL --manage-key KEY`".into()
                }
            })
        })?;
        let endpoint = endpoint.unwrap_or(HERE).trim_end_matches('/').to_owned();
        Ok(Self::Remote { endpoint, key })
    }

    /// Asks for a path.
    pub(crate) async fn get(&self, path: &str) -> Result<Value, Failure> {
        self.call(Method::GET, path, None).await
    }

    /// Puts JSON to a path.
    pub(crate) async fn put(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.call(Method::PUT, path, Some(body)).await
    }

    async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, Failure> {
        let (base, key) = match self {
            Self::Remote { endpoint, key } => (endpoint.as_str(), key.as_str()),
            Self::Here { .. } => ("", OWN),
        };
        let text = body.map(Value::to_string).unwrap_or_default();
        let request = Request::builder()
            .method(method)
            .uri(format!("{base}{path}"))
            .header(header::AUTHORIZATION, format!("Bearer {key}"))
            .header(header::CONTENT_TYPE, "application/json");
        let bad = |why: axum::http::Error| Failure::Api(format!("`{base}` is not a URL: {why}"));
        let (status, bytes) = match self {
            Self::Here { router, .. } => {
                let request = request.body(Body::from(text)).map_err(bad)?;
                here(router, request).await?
            }
            Self::Remote { endpoint, .. } => {
                let request = request.body(Full::new(Bytes::from(text))).map_err(bad)?;
                let far = tokio::time::timeout(PATIENCE, far(request)).await;
                let far = far.unwrap_or_else(|_| Err("it did not answer".to_owned()));
                far.map_err(|why| Failure::Api(format!("{endpoint}: {why}")))?
            }
        };
        let answer: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        if status.is_success() {
            return Ok(answer);
        }
        Err(Failure::Api(refusal(&answer).unwrap_or_else(|| format!("{base}{path}: {status}"))))
    }
}

/// What the other side says is wrong, each mistake on a line, and in terms of this command.
fn refusal(answer: &Value) -> Option<String> {
    if answer["code"] == "unconfirmed" {
        let programs = answer["programs"].as_array()?.iter().filter_map(Value::as_str);
        let programs = programs.collect::<Vec<_>>().join(",");
        return Some(format!(
            "`existing: true` starts {programs} for those who are there already; look at the numbers \
             with `attune check`, and say that it is meant with `--confirm {programs}`"
        ));
    }
    let Some(mistakes) = answer["mistakes"].as_array() else {
        return answer["message"].as_str().map(str::to_owned);
    };
    Some(mistakes.iter().map(in_line).collect::<Vec<_>>().join("\n"))
}

/// A mistake, or a doubt, with its place.
pub(crate) fn in_line(mistake: &Value) -> String {
    let file = mistake["file"].as_str().unwrap_or_default();
    let what = mistake["message"].as_str().unwrap_or_default();
    format!("{file}:{}:{}: {what}", mistake["line"], mistake["column"])
}

async fn here(
    router: &Router,
    request: Request<Body>,
) -> Result<(axum::http::StatusCode, Bytes), Failure> {
    let response = match router.clone().oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    };
    let status = response.status();
    let bytes = axum::body::to_bytes(response.into_body(), ANSWER_BYTES).await;
    Ok((status, bytes.map_err(|why| Failure::Api(why.to_string()))?))
}

async fn far(request: Request<Full<Bytes>>) -> Result<(axum::http::StatusCode, Bytes), String> {
    let connector = hyper_rustls::HttpsConnectorBuilder::new()
        .with_native_roots()
        .map_err(|why| why.to_string())?
        .https_or_http()
        .enable_http1()
        .build();
    let client = Client::builder(TokioExecutor::new()).build(connector);
    let response = client.request(request).await.map_err(|why| {
        let source = std::error::Error::source(&why);
        source.map_or_else(|| why.to_string(), ToString::to_string)
    })?;
    let status = response.status();
    let body = Limited::new(response.into_body(), ANSWER_BYTES).collect().await;
    Ok((status, body.map_err(|why| why.to_string())?.to_bytes()))
}
