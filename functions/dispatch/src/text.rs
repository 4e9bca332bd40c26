//! What a message says: its code, its recommendations, its links, and the content filled with them.

use attune_aws::store::{StoreError, StoredMessage, Told};
use attune_domain::cart::Product;
use attune_domain::channel::Channel;
use attune_domain::content::{Data, Draft, Unwritten, draft};
use attune_domain::decide::Choice;
use attune_domain::definitions::Content;
use attune_domain::link::{Urls, WebUrl};
use attune_domain::message::Class;
use attune_domain::time::Timestamp;
use serde_json::{Map, Value};

use crate::Deps;
use crate::code;
use crate::facts::Facts;

/// A text that is ready to be handed over.
#[derive(Debug)]
pub(crate) struct Text {
    /// What it says, and what was noted when it was written.
    pub(crate) draft: Draft,
    /// Where its short links lead.
    pub(crate) targets: Vec<WebUrl>,
    /// What the law takes it for.
    pub(crate) class: Class,
    /// The page that mail clients are told of. Nobody unsubscribes from a receipt, nor from the
    /// question whether they meant to subscribe.
    pub(crate) unsubscribe: Option<String>,
}

impl Text {
    /// Writes a message for a choice. `waiting` has the code that it gives.
    pub(crate) async fn write(
        deps: &Deps,
        facts: &Facts<'_>,
        waiting: &StoredMessage,
        choice: &Choice,
        event: Map<String, Value>,
        now: Timestamp,
    ) -> Result<Result<Self, Unwritten>, StoreError> {
        let shown = Shown { recommended: recommended(deps, facts, now).await?, event };
        Ok(fill(deps, facts, waiting, choice, shown, now))
    }
}

/// What is read for the content only if it shows it.
struct Shown {
    recommended: Vec<Product>,
    event: Map<String, Value>,
}

/// What the event said that the message follows, if the content shows it.
pub(crate) async fn event(deps: &Deps, facts: &Facts<'_>) -> Result<Told, StoreError> {
    let message = facts.message();
    let content = facts.profile.definitions.templates.get(&message.template);
    let shown = content.is_some_and(Content::reads_event);
    match message.event.as_ref().filter(|_| shown) {
        Some(key) => deps.store.told(key).await,
        None => Ok(Told::There(Map::new())),
    }
}

/// Products to recommend, if the content shows some: nobody else pays for the reading.
async fn recommended(
    deps: &Deps,
    facts: &Facts<'_>,
    now: Timestamp,
) -> Result<Vec<Product>, StoreError> {
    let content = facts.profile.definitions.templates.get(&facts.message().template);
    if !content.is_some_and(|content| content.reads("recommendations")) {
        return Ok(Vec::new());
    }
    let recommended = deps.store.recommendations(&facts.profile, now).await?;
    Ok(recommended.into_iter().map(|one| one.product).collect())
}

fn fill(
    deps: &Deps,
    facts: &Facts<'_>,
    waiting: &StoredMessage,
    choice: &Choice,
    shown: Shown,
    now: Timestamp,
) -> Result<Text, Unwritten> {
    let (message, definitions) = (facts.message(), &facts.profile.definitions);
    let (profile, address) = (&facts.profile.profile, &choice.address);
    let channel: Channel = address.channel();
    let program = definitions.program(message.program.as_str());
    let topic = program.and_then(|program| program.topic.as_deref());
    let (links, confirm_within) = (deps.links.as_ref(), definitions.policy.confirm_within);
    let urls = match links {
        Some(links) => Urls::of(links, message, &profile.id, address, topic, confirm_within),
        None => Urls::harmless(&definitions.shop.url),
    };
    let data = Data::of(profile, message, definitions, &urls, now);
    let data = data.with_recommendations(shown.recommended).with_event(shown.event);
    let data = match waiting.given.as_ref() {
        Some(given) => data.with_coupon(&code::issued(given, definitions)),
        None => data,
    };
    let content = definitions.templates.get(&message.template);
    let content = content.ok_or(Unwritten::NoContent(channel))?;
    let mut draft = draft(content, channel, &data, now)?;
    let targets = match links.filter(|_| definitions.policy.track_clicks) {
        Some(links) => draft.written.track_clicks(links, &message.id),
        None => Vec::new(),
    };
    let class = definitions.class_of(&message.program);
    let leaves = links.is_some() && class == Class::Marketing;
    Ok(Text { draft, targets, class, unsubscribe: leaves.then_some(urls.unsubscribe) })
}
