//! Who follows a link: a person, or a machine that looks behind it first.
//!
//! Mail gateways follow every link of a mail within moments of its arrival, and messengers fetch
//! what a link leads to for a preview. Counted as people they spoil whatever is learned from clicks.
//! One that takes care to look like a person, and its time, is not recognised.

use attune_domain::channel::Channel;
use attune_domain::time::Span;
use axum::http::{HeaderMap, HeaderName, header};

/// Nobody has read a mail so soon after it was handed to SES: scanners have.
const MAIL_READ_AFTER: Span = Span::seconds(5);

/// Parts of what programs call themselves, in lower case. None is part of what a browser of a
/// person calls itself.
const AGENTS: &[&str] = &[
    "bot",
    "crawl",
    "spider",
    "scan",
    "slurp",
    "preview",
    "prefetch",
    "headless",
    "phantomjs",
    "puppeteer",
    "playwright",
    "selenium",
    "lighthouse",
    "monitor",
    "uptime",
    "check",
    "validator",
    "curl",
    "wget",
    "python",
    "java/",
    "okhttp",
    "go-http",
    "node-fetch",
    "axios",
    "undici",
    "libwww",
    "httpclient",
    "http-client",
    "httpx",
    "aiohttp",
    "guzzle",
    "ruby",
    "perl",
    "reqwest",
    "barracuda",
    "mimecast",
    "proofpoint",
    "urldefense",
    "safelinks",
    "ironport",
    "fireeye",
    "trendmicro",
    "symantec",
    "messagelabs",
    "sophos",
    "fortinet",
    "zscaler",
    "virustotal",
    "forcepoint",
    "avanan",
    "checkpoint",
    "cloudmark",
    "bitdefender",
    "kaspersky",
    "netcraft",
    "googleimageproxy",
    "google-safety",
    "yahoomailproxy",
    "facebookexternalhit",
    "whatsapp",
    "skypeuripreview",
    "embedly",
    "bitlybot",
    "ms-office",
    "microsoft office",
];

/// Headers by which browsers say that nobody has clicked yet.
const AHEAD: [HeaderName; 3] = [
    HeaderName::from_static("sec-purpose"),
    HeaderName::from_static("purpose"),
    HeaderName::from_static("x-moz"),
];

/// The sign by which a machine is recognised; none of a person.
pub(crate) fn sign(headers: &HeaderMap, channel: Channel, after: Span) -> Option<&'static str> {
    let text = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let agent = text(&header::USER_AGENT).unwrap_or_default().trim().to_ascii_lowercase();
    // A maker of telephones.
    let agent = agent.replace("cubot", "");
    let ahead = |name: &HeaderName| {
        text(name).is_some_and(|value| value.contains("prefetch") || value.contains("preview"))
    };
    if agent.is_empty() {
        Some("no agent")
    } else if AGENTS.iter().any(|part| agent.contains(part)) {
        Some("agent")
    } else if AHEAD.iter().any(ahead) {
        Some("ahead of a click")
    } else if channel == Channel::Email && after < MAIL_READ_AFTER {
        Some("too soon")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
    const LATER: Span = Span::minutes(9);

    fn of(agent: &str) -> HeaderMap {
        [(header::USER_AGENT, agent.parse().unwrap())].into_iter().collect()
    }

    #[test]
    fn people_come_with_browsers() {
        for agent in [
            FIREFOX,
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36 Edg/138.0.0.0",
            "Mozilla/5.0 (Linux; Android 15; SM-S921B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36",
            "Opera/9.80 (Android; Opera Mini/12.0) Presto/2.12.423 Version/12.16",
        ] {
            assert_eq!(sign(&of(agent), Channel::Email, LATER), None, "{agent}");
        }
    }

    #[test]
    fn machines_are_known_by_agent_purpose_or_haste() {
        for agent in [
            "",
            " ",
            "curl/8.5.0",
            "Mozilla/5.0 (compatible; Googlebot/2.1)",
            "Barracuda Sentinel (EE)",
            "python-requests/2.32",
            "WhatsApp/2.24.1 A",
        ] {
            assert!(sign(&of(agent), Channel::Email, LATER).is_some(), "{agent}");
        }
        assert_eq!(sign(&HeaderMap::new(), Channel::Sms, LATER), Some("no agent"));
        let mut ahead = of(FIREFOX);
        ahead.insert("sec-purpose", "prefetch;prerender".parse().unwrap());
        assert_eq!(sign(&ahead, Channel::Email, LATER), Some("ahead of a click"));
        assert_eq!(sign(&of(FIREFOX), Channel::Email, Span::seconds(4)), Some("too soon"));
        assert_eq!(sign(&of(FIREFOX), Channel::Push, Span::seconds(4)), None);
    }
}
