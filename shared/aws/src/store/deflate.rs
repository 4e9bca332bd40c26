//! What is large, deflated: an item holds 400 KB, and each kilobyte written is a unit.

use std::io::{Read as _, Write as _};

use attune_domain::limits;
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;

/// Bytes that are inflated at most. The largest that we write are definitions with their lineage.
const INFLATED: u64 = 2 * limits::DEFINITION_BYTES as u64;

pub(super) fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut out = DeflateEncoder::new(Vec::new(), Compression::best());
    // Writing to memory cannot fail.
    out.write_all(bytes).ok();
    out.finish().unwrap_or_default()
}

/// `None` for what was not deflated.
pub(super) fn inflate(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut inflated = Vec::new();
    DeflateDecoder::new(bytes).take(INFLATED).read_to_end(&mut inflated).ok()?;
    Some(inflated)
}
