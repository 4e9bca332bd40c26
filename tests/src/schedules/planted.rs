//! Planted bugs, as transports that do what a careless client would: to show that schedules see.

use std::sync::Arc;

use attune_aws::transport::{Reply, Transport};
use attune_embedded::service::Service;
use bytes::Bytes;
use http::{Request, Response};
use serde_json::Value;

/// Sends again when it does not know whether a message was accepted, as the SDK does by default.
pub fn resend_on_unknown(inner: Arc<dyn Transport>) -> Arc<dyn Transport> {
    Arc::new(Resending(inner))
}

/// Never looks at what a batch left undone.
pub fn ignore_unprocessed(inner: Arc<dyn Transport>) -> Arc<dyn Transport> {
    Arc::new(Careless(inner))
}

#[derive(Debug)]
struct Resending(Arc<dyn Transport>);

impl Transport for Resending {
    fn call(&self, request: Request<Bytes>) -> Reply<'_> {
        Box::pin(async move {
            let again = request.clone();
            let answer = self.0.call(request).await;
            let is_send = Service::of(&again) == Service::Ses;
            if answer.is_err() && is_send { self.0.call(again).await } else { answer }
        })
    }
}

#[derive(Debug)]
struct Careless(Arc<dyn Transport>);

impl Transport for Careless {
    fn call(&self, request: Request<Bytes>) -> Reply<'_> {
        Box::pin(async move { Ok(forget_unprocessed(self.0.call(request).await?)) })
    }
}

fn forget_unprocessed(answer: Response<Bytes>) -> Response<Bytes> {
    let (parts, body) = answer.into_parts();
    let Ok(mut told) = serde_json::from_slice::<Value>(&body) else {
        return Response::from_parts(parts, body);
    };
    match told.as_object_mut().and_then(|told| told.remove("UnprocessedItems")) {
        Some(_) => Response::from_parts(parts, told.to_string().into()),
        None => Response::from_parts(parts, body),
    }
}
