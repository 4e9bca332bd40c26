//! Which ids name a person, and which are what broken clients send for everybody.

use crate::id::CustomerId;
use crate::limits;
use crate::problem::Flaw;

/// Ids that cannot be one person's, in lower case. A profile under one of them would merge
/// strangers. Published in the docs.
pub const JUNK_IDS: &[&str] = &[
    "0",
    "-1",
    "1234567890",
    "[object object]",
    "anonymous",
    "anonymousid",
    "false",
    "guest",
    "id",
    "n/a",
    "na",
    "nan",
    "nil",
    "none",
    "null",
    "(null)",
    "true",
    "undefined",
    "unknown",
    "user",
    "userid",
    "user_id",
    "test",
    "distinct_id",
    "email",
    "not_authenticated",
    "unidentified",
    "\"\"",
    "''",
    "-",
    "*",
    "{}",
    "[]",
];

/// The trimmed id, if it can name one person.
pub fn usable(id: &str) -> Result<&str, Flaw> {
    let id = id.trim();
    if id.len() > limits::NAME_BYTES {
        return Err(Flaw::TooLong(limits::NAME_BYTES));
    }
    let zeros = id.bytes().all(|byte| byte == b'0' || byte == b'-');
    let junk = JUNK_IDS.contains(&id.to_ascii_lowercase().as_str());
    if zeros || junk { Err(Flaw::JunkId(id.to_owned())) } else { Ok(id) }
}

/// Whose events an anonymous id belongs to, once it has been seen with a known one.
///
/// The first known customer takes the visitor's past; a later one only what comes from then on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownId {
    /// The other id.
    pub id: CustomerId,
    /// Whether its past became part of this profile.
    pub merged: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_that_everybody_has_is_nobodys() {
        for junk in
            ["", " ", "0", "null", "Undefined", "anonymous", "00000000-0000-0000-0000-000000000000"]
        {
            assert!(usable(junk).is_err(), "{junk}");
        }
        assert!(usable(&"x".repeat(257)).is_err());
        assert_eq!(usable(" 42 "), Ok("42"));
    }
}
