//! Where "now" comes from: the one door by which time enters.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use attune_domain::time::{Span, Timestamp};

/// Tells the time. Cheap to clone.
#[derive(Clone)]
pub struct Clock {
    now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    /// Whether time goes by while somebody waits.
    runs: bool,
}

impl Clock {
    /// The machine's own.
    pub fn system() -> Self {
        let now = || {
            let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX - 1))
        };
        Self { now: Arc::new(now), runs: true }
    }

    /// One that stands until it is set, for simulated time; and the hand that sets it.
    pub fn simulated(start: Timestamp) -> (Self, ClockHand) {
        let hand = ClockHand(Arc::new(AtomicI64::new(start.millis())));
        let millis = Arc::clone(&hand.0);
        let now = move || Timestamp::from_millis(millis.load(Ordering::SeqCst));
        (Self { now: Arc::new(now), runs: false }, hand)
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        (self.now)()
    }

    /// Waits for `span`, if waiting lets time go by; says whether it did.
    pub async fn wait(&self, span: Span) -> bool {
        if self.runs {
            tokio::time::sleep(Duration::from_millis(span.millis().unsigned_abs())).await;
        }
        self.runs
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Clock({})", self.now())
    }
}

/// Sets a simulated clock.
#[derive(Debug, Clone)]
pub struct ClockHand(Arc<AtomicI64>);

impl ClockHand {
    /// Sets the time. It may go back, as clocks do.
    pub fn set(&self, now: Timestamp) {
        self.0.store(now.millis(), Ordering::SeqCst);
    }

    /// The time it stands at.
    pub fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}
