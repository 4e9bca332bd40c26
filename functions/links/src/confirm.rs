//! `/o/{token}`: the second half of a double opt-in. Whoever follows the link has the address. After
//! `policy.confirm_within` it confirms nothing any more, nor after the person said no since.

use attune_aws::store::Stored;
use attune_domain::address::Address;
use attune_domain::card::{Card, Choice, Status};
use attune_domain::link::Link;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use maud::{Markup, html};

use crate::Deps;
use crate::acts;
use crate::failure::Failure;
use crate::link::Opened;
use crate::page::{self, Names, veiled};
use crate::words::Words;

/// What the page is about.
struct Scene {
    stored: Stored,
    topic: Option<String>,
    address: Address,
    /// Why the link confirms nothing any more.
    spent: Option<Spent>,
    preferences: String,
    words: &'static Words,
}

/// Why a link confirms nothing any more.
#[derive(Clone, Copy)]
enum Spent {
    /// It is too old.
    TooLate,
    /// The person said no after it was sent: the newer act wins.
    SaidNo,
}

/// Shows the button.
pub(crate) async fn show(
    State(deps): State<Deps>,
    Opened(link): Opened,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let scene = Scene::of(&deps, link, &headers).await?;
    Ok(match scene.spent {
        Some(spent) => scene.told(spent),
        None => scene.page(&scene.question()),
    })
}

/// Grants. Again and again is once.
pub(crate) async fn take(
    State(deps): State<Deps>,
    Opened(link): Opened,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let scene = Scene::of(&deps, link, &headers).await?;
    if let Some(spent) = scene.spent {
        return Ok(scene.told(spent));
    }
    let choice = Choice {
        address: scene.address.clone(),
        topic: scene.topic.as_deref(),
        status: Status::Granted,
        source: "double opt-in",
        wording: scene.asked(),
    };
    acts::choose(&deps, &scene.stored, &choice).await?;
    // The address is asked once, under however many ids.
    let (own, key) = (&scene.stored.profile.id, scene.address.key());
    let asked = |card: &Card| card.awaits(scene.address.channel(), scene.topic.as_deref());
    acts::choose_for_others(&deps, own, &key, &choice, asked).await?;
    Ok(scene.page(&scene.done()))
}

impl Scene {
    async fn of(deps: &Deps, link: Link, headers: &HeaderMap) -> Result<Self, Failure> {
        let Link::Confirm { customer, topic, address, until } = link else {
            return Err(Failure::NotFound);
        };
        let stored = acts::customer(deps, &customer).await?;
        let preferences = acts::preferences(deps, &stored.profile.id);
        let words = Words::of(&stored.profile.card, headers);
        let (card, channel) = (&stored.profile.card, address.channel());
        let sent = until - stored.definitions.policy.confirm_within;
        let spent = if card.said_no_since(channel, topic.as_deref(), sent) {
            Some(Spent::SaidNo)
        } else if deps.clock.now() >= until {
            Some(Spent::TooLate)
        } else {
            None
        };
        Ok(Self { stored, topic, address, spent, preferences, words })
    }

    /// Whether the link did its work before: whoever follows it once more is told so again.
    fn was_confirmed(&self) -> bool {
        let (card, channel) = (&self.stored.profile.card, self.address.channel());
        let act = card.act(channel, self.topic.as_deref(), self.address.text());
        act.is_some_and(|act| act.status == Status::Granted)
    }

    fn names(&self) -> Names<'_> {
        Names {
            shop: &self.stored.definitions.shop.name,
            channel: self.words.channel(self.address.channel()),
            topic: self.words.topic(&self.stored, self.topic.as_deref()),
            address: veiled(&self.address),
        }
    }

    fn asked(&self) -> String {
        self.names().fill(match self.topic {
            Some(_) => self.words.confirm_ask_topic,
            None => self.words.confirm_ask,
        })
    }

    fn question(&self) -> Markup {
        html! {
            h1 { (self.words.confirm) }
            p { (self.asked()) }
            form method="post" { p { button { (self.words.confirm_button) } } }
        }
    }

    fn done(&self) -> Markup {
        html! {
            h1 { (self.names().fill(self.words.confirmed)) }
            p { a href=(self.preferences) { (self.words.preferences) } }
        }
    }

    /// Says why the link confirms nothing, and how one comes back.
    fn told(&self, spent: Spent) -> Response {
        if self.was_confirmed() {
            return self.page(&self.done());
        }
        let words = self.words;
        let (title, told) = match spent {
            Spent::TooLate => (words.too_late, words.too_late_told),
            Spent::SaidNo => (words.said_no, words.said_no_told),
        };
        let content = html! {
            h1 { (title) }
            p { (self.names().fill(told)) }
            @if let Spent::SaidNo = spent {
                p { a href=(self.preferences) { (words.preferences) } }
            }
        };
        let page = page::page(words, title, &content);
        (StatusCode::GONE, page).into_response()
    }

    fn page(&self, content: &Markup) -> Response {
        page::page(self.words, self.words.confirm, content)
    }
}
