//! Summaries and censuses as bytes, to be kept between the calls of a pass.

use std::collections::BTreeMap;

use super::Census;
use super::summary::{Headcount, Known, Row, Summary, Tally};
use crate::affinity::ProductKey;
use crate::coverage::Fact;
use crate::digest::Key;
use crate::id::CustomerId;
use crate::number::Number;
use crate::packed::Unreadable;
use crate::packed::bytes::{Reader, Writer};
use crate::ranking::{Cuts, Frozen, Place};
use crate::time::Timestamp;

/// The first byte. A change of the layout gets another; a pass whose summaries cannot be read begins
/// anew.
const FORMAT: u64 = 4;

impl Summary {
    /// As bytes.
    pub fn pack(&self) -> Vec<u8> {
        let mut out = Writer::new(Timestamp::default());
        out.number(FORMAT);
        out.number(self.customers);
        out.length(self.ranked.len());
        for (key, ranked) in &self.ranked {
            out.number(key.0.into());
            out.number(*ranked);
        }
        out.length(self.segments.len());
        self.segments.iter().for_each(|tally| pack_tally(&mut out, tally));
        out.length(self.both.len());
        for ((one, other), both) in &self.both {
            [u64::from(*one), u64::from(*other), *both].into_iter().for_each(|n| out.number(n));
        }
        out.length(self.moves.len());
        for ((from, to), customers) in &self.moves {
            [pack_cell(*from), pack_cell(*to), *customers].into_iter().for_each(|n| out.number(n));
        }
        out.length(self.known.len());
        for (fact, known) in &self.known {
            out.text(&fact.to_string());
            pack_headcount(&mut out, &known.have);
            pack_headcount(&mut out, &known.askable);
        }
        out.length(self.rows.len());
        self.rows.iter().for_each(|(hash, row)| pack_row(&mut out, *hash, row));
        // No hash is as high as that.
        out.fixed(&self.beyond.unwrap_or(u64::MAX).to_be_bytes());
        out.finish()
    }

    /// From bytes.
    pub fn unpack(bytes: &[u8]) -> Result<Self, Unreadable> {
        let mut input = Reader::new(bytes);
        if input.number()? != FORMAT {
            return Err(Unreadable);
        }
        let customers = input.number()?;
        let ranked = input.list(|input| Ok((Key(input.number32()?), input.number()?)))?;
        let segments = input.list(unpack_tally)?;
        let both = input.list(|input| Ok(((place(input)?, place(input)?), input.number()?)))?;
        let moves = input.list(|input| Ok(((cell(input)?, cell(input)?), input.number()?)))?;
        let known = input.list(|input| {
            let fact = Fact::parse(input.text()?).ok_or(Unreadable)?;
            Ok((fact, Known { have: unpack_headcount(input)?, askable: unpack_headcount(input)? }))
        })?;
        let rows = input.list(unpack_row)?;
        let beyond = Some(u64::from_be_bytes(input.fixed()?)).filter(|hash| *hash != u64::MAX);
        Ok(Self {
            customers,
            ranked: ranked.into_iter().collect(),
            segments,
            both: both.into_iter().collect(),
            moves: moves.into_iter().collect(),
            known: known.into_iter().collect(),
            rows: rows.into_iter().collect(),
            beyond,
        })
    }
}

impl Census {
    /// As bytes.
    pub fn pack(&self) -> Vec<u8> {
        let mut out = Writer::new(Timestamp::default());
        out.number(FORMAT);
        out.number(self.number.into());
        out.instant(self.at);
        for (key, frozen) in &self.frozen {
            out.number(key.0.into());
            out.number(frozen.ranked);
            out.length(frozen.axes.len());
            frozen.axes.iter().for_each(|cuts| pack_cuts(&mut out, cuts));
        }
        out.finish()
    }

    /// From bytes.
    pub fn unpack(bytes: &[u8]) -> Result<Self, Unreadable> {
        let mut input = Reader::new(bytes);
        if input.number()? != FORMAT {
            return Err(Unreadable);
        }
        let (number, at) = (input.number32()?, input.instant()?);
        let mut frozen = BTreeMap::new();
        while !input.is_empty() {
            let (key, ranked) = (Key(input.number32()?), input.number()?);
            frozen.insert(key, Frozen { ranked, axes: input.list(unpack_cuts)? });
        }
        Ok(Self { number, at, frozen })
    }
}

fn pack_tally(out: &mut Writer, tally: &Tally) {
    let Tally { inside, reachable: [email, sms, push], reached, entered, left } = *tally;
    let counts = [inside, email, sms, push, reached, entered, left];
    counts.into_iter().for_each(|count| out.number(count));
}

fn unpack_tally(input: &mut Reader<'_>) -> Result<Tally, Unreadable> {
    let inside = input.number()?;
    let reachable = [input.number()?, input.number()?, input.number()?];
    let (reached, entered, left) = (input.number()?, input.number()?, input.number()?);
    Ok(Tally { inside, reachable, reached, entered, left })
}

fn pack_headcount(out: &mut Writer, head: &Headcount) {
    out.number(head.customers);
    out.length(head.inside.len());
    for (segment, inside) in &head.inside {
        [u64::from(*segment), *inside].into_iter().for_each(|n| out.number(n));
    }
}

fn unpack_headcount(input: &mut Reader<'_>) -> Result<Headcount, Unreadable> {
    let customers = input.number()?;
    let inside = input.list(|input| Ok((place(input)?, input.number()?)))?;
    Ok(Headcount { customers, inside: inside.into_iter().collect() })
}

fn pack_row(out: &mut Writer, hash: u64, row: &Row) {
    out.fixed(&hash.to_be_bytes());
    out.text(row.id.as_str());
    out.length(row.values.len());
    row.values.iter().for_each(|value| pack_value(out, *value));
    out.length(row.inside.len());
    row.inside.iter().for_each(|segment| out.number((*segment).into()));
    out.length(row.bought.len());
    row.bought.iter().for_each(|key| out.fixed(key.bytes()));
}

fn unpack_row(input: &mut Reader<'_>) -> Result<(u64, Row), Unreadable> {
    let hash = u64::from_be_bytes(input.fixed()?);
    let id = CustomerId::parse(input.text()?).ok_or(Unreadable)?;
    let values = input.list(unpack_value)?;
    let inside = input.list(place)?;
    let bought = input.list(|input| Ok(ProductKey::stored(input.fixed()?)))?;
    Ok((hash, Row { id, values, inside, bought }))
}

fn pack_value(out: &mut Writer, value: Option<Number>) {
    out.byte(u8::from(value.is_some()));
    if let Some(value) = value {
        out.signed(value.micros());
    }
}

fn unpack_value(input: &mut Reader<'_>) -> Result<Option<Number>, Unreadable> {
    match input.byte()? {
        0 => Ok(None),
        _ => Ok(Some(Number::from_micros(input.signed()?))),
    }
}

fn pack_cuts(out: &mut Writer, cuts: &Cuts) {
    let (kind, places): (u8, Vec<Place>) = match cuts {
        Cuts::Above(places) => (0, places.clone()),
        Cuts::Below(place) => (1, place.iter().cloned().collect()),
        Cuts::At(values) => {
            (2, values.iter().map(|value| Place { value: *value, id: None }).collect())
        }
    };
    out.byte(kind);
    out.length(places.len());
    for Place { value, id } in &places {
        out.signed(value.micros());
        out.text(id.as_ref().map_or("", CustomerId::as_str));
    }
}

fn unpack_cuts(input: &mut Reader<'_>) -> Result<Cuts, Unreadable> {
    let kind = input.byte()?;
    let places = input.list(|input| {
        let value = Number::from_micros(input.signed()?);
        Ok(Place { value, id: CustomerId::parse(input.text()?) })
    })?;
    match kind {
        0 => Ok(Cuts::Above(places)),
        1 => Ok(Cuts::Below(places.into_iter().next())),
        2 => Ok(Cuts::At(places.into_iter().map(|place| place.value).collect())),
        _ => Err(Unreadable),
    }
}

fn place(input: &mut Reader<'_>) -> Result<u16, Unreadable> {
    u16::try_from(input.number()?).map_err(|_| Unreadable)
}

/// The place of a cell, from 1; 0 is none.
fn pack_cell(cell: Option<u16>) -> u64 {
    cell.map_or(0, |place| u64::from(place) + 1)
}

fn cell(input: &mut Reader<'_>) -> Result<Option<u16>, Unreadable> {
    let cell = input.number()?;
    cell.checked_sub(1).map(u16::try_from).transpose().map_err(|_| Unreadable)
}
