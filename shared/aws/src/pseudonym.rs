//! Names for what must be recognised and not be known: ids and addresses of people who were erased.

use std::fmt;
use std::sync::Arc;

use hmac::{Hmac, Mac as _};
use sha2::Sha256;

/// Bytes of the key.
const KEY_BYTES: usize = 32;
/// Bytes of a pseudonym: enough for no two to be the same by chance.
const BYTES: usize = 16;

/// The key to the pseudonyms of a shop. Without it nobody can find out, by trying, whose they are;
/// with another one they mean nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Pseudonyms(Arc<[u8]>);

impl fmt::Debug for Pseudonyms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pseudonyms")
    }
}

impl Pseudonyms {
    /// Reads a key: 64 hexadecimal digits.
    pub fn parse(hex: &str) -> Option<Self> {
        if hex.len() != 2 * KEY_BYTES || !hex.is_ascii() {
            return None;
        }
        let byte = |at| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok();
        (0..KEY_BYTES).map(|n| byte(2 * n)).collect::<Option<Vec<u8>>>().map(|key| Self(key.into()))
    }

    /// A key of these bytes.
    pub fn of_bytes(key: [u8; KEY_BYTES]) -> Self {
        Self(Arc::from(key.as_slice()))
    }

    /// The pseudonym of a text: the first half of its HMAC-SHA-256, in hexadecimal.
    pub fn of(&self, text: &str) -> String {
        // HMAC takes keys of every length.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else { return String::new() };
        mac.update(text.as_bytes());
        let bytes = mac.finalize().into_bytes();
        bytes.iter().take(BYTES).map(|byte| format!("{byte:02x}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pseudonym_is_the_same_under_one_key_and_another_under_another() {
        let key = Pseudonyms::parse(&"0b".repeat(32)).unwrap();
        // Computed with Python's hmac.
        assert_eq!(key.of("u#42"), "90a7be476bb57fa5c959070fb19f4348");
        assert_ne!(key.of("u#42"), Pseudonyms::of_bytes([1; 32]).of("u#42"));
        assert_eq!(Pseudonyms::parse("0b"), None);
        assert_eq!(Pseudonyms::parse(&"xy".repeat(32)), None);
    }
}
