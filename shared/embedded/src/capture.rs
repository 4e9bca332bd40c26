//! SES and SNS on one machine: what is sent is kept and shown, and nothing leaves.
//!
//! Written by hand because no published stand-in keeps tags, configuration set, headers and body
//! together, publishes to a phone number, or words an endpoint's errors as SNS does; and those are
//! what our tests ask about. A few operations each, refusing what AWS documents as refused.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use attune_aws::clock::Clock;
use attune_aws::transport::{Reply, Transport};
use bytes::Bytes;
use http::{Request, Response, StatusCode};

use crate::service::{Refusal, Service};
use endpoints::Endpoints;
use feedback::{Happened, told_of};
use sent::{Kind, Sent};

mod endpoints;
pub mod feedback;
pub mod sent;
mod ses;
mod sns;
mod suppression;

/// Accepted messages kept in memory; older ones are forgotten, so that a local run that lasts for
/// months stays small. No test sends as many.
const KEPT: usize = 100_000;

/// The AWS account a [`Capture`] pretends to be.
#[derive(Debug, Clone)]
pub struct Account {
    /// Stamps accepted messages and suppressions.
    pub clock: Clock,
    /// Starts every id made here. Two runs that write into one folder need different seeds.
    pub seed: u64,
    /// Addresses and domains that may send; a domain covers its subdomains. Empty: all may.
    pub verified_senders: Vec<String>,
    /// Configuration sets that exist. Empty: all do.
    pub configuration_sets: Vec<String>,
    /// What `GetAccount` reports, in messages; nobody is held to it.
    pub sends_per_second: u32,
    /// What `GetAccount` reports, in messages; nobody is held to it.
    pub sends_per_day: u32,
}

impl Account {
    /// An account out of the sandbox that may send anything, at SES's usual first production rates.
    pub fn new(clock: Clock, seed: u64) -> Self {
        Self {
            clock,
            seed,
            verified_senders: Vec::new(),
            configuration_sets: Vec::new(),
            sends_per_second: 14,
            sends_per_day: 50_000,
        }
    }
}

/// A stand-in for SES v2 and SNS that keeps what it accepts. Cloning it gives another handle to the
/// same account, so a test reads what a client sent.
#[derive(Debug, Clone)]
pub struct Capture(Arc<Mutex<State>>);

impl Capture {
    /// A stand-in for `account`, with nothing sent and nobody suppressed or opted out.
    pub fn new(account: Account) -> Self {
        Self(Arc::new(Mutex::new(State {
            account,
            issued: 0,
            sent: VecDeque::new(),
            suppressed: BTreeMap::new(),
            opted_out: BTreeSet::new(),
            endpoints: Endpoints::default(),
            listeners: Vec::new(),
            told: Vec::new(),
        })))
    }

    /// What was accepted, oldest first: the newest 100,000.
    pub fn sent(&self) -> Vec<Sent> {
        self.state().sent.iter().cloned().collect()
    }

    /// Calls `listener` with each message accepted from now on, in order and before the sender is
    /// answered. It must not call back into this capture, which is locked meanwhile.
    pub fn on_sent(&self, listener: impl Fn(&Sent) + Send + Sync + 'static) {
        self.state().listeners.push(Listener(Box::new(listener)));
    }

    /// Forgets messages, such as those to somebody who was erased.
    pub fn forget(&self, which: impl Fn(&Sent) -> bool) {
        self.state().sent.retain(|sent| !which(sent));
    }

    /// The message that was accepted under an id.
    pub fn find(&self, id: &str) -> Option<Sent> {
        self.state().sent.iter().rev().find(|sent| sent.id == id).cloned()
    }

    /// What SES has to tell of mail to its simulator since this was last asked, in order.
    pub fn take_told(&self) -> Vec<serde_json::Value> {
        std::mem::take(&mut self.state().told)
    }

    /// The owner of `phone` (E.164) answered STOP. What is sent to it from now on is accepted and
    /// marked as never delivered; AWS does not document another answer.
    pub fn opt_out(&self, phone: &str) {
        self.state().opted_out.insert(phone.to_owned());
    }

    /// The push service gave the token of `endpoint` back: SNS disables such an endpoint by itself.
    pub fn disable_endpoint(&self, endpoint: &str) {
        self.state().endpoints.disable(endpoint);
    }

    fn answer(&self, request: &Request<Bytes>) -> Response<Bytes> {
        let service = Service::of(request);
        let operation = service.operation(request);
        let mut state = self.state();
        let outcome = match service {
            Service::Ses => ses::answer(&mut state, &operation, request),
            Service::Sns => sns::answer(&mut state, &operation, request.body()),
            Service::DynamoDb => Err(unknown(&operation)),
        };
        match outcome {
            Ok(body) => service.answer(StatusCode::OK, body),
            Err(refusal) => service.refuse(&refusal),
        }
    }

    /// The state is plain data that every operation leaves whole, so a panic elsewhere spoils none.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Transport for Capture {
    fn call(&self, request: Request<Bytes>) -> Reply<'_> {
        Box::pin(async move { Ok(self.answer(&request)) })
    }
}

#[derive(Debug)]
struct State {
    account: Account,
    /// How many ids were made.
    issued: u64,
    sent: VecDeque<Sent>,
    /// Keyed by the address in lower case: SES ignores case here.
    suppressed: BTreeMap<String, Suppressed>,
    opted_out: BTreeSet<String>,
    endpoints: Endpoints,
    listeners: Vec<Listener>,
    /// What is to be told of mail to the simulator.
    told: Vec<serde_json::Value>,
}

/// Why and since when (Unix milliseconds) an address is on the account's suppression list.
#[derive(Debug)]
struct Suppressed {
    reason: String,
    since_ms: i64,
}

impl State {
    /// Keeps a message, tells the listeners, and gives it its id.
    fn accept(&mut self, kind: Kind) -> String {
        let sent = Sent { id: self.new_id(), at_ms: self.account.clock.now().millis(), kind };
        let id = sent.id.clone();
        for listener in &self.listeners {
            listener.0(&sent);
        }
        if let Kind::Email(email) = &sent.kind {
            let happens = email.to.iter().flat_map(|to| Happened::to_simulator(to));
            self.told.extend(happens.filter_map(|what| told_of(&sent, *what, sent.at_ms)));
        }
        self.told.truncate(KEPT);
        self.sent.push_back(sent);
        if self.sent.len() > KEPT {
            self.sent.pop_front();
        }
        id
    }

    /// An id in the form AWS uses: 64 bits of seed, then a count, so that ids sort by age.
    fn new_id(&mut self) -> String {
        self.issued += 1;
        let (seed, issued) = (format!("{:016x}", self.account.seed), self.issued);
        let (first, rest) = seed.split_at(8);
        let (second, third) = rest.split_at(4);
        format!("{first}-{second}-{third}-8000-{issued:012x}")
    }
}

struct Listener(Box<dyn Fn(&Sent) + Send + Sync>);

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Listener")
    }
}

fn unknown(operation: &str) -> Refusal {
    let message = format!("the stand-in does not know the operation `{operation}`");
    Refusal::bad("UnknownOperationException", message)
}

#[cfg(test)]
mod tests;
