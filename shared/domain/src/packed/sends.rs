//! What was sent to a person, and what they respond to, as bytes.

use super::Unreadable;
use super::bytes::{Reader, Writer};
use crate::channel::Channel;
use crate::pressure::{Pressure, Sent};
use crate::response::Responses;

pub(super) fn pack_pressure(out: &mut Writer, pressure: &Pressure) {
    out.length(pressure.sent().len());
    for sent in pressure.sent() {
        out.byte(
            Channel::ALL.iter().zip(0..).find(|(c, _)| **c == sent.channel).map_or(0, |p| p.1),
        );
        out.fixed(&sent.message.to_be_bytes());
        out.instant(sent.at);
    }
}

pub(super) fn unpack_pressure(input: &mut Reader<'_>) -> Result<Pressure, Unreadable> {
    let sent = input.list(|input| {
        let channel = Channel::ALL.get(usize::from(input.byte()?)).ok_or(Unreadable)?;
        let message = u32::from_be_bytes(input.fixed()?);
        Ok(Sent { at: input.instant()?, message, channel: *channel })
    })?;
    Ok(Pressure::stored(sent))
}

/// Counts of messages that are not zero, each with its place, as most are zero; then two hours a
/// byte, if anything is known of the hours.
pub(super) fn pack_responses(out: &mut Writer, responses: &Responses) {
    let Responses { sent, followed, hours } = responses;
    let counts: Vec<(&u16, u8)> =
        sent.iter().chain(followed).zip(1..).filter(|(count, _)| **count > 0).collect();
    let active = hours.iter().any(|count| *count > 0);
    out.number((counts.len() as u64) << 1 | u64::from(active));
    for (count, place) in counts {
        out.byte(place);
        out.number(u64::from(*count));
    }
    if active {
        let pairs = hours.chunks_exact(2);
        pairs.for_each(|pair| out.byte(pair.iter().fold(0, |byte, count| byte << 4 | count)));
    }
}

pub(super) fn unpack_responses(input: &mut Reader<'_>) -> Result<Responses, Unreadable> {
    let mut responses = Responses::default();
    let Responses { sent, followed, hours } = &mut responses;
    let mut places: Vec<&mut u16> = sent.iter_mut().chain(followed).collect();
    let head = input.number()?;
    for _ in 0..head >> 1 {
        let place = usize::from(input.byte()?).checked_sub(1).ok_or(Unreadable)?;
        let into = places.get_mut(place).ok_or(Unreadable)?;
        **into = u16::try_from(input.number()?).map_err(|_| Unreadable)?;
    }
    if head & 1 == 1 {
        for pair in hours.chunks_exact_mut(2) {
            let byte = input.byte()?;
            for (count, shift) in pair.iter_mut().zip([4, 0]) {
                *count = byte >> shift & 15;
            }
        }
    }
    Ok(responses)
}
