//! The test's hand on what goes wrong: what will, what did, and when the process dies.

use std::collections::BTreeMap;
use std::fmt::{self, Debug};
use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker, ready};
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use tokio::time::{Instant, sleep_until};

use super::call::Call;
use super::fate::{Fate, Point};
use super::knobs::{Knobs, Weather};

/// Chooses the fate of each call. A closure will do.
pub trait Script: Send {
    /// What becomes of `call`. Asked once for each call, in order.
    fn fate(&mut self, call: &Call) -> Fate;
}

impl<F: FnMut(&Call) -> Fate + Send> Script for F {
    fn fate(&mut self, call: &Call) -> Fate {
        self(call)
    }
}

/// How a flow ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Run<T> {
    /// It came to its end.
    Finished(T),
    /// Its process died first. What it had in memory is gone, and so is its answer.
    Crashed,
}

impl<T> Run<T> {
    /// Whether the flow came to its end.
    pub fn is_finished(&self) -> bool {
        matches!(self, Self::Finished(_))
    }
}

/// What goes wrong for one process. Cloning it gives another hand on the same process.
///
/// A fate set for a number or an operation comes before what the script says.
#[derive(Clone)]
pub struct Faults(Arc<Mutex<State>>);

struct State {
    script: Box<dyn Script>,
    by_number: BTreeMap<usize, Fate>,
    by_operation: Vec<(String, Fate)>,
    began: Instant,
    calls: Vec<Call>,
    troubles: Vec<(usize, Fate)>,
    dead: bool,
    frozen_until: Option<Instant>,
    /// Who to wake when the process dies: the one that runs its flow.
    waker: Option<Waker>,
}

impl Faults {
    /// Nothing goes wrong until asked for.
    pub fn none() -> Self {
        Self::scripted(|_: &Call| Fate::Deliver)
    }

    /// What goes wrong is drawn from `seed` at the rates of `knobs`. Also seeds this thread's
    /// `fastrand`, from which the SDK draws its back-off and its transaction tokens.
    pub fn random(seed: u64, knobs: Knobs) -> Self {
        fastrand::seed(seed);
        Self::scripted(Weather::new(seed, knobs))
    }

    /// `script` decides.
    pub fn scripted(script: impl Script + 'static) -> Self {
        Self(Arc::new(Mutex::new(State {
            script: Box::new(script),
            by_number: BTreeMap::new(),
            by_operation: Vec::new(),
            began: Instant::now(),
            calls: Vec::new(),
            troubles: Vec::new(),
            dead: false,
            frozen_until: None,
            waker: None,
        })))
    }

    /// Call number `n` meets `fate`.
    pub fn at(&self, n: usize, fate: Fate) {
        self.state().by_number.insert(n, fate);
    }

    /// The next call of `operation` that has no other fate set meets `fate`; one call for each time
    /// this is asked.
    pub fn next(&self, operation: &str, fate: Fate) {
        self.state().by_operation.push((operation.to_owned(), fate));
    }

    /// The process dies in call number `n`. Without [`run`](Self::run) around it, that call and all
    /// later ones only hang.
    pub fn crash_at(&self, n: usize, point: Point) {
        self.at(n, Fate::Crash(point));
    }

    /// The calls made so far.
    pub fn calls(&self) -> Vec<Call> {
        self.state().calls.clone()
    }

    /// What went wrong so far, by the number of the call. Setting these with [`at`](Self::at) plays
    /// a random run again without its seed.
    pub fn troubles(&self) -> Vec<(usize, Fate)> {
        self.state().troubles.clone()
    }

    /// Runs `flow` as a process of its own, which dies with everything it had in memory when one of
    /// its calls is fated to crash. Call it again for the process that comes after.
    ///
    /// A flow must not leave tasks behind on the runtime: they would outlive the crash.
    pub async fn run<F: Future>(&self, flow: F) -> Run<F::Output> {
        self.state().dead = false;
        let mut flow = pin!(flow);
        let mut thaw = None;
        poll_fn(|context| {
            if let Some(until) = self.frozen_until() {
                let sleep = thaw.get_or_insert_with(|| Box::pin(sleep_until(until)));
                ready!(sleep.as_mut().poll(context));
            }
            thaw = None;
            self.state().waker = Some(context.waker().clone());
            let polled = flow.as_mut().poll(context);
            // Dead also if it just finished: its last answer reached nobody.
            if self.is_dead() { Poll::Ready(Run::Crashed) } else { polled.map(Run::Finished) }
        })
        .await
    }

    pub(super) fn begin(&self, request: &Request<Bytes>) -> (Call, Fate) {
        let mut state = self.state();
        let call = Call::of(request, state.calls.len() + 1, state.began.elapsed());
        let fate = state.fate(&call);
        if fate != Fate::Deliver {
            state.troubles.push((call.n, fate.clone()));
        }
        state.calls.push(call.clone());
        (call, fate)
    }

    pub(super) fn is_dead(&self) -> bool {
        self.state().dead
    }

    pub(super) fn die(&self) {
        let mut state = self.state();
        state.dead = true;
        if let Some(waker) = state.waker.take() {
            waker.wake();
        }
    }

    /// Stops the flow of [`run`](Self::run) for `time`; a caller outside of one only sleeps.
    pub(super) async fn freeze(&self, time: Duration) {
        let until = Instant::now() + time;
        self.state().frozen_until = Some(until);
        sleep_until(until).await;
    }

    fn frozen_until(&self) -> Option<Instant> {
        self.state().frozen_until.filter(|until| *until > Instant::now())
    }

    /// Every change leaves the state whole, so a panic in a test spoils nothing for its report.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn fate(&mut self, call: &Call) -> Fate {
        if let Some(fate) = self.by_number.remove(&call.n) {
            return fate;
        }
        match self.by_operation.iter().position(|(operation, _)| *operation == call.operation) {
            Some(next) => self.by_operation.remove(next).1,
            None => self.script.fate(call),
        }
    }
}

impl Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        f.debug_struct("Faults")
            .field("calls", &state.calls.len())
            .field("troubles", &state.troubles)
            .field("dead", &state.dead)
            .finish_non_exhaustive()
    }
}
