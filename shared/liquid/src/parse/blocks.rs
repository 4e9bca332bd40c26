//! Puts the pieces of a template together: which tag belongs into which block.

use std::collections::BTreeMap;

use crate::ast::Node;
use crate::dialect::Traits;
use crate::limits::{Limit, MAX_BLOCK_DEPTH};
use crate::options::ParseOptions;
use crate::position::Span;
use crate::problem::{ParseError, ParseErrors, Problem};
use crate::tags::{self, Block, Body, Broken, Kind, Tag};

use super::cursor::Cursor;
use super::foreign;
use super::found::{Found, Last};
use super::problems::Problems;
use super::scan::{Markup, Piece, Scanner};
use super::snippet;
use super::text::named_output;
use super::trim;

/// Parses a template: its nodes, and the mistakes that were not errors.
pub(crate) fn parse(
    source: &str,
    options: &ParseOptions,
) -> Result<(Vec<Node>, Vec<ParseError>), ParseErrors> {
    let mut parser = Parser::new(source, options);
    let max = options.limits.template_bytes;
    if source.len() > max {
        parser.problems.report(0, Limit::TemplateBytes(max).into());
    } else {
        parser.run();
    }
    let warnings = parser.problems.settle(options.mode, source)?;
    Ok((parser.body.nodes, warnings))
}

pub(super) struct Parser<'p> {
    pub(super) source: &'p str,
    pub(super) options: &'p ParseOptions,
    pub(super) scanner: Scanner<'p>,
    pub(super) problems: Problems,
    /// What is being filled: the inside of the innermost open block, or of the template.
    pub(super) body: Body,
    pub(super) open: Vec<Open>,
    /// Blocks that unknown tags were probably meant to open, and whose ends are still to come.
    pub(super) meant: BTreeMap<String, usize>,
    /// How many of the open blocks a `liquid` tag found open, and may not close.
    pub(super) floor: usize,
    /// Whether the next text loses the space at its beginning.
    pub(super) trim_next: bool,
    /// What was read last.
    pub(super) last: Last,
    stopped: bool,
}

/// A block whose end has not come yet.
pub(super) struct Open {
    pub(super) name: &'static str,
    pub(super) at: usize,
    pub(super) block: Box<dyn Block>,
    /// What the block stands in.
    pub(super) outer: Body,
    branches: usize,
    /// Whether a closing tag that does not fit was told, so that it needs not be told as unclosed too.
    pub(super) told: bool,
}

impl<'p> Parser<'p> {
    fn new(source: &'p str, options: &'p ParseOptions) -> Self {
        Self {
            source,
            options,
            scanner: Scanner::new(source, options.dialect.traits().dollar_names),
            problems: Problems::new(options.limits.mistakes),
            body: Body::default(),
            open: Vec::new(),
            meant: BTreeMap::new(),
            floor: 0,
            trim_next: false,
            last: Last::Tag,
            stopped: false,
        }
    }

    fn run(&mut self) {
        while !self.stopped
            && let Some(piece) = self.scanner.next()
        {
            match piece {
                Ok(Piece::Text(span)) => self.text(span),
                Ok(Piece::Output(markup)) => {
                    self.output(markup);
                    self.last = Last::Output;
                }
                Ok(Piece::Tag { name, markup }) => {
                    self.tag(name, markup);
                    self.last = Last::Tag;
                }
                Err((at, problem)) => {
                    self.problems.report(at, problem);
                    let span = self.scanner.sign_as_text();
                    self.text(span);
                }
            }
        }
        self.close_down_to(0);
    }

    fn trim(&mut self, markup: Markup) {
        if markup.trim_before
            && self.last == Last::Text
            && let Some(Node::Text(span)) = self.body.nodes.last_mut()
        {
            *span = trim::trim_end(*span, self.source);
        }
        self.trim_next = markup.trim_after;
    }

    pub(super) fn cursor(&mut self, found: Found) -> Cursor<'_> {
        Cursor::new(self.source, found.at, found.inside, self.options, &mut self.problems)
    }

    pub(super) fn traits(&self) -> &'static Traits {
        self.options.dialect.traits()
    }

    fn output(&mut self, markup: Markup) {
        self.drop_fence();
        self.trim(markup);
        let found = Found { at: markup.at, name: Span::default(), inside: markup.inside };
        let foreign = foreign::output(markup.inside.text(self.source), self.options.dialect);
        let mark = self.problems.mark();
        let output = self.cursor(found).filtered();
        if let Some(problem) = foreign {
            self.problems.instead(mark, markup.at, problem);
        } else if self.problems.mark() > mark {
            let inside = markup.inside.text(self.source);
            if let Some((at, problem)) = foreign::broken_output(inside, self.options.dialect) {
                let at = at.map_or(markup.at, |at| markup.inside.start + at);
                self.problems.instead(mark, at, problem);
            }
        }
        self.body.push(snippet::of(output, self.traits()), false);
    }

    fn tag(&mut self, name: Span, markup: Markup) {
        self.trim(markup);
        let found = Found { at: markup.at, name, inside: markup.inside };
        match name.text(self.source) {
            "comment" => self.comment(found),
            "doc" | "raw" => self.verbatim(found),
            "#" => self.inline_comment(found),
            "liquid" => self.simple_tag(found),
            _ => self.lone_tag(found),
        }
    }

    /// A tag between signs of its own, which may be broken by what stands between them.
    fn lone_tag(&mut self, found: Found) {
        let (mark, open) = (self.problems.mark(), self.open.len());
        self.simple_tag(found);
        if self.problems.mark() == mark {
            return;
        }
        let inside = Span::new(found.name.start, found.inside.end);
        let broken = foreign::broken_tag(inside.text(self.source), self.options.dialect);
        let Some((at, problem)) = broken else { return };
        // What closes the block may be in it.
        let swallowed = problem == Problem::UnclosedTag && self.open.len() > open;
        if let Some(open) = self.open.last_mut().filter(|_| swallowed) {
            open.told = true;
        }
        self.problems.instead(mark, at.map_or(found.at, |at| inside.start + at), problem);
    }

    /// A tag that may stand in a line of `liquid` as well.
    pub(super) fn simple_tag(&mut self, found: Found) {
        let name = self.traits().tag(found.name.text(self.source));
        match name {
            "" => self.nameless(found),
            "liquid" => self.liquid(found.inside),
            "else" | "elsif" | "when" => self.branch(name, found),
            _ if name.starts_with("end") => self.end(name, found),
            _ => match tags::find(name, self.options.dialect) {
                Some(tag) => self.known_tag(tag, found),
                None => self.unknown_tag(name, found),
            },
        }
    }

    fn known_tag(&mut self, tag: &'static Tag, found: Found) {
        match tag.kind {
            Kind::Link => {
                let mut cursor = self.cursor(found);
                cursor.finish("the end of the tag");
                self.body.push(Node::Output(named_output(found.at, [tag.name])), false);
            }
            Kind::Node { parse, blank } => {
                let mut cursor = self.cursor(found);
                let parsed = parse(&mut cursor);
                if let Some(node) = cursor.keep(parsed) {
                    self.body.push(node, blank);
                }
            }
            Kind::Block(parse) => {
                let mut cursor = self.cursor(found);
                let parsed = parse(&mut cursor);
                let block = cursor.keep(parsed).unwrap_or_else(|| Box::new(Broken));
                self.open_block(tag.name, found.at, block);
            }
        }
    }

    fn open_block(&mut self, name: &'static str, at: usize, block: Box<dyn Block>) {
        let max = self.options.limits.block_depth.min(MAX_BLOCK_DEPTH);
        if self.open.len() >= max {
            self.problems.report(at, Limit::BlockDepth(max).into());
            self.stop();
            return;
        }
        let outer = std::mem::take(&mut self.body);
        self.open.push(Open { name, at, block, outer, branches: 0, told: false });
    }

    /// Gives up: what follows could only lead to mistakes that are none.
    fn stop(&mut self) {
        self.stopped = true;
        self.open.clear();
    }

    fn branch(&mut self, name: &str, found: Found) {
        let floor = self.floor;
        let inside = self.open.len() > floor;
        let Some(open) = self.open.last_mut().filter(|_| inside) else {
            return self.misplaced(name, found.at);
        };
        open.branches += 1;
        let max = self.options.limits.branches;
        if open.branches > max {
            self.problems.report(found.at, Limit::Branches(max).into());
            return self.stop();
        }
        let mut cursor =
            Cursor::new(self.source, found.at, found.inside, self.options, &mut self.problems);
        let body = std::mem::take(&mut self.body);
        if let Err(body) = open.block.branch(name, body, &mut cursor) {
            self.body = body;
            self.misplaced(name, found.at);
        }
    }

    /// Reads lines of `liquid` as tags of their own; a block that one opens must be closed by one.
    pub(super) fn within_floor(&mut self, read: impl FnOnce(&mut Self)) {
        let outer = std::mem::replace(&mut self.floor, self.open.len());
        read(self);
        self.close_down_to(self.floor.min(self.open.len()));
        self.floor = outer;
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stopped
    }
}
