//! Reads classes, each of which becomes segments, one for each cell. Who is not ranked is in none of
//! them, so that a shop's many contacts who never bought cost nothing.

use super::Segment;
use super::mistake::Wrong;
use super::reader::Reader;
use super::source::{Kind, Node};
use crate::class::ClassDefinition;
use crate::id::{ClassId, SegmentId};
use crate::limits;
use crate::membership::Memberships;
use crate::number::Number;
use crate::plan::{Memory, Plan, Version};
use crate::ranking::{Axis, Cell, Ranking, Small, Split, Ties};
use crate::rule::{Names, RankLeaf, RuleReader};

/// What rules call the cell of those who are not ranked.
pub(crate) const NONE: &str = "none";
/// Words for a number of equal parts.
const PARTS: [(&str, u8); 5] =
    [("median", 2), ("tertiles", 3), ("quartiles", 4), ("quintiles", 5), ("deciles", 10)];

/// An axis while it is read, and what cells call it.
struct Named {
    name: String,
    axis: Axis,
}

/// A cell while it is read.
struct Drawn {
    id: SegmentId,
    name: String,
    /// The combinations of bands that it covers.
    cells: Vec<Cell>,
}

/// Reads classes into `names`. The ids of their segments are added there, behind those of all others;
/// the segments themselves come back, to be put there as well.
pub(super) fn read(
    reader: &mut Reader,
    plan: &mut Plan,
    names: &mut Names,
    nodes: &[&Node],
) -> Vec<Segment> {
    let mut segments = Vec::new();
    for node in nodes {
        let mut cx = RuleReader { reader, plan, names };
        let Some((class, cells)) = class(&mut cx, node) else { continue };
        names.segments.extend(cells.iter().map(|segment| segment.id.to_string()));
        names.classes.push(class);
        segments.extend(cells);
    }
    segments
}

fn class(cx: &mut RuleReader<'_>, node: &Node) -> Option<(ClassDefinition, Vec<Segment>)> {
    let reader = &mut *cx.reader;
    let mut members = reader.members(node)?;
    let id = reader.required(&mut members, "id");
    let name = members.get("name");
    let cross = reader.required(&mut members, "cross");
    let cells = members.get("cells");
    reader.finish(&members);
    let id = reader.parsed(id?, ClassId::parse)?;
    let name = match name {
        Some(node) => reader.text(node)?.to_owned(),
        None => id.to_string(),
    };
    let axes = axes(cx, cross?)?;
    let RuleReader { reader, plan, names } = cx;
    let ranking = Ranking { axes: axes.iter().map(|named| named.axis.clone()).collect() };
    if ranking.cells() > limits::CELLS {
        return reader.refuse(&cross?.place, Wrong::TooMany("cells of a class", limits::CELLS));
    }
    let drawn = match cells {
        Some(node) => cells_of(reader, &axes, &ranking, node)?,
        None => every_cell(&axes, &ranking),
    };
    let first = names.segments.len();
    let segment = |drawn: Drawn| segment(plan, &id, &name, &ranking, drawn);
    let segments: Vec<Segment> = drawn.into_iter().map(segment).collect();
    let slot = plan.ask(Memory::Rank(ranking.clone()));
    let places = (first..first + segments.len()).collect();
    Some((ClassDefinition { id, name, ranking, slot, segments: places }, segments))
}

fn segment(
    plan: &mut Plan,
    class: &ClassId,
    class_name: &str,
    ranking: &Ranking,
    drawn: Drawn,
) -> Segment {
    let id = SegmentId::of_cell(class, &drawn.id);
    let words = format!("“{}” in “{class_name}”", drawn.name);
    let rule = RankLeaf::rule(plan, words, ranking.clone(), drawn.cells);
    let (changed, since) = <(Version, Version)>::default();
    let (key, name) = (Memberships::key(&id), format!("{class_name}: {}", drawn.name));
    Segment { id, name, rule, key, meaning: 0, changed, since, ranks: Vec::new() }
}

fn axes(cx: &mut RuleReader<'_>, node: &Node) -> Option<Vec<Named>> {
    let entries = cx.reader.entries(node);
    if entries.is_empty() || entries.len() > limits::AXES {
        return cx
            .reader
            .refuse(&node.place, Wrong::Expected("1 to 3 metrics to cross, each named"));
    }
    // All are read, so that every mistake is told.
    let axes: Vec<_> = entries.iter().map(|(key, node)| axis(cx, key, node)).collect();
    axes.into_iter().collect()
}

fn axis(cx: &mut RuleReader<'_>, key: &Node, node: &Node) -> Option<Named> {
    let reader = &mut *cx.reader;
    let name = reader.text(key)?.to_owned();
    if ["id", "name"].contains(&name.as_str()) {
        let wrong = format!("`{name}` is what cells are called; give the metric another name here");
        return reader.refuse(&key.place, Wrong::Invalid(wrong));
    }
    let mut members = reader.members(node)?;
    let metric = reader.required(&mut members, "metric");
    let split = reader.required(&mut members, "split");
    let [best, ties, small] = ["best", "ties", "small"].map(|key| members.get(key));
    reader.finish(&members);
    let metric = cx.metric(metric?);
    let reader = &mut *cx.reader;
    let split = split_of(reader, split?);
    let low_is_best = match best {
        Some(node) => reader.word(node, &[("high", false), ("low", true)])?,
        None => false,
    };
    let ties = match ties {
        Some(node) => {
            reader.word(node, &[("together", Ties::Together), ("parted", Ties::Parted)])?
        }
        None => Ties::Together,
    };
    let axis = Axis { metric: metric?, split: split?, ties, low_is_best, small: None };
    let small = match small {
        Some(node) => Some(small_of(reader, &axis, node)?),
        None => None,
    };
    Some(Named { name, axis: Axis { small, ..axis } })
}

/// Reads `quintiles`, or one value, or a list of values.
fn split_of(reader: &mut Reader, node: &Node) -> Option<Split> {
    let numeric = node.text().is_none_or(|text| text.starts_with(|c: char| !c.is_alphabetic()));
    match numeric {
        true => values(reader, node).map(Split::At),
        false => reader.word(node, &PARTS).map(Split::Quantiles),
    }
}

/// Reads one value, or a rising list of them.
fn values(reader: &mut Reader, node: &Node) -> Option<Vec<Number>> {
    let values = match &node.kind {
        Kind::List(list) => list.iter().map(|node| reader.number(node)).collect::<Option<_>>()?,
        _ => vec![reader.number(node)?],
    };
    let rising = values.windows(2).all(|pair| matches!(pair, [one, other] if one < other));
    if values.is_empty() || values.len() >= usize::from(limits::BANDS) || !rising {
        let wrong = "`median`, `tertiles`, `quartiles`, `quintiles`, `deciles`, or 1 to 9 values in \
                     rising order";
        return reader.refuse(&node.place, Wrong::Expected(wrong));
    }
    Some(values)
}

/// Reads `{ below: 100, at: [2, 3, 5, 10] }`.
fn small_of(reader: &mut Reader, axis: &Axis, node: &Node) -> Option<Small> {
    let mut members = reader.members(node)?;
    let below = reader.required(&mut members, "below");
    let at = reader.required(&mut members, "at");
    reader.finish(&members);
    let wrong = Wrong::Expected("a whole number up to 10000");
    let below = reader.count(below?, limits::SMALL_SHOP, wrong)?.into();
    let values = values(reader, at?)?;
    if values.len() + 1 != axis.bands() {
        let wrong = format!("{} bands have {} cuts", axis.bands(), axis.bands() - 1);
        return reader.refuse(&at?.place, Wrong::Invalid(wrong));
    }
    Some(Small { below, at: values })
}

/// Reads cells, which must cover every combination of bands once.
fn cells_of(
    reader: &mut Reader,
    axes: &[Named],
    ranking: &Ranking,
    node: &Node,
) -> Option<Vec<Drawn>> {
    let mut drawn: Vec<Drawn> = Vec::new();
    for node in reader.list(node) {
        let cell = cell(reader, axes, ranking, node)?;
        if cell.id.as_str() == NONE || drawn.iter().any(|known| known.id == cell.id) {
            let wrong = Wrong::DuplicateId { kind: "cell", id: cell.id.to_string() };
            return reader.refuse(&node.place, wrong);
        }
        let taken = |at: &Cell| drawn.iter().find(|known| known.cells.contains(at));
        if let Some((at, known)) = cell.cells.iter().find_map(|at| Some((*at, taken(at)?))) {
            let wrong = format!(
                "{} is in `{}` already; each combination is in one cell",
                combination(axes, ranking, at),
                known.id
            );
            return reader.refuse(&node.place, Wrong::Invalid(wrong));
        }
        drawn.push(cell);
    }
    let all = (1..=ranking.cells()).filter_map(|cell| Cell::try_from(cell).ok());
    let mut missing = all.filter(|at| !drawn.iter().any(|known| known.cells.contains(at)));
    if let Some(at) = missing.next() {
        let at = combination(axes, ranking, at);
        let wrong = format!("{at} is in no cell; a class has a cell for every combination");
        return reader.refuse(&node.place, Wrong::Invalid(wrong));
    }
    Some(drawn)
}

/// Reads `{ id: champions, recency: 5, frequency: [4, 5] }`. An axis that is not named may be in any
/// band.
fn cell(reader: &mut Reader, axes: &[Named], ranking: &Ranking, node: &Node) -> Option<Drawn> {
    let mut id = None;
    let mut name = None;
    let mut bands: Vec<Vec<usize>> =
        axes.iter().map(|named| (1..=named.axis.bands()).collect()).collect();
    for (key, value) in reader.entries(node) {
        let word = reader.text(key)?;
        let axis = axes.iter().zip(&mut bands).find(|(named, _)| named.name == word);
        match (word, axis) {
            ("id", _) => id = Some(reader.parsed(value, SegmentId::parse)?),
            ("name", _) => name = Some(reader.text(value)?.to_owned()),
            (_, Some((named, bands))) => *bands = bands_of(reader, &named.axis, value)?,
            (_, None) => {
                let known: Vec<&str> =
                    axes.iter().map(|named| named.name.as_str()).chain(["id", "name"]).collect();
                let wrong = Wrong::UnknownKey {
                    key: word.to_owned(),
                    near: super::mistake::nearest(word, known.iter().copied()),
                    known: super::mistake::quoted(known),
                };
                return reader.refuse(&key.place, wrong);
            }
        }
    }
    let Some(id) = id else { return reader.refuse(&node.place, Wrong::Missing("id")) };
    let cells = product(&bands).iter().map(|bands| ranking.cell_of(bands)).collect();
    let name = name.unwrap_or_else(|| id.to_string());
    Some(Drawn { id, name, cells })
}

/// Reads a band, or a list of bands.
fn bands_of(reader: &mut Reader, axis: &Axis, node: &Node) -> Option<Vec<usize>> {
    let nodes: &[Node] = match &node.kind {
        Kind::List(list) => list,
        _ => std::slice::from_ref(node),
    };
    let mut bands = Vec::new();
    for node in nodes {
        let band = node.text().and_then(|text| text.parse().ok());
        match band.filter(|band| (1..=axis.bands()).contains(band)) {
            Some(band) => bands.push(band),
            None => {
                let wrong = format!("expected bands from 1 to {}", axis.bands());
                return reader.refuse(&node.place, Wrong::Invalid(wrong));
            }
        }
    }
    Some(bands)
}

/// A cell for each combination: `high-low`, or `3-1` where there are more than two bands.
fn every_cell(axes: &[Named], ranking: &Ranking) -> Vec<Drawn> {
    let all = (1..=ranking.cells()).filter_map(|cell| Cell::try_from(cell).ok());
    let drawn = all.filter_map(|cell| {
        let bands = ranking.bands(cell)?;
        let words = axes.iter().zip(&bands).map(|(named, band)| word(&named.axis, *band));
        let words: Vec<String> = words.collect();
        let named = axes.iter().zip(&words).map(|(named, word)| format!("{} {word}", named.name));
        let name = named.collect::<Vec<_>>().join(", ");
        // Ids begin with a letter.
        let id = words.join("-");
        let id = if id.starts_with(|c: char| c.is_ascii_digit()) { format!("b{id}") } else { id };
        Some(Drawn { id: SegmentId::parse(&id).ok()?, name, cells: vec![cell] })
    });
    drawn.collect()
}

fn word(axis: &Axis, band: usize) -> String {
    match (axis.bands(), band) {
        (2, 1) => "low".to_owned(),
        (2, _) => "high".to_owned(),
        (_, band) => band.to_string(),
    }
}

fn combination(axes: &[Named], ranking: &Ranking, cell: Cell) -> String {
    let bands = ranking.bands(cell).unwrap_or_default();
    let bands = axes.iter().zip(bands).map(|(named, band)| format!("{} {band}", named.name));
    bands.collect::<Vec<_>>().join(" with ")
}

fn product(bands: &[Vec<usize>]) -> Vec<Vec<usize>> {
    bands.iter().fold(vec![Vec::new()], |lists, bands| {
        let longer = |list: &Vec<usize>| {
            let list = list.clone();
            bands.iter().map(move |band| [list.as_slice(), &[*band]].concat())
        };
        lists.iter().flat_map(longer).collect()
    })
}
