//! Links in a text message, made short ones that come by us.

use super::{Link, Links, WebUrl};
use crate::id::MessageId;
use crate::sms;

/// Links of one text that are shortened; a text of three segments has no room for more.
const MOST: u8 = 8;
/// What ends a sentence, and no link.
const AFTER: &[char] =
    &['.', ',', ';', ':', '!', '?', ')', ']', '}', '>', '"', '\'', '»', '”', '’'];

impl Links {
    /// The same text with its links to the web made short ones, and where these lead, in order.
    ///
    /// Nobody is to pay a segment more for our knowing of a click: then the text stays as it is. Our
    /// own links always do.
    pub fn shorten(&self, text: &str, message: &MessageId) -> (String, Vec<WebUrl>) {
        let (mut short, mut targets) = (String::with_capacity(text.len()), Vec::new());
        let mut rest = text;
        while let Some((before, found, after)) = next_link(rest) {
            short.push_str(before);
            match self.short(found, message, &targets) {
                Some((url, target)) => {
                    short.push_str(&url);
                    targets.push(target);
                }
                None => short.push_str(found),
            }
            rest = after;
        }
        short.push_str(rest);
        if sms::count(&short).segments > sms::count(text).segments {
            return (text.to_owned(), Vec::new());
        }
        (short, targets)
    }

    fn short(&self, url: &str, message: &MessageId, known: &[WebUrl]) -> Option<(String, WebUrl)> {
        let nth = u8::try_from(known.len()).ok().filter(|nth| *nth < MOST)?;
        let target = WebUrl::parse(url).ok().filter(|target| !self.is_ours(target))?;
        // A message whose id was not derived cannot be named in few bytes.
        message.bits()?;
        Some((self.url(&Link::Short { message: message.clone(), nth }), target))
    }
}

/// The next link to the web: what stands before it, it, and what stands behind.
fn next_link(text: &str) -> Option<(&str, &str, &str)> {
    let begins = ["https://", "http://"].into_iter().filter_map(|scheme| text.find(scheme));
    let (before, rest) = text.split_at(begins.min()?);
    let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
    let link = rest.get(..end)?.trim_end_matches(AFTER);
    Some((before, link, rest.get(link.len()..)?))
}
