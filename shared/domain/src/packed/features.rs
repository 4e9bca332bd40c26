//! Features as bytes: those that are not empty, by key, each with its length.

use super::Unreadable;
use super::bytes::{Reader, Writer};
use crate::feature::{Feature, Latest, Score, Values};
use crate::moment::Anniversary;
use crate::number::Number;
use crate::plan::Plan;
use crate::profile::empty_features;
use crate::ranking::Cell;

pub(super) fn pack(out: &mut Writer, features: &[Feature], plan: &Plan) {
    let kept = plan.by_key().iter().filter_map(|(key, place)| {
        let feature = features.get(*place)?;
        (!feature.is_empty()).then_some((key, feature))
    });
    for (key, feature) in kept {
        out.key(*key);
        out.block(|out| pack_one(out, feature));
    }
}

/// Both the bytes and the plan are in rising order of keys, so they are read side by side.
pub(super) fn unpack(input: &mut Reader<'_>, plan: &Plan) -> Result<Vec<Feature>, Unreadable> {
    let mut features = empty_features(plan);
    let mut planned = plan.by_key().iter().peekable();
    while !input.is_empty() {
        let key = input.key()?;
        let length = input.length()?;
        let mut block = input.take(length)?;
        while planned.next_if(|(known, _)| *known < key).is_some() {}
        if let Some((_, place)) = planned.next_if(|(known, _)| *known == key)
            && let Some(feature) = features.get_mut(*place)
        {
            unpack_one(&mut block, feature)?;
        }
    }
    Ok(features)
}

fn pack_one(out: &mut Writer, feature: &Feature) {
    match feature {
        Feature::Latest(latest) => {
            let mut newer = None;
            latest.as_slice().iter().for_each(|at| out.earlier(&mut newer, *at));
        }
        Feature::First(instant) | Feature::Instant(instant) => out.option(*instant),
        Feature::Values(values) => {
            let (count, sum) = values.folded();
            out.number(count.into());
            out.signed(sum.micros());
            let mut newer = None;
            for (at, value) in values.list() {
                out.earlier(&mut newer, *at);
                out.signed(value.micros());
            }
        }
        Feature::Score(score) => {
            for (epoch, sum) in score.epochs() {
                out.signed(*epoch);
                out.number(*sum);
            }
        }
        Feature::Orders(keys) => keys.iter().for_each(|key| out.key(*key)),
        Feature::Rank(cell) => out.number(cell.unwrap_or_default().into()),
        Feature::Holds(_) | Feature::Anniversary(None) => {}
        Feature::Anniversary(Some(day)) => {
            out.fixed(&[day.month.cast_unsigned(), day.day.cast_unsigned()]);
            if let Some((from, to)) = day.next {
                out.instant(from);
                out.instant(to);
            }
        }
    }
}

/// Reads into an empty feature of the kind that the plan says.
fn unpack_one(input: &mut Reader<'_>, feature: &mut Feature) -> Result<(), Unreadable> {
    match feature {
        Feature::Latest(latest) => {
            let mut newer = None;
            *latest = Latest::stored(rest(input, |input| input.earlier(&mut newer))?);
        }
        Feature::First(instant) | Feature::Instant(instant) => *instant = input.option()?,
        Feature::Values(values) => {
            let folded = (input.number32()?, Number::from_micros(input.signed()?));
            let mut newer = None;
            let list = rest(input, |input| {
                Ok((input.earlier(&mut newer)?, Number::from_micros(input.signed()?)))
            })?;
            *values = Values::stored(list, folded);
        }
        Feature::Score(score) => {
            *score = Score::stored(rest(input, |input| Ok((input.signed()?, input.number()?)))?);
        }
        Feature::Orders(keys) => *keys = rest(input, Reader::key)?,
        Feature::Holds(holds) => *holds = true,
        Feature::Rank(cell) => {
            *cell = Some(Cell::try_from(input.number()?).map_err(|_| Unreadable)?);
        }
        Feature::Anniversary(day) => {
            let [month, date] = input.fixed::<2>()?.map(u8::cast_signed);
            let next = match input.is_empty() {
                true => None,
                false => Some((input.instant()?, input.instant()?)),
            };
            *day = Some(Anniversary { month, day: date, next });
        }
    }
    Ok(())
}

fn rest<'a, T>(
    input: &mut Reader<'a>,
    mut read: impl FnMut(&mut Reader<'a>) -> Result<T, Unreadable>,
) -> Result<Vec<T>, Unreadable> {
    let mut list = Vec::new();
    while !input.is_empty() {
        list.push(read(input)?);
    }
    Ok(list)
}

impl Feature {
    fn is_empty(&self) -> bool {
        match self {
            Self::Latest(latest) => latest.as_slice().is_empty(),
            Self::First(instant) | Self::Instant(instant) => instant.is_none(),
            Self::Values(values) => values.list().is_empty() && values.folded().0 == 0,
            Self::Score(score) => score.epochs().is_empty(),
            Self::Orders(keys) => keys.is_empty(),
            Self::Holds(holds) => !holds,
            Self::Anniversary(day) => day.is_none(),
            Self::Rank(cell) => cell.is_none(),
        }
    }
}
