//! What an address was sent, by whichever customers have it.
//!
//! Two profiles may have one address: somebody who ordered as a guest and with an account, or a
//! couple. What protects a reader must then be counted of the address. So its row remembers what was
//! claimed for it, and the claim books there, on the condition that nobody else did since the
//! decision: that row is in the claim's transaction anyway, as it says whether the address is
//! suppressed.

use crate::channel::Channel;
use crate::digest::Key;
use crate::id::CustomerId;
use crate::limits;
use crate::message::{Class, Message};
use crate::pressure::{LONGEST, Pressure, Sent, short};
use crate::program::Program;
use crate::time::Timestamp;

/// A message that sells, or asks for a confirmation, and was claimed for an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Booking {
    /// When it was claimed.
    at: Timestamp,
    /// The beginning of its id, as a profile remembers it too.
    message: u32,
    /// Whose it is.
    customer: Key,
    /// Of which program.
    program: Key,
    /// When the entry was that it follows.
    entry: Timestamp,
    /// Whether caps count it.
    sells: bool,
}

/// Bytes of a booking: two instants of 48 bits, which last for 8,900 years, three names of 32, and one
/// that says whether it sells.
const BYTES: usize = 25;

impl Booking {
    /// The booking of a message that is claimed at `at`.
    pub fn of(message: &Message, at: Timestamp) -> Self {
        Self {
            at,
            message: short(&message.id),
            customer: customer(&message.customer),
            program: Program::key_of(&message.program),
            entry: message.at,
            sells: message.class == Class::Marketing,
        }
    }

    fn pack(self) -> [u8; BYTES] {
        let mut bytes = [0; BYTES];
        let instant = |at: Timestamp| at.millis().to_be_bytes().into_iter().skip(2);
        let names = [self.message, self.customer.0, self.program.0];
        let names = names.into_iter().flat_map(u32::to_be_bytes);
        let all =
            instant(self.at).chain(instant(self.entry)).chain(names).chain([self.sells.into()]);
        bytes.iter_mut().zip(all).for_each(|(to, from)| *to = from);
        bytes
    }

    fn unpack(bytes: &[u8]) -> Self {
        let number = |from: usize, to: usize| {
            bytes.iter().take(to).skip(from).fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte))
        };
        let instant = |from| Timestamp::from_millis(number(from, from + 6).cast_signed());
        let name = |from| u32::try_from(number(from, from + 4)).unwrap_or_default();
        Self {
            at: instant(0),
            entry: instant(6),
            message: name(12),
            customer: Key(name(16)),
            program: Key(name(20)),
            sells: bytes.last() == Some(&1),
        }
    }
}

/// What an address was sent, the newest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Bookings(Vec<Booking>);

impl Bookings {
    /// Books a message. What caps count stays, `most` messages, and the last of each program; of a
    /// message that is claimed again the last claim.
    pub fn note(&mut self, booking: Booking, most: usize) {
        match self.0.iter_mut().find(|known| known.message == booking.message) {
            Some(known) => *known = (*known).max(booking),
            None => self.0.push(booking),
        }
        self.0.sort_by(|one, other| other.cmp(one));
        let (all, mut place, mut sold) = (self.0.clone(), 0, 0);
        self.0.retain(|booking| {
            let newer = all.get(..place).unwrap_or_default();
            place += 1;
            sold += usize::from(booking.sells);
            let recent = all.first().is_some_and(|newest| newest.at.since(booking.at) < LONGEST);
            let last = !newer.iter().any(|newer| newer.program == booking.program);
            last || (booking.sells && recent && sold <= most)
        });
        self.0.truncate(limits::BOOKINGS);
    }

    /// Whether another customer with the address got the same: a message of the program, whose entry
    /// is so near that one customer would not have started it twice.
    pub fn had(&self, message: &Message, program: &Program) -> bool {
        let (own, key) = (customer(&message.customer), program.key());
        let others = self.0.iter().filter(|known| known.program == key && known.customer != own);
        others.into_iter().any(|known| !program.may_start(Some(known.entry), message.at))
    }

    /// Adds what was sent to the address on `channel` to what caps count.
    pub fn add_to(&self, pressure: &mut Pressure, channel: Channel) {
        let sent = |known: &Booking| Sent { at: known.at, message: known.message, channel };
        let selling = self.0.iter().filter(|known| known.sells);
        selling.for_each(|known| pressure.note(sent(known), usize::MAX));
    }

    /// As they are stored.
    pub fn pack(&self) -> Vec<u8> {
        self.0.iter().flat_map(|booking| booking.pack()).collect()
    }

    /// Reads what was stored; `None` if it is not that.
    pub fn unpack(bytes: &[u8]) -> Option<Self> {
        let whole = bytes.len().is_multiple_of(BYTES);
        whole.then(|| Self(bytes.chunks_exact(BYTES).map(Booking::unpack).collect()))
    }

    /// Whether nothing was ever sent.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn customer(id: &CustomerId) -> Key {
    Key::of(&["customer", id.as_str()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{MessageId, ProgramId, SegmentId, TemplateId};
    use crate::message::Cause;
    use crate::pressure::REMEMBERED;
    use crate::testing::{at, definitions};

    fn message(program: &str, customer: &str, entry: u32, when: &str) -> Message {
        let (program, customer) = (ProgramId::parse(program).unwrap(), CustomerId::known(customer));
        let segment = SegmentId::parse("s").unwrap();
        Message {
            id: MessageId::of(&program, &segment, &customer, entry),
            customer,
            program,
            class: Class::Marketing,
            template: TemplateId::parse("t").unwrap(),
            segment,
            entry,
            cause: Cause::Event,
            event: None,
            at: at(when),
            due: at(when),
            expires: Timestamp::NEVER,
        }
    }

    /// Whether customer 2 gets the message of an entry of theirs, a day after customer 1 got one.
    #[track_caller]
    fn check(again: &str, program: &str, customer: &str, entered: &str, had: bool) {
        let source = format!(
            "segments: [{{ id: s, when: {{ event: Look }} }}]\n\
             templates: [{{ id: t, sms: Hello }}]\n\
             programs:\n\
             - {{ id: p, enter: s, again: {again}, send: {{ template: t }} }}\n\
             - {{ id: q, enter: s, again: {again}, send: {{ template: t }} }}"
        );
        let definitions = definitions(&source);
        let mut bookings = Bookings::default();
        let first = message("p", "1", 1, "2026-01-01T10:00:00Z");
        bookings.note(Booking::of(&first, at("2026-01-01T12:00:00Z")), 1);
        let second = message(program, customer, 1, entered);
        assert_eq!(bookings.had(&second, definitions.program(program).unwrap()), had);
    }

    #[test]
    fn twins_share_an_entry_that_one_customer_could_not_have_twice() {
        let seven = "{ after: 7d }";
        check(seven, "p", "2", "2026-01-01T10:05:00Z", true);
        check(seven, "p", "2", "2026-01-01T09:00:00Z", true);
        check(seven, "p", "2", "2026-01-08T09:59:59Z", true);
        check(seven, "p", "2", "2026-01-08T10:00:00Z", false);
        check("never", "p", "2", "2027-01-01T10:00:00Z", true);
        // Another program, and the same customer, who has an order of their own.
        check(seven, "q", "2", "2026-01-01T10:05:00Z", false);
        check(seven, "p", "1", "2026-01-01T10:05:00Z", false);
    }

    #[test]
    fn what_was_booked_is_read_as_it_was_written() {
        let mut bookings = Bookings::default();
        for entry in 1..4 {
            let message = message("p", "42", entry, "2026-01-01T10:00:00.123Z");
            bookings.note(Booking::of(&message, at("2026-02-01T10:00:00.456Z")), REMEMBERED);
        }
        let packed = bookings.pack();
        assert_eq!(packed.len(), 3 * BYTES);
        assert_eq!(Bookings::unpack(&packed), Some(bookings));
        assert_eq!(Bookings::unpack(&packed[1..]), None);
    }

    #[test]
    fn the_last_of_each_program_stays_and_of_the_others_what_caps_count() {
        let mut bookings = Bookings::default();
        let mut note = |program: &str, entry: u32, when: &str| {
            bookings.note(Booking::of(&message(program, "1", entry, when), at(when)), 2);
            bookings.0.len()
        };
        assert_eq!(note("p", 1, "2026-01-01T10:00:00Z"), 1);
        assert_eq!(note("q", 1, "2026-01-02T10:00:00Z"), 2);
        assert_eq!(note("q", 2, "2026-01-03T10:00:00Z"), 3);
        assert_eq!(note("q", 3, "2026-01-04T10:00:00Z"), 3);
        for entry in 4..20 {
            assert_eq!(
                note("q", entry, &format!("2027-01-{entry:02}T10:00:00Z")),
                2 + usize::from(entry > 4)
            );
        }
    }

    #[test]
    fn a_question_takes_no_place_of_what_caps_count() {
        let mut bookings = Bookings::default();
        let asks = |program: &str| Message {
            class: Class::OptIn,
            ..message(program, "1", 1, "2026-01-03T10:00:00Z")
        };
        for (message, when) in [
            (message("p", "1", 1, "2026-01-01T10:00:00Z"), "2026-01-01T10:00:00Z"),
            (message("p", "1", 2, "2026-01-02T10:00:00Z"), "2026-01-02T10:00:00Z"),
            (asks("q"), "2026-01-03T10:00:00Z"),
            (asks("r"), "2026-01-03T11:00:00Z"),
        ] {
            bookings.note(Booking::of(&message, at(when)), 2);
        }
        assert_eq!(bookings.0.iter().filter(|known| known.sells).count(), 2);
    }

    #[test]
    fn a_row_never_holds_more_than_its_limit() {
        let mut bookings = Bookings::default();
        for n in 0..100 {
            let message = message(&format!("p{n}"), "1", 1, "2026-01-01T10:00:00Z");
            bookings.note(Booking::of(&message, at("2026-01-01T10:00:00Z")), REMEMBERED);
        }
        assert_eq!(bookings.pack().len(), limits::BOOKINGS * BYTES);
    }
}
