//! Texts that templates have in common.
//!
//! A partial is read twice over: as Liquid, for `render` and `include`, and as a text, for
//! `<mj-include>`. One that holds MJML is for the latter alone, as MJML is compiled before Liquid is
//! rendered.

use std::collections::BTreeMap;
use std::sync::Arc;

use attune_liquid::{Dialect, Outline, Position, Template};

use super::Definitions;
use super::draft::member;
use super::mistake::{Wrong, nearest};
use super::reader::Reader;
use super::reading::{dialects, liquid};
use super::source::{Kind, Node};
use crate::id::TemplateId;
use crate::limits;

/// Texts that templates have in common, by their ids.
#[derive(Debug, Default)]
pub struct Partials(BTreeMap<String, Partial>);

#[derive(Debug)]
struct Partial {
    text: String,
    template: Template,
}

impl Partials {
    /// The text of a partial.
    pub fn text(&self, id: &str) -> Option<&str> {
        self.0.get(id).map(|partial| partial.text.as_str())
    }

    /// A partial by its id, with its text.
    pub(super) fn get_key_value(&self, id: &str) -> Option<(&str, &str)> {
        self.0.get_key_value(id).map(|(id, partial)| (id.as_str(), partial.text.as_str()))
    }

    fn ids(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Whether a partial renders another, or is it.
    fn leads(&self, from: &str, to: &str) -> bool {
        let mut met = vec![from.to_owned()];
        let mut next = 0;
        while let Some(id) = met.get(next).cloned() {
            if id == to {
                return true;
            }
            let calls = self.0.get(&id).map(|partial| partial.template.outline().calls);
            for call in calls.unwrap_or_default() {
                if met.iter().all(|known| **known != *call.name) {
                    met.push(call.name.to_string());
                }
            }
            next += 1;
        }
        false
    }

    /// Notes the places at which a template asks for a partial in vain.
    pub(super) fn check(&self, reader: &mut Reader, node: &Node, outline: &Outline) {
        for call in &outline.calls {
            let wrong = match self.text(&call.name) {
                None => match nearest(&call.name.to_lowercase(), self.ids()) {
                    None => Wrong::Invalid(format!(
                        "there is no partial `{}`; partials are defined under `partials:`",
                        call.name
                    )),
                    near => Wrong::Unknown { kind: "partial", id: call.name.to_string(), near },
                },
                Some(text) if text.contains("<mj-") => Wrong::Invalid(format!(
                    "the partial `{0}` is MJML, which is compiled before Liquid is rendered; write \
                     `<mj-include path=\"{0}\" />`",
                    call.name
                )),
                Some(_) => continue,
            };
            let Position { line, column } = call.position;
            reader.refuse::<()>(&node.place_of(line, column), wrong);
        }
    }
}

impl attune_liquid::Partials for Partials {
    fn partial(&self, name: &str) -> Option<&Template> {
        self.0.get(name).map(|partial| &partial.template)
    }
}

pub(super) fn read(reader: &mut Reader, definitions: &mut Definitions, nodes: &[(&Node, &Node)]) {
    if let Some((extra, _)) = nodes.get(limits::PARTIALS) {
        reader.refuse::<()>(&extra.place, Wrong::TooMany("partials", limits::PARTIALS));
    }
    let mut partials = Partials::default();
    for (key, node) in nodes {
        let id = reader.parsed(key, TemplateId::parse).map(|id| id.to_string());
        let partial = partial(reader, node);
        let (Some(id), Some(partial)) = (id, partial) else { continue };
        if partials.0.contains_key(&id) {
            reader.refuse::<()>(&key.place, Wrong::DuplicateId { kind: "partial", id });
            continue;
        }
        partials.0.insert(id, partial);
    }
    for (key, node) in nodes {
        let known = key.text().and_then(|id| partials.0.get(id)).filter(|_| !reader.published);
        if let (Some(partial), Some(id)) = (known, key.text()) {
            let (node, outline) = (text_of(node), partial.template.outline());
            partials.check(reader, node, &outline);
            if let Some(call) = outline.calls.iter().find(|call| partials.leads(&call.name, id)) {
                let Position { line, column } = call.position;
                let told = format!("the partial `{id}` renders itself here, without an end");
                reader.refuse::<()>(&node.place_of(line, column), Wrong::Invalid(told));
            }
        }
    }
    definitions.partials = Arc::new(partials);
}

/// A text, or a map of a text and the dialect that it is written in.
fn partial(reader: &mut Reader, node: &Node) -> Option<Partial> {
    let mut dialect = Some(Dialect::Standard);
    if let Kind::Map(_) = node.kind {
        let mut members = reader.members(node)?;
        let text = reader.required(&mut members, "text");
        if let Some(node) = members.get("dialect") {
            dialect = reader.word(node, &dialects());
        }
        reader.finish(&members);
        text?;
    }
    let node = text_of(node);
    let text = reader.text(node)?.to_owned();
    Some(Partial { text, template: liquid(reader, node, dialect?)? })
}

/// Where the texts of partials stand.
pub(super) fn places<'n>(nodes: &[(&'n Node, &'n Node)]) -> BTreeMap<&'n str, &'n Node> {
    nodes.iter().filter_map(|(key, node)| Some((key.text()?, text_of(node)))).collect()
}

fn text_of(node: &Node) -> &Node {
    member(node, "text").unwrap_or(node)
}
