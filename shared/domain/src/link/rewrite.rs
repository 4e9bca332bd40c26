//! Links of an e-mail's HTML part, made to come by us.

use super::{Link, Links, WebUrl};
use crate::id::MessageId;

impl Links {
    /// The same HTML with every `href` of an `a` or `area` that goes to the web sealed as a click.
    ///
    /// Nothing else changes, byte for byte. Our own links stay as they are, as do `mailto:`, `tel:`
    /// and places in the mail itself; what stands in a comment (Outlook's conditional ones too) is
    /// left alone, so that no client shows a link that is half of one kind.
    pub fn rewrite(&self, html: &str, message: &MessageId) -> String {
        let mut rewritten = String::with_capacity(2 * html.len());
        let mut rest = html;
        while let Some((before, found, after)) = next_href(rest) {
            rewritten.push_str(before);
            match self.sealed(found, message) {
                // A token and a base need no escaping in an attribute.
                Some(url) => rewritten.push_str(&url),
                None => rewritten.push_str(found),
            }
            rest = after;
        }
        rewritten.push_str(rest);
        rewritten
    }

    fn sealed(&self, href: &str, message: &MessageId) -> Option<String> {
        self.click(&unescaped(href), message)
    }

    /// The URL of a click that goes on to `url`; none if that is no address of the web, or ours.
    pub fn click(&self, url: &str, message: &MessageId) -> Option<String> {
        let url = WebUrl::parse(url).ok().filter(|url| !self.is_ours(url))?;
        Some(self.url(&Link::Click { message: message.clone(), url }))
    }

    /// Whether a URL is one of our own links.
    pub(super) fn is_ours(&self, url: &WebUrl) -> bool {
        let rest = url.as_str().strip_prefix(&self.base);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

/// The next value of an `href` of an `a` or `area`: what stands before it, it, and what stands
/// behind.
fn next_href(html: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    while let Some(open) = html.get(from..)?.find('<') {
        let at = from + open;
        let tag = html.get(at..)?;
        if tag.starts_with("<!--") {
            from = at + tag.find("-->")? + 3;
        } else if let Some(name) = name_of(tag) {
            let end = at + end_of(tag);
            let wanted = ["a", "area"].iter().any(|wanted| name.eq_ignore_ascii_case(wanted));
            let value = html.get(at + 1 + name.len()..end).filter(|_| wanted).and_then(href);
            if let Some((start, length)) = value {
                let start = at + 1 + name.len() + start;
                let end = start + length;
                return Some((html.get(..start)?, html.get(start..end)?, html.get(end..)?));
            }
            from = end;
        } else {
            from = at + 1;
        }
    }
    None
}

/// The name of the tag that opens at the beginning of `tag`.
fn name_of(tag: &str) -> Option<&str> {
    let name = tag.get(1..)?;
    let end = name.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(name.len());
    name.get(..end).filter(|name| name.starts_with(|c: char| c.is_ascii_alphabetic()))
}

/// Where a tag ends: at the `>` that stands in no quotes, or with the text.
fn end_of(tag: &str) -> usize {
    let mut quote = None;
    for (at, c) in tag.char_indices() {
        match quote {
            Some(open) if c == open => quote = None,
            Some(_) => {}
            None if c == '>' => return at,
            None if c == '"' || c == '\'' => quote = Some(c),
            None => {}
        }
    }
    tag.len()
}

/// Where among a tag's attributes the value of `href` begins, and its length. One that is not
/// quoted is left alone: nobody's editor writes such.
fn href(attributes: &str) -> Option<(usize, usize)> {
    let mut from = 0;
    loop {
        let rest = attributes.get(from..)?;
        let name = from + rest.find(|c: char| !c.is_ascii_whitespace() && c != '/')?;
        let rest = attributes.get(name..)?;
        let length = rest.find(|c: char| c.is_ascii_whitespace() || c == '=' || c == '/');
        let after = name + length.unwrap_or(rest.len()).max(1);
        let rest = attributes.get(after..)?;
        let Some(value) = rest.trim_start().strip_prefix('=').map(str::trim_start) else {
            from = after;
            continue;
        };
        let begin = attributes.len() - value.len();
        let quote = value.chars().next()?;
        if !['"', '\''].contains(&quote) {
            from = begin + value.find(|c: char| c.is_ascii_whitespace()).unwrap_or(value.len());
            continue;
        }
        let length = value.get(1..)?.find(quote)?;
        if attributes.get(name..after)?.eq_ignore_ascii_case("href") {
            return Some((begin + 1, length));
        }
        from = begin + 1 + length + 1;
    }
}

/// References by name that stand in URLs.
const NAMED: [(&str, char); 5] =
    [("amp", '&'), ("quot", '"'), ("apos", '\''), ("lt", '<'), ("gt", '>')];

/// A value with its references resolved: `&amp;` before all. One that is not known stays.
fn unescaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    let mut rest = value;
    while let Some((before, after)) = rest.split_once('&') {
        text.push_str(before);
        let reference = after.split_once(';').and_then(|(name, behind)| {
            let named = NAMED.iter().find(|(known, _)| *known == name).map(|(_, c)| *c);
            Some((named.or_else(|| numbered(name))?, behind))
        });
        let (c, behind) = reference.unwrap_or(('&', after));
        text.push(c);
        rest = behind;
    }
    text + rest
}

/// `#38` or `#x26`.
fn numbered(name: &str) -> Option<char> {
    let digits = name.strip_prefix('#')?;
    let number = match digits.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16),
        None => digits.parse(),
    };
    char::from_u32(number.ok()?)
}
