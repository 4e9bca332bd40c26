//! Two processes against each other, call by call.
//!
//! Every call of AWS that either of them makes waits at a gate. When both can do nothing but wait, a
//! seeded draw opens one gate, and that call is carried out whole before the next is drawn. So a
//! seed is one interleaving, on one thread, and the log of the gates is the order in which things
//! were committed.

pub mod twins;
pub mod withdrawal;

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use attune_aws::transport::{Lost, Reply, Transport};
use attune_embedded::service::Service;
use bytes::Bytes;
use fastrand::Rng;
use http::{Request, Response};
use serde_json::Value;

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The one.
    One,
    /// The other.
    Other,
}

/// A call that was carried out.
#[derive(Debug, Clone, PartialEq)]
pub struct Done {
    /// Whose it was.
    pub side: Side,
    /// The API's word for it.
    pub operation: String,
    /// What it asked; null if it is not JSON.
    pub asked: Value,
    /// Whether it was done, and not refused.
    pub done: bool,
}

/// The gates that the calls of both sides wait at.
#[derive(Debug, Clone, Default)]
pub struct Gates(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    next: u64,
    waiting: Vec<Waiting>,
    log: Vec<Done>,
}

#[derive(Debug)]
struct Waiting {
    ticket: u64,
    side: Side,
    open: bool,
    waker: Waker,
}

impl Gates {
    /// Puts the gates before `inner`, for one side.
    pub fn before(&self, side: Side, inner: Arc<dyn Transport>) -> Arc<dyn Transport> {
        Arc::new(Gated { gates: self.clone(), side, inner })
    }

    /// Lets both run to their ends, one call at a time. `favour` is how likely the next call is one
    /// of [`Side::One`], in per mille, where both have some waiting.
    pub async fn race<A: Future, B: Future>(
        &self,
        rng: &mut Rng,
        favour: u32,
        one: A,
        other: B,
    ) -> (A::Output, B::Output, Vec<Done>) {
        let (mut one, mut other) = (pin!(one), pin!(other));
        let (mut first, mut second) = (None, None);
        let both = poll_fn(|context| {
            loop {
                if first.is_none()
                    && let Poll::Ready(output) = one.as_mut().poll(context)
                {
                    first = Some(output);
                }
                if second.is_none()
                    && let Poll::Ready(output) = other.as_mut().poll(context)
                {
                    second = Some(output);
                }
                if first.is_some() && second.is_some() {
                    return Poll::Ready(());
                }
                // Nobody waits at a gate: they wait for a timer, which wakes us.
                if !self.open_one(rng, favour) {
                    return Poll::Pending;
                }
            }
        });
        both.await;
        let log = std::mem::take(&mut self.state().log);
        (first.expect("an output"), second.expect("an output"), log)
    }

    /// Opens the gate of one call that waits, if any does.
    fn open_one(&self, rng: &mut Rng, favour: u32) -> bool {
        let mut state = self.state();
        let side = if rng.u32(0..1_000) < favour { Side::One } else { Side::Other };
        let shut: Vec<usize> =
            (0..state.waiting.len()).filter(|n| !state.waiting[*n].open).collect();
        let own: Vec<usize> =
            shut.iter().copied().filter(|n| state.waiting[*n].side == side).collect();
        let from = if own.is_empty() { shut } else { own };
        let Some(chosen) = rng.choice(from) else { return false };
        state.waiting[chosen].open = true;
        state.waiting[chosen].waker.wake_by_ref();
        true
    }

    async fn wait(&self, side: Side) {
        let mut ticket = None;
        poll_fn(|context| {
            let mut state = self.state();
            let Some(own) = ticket else {
                ticket = Some(state.next);
                let waker = context.waker().clone();
                let waiting = Waiting { ticket: state.next, side, open: false, waker };
                state.waiting.push(waiting);
                state.next += 1;
                return Poll::Pending;
            };
            let place = state.waiting.iter().position(|waiting| waiting.ticket == own);
            let place = place.expect("a ticket is kept until it is used");
            if state.waiting[place].open {
                state.waiting.swap_remove(place);
                return Poll::Ready(());
            }
            state.waiting[place].waker.clone_from(context.waker());
            Poll::Pending
        })
        .await;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A transport whose calls wait at the gates.
#[derive(Debug)]
struct Gated {
    gates: Gates,
    side: Side,
    inner: Arc<dyn Transport>,
}

impl Gated {
    async fn pass(&self, request: Request<Bytes>) -> Result<Response<Bytes>, Lost> {
        self.gates.wait(self.side).await;
        let operation = Service::of(&request).operation(&request).into_owned();
        let asked = serde_json::from_slice(request.body()).unwrap_or_default();
        let reply = self.inner.call(request).await;
        let done = reply.as_ref().is_ok_and(|reply| reply.status().is_success());
        self.gates.state().log.push(Done { side: self.side, operation, asked, done });
        reply
    }
}

impl Transport for Gated {
    fn call(&self, request: Request<Bytes>) -> Reply<'_> {
        Box::pin(self.pass(request))
    }
}
