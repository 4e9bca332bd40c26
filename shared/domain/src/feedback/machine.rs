//! Opens and clicks by machines: link scanners, image proxies that load ahead, crawlers.
//!
//! They say nothing about the person. A wrong guess costs little one way (an open is missed) and
//! much the other (somebody counts as engaged who never looked), so what is in doubt is a machine.

use crate::time::Span;

/// Nobody reads a mail within this time of its being handed over; scanners do.
const TOO_SOON: Span = Span::seconds(5);

/// Parts of the names that scanners, crawlers and tools give themselves, in lower case.
///
/// Gmail's image proxy (`GoogleImageProxy`) is not among them: it loads an image when the mail is
/// opened. Apple's Mail Privacy Protection loads ahead, as plain `Mozilla/5.0`.
const AGENTS: &[&str] = &[
    "barracuda",
    "bingpreview",
    "bot",
    "crawl",
    "curl/",
    "fireeye",
    "go-http-client",
    "headless",
    "httpclient",
    "java/",
    "mimecast",
    "okhttp",
    "phantomjs",
    "preview",
    "proofpoint",
    "python",
    "scanner",
    "skypeuripreview",
    "spider",
    "symantec",
    "trendmicro",
    "wget",
    "yahoomailproxy",
];

/// Whether an open or a click, `after` the message was handed over, looks like a machine's.
pub fn looks_like_a_machine(agent: &str, ip: &str, after: Span) -> bool {
    let agent = agent.trim().to_lowercase();
    let names_nobody = agent.is_empty() || agent == "mozilla/5.0";
    // Apple's own network.
    let proxy = ip.starts_with("17.");
    names_nobody || proxy || after < TOO_SOON || AGENTS.iter().any(|part| agent.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PHONE: &str =
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15";
    const GMAIL: &str =
        "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)";

    #[test]
    fn people_use_phones_and_gmail() {
        for agent in [PHONE, GMAIL] {
            assert!(!looks_like_a_machine(agent, "203.0.113.9", Span::minutes(1)), "{agent}");
        }
    }

    #[test]
    fn machines_are_too_quick_or_name_themselves_or_name_nobody() {
        assert!(looks_like_a_machine(PHONE, "203.0.113.9", Span::seconds(2)));
        assert!(looks_like_a_machine(PHONE, "17.58.0.1", Span::hours(1)));
        for agent in
            ["", "Mozilla/5.0", "Barracuda Sentinel", "python-requests/2.31", "Googlebot/2.1"]
        {
            assert!(looks_like_a_machine(agent, "", Span::hours(1)), "{agent}");
        }
    }
}
