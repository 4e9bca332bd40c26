//! What is kept of a census for long: how large segments were, and who moved from where to where within
//! a class.
//!
//! Segments go by their ids, which they keep when definitions change.

use std::collections::BTreeMap;

use super::summary::{Summary, Tally};
use crate::definitions::Definitions;
use crate::id::{ClassId, SegmentId};
use crate::packed::Unreadable;
use crate::packed::bytes::{Reader, Writer};
use crate::plan::Version;
use crate::time::Timestamp;

/// The first byte. A change of the layout gets another.
const FORMAT: u64 = 1;

/// One census among others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trend {
    /// The number of the census.
    pub number: u32,
    /// Its instant.
    pub at: Timestamp,
    /// The definitions it was taken under.
    pub version: Version,
    /// How many customers there were.
    pub customers: u64,
    /// How large each segment was, those of classes among them.
    pub segments: BTreeMap<SegmentId, Size>,
    /// Who moved where within each class, or stayed.
    pub classes: BTreeMap<ClassId, Vec<Flow>>,
}

/// How large a segment was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Size {
    /// Who were in it.
    pub customers: u64,
    /// Of them, who could be reached on any channel.
    pub reached: u64,
    /// Who entered since the census before.
    pub entered: u64,
    /// Who left since.
    pub left: u64,
}

/// How many were in one cell of a class at the census before, and in another at this one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flow {
    /// Where they were; `None`: in no cell.
    pub from: Option<SegmentId>,
    /// Where they are.
    pub to: Option<SegmentId>,
    /// How many.
    pub customers: u64,
}

impl Trend {
    /// What is kept of what a census counted under these definitions.
    pub fn of(number: u32, at: Timestamp, counted: &Summary, definitions: &Definitions) -> Self {
        let sizes = definitions.segments.iter().zip(&counted.segments);
        let sizes = sizes.map(|(segment, tally)| {
            let Tally { inside: customers, reached, entered, left, .. } = *tally;
            (segment.id.clone(), Size { customers, reached, entered, left })
        });
        let id = |cell: Option<u16>| {
            let segment = definitions.segments.get(usize::from(cell?))?;
            Some(segment.id.clone())
        };
        let classes = definitions.classes.iter().map(|class| {
            let of_class = |cell: &Option<u16>| {
                cell.is_none_or(|place| class.segments.contains(&usize::from(place)))
            };
            let flows =
                counted.moves.iter().filter(|((from, to), _)| of_class(from) && of_class(to));
            let flows = flows.map(|((from, to), customers)| Flow {
                from: id(*from),
                to: id(*to),
                customers: *customers,
            });
            (class.id.clone(), flows.collect())
        });
        Self {
            number,
            at,
            version: definitions.version(),
            customers: counted.customers,
            segments: sizes.collect(),
            classes: classes.collect(),
        }
    }

    /// As bytes.
    pub fn pack(&self) -> Vec<u8> {
        let mut out = Writer::new(Timestamp::default());
        out.number(FORMAT);
        out.number(self.number.into());
        out.instant(self.at);
        out.number(self.version.0.into());
        out.number(self.customers);
        out.length(self.segments.len());
        for (id, Size { customers, reached, entered, left }) in &self.segments {
            out.text(id.as_str());
            [*customers, *reached, *entered, *left].into_iter().for_each(|n| out.number(n));
        }
        out.length(self.classes.len());
        for (id, flows) in &self.classes {
            out.text(id.as_str());
            out.length(flows.len());
            for Flow { from, to, customers } in flows {
                [from, to]
                    .into_iter()
                    .for_each(|id| out.text(id.as_ref().map_or("", |id| id.as_str())));
                out.number(*customers);
            }
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
        let (version, customers) = (Version(input.number32()?), input.number()?);
        let segments = input.list(|input| {
            let id = SegmentId::parse(input.text()?).map_err(|_| Unreadable)?;
            let [customers, reached, entered, left] =
                [input.number()?, input.number()?, input.number()?, input.number()?];
            Ok((id, Size { customers, reached, entered, left }))
        })?;
        let classes = input.list(|input| {
            let id = ClassId::parse(input.text()?).map_err(|_| Unreadable)?;
            let flows = input.list(|input| {
                let (from, to) = (input.text()?, input.text()?);
                let customers = input.number()?;
                let [from, to] = [from, to].map(|id| SegmentId::parse(id).ok());
                Ok(Flow { from, to, customers })
            })?;
            Ok((id, flows))
        })?;
        let (segments, classes) = (segments.into_iter().collect(), classes.into_iter().collect());
        Ok(Self { number, at, version, customers, segments, classes })
    }
}
