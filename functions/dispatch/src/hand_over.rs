//! Claim, send, settle: what happens once it is decided that a message goes out.

use attune_aws::senders::{ATTEMPT, Outgoing, SETTLE, SendError};
use attune_aws::store::{Claim, Claimed, StoreError, StoredMessage, Wanted};
use attune_domain::channel::Channel;
use attune_domain::content::Draft;
use attune_domain::decide::{Choice, Decision};
use attune_domain::message::{Held, State};
use attune_domain::time::{Span, Timestamp};

use crate::device;
use crate::facts::Facts;
use crate::noted::OfMessage;
use crate::outcome::Outcome;
use crate::run::Permit;
use crate::send::Turn;
use crate::text::Text;

/// The first wait after a sender asked to slow down; doubled with each attempt.
const FIRST_WAIT: Span = Span::seconds(15);
/// The longest such wait, and how long a message waits for the day's limit to be raised before it is
/// looked at again.
const LONGEST_WAIT: Span = Span::minutes(15);

impl Turn<'_> {
    /// Hands over what is written. `None`: something changed since the decision, decide again.
    pub(crate) async fn hand_over(
        &self,
        facts: &Facts<'_>,
        waiting: &StoredMessage,
        choice: Choice,
        text: &Text,
    ) -> Result<Option<Outcome>, StoreError> {
        let endpoint = match self.endpoint(facts, &choice).await? {
            Ok(endpoint) => endpoint,
            Err(error) => return self.not_ready(facts, &choice, &error).await,
        };
        // Loading, writing and making an endpoint took their time.
        let now = self.deps.clock.now();
        if self.run.is_over(now) {
            return Ok(Some(Outcome::Left));
        }
        let class = facts.message().class;
        match self.run.permit(choice.address.channel(), class).await? {
            Permit::Yes => {}
            Permit::NotToday => {
                let until = facts.held_over((now + LONGEST_WAIT).min(tomorrow(now)));
                return self.hold(Held::DailyLimit, until, now).await;
            }
            Permit::NotNow => return Ok(Some(Outcome::Left)),
        }
        // So did the wait for the permit, and it may have become night.
        let now = self.deps.clock.now();
        if facts.decide(&[], now) != Decision::Send(choice.clone()) {
            self.run.unused(class).await;
            return Ok(None);
        }
        let Some(claim) = self.claim(waiting, facts, choice, now).await? else {
            self.run.unused(class).await;
            return Ok(None);
        };
        // So did the claim, if the store was slow. Whoever gives claims up must not come before the send,
        // nor the end of the run.
        let now = self.deps.clock.now();
        if self.run.is_over(now) || now + ATTEMPT > claim.deadline {
            self.run.unused(class).await;
            self.deps.store.release(&claim, &State::Pending, None, now).await?;
            return Ok(Some(Outcome::Left));
        }
        let Draft { written, language, missing, warnings } = &text.draft;
        let of_message = OfMessage {
            template: claim.message.template.clone(),
            language: language.clone(),
            missing: missing.clone(),
            warnings: warnings.clone(),
        };
        self.run.noted.count(of_message).await;
        let outgoing = Outgoing {
            message: &claim.message,
            address: &claim.choice.address,
            written,
            class: text.class,
            from: &facts.profile.definitions.shop.from,
            unsubscribe: text.unsubscribe.as_deref(),
            endpoint: endpoint.as_deref(),
        };
        let sent = self.deps.senders.send(&outgoing).await;
        self.settle(facts, &claim, sent).await
    }

    /// The SNS endpoint of a device, made if there is none.
    async fn endpoint(
        &self,
        facts: &Facts<'_>,
        choice: &Choice,
    ) -> Result<Result<Option<String>, SendError>, StoreError> {
        if choice.address.channel() != Channel::Push {
            return Ok(Ok(None));
        }
        if let Some(endpoint) = facts.row(&choice.address).and_then(|row| row.endpoint.clone()) {
            return Ok(Ok(Some(endpoint)));
        }
        match self.deps.senders.endpoint(&choice.address).await {
            Ok(endpoint) => {
                self.deps.store.keep_endpoint(&choice.address, &endpoint).await?;
                Ok(Ok(Some(endpoint)))
            }
            Err(error) => Ok(Err(error)),
        }
    }

    /// Nothing was sent yet, so whatever went wrong can be tried again, or on another channel.
    async fn not_ready(
        &self,
        facts: &Facts<'_>,
        choice: &Choice,
        error: &SendError,
    ) -> Result<Option<Outcome>, StoreError> {
        let (now, channel) = (self.deps.clock.now(), choice.address.channel());
        match error {
            SendError::Refused(_) if matches!(facts.decide(&[channel], now), Decision::Send(_)) => {
                self.deps.store.pass_over(self.waiting, channel, now).await?;
                Ok(None)
            }
            SendError::Refused(why) => {
                let why = format!("{why}; it was to go by {channel}, as {}", choice.in_words());
                self.close(&State::Refused(why), Outcome::Refused, now).await
            }
            SendError::Throttled(_) | SendError::Unknown(_) => {
                self.hold(Held::Throttled, now + FIRST_WAIT, now).await
            }
        }
    }

    async fn claim(
        &self,
        waiting: &StoredMessage,
        facts: &Facts<'_>,
        choice: Choice,
        now: Timestamp,
    ) -> Result<Option<Claim>, StoreError> {
        let store = &self.deps.store;
        let wanted = Wanted {
            waiting,
            profile: facts.profile.clone(),
            choice: choice.clone(),
            row: facts.row(&choice.address).cloned().unwrap_or_default(),
            attempt: self.attempt,
            deadline: now + ATTEMPT + SETTLE + SETTLE,
        };
        let claimed = match store.claim(wanted, now).await {
            Ok(Claimed::Yes(claim)) => return Ok(Some(*claim)),
            Ok(Claimed::DecideAgain) => Ok(None),
            Err(error) => Err(error),
        };
        if let Some(given) = &waiting.given {
            store.check_code(given).await?;
        }
        // It may have come through although its answer did not, or what follows it failed.
        let Some(stored) = store.message(&self.waiting.message.id).await? else { return Ok(None) };
        let Some(claim) = store.own_claim(&stored, &choice, self.attempt) else { return claimed };
        if let Err(error) = store.finish_claim(&stored, now).await {
            // Nothing was handed over, so that it can be claimed again.
            store.release(&claim, &State::Pending, None, now).await?;
            return Err(error);
        }
        Ok(Some(claim))
    }

    async fn settle(
        &self,
        facts: &Facts<'_>,
        claim: &Claim,
        sent: Result<String, SendError>,
    ) -> Result<Option<Outcome>, StoreError> {
        let (store, now) = (&self.deps.store, self.deps.clock.now());
        let channel = claim.choice.address.channel();
        match sent {
            Ok(id) => {
                store.settle(claim, &State::Accepted, Some(&id), now).await?;
                self.run.accepted(&claim.message.program, channel).await;
                Ok(Some(Outcome::Accepted))
            }
            Err(error @ SendError::Unknown(_)) => {
                let (message, code) = (&claim.message.id, error.code());
                tracing::warn!(message.id = %message, error.code = code, "dispatch.unknown");
                store.settle(claim, &State::Unknown, None, now).await?;
                Ok(Some(Outcome::Unknown))
            }
            Err(SendError::Throttled(_)) => {
                self.run.unused(claim.message.class).await;
                let state = State::Held(Held::Throttled, now + wait(claim.attempts));
                let waits = store.release(claim, &state, None, now).await?;
                Ok(Some(if waits { Outcome::Held } else { Outcome::Left }))
            }
            Err(SendError::Refused(why)) => {
                self.run.unused(claim.message.class).await;
                device::give_up(store, &claim.choice.address, &why, now).await?;
                if let Decision::Send(_) = facts.decide(&[channel], now) {
                    store.release(claim, &State::Pending, Some(channel), now).await?;
                    return Ok(None);
                }
                store.settle(claim, &State::Refused(why), None, now).await?;
                Ok(Some(Outcome::Refused))
            }
        }
    }
}

/// The first instant of the next day by UTC, by which days are counted.
fn tomorrow(now: Timestamp) -> Timestamp {
    let day = Span::days(1).millis();
    Timestamp::from_millis((now.millis().div_euclid(day) + 1) * day)
}

fn wait(attempts: u32) -> Span {
    let doubled = FIRST_WAIT.millis().saturating_mul(1 << attempts.saturating_sub(1).min(16));
    Span::from_millis(doubled).min(LONGEST_WAIT)
}
