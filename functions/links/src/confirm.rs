//! `/o/{token}`: the second half of a double opt-in. Whoever follows the link has the address.

use attune_aws::store::Stored;
use attune_domain::address::Address;
use attune_domain::card::{Choice, Status};
use attune_domain::link::Link;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
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
    preferences: String,
    words: &'static Words,
}

/// Shows the button.
pub(crate) async fn show(
    State(deps): State<Deps>,
    Opened(link): Opened,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let scene = Scene::of(&deps, link, &headers).await?;
    Ok(scene.page(&scene.question()))
}

/// Grants. Again and again is once.
pub(crate) async fn take(
    State(deps): State<Deps>,
    Opened(link): Opened,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let scene = Scene::of(&deps, link, &headers).await?;
    let wording = scene.asked();
    let choice = Choice {
        channel: scene.address.channel(),
        topic: scene.topic.as_deref(),
        address: scene.address.text(),
        status: Status::Granted,
        source: "double opt-in",
        wording: &wording,
    };
    acts::choose(&deps, &scene.stored, &[choice]).await?;
    Ok(scene.page(&scene.done()))
}

impl Scene {
    async fn of(deps: &Deps, link: Link, headers: &HeaderMap) -> Result<Self, Failure> {
        let Link::Confirm { customer, topic, address } = link else {
            return Err(Failure::NotFound);
        };
        let stored = acts::customer(deps, &customer).await?;
        let preferences = acts::preferences(deps, &stored.profile.id);
        let words = Words::of(&stored.profile.card, headers);
        Ok(Self { stored, topic, address, preferences, words })
    }

    fn names(&self) -> Names<'_> {
        let definitions = &self.stored.definitions;
        Names {
            shop: &definitions.shop.name,
            channel: self.words.channel(self.address.channel()),
            topic: self.topic.as_deref().map_or("", |id| definitions.policy.topic_name(id)),
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

    fn page(&self, content: &Markup) -> Response {
        page::page(self.words, self.words.confirm, content)
    }
}
