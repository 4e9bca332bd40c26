//! Reads programs.

use super::doubts::{self, Places};
use super::mistake::{Wrong, nearest};
use super::reader::Reader;
use super::source::Node;
use super::templates::all;
use super::{Definitions, Segment};
use crate::id::{CouponId, ProgramId, TemplateId};
use crate::limits;
use crate::message::{Cause, Class};
use crate::program::{Again, At, Program};
use crate::rule::{Names, RuleReader};
use crate::time::Span;
use crate::timing::time_of_day;

/// The priority of messages that name none.
const PRIORITY: u8 = 50;

pub(super) fn read(
    reader: &mut Reader,
    definitions: &mut Definitions,
    names: &Names,
    nodes: &[&Node],
) {
    for node in nodes {
        if let Some(program) = program(reader, definitions, names, node) {
            definitions.programs.push(program);
        }
    }
    refuse_crowds(reader, definitions, nodes);
}

fn program(
    reader: &mut Reader,
    definitions: &mut Definitions,
    names: &Names,
    node: &Node,
) -> Option<Program> {
    let mut members = reader.members(node)?;
    let id = reader.required(&mut members, "id");
    let name = members.get("name");
    let enter = reader.required(&mut members, "enter");
    let again = reader.required(&mut members, "again");
    let causes = members.get("causes");
    let existing = members.get("existing");
    let goal = members.get("goal");
    let send = reader.required(&mut members, "send");
    reader.finish(&members);
    // All of it is read before any of it may be missing, so that every mistake is told at once.
    let id = id.and_then(|node| reader.parsed(node, ProgramId::parse));
    let goal = all(goal.map(|node| {
        RuleReader { reader: &mut *reader, plan: &mut definitions.plan, names }.rule(node)
    }));
    let known = names.segments.iter().map(String::as_str);
    let segment = enter.and_then(|node| reference(reader, node, "segment", known));
    let causes =
        causes.map_or(Some(vec![Cause::Event, Cause::Time]), |node| read_causes(reader, node));
    let existing = existing.map_or(Some(false), |node| reader.truth(node));
    let again = again.and_then(|node| read_again(reader, node));
    let send = send.and_then(|node| read_send(reader, definitions, names, node));
    let (id, segment, send) = (id?, segment?, send?);
    Some(Program {
        name: name.and_then(|node| reader.text(node)).map_or(id.to_string(), str::to_owned),
        id,
        segment: names.segments.iter().position(|known| *known == segment)?,
        causes: causes?,
        existing: existing?,
        again: again?,
        goal: goal?,
        template: send.template,
        class: send.class,
        priority: send.priority,
        after: send.after,
        at: send.at,
        max_lateness: send.max_lateness,
        coupon: send.coupon,
        topic: send.topic,
        about_cart: send.about_cart,
    })
}

/// What `send:` says.
pub(super) struct Send {
    pub(super) template: TemplateId,
    pub(super) class: Class,
    priority: u8,
    after: Span,
    pub(super) at: Option<At>,
    pub(super) max_lateness: Span,
    pub(super) coupon: Option<CouponId>,
    topic: Option<String>,
    about_cart: bool,
}

fn read_send(
    reader: &mut Reader,
    definitions: &mut Definitions,
    names: &Names,
    node: &Node,
) -> Option<Send> {
    let mut members = reader.members(node)?;
    let template = reader.required(&mut members, "template");
    let [class, priority, after] = ["class", "priority", "after"].map(|key| members.get(key));
    let [at, max_lateness, topic] = ["at", "max_lateness", "topic"].map(|key| members.get(key));
    let [coupon, about] = ["coupon", "about"].map(|key| members.get(key));
    reader.finish(&members);
    let known = names.templates.iter().map(String::as_str);
    let places = template.map(|template| Places { template, at, max_lateness, topic });
    let after = all(after.map(|node| reader.span(node)));
    let max_lateness = all(max_lateness.map(|node| reader.span(node)));
    let template = template.and_then(|node| reference(reader, node, "template", known));
    let template = template.and_then(|id| TemplateId::parse(&id).ok());
    let known = names.coupons.iter().map(String::as_str);
    let coupon = all(coupon.map(|node| reference(reader, node, "coupon", known)));
    let coupon = coupon.map(|id| id.and_then(|id| CouponId::parse(&id).ok()));
    let plan = &mut definitions.plan;
    let topic = all(topic.map(|node| RuleReader { reader: &mut *reader, plan, names }.topic(node)));
    let about_cart = about.map_or(Some(false), |node| reader.word(node, &[("cart", true)]));
    let at = all(at.map(|node| read_at(reader, node)));
    let class = class.map_or(Some(Class::Marketing), |node| reader.word(node, &Class::ALL));
    let priority = priority.map_or(Some(PRIORITY), |node| read_priority(reader, node));
    let at = at?;
    let send = Send {
        template: template?,
        class: class?,
        priority: priority?,
        at,
        after: after?.unwrap_or_default(),
        // What has its hour is not too late the next time that it comes.
        max_lateness: max_lateness?.unwrap_or(Span::hours(if at.is_some() { 48 } else { 24 })),
        coupon: coupon?,
        topic: topic?,
        about_cart: about_cart?,
    };
    doubts::about(reader, definitions, &places?, &send);
    Some(send)
}

fn read_priority(reader: &mut Reader, node: &Node) -> Option<u8> {
    let number = node.text().and_then(|text| text.parse().ok()).filter(|number| *number <= 100);
    number.or_else(|| reader.refuse(&node.place, Wrong::Expected("a whole number from 0 to 100")))
}

fn read_at(reader: &mut Reader, node: &Node) -> Option<At> {
    if node.text() == Some("best-hour") {
        return Some(At::BestHour);
    }
    reader.parsed(node, time_of_day).map(At::Time)
}

fn read_causes(reader: &mut Reader, node: &Node) -> Option<Vec<Cause>> {
    let list = reader.list(node);
    if list.is_empty() {
        return reader.refuse(&node.place, Wrong::Expected("at least one cause"));
    }
    list.iter().map(|node| reader.word(node, &Cause::ALL)).collect()
}

fn read_again(reader: &mut Reader, node: &Node) -> Option<Again> {
    if node.text() == Some("never") {
        return Some(Again::Never);
    }
    if node.text().is_some() {
        return reader.refuse(&node.place, Wrong::Expected("`never` or `{ after: 90d }`"));
    }
    let mut members = reader.members(node)?;
    let after = reader.required(&mut members, "after");
    reader.finish(&members);
    reader.span(after?).map(Again::After)
}

fn reference<'k>(
    reader: &mut Reader,
    node: &Node,
    kind: &'static str,
    known: impl Iterator<Item = &'k str> + Clone,
) -> Option<String> {
    let id = reader.text(node)?;
    if known.clone().any(|known| known == id) {
        return Some(id.to_owned());
    }
    let near = nearest(id, known);
    reader.refuse(&node.place, Wrong::Unknown { kind, id: id.to_owned(), near })
}

/// One entry starts all programs of its segment in one transaction.
fn refuse_crowds(reader: &mut Reader, definitions: &Definitions, nodes: &[&Node]) {
    let crowd =
        |segment: &Segment| definitions.programs_on(segment).count() > limits::MESSAGES_PER_STEP;
    if let (true, Some(node)) = (definitions.segments.iter().any(crowd), nodes.first()) {
        let wrong = Wrong::TooMany("programs on one segment", limits::MESSAGES_PER_STEP);
        reader.refuse::<()>(&node.place, wrong);
    }
}
