//! What a message says: its template, filled with what we know of the customer.

mod data;
mod dialects;
mod note;

use std::sync::Arc;

use attune_liquid::{
    Escape, Language, Numbers, RenderError, RenderInput, Template, UnixMillis, Value, Variable,
    Warning,
};

pub use data::Data;
pub use note::Note;

use crate::channel::Channel;
use crate::definitions::{Content, EmailContent, Html, Partials, PushContent};
use crate::id::MessageId;
use crate::limits;
use crate::link::{Links, WebUrl};
use crate::money::Form;
use crate::sms;
use crate::time::Timestamp;

/// Stands before the subject, text or title of a test.
pub const TEST: &str = "[test] ";

/// A message as it goes out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written {
    /// By e-mail.
    Email {
        /// The subject, without line breaks.
        subject: String,
        /// The HTML part.
        html: String,
        /// The plain part.
        text: String,
    },
    /// By text message.
    Sms(String),
    /// By push.
    Push {
        /// The title.
        title: String,
        /// The text.
        body: String,
        /// What opens when it is tapped.
        link: Option<String>,
        /// The address of a picture.
        image: Option<String>,
    },
}

impl Written {
    /// Makes links go by us: those of an e-mail's HTML part, of a text message, and of a push. What
    /// comes back is where the links of a text lead, which are too short to say so themselves.
    pub fn track_clicks(&mut self, links: &Links, message: &MessageId) -> Vec<WebUrl> {
        match self {
            Self::Email { html, .. } => *html = links.rewrite(html, message),
            Self::Sms(text) => {
                let (short, targets) = links.shorten(text, message);
                *text = short;
                return targets;
            }
            Self::Push { link: Some(link), .. } => {
                if let Some(click) = links.click(link, message) {
                    *link = click;
                }
            }
            Self::Push { link: None, .. } => {}
        }
        Vec::new()
    }
}

/// A message as it goes out, and what was noted when it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// The message.
    pub written: Written,
    /// The language it is in; `None` is the default.
    pub language: Option<String>,
    /// What was needed and is not there: paths of variables.
    pub missing: Vec<Note>,
    /// What was read over.
    pub warnings: Vec<Note>,
}

/// Why a message could not be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unwritten {
    /// The template failed, or went over a limit.
    #[error("{part}: {why}")]
    Failed {
        /// Which part of the content.
        part: &'static str,
        /// In the words of the template engine.
        why: String,
    },
    /// The template says that this message is not to be sent, and perhaps why.
    #[error("aborted by the template{}", .0.as_ref().map(|why| format!(": {why}")).unwrap_or_default())]
    Aborted(Option<String>),
    /// The body cannot be compiled.
    #[error("the HTML part: {0}")]
    Uncompiled(String),
    /// What the event said that it follows was too large to be kept.
    #[error("what the event said that it follows is over {} KB and was not kept", limits::EVENT_BYTES / 1024)]
    NoEvent,
    /// A text message that is longer than anybody should pay for.
    #[error("the text message {}", too_long(.0, *.1))]
    TooLong(sms::Count, u16),
    /// A part that must say something is blank.
    #[error("{0} is blank")]
    Blank(&'static str),
    /// The template has no text for the channel.
    #[error("the template has no text for {0}")]
    NoContent(Channel),
}

fn too_long(count: &sms::Count, most: u16) -> String {
    let (segments, encoding) = (count.segments, count.encoding.as_str());
    let outside: String = count.outside.iter().take(10).collect();
    let why = if outside.is_empty() { String::new() } else { format!(", because of `{outside}`") };
    format!("has {segments} segments of {encoding}{why}; it can have {most}")
}

/// Writes the content for a channel.
pub fn write(
    content: &Content,
    channel: Channel,
    data: &Data,
    now: Timestamp,
) -> Result<Written, Unwritten> {
    draft(content, channel, data, now).map(|draft| draft.written)
}

/// Writes the content for a channel, and notes what is missing.
pub fn draft(
    content: &Content,
    channel: Channel,
    data: &Data,
    now: Timestamp,
) -> Result<Draft, Unwritten> {
    let (parts, language) = content.parts(channel, data.language.as_deref());
    let spoken = language.unwrap_or_default();
    let form = Form::of(spoken);
    let form = if channel == Channel::Sms { form.plain() } else { form };
    let value = dialects::with_names_of(content.dialect, data.told(form));
    let partials = &content.partials;
    let mut pen = Pen {
        data,
        value,
        language: Language::of(spoken),
        partials,
        now,
        missing: vec![],
        warnings: vec![],
    };
    let none = Unwritten::NoContent(channel);
    let written = match channel {
        Channel::Email => pen.email(parts.email.as_ref().ok_or(none)?)?,
        Channel::Sms => pen.sms(parts.sms.as_ref().ok_or(none)?)?,
        Channel::Push => pen.push(parts.push.as_ref().ok_or(none)?)?,
    };
    let Pen { missing, warnings, .. } = pen;
    Ok(Draft { written, language: language.map(str::to_owned), missing, warnings })
}

struct Pen<'a> {
    data: &'a Data,
    value: Value,
    language: Language,
    partials: &'a Partials,
    now: Timestamp,
    missing: Vec<Note>,
    warnings: Vec<Note>,
}

impl Pen<'_> {
    fn email(&mut self, email: &EmailContent) -> Result<Written, Unwritten> {
        let subject = self.line("the subject", &email.subject)?;
        let template = email.html.template();
        let template = template.map_err(|why| Unwritten::Uncompiled(why.to_string()))?;
        let html = self.body(&email.html, template)?;
        let text = match &email.text {
            Some(text) => self.text("the text part", text, Escape::None)?,
            None => attune_mail::text_of(&html),
        };
        Ok(Written::Email { subject, html, text })
    }

    /// The HTML part. What is noted about it is told where people wrote it, as it was compiled since.
    fn body(&mut self, html: &Html, template: &Template) -> Result<String, Unwritten> {
        const PART: &str = "the HTML part";
        let (missing, warnings) = (self.missing.len(), self.warnings.len());
        let text = self.text(PART, template, Escape::Html)?;
        let written = |note: Note| match (&note.partial, note.position) {
            (None, Some(position)) => note.at(html.origin(position)),
            _ => note,
        };
        let noted = self.missing.split_off(missing);
        self.missing.extend(noted.into_iter().map(written));
        let noted = self.warnings.split_off(warnings);
        self.warnings.extend(noted.into_iter().map(written));
        let compiled = html.warnings().iter().map(|told| Note {
            part: PART,
            partial: None,
            position: None,
            told: told.clone(),
            fault: told.clone(),
        });
        self.warnings.extend(compiled);
        Ok(text)
    }

    fn sms(&mut self, sms: &Template) -> Result<Written, Unwritten> {
        let text = self.text("the text message", sms, Escape::None)?.trim().to_owned();
        let count = sms::count(&text);
        let most = self.data.most_segments;
        if count.segments > usize::from(most) {
            return Err(Unwritten::TooLong(count, most));
        }
        Ok(Written::Sms(text))
    }

    fn push(&mut self, push: &PushContent) -> Result<Written, Unwritten> {
        let title = self.line("the title", &push.title)?;
        let body = self.text("the body", &push.body, Escape::None)?.trim().to_owned();
        let link = push.link.as_ref().map(|link| self.line("the link", link)).transpose()?;
        let image = match push.image.as_ref().map(|image| self.line("the image", image)) {
            // A product without a picture is no reason to say nothing.
            None | Some(Err(Unwritten::Blank(_))) => None,
            Some(image) => Some(image?).filter(|image| image.starts_with("https://")),
        };
        Ok(Written::Push { title, body, link, image })
    }

    fn text(
        &mut self,
        part: &'static str,
        template: &Template,
        escape: Escape,
    ) -> Result<String, Unwritten> {
        let input = RenderInput::new(&self.value, UnixMillis(self.now.millis()))
            .partials(self.partials)
            .zone(self.data.zone.clone())
            .language(self.language)
            .escape(escape)
            .numbers(Numbers::Plain);
        let failed = |error: RenderError| match error {
            RenderError::Aborted { message } => {
                let why = Some(message.trim().to_owned()).filter(|why| !why.is_empty());
                Unwritten::Aborted(why)
            }
            error => Unwritten::Failed { part, why: error.to_string() },
        };
        let rendered = template.render(&input).map_err(failed)?;
        let note = |partial: Option<Arc<str>>, position, told, fault| Note {
            part,
            partial: partial.as_deref().map(str::to_owned),
            position: Some(position),
            told,
            fault,
        };
        self.missing.extend(rendered.missing.into_iter().map(
            |Variable { path, partial, position, .. }| note(partial, position, path.clone(), path),
        ));
        self.warnings.extend(rendered.warnings.into_iter().map(
            |Warning { partial, position, message, fault, .. }| {
                note(partial, position, message, fault)
            },
        ));
        if rendered.text.trim().is_empty() {
            Err(Unwritten::Blank(part))
        } else {
            Ok(rendered.text)
        }
    }

    /// A text for a header: white space is one blank, since a trait may hold a line break, and a
    /// line break in a subject would be a header of the sender's choosing.
    fn line(&mut self, part: &'static str, template: &Template) -> Result<String, Unwritten> {
        let text = self.text(part, template, Escape::None)?;
        let words = text.split(|c: char| c.is_whitespace() || c.is_control());
        Ok(words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" "))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::link::Urls;
    use crate::testing::{Life, at, definitions, did, is};

    const SHOP: &str = "
segments: [{ id: s, when: { event: Product Added } }]
templates:
  - id: t
    email:
      subject: 'For {{ customer.first_name }}'
      html: '<p>{{ customer.first_name }} of {{ customer.address.city }}: {% for item in cart.items %}{{ item.quantity }} × {{ item.name }}{% endfor %}</p>'
      text: 'Total {{ cart.total }} {{ shop.currency }}'
    sms: 'Hi {{ customer.nickname | default: \"there\" }}, {{ \"now\" | date: \"%H:%M\" }}'
programs: [{ id: p, enter: s, again: never, send: { template: t } }]
";

    fn written(channel: Channel) -> Written {
        let definitions = definitions(SHOP);
        let mut life = Life::new(&definitions, "2026-01-01");
        let traits = json!({"firstName": "Ada\r\nBcc: <x@y>", "timezone": "Europe/Paris",
            "address": {"city": "Lyon"}});
        life.event(&is("2026-01-01T08:00:00Z", traits));
        let red = json!({"product_id": "1", "name": "Red <b>", "price": "12.50", "quantity": 2});
        life.event(&did("Product Added", "2026-01-01T10:00:00Z", red));
        let data = Data::of(
            &life.profile,
            &life.messages[0],
            &definitions,
            &Urls::default(),
            at("2026-01-01T11:00:00Z"),
        );
        let content = definitions.templates.values().next().unwrap();
        write(content, channel, &data, at("2026-01-01T11:00:00Z")).unwrap()
    }

    #[test]
    fn a_trait_cannot_add_a_header_or_markup() {
        let Written::Email { subject, html, text } = written(Channel::Email) else { panic!() };
        assert_eq!(subject, "For Ada Bcc: <x@y>");
        assert_eq!(html, "<p>Ada\r\nBcc: &lt;x@y&gt; of Lyon: 2 × Red &lt;b&gt;</p>");
        assert_eq!(text, "Total 25 USD");
    }

    #[test]
    fn missing_names_are_empty_and_times_are_the_customers() {
        assert_eq!(written(Channel::Sms), Written::Sms("Hi there, 12:00".into()));
    }
}
