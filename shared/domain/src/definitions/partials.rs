//! Texts that templates have in common.
//!
//! A partial is read twice over: as Liquid, for `render` and `include`, and as a text, for
//! `<mj-include>`. One that holds MJML is for the latter alone, as MJML is compiled before Liquid is
//! rendered.

use std::collections::BTreeMap;
use std::sync::Arc;

use attune_liquid::{Dialect, Template};

use super::Definitions;
use super::mistake::{Wrong, nearest};
use super::reader::Reader;
use super::source::{Node, Place};
use super::templates::liquid;
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

    fn ids(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Notes the names of partials that a template asks for in vain.
    pub(super) fn check(&self, reader: &mut Reader, place: &Place, template: &Template) {
        for name in template.partials() {
            match self.text(&name) {
                None => {
                    let near = nearest(&name, self.ids());
                    let wrong = Wrong::Unknown { kind: "partial", id: name.to_string(), near };
                    reader.refuse::<()>(place, wrong);
                }
                Some(text) if text.contains("<mj-") => {
                    let told = format!(
                        "the partial `{name}` is MJML, which is compiled before Liquid is \
                         rendered; write `<mj-include path=\"{name}\" />`"
                    );
                    reader.refuse::<()>(place, Wrong::Invalid(told));
                }
                Some(_) => {}
            }
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
        let text = reader.text(node).map(str::to_owned);
        let template = liquid(reader, node, Dialect::Standard);
        let (Some(id), Some(text), Some(template)) = (id, text, template) else { continue };
        if partials.0.contains_key(&id) {
            reader.refuse::<()>(&key.place, Wrong::DuplicateId { kind: "partial", id });
            continue;
        }
        partials.0.insert(id, Partial { text, template });
    }
    for (key, _) in nodes {
        if let Some(partial) = key.text().and_then(|id| partials.0.get(id)) {
            partials.check(reader, &key.place, &partial.template);
        }
    }
    definitions.partials = Arc::new(partials);
}
