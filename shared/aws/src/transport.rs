//! The one door between the AWS SDK and whatever answers it.
//!
//! In the cloud the SDK's own HTTPS client is used and nothing here runs. On one machine, and in
//! tests, an in-process [`Transport`] answers instead: an embedded engine, a capture of sent
//! messages, or either of them behind injected faults. The SDK's serialisation, error parsing and
//! signing are the shipped ones in every case.

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;

/// What a [`Transport`] gives back: an HTTP response, or the news that none will come.
pub type Reply<'a> = Pin<Box<dyn Future<Output = Result<http::Response<Bytes>, Lost>> + Send + 'a>>;

/// Answers one HTTP request of the AWS SDK.
pub trait Transport: Debug + Send + Sync + 'static {
    /// Carries out `request` and answers it. `Lost` means that the caller hears nothing: the effect
    /// may have happened or not.
    fn call(&self, request: http::Request<Bytes>) -> Reply<'_>;
}

/// No answer came. Whether the request took effect is unknown to the caller.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the connection was lost: {0}")]
pub struct Lost(pub String);

/// An HTTP client for the SDK that sends every request to `transport`.
pub fn http_client(transport: Arc<dyn Transport>) -> SharedHttpClient {
    let connector = SharedHttpConnector::new(InProcess(transport));
    http_client_fn(move |_, _| connector.clone())
}

#[derive(Debug, Clone)]
struct InProcess(Arc<dyn Transport>);

impl HttpConnector for InProcess {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let transport = Arc::clone(&self.0);
        HttpConnectorFuture::new(async move {
            let request = into_http(request)?;
            let response = transport.call(request).await;
            from_http(response.map_err(|lost| ConnectorError::io(lost.into()))?)
        })
    }
}

fn into_http(request: HttpRequest) -> Result<http::Request<Bytes>, ConnectorError> {
    let request =
        request.try_into_http1x().map_err(|error| ConnectorError::other(Box::new(error), None))?;
    // The operations we call send their bodies whole; a streamed body has no bytes in memory.
    Ok(request.map(|body| body.bytes().map(Bytes::copy_from_slice).unwrap_or_default()))
}

fn from_http(response: http::Response<Bytes>) -> Result<HttpResponse, ConnectorError> {
    HttpResponse::try_from(response.map(SdkBody::from))
        .map_err(|error| ConnectorError::other(Box::new(error), None))
}
