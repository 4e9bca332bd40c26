//! Opens and clicks by machines: link scanners, proxies that load ahead, previews in messengers.
//!
//! They say nothing about the person. A wrong guess costs little one way (an open is missed) and
//! much the other (somebody counts as engaged who never looked), so what is in doubt is a machine.
//! One that takes care to look like a person, and its time, is not recognised.

use crate::time::Span;

/// Nobody has read a mail so soon after it was handed over; scanners have.
const TOO_SOON: Span = Span::seconds(5);

/// Parts of what programs call themselves, in lower case. None is part of what a browser of a
/// person calls itself. Apple's Mail Privacy Protection loads ahead, as plain `Mozilla/5.0`.
const AGENTS: &[&str] = &[
    "aiohttp",
    "avanan",
    "axios",
    "barracuda",
    "bitdefender",
    "bot",
    "check",
    "cloudmark",
    "crawl",
    "curl",
    "embedly",
    "facebookexternalhit",
    "fireeye",
    "forcepoint",
    "fortinet",
    "go-http",
    "google-safety",
    "guzzle",
    "headless",
    "http-client",
    "httpclient",
    "httpx",
    "ironport",
    "java/",
    "kaspersky",
    "libwww",
    "lighthouse",
    "messagelabs",
    "mimecast",
    "monitor",
    "netcraft",
    "node-fetch",
    "okhttp",
    "perl",
    "phantomjs",
    "playwright",
    "prefetch",
    "preview",
    "proofpoint",
    "puppeteer",
    "python",
    "reqwest",
    "ruby",
    "safelinks",
    "scan",
    "selenium",
    "slurp",
    "sophos",
    "spider",
    "symantec",
    "trendmicro",
    "undici",
    "uptime",
    "urldefense",
    "validator",
    "virustotal",
    "wget",
    "whatsapp",
    "yahoomailproxy",
    "zscaler",
];

/// The same, of those that follow links before somebody does, but load pictures when a mail is
/// opened: Gmail's proxy and Outlook.
const AHEAD_OF_CLICKS: &[&str] = &["googleimageproxy", "microsoft office", "ms-office"];

/// Makers of telephones whose names look like a machine's.
const TELEPHONES: &[&str] = &["cubot"];

/// What was done with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visited {
    /// Its pictures were loaded.
    Opened,
    /// A link in it was followed.
    Followed,
}

/// Somebody or something looked at a message.
#[derive(Debug, Clone, Copy)]
pub struct Visit<'a> {
    /// What was done.
    pub what: Visited,
    /// What the visitor calls itself.
    pub agent: &'a str,
    /// Where it comes from; empty if that is not known.
    pub ip: &'a str,
    /// Whether it says that it looks ahead of a click.
    pub ahead: bool,
    /// Whether the request lacks what every browser sends with one: the languages that its owner reads.
    pub bare: bool,
    /// How long after a mail was handed over; none for what is no mail.
    pub after: Option<Span>,
}

impl Visit<'_> {
    /// The sign by which a machine is recognised; none of a person.
    pub fn sign_of_a_machine(&self) -> Option<&'static str> {
        let mut agent = self.agent.trim().to_lowercase();
        for name in TELEPHONES {
            agent = agent.replace(name, "");
        }
        let named = |names: &[&str]| names.iter().any(|name| agent.contains(name));
        let follows = self.what == Visited::Followed;
        if agent.is_empty() || agent == "mozilla/5.0" {
            Some("no agent")
        } else if named(AGENTS) || (follows && named(AHEAD_OF_CLICKS)) {
            Some("agent")
        } else if self.ip.starts_with("17.") {
            // Apple's own network.
            Some("proxy")
        } else if self.ahead {
            Some("ahead of a click")
        } else if self.bare {
            Some("no browser")
        } else if self.after.is_some_and(|after| after < TOO_SOON) {
            Some("too soon")
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148";
    const GMAIL: &str =
        "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)";
    const OUTLOOK: &str = "Mozilla/4.0 (compatible; ms-office; MSOffice rmj)";

    fn visit(what: Visited, agent: &str) -> Visit<'_> {
        let (ip, after) = ("203.0.113.9", Some(Span::minutes(9)));
        Visit { what, agent, ip, ahead: false, bare: false, after }
    }

    fn sign(what: Visited, agent: &str) -> Option<&'static str> {
        visit(what, agent).sign_of_a_machine()
    }

    #[test]
    fn people_come_with_browsers() {
        for agent in [
            PHONE,
            "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36 Edg/138.0.0.0",
            "Mozilla/5.0 (Linux; Android 15; SM-S921B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36",
            "Mozilla/5.0 (Linux; Android 11; CUBOT KINGKONG) AppleWebKit/537.36 Chrome/130.0.0.0",
            "Opera/9.80 (Android; Opera Mini/12.0) Presto/2.12.423 Version/12.16",
        ] {
            assert_eq!(sign(Visited::Followed, agent), None, "{agent}");
            assert_eq!(sign(Visited::Opened, agent), None, "{agent}");
        }
    }

    #[test]
    fn machines_name_themselves_or_name_nobody() {
        for agent in [
            "",
            " ",
            "Mozilla/5.0",
            "curl/8.5.0",
            "Mozilla/5.0 (compatible; Googlebot/2.1)",
            "Barracuda Sentinel (EE)",
            "python-requests/2.32",
            "WhatsApp/2.24.1 A",
        ] {
            assert!(sign(Visited::Followed, agent).is_some(), "{agent}");
            assert!(sign(Visited::Opened, agent).is_some(), "{agent}");
        }
    }

    #[test]
    fn gmail_and_outlook_open_for_a_person_and_follow_links_for_nobody() {
        for agent in [GMAIL, OUTLOOK] {
            assert_eq!(sign(Visited::Opened, agent), None, "{agent}");
            assert_eq!(sign(Visited::Followed, agent), Some("agent"), "{agent}");
        }
    }

    #[test]
    fn who_is_too_quick_looks_ahead_or_is_no_browser_is_a_machine() {
        let person = visit(Visited::Opened, PHONE);
        for (visit, expected) in [
            (Visit { after: Some(Span::seconds(4)), ..person }, Some("too soon")),
            (Visit { after: Some(Span::seconds(5)), ..person }, None),
            (Visit { after: None, ..person }, None),
            (Visit { ahead: true, ..person }, Some("ahead of a click")),
            (Visit { bare: true, ..person }, Some("no browser")),
            (Visit { ip: "17.58.0.1", ..person }, Some("proxy")),
        ] {
            assert_eq!(visit.sign_of_a_machine(), expected, "{visit:?}");
        }
    }
}
