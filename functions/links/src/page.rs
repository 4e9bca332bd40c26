//! What all pages have: frame, style, headers. No script, nothing from elsewhere.

use std::sync::LazyLock;

use attune_domain::address::Address;
use attune_domain::channel::Channel;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, header};
use axum::middleware::Next;
use axum::response::IntoResponse as _;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest as _, Sha256};

use crate::failure::Failure;
use crate::words::Words;

/// Contrast is at least 7 : 1 in both schemes; fields and buttons are at least 44 pixels high.
const STYLE: &str = include_str!("style.css");

/// Only our own style, and forms that come back here.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = BASE64_STANDARD.encode(Sha256::digest(STYLE));
    format!(
        "default-src 'none'; style-src 'sha256-{hash}'; form-action 'self'; base-uri 'none'; \
         frame-ancestors 'none'"
    )
});

/// A page in the customer's language.
pub(crate) fn page(words: &Words, title: &str, content: &Markup) -> Response<Body> {
    let page = html! {
        (DOCTYPE)
        html lang=(words.tag) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="robots" content="noindex";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body { main { (content) } }
        }
    };
    let kind = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
    (kind, page.into_string()).into_response()
}

/// Makes pages of failures, in the language that the browser asks for, and adds the headers that
/// every answer has.
pub(crate) async fn finish(request: Request, next: Next) -> Response<Body> {
    let words = Words::asked_for(request.headers());
    let mut response = next.run(request).await;
    if let Some(failure) = response.extensions().get::<Failure>() {
        let (title, told) = match failure {
            Failure::NotFound => (words.not_found, words.not_found_told),
            Failure::Unreadable => (words.unreadable, words.unreadable_told),
            Failure::TryAgain => (words.try_again, words.try_again_told),
        };
        let shown = page(words, title, &html! { h1 { (title) } p { (told) } });
        let (mut head, _) = response.into_parts();
        head.headers.remove(header::CONTENT_LENGTH);
        let (shown_head, body) = shown.into_parts();
        head.headers.extend(shown_head.headers);
        response = Response::from_parts(head, body);
    }
    add_headers(response.headers_mut());
    response
}

fn add_headers(headers: &mut HeaderMap) {
    let policy =
        HeaderValue::from_str(&POLICY).unwrap_or(HeaderValue::from_static("default-src 'none'"));
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        // The token is in the address: it goes nowhere.
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (HeaderName::from_static("x-robots-tag"), "noindex"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

/// Names that stand in sentences.
pub(crate) struct Names<'a> {
    pub(crate) shop: &'a str,
    pub(crate) channel: &'a str,
    pub(crate) topic: &'a str,
    pub(crate) address: String,
}

impl Names<'_> {
    /// A sentence with its names in their places.
    pub(crate) fn fill(&self, sentence: &str) -> String {
        let mut filled = String::new();
        let mut rest = sentence;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, behind) = after.split_once('}').unwrap_or((after, ""));
            filled.push_str(before);
            filled.push_str(match name {
                "shop" => self.shop,
                "channel" => self.channel,
                "topic" => self.topic,
                _ => &self.address,
            });
            rest = behind;
        }
        filled + rest
    }
}

/// An address as its owner knows it and nobody else can read it: `a…@e….com`, `…78`.
pub(crate) fn veiled(address: &Address) -> String {
    let text = address.text();
    let first = |text: &str| text.chars().next().map(String::from).unwrap_or_default();
    match address.channel() {
        Channel::Email => {
            let (local, domain) = text.rsplit_once('@').unwrap_or((text, ""));
            let (name, end) = domain.rsplit_once('.').unwrap_or((domain, ""));
            format!("{}…@{}….{end}", first(local), first(name))
        }
        Channel::Sms => {
            format!("…{}", text.get(text.len().saturating_sub(2)..).unwrap_or_default())
        }
        Channel::Push => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_veiled() {
        assert_eq!(veiled(&Address::email("ada@example.co.uk").unwrap()), "a…@e….uk");
        assert_eq!(veiled(&Address::phone("+33612345678").unwrap()), "…78");
    }

    #[test]
    fn names_are_put_in_once() {
        let names =
            Names { shop: "{topic}", channel: "e-mails", topic: "x", address: String::new() };
        assert_eq!(names.fill("No more {channel} from {shop}."), "No more e-mails from {topic}.");
    }
}
