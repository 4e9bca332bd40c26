//! The content of an e-mail. Its body is compiled when the definitions are checked, or where a mail
//! is first written, and once: most functions read definitions and write no mail.

mod origin;

use std::sync::{Arc, OnceLock};

use attune_liquid::{Dialect, Mode, ParseErrors, ParseOptions, Position, Template};
use attune_mail::MailError;

pub use origin::Origin;
use origin::Text;

use super::mistake::Wrong;
use super::partials::Partials;
use super::reader::Reader;
use super::reading::Reading;
use super::source::Node;
use super::templates::{SCRIPTS, all};

/// The parts of an e-mail.
#[derive(Debug)]
pub struct EmailContent {
    /// The subject.
    pub subject: Template,
    /// The HTML part.
    pub html: Html,
    /// The plain part; without one it is made of the HTML that was rendered.
    pub text: Option<Template>,
}

/// The HTML part of an e-mail: MJML or HTML, to be compiled.
#[derive(Debug)]
pub struct Html {
    source: String,
    preheader: Option<String>,
    /// The language it is written in, if it is a variant for one.
    language: Option<String>,
    dialect: Dialect,
    partials: Arc<Partials>,
    compiled: OnceLock<Result<Compiled, Uncompiled>>,
}

/// Why a body cannot be compiled, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Uncompiled {
    /// Its markup.
    #[error("{0}")]
    Markup(#[from] MailError),
    /// The Liquid in what it was compiled to.
    #[error("{0}")]
    Liquid(#[from] ParseErrors),
}

/// A body as it is rendered.
#[derive(Debug)]
struct Compiled {
    template: Template,
    warnings: Vec<String>,
}

impl Html {
    /// The template to render: HTML, its styles inlined, with the Liquid of its source.
    ///
    /// # Errors
    ///
    /// What is wrong, and where. Definitions that were checked have none, unless they were checked
    /// by another version of this code.
    pub fn template(&self) -> Result<&Template, &Uncompiled> {
        self.compiled().as_ref().map(|compiled| &compiled.template)
    }

    /// What was read over when it was compiled.
    pub fn warnings(&self) -> &[String] {
        self.compiled().as_ref().map_or(&[], |compiled| &compiled.warnings)
    }

    /// Where people wrote what stands in the template at a position; `None` if that cannot be told.
    pub fn origin(&self, position: Position) -> Option<Origin> {
        let compiled = self.template().ok()?.source();
        if compiled == self.source {
            return Some(Origin { part: None, partial: None, position });
        }
        let mut texts = Vec::new();
        if let Some(source) = &self.preheader {
            texts.push(Text { part: Some("the preheader"), partial: None, source });
        }
        texts.push(Text { part: None, partial: None, source: &self.source });
        let mut next = 0;
        // Each partial once, and those that partials include behind them.
        while let Some(source) = texts.get(next).map(|text| text.source) {
            for id in attune_mail::includes(source) {
                let known = self.partials.get_key_value(&id);
                if let Some((partial, source)) = known
                    && texts.iter().all(|text| text.partial != Some(partial))
                {
                    texts.push(Text { part: None, partial: Some(partial), source });
                }
            }
            next += 1;
        }
        origin::origin(compiled, position, &texts)
    }

    fn compiled(&self) -> &Result<Compiled, Uncompiled> {
        self.compiled.get_or_init(|| self.compile())
    }

    fn compile(&self) -> Result<Compiled, Uncompiled> {
        let partial = |id: &str| self.partials.text(id).map(str::to_owned);
        let compiled = attune_mail::compile(&self.source, &partial)?;
        let html = attune_mail::with_language(&compiled.html, self.language.as_deref());
        let html = match &self.preheader {
            Some(preheader) => attune_mail::with_preheader(&html, preheader),
            None => html,
        };
        let options = ParseOptions { mode: Mode::Lax, ..ParseOptions::default() };
        let mut options = options.dialect(self.dialect);
        // The limit is on what people write; MJML makes several times as much of it.
        options.limits.template_bytes = MOST_BYTES;
        let template = Template::parse(&html, &options)?;
        Ok(Compiled { template, warnings: compiled.warnings })
    }
}

/// Bytes of a body once it is compiled; a mail that long is refused by SES in any case.
const MOST_BYTES: usize = 2 * 1024 * 1024;

pub(super) fn read(
    reader: &mut Reader,
    node: &Node,
    reading: &Reading<'_>,
) -> Option<EmailContent> {
    let mut members = reader.members(node)?;
    let subject = reader.required(&mut members, "subject");
    let body = match members.first_of(&["mjml", "html"]) {
        Some("mjml") => members.get("mjml").map(|node| (node, true)),
        Some(_) => members.get("html").map(|node| (node, false)),
        None => reader.refuse(&node.place, Wrong::Missing("mjml` or `html")),
    };
    let [preheader, text] = ["preheader", "text"].map(|key| members.get(key));
    if members.get("mjml").is_some() && members.get("html").is_some() {
        let told = "a body is written under `mjml` or under `html`, not both".to_owned();
        reader.refuse::<()>(&node.place, Wrong::Invalid(told));
    }
    reader.finish(&members);
    let subject = subject.and_then(|node| reading.liquid(reader, node));
    let text = all(text.map(|node| reading.liquid(reader, node)));
    let preheader = all(preheader.map(|node| {
        reading.liquid(reader, node)?;
        reader.text(node).map(str::to_owned)
    }));
    let html = body.and_then(|(node, mjml)| html(reader, node, mjml, preheader?, reading));
    Some(EmailContent { subject: subject?, html: html?, text: text? })
}

/// Where links begin that run what they say, in whichever quotes.
fn scripts(source: &str) -> Vec<usize> {
    let lower = source.to_ascii_lowercase();
    let link = |(at, href): (usize, &str)| {
        let behind = lower.get(at + href.len()..)?.trim_start().strip_prefix('=')?.trim_start();
        let link = behind.trim_start_matches(['"', '\'']).trim_start();
        let runs = SCRIPTS
            .iter()
            .any(|scheme| link.strip_prefix(scheme).is_some_and(|rest| rest.starts_with(':')));
        runs.then(|| lower.len() - link.len())
    };
    lower.match_indices("href").filter_map(link).collect()
}

fn html(
    reader: &mut Reader,
    node: &Node,
    mjml: bool,
    preheader: Option<String>,
    reading: &Reading<'_>,
) -> Option<Html> {
    reading.liquid(reader, node)?;
    let source = reader.text(node)?.to_owned();
    if mjml && !attune_mail::is_mjml(&source) {
        let told = "MJML, which begins with `<mjml>`; write other markup under `html`";
        return reader.refuse(&node.place, Wrong::Expected(told));
    }
    if !reader.published {
        for at in scripts(&source) {
            let before = source.get(..at).unwrap_or_default();
            let line = before.matches('\n').count() + 1;
            let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
            reader.refuse::<()>(
                &node.place_of(line, column),
                Wrong::Expected("a link that opens a page"),
            );
        }
    }
    let (dialect, partials) = (reading.dialect, Arc::clone(&reading.partials));
    let language = reading.language.clone();
    let html = Html { source, preheader, language, dialect, partials, compiled: OnceLock::new() };
    if !reader.published
        && let Err(why) = html.template()
    {
        let (place, told) = match why {
            Uncompiled::Markup(MailError { place: at, wrong }) => {
                (reading.place(node, at.partial.as_deref(), at.line, at.column), wrong.to_string())
            }
            Uncompiled::Liquid(_) => (node.place.clone(), format!("once this is compiled, {why}")),
        };
        return reader.refuse(&place, Wrong::Invalid(told));
    }
    Some(html)
}
