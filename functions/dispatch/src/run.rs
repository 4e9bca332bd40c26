//! What one run may send: what the operator holds back, the day's limit, and permits by the second.

use std::collections::BTreeMap;

use attune_aws::senders::{ATTEMPT, SETTLE};
use attune_aws::store::{StoreError, Switch};
use attune_domain::brakes::{Brakes, Tally};
use attune_domain::channel::Channel;
use attune_domain::id::ProgramId;
use attune_domain::message::Class;
use attune_domain::time::{Span, Timestamp};
use tokio::sync::Mutex;

use crate::Deps;
use crate::noted::Noted;

/// Messages of the day's limit that a run takes at a time.
const DAY_BLOCK: u32 = 20;
/// Permits of a second that a run takes at a time; fewer than most rates, so that runs share.
const SECOND_BLOCK: u32 = 10;

/// One run, with what it may send.
#[derive(Debug)]
pub struct Run<'a> {
    /// What it works with.
    pub(crate) deps: &'a Deps,
    /// Until when it may take.
    pub(crate) deadline: Timestamp,
    /// What is held back.
    pub(crate) brakes: Brakes,
    /// What is noted when messages are written.
    pub(crate) noted: Noted,
    switch: Switch,
    taken: Mutex<Taken>,
    emails: Mutex<Leased>,
    texts: Mutex<Leased>,
    pushes: Mutex<Leased>,
}

/// Permits of a second on one channel.
#[derive(Debug, Default)]
struct Leased {
    second: i64,
    left: u32,
}

/// What the run took and did not use yet, and what it counted.
#[derive(Debug, Default)]
struct Taken {
    today: u32,
    /// Of those that somebody waited for: they may be over the limit, and nothing that sells gets them.
    waited_for: u32,
    /// When the first block of the day's limit was taken: the day that it is given back to.
    since: Option<Timestamp>,
    sent: BTreeMap<ProgramId, u32>,
}

/// Whether a message may be claimed now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Permit {
    /// It may.
    Yes,
    /// The day's limit is reached.
    NotToday,
    /// The sender takes no more in the time that is left.
    NotNow,
}

impl<'a> Run<'a> {
    /// Begins a run that ends by `deadline`.
    pub async fn begin(deps: &'a Deps, deadline: Timestamp) -> Result<Self, StoreError> {
        let switch = deps.store.switch().await?;
        let brakes = deps.store.brakes(&switch, deps.clock.now()).await?;
        Ok(Self {
            deps,
            deadline,
            brakes,
            noted: Noted::default(),
            switch,
            taken: Mutex::default(),
            emails: Mutex::default(),
            texts: Mutex::default(),
            pushes: Mutex::default(),
        })
    }

    /// Ends the run: counts what it sent, gives back what it did not use, and logs what was noted.
    pub async fn end(self) -> Result<(), StoreError> {
        self.count_sent().await?;
        self.noted.tell();
        let Taken { today, waited_for, since, .. } = self.taken.into_inner();
        let unused = today + waited_for;
        if let Some(since) = since.filter(|_| unused > 0) {
            self.deps.store.give_back(unused, since).await?;
        }
        Ok(())
    }

    /// Whether a send that begins now could not be settled in time any more.
    pub(crate) fn is_over(&self, now: Timestamp) -> bool {
        now + ATTEMPT + SETTLE > self.deadline
    }

    /// Counts what was sent since the last time. The breaker looks at it beside what comes back, which
    /// comes back while the run goes on.
    pub(crate) async fn count_sent(&self) -> Result<(), StoreError> {
        let sent = std::mem::take(&mut self.taken.lock().await.sent);
        let now = self.deps.clock.now();
        for (program, sent) in sent {
            let tally = Tally { sent, ..Tally::default() };
            self.deps.store.tally(&program, tally, now).await?;
        }
        Ok(())
    }

    /// Asks for leave to send one message.
    pub(crate) async fn permit(
        &self,
        channel: Channel,
        class: Class,
    ) -> Result<Permit, StoreError> {
        if !self.of_day(class).await? {
            return Ok(Permit::NotToday);
        }
        if self.of_second(channel).await? {
            return Ok(Permit::Yes);
        }
        self.unused(class).await;
        Ok(Permit::NotNow)
    }

    /// Gives back leave of the day that was not used: nothing was handed over, or it was refused.
    pub(crate) async fn unused(&self, class: Class) {
        if self.switch.daily_limit.is_some() {
            let mut taken = self.taken.lock().await;
            let left = if class.is_waited_for() { &mut taken.waited_for } else { &mut taken.today };
            *left += 1;
        }
    }

    /// Counts a mail that was accepted. Only mail comes back as bounces and complaints.
    pub(crate) async fn accepted(&self, program: &ProgramId, channel: Channel) {
        if channel == Channel::Email {
            *self.taken.lock().await.sent.entry(program.clone()).or_default() += 1;
        }
    }

    /// What somebody waits for counts for the day's limit, and is not held by it.
    async fn of_day(&self, class: Class) -> Result<bool, StoreError> {
        let Some(limit) = self.switch.daily_limit else { return Ok(true) };
        // One at a time: a second asker would take a block of its own.
        let mut taken = self.taken.lock().await;
        if class.is_waited_for() && taken.waited_for > 0 {
            taken.waited_for -= 1;
            return Ok(true);
        }
        if taken.today == 0 {
            let now = self.deps.clock.now();
            let (block, limit) =
                if class.is_waited_for() { (1, u32::MAX) } else { (DAY_BLOCK, limit) };
            taken.today = self.deps.store.take_of_day(block, limit, now).await?;
            taken.since = taken.since.or(Some(now));
        }
        let there = taken.today > 0;
        taken.today -= u32::from(there);
        Ok(there)
    }

    async fn of_second(&self, channel: Channel) -> Result<bool, StoreError> {
        let Some(rate) = self.deps.senders.rate(channel).await else { return Ok(true) };
        // One at a time on each channel, so that a slow one is waited for by its own messages alone.
        let mut leased = match channel {
            Channel::Email => self.emails.lock().await,
            Channel::Sms => self.texts.lock().await,
            Channel::Push => self.pushes.lock().await,
        };
        loop {
            let now = self.deps.clock.now();
            if self.is_over(now) {
                return Ok(false);
            }
            let second = now.millis().div_euclid(1_000);
            // Permits are for their second only.
            if leased.second != second || leased.left == 0 {
                let wanted = SECOND_BLOCK.min(rate);
                let left = self.deps.store.lease_permits(channel, wanted, rate, now).await?;
                *leased = Leased { second, left };
            }
            if leased.left > 0 {
                leased.left -= 1;
                return Ok(true);
            }
            let next = Timestamp::from_millis((second + 1) * 1_000);
            if !self.deps.clock.wait(next.since(now).max(Span::from_millis(1))).await {
                return Ok(false);
            }
        }
    }
}
