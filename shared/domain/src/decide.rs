//! Whether a message goes out, on which channel, and if not, why not.
//!
//! One pure function, asked when the message is due and again for every claim. Legal reasons come
//! before commercial ones, so that what is stored is the reason that matters most.

use crate::address::Address;
use crate::channel::Channel;
use crate::definitions::{Content, Definitions};
use crate::message::{Dropped, Held, Message};
use crate::plan::Version;
use crate::profile::Profile;
use crate::program::Program;
use crate::time::{Span, Timestamp};

/// What a decision looks at.
pub struct Situation<'a> {
    /// The message.
    pub message: &'a Message,
    /// To whom.
    pub profile: &'a Profile,
    /// The shop's definitions.
    pub definitions: &'a Definitions,
    /// Addresses that must not be written to, of those that the profile has.
    pub suppressed: &'a [Address],
    /// Channels on which a sender already refused this message.
    pub refused: &'a [Channel],
}

/// What to do about a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Send it there.
    Send(Choice),
    /// Not before then.
    Hold(Held, Timestamp),
    /// Never.
    Drop(Dropped),
    /// It is too late.
    Expire,
}

/// A channel, an address on it, and why this one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// Where to.
    pub address: Address,
    /// Why this channel.
    pub because: Because,
}

/// Why a channel was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Because {
    /// The customer said so.
    Stated,
    /// The shop's policy says so.
    Policy,
}

impl Because {
    /// `stated` or `policy`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stated => "stated",
            Self::Policy => "policy",
        }
    }
}

/// How long a message waits for a profile whose features are being rebuilt.
const NOT_YET: Span = Span::minutes(15);

/// Decides about a message at `now`.
pub fn decide(situation: &Situation<'_>, now: Timestamp) -> Decision {
    let Situation { message, profile, definitions, .. } = situation;
    let program = definitions.program(message.program.as_str());
    let content = definitions.templates.get(&message.template);
    let (Some(program), Some(content)) = (program, content) else {
        return Decision::Drop(Dropped::NoProgram);
    };
    let choice = match choose(situation, program, content) {
        Ok(choice) => choice,
        Err(dropped) => return Decision::Drop(dropped),
    };
    if now >= message.expires {
        return Decision::Expire;
    }
    match goal(program, profile, definitions, now) {
        Goal::Reached => return Decision::Drop(Dropped::GoalReached),
        Goal::NotYetKnown => return Decision::Hold(Held::NotYet, now + NOT_YET),
        Goal::Open => {}
    }
    if program.about_cart && left_in_cart(profile, definitions, now).next().is_none() {
        return Decision::Drop(Dropped::NothingLeft);
    }
    Decision::Send(choice)
}

/// The first channel, in the customer's order and then the policy's, that has an address, consent
/// and content. What it lacks furthest on is the reason why there is none.
fn choose(
    situation: &Situation<'_>,
    program: &Program,
    content: &Content,
) -> Result<Choice, Dropped> {
    let card = &situation.profile.card;
    let stated = card.preference().channels.into_iter().map(|channel| (channel, Because::Stated));
    let policy = situation.definitions.policy.channels.iter();
    let policy = policy.map(|channel| (*channel, Because::Policy));
    let mut reason = Dropped::NoChannel;
    for (channel, because) in stated.chain(policy) {
        let Some(address) = card.address(channel).filter(|_| content.has(channel)) else {
            continue;
        };
        if situation.refused.contains(&channel) {
            continue;
        }
        if situation.suppressed.contains(&address) {
            reason = Dropped::Suppressed;
        } else if card.allows(channel, program.topic.as_deref()) {
            return Ok(Choice { address, because });
        } else if reason == Dropped::NoChannel {
            reason = Dropped::NoConsent;
        }
    }
    Err(reason)
}

enum Goal {
    Open,
    Reached,
    NotYetKnown,
}

fn goal(program: &Program, profile: &Profile, definitions: &Definitions, now: Timestamp) -> Goal {
    let Some(rule) = &program.goal else { return Goal::Open };
    let slots = rule.slots().into_iter().filter_map(|at| definitions.plan.slots().get(at));
    let own = slots.filter(|slot| !slot.memory.is_of_card()).map(|slot| slot.since);
    let segments = rule.segments().into_iter().filter_map(|at| definitions.segments.get(at));
    let since = own.chain(segments.map(|segment| segment.since)).max();
    if since.unwrap_or(Version(0)) > profile.core.made_for {
        return Goal::NotYetKnown;
    }
    let now = now.max(profile.core.as_of);
    match definitions.answer(rule, &profile.core, now).holds {
        true => Goal::Reached,
        false => Goal::Open,
    }
}

/// What is in the cart, without what was bought just now.
pub fn left_in_cart<'a>(
    profile: &'a Profile,
    definitions: &'a Definitions,
    now: Timestamp,
) -> impl Iterator<Item = crate::cart::Item> + 'a {
    let span = definitions.policy.just_bought;
    let bought = move |id: &str| profile.cart.just_bought(id, span, now);
    profile.cart.items().into_iter().filter(move |item| !bought(&item.product.id))
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use serde_json::json;

    use super::*;
    use crate::testing::{Life, at, definitions, did, is, order};

    const SHOP: &str = "
segments:
  - { id: waiting, when: { waiting: { since: Product Added, without: Order Completed, for: 1h, at_most: 7d } } }
  - { id: customers, when: { event: Order Completed } }
templates:
  - id: cart
    email: { subject: Your cart, html: '{{ cart.items.size }}', text: '{{ cart.items.size }}' }
    sms: Your cart
programs:
  - id: reminder
    enter: waiting
    again: { after: 7d }
    goal: { event: Order Completed, within: 1h }
    send: { template: cart, max_lateness: 6h, about: cart }
";

    /// A customer with both addresses and consents left a red thing at ten; then `more` happened.
    #[track_caller]
    fn check(more: &[crate::event::Event], suppressed: &[&str], now: &str, expected: Expect) {
        let definitions = definitions(SHOP);
        let mut life = Life::new(&definitions, "2026-01-01");
        let ada = json!({"email": "ada@example.com", "phone": "+33612345678"});
        life.event(&is("2026-01-01T08:00:00Z", ada));
        for channel in ["email", "sms"] {
            life.event(&did(
                "Consent Granted",
                "2026-01-01T09:00:00Z",
                json!({"channel": channel}),
            ));
        }
        life.event(&did("Product Added", "2026-01-01T10:00:00Z", json!({"product_id": "red"})));
        life.tick("2026-01-01T11:00:00Z");
        more.iter().for_each(|event| life.event(event));
        let suppressed: Vec<Address> =
            suppressed.iter().map(|text| Address::email(text).unwrap()).collect();
        let situation = Situation {
            message: &life.messages[0],
            profile: &life.profile,
            definitions: &definitions,
            suppressed: &suppressed,
            refused: &[],
        };
        let told = match decide(&situation, at(now)) {
            Decision::Send(Choice { address, because }) => {
                format!("send {} ({})", address.channel(), because.as_str())
            }
            other => format!("{other:?}"),
        };
        expected.assert_eq(&told);
    }

    #[test]
    fn the_policys_first_channel_is_taken_unless_the_customer_says_otherwise() {
        check(&[], &[], "2026-01-01T11:00:00Z", expect!["send email (policy)"]);
        let prefers = is("2026-01-01T11:00:00Z", json!({"preferred_channel": "sms"}));
        check(&[prefers], &[], "2026-01-01T11:00:00Z", expect!["send sms (stated)"]);
    }

    #[test]
    fn a_suppressed_address_is_not_written_to_whatever_the_consent() {
        let told = expect!["send sms (policy)"];
        check(&[], &["ada@example.com"], "2026-01-01T11:00:00Z", told);
        let stop = did("Consent Withdrawn", "2026-01-01T11:00:00Z", json!({"channel": "sms"}));
        let told = expect!["Drop(Suppressed)"];
        check(&[stop], &["ada@example.com"], "2026-01-01T11:00:00Z", told);
    }

    #[test]
    fn who_withdrew_gets_nothing_even_when_it_is_too_late_anyway() {
        let stop =
            |channel| did("Consent Withdrawn", "2026-01-01T11:00:00Z", json!({"channel": channel}));
        check(
            &[stop("email"), stop("sms")],
            &[],
            "2026-01-02T11:00:00Z",
            expect!["Drop(NoConsent)"],
        );
    }

    #[test]
    fn a_message_expires_at_its_last_instant() {
        check(&[], &[], "2026-01-01T16:59:59.999Z", expect!["send email (policy)"]);
        check(&[], &[], "2026-01-01T17:00:00Z", expect!["Expire"]);
    }

    #[test]
    fn a_goal_that_is_reached_ends_it() {
        let order = order("1", "2026-01-01T11:00:00Z", 9.0);
        check(&[order], &[], "2026-01-01T11:00:00Z", expect!["Drop(GoalReached)"]);
    }

    #[test]
    fn what_was_just_bought_is_not_sold_again() {
        let products = json!({"order_id": "1", "products": [{"product_id": "red"}]});
        let bought = did("Order Completed", "2026-01-01T11:00:00Z", products);
        let again = did("Product Added", "2026-01-01T11:05:00Z", json!({"product_id": "red"}));
        check(&[bought, again], &[], "2026-01-01T13:00:00Z", expect!["Drop(NothingLeft)"]);
    }
}
