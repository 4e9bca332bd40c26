//! Filters that encode and decode text.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::{PAD, STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose};

use crate::dialect::Dialect::{Braze, CustomerIo};
use crate::failure::Failure;
use crate::value::Value;

use super::Filter;
use super::call::{Call, Filtered};

pub(super) const FILTERS: &[Filter] = &[
    Filter::new("url_encode", 0, 0, url_encode),
    Filter::new("url_decode", 0, 0, url_decode),
    Filter::new("url_escape", 0, 0, |call| percent(call, b"*-._~!$&'()+,/:;=?@#[]%"))
        .only(&[Braze]),
    Filter::new("url_param_escape", 0, 0, |call| percent(call, b"-._~")).only(&[Braze]),
    Filter::new("base64", 0, 0, |call| encode(call, &STANDARD)).only(&[CustomerIo]),
    Filter::new("base64_encode", 0, 0, |call| encode(call, &STANDARD)),
    Filter::new("base64_decode", 0, 0, |call| decode(call, &STANDARD)),
    Filter::new("base64_url_safe_encode", 0, 0, |call| encode(call, &URL_SAFE)),
    Filter::new("base64_url_safe_decode", 0, 0, |call| decode(call, &URL_SAFE_UNPADDED)),
];

/// As in Ruby, where `=` at the end may be missing in the alphabet for URLs, and only in that.
const URL_SAFE_UNPADDED: GeneralPurpose = GeneralPurpose::new(
    &alphabet::URL_SAFE,
    PAD.with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

fn url_encode(call: &mut Call<'_, '_>) -> Filtered {
    let text = call.text()?;
    call.room(text.len() * 3)?;
    Ok(Value::from(percent_encoded(&text, b"-._~", true)))
}

/// Text in which every byte but letters, digits and these is written as `%` and two digits.
fn percent(call: &mut Call<'_, '_>, kept: &[u8]) -> Filtered {
    let text = call.text()?;
    call.room(text.len() * 3)?;
    Ok(Value::from(percent_encoded(&text, kept, false)))
}

/// Every byte but letters, digits and these as `%` and two digits; a space as `+` if asked for.
fn percent_encoded(text: &str, kept: &[u8], plus: bool) -> String {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let digit =
        |nibble: u8| char::from(DIGITS.get(usize::from(nibble)).copied().unwrap_or_default());
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || kept.contains(&byte) {
            encoded.push(char::from(byte));
        } else if plus && byte == b' ' {
            encoded.push('+');
        } else {
            encoded.extend(['%', digit(byte >> 4), digit(byte & 15)]);
        }
    }
    encoded
}

fn url_decode(call: &mut Call<'_, '_>) -> Filtered {
    let text = call.text()?;
    call.room(text.len())?;
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.as_bytes();
    while let [byte, rest @ ..] = bytes {
        bytes = rest;
        match (byte, rest) {
            (b'+', _) => decoded.push(b' '),
            (b'%', [high, low, after @ ..])
                if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() =>
            {
                decoded.push(hex(*high) << 4 | hex(*low));
                bytes = after;
            }
            _ => decoded.push(*byte),
        }
    }
    text_of(decoded, "UTF-8")
}

fn hex(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        _ => (digit | 0x20).wrapping_sub(b'a').wrapping_add(10),
    }
}

fn text_of(bytes: Vec<u8>, encoding: &'static str) -> Filtered {
    let text = String::from_utf8(bytes).map_err(|_| Failure::NotDecodable { encoding })?;
    Ok(Value::from(text))
}

fn encode(call: &mut Call<'_, '_>, engine: &GeneralPurpose) -> Filtered {
    let text = call.text()?;
    call.room(text.len() / 3 * 4 + 4)?;
    Ok(Value::from(engine.encode(text.as_bytes())))
}

fn decode(call: &mut Call<'_, '_>, engine: &GeneralPurpose) -> Filtered {
    let text = call.text()?;
    call.room(text.len())?;
    let bytes =
        engine.decode(text.as_bytes()).map_err(|_| Failure::NotDecodable { encoding: "Base64" })?;
    text_of(bytes, "UTF-8")
}
