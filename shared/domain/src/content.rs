//! What a message says: its template, filled with what we know of the customer.

mod dialects;
mod note;

use std::sync::Arc;

use attune_liquid::{
    Escape, Numbers, RenderError, RenderInput, Template, UnixMillis, Value, Variable, Warning,
};
use serde_json::{Map, json};

pub use note::Note;

use crate::cart::{Item, Product};
use crate::channel::Channel;
use crate::coupon::Issued;
use crate::decide::left_in_cart;
use crate::definitions::{Content, Definitions, EmailContent, Html, Partials, PushContent};
use crate::id::MessageId;
use crate::link::{Links, Urls, WebUrl};
use crate::message::Message;
use crate::money;
use crate::number::Number;
use crate::profile::Profile;
use crate::sms;
use crate::time::Timestamp;

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
    let data = &dialects::with_names_of(content.dialect, data);
    let mut pen = Pen { data, partials: &content.partials, now, missing: vec![], warnings: vec![] };
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
        let input = RenderInput::new(&self.data.value, UnixMillis(self.now.millis()))
            .partials(self.partials)
            .zone(self.data.zone.clone())
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
            |Variable { path, partial, position }| note(partial, position, path.clone(), path),
        ));
        self.warnings.extend(rendered.warnings.into_iter().map(
            |Warning { partial, position, message, fault }| note(partial, position, message, fault),
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

/// What templates can read.
#[derive(Debug, Clone)]
pub struct Data {
    value: Value,
    zone: attune_liquid::TimeZone,
    language: Option<String>,
    most_segments: u16,
}

impl Data {
    /// `customer`, `cart`, `shop` and `message`, `now` and `today`, and `unsubscribe_url`,
    /// `preferences_url` and `confirm_url`.
    pub fn of(
        profile: &Profile,
        message: &Message,
        definitions: &Definitions,
        urls: &Urls,
        now: Timestamp,
    ) -> Self {
        let shop = &definitions.shop;
        let zone = profile.core.zone.rules().clone();
        let local = now.to_jiff().to_zoned(zone.clone());
        let value = json!({
            "now": local.strftime("%Y-%m-%d %H:%M:%S %z").to_string(),
            "today": local.strftime("%Y-%m-%d").to_string(),
            "customer": customer(profile),
            "cart": cart(profile, definitions, now),
            "shop": {
                "name": shop.name,
                "url": shop.url,
                "currency": shop.currency,
                "brand": shop.brand,
            },
            "message": { "id": message.id.as_str(), "program": message.program.as_str() },
            "unsubscribe_url": urls.unsubscribe,
            "preferences_url": urls.preferences,
            "confirm_url": urls.confirm,
        });
        Self {
            value: Value::from(value),
            zone,
            language: profile.card.preference().language,
            most_segments: definitions.policy.sms.most_segments,
        }
    }

    /// The same, in another language than the customer's.
    #[must_use]
    pub fn in_language(self, language: &str) -> Self {
        Self { language: Some(language.to_owned()), ..self }
    }

    /// The same, with `recommendations`.
    #[must_use]
    pub fn with_recommendations(
        mut self,
        products: Vec<Product>,
        definitions: &Definitions,
    ) -> Self {
        let currency = &definitions.shop.currency;
        let products = products.into_iter().map(|product| shown(product, 1, currency));
        self.put("recommendations", Value::from(products.collect::<serde_json::Value>()));
        self
    }

    fn put(&mut self, name: &str, value: Value) {
        if let Value::Object(data) = &mut self.value {
            Arc::make_mut(data).insert(name, value);
        }
    }
}

impl Data {
    /// The same, with `coupon.code` and `coupon.expires`.
    #[must_use]
    pub fn with_coupon(mut self, issued: &Issued) -> Self {
        let expires = issued.expires.map(|day| day.to_string());
        let coupon = json!({ "code": issued.code.as_str(), "expires": expires });
        if let Value::Object(data) = &mut self.value {
            Arc::make_mut(data).insert("coupon", Value::from(coupon));
        }
        self
    }
}

/// Traits, with `a.b` as `b` within `a`.
fn customer(profile: &Profile) -> serde_json::Value {
    let mut customer = Map::new();
    for (path, known) in &profile.card.traits {
        let mut names = path.split('.').peekable();
        let mut into = &mut customer;
        while let Some(name) = names.next() {
            if names.peek().is_none() {
                into.insert(name.to_owned(), known.value.clone());
                break;
            }
            let member = into.entry(name).or_insert_with(|| json!({}));
            let serde_json::Value::Object(member) = member else { break };
            into = member;
        }
    }
    customer.insert("id".to_owned(), profile.id.bare().into());
    customer.into()
}

/// What is left in the cart. Amounts stand there as sent, for sums, and as people write them.
fn cart(profile: &Profile, definitions: &Definitions, now: Timestamp) -> serde_json::Value {
    let items: Vec<Item> = left_in_cart(profile, definitions, now).collect();
    let currency = &definitions.shop.currency;
    let totals: Vec<Option<Number>> = items.iter().map(total).collect();
    let total = totals.iter().flatten().copied().fold(Number::ZERO, Number::plus);
    // A sum that leaves out what has no known price would be a promise.
    let known = totals.iter().all(Option::is_some);
    json!({
        "quantity": items.iter().map(|item| u64::from(item.quantity)).sum::<u64>(),
        "total": total.to_string(),
        "total_money": known.then(|| money::written(total, currency)),
        "items": items.into_iter().map(|item| shown(item.product, item.quantity, currency)).collect::<Vec<_>>(),
    })
}

fn price(product: &Product) -> Option<Number> {
    product.details.get("price").and_then(Number::of)
}

fn total(item: &Item) -> Option<Number> {
    Some(price(&item.product)?.times(item.quantity.into()))
}

/// A product as templates see it.
fn shown(product: Product, quantity: u32, currency: &str) -> serde_json::Value {
    let price = price(&product);
    let amount = |amount: Option<Number>| amount.map(|amount| money::written(amount, currency));
    let ours = [
        ("quantity", json!(quantity)),
        ("price_money", json!(amount(price))),
        ("total_money", json!(amount(price.map(|price| price.times(quantity.into()))))),
        ("product_id", json!(product.id)),
    ];
    let mut fields: Map<_, _> = product.details.into_iter().collect();
    fields.extend(ours.map(|(name, value)| (name.to_owned(), value)));
    fields.into()
}

#[cfg(test)]
mod tests {
    use super::*;
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
    fn amounts_are_written_out_and_a_sum_without_a_price_is_none() {
        let definitions = definitions(SHOP);
        let mut life = Life::new(&definitions, "2026-01-01");
        let add = |life: &mut Life<'_>, product: serde_json::Value| {
            let time = format!("2026-01-01T10:0{}:00Z", product["product_id"]);
            life.event(&did("Product Added", &time, product));
            cart(&life.profile, &definitions, at("2026-01-01T11:00:00Z"))
        };
        let cart = add(&mut life, json!({"product_id": 1, "price": "12.50", "quantity": 2}));
        assert_eq!(cart["items"][0]["price_money"], "$12.50");
        assert_eq!(cart["items"][0]["total_money"], "$25.00");
        assert_eq!((&cart["total_money"], &cart["quantity"]), (&json!("$25.00"), &json!(2)));
        let cart = add(&mut life, json!({"product_id": 2, "price": "ask us"}));
        assert_eq!(cart["items"][1]["total_money"], json!(null));
        assert_eq!((&cart["total_money"], &cart["total"]), (&json!(null), &json!("25")));
    }

    #[test]
    fn missing_names_are_empty_and_times_are_the_customers() {
        assert_eq!(written(Channel::Sms), Written::Sms("Hi there, 12:00".into()));
    }
}
