//! Stable hashes: the same bytes on every machine and in every release.
//!
//! They name rows, slots and messages, so a change here orphans what is stored.

use sha2::{Digest, Sha256};

/// The first 64 bits of SHA-256 over `parts`, each preceded by its length, so that no two lists of
/// parts run together.
pub fn hash64(parts: &[&str]) -> u64 {
    let [first @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] =
        sha256(parts);
    u64::from_be_bytes(first)
}

/// Crockford's base 32, in lower case.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// The first 128 bits, as 26 characters of Crockford's base 32 (lower case).
pub fn name128(parts: &[&str]) -> String {
    let mut bits = [0_u8; 16];
    for (to, from) in bits.iter_mut().zip(sha256(parts)) {
        *to = from;
    }
    name_of(u128::from_be_bytes(bits))
}

/// 128 bits as [`name128`] writes them.
pub fn name_of(bits: u128) -> String {
    (0..26)
        .rev()
        .filter_map(|digit| ALPHABET.get(usize::try_from((bits >> (digit * 5)) & 31).ok()?))
        .map(|&byte| char::from(byte))
        .collect()
}

/// The bits of a name that [`name128`] wrote; `None` for any other text.
pub fn bits_of(name: &str) -> Option<u128> {
    let digit = |byte: u8| ALPHABET.iter().position(|&known| known == byte);
    let bits = name
        .bytes()
        .try_fold(0_u128, |bits, byte| Some((bits << 5) | u128::try_from(digit(byte)?).ok()?))?;
    (name_of(bits) == name).then_some(bits)
}

/// SHA-256 of a text, in hexadecimal.
pub fn sha256_hex(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn sha256(parts: &[&str]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize().into()
}

/// A 32-bit name for a slot, a segment, a program or an order inside a packed profile.
///
/// `check` refuses a set of definitions in which two of them share one. Two orders of a customer that
/// share one count as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(pub u32);

impl Key {
    /// The key of `parts`: the upper half of [`hash64`].
    pub fn of(parts: &[&str]) -> Self {
        Self((hash64(parts) >> 32) as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_never_change_between_releases() {
        // Computed with Python's hashlib.
        assert_eq!(hash64(&["message", "42"]), 0x14c0_0ba2_c998_15cf);
        assert_eq!(name128(&["welcome", "u#42", "1"]), "7encmw902e76wyxc6g0a81trf0");
    }

    #[test]
    fn a_name_is_its_bits() {
        let name = name128(&["welcome", "u#42", "1"]);
        assert_eq!(bits_of(&name).map(name_of), Some(name.clone()));
        for other in ["", "7", "i".repeat(26).as_str(), &"z".repeat(26), &name.to_uppercase()] {
            assert_eq!(bits_of(other), None, "{other}");
        }
    }

    #[test]
    fn parts_do_not_run_together() {
        assert_ne!(hash64(&["ab", "c"]), hash64(&["a", "bc"]));
    }
}
