//! Links in messages: what one stands for, sealed, so that nothing has to be stored for it, nobody
//! can make one, and nobody can read one.
//!
//! A token is `key id.base64url`. It is encrypted with AES-SIV (RFC 5297), which needs no nonce: the
//! same link always has the same token, on every machine and in every run, so a message that is
//! written twice says the same. A target is inside, never beside it: there is no open redirect.

mod rewrite;
mod shorten;
mod web_url;

use std::fmt;

use aes_siv::KeyInit as _;
use aes_siv::siv::Aes256Siv;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};

pub use web_url::{NotAWebUrl, WebUrl};

use crate::address::Address;
use crate::channel::Channel;
use crate::id::{CustomerId, MessageId};
use crate::message::Message;
use crate::time::{Span, Timestamp};

/// What is authenticated with every token besides its content. A change here ends all links.
const PURPOSE: &[u8] = b"attune link 1";
/// Bytes of a key: two of AES-256.
const KEY_BYTES: usize = 64;
/// What a short link begins with before it is sealed: no JSON does.
const SHORT: u8 = 0;
/// Bytes of a short link before it is sealed.
const SHORT_BYTES: usize = 18;
/// Characters of a token. The longest is a click on the longest URL that is sealed.
const TOKEN_BYTES: usize = 4_096;

/// What a link stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Link {
    /// Goes on to a page.
    Click {
        /// The message it stands in.
        message: MessageId,
        /// The page.
        url: WebUrl,
    },
    /// Goes on to a page that the message's row knows: for texts, where a link must be short.
    Short {
        /// The message it stands in.
        message: MessageId,
        /// Which of its links.
        nth: u8,
    },
    /// Ends messages like this one.
    Unsubscribe {
        /// The message it stands in.
        message: MessageId,
    },
    /// Shows and changes what a customer allows and prefers.
    Preferences {
        /// Whose.
        customer: CustomerId,
    },
    /// Confirms a subscription that was asked for: the second half of a double opt-in.
    Confirm {
        /// Whose.
        customer: CustomerId,
        /// About what; `None` is the channel as a whole.
        topic: Option<String>,
        /// The address it was sent to, by which whoever follows it proves to have it.
        address: Address,
        /// From when on it confirms nothing any more.
        until: Timestamp,
    },
}

impl Link {
    /// The letter of its path: `/l/…`, `/s/…`, `/u/…`, `/p/…`, `/o/…`.
    pub const fn letter(&self) -> &'static str {
        match self {
            Self::Click { .. } => "l",
            Self::Short { .. } => "s",
            Self::Unsubscribe { .. } => "u",
            Self::Preferences { .. } => "p",
            Self::Confirm { .. } => "o",
        }
    }

    /// What is sealed: JSON, but for a short link, which is the bits of the message and one byte.
    fn content(&self) -> Vec<u8> {
        let content = match self {
            Self::Click { message, url } => json!(["l", message.as_str(), url.as_str()]),
            Self::Short { message, nth } => {
                let bits = message.bits().unwrap_or_default();
                return [&[SHORT], bits.to_be_bytes().as_slice(), &[*nth]].concat();
            }
            Self::Unsubscribe { message } => json!(["u", message.as_str()]),
            Self::Preferences { customer } => json!(["p", customer.as_str()]),
            Self::Confirm { customer, topic, address, until } => {
                let channel = address.channel().as_str();
                json!(["o", customer.as_str(), channel, topic, address.text(), until.millis()])
            }
        };
        content.to_string().into_bytes()
    }

    /// Reads what [`Link::content`] wrote, perhaps in another release.
    fn of(content: &[u8]) -> Option<Self> {
        if let Ok([SHORT, bits @ .., nth]) = <[u8; SHORT_BYTES]>::try_from(content) {
            let message = MessageId::of_bits(u128::from_be_bytes(bits));
            return Some(Self::Short { message, nth });
        }
        let content: Value = serde_json::from_slice(content).ok()?;
        let parts = content.as_array()?;
        let text = |at: usize| parts.get(at).and_then(Value::as_str);
        let link = match (text(0)?, parts.len()) {
            ("l", 3) => Self::Click {
                message: MessageId::parse(text(1)?)?,
                url: WebUrl::parse(text(2)?).ok()?,
            },
            ("u", 2) => Self::Unsubscribe { message: MessageId::parse(text(1)?)? },
            ("p", 2) => Self::Preferences { customer: CustomerId::parse(text(1)?)? },
            ("o", 6) => Self::Confirm {
                customer: CustomerId::parse(text(1)?)?,
                topic: text(3).map(str::to_owned),
                address: Address::on(Channel::parse(text(2)?)?, text(4)?).ok()?,
                until: Timestamp::from_millis(parts.get(5)?.as_i64()?),
            },
            _ => return None,
        };
        Some(link)
    }
}

/// The keys that links are sealed with: the first seals, all of them open.
#[derive(Clone)]
pub struct LinkKeys(Vec<Key>);

#[derive(Clone)]
struct Key {
    id: String,
    secret: [u8; KEY_BYTES],
}

/// The text does not hold keys. It is secret, so it is not repeated here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotLinkKeys {
    /// There is none.
    #[error("there must be at least one key, as `id:` and 128 hexadecimal digits")]
    None,
    /// An id is not 1 to 8 plain letters and digits, or there twice.
    #[error("the id of a key must be 1 to 8 of a-z and 0-9, and stand there once")]
    Id,
    /// A secret is not 64 bytes in hexadecimal.
    #[error("a key must have 128 hexadecimal digits, of 64 random bytes")]
    Secret,
}

impl LinkKeys {
    /// Reads `id:hex`, with commas between. A key is changed by putting a new one before it, and
    /// taken away when the links that it sealed may end.
    pub fn parse(text: &str) -> Result<Self, NotLinkKeys> {
        let mut keys: Vec<Key> = Vec::new();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let (id, hex) = part.split_once(':').ok_or(NotLinkKeys::Secret)?;
            let plain = id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
            let known = keys.iter().any(|key| key.id == id);
            if !(1..=8).contains(&id.len()) || !plain || known {
                return Err(NotLinkKeys::Id);
            }
            let secret = bytes_of(hex).ok_or(NotLinkKeys::Secret)?;
            keys.push(Key { id: id.to_owned(), secret });
        }
        if keys.is_empty() { Err(NotLinkKeys::None) } else { Ok(Self(keys)) }
    }

    /// The token of a link.
    pub fn seal(&self, link: &Link) -> String {
        let key = self.0.first();
        let token = key.and_then(|key| {
            let sealed = key.cipher()?.encrypt(key.headers(), &link.content()).ok()?;
            Some(format!("{}.{}", key.id, BASE64_URL_SAFE_NO_PAD.encode(sealed)))
        });
        // There is always a key of the right length, and sealing fails for nothing else.
        token.unwrap_or_default()
    }

    /// The path of a link: `/u/…`.
    pub fn path(&self, link: &Link) -> String {
        format!("/{}/{}", link.letter(), self.seal(link))
    }

    /// The link that a token stands for; `None` for all that we did not seal, whatever the reason.
    pub fn open(&self, token: &str) -> Option<Link> {
        if token.len() > TOKEN_BYTES {
            return None;
        }
        let (id, sealed) = token.split_once('.')?;
        let key = self.0.iter().find(|key| key.id == id)?;
        // Refuses padding, and bits behind the last byte: one link has one spelling.
        let sealed = BASE64_URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let content = key.cipher()?.decrypt(key.headers(), &sealed).ok()?;
        Link::of(&content)
    }
}

impl Key {
    fn cipher(&self) -> Option<Aes256Siv> {
        Aes256Siv::new_from_slice(&self.secret).ok()
    }

    fn headers(&self) -> [&[u8]; 2] {
        [PURPOSE, self.id.as_bytes()]
    }
}

impl fmt::Debug for LinkKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|key| &key.id)).finish()
    }
}

fn bytes_of(hex: &str) -> Option<[u8; KEY_BYTES]> {
    if hex.len() != 2 * KEY_BYTES || !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let mut bytes = [0; KEY_BYTES];
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(hex.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    Some(bytes)
}

/// Makes links: where the function that answers them is, and the keys.
#[derive(Debug, Clone)]
pub struct Links {
    base: String,
    /// The keys.
    pub keys: LinkKeys,
}

/// The text is not where links can begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotABase {
    /// It is no web address.
    #[error(transparent)]
    NotAWebUrl(#[from] NotAWebUrl),
    /// Something stands behind the host.
    #[error("not a host alone; nothing may stand behind it, as the pages answer at its root only")]
    Path,
}

/// The links that every message can show.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Urls {
    /// Where the customer unsubscribes.
    pub unsubscribe: String,
    /// Where they say what they want.
    pub preferences: String,
    /// Where they confirm a subscription.
    pub confirm: String,
}

impl Links {
    /// Links that begin with `base`: the address of the links function, with nothing behind the host.
    pub fn new(base: &str, keys: LinkKeys) -> Result<Self, NotABase> {
        let base = WebUrl::parse(base.trim())?;
        let base = base.as_str().trim_end_matches('/');
        let host = base.split_once("://").map_or(base, |(_, host)| host);
        if host.contains(['/', '?', '#']) {
            return Err(NotABase::Path);
        }
        Ok(Self { base: base.to_owned(), keys })
    }

    /// The URL of a link.
    pub fn url(&self, link: &Link) -> String {
        format!("{}{}", self.base, self.keys.path(link))
    }
}

impl Urls {
    /// The links of a message to a customer, at an address, about a topic. What it confirms can be confirmed `within`
    /// that time of its being due.
    pub fn of(
        links: &Links,
        message: &Message,
        customer: &CustomerId,
        address: &Address,
        topic: Option<&str>,
        within: Span,
    ) -> Self {
        let Message { id: message, due, .. } = message;
        let (message, customer) = (message.clone(), customer.clone());
        let (topic, address) = (topic.map(str::to_owned), address.clone());
        Self {
            unsubscribe: links.url(&Link::Unsubscribe { message }),
            preferences: links.url(&Link::Preferences { customer: customer.clone() }),
            confirm: links.url(&Link::Confirm { customer, topic, address, until: *due + within }),
        }
    }

    /// Links to the shop, in the place of those that would do something for the customer.
    pub fn harmless(shop: &str) -> Self {
        let shop = || shop.to_owned();
        Self { unsubscribe: shop(), preferences: shop(), confirm: shop() }
    }
}

#[cfg(test)]
mod tests;
