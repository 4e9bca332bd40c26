//! Filters that make a fingerprint of text, for signed links and for matching with other systems.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

use crate::dialect::Dialect::{self, Braze, CustomerIo, Klaviyo, Shopify};
use crate::value::Value;

use super::Filter;
use super::call::{Call, Filtered};

const MOST: &[Dialect] = &[Braze, CustomerIo, Klaviyo, Shopify];

pub(super) const FILTERS: &[Filter] = &[
    Filter::new("md5", 0, 0, hash::<Md5>).only(MOST),
    Filter::new("sha1", 0, 0, hash::<Sha1>).only(MOST),
    Filter::new("sha256", 0, 0, hash::<Sha256>).only(MOST),
    Filter::new("sha2", 0, 0, hash::<Sha256>).only(&[Braze]),
    Filter::new("hmac_sha1", 1, 1, |call| sign(call, sha1, hex)).only(MOST),
    Filter::new("hmac_sha1_hex", 1, 1, |call| sign(call, sha1, hex)).only(&[Braze]),
    Filter::new("hmac_sha1_base64", 1, 1, |call| sign(call, sha1, base64)).only(&[Braze]),
    Filter::new("hmac_sha256", 1, 1, |call| sign(call, sha256, hex)).only(MOST),
    Filter::new("hmac_sha256_hex", 1, 1, |call| sign(call, sha256, hex)).only(&[Braze]),
    Filter::new("hmac_sha256_base64", 1, 1, |call| sign(call, sha256, base64)).only(&[Braze]),
    Filter::new("hmac_sha512", 1, 1, |call| sign(call, sha512, hex)).only(&[Braze]),
];

/// The most characters that a fingerprint is written with.
const MAX_BYTES: usize = 128;

fn hash<D: Digest>(call: &mut Call<'_, '_>) -> Filtered {
    let text = call.text()?;
    call.room(MAX_BYTES)?;
    Ok(Value::from(hex(&D::digest(text.as_bytes()))))
}

/// The signature of the text with the argument as the key.
fn sign(
    call: &mut Call<'_, '_>,
    mac: fn(&[u8], &[u8]) -> Option<Vec<u8>>,
    write: fn(&[u8]) -> String,
) -> Filtered {
    let (text, key) = (call.text()?, call.argument_text(0)?);
    call.env.budget.look(key.len())?;
    call.room(MAX_BYTES)?;
    let signature = mac(key.as_bytes(), text.as_bytes()).unwrap_or_default();
    Ok(Value::from(write(&signature)))
}

fn sha1(key: &[u8], text: &[u8]) -> Option<Vec<u8>> {
    Hmac::<Sha1>::new_from_slice(key).ok().map(|mac| signature(mac, text))
}

fn sha256(key: &[u8], text: &[u8]) -> Option<Vec<u8>> {
    Hmac::<Sha256>::new_from_slice(key).ok().map(|mac| signature(mac, text))
}

fn sha512(key: &[u8], text: &[u8]) -> Option<Vec<u8>> {
    Hmac::<Sha512>::new_from_slice(key).ok().map(|mac| signature(mac, text))
}

/// A key of any length will do for all of these, so there is always a signature.
fn signature(mac: impl Mac, text: &[u8]) -> Vec<u8> {
    mac.chain_update(text).finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing into a `String` cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}
