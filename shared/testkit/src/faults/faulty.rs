//! The transport that plays the fates out.

use std::future::pending;
use std::sync::Arc;

use attune_aws::transport::{Lost, Reply, Transport};
use bytes::Bytes;
use http::{Request, Response};

use super::fate::{Fate, Point};
use super::hand::Faults;
use super::partial;

/// A transport that treats each call as its [`Faults`] say. It stands for one process: what a crash
/// ends is every call through it, and nobody else's.
#[derive(Debug, Clone)]
pub struct Faulty {
    inner: Arc<dyn Transport>,
    faults: Faults,
}

impl Faulty {
    /// Puts `faults` in front of `inner`.
    pub fn new(inner: Arc<dyn Transport>, faults: Faults) -> Self {
        Self { inner, faults }
    }

    async fn play(&self, request: Request<Bytes>) -> Result<Response<Bytes>, Lost> {
        if self.faults.is_dead() {
            return pending().await;
        }
        let (call, fate) = self.faults.begin(&request);
        match fate {
            Fate::Deliver => self.inner.call(request).await,
            Fate::Delay(time) => {
                tokio::time::sleep(time).await;
                self.inner.call(request).await
            }
            Fate::Freeze(time) => {
                let reply = self.inner.call(request).await;
                self.faults.freeze(time).await;
                reply
            }
            Fate::LoseRequest => Err(lost()),
            Fate::LoseReply => self.inner.call(request).await.and(Err(lost())),
            Fate::Late(time) => {
                let inner = Arc::clone(&self.inner);
                tokio::spawn(async move {
                    tokio::time::sleep(time).await;
                    inner.call(request).await
                });
                Err(lost())
            }
            Fate::Refuse(trouble) => Ok(trouble.answer(&call, request.body())),
            Fate::RefuseAfter(trouble) => {
                let answer = trouble.answer(&call, request.body());
                self.inner.call(request).await.and(Ok(answer))
            }
            Fate::Hang => pending().await,
            Fate::HangAfter => {
                let _unheard = self.inner.call(request).await;
                pending().await
            }
            Fate::Partial(left) => partial::call(&*self.inner, &call, request, left).await,
            Fate::Crash(point) => self.crash(request, point).await,
        }
    }

    /// Nothing returns from here but the one reply the process still hears; [`Faults::run`] ends
    /// the flow before it can act on it.
    async fn crash(&self, request: Request<Bytes>, point: Point) -> Result<Response<Bytes>, Lost> {
        if point == Point::Before {
            self.faults.die();
            return pending().await;
        }
        let reply = self.inner.call(request).await;
        self.faults.die();
        if point == Point::AfterEffect {
            return pending().await;
        }
        reply
    }
}

impl Transport for Faulty {
    fn call(&self, request: Request<Bytes>) -> Reply<'_> {
        Box::pin(self.play(request))
    }
}

fn lost() -> Lost {
    Lost("connection reset (injected)".to_owned())
}
