//! Loopback listeners, so that a whole, unmodified binary can be pointed at a stand-in with
//! `AWS_ENDPOINT_URL`, and so that the engine can be checked behind its own HTTP layer.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use attune_aws::transport::Transport;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HeaderValue};
use http::{Request, StatusCode};
use http_body_util::{Full, Limited};
use tokio::net::TcpListener;
use tokio::task::AbortHandle;

use crate::engine::Engine;

/// The largest request `DynamoDB` takes (`BatchWriteItem`: 16 MB); the senders' are far smaller.
const REQUEST_BYTES: usize = 16 * 1024 * 1024;

/// A stand-in that listens on 127.0.0.1 until this is dropped.
///
/// There is no way to ask for another address: the stand-ins check no signature, so whoever reaches
/// them owns the data.
#[derive(Debug)]
pub struct Listening {
    address: SocketAddr,
    task: AbortHandle,
}

impl Listening {
    /// What `AWS_ENDPOINT_URL` is set to.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Serves `transport`, usually a [`Router`](crate::Router). Port 0 lets the system choose. Needs a
/// Tokio runtime with I/O enabled.
pub async fn listen(transport: Arc<dyn Transport>, port: u16) -> io::Result<Listening> {
    let (listener, address) = bind(port).await?;
    let service = axum::Router::new().fallback(answer).with_state(transport);
    let serving = async move { axum::serve(listener, service).await };
    Ok(Listening { address, task: tokio::spawn(serving).abort_handle() })
}

impl Engine {
    /// Serves the engine behind its own HTTP layer, which checks more than the in-process door
    /// does. Port 0 lets the system choose. Needs a Tokio runtime with I/O enabled.
    pub async fn listen(&self, port: u16) -> io::Result<Listening> {
        let (listener, address) = bind(port).await?;
        let serving = dynoxide::server::serve_with_shutdown(
            listener,
            self.database(),
            std::future::pending(),
        );
        Ok(Listening { address, task: tokio::spawn(serving).abort_handle() })
    }
}

async fn bind(port: u16) -> io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

async fn answer(State(transport): State<Arc<dyn Transport>>, request: Request<Body>) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, REQUEST_BYTES).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    match transport.call(Request::from_parts(parts, body)).await {
        Ok(response) => response.map(Body::from),
        Err(_) => cut(),
    }
}

/// A lost answer: one byte is promised, and a body that may not have any fails in its place, which
/// breaks the connection.
fn cut() -> Response {
    let nothing = Limited::new(Full::new(Bytes::from_static(b"x")), 0);
    let mut response = Response::new(Body::new(nothing));
    response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from_static("1"));
    response
}

#[cfg(test)]
mod tests {
    use attune_aws::sdk::{dynamodb, over_http, sns};
    use attune_aws::transport::{Lost, Reply};
    use dynamodb::operation::put_item::PutItemError;

    use super::*;
    use crate::fixtures::{create_table, got, item, put};
    use crate::{Account, Capture, Router};
    use attune_aws::clock::Clock;

    #[tokio::test]
    async fn the_engine_answers_over_loopback_as_it_does_in_process() {
        let listening = Engine::memory().unwrap().listen(0).await.unwrap();
        let client = dynamodb::Client::new(&over_http(&listening.url()));
        create_table(&client, "profiles", "by-version").await.unwrap();
        put(&client, "ann", "core", 7).await;
        assert_eq!(got(&client, "ann", "core").await, Some(7));
        let again = client.put_item().table_name("profiles").set_item(Some(item("ann", "core", 8)));
        let again = again.condition_expression("attribute_not_exists(customer)").send().await;
        let refused = again.unwrap_err().into_service_error();
        assert!(matches!(refused, PutItemError::ConditionalCheckFailedException(_)));
    }

    #[tokio::test]
    async fn one_address_answers_for_every_service() {
        let capture = Capture::new(Account::new(Clock::system(), 1));
        let engine = Engine::memory().unwrap();
        let router = Router::new(Arc::new(engine), Arc::new(capture.clone()));
        let listening = listen(Arc::new(router), 0).await.unwrap();
        let config = over_http(&listening.url());

        let database = dynamodb::Client::new(&config);
        create_table(&database, "profiles", "by-version").await.unwrap();
        put(&database, "ann", "core", 7).await;
        assert_eq!(got(&database, "ann", "core").await, Some(7));
        let texts = sns::Client::new(&config);
        texts.publish().phone_number("+33600000001").message("hi").send().await.unwrap();
        assert_eq!(capture.sent().len(), 1);
    }

    #[tokio::test]
    async fn a_lost_answer_is_a_broken_connection() {
        let listening = listen(Arc::new(Gone), 0).await.unwrap();
        let once = sns::config::Builder::from(&over_http(&listening.url()))
            .retry_config(sns::config::retry::RetryConfig::disabled())
            .build();
        let client = sns::Client::from_conf(once);
        let lost = client.publish().phone_number("+33600000001").message("hi").send().await;
        assert!(lost.unwrap_err().as_service_error().is_none());
    }

    #[derive(Debug)]
    struct Gone;

    impl Transport for Gone {
        fn call(&self, _: Request<Bytes>) -> Reply<'_> {
            Box::pin(async { Err(Lost("gone".into())) })
        }
    }
}
