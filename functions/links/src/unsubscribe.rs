//! `/u/{token}`: no more messages like this one.

use attune_aws::store::Stored;
use attune_domain::card::{Choice, Status};
use attune_domain::channel::Channel;
use attune_domain::link::Link;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use maud::{Markup, html};
use serde_json::Map;

use crate::Deps;
use crate::acts::{self, address};
use crate::failure::Failure;
use crate::form::Form;
use crate::link::Opened;
use crate::page::{self, Names};
use crate::words::Words;

/// What the page is about.
struct Scene {
    stored: Stored,
    /// The name under which the store knows the address that the message went to.
    to: Option<String>,
    channel: Channel,
    topic: Option<String>,
    preferences: String,
    words: &'static Words,
}

/// What somebody wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wish {
    /// Nothing more on this channel.
    Nothing,
    /// Nothing more about the topic.
    NotThis,
    /// Less.
    Less,
}

/// Shows the button.
pub(crate) async fn show(
    State(deps): State<Deps>,
    Opened(link): Opened,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let scene = Scene::of(&deps, &link, &headers).await?;
    Ok(scene.page(&scene.question()))
}

/// Does it: by the button, or by one click in a mail client. Again and again is once.
pub(crate) async fn take(
    State(deps): State<Deps>,
    Opened(link): Opened,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    let form = Form::read(&headers, &body);
    let scene = Scene::of(&deps, &link, &headers).await?;
    let (wish, source) = match form.get("wish") {
        _ if form.is_one_click() => (Wish::Nothing, "one-click"),
        Some("nothing") => (Wish::Nothing, "unsubscribe page"),
        Some("not-this") if scene.topic.is_some() => (Wish::NotThis, "unsubscribe page"),
        Some("less") => (Wish::Less, "unsubscribe page"),
        _ => return Err(Failure::Unreadable),
    };
    scene.fulfil(&deps, wish, source).await?;
    Ok(scene.page(&scene.done(wish)))
}

impl Scene {
    async fn of(deps: &Deps, link: &Link, headers: &HeaderMap) -> Result<Self, Failure> {
        let Link::Unsubscribe { message } = link else { return Err(Failure::NotFound) };
        let (message, channel) = acts::message(deps, message).await?;
        let stored = acts::customer(deps, message.whose()).await?;
        let program = stored.definitions.program(message.message.program.as_str());
        let topic = program.and_then(|program| program.topic.clone());
        let customer = stored.profile.id.clone();
        let preferences = acts::preferences(deps, &customer);
        let words = Words::of(&stored.profile.card, headers);
        Ok(Self { stored, to: message.to, channel, topic, preferences, words })
    }

    async fn fulfil(&self, deps: &Deps, wish: Wish, source: &str) -> Result<(), Failure> {
        let (profile, now) = (&self.stored.profile, deps.clock.now());
        if wish == Wish::Less {
            let less = Map::from_iter([("message_frequency".to_owned(), "less".into())]);
            let event = acts::tell(&profile.card, &profile.id, less, now);
            return acts::apply(deps, &profile.id, event.as_slice()).await;
        }
        let Some(address) = address(&profile.card, self.channel) else { return Ok(()) };
        let topic = self.topic.as_deref().filter(|_| wish == Wish::NotThis);
        let wording = self.names().fill(match wish {
            Wish::NotThis => self.words.not_this,
            Wish::Nothing | Wish::Less => self.words.unsubscribe_ask,
        });
        let status = Status::Withdrawn;
        let choice = Choice { address, topic, status, source, wording };
        if let Some(to) = &self.to {
            acts::withdraw(deps, &profile.id, to, &choice).await?;
        }
        acts::choose(deps, &self.stored, &choice).await
    }

    fn names(&self) -> Names<'_> {
        Names {
            shop: &self.stored.definitions.shop.name,
            channel: self.words.channel(self.channel),
            topic: self.words.topic(&self.stored, self.topic.as_deref()),
            address: String::new(),
        }
    }

    fn question(&self) -> Markup {
        let (words, names) = (self.words, self.names());
        html! {
            h1 { (words.unsubscribe) }
            p { (names.fill(words.unsubscribe_ask)) }
            form method="post" {
                p { button name="wish" value="nothing" { (words.unsubscribe) } }
                @if self.topic.is_some() {
                    p { button.quiet name="wish" value="not-this" { (names.fill(words.not_this)) } }
                }
                p { button.quiet name="wish" value="less" { (words.less) } }
            }
            p { a href=(self.preferences) { (words.preferences) } }
        }
    }

    fn done(&self, wish: Wish) -> Markup {
        let (words, names) = (self.words, self.names());
        let told = match wish {
            Wish::Nothing => words.unsubscribed,
            Wish::NotThis => words.not_this_done,
            Wish::Less => words.less_done,
        };
        html! {
            h1 { (names.fill(told)) }
            p { (words.mistake) " " a href=(self.preferences) { (words.preferences) } }
        }
    }

    fn page(&self, content: &Markup) -> Response {
        page::page(self.words, self.words.unsubscribe, content)
    }
}
