//! Who follows a link, as far as the headers of the request tell.

use attune_domain::channel::Channel;
use attune_domain::feedback::{Visit, Visited};
use attune_domain::time::Span;
use axum::http::{HeaderMap, HeaderName, header};

/// Headers by which browsers say that nobody has clicked yet.
const AHEAD: [HeaderName; 3] = [
    HeaderName::from_static("sec-purpose"),
    HeaderName::from_static("purpose"),
    HeaderName::from_static("x-moz"),
];

/// The sign by which a machine is recognised that follows a link, `after` the message arrived, or
/// was handed over; none of a person. The address that a gateway sees is another gateway's, so it says nothing.
pub(crate) fn sign(headers: &HeaderMap, channel: Channel, after: Span) -> Option<&'static str> {
    let text = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let ahead = |name: &HeaderName| {
        text(name).is_some_and(|value| value.contains("prefetch") || value.contains("preview"))
    };
    let visit = Visit {
        what: Visited::Followed,
        agent: text(&header::USER_AGENT).unwrap_or_default(),
        ip: "",
        ahead: AHEAD.iter().any(ahead),
        bare: !headers.contains_key(header::ACCEPT_LANGUAGE),
        after: (channel == Channel::Email).then_some(after),
    };
    visit.sign_of_a_machine()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

    #[test]
    fn a_browser_says_what_it_reads_and_that_it_looks_ahead() {
        let mut headers = HeaderMap::new();
        let later = Span::minutes(9);
        assert_eq!(sign(&headers, Channel::Sms, later), Some("no agent"));
        headers.insert(header::USER_AGENT, FIREFOX.parse().unwrap());
        assert_eq!(sign(&headers, Channel::Email, later), Some("no browser"));
        headers.insert(header::ACCEPT_LANGUAGE, "fr-CA,fr;q=0.8".parse().unwrap());
        assert_eq!(sign(&headers, Channel::Email, later), None);
        headers.insert("sec-purpose", "prefetch;prerender".parse().unwrap());
        assert_eq!(sign(&headers, Channel::Email, later), Some("ahead of a click"));
    }

    #[test]
    fn haste_is_a_sign_only_where_scanners_come_first() {
        let headers = [(header::USER_AGENT, FIREFOX), (header::ACCEPT_LANGUAGE, "fr")];
        let headers = headers.map(|(name, value)| (name, value.parse().unwrap()));
        let headers = headers.into_iter().collect();
        assert_eq!(sign(&headers, Channel::Email, Span::seconds(4)), Some("too soon"));
        assert_eq!(sign(&headers, Channel::Push, Span::seconds(4)), None);
    }
}
