//! One message, from the outbox to a sender, or to the reason why not.

use attune_aws::senders::{ATTEMPT, Outgoing, SETTLE, SendError};
use attune_aws::store::{
    AddressRow, Claim, Claimed, Consistency, Found, LATE, StoreError, Stored, StoredMessage,
};
use attune_domain::address::Address;
use attune_domain::cart::Product;
use attune_domain::channel::Channel;
use attune_domain::content::{Data, Unwritten, Written, write};
use attune_domain::decide::{Choice, Decision, Situation, decide, rivals};
use attune_domain::id::MessageId;
use attune_domain::limits;
use attune_domain::link::{Links, Urls, WebUrl};
use attune_domain::message::{Dropped, Held, State};
use attune_domain::recommend::recommend;
use attune_domain::time::{Span, Timestamp};

use crate::code::{self, NoCode, code};
use crate::outcome::Outcome;
use crate::run::Permit;
use crate::{Deps, Run, device};

/// How long a message waits for codes, or for a word after a restore, before it is looked at again.
const WAIT: Span = Span::minutes(15);
/// Decisions about one message in one run, when things keep changing under it.
const MOST_DECISIONS: u32 = 5;
/// The first wait after a sender asked to slow down; doubled with each attempt.
const FIRST_WAIT: Span = Span::seconds(15);
/// The longest such wait.
const LONGEST_WAIT: Span = Span::minutes(15);

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
struct Turn<'a> {
    run: &'a Run<'a>,
    deps: &'a Deps,
    waiting: &'a StoredMessage,
    attempt: &'a str,
    /// The how-manieth decision of this run.
    decision: u32,
}

/// What a decision looks at, loaded.
struct Facts {
    profile: Stored,
    rows: Vec<(Address, AddressRow)>,
    /// Whether a message that goes first waits.
    outranked: bool,
}

impl Turn<'_> {
    /// `None`: something changed in between, decide again.
    async fn run(&self) -> Result<Option<Outcome>, StoreError> {
        let now = self.deps.clock.now();
        if !self.waiting.is_waiting() {
            return self.look_after_claim(now).await;
        }
        let facts = match self.facts(now).await? {
            Ok(facts) => facts,
            Err(dropped) => {
                return self.close(&State::Dropped(dropped), Outcome::Dropped, now).await;
            }
        };
        let choice = match self.decide(&facts, &[], now) {
            Decision::Send(choice) => choice,
            Decision::Hold(held, until) => return self.hold(held, until, now).await,
            Decision::Drop(why) => {
                return self.close(&State::Dropped(why), Outcome::Dropped, now).await;
            }
            Decision::Expire => return self.close(&State::Expired, Outcome::Expired, now).await,
        };
        if self.may_have_gone_out(now).await? {
            let until = (now + WAIT).min(self.waiting.message.expires);
            return self.hold(Held::Restored, until, now).await;
        }
        Box::pin(self.go_out(&facts, choice, now)).await
    }

    /// Writes, claims and sends what was decided to go out.
    async fn go_out(
        &self,
        facts: &Facts,
        choice: Choice,
        now: Timestamp,
    ) -> Result<Option<Outcome>, StoreError> {
        let given =
            match code(self.deps, self.waiting, &facts.profile.definitions, self.decision, now)
                .await?
            {
                Ok(given) => given,
                Err(NoCode::Over) => {
                    let state = State::Dropped(Dropped::CouponExpired);
                    return self.close(&state, Outcome::Dropped, now).await;
                }
                Err(NoCode::Left) => {
                    let until = (now + WAIT).min(self.waiting.message.expires);
                    return self.hold(Held::NoCode, until, now).await;
                }
            };
        let recommended = self.recommended(facts, now).await?;
        let mut waiting = StoredMessage { given, ..self.waiting.clone() };
        let links = self.deps.links.as_ref();
        let (written, urls) = match facts.write(&waiting, &choice, links, recommended, now) {
            Ok((written, urls, targets)) => {
                waiting.links = targets;
                (written, urls)
            }
            Err(Unwritten::Aborted(why)) => {
                return self.close(&State::Aborted(why), Outcome::Dropped, now).await;
            }
            Err(why) => {
                return self.close(&State::Failed(why.to_string()), Outcome::Failed, now).await;
            }
        };
        let endpoint = match self.endpoint(facts, &choice).await? {
            Ok(endpoint) => endpoint,
            Err(error) => return self.not_ready(&error, now).await,
        };
        // Loading, writing and making an endpoint took their time.
        let now = self.deps.clock.now();
        if now + ATTEMPT + SETTLE > self.run.deadline {
            return Ok(Some(Outcome::Left));
        }
        match self.run.permit(choice.address.channel()).await? {
            Permit::Yes => {}
            Permit::NotToday => return self.hold(Held::DailyLimit, tomorrow(now), now).await,
            Permit::NotNow => return Ok(Some(Outcome::Left)),
        }
        let from = facts.profile.definitions.shop.from.clone();
        let Some(claim) = self.claim(&waiting, facts, choice, now).await? else {
            self.run.unused().await;
            return Ok(None);
        };
        let outgoing = Outgoing {
            message: &claim.message,
            address: &claim.choice.address,
            written: &written,
            from: &from,
            unsubscribe: &urls.list_unsubscribe(),
            endpoint: endpoint.as_deref(),
        };
        let sent = self.deps.senders.send(&outgoing).await;
        self.settle(facts, &claim, sent).await
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

    async fn facts(&self, now: Timestamp) -> Result<Result<Facts, Dropped>, StoreError> {
        let store = &self.deps.store;
        let found = store.find(&self.waiting.message.customer, Consistency::Strong, now).await?;
        let profile = match found {
            Found::Pointer(_) => return Ok(Err(Dropped::Merged)),
            Found::Profile(profile) if !profile.exists() => return Ok(Err(Dropped::Gone)),
            Found::Profile(profile) => *profile,
        };
        let card = &profile.profile.card;
        let addresses: Vec<Address> =
            Channel::ALL.into_iter().filter_map(|channel| card.address(channel)).collect();
        let rows = store.addresses(&addresses).await?;
        let mut rows: Vec<_> = addresses.into_iter().zip(rows).collect();
        device::revive(store, card, &mut rows).await?;
        let mut facts = Facts { profile, rows, outranked: false };
        facts.outranked = self.is_outranked(&facts, now).await?;
        Ok(Ok(facts))
    }

    /// Whether a message that goes first for the last room under a cap waits.
    async fn is_outranked(&self, facts: &Facts, now: Timestamp) -> Result<bool, StoreError> {
        let rivals = rivals(&facts.situation(self, &[], &[]), now);
        if rivals.is_empty() {
            return Ok(false);
        }
        let rivals = self.deps.store.messages(&rivals).await?;
        let waits = |rival: &StoredMessage| {
            rival.is_sending() || (rival.is_waiting() && rival.due.is_some_and(|due| due <= now))
        };
        Ok(rivals.iter().any(waits))
    }

    fn decide(&self, facts: &Facts, also_refused: &[Channel], now: Timestamp) -> Decision {
        let refused = [self.waiting.refused.as_slice(), also_refused].concat();
        decide(&facts.situation(self, &facts.suppressed(), &refused), now)
    }

    /// Products to recommend, if the content shows some: nobody else pays for the reading.
    async fn recommended(&self, facts: &Facts, now: Timestamp) -> Result<Vec<Product>, StoreError> {
        let Stored { profile, definitions, .. } = &facts.profile;
        let content = definitions.templates.get(&self.waiting.message.template);
        if !content.is_some_and(|content| content.reads("recommendations")) {
            return Ok(Vec::new());
        }
        let history = self.deps.store.history_of(profile, limits::RECOMMENDATION_ROWS).await?;
        Ok(recommend(&history, profile, definitions, now))
    }

    /// The SNS endpoint of a device, made if there is none.
    async fn endpoint(
        &self,
        facts: &Facts,
        choice: &Choice,
    ) -> Result<Result<Option<String>, SendError>, StoreError> {
        if choice.address.channel() != Channel::Push {
            return Ok(Ok(None));
        }
        let known = facts.rows.iter().find(|(address, _)| *address == choice.address);
        if let Some(endpoint) = known.and_then(|(_, row)| row.endpoint.clone()) {
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

    /// Nothing was sent yet, so whatever went wrong can be tried again.
    async fn not_ready(
        &self,
        error: &SendError,
        now: Timestamp,
    ) -> Result<Option<Outcome>, StoreError> {
        match error {
            SendError::Refused(why) => {
                self.close(&State::Refused(why.clone()), Outcome::Refused, now).await
            }
            SendError::Throttled(_) | SendError::Unknown(_) => {
                self.hold(Held::Throttled, now + FIRST_WAIT, now).await
            }
        }
    }

    async fn claim(
        &self,
        waiting: &StoredMessage,
        facts: &Facts,
        choice: Choice,
        now: Timestamp,
    ) -> Result<Option<Claim>, StoreError> {
        let store = &self.deps.store;
        let deadline = now + ATTEMPT + SETTLE + SETTLE;
        let profile = facts.profile.clone();
        let claimed = store.claim(waiting, profile, choice.clone(), self.attempt, deadline, now);
        if let Claimed::Yes(claim) = claimed.await? {
            return Ok(Some(*claim));
        }
        if let Some(given) = &waiting.given {
            store.check_code(given).await?;
        }
        // The claim may have come through although its answer did not.
        let Some(stored) = store.message(&self.waiting.message.id).await? else { return Ok(None) };
        let claim = store.own_claim(&stored, &choice, self.attempt);
        if claim.is_some() {
            store.finish_claim(&stored, now).await?;
        }
        Ok(claim)
    }

    async fn settle(
        &self,
        facts: &Facts,
        claim: &Claim,
        sent: Result<String, SendError>,
    ) -> Result<Option<Outcome>, StoreError> {
        let (store, now) = (&self.deps.store, self.deps.clock.now());
        match sent {
            Ok(id) => {
                store.settle(claim, &State::Accepted, Some(&id), now).await?;
                let channel = claim.choice.address.channel();
                self.run.accepted(&claim.message.program, channel).await;
                Ok(Some(Outcome::Accepted))
            }
            Err(SendError::Unknown(why)) => {
                tracing::warn!(message.id = %claim.message.id, why, "dispatch.unknown");
                store.settle(claim, &State::Unknown, None, now).await?;
                Ok(Some(Outcome::Unknown))
            }
            Err(SendError::Throttled(_)) => {
                let until = now + wait(claim.attempts);
                store.release(claim, &State::Held(Held::Throttled, until), None, now).await?;
                Ok(Some(Outcome::Held))
            }
            Err(SendError::Refused(why)) => {
                device::give_up(store, &claim.choice.address, &why, now).await?;
                let channel = claim.choice.address.channel();
                let refused = [self.waiting.refused.as_slice(), &[channel]].concat();
                if let Decision::Send(_) = self.decide(facts, &refused, now) {
                    store.release(claim, &State::Pending, Some(channel), now).await?;
                    return Ok(None);
                }
                store.settle(claim, &State::Refused(why), None, now).await?;
                Ok(Some(Outcome::Refused))
            }
        }
    }

    async fn hold(
        &self,
        held: Held,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<Option<Outcome>, StoreError> {
        let done = self.deps.store.hold(self.waiting, held, until, now).await?;
        Ok(done.then_some(Outcome::Held))
    }

    async fn close(
        &self,
        state: &State,
        outcome: Outcome,
        now: Timestamp,
    ) -> Result<Option<Outcome>, StoreError> {
        let done = self.deps.store.close(self.waiting, state, now).await?;
        Ok(done.then_some(outcome))
    }
}

impl Facts {
    fn suppressed(&self) -> Vec<Address> {
        let suppressed = self.rows.iter().filter(|(_, row)| row.suppressed.is_some());
        suppressed.map(|(address, _)| address.clone()).collect()
    }

    fn situation<'s>(
        &'s self,
        turn: &'s Turn<'_>,
        suppressed: &'s [Address],
        refused: &'s [Channel],
    ) -> Situation<'s> {
        Situation {
            message: &turn.waiting.message,
            profile: &self.profile.profile,
            definitions: &self.profile.definitions,
            suppressed,
            refused,
            outranked: self.outranked,
            brakes: &turn.run.brakes,
        }
    }

    /// The content, the links that it can show, and where those of a text lead.
    fn write(
        &self,
        waiting: &StoredMessage,
        choice: &Choice,
        links: Option<&Links>,
        recommended: Vec<Product>,
        now: Timestamp,
    ) -> Result<(Written, Urls, Vec<WebUrl>), Unwritten> {
        let (message, definitions) = (&waiting.message, &self.profile.definitions);
        let (profile, policy) = (&self.profile.profile, &definitions.policy);
        let address = &choice.address;
        let program = definitions.program(message.program.as_str());
        let topic = program.and_then(|program| program.topic.as_deref());
        let from = &definitions.shop.from;
        let urls = Urls::of(links, message, address, topic, policy.confirm_within, from);
        let data = Data::of(profile, message, definitions, &urls, now);
        let data = data.with_recommendations(recommended, definitions);
        let data = match waiting.given.as_ref() {
            Some(given) => data.with_coupon(&code::issued(given, definitions)),
            None => data,
        };
        let content = definitions.templates.get(&message.template);
        let content = content.ok_or(Unwritten::NoContent(address.channel()))?;
        let mut written = write(content, address.channel(), &data, now)?;
        let targets = match links.filter(|_| policy.track_clicks) {
            Some(links) => written.track_clicks(links, &message.id),
            None => Vec::new(),
        };
        Ok((written, urls, targets))
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
