//! One sweep: every wake-up that became due since the last, and a second look at those of a while ago.

use std::collections::BTreeMap;

use attune_aws::store::{AtHand, Cursors, Due, Position, SETTLED, StoreError, Woken};
use attune_domain::time::{Span, Timestamp};
use futures_util::stream::{StreamExt as _, iter};
use serde::Serialize;

use crate::Deps;

/// Wake-ups in one page: as many as are done in a second or so.
const PAGE: i32 = 100;
/// Customers visited at the same time.
const AT_ONCE: usize = 16;
/// How far a cursor may lag behind the clock without being written. Nothing is read twice for it,
/// as there was nothing to read.
const LAG: Span = Span::minutes(5);

/// What a sweep did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Swept {
    /// Wake-ups visited for the first time.
    pub fresh: u64,
    /// Wake-ups visited for the second time.
    pub settled: u64,
    /// Memberships that changed.
    pub changed: u64,
    /// Wake-ups that failed, and will be visited again.
    pub failed: u64,
}

/// Which of the two visits.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Visit {
    Fresh,
    Settled,
}

/// Visits what is due, shard by shard, until `deadline`.
pub async fn sweep(deps: &Deps, deadline: Timestamp) -> Result<Swept, StoreError> {
    let mut swept = Swept::default();
    for shard in 0..deps.store.settings().shards {
        sweep_shard(deps, shard, deadline, &mut swept).await?;
    }
    Ok(swept)
}

async fn sweep_shard(
    deps: &Deps,
    shard: u16,
    deadline: Timestamp,
    swept: &mut Swept,
) -> Result<(), StoreError> {
    let mut cursors = deps.store.cursors(shard).await?;
    let mut moved = false;
    'visits: for visit in [Visit::Fresh, Visit::Settled] {
        loop {
            let now = deps.clock.now();
            if now >= deadline {
                break 'visits;
            }
            let from = visit.cursor(&mut cursors).clone();
            let until = Position::after(visit.until(now));
            if from >= until {
                break;
            }
            let (page, more) = deps.store.due_wake_ups(shard, &from, &until, PAGE).await?;
            visit_page(deps, &page, visit, swept).await?;
            // The checkpoint follows its effect. Without more rows everything up to there was seen.
            let to = page.last().filter(|_| more).map_or(until, Position::from);
            *visit.cursor(&mut cursors) = to;
            moved |= !page.is_empty() || from < Position::after(visit.until(now) - LAG);
            if !more {
                break;
            }
            deps.store.raise_cursors(shard, &cursors).await?;
        }
    }
    // One write for both: whoever stops before it visits the last pages again, which is harmless.
    if moved {
        deps.store.raise_cursors(shard, &cursors).await?;
    }
    Ok(())
}

impl Visit {
    fn cursor(self, cursors: &mut Cursors) -> &mut Position {
        match self {
            Self::Fresh => &mut cursors.fresh,
            Self::Settled => &mut cursors.settled,
        }
    }

    fn until(self, now: Timestamp) -> Timestamp {
        match self {
            Self::Fresh => now,
            Self::Settled => now - SETTLED,
        }
    }
}

async fn visit_page(
    deps: &Deps,
    page: &[Due],
    visit: Visit,
    swept: &mut Swept,
) -> Result<(), StoreError> {
    if page.is_empty() {
        return Ok(());
    }
    let settled = visit == Visit::Settled;
    let at_hand = deps.store.at_hand(page, settled, deps.clock.now()).await?;
    let mut customers: BTreeMap<_, Vec<Due>> = BTreeMap::new();
    for due in page {
        customers.entry(&due.customer).or_default().push(due.clone());
    }
    let visits = customers.into_values();
    let visits = visits.map(|theirs| visit_customer(deps, theirs, at_hand.clone(), settled));
    let results = iter(visits).buffer_unordered(AT_ONCE).collect::<Vec<_>>().await;
    for result in results.into_iter().flatten() {
        match visit {
            Visit::Fresh => swept.fresh += 1,
            Visit::Settled => swept.settled += 1,
        }
        match result {
            Ok(woken) => swept.changed += woken.changes.len() as u64,
            // The store is down: the cursor stays, and the next sweep begins here.
            Err(error @ (StoreError::Unavailable(_) | StoreError::Bug(_))) => return Err(error),
            // One profile that cannot be woken must not stop the others.
            Err(error) => {
                swept.failed += 1;
                tracing::error!(error = %error, "recompute.wake_failed");
            }
        }
    }
    Ok(())
}

/// Visits the wake-ups of one customer, one after another. One that others interfered with too often
/// is put off, not lost.
async fn visit_customer(
    deps: &Deps,
    theirs: Vec<Due>,
    mut at_hand: AtHand,
    settled: bool,
) -> Vec<Result<Woken, StoreError>> {
    let mut visited = Vec::new();
    for due in theirs {
        let now = deps.clock.now();
        let mut woken = deps.store.wake(&due, &at_hand, settled, now).await;
        if let (Err(StoreError::Contended(_)), true) = (&woken, settled) {
            let put_off = deps.store.put_off(&due, now + Span::minutes(1)).await;
            woken = put_off.and(woken);
        }
        visited.push(woken);
        // The first visit may change what was read for the second.
        at_hand = AtHand::default();
    }
    visited
}
