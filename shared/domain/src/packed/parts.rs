//! Wake-ups, ring, orders, memberships and started programs as bytes.

use std::collections::BTreeMap;

use super::Unreadable;
use super::bytes::{Reader, Writer};
use crate::digest::Key;
use crate::feature::{Folded, Order, Orders};
use crate::id::{CustomerId, EventId};
use crate::membership::{Membership, Memberships};
use crate::ring::{Entry, Ring};
use crate::time::Timestamp;
use crate::wake_ups::WakeUps;

/// Ids other than the profile's own are listed once, and known by their number.
pub(super) fn pack_ring(out: &mut Writer, ring: &Ring, id: &CustomerId) {
    let mut others: Vec<&CustomerId> = Vec::new();
    for entry in ring.entries().iter().filter(|entry| entry.filed != *id) {
        if !others.contains(&&entry.filed) {
            others.push(&entry.filed);
        }
    }
    out.length(others.len());
    others.iter().for_each(|other| out.text(other.as_str()));
    out.option(ring.let_go());
    out.length(ring.seen().len());
    ring.seen().iter().for_each(|key| out.key(*key));
    out.length(ring.entries().len());
    for entry in ring.entries() {
        let filed = others.iter().position(|other| **other == entry.filed).map_or(0, |at| at + 1);
        let late = entry.occurred.millis().wrapping_sub(entry.sent.millis());
        out.number((filed as u64) << 1 | u64::from(late != 0));
        out.fixed(&entry.id.hash().to_be_bytes());
        out.instant(entry.sent);
        if late != 0 {
            out.signed(late);
        }
    }
}

pub(super) fn unpack_ring(input: &mut Reader<'_>, id: &CustomerId) -> Result<Ring, Unreadable> {
    let mut filed = vec![id.clone()];
    filed.extend(input.list(|input| CustomerId::parse(input.text()?).ok_or(Unreadable))?);
    let let_go = input.option()?;
    let seen = input.list(Reader::key)?;
    let entries = input.list(|input| {
        let head = input.number()?;
        let filed = usize::try_from(head >> 1).ok().and_then(|at| filed.get(at));
        let id = EventId::stored(u64::from_be_bytes(input.fixed()?));
        let sent = input.instant()?;
        let late = if head & 1 == 0 { 0 } else { input.signed()? };
        Ok(Entry {
            id,
            filed: filed.ok_or(Unreadable)?.clone(),
            sent,
            occurred: Timestamp::from_millis(sent.millis().wrapping_add(late)),
        })
    })?;
    Ok(Ring::stored(entries, seen, let_go))
}

pub(super) fn pack_wake_ups(out: &mut Writer, wake_ups: &WakeUps) {
    out.length(wake_ups.as_slice().len());
    for due in wake_ups.as_slice() {
        out.instant(*due);
    }
}

pub(super) fn unpack_wake_ups(input: &mut Reader<'_>) -> Result<WakeUps, Unreadable> {
    Ok(WakeUps::stored(input.list(Reader::instant)?))
}

const COMPLETED: u8 = 1;
const CANCELLED: u8 = 2;
const REFUNDED: u8 = 4;
const REPRICED: u8 = 8;
const UPDATED: u8 = 16;

/// An order has a key of four bytes, how long it came before the next newer one, and its amount. Of what
/// is packed, orders are what grows; so what else is known of some of them, by its place, comes behind.
pub(super) fn pack_orders(out: &mut Writer, orders: &Orders) {
    let folded = orders.folded();
    out.number(folded.count.into());
    if let Some((first, last)) = folded.between {
        out.signed(folded.cents);
        out.instant(first);
        out.instant(last);
    }
    out.length(orders.list().len());
    let mut newer = None;
    for order in orders.list() {
        out.key(order.key);
        out.earlier(&mut newer, order.at);
        out.number(order.cents.unsigned_abs());
    }
    let marked = orders.list().iter().enumerate().filter(|(_, order)| flags(order) != COMPLETED);
    out.length(marked.clone().count());
    for (place, order) in marked {
        let flags = flags(order);
        out.length(place);
        out.byte(flags);
        if flags & REFUNDED != 0 {
            out.signed(order.refunded);
        }
        if flags & REPRICED != 0 {
            out.instant(order.priced_at);
        }
    }
}

fn flags(order: &Order) -> u8 {
    let flag = |set: bool, flag: u8| if set { flag } else { 0 };
    flag(order.completed, COMPLETED)
        | flag(order.cancelled, CANCELLED)
        | flag(order.refunded != 0, REFUNDED)
        | flag(order.priced_at != order.at, REPRICED)
        | flag(order.updated, UPDATED)
}

pub(super) fn unpack_orders(input: &mut Reader<'_>) -> Result<Orders, Unreadable> {
    let mut folded = Folded { count: input.number32()?, ..Folded::default() };
    if folded.count > 0 {
        folded.cents = input.signed()?;
        folded.between = Some((input.instant()?, input.instant()?));
    }
    let mut newer = None;
    let mut list = input.list(|input| {
        let (key, at) = (input.key()?, input.earlier(&mut newer)?);
        let cents = i64::try_from(input.number()?).map_err(|_| Unreadable)?;
        let (completed, cancelled, updated) = (true, false, false);
        Ok(Order { key, at, completed, cancelled, cents, refunded: 0, priced_at: at, updated })
    })?;
    for _ in 0..input.length()? {
        let order = usize::try_from(input.number()?).ok().and_then(|place| list.get_mut(place));
        let order = order.ok_or(Unreadable)?;
        let flags = input.byte()?;
        order.completed = flags & COMPLETED != 0;
        order.cancelled = flags & CANCELLED != 0;
        order.updated = flags & UPDATED != 0;
        if flags & REFUNDED != 0 {
            order.refunded = input.signed()?;
        }
        if flags & REPRICED != 0 {
            order.priced_at = input.instant()?;
        }
    }
    Ok(Orders::stored(list, folded))
}

pub(super) fn pack_memberships(out: &mut Writer, memberships: &Memberships) {
    out.length(memberships.iter().count());
    for (key, place) in memberships.iter() {
        out.key(*key);
        out.number(u64::from(place.ordinal) << 1 | u64::from(place.inside));
        out.instant(place.since);
    }
}

pub(super) fn unpack_memberships(input: &mut Reader<'_>) -> Result<Memberships, Unreadable> {
    let list = input.list(|input| {
        let key = input.key()?;
        let head = input.number()?;
        let ordinal = u32::try_from(head >> 1).map_err(|_| Unreadable)?;
        Ok((key, Membership { inside: head & 1 == 1, ordinal, since: input.instant()? }))
    })?;
    Ok(Memberships::stored(list))
}

pub(super) fn pack_started(out: &mut Writer, started: &BTreeMap<Key, Timestamp>) {
    out.length(started.len());
    for (key, at) in started {
        out.key(*key);
        out.instant(*at);
    }
}

pub(super) fn unpack_started(
    input: &mut Reader<'_>,
) -> Result<BTreeMap<Key, Timestamp>, Unreadable> {
    let started = input.list(|input| Ok((input.key()?, input.instant()?)))?;
    Ok(started.into_iter().collect())
}
