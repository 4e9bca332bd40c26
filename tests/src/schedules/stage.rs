//! A world in which processes die and are started again.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use attune_aws::store::{Consistency, Position, SETTLED, StoreError};
use attune_domain::id::CustomerId;
use attune_domain::time::Span;
use attune_embedded::capture::feedback::{FEEDBACK_TOPIC, Happened, by_topic, text_from, told_of};
use attune_feedback::{FeedbackError, Taken};
use attune_recompute::{Answer, Task};
use attune_testkit::faults::{Call, Fate, Faults, Faulty, Lag, Lagging, Run};
use attune_testkit::{BEGIN, World, at};

use super::verdict::Portrait;
use super::{Act, Schedule, Wrap};
use crate::{far, hand_over, post};

/// How often whoever called comes again.
const TRIES: usize = 8;
/// Longer than any read lags behind.
const LAG: Duration = Duration::from_secs(6);

/// A world behind faults.
#[derive(Debug)]
pub struct Stage {
    /// The world.
    pub world: World,
    /// What goes wrong.
    pub faults: Faults,
    runs: AtomicU32,
}

impl Stage {
    /// A world in which nothing goes wrong yet.
    pub async fn new(wrap: Wrap) -> Self {
        Self::with(Lag::default(), 1, wrap).await
    }

    /// The same, on a database whose reads lag as drawn from `seed`.
    pub async fn with(lag: Lag, seed: u64, wrap: Wrap) -> Self {
        // The SDK draws its transaction tokens and its back-off from here.
        fastrand::seed(seed);
        let faults = Faults::none();
        let behind = faults.clone();
        let world = World::over(
            |engine| Arc::new(Lagging::new(engine, lag, seed)),
            |inner| wrap(Arc::new(Faulty::new(inner, behind))),
        );
        Self { world: world.await, faults, runs: AtomicU32::new(0) }
    }

    /// Lets every read see what was written so far.
    pub async fn let_reads_catch_up(&self) {
        tokio::time::sleep(LAG).await;
    }

    /// Lets time pass, for the database as well.
    async fn wait(&self, span: Span) {
        self.let_reads_catch_up().await;
        self.world.pass(span);
    }

    /// Plays acts with trouble; returns their calls.
    pub async fn act_all(&self, acts: &[Act], schedule: &Schedule) -> Vec<Call> {
        let before = self.faults.calls().len();
        for (n, fate) in &schedule.0 {
            self.faults.at(before + n, fate.clone());
        }
        for act in acts {
            self.act(act).await;
        }
        let calls = self.faults.calls().split_off(before);
        // What was to go wrong later does not: from here on all is calm.
        for (n, _) in schedule.0.iter().filter(|(n, _)| *n > calls.len()) {
            self.faults.at(before + n, Fate::Deliver);
        }
        calls
    }

    /// Lets one thing happen, again and again until it was done.
    pub async fn act(&self, act: &Act) {
        for _ in 0..TRIES {
            // On the heap: what one act of any kind may need is more than a thread's stack in a debug build.
            let run = self.faults.run(Box::pin(self.once(act))).await;
            let forgotten = matches!(act, Act::PostAndForget(_));
            if forgotten || matches!(run, Run::Finished(true)) {
                return;
            }
        }
        panic!("{TRIES} tries were not enough for {act:?}");
    }

    /// Whether it was done.
    async fn once(&self, act: &Act) -> bool {
        match act {
            Act::Post(events) | Act::PostAndForget(events) => {
                let body = serde_json::json!({ "batch": events });
                let posted = Box::pin(post(&self.world, "/v1/batch", "server-key", &body));
                posted.await.0.is_success()
            }
            Act::Sweep => Box::pin(self.recompute(Task::Sweep)).await.is_ok(),
            Act::Dispatch => Box::pin(self.dispatch()).await.is_ok(),
            Act::Pass => Box::pin(self.pass()).await.is_ok(),
            Act::Wait(span) => {
                self.wait(*span).await;
                true
            }
            Act::Publish(definitions) => {
                Box::pin(self.publish(definitions)).await;
                true
            }
            Act::Next(operation, fate) => {
                self.faults.next(operation, fate.clone());
                true
            }
            Act::Tell(happened) => Box::pin(self.tell(happened)).await.is_ok(),
            Act::Text(body, id, minutes) => {
                let sent = at(BEGIN) + Span::minutes(*minutes);
                let notice = text_from("+15550000007", body, id);
                let payload = by_topic(FEEDBACK_TOPIC, &notice, sent.millis());
                Box::pin(hand_over(&self.world, &payload)).await.is_ok()
            }
            Act::SweepWrongly => Box::pin(sweep_wrongly(&self.world)).await.is_ok(),
        }
    }

    async fn tell(&self, happened: &[Happened]) -> Result<Taken, FeedbackError> {
        let sent = self.world.capture.sent().into_iter().next_back().expect("a mail");
        let later = sent.at_ms + 60_000;
        let records = happened.iter().map(|happened| {
            let notice = told_of(&sent, *happened, later).expect("a notice");
            by_topic(FEEDBACK_TOPIC, &notice, later)["Records"][0].clone()
        });
        let payload = serde_json::json!({ "Records": records.collect::<Vec<_>>() });
        hand_over(&self.world, &payload).await
    }

    async fn recompute(&self, task: Task) -> Result<Answer, StoreError> {
        let world = &self.world;
        let deps =
            attune_recompute::Deps { store: world.store.clone(), clock: world.clock.clone() };
        attune_recompute::handle(&deps, task, far(world)).await
    }

    async fn dispatch(&self) -> Result<attune_dispatch::Dispatched, StoreError> {
        // Two runs may begin at the same instant.
        let run = self.runs.fetch_add(1, Ordering::Relaxed);
        let deps =
            attune_dispatch::Deps { run: format!("run {run}"), ..crate::dispatcher(&self.world) };
        attune_dispatch::sweep(&deps, far(&self.world)).await
    }

    async fn pass(&self) -> Result<(), StoreError> {
        loop {
            let answer = self.recompute(Task::Slices).await?;
            let Answer::Slices { slices, .. } = answer else { return Ok(()) };
            if slices.is_empty() {
                return Ok(());
            }
            for slice in slices {
                self.recompute(Task::Slice(slice)).await?;
            }
        }
    }

    async fn publish(&self, definitions: &str) {
        self.world.publish(definitions).await;
        let version = self.world.store.current_version().await.expect("a version");
        let store = &self.world.store;
        // Nobody else has older definitions here, so the pass may run at once.
        let asked = self.world.now() - store.settings().settle;
        store.start_pass(version, asked).await.expect("a pass");
    }

    /// Every client sends everything once more.
    pub async fn send_again(&self, acts: &[Act]) {
        let comes_again = |act: &&Act| matches!(act, Act::Post(_) | Act::Tell(_) | Act::Text(..));
        for act in acts.iter().filter(comes_again) {
            self.act(act).await;
        }
    }

    /// What happens to every shop: schedules run, claims run out, and every wake-up is visited a
    /// second time.
    pub async fn come_to_rest(&self) {
        let settled = Span::from_millis(SETTLED.millis() + Span::minutes(1).millis());
        for span in [Span::seconds(30), settled, settled, Span::minutes(1)] {
            self.wait(span).await;
            for act in [Act::Sweep, Act::Dispatch] {
                self.act(&act).await;
            }
        }
    }

    /// What is known of every customer at last.
    pub async fn portraits(&self) -> BTreeMap<String, Portrait> {
        let (store, now) = (&self.world.store, self.world.now());
        let mut portraits = BTreeMap::new();
        for id in self.customers() {
            let stored = store.load(&id, Consistency::Strong, now).await.expect("a profile");
            portraits.insert(id.to_string(), Portrait::of(&stored));
        }
        portraits
    }

    /// Every id that has a profile of its own.
    pub fn customers(&self) -> Vec<CustomerId> {
        let items = self.world.items("profiles");
        let own = items.iter().filter(|item| item["part"]["S"] == "core" && item["to"].is_null());
        own.filter_map(|item| CustomerId::parse(item["customer"]["S"].as_str()?)).collect()
    }
}

/// A sweep that raises each cursor before it visits what is behind it.
async fn sweep_wrongly(world: &World) -> Result<(), StoreError> {
    let (store, now) = (&world.store, world.now());
    for settled in [false, true] {
        let mut cursors = store.cursors(0).await?;
        let until = Position::after(if settled { now - SETTLED } else { now });
        let cursor = if settled { &mut cursors.settled } else { &mut cursors.fresh };
        let from = std::mem::replace(cursor, until.clone());
        if from < until {
            let (due, _) = store.due_wake_ups(0, &from, &until, 100).await?;
            store.raise_cursors(0, &cursors).await?;
            for due in due {
                let at_hand = store.at_hand(std::slice::from_ref(&due), settled, now).await?;
                store.wake(&due, &at_hand, settled, now).await?;
            }
        }
    }
    Ok(())
}
