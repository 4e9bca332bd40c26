//! Claims: the moment at which a message becomes one that is being sent.
//!
//! One transaction moves it to `sending`, writes the profile on the condition of the version that
//! was decided upon, and books it on the row of the address, if that is not suppressed, nothing else was
//! booked there since, and nobody unsubscribed it. What was acknowledged before the claim is therefore
//! seen by it, and a message is being sent by one process only.

use attune_domain::booking::Booking;
use attune_domain::decide::Choice;
use attune_domain::id::CustomerId;
use attune_domain::link::WebUrl;
use attune_domain::message::{Class, Message};
use attune_domain::ring::Known;
use attune_domain::step::{Input, step};
use attune_domain::time::Timestamp;
use aws_sdk_dynamodb::types::{TransactWriteItem, Update};

use super::addresses::AddressRow;
use super::commit::{Committed, Work};
use super::item::{number, text};
use super::messages::Stored;
use super::profiles::Stored as StoredProfile;
use super::{Store, StoreError, Table};

/// A claimed message: whoever holds this may send it, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The message.
    pub message: Message,
    /// Where to.
    pub choice: Choice,
    /// How often it was claimed, this time included.
    pub attempts: u32,
    /// When others give it up.
    pub deadline: Timestamp,
    pub(super) attempt: String,
}

/// What became of a claim.
#[derive(Debug)]
pub enum Claimed {
    /// It is ours to send.
    Yes(Box<Claim>),
    /// Something changed since the decision: read and decide again.
    DecideAgain,
}

/// What is to be claimed, and what that was decided upon.
#[derive(Debug)]
pub struct Wanted<'a> {
    /// The message.
    pub waiting: &'a Stored,
    /// Whose it is, as it was read.
    pub profile: StoredProfile,
    /// Where to.
    pub choice: Choice,
    /// What is known of that address, as it was read.
    pub row: AddressRow,
    /// Names this claim and no other.
    pub attempt: &'a str,
    /// Until when whoever claims it may take.
    pub deadline: Timestamp,
}

impl Store {
    /// Claims a message.
    pub async fn claim(
        &self,
        mut wanted: Wanted<'_>,
        now: Timestamp,
    ) -> Result<Claimed, StoreError> {
        if wanted.profile.profile.core.ring.is_crowded(1) {
            self.confirm_rows(&mut wanted.profile, now).await?;
        }
        let Wanted { waiting, profile, choice, attempt, .. } = &wanted;
        let message = waiting.message.clone();
        let channel = choice.address.channel();
        let keep = profile.definitions.shop.history;
        let class = profile.definitions.class_of(&message.program);
        let mut event = message.sent_event(&profile.profile.id, channel, class, now);
        // A message that is claimed again after the sender asked to wait was booked already.
        let known = self.known(&profile.profile, &event).await?;
        let input = match known {
            Known::New => Input::Event(&event),
            Known::Applied(_) | Known::Done | Known::AskHistory => Input::Tick,
        };
        let mut stepped = step(profile.profile.clone(), input, &profile.definitions, now);
        if class == Class::Marketing && !stepped.behind {
            let most = profile.definitions.policy.remembered();
            stepped.profile.core.book(&message.id, channel, now, most);
        }
        let with = if stepped.behind { Vec::new() } else { self.claim_items(&wanted, class, now)? };
        let customer = stepped.profile.id.clone();
        let attempts = waiting.attempts + 1;
        let (choice, attempt) = (choice.clone(), (*attempt).to_owned());
        let work = Work {
            stored: wanted.profile,
            profile: stepped.profile,
            messages: stepped.messages,
            changes: stepped.changes,
            with,
            visits: false,
        };
        let claimed = match self.commit(work, now).await? {
            Committed::Yes(claimed) if !stepped.behind => claimed,
            _ => return Ok(Claimed::DecideAgain),
        };
        if let Known::Applied(booked) = &known {
            event.occurred = booked.occurred;
            event.filed.clone_from(&booked.filed);
        }
        if matches!(known, Known::New | Known::Applied(_)) {
            if known != Known::New {
                // Whoever claimed it before did not get here.
                self.project_again(&claimed, now).await?;
            }
            self.put_rows(std::slice::from_ref(&event), &customer, keep).await?;
        }
        if let Some(given) = wanted.waiting.given.as_ref().filter(|given| given.picked) {
            self.no_longer_free(given).await?;
        }
        let deadline = wanted.deadline;
        Ok(Claimed::Yes(Box::new(Claim { message, choice, attempts, deadline, attempt })))
    }

    /// What a claim is beside the profile: the message, the address, and the code that it takes.
    fn claim_items(
        &self,
        wanted: &Wanted<'_>,
        class: Class,
        now: Timestamp,
    ) -> Result<Vec<TransactWriteItem>, StoreError> {
        let Wanted { waiting, profile, choice, row, attempt, deadline } = wanted;
        let address = &choice.address;
        let whose = &profile.profile.id;
        let mut items = vec![self.claim_item(waiting, whose, choice, attempt, *deadline, now)?];
        items.push(if class == Class::Transactional {
            self.not_suppressed(address)?
        } else {
            let most = profile.definitions.policy.remembered();
            self.book(address, row, Booking::of(&waiting.message, now), most)?
        });
        if let Some(given) = waiting.given.as_ref().filter(|given| given.picked) {
            items.push(self.take_code(given, now)?);
        }
        Ok(items)
    }

    fn claim_item(
        &self,
        waiting: &Stored,
        whose: &CustomerId,
        choice: &Choice,
        attempt: &str,
        deadline: Timestamp,
        now: Timestamp,
    ) -> Result<TransactWriteItem, StoreError> {
        let given = waiting.given.as_ref();
        let mut also = given.map_or("", |_| ", coupon = :coupon, code = :code").to_owned();
        if !waiting.links.is_empty() {
            also += ", links = :links";
        }
        let whose = Some(whose).filter(|whose| **whose != waiting.message.customer);
        if whose.is_some() {
            also += ", whose = :whose";
        }
        let mut update = Update::builder()
            .table_name(self.table(Table::Messages))
            .key("id", text(waiting.message.id.as_str()))
            .update_expression(format!(
                "SET #state = :sending, attempt = :attempt, attempts = :attempts, \
                 deadline = :deadline, channel = :channel, #to = :to, because = :because, why = :why, \
                 changed = :now{also} REMOVE reason"
            ))
            .condition_expression("#state = :before AND changed = :changed")
            .expression_attribute_names("#state", "state")
            .expression_attribute_names("#to", "to")
            .expression_attribute_values(":to", text(choice.address.key()))
            .expression_attribute_values(":before", text(waiting.state.as_str()))
            .expression_attribute_values(":changed", number(waiting.changed.millis()))
            .expression_attribute_values(":sending", text("sending"))
            .expression_attribute_values(":attempt", text(attempt))
            .expression_attribute_values(":attempts", number(waiting.attempts + 1))
            .expression_attribute_values(":deadline", number(deadline.millis()))
            .expression_attribute_values(":channel", text(choice.address.channel().as_str()))
            .expression_attribute_values(":because", text(choice.because.as_str()))
            .expression_attribute_values(":why", text(choice.in_words()))
            .expression_attribute_values(":now", number(now.millis()));
        if let Some(given) = given {
            update = update
                .expression_attribute_values(":coupon", text(given.coupon.as_str()))
                .expression_attribute_values(":code", text(given.code.as_str()));
        }
        if !waiting.links.is_empty() {
            let links: Vec<&str> = waiting.links.iter().map(WebUrl::as_str).collect();
            update = update.expression_attribute_values(":links", text(links.join(" ")));
        }
        if let Some(whose) = whose {
            update = update.expression_attribute_values(":whose", text(whose.as_str()));
        }
        let update = update.build().map_err(StoreError::bug)?;
        Ok(TransactWriteItem::builder().update(update).build())
    }

    /// The claim that holds a message, if it is the one that `attempt` names: its answer was lost.
    pub fn own_claim(&self, stored: &Stored, choice: &Choice, attempt: &str) -> Option<Claim> {
        let ours = stored.is_sending() && stored.attempt.as_deref() == Some(attempt);
        let deadline = stored.deadline.filter(|_| ours)?;
        Some(Claim {
            message: stored.message.clone(),
            choice: choice.clone(),
            attempts: stored.attempts,
            deadline,
            attempt: attempt.to_owned(),
        })
    }
}
