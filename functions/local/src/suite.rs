//! The whole suite in one process: every function's own code, on the embedded stand-ins.

use std::fs::File;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use attune_aws::clock::Clock;
use attune_aws::keys::Keys;
use attune_aws::meter::Units;
use attune_aws::pass_machine::PassMachine;
use attune_aws::sdk;
use attune_aws::senders::{SendSettings, Senders};
use attune_aws::store::{Observer, Settings, Store, StoreError};
use attune_dispatch::Dispatched;
use attune_domain::link::Links;
use attune_domain::time::{Span, Timestamp};
use attune_embedded::capture::feedback::{FEEDBACK_TOPIC, by_topic};
use attune_embedded::{Account, Capture, Engine, Outbox, Router as Stand, forgetter};
use attune_feedback::{FeedbackError, Taken, Trusted};
use attune_recompute::{Answer, Swept, Task};
use axum::Router;

use crate::{Failure, kept};

/// How long one tick may take before the next one goes on with what is left.
const TICK: Span = Span::minutes(1);

/// Every function on one machine.
#[derive(Debug)]
pub struct Suite {
    /// The store.
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// What was sent.
    pub capture: Capture,
    /// Links in messages; without them they lead to the shop.
    pub links: Option<Links>,
    /// The folder that what is sent is written to.
    outbox: Arc<Mutex<Option<Outbox>>>,
    /// Whether somebody was erased whose bytes may still be in the file of the engine.
    erased: Arc<AtomicBool>,
    engine: Engine,
    keys: Keys,
    senders: Senders,
    /// The definitions that the last full pass ended for.
    passed: AtomicU32,
    ticks: AtomicU32,
    /// Names this process and no other.
    run: String,
    /// The data folder, if there is one.
    _held: Option<File>,
}

/// What a tick did.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ticked {
    /// Wake-ups.
    pub swept: Swept,
    /// Messages.
    pub dispatched: Dispatched,
    /// What waking used.
    pub recompute: Units,
    /// What sending used.
    pub dispatch: Units,
}

impl Suite {
    /// A suite on the data in a folder, or in memory.
    pub async fn open(
        folder: Option<&Path>,
        clock: Clock,
        keys: Keys,
        observer: Option<Observer>,
    ) -> Result<Self, Failure> {
        let (engine, held) = match folder {
            Some(folder) => {
                kept::create(folder)?;
                let held = kept::hold(folder)?;
                (Engine::open(&folder.join("attune.db"))?, Some(held))
            }
            None => (Engine::memory_with_clock(clock.clone())?, None),
        };
        let engine = engine.without_tokens();
        // Ids of one folder must not repeat after a restart; those in memory are the same each time.
        let seed = folder.map_or(1, |_| getrandom::u64().unwrap_or(1));
        // Local sends are as fast as the machine; simulated time stands still while they happen.
        let account = Account {
            sends_per_second: u32::MAX,
            sends_per_day: u32::MAX,
            ..Account::new(clock.clone(), seed)
        };
        let capture = Capture::new(account);
        let stand = Stand::new(Arc::new(engine.clone()), Arc::new(capture.clone()));
        let aws = sdk::in_process(Arc::new(stand));
        let mut settings = Settings::local();
        if let Some(folder) = folder {
            settings.pseudonyms = kept::pseudonyms(folder)?;
        }
        let store = Store::new(sdk::dynamodb_in_process(&aws), settings);
        let store = match observer {
            Some(observer) => store.observed_by(observer),
            None => store,
        };
        let outbox = Arc::<Mutex<Option<Outbox>>>::default();
        // Whoever ran on this file before may have died between an erasure and this.
        let erased = Arc::new(AtomicBool::new(true));
        let (told, kept) = (Arc::clone(&erased), Arc::clone(&outbox));
        let store = store.forgotten_by(forgetter(capture.clone(), move || {
            told.store(true, Ordering::SeqCst);
            kept.lock().unwrap_or_else(PoisonError::into_inner).clone()
        }));
        store.create_tables().await?;
        let senders = Senders::new(&aws, send_settings());
        let (passed, ticks) = <(AtomicU32, AtomicU32)>::default();
        let run = format!("{:016x}", getrandom::u64().unwrap_or_default());
        let links = None;
        Ok(Self {
            store,
            clock,
            capture,
            links,
            outbox,
            erased,
            engine,
            keys,
            senders,
            passed,
            ticks,
            run,
            _held: held,
        })
    }

    /// Writes what is sent to a folder, too.
    pub fn write_to(&self, outbox: Outbox) {
        *self.outbox.lock().unwrap_or_else(PoisonError::into_inner) = Some(outbox.clone());
        self.capture.on_sent(move |sent| {
            if let Err(error) = outbox.write(sent) {
                tracing::error!(error = %error, "outbox.write_failed");
            }
        });
    }

    /// The event API, the management API, and the links.
    pub fn router(&self) -> Router {
        let router =
            attune_ingest::router(self.ingest()).merge(attune_manage::router(self.manage()));
        match self.links() {
            Some(links) => router.merge(attune_links::router(links)),
            None => router,
        }
    }

    /// What the links work with.
    fn links(&self) -> Option<attune_links::Deps> {
        Some(attune_links::Deps {
            store: self.store.clone(),
            keys: self.links.clone()?.keys,
            clock: self.clock.clone(),
        })
    }

    /// What the event API works with.
    pub fn ingest(&self) -> attune_ingest::Deps {
        attune_ingest::Deps {
            store: self.store.clone(),
            keys: self.keys.clone(),
            clock: self.clock.clone(),
        }
    }

    /// What the management API works with.
    pub fn manage(&self) -> attune_manage::Deps {
        attune_manage::Deps {
            store: self.store.clone(),
            senders: self.senders.clone(),
            keys: self.keys.clone(),
            clock: self.clock.clone(),
            pass_machine: PassMachine::none(),
        }
    }

    /// Does what the schedules do: wakes who is due, goes on with a full pass, sends what is due.
    pub async fn tick(&self) -> Result<Ticked, StoreError> {
        let begun = self.store.meter().total();
        let swept = self.sweep().await?;
        if let Err(error) = self.pass().await {
            tracing::error!(error = %error, "suite.pass_failed");
        }
        let between = self.store.meter().total();
        let dispatched = self.dispatch().await?;
        let ended = self.store.meter().total();
        self.hear_simulator().await;
        Ok(Ticked { swept, dispatched, recompute: between - begun, dispatch: ended - between })
    }

    /// Wakes who is due.
    async fn sweep(&self) -> Result<Swept, StoreError> {
        match attune_recompute::handle(&self.recompute(), Task::Sweep, self.deadline()).await? {
            Answer::Swept(swept) => Ok(swept),
            _ => Ok(Swept::default()),
        }
    }

    /// Goes on with the full pass that is wanted, if one is and its time has come.
    pub async fn pass(&self) -> Result<(), StoreError> {
        let current = self.store.definitions(self.clock.now()).await?.version();
        if current.0 <= self.passed.load(Ordering::SeqCst) {
            return Ok(());
        }
        if self.go_on_with_pass().await? {
            self.passed.store(current.0, Ordering::SeqCst);
        }
        Ok(())
    }

    /// Takes the census of the day, if it is due or was begun; says whether it is over. Between its
    /// rounds, the time must go by after which nobody works by the cuts before.
    pub async fn census(&self) -> Result<bool, StoreError> {
        attune_recompute::handle(&self.recompute(), Task::Begin, self.deadline()).await?;
        self.go_on_with_pass().await
    }

    /// Goes on with a pass, round after round; says whether it is over.
    async fn go_on_with_pass(&self) -> Result<bool, StoreError> {
        let deps = self.recompute();
        loop {
            let answer = attune_recompute::handle(&deps, Task::Slices, self.deadline()).await?;
            let Answer::Slices { slices, over } = answer else { return Ok(true) };
            if slices.is_empty() {
                return Ok(over);
            }
            for slice in slices {
                let task = Task::Slice(slice);
                let answer = attune_recompute::handle(&deps, task, self.deadline()).await?;
                if !matches!(answer, Answer::Slice { done: true, .. }) {
                    return Ok(false);
                }
            }
        }
    }

    /// Sends what is due.
    async fn dispatch(&self) -> Result<Dispatched, StoreError> {
        let ticks = self.ticks.fetch_add(1, Ordering::SeqCst);
        let deps = attune_dispatch::Deps {
            store: self.store.clone(),
            senders: self.senders.clone(),
            clock: self.clock.clone(),
            links: self.links.clone(),
            run: format!("{}-{ticks}", self.run),
        };
        attune_dispatch::sweep(&deps, self.deadline()).await
    }

    /// Hands feedback over as Lambda does.
    pub async fn feedback(&self, payload: &serde_json::Value) -> Result<Taken, FeedbackError> {
        let run = self.ticks.fetch_add(1, Ordering::SeqCst);
        let deps = attune_feedback::Deps {
            store: self.store.clone(),
            senders: self.senders.clone(),
            clock: self.clock.clone(),
            trusted: Trusted::topics(FEEDBACK_TOPIC),
            run: format!("{}-feedback-{run}", self.run),
        };
        attune_feedback::handle(&deps, payload).await
    }

    /// Takes what SES tells of mail to its simulator.
    async fn hear_simulator(&self) {
        for notice in self.capture.take_told() {
            let payload = by_topic(FEEDBACK_TOPIC, &notice, self.clock.now().millis());
            if let Err(error) = self.feedback(&payload).await {
                tracing::error!(error = %error, "suite.feedback_failed");
            }
        }
    }

    /// Deletes what the tables' time to live says, as DynamoDB does by itself.
    pub fn delete_expired(&self) -> Result<usize, Failure> {
        let deleted = self.engine.sweep_ttl()?;
        // What is left of them between the rows.
        if self.erased.swap(false, Ordering::SeqCst)
            && let Err(error) = self.engine.vacuum()
        {
            self.erased.store(true, Ordering::SeqCst);
            return Err(error.into());
        }
        Ok(deleted)
    }

    fn recompute(&self) -> attune_recompute::Deps {
        attune_recompute::Deps { store: self.store.clone(), clock: self.clock.clone() }
    }

    fn deadline(&self) -> Timestamp {
        self.clock.now() + TICK
    }
}

/// Names that the captured SES and SNS know.
fn send_settings() -> SendSettings {
    SendSettings {
        configuration_set: Some("attune".to_owned()),
        sms_sender: None,
        sms_per_second: None,
        apns: Some("arn:aws:sns:us-east-1:123456789012:app/APNS/local".to_owned()),
        fcm: Some("arn:aws:sns:us-east-1:123456789012:app/GCM/local".to_owned()),
    }
}
