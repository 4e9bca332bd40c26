//! Writing and reading small numbers in few bytes.

use super::Unreadable;
use crate::digest::Key;
use crate::time::Timestamp;

/// Appends values.
pub(crate) struct Writer {
    bytes: Vec<u8>,
    from: i64,
}

impl Writer {
    /// Instants are written as distances from `from`.
    pub(crate) fn new(from: Timestamp) -> Self {
        Self { bytes: Vec::with_capacity(512), from: from.millis() }
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.bytes
    }

    pub(crate) fn byte(&mut self, byte: u8) {
        self.bytes.push(byte);
    }

    pub(crate) fn fixed(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    pub(crate) fn key(&mut self, key: Key) {
        self.fixed(&key.0.to_be_bytes());
    }

    /// Seven bits a byte, the lowest first (LEB128).
    pub(crate) fn number(&mut self, mut number: u64) {
        while number > 0x7f {
            self.bytes.push((number & 0x7f) as u8 | 0x80);
            number >>= 7;
        }
        self.bytes.push((number & 0x7f) as u8);
    }

    /// The sign in the lowest bit, so that small negative numbers are small.
    pub(crate) fn signed(&mut self, number: i64) {
        self.number(((number << 1) ^ (number >> 63)).cast_unsigned());
    }

    pub(crate) fn length(&mut self, length: usize) {
        self.number(length as u64);
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.length(text.len());
        self.bytes.extend_from_slice(text.as_bytes());
    }

    /// 0 for never; else the distance, moved up by one.
    pub(crate) fn instant(&mut self, at: Timestamp) {
        if at.is_never() {
            return self.number(0);
        }
        let distance = at.millis().wrapping_sub(self.from);
        self.number(((distance << 1) ^ (distance >> 63)).cast_unsigned().wrapping_add(1));
    }

    /// How long `at` is before the instant that was written before it, if there is one, which is not
    /// earlier. It becomes the one before the next.
    pub(crate) fn earlier(&mut self, before: &mut Option<Timestamp>, at: Timestamp) {
        debug_assert!(before.is_none_or(|newer| newer >= at));
        match before.replace(at) {
            None => self.instant(at),
            Some(newer) => self.number(newer.since(at).millis().unsigned_abs()),
        }
    }

    pub(crate) fn option(&mut self, at: Option<Timestamp>) {
        self.instant(at.unwrap_or(Timestamp::NEVER));
    }

    /// What `write` writes, with its length before it.
    pub(crate) fn block(&mut self, write: impl FnOnce(&mut Self)) {
        let mut inner = Self { bytes: Vec::new(), from: self.from };
        write(&mut inner);
        self.length(inner.bytes.len());
        self.bytes.append(&mut inner.bytes);
    }
}

/// Takes values off the front.
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    from: i64,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, from: 0 }
    }

    pub(crate) fn count_from(&mut self, from: Timestamp) {
        self.from = from.millis();
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    #[inline]
    pub(crate) fn byte(&mut self) -> Result<u8, Unreadable> {
        let (first, rest) = self.bytes.split_first().ok_or(Unreadable)?;
        self.bytes = rest;
        Ok(*first)
    }

    pub(crate) fn fixed<const N: usize>(&mut self) -> Result<[u8; N], Unreadable> {
        let (first, rest) = self.bytes.split_first_chunk().ok_or(Unreadable)?;
        self.bytes = rest;
        Ok(*first)
    }

    pub(crate) fn key(&mut self) -> Result<Key, Unreadable> {
        Ok(Key(u32::from_be_bytes(self.fixed()?)))
    }

    pub(crate) fn take(&mut self, length: usize) -> Result<Self, Unreadable> {
        let (first, rest) = self.bytes.split_at_checked(length).ok_or(Unreadable)?;
        self.bytes = rest;
        Ok(Self { bytes: first, from: self.from })
    }

    #[inline]
    pub(crate) fn number(&mut self) -> Result<u64, Unreadable> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(Unreadable)
    }

    pub(crate) fn number32(&mut self) -> Result<u32, Unreadable> {
        u32::try_from(self.number()?).map_err(|_| Unreadable)
    }

    pub(crate) fn signed(&mut self) -> Result<i64, Unreadable> {
        let number = self.number()?;
        Ok((number >> 1).cast_signed() ^ -((number & 1).cast_signed()))
    }

    /// A length, which cannot be more than the bytes that are left.
    pub(crate) fn length(&mut self) -> Result<usize, Unreadable> {
        let length = usize::try_from(self.number()?).map_err(|_| Unreadable)?;
        if length > self.bytes.len() { Err(Unreadable) } else { Ok(length) }
    }

    pub(crate) fn text(&mut self) -> Result<&'a str, Unreadable> {
        let length = self.length()?;
        let text = self.take(length)?.bytes;
        str::from_utf8(text).map_err(|_| Unreadable)
    }

    #[inline]
    pub(crate) fn instant(&mut self) -> Result<Timestamp, Unreadable> {
        let number = self.number()?;
        if number == 0 {
            return Ok(Timestamp::NEVER);
        }
        let number = number.wrapping_sub(1);
        let distance = (number >> 1).cast_signed() ^ -((number & 1).cast_signed());
        Ok(Timestamp::from_millis(self.from.wrapping_add(distance)))
    }

    /// What [`Writer::earlier`] wrote.
    #[inline]
    pub(crate) fn earlier(
        &mut self,
        before: &mut Option<Timestamp>,
    ) -> Result<Timestamp, Unreadable> {
        let at = match *before {
            None => self.instant()?,
            Some(newer) => {
                let millis = i64::try_from(self.number()?).map_err(|_| Unreadable)?;
                Timestamp::from_millis(newer.millis().saturating_sub(millis))
            }
        };
        *before = Some(at);
        Ok(at)
    }

    pub(crate) fn option(&mut self) -> Result<Option<Timestamp>, Unreadable> {
        Ok(Some(self.instant()?).filter(|at| !at.is_never()))
    }

    /// As many of `read` as the length before them says.
    pub(crate) fn list<T>(
        &mut self,
        mut read: impl FnMut(&mut Self) -> Result<T, Unreadable>,
    ) -> Result<Vec<T>, Unreadable> {
        let length = self.length()?;
        let mut list = Vec::with_capacity(length);
        for _ in 0..length {
            list.push(read(self)?);
        }
        Ok(list)
    }
}
