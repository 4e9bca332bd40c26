//! Keys of the HTTP API: kept as hashes, each with a scope.
//!
//! A key is 256 random bits, so its SHA-256 tells nothing about it and needs no salt. Hashes can
//! stand in a template and in an environment variable; the keys themselves are shown once, to whoever
//! made them. Two keys of one scope can be live at a time, so that they can be changed.

use attune_domain::digest::sha256_hex;

/// What a key allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Events from pages and apps, where anybody can read the key.
    Browser,
    /// Events from the shop's own servers.
    Server,
    /// The management API.
    Manage,
}

impl Scope {
    const ALL: [(&'static str, Self); 3] =
        [("browser", Self::Browser), ("server", Self::Server), ("manage", Self::Manage)];
}

/// The keys that are live.
#[derive(Debug, Clone, Default)]
pub struct Keys(Vec<(Scope, String)>);

/// A list of keys that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "entry {0} of the keys is none; expected `browser`, `server` or `manage`, a colon, and 64 hexadecimal digits"
)]
pub struct NotAKey(usize);

impl Keys {
    /// Reads `server:…,browser:…,manage:…`: scopes and SHA-256 hashes of keys, in hexadecimal.
    pub fn parse(text: &str) -> Result<Self, NotAKey> {
        let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        let key = |entry: &str| {
            let (scope, hash) = entry.split_once(':')?;
            let (_, scope) = Scope::ALL.into_iter().find(|(word, _)| *word == scope)?;
            let fits = hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
            fits.then(|| (scope, hash.to_ascii_lowercase()))
        };
        // The place and not the text: somebody may have written the key itself there.
        let keys = entries.zip(1..).map(|(entry, at)| key(entry).ok_or(NotAKey(at)));
        Ok(Self(keys.collect::<Result<_, _>>()?))
    }

    /// The same keys and one more, given in clear.
    #[must_use]
    pub fn with(mut self, scope: Scope, key: &str) -> Self {
        self.0.push((scope, sha256_hex(key)));
        self
    }

    /// What a key allows; an empty one nothing. Hashes are compared, so the time it takes tells nothing about a key.
    pub fn scope_of(&self, key: &str) -> Option<Scope> {
        if key.is_empty() {
            return None;
        }
        let hash = sha256_hex(key);
        self.0.iter().find(|(_, known)| *known == hash).map(|(scope, _)| *scope)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_allows_what_its_scope_says() {
        let text = format!("server:{}, manage:{}", sha256_hex("s3cret"), sha256_hex("boss"));
        let keys = Keys::parse(&text).unwrap().with(Scope::Browser, "public");
        assert_eq!(keys.scope_of("s3cret"), Some(Scope::Server));
        assert_eq!(keys.scope_of("public"), Some(Scope::Browser));
        assert_eq!(keys.scope_of("S3cret"), None);
        assert!(Keys::parse("server:abc").is_err());
        assert!(Keys::parse("root:".to_owned().as_str()).is_err());
    }
}
