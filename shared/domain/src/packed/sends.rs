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

/// Counts that are not zero, each with its place: most of them are.
pub(super) fn pack_responses(out: &mut Writer, responses: &Responses) {
    let Responses { sent, followed, hours } = responses;
    let counts = sent.iter().chain(followed).chain(hours).zip(0..);
    let counts: Vec<(&u16, u8)> = counts.filter(|(count, _)| **count > 0).collect();
    out.length(counts.len());
    for (count, place) in counts {
        out.byte(place);
        out.number(u64::from(*count));
    }
}

pub(super) fn unpack_responses(input: &mut Reader<'_>) -> Result<Responses, Unreadable> {
    let mut responses = Responses::default();
    let Responses { sent, followed, hours } = &mut responses;
    let counts = input.list(|input| Ok((usize::from(input.byte()?), input.number()?)))?;
    let mut places: Vec<&mut u16> = sent.iter_mut().chain(followed).chain(hours).collect();
    for (place, count) in counts {
        let into = places.get_mut(place).ok_or(Unreadable)?;
        **into = u16::try_from(count).map_err(|_| Unreadable)?;
    }
    Ok(responses)
}
