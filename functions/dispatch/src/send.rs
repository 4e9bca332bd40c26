//! One message, from the outbox to a sender, or to the reason why not.

use attune_aws::store::{LATE, StoreError, StoredMessage, Told};
use attune_domain::content::Unwritten;
use attune_domain::decide::{Choice, Decision};
use attune_domain::id::MessageId;
use attune_domain::message::{Dropped, Held, State};
use attune_domain::time::{Span, Timestamp};

use crate::code::{NoCode, code};
use crate::facts::Facts;
use crate::outcome::Outcome;
use crate::text::{Text, event};
use crate::{Deps, Run};

/// How long a message waits for its event to be in the history. Who died before writing it down did
/// not acknowledge it, and the client sends it again.
const SOON: Span = Span::minutes(1);
/// How long a message waits for codes, or for a word after a restore, before it is looked at again.
const WAIT: Span = Span::minutes(15);
/// Decisions about one message in one run, when things keep changing under it.
const MOST_DECISIONS: u32 = 5;

/// Sends one message, or records why not. Starts no send that could not be settled by the deadline
/// of the run.
pub async fn dispatch(run: &Run<'_>, id: &MessageId) -> Result<Outcome, StoreError> {
    let deps = run.deps;
    for decision in 0..MOST_DECISIONS {
        let attempt = format!("{} {decision}", deps.run);
        let Some(waiting) = deps.store.message(id).await? else { return Ok(Outcome::Left) };
        let turn = Turn { run, deps, waiting: &waiting, attempt: &attempt, decision };
        // On the heap, as eight of them are under way at a time.
        if let Some(outcome) = Box::pin(turn.run()).await? {
            return Ok(outcome);
        }
    }
    Ok(Outcome::Left)
}

/// One decision about one message and what follows from it.
pub(crate) struct Turn<'a> {
    pub(crate) run: &'a Run<'a>,
    pub(crate) deps: &'a Deps,
    pub(crate) waiting: &'a StoredMessage,
    /// Names the claim of this decision.
    pub(crate) attempt: &'a str,
    /// The how-manieth decision of this run.
    decision: u32,
}

impl Turn<'_> {
    /// `None`: something changed in between, decide again.
    async fn run(&self) -> Result<Option<Outcome>, StoreError> {
        let now = self.deps.clock.now();
        if !self.waiting.is_waiting() {
            return self.look_after_claim(now).await;
        }
        let store = &self.deps.store;
        let facts = match Facts::load(store, self.waiting, &self.run.brakes, now).await? {
            Ok(facts) => facts,
            Err(dropped) => {
                return self.close(&State::Dropped(dropped), Outcome::Dropped, now).await;
            }
        };
        self.decided(facts, now).await
    }

    /// Does what is decided.
    async fn decided(
        &self,
        facts: Facts<'_>,
        now: Timestamp,
    ) -> Result<Option<Outcome>, StoreError> {
        let choice = match facts.decide(&[], now) {
            Decision::Send(choice) => choice,
            Decision::Hold(held, until) => return self.hold(held, until, now).await,
            Decision::Drop(why) => {
                return self.close(&State::Dropped(why), Outcome::Dropped, now).await;
            }
            Decision::Expire => return self.close(&State::Expired, Outcome::Expired, now).await,
        };
        if self.may_have_gone_out(now).await? {
            let until = facts.held_over(now + WAIT);
            return self.hold(Held::Restored, until, now).await;
        }
        Box::pin(self.go_out(facts, choice, now)).await
    }

    /// Writes and hands over what was decided to go out.
    async fn go_out(
        &self,
        mut facts: Facts<'_>,
        choice: Choice,
        now: Timestamp,
    ) -> Result<Option<Outcome>, StoreError> {
        let event = match event(self.deps, &facts).await? {
            Told::There(event) => event,
            Told::TooLarge => return self.fail(&Unwritten::NoEvent, now).await,
            Told::Missing => {
                let until = facts.held_over(now + SOON);
                return self.hold(Held::NoEvent, until, now).await;
            }
        };
        let definitions = &facts.profile.definitions;
        let given = match code(self.deps, self.waiting, definitions, self.decision, now).await? {
            Ok(given) => given,
            Err(NoCode::Over) => {
                let state = State::Dropped(Dropped::CouponExpired);
                return self.close(&state, Outcome::Dropped, now).await;
            }
            Err(NoCode::Left) => {
                let until = facts.held_over(now + WAIT);
                return self.hold(Held::NoCode, until, now).await;
            }
        };
        let mut waiting = StoredMessage { given, ..self.waiting.clone() };
        let text = match Text::write(self.deps, &facts, &waiting, &choice, event, now).await? {
            Ok(text) => text,
            Err(why @ Unwritten::TooLong(..)) => {
                facts.too_long = true;
                // Its own length stays the reason if no other channel is left.
                return match facts.decide(&[], now) {
                    Decision::Send(_) | Decision::Hold(..) => self.decided(facts, now).await,
                    Decision::Drop(_) | Decision::Expire => self.fail(&why, now).await,
                };
            }
            Err(Unwritten::Aborted(why)) => {
                return self.close(&State::Aborted(why), Outcome::Dropped, now).await;
            }
            Err(why) => return self.fail(&why, now).await,
        };
        waiting.links.clone_from(&text.targets);
        self.hand_over(&facts, &waiting, choice, &text).await
    }

    async fn fail(&self, why: &Unwritten, now: Timestamp) -> Result<Option<Outcome>, StoreError> {
        self.close(&State::Failed(why.to_string()), Outcome::Failed, now).await
    }

    /// Whether the shop was restored from a backup since the message was due.
    async fn may_have_gone_out(&self, now: Timestamp) -> Result<bool, StoreError> {
        let due = self.waiting.message.due;
        if now.since(due) < LATE {
            return Ok(false);
        }
        let restored = self.deps.store.restored().await?;
        Ok(restored.is_some_and(|mark| mark.holds(due)))
    }

    /// A claim that another run holds is left to it; one that ran out of time is nobody's.
    async fn look_after_claim(&self, now: Timestamp) -> Result<Option<Outcome>, StoreError> {
        let late = self.waiting.deadline.is_some_and(|deadline| now > deadline);
        if self.waiting.is_sending() && late && self.deps.store.give_up(self.waiting, now).await? {
            return Ok(Some(Outcome::Unknown));
        }
        Ok(Some(Outcome::Left))
    }

    pub(crate) async fn hold(
        &self,
        held: Held,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<Option<Outcome>, StoreError> {
        let done = self.deps.store.hold(self.waiting, held, until, now).await?;
        Ok(done.then_some(Outcome::Held))
    }

    pub(crate) async fn close(
        &self,
        state: &State,
        outcome: Outcome,
        now: Timestamp,
    ) -> Result<Option<Outcome>, StoreError> {
        let done = self.deps.store.close(self.waiting, state, now).await?;
        Ok(done.then_some(outcome))
    }
}
