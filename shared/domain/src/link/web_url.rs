//! A URL of the web that a link may go on to.

use std::fmt;

/// Bytes of a URL. Browsers take more; mail clients break lines and proxies cut.
const URL_BYTES: usize = 2_048;

/// An absolute `http` or `https` URL in plain ASCII.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebUrl(String);

/// The text is not a URL that a link may go on to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a web address; expected `https://` and a host, without a user, of at most 2,048 bytes"
)]
pub struct NotAWebUrl;

impl WebUrl {
    /// Reads `https://…` or `http://…`. Blanks and letters beyond ASCII in path and query are
    /// encoded, as browsers do.
    ///
    /// Refuses what readers of URLs are known to disagree about: a user before the host, a
    /// backslash, a control character.
    pub fn parse(text: &str) -> Result<Self, NotAWebUrl> {
        let text = text.trim_matches(' ');
        let scheme = ["https://", "http://"].into_iter().find(|scheme| {
            text.get(..scheme.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(scheme))
        });
        let scheme = scheme.ok_or(NotAWebUrl)?;
        let rest = text.get(scheme.len()..).ok_or(NotAWebUrl)?;
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (host, rest) = rest.split_at(end);
        if !is_host(host) || rest.contains(|c: char| c == '\\' || c.is_control()) {
            return Err(NotAWebUrl);
        }
        let url = format!("{scheme}{host}{}", encoded(rest));
        if url.len() > URL_BYTES { Err(NotAWebUrl) } else { Ok(Self(url)) }
    }

    /// The URL.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for WebUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A name or an address, with a port or without.
fn is_host(host: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._:[]".contains(&b);
    host.bytes().all(plain) && host.bytes().any(|b| b.is_ascii_alphanumeric())
}

fn encoded(rest: &str) -> String {
    let mut url = String::with_capacity(rest.len());
    for byte in rest.bytes() {
        if byte.is_ascii_graphic() && !b"\"<>`".contains(&byte) {
            url.push(char::from(byte));
        } else {
            url.push_str(&format!("%{byte:02X}"));
        }
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shops_page_is_one() {
        for (text, url) in [
            ("https://shop.example.com", "https://shop.example.com"),
            (" HTTPS://shop.example/a?b=c&d#e ", "https://shop.example/a?b=c&d#e"),
            ("http://127.0.0.1:8787/é ü", "http://127.0.0.1:8787/%C3%A9%20%C3%BC"),
            ("https://shop.example/%C3%A9\"<>", "https://shop.example/%C3%A9%22%3C%3E"),
        ] {
            assert_eq!(WebUrl::parse(text).unwrap().as_str(), url);
        }
    }

    #[test]
    fn what_readers_disagree_about_is_none() {
        for text in [
            "",
            "/cart",
            "//evil.example",
            "https:",
            "https://",
            "https:///evil.example",
            "https:evil.example",
            "https:\\\\evil.example",
            "https://shop.example\\@evil.example",
            "https://shop.example@evil.example/",
            "https://shop.example:80@evil.example",
            "https://shop.example/\r\nSet-Cookie: a=b",
            "https://shop.example/\u{0}",
            "https://\tevil.example",
            "java\tscript:alert(1)",
            "javascript:alert(1)//https://",
            "data:text/html,https://",
            "mailto:ada@example.com",
            "tel:+33612345678",
            "ftp://shop.example",
            "https://shop。example",
            "https://%65vil.example",
        ] {
            assert_eq!(WebUrl::parse(text), Err(NotAWebUrl), "{text:?}");
        }
        assert!(WebUrl::parse(&format!("https://a.example/{}", "x".repeat(2_048))).is_err());
    }
}
