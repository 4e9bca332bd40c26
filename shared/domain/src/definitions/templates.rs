//! Contents of messages, in Liquid, for each channel.

use std::collections::BTreeSet;

use attune_liquid::{Mode, ParseOptions, Template};

use super::Definitions;
use super::mistake::Wrong;
use super::reader::Reader;
use super::source::Node;
use crate::channel::Channel;
use crate::id::TemplateId;
use crate::limits;

/// What a template says on each channel it has a text for.
#[derive(Debug)]
pub struct Content {
    /// By e-mail.
    pub email: Option<EmailContent>,
    /// By text message.
    pub sms: Option<Template>,
    /// By push.
    pub push: Option<PushContent>,
}

/// The parts of an e-mail.
#[derive(Debug)]
pub struct EmailContent {
    /// The subject.
    pub subject: Template,
    /// The HTML part.
    pub html: Template,
    /// The plain part.
    pub text: Template,
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
}

impl Content {
    /// Whether there is a text for `channel`.
    pub fn has(&self, channel: Channel) -> bool {
        match channel {
            Channel::Email => self.email.is_some(),
            Channel::Sms => self.sms.is_some(),
            Channel::Push => self.push.is_some(),
        }
    }

    /// Every path that any of its parts reads, such as `customer.first_name`.
    pub fn variables(&self) -> BTreeSet<String> {
        let email = self.email.iter().flat_map(|mail| [&mail.subject, &mail.html, &mail.text]);
        let push = self.push.iter().flat_map(|push| [&push.title, &push.body]);
        let link = self.push.iter().filter_map(|push| push.link.as_ref());
        let parts = email.chain(&self.sms).chain(push).chain(link);
        parts.flat_map(Template::variables).map(|variable| variable.path).collect()
    }
}

pub(super) fn read(reader: &mut Reader, definitions: &mut Definitions, nodes: &[&Node]) {
    for node in nodes {
        if let Some((id, content)) = template(reader, node) {
            definitions.templates.insert(id, content);
        }
    }
}

fn template(reader: &mut Reader, node: &Node) -> Option<(TemplateId, Content)> {
    let mut members = reader.members(node)?;
    let id = reader.required(&mut members, "id");
    let [email, sms, push] = ["email", "sms", "push"].map(|channel| members.get(channel));
    reader.finish(&members);
    let id = reader.parsed(id?, TemplateId::parse)?;
    if email.is_none() && sms.is_none() && push.is_none() {
        let known = "`email`, `sms` or `push`";
        return reader.refuse(&node.place, Wrong::NotARule(known.to_owned()));
    }
    let email = email.map(|node| email_content(reader, node));
    let sms = sms.map(|node| liquid(reader, node));
    let push = push.map(|node| push_content(reader, node));
    Some((id, Content { email: all(email)?, sms: all(sms)?, push: all(push)? }))
}

/// A part that is there must be right.
fn all<T>(part: Option<Option<T>>) -> Option<Option<T>> {
    part.map_or(Some(None), |read| read.map(Some))
}

fn email_content(reader: &mut Reader, node: &Node) -> Option<EmailContent> {
    let mut members = reader.members(node)?;
    let parts = ["subject", "html", "text"].map(|key| reader.required(&mut members, key));
    reader.finish(&members);
    let [subject, html, text] = parts.map(|part| part.and_then(|node| liquid(reader, node)));
    Some(EmailContent { subject: subject?, html: html?, text: text? })
}

fn push_content(reader: &mut Reader, node: &Node) -> Option<PushContent> {
    let mut members = reader.members(node)?;
    let parts = ["title", "body"].map(|key| reader.required(&mut members, key));
    let link = members.get("link");
    reader.finish(&members);
    let [title, body] = parts.map(|part| part.and_then(|node| liquid(reader, node)));
    let link = all(link.map(|node| liquid(reader, node)))?;
    Some(PushContent { title: title?, body: body?, link })
}

/// Reads strictly, so that every mistake is told; what is kept is the lax reading, for which a
/// value of the wrong kind is a warning and not the end of the message.
fn liquid(reader: &mut Reader, node: &Node) -> Option<Template> {
    let text = reader.text(node)?;
    if text.len() > limits::TEMPLATE_BYTES {
        return reader.refuse(&node.place, Wrong::Expected("a template of at most 256 KB"));
    }
    let strict = ParseOptions { mode: Mode::Strict, ..ParseOptions::default() };
    let checked =
        Template::parse(text, &strict).and_then(|_| Template::parse(text, &ParseOptions::lax()));
    match checked {
        Ok(template) => Some(template),
        Err(errors) => {
            let told = errors.to_string().replace('\n', "; ");
            reader.refuse(&node.place, Wrong::Invalid(format!("in this template, {told}")))
        }
    }
}
