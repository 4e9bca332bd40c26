//! The plain text part, made of what the HTML says.
//!
//! It is made of the HTML that was rendered, and not as a template of its own: only there is it
//! known which branch was taken and how many rows a loop had, so only there can blank lines and
//! separators be right; and markup that came out of a value is markup, which it would not be in a
//! text template.

mod writer;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{
    BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};
use std::cell::RefCell;

use writer::{Gap, Writer};

/// The plain text of a mail: a line for each block, blank lines between paragraphs, cells of tables
/// beside each other, links with where they lead to, pictures as what stands for them.
pub fn text_of(html: &str) -> String {
    let input = BufferQueue::default();
    input.push_back(StrTendril::from(html));
    let tokenizer = Tokenizer::new(Sink(RefCell::new(Reader::default())), TokenizerOpts::default());
    // It never asks for a script.
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    tokenizer.sink.0.into_inner().writer.finish()
}

struct Sink(RefCell<Reader>);

impl TokenSink for Sink {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut reader = self.0.borrow_mut();
        match token {
            Token::TagToken(tag) => {
                let kind = raw_kind(&tag);
                reader.tag(&tag);
                return kind.map_or(TokenSinkResult::Continue, TokenSinkResult::RawData);
            }
            Token::CharacterTokens(text) if reader.hidden.is_none() => reader.writer.text(&text),
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

/// How what follows a tag is to be read, where it is not markup.
fn raw_kind(tag: &Tag) -> Option<RawKind> {
    match (tag.kind, &*tag.name) {
        (TagKind::StartTag, "style" | "script" | "noscript") => Some(RawKind::Rawtext),
        (TagKind::StartTag, "title" | "textarea") => Some(RawKind::Rcdata),
        _ => None,
    }
}

/// Follows the tags.
#[derive(Default)]
struct Reader {
    writer: Writer,
    /// The element that is not shown, and how many of its name are open in it.
    hidden: Option<(String, usize)>,
    /// Where links that are open lead to, and where their text begins.
    links: Vec<(Option<String>, usize)>,
    /// Of each table that is open, whether it is one of data.
    tables: Vec<bool>,
    /// Of each list that is open, the number of its next item, if it has numbers.
    lists: Vec<Option<u32>>,
}

/// Elements whose content is not for readers.
const NEVER_SHOWN: [&str; 6] = ["head", "title", "style", "script", "template", "noscript"];
/// Elements without content.
const VOID: [&str; 9] = ["area", "base", "br", "col", "hr", "img", "input", "link", "meta"];

impl Reader {
    fn tag(&mut self, tag: &Tag) {
        let name = &*tag.name;
        let start = tag.kind == TagKind::StartTag;
        if let Some((hidden, depth)) = &mut self.hidden {
            match start {
                true if hidden == name => *depth += 1,
                false if hidden == name => *depth -= 1,
                _ => {}
            }
            if *depth == 0 {
                self.hidden = None;
            }
            return;
        }
        if start && !VOID.contains(&name) && is_hidden(tag) {
            self.hidden = Some((name.to_owned(), 1));
            return;
        }
        match start {
            true => self.open(name, tag),
            false => self.close(name),
        }
    }

    fn open(&mut self, name: &str, tag: &Tag) {
        match name {
            "a" => {
                let href = attribute(tag, "href").filter(|href| leads_somewhere(href));
                self.links.push((href, self.writer.position()));
            }
            "img" => {
                if let Some(alt) = attribute(tag, "alt") {
                    self.writer.text(&alt);
                }
            }
            "br" => self.writer.line_break(),
            "hr" => self.writer.rule(),
            "ul" | "ol" => {
                self.writer.gap(if self.lists.is_empty() { Gap::Blank } else { Gap::Line });
                self.lists.push((name == "ol").then_some(1));
            }
            "li" => self.item(),
            "table" => {
                let layout = attribute(tag, "role").is_some_and(|role| role != "table");
                self.tables.push(!layout);
                self.writer.gap(if layout { Gap::Line } else { Gap::Blank });
            }
            "td" | "th" if self.tables.last() == Some(&true) => self.writer.cell(),
            _ => self.writer.gap(gap_of(name)),
        }
    }

    fn close(&mut self, name: &str) {
        match name {
            "a" => {
                if let Some((Some(href), from)) = self.links.pop() {
                    self.writer.link(&href, from);
                }
            }
            "ul" | "ol" => {
                self.lists.pop();
                self.writer.gap(if self.lists.is_empty() { Gap::Blank } else { Gap::Line });
            }
            "table" => {
                let data = self.tables.pop() == Some(true);
                self.writer.gap(if data { Gap::Blank } else { Gap::Line });
            }
            "td" | "th" if self.tables.last() == Some(&true) => {}
            "br" => self.writer.line_break(),
            _ => self.writer.gap(gap_of(name)),
        }
    }

    fn item(&mut self) {
        let depth = self.lists.len().saturating_sub(1);
        let sign = match self.lists.last_mut() {
            Some(Some(number)) => {
                *number += 1;
                format!("{}. ", *number - 1)
            }
            _ => "- ".to_owned(),
        };
        self.writer.item(depth, &sign);
    }
}

/// What an element leaves before and after it.
fn gap_of(name: &str) -> Gap {
    match name {
        "p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "blockquote" | "td" | "th" | "pre"
        | "section" | "article" | "header" | "footer" => Gap::Blank,
        "div" | "tr" | "li" | "dt" | "dd" | "dl" | "caption" | "center" | "address" | "main"
        | "figure" | "figcaption" | "body" | "html" => Gap::Line,
        _ => Gap::None,
    }
}

fn is_hidden(tag: &Tag) -> bool {
    let style = attribute(tag, "style").unwrap_or_default();
    let style: String = style.chars().filter(|c| !c.is_whitespace()).collect();
    NEVER_SHOWN.contains(&&*tag.name) || style.to_ascii_lowercase().contains("display:none")
}

fn attribute(tag: &Tag, name: &str) -> Option<String> {
    let found = tag.attrs.iter().find(|attribute| &*attribute.name.local == name)?;
    Some(found.value.trim().to_owned()).filter(|value| !value.is_empty())
}

fn leads_somewhere(href: &str) -> bool {
    !href.starts_with('#') && !href.to_ascii_lowercase().starts_with("javascript:")
}
