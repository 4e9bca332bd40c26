//! Contents of messages, in Liquid, for each channel and in any number of languages.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use attune_liquid::{Dialect, Read, Template};

use super::Definitions;
use super::draft::Sections;
use super::email::{self, EmailContent};
use super::mistake::Wrong;
use super::partials::{self, Partials};
use super::reach::{reached, root};
use super::reader::{Members, Reader};
use super::reading::{Reading, dialects};
use super::source::Node;
use crate::channel::Channel;
use crate::id::TemplateId;
use crate::language;
use crate::vocabulary::{events_of, links_of};

/// What a template says on each channel it has a text for, in each language it has one in.
#[derive(Debug)]
pub struct Content {
    /// Whose Liquid it is written in.
    pub dialect: Dialect,
    /// What `render` and `include` find.
    pub partials: Arc<Partials>,
    /// To those for whose language there is nothing.
    pub default: Parts,
    /// By language, in lower case: `fr`, `fr-ca`.
    pub languages: BTreeMap<String, Parts>,
    /// What its parts read, once somebody asked.
    variables: OnceLock<BTreeSet<String>>,
}

/// What a template says in one language.
#[derive(Debug, Default)]
pub struct Parts {
    /// By e-mail.
    pub email: Option<EmailContent>,
    /// By text message.
    pub sms: Option<Template>,
    /// By push.
    pub push: Option<PushContent>,
}

/// The parts of a push message.
#[derive(Debug)]
pub struct PushContent {
    /// The title.
    pub title: Template,
    /// The text.
    pub body: Template,
    /// What opens when it is tapped.
    pub link: Option<Template>,
    /// The address of a picture.
    pub image: Option<Template>,
}

impl Content {
    /// Whether there is a text for `channel`.
    pub fn has(&self, channel: Channel) -> bool {
        self.default.has(channel)
    }

    /// The parts for a language, such as `fr-CA`: those of `fr-CA`, else of `fr`, else the default,
    /// whichever comes first with a text for the channel. Also the language that was found.
    pub fn parts(&self, channel: Channel, language: Option<&str>) -> (&Parts, Option<&str>) {
        let wanted = language::lower(language.unwrap_or_default());
        let found = |tag| self.languages.get_key_value(tag).filter(|(_, parts)| parts.has(channel));
        match language::wider(&wanted).find_map(found) {
            Some((tag, parts)) => (parts, Some(tag)),
            None => (&self.default, None),
        }
    }

    /// Every template in it, with what people call the part. Bodies that cannot be compiled are not
    /// among them.
    pub fn templates(&self) -> impl Iterator<Item = &Template> {
        std::iter::once(&self.default).chain(self.languages.values()).flat_map(Parts::templates)
    }

    /// Every path that any of its parts reads, such as `customer.first_name`.
    pub fn variables(&self) -> &BTreeSet<String> {
        self.variables.get_or_init(|| self.find_variables())
    }

    fn find_variables(&self) -> BTreeSet<String> {
        self.templates().flat_map(|text| self.read(text)).map(|read| read.path).collect()
    }

    fn read(&self, template: &Template) -> impl Iterator<Item = Read> {
        reached(&template.outline(), &[], &self.partials).into_iter().map(|reached| reached.read)
    }

    /// Whether any of its parts reads a name, such as `recommendations`.
    pub fn reads(&self, name: &str) -> bool {
        self.variables().iter().any(|path| root(path).0 == name)
    }

    /// Whether any of its parts reads what the event says that a message follows.
    pub fn reads_event(&self) -> bool {
        self.reads("event") || events_of(self.dialect).iter().any(|name| self.reads(name))
    }

    /// Whether any of its parts reads a name without asking whether there is anything under it.
    pub fn relies_on(&self, name: &str) -> bool {
        self.templates().any(|text| {
            let mut reads = self.read(text).filter(|read| root(&read.path).0 == name).peekable();
            reads.peek().is_some() && !reads.any(|read| read.asked)
        })
    }

    /// Its text messages, in every language.
    pub(super) fn texts(&self) -> impl Iterator<Item = &Template> {
        std::iter::once(&self.default)
            .chain(self.languages.values())
            .filter_map(|parts| parts.sms.as_ref())
    }

    /// Whether a text message says how to end it: by the word that all languages have for it, or by a
    /// page of ours.
    pub(super) fn says_stop(&self, text: &Template) -> bool {
        let stop = |text: &str| text.to_lowercase().contains("stop");
        let calls = text.outline().calls;
        let ours = ["unsubscribe_url", "preferences_url"];
        let theirs = links_of(self.dialect).iter().filter(|(_, link)| ours.contains(link));
        let links: Vec<&str> = theirs.map(|(name, _)| *name).chain(ours).collect();
        stop(text.source())
            || calls.iter().any(|call| self.partials.text(&call.name).is_some_and(stop))
            || self.read(text).any(|read| links.contains(&root(&read.path).0))
    }

    /// Whether any of its parts reads one of our links, by our name or by that of its dialect.
    pub fn links(&self, link: &str) -> bool {
        let mut theirs = links_of(self.dialect).iter().filter(|(_, ours)| *ours == link);
        self.reads(link) || theirs.any(|(name, _)| self.reads(name))
    }
}

impl Parts {
    /// Whether there is a text for `channel`.
    pub fn has(&self, channel: Channel) -> bool {
        match channel {
            Channel::Email => self.email.is_some(),
            Channel::Sms => self.sms.is_some(),
            Channel::Push => self.push.is_some(),
        }
    }

    fn templates(&self) -> impl Iterator<Item = &Template> {
        let email = self
            .email
            .iter()
            .flat_map(|mail| [Some(&mail.subject), mail.html.template().ok(), mail.text.as_ref()]);
        let push = self.push.iter().flat_map(|push| {
            [Some(&push.title), Some(&push.body), push.link.as_ref(), push.image.as_ref()]
        });
        email.chain(push).flatten().chain(&self.sms)
    }
}

pub(super) fn read(reader: &mut Reader, definitions: &mut Definitions, sections: &Sections<'_>) {
    let places = partials::places(&sections.partials);
    let mut in_languages = Vec::new();
    for node in &sections.templates {
        let read = template(reader, definitions, &places, node);
        let Some((id, language, content)) = read else { continue };
        match language {
            None => {
                definitions.templates.insert(id, content);
            }
            Some(language) => in_languages.push((*node, id, language, content.default)),
        }
    }
    for (node, id, language, parts) in in_languages {
        match definitions.templates.get_mut(&id) {
            Some(content) => {
                content.languages.insert(language, parts);
            }
            None => {
                let told = format!(
                    "`{id}` in `{language}` needs a template `{id}` without a language, for \
                     everybody else"
                );
                reader.refuse::<()>(&node.place, Wrong::Invalid(told));
            }
        }
    }
}

fn template(
    reader: &mut Reader,
    definitions: &Definitions,
    places: &BTreeMap<&str, &Node>,
    node: &Node,
) -> Option<(TemplateId, Option<String>, Content)> {
    let mut members = reader.members(node)?;
    let id = reader.required(&mut members, "id");
    let [language, dialect] = ["language", "dialect"].map(|key| members.get(key));
    let partials = Arc::clone(&definitions.partials);
    let dialect = dialect.map_or(Some(Dialect::Standard), |node| reader.word(node, &dialects()));
    let language = all(language.map(|node| reader.parsed(node, language::parse)));
    let spoken = language.clone().flatten();
    let reading =
        Reading { dialect: dialect?, language: spoken, partials, shop: &definitions.shop, places };
    let parts = parts(reader, &mut members, &reading);
    reader.finish(&members);
    let id = reader.parsed(id?, TemplateId::parse)?;
    let language = language?;
    let Reading { dialect, partials, .. } = reading;
    let languages = BTreeMap::new();
    let variables = OnceLock::new();
    let content = Content { dialect, partials, default: parts?, languages, variables };
    Some((id, language, content))
}

fn parts(reader: &mut Reader, members: &mut Members<'_>, reading: &Reading<'_>) -> Option<Parts> {
    let [email, sms, push] = ["email", "sms", "push"].map(|channel| members.get(channel));
    if email.is_none() && sms.is_none() && push.is_none() {
        let told = "this template says nothing; it needs `email`, `sms` or `push`";
        return reader.refuse(members.place, Wrong::Invalid(told.to_owned()));
    }
    let email = email.map(|node| email::read(reader, node, reading));
    let sms = sms.map(|node| reading.liquid(reader, node));
    let push = push.map(|node| push_content(reader, node, reading));
    Some(Parts { email: all(email)?, sms: all(sms)?, push: all(push)? })
}

/// A part that is there must be right.
#[allow(clippy::unnecessary_wraps, reason = "`None` outside is a mistake, inside it is nothing")]
pub(super) fn all<T>(part: Option<Option<T>>) -> Option<Option<T>> {
    part.map_or(Some(None), |read| read.map(Some))
}

/// Schemes of links that run what they say, or show it as a page of nobody's.
pub(super) const SCRIPTS: [&str; 3] = ["javascript", "data", "vbscript"];

/// The scheme of an address, in lower case, as far as it stands there and is not written by Liquid.
fn scheme(text: &str) -> Option<String> {
    let (scheme, _) = text.trim().split_once(':')?;
    let plain = scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    plain.then(|| scheme.to_ascii_lowercase())
}

fn push_content(reader: &mut Reader, node: &Node, reading: &Reading<'_>) -> Option<PushContent> {
    let mut members = reader.members(node)?;
    let parts = ["title", "body"].map(|key| reader.required(&mut members, key));
    let more = ["link", "image"].map(|key| members.get(key));
    reader.finish(&members);
    let [link, image] = more;
    for (node, fits, expected) in [
        (
            link,
            (|scheme| !SCRIPTS.contains(&scheme)) as fn(&str) -> bool,
            "a link that opens a page or an app",
        ),
        (
            image,
            |scheme| scheme == "https",
            "the address of a picture, which begins with `https://`",
        ),
    ] {
        let scheme = node.and_then(Node::text).and_then(scheme);
        if let (Some(node), Some(scheme), false) = (node, scheme, reader.published)
            && !fits(&scheme)
        {
            reader.refuse::<()>(&node.place, Wrong::Expected(expected));
        }
    }
    let [title, body] = parts.map(|part| part.and_then(|node| reading.liquid(reader, node)));
    let [link, image] = more.map(|part| all(part.map(|node| reading.liquid(reader, node))));
    Some(PushContent { title: title?, body: body?, link: link?, image: image? })
}

#[cfg(test)]
mod tests;
