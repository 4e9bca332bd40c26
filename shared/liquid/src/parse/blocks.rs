//! Puts the pieces of a template together: which tag belongs into which block.

use crate::ast::Node;
use crate::dialect::Traits;
use crate::excerpt::excerpt;
use crate::limits::{Limit, MAX_BLOCK_DEPTH};
use crate::options::ParseOptions;
use crate::position::{LineCounter, Span};
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
    options: &'p ParseOptions,
    pub(super) scanner: Scanner<'p>,
    lines: LineCounter,
    pub(super) problems: Problems,
    /// What is being filled: the inside of the innermost open block, or of the template.
    pub(super) body: Body,
    open: Vec<Open>,
    /// How many of the open blocks a `liquid` tag found open, and may not close.
    floor: usize,
    /// Whether the next text loses the space at its beginning.
    pub(super) trim_next: bool,
    /// What was read last.
    pub(super) last: Last,
    stopped: bool,
}

/// A block whose end has not come yet.
struct Open {
    name: &'static str,
    at: usize,
    line: usize,
    block: Box<dyn Block>,
    /// What the block stands in.
    outer: Body,
    branches: usize,
}

impl<'p> Parser<'p> {
    fn new(source: &'p str, options: &'p ParseOptions) -> Self {
        Self {
            source,
            options,
            scanner: Scanner::new(source, options.dialect.traits().dollar_names),
            lines: LineCounter::default(),
            problems: Problems::new(options.limits.mistakes),
            body: Body::default(),
            open: Vec::new(),
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
            _ => self.simple_tag(found),
        }
    }

    /// A tag that may stand in a line of `liquid` as well.
    pub(super) fn simple_tag(&mut self, found: Found) {
        let name = self.traits().tag(found.name.text(self.source));
        match name {
            "" => {
                let at = found.at;
                let found = Span::new(found.at, found.inside.end).text(self.source);
                let found =
                    found.trim_start_matches(['{', '%', '-']).trim().chars().take(20).collect();
                self.problems.report(at, Problem::EmptyTag { found });
            }
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
        let (outer, line) = (std::mem::take(&mut self.body), self.lines.line(self.source, at));
        self.open.push(Open { name, at, line, block, outer, branches: 0 });
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

    fn misplaced(&mut self, name: &str, at: usize) {
        let belongs = match name {
            "when" => "`case`",
            "elsif" => "`if` and `unless`",
            _ => "`if`, `unless`, `case` and `for`",
        };
        self.problems.report(at, Problem::UnexpectedBranch { found: name.to_owned(), belongs });
    }

    /// A closing tag. If it fits a block further out, the blocks within were never closed.
    fn end(&mut self, name: &str, found: Found) {
        let opened = name.strip_prefix("end").unwrap_or(name);
        let reachable = self.open.get(self.floor..).unwrap_or_default();
        if let Some(place) = reachable.iter().rposition(|open| open.name == opened) {
            self.close_down_to(self.floor + place + 1);
            self.close();
            return;
        }
        if opened.is_empty() || tags::is_block(opened) {
            let open = reachable.last().map(|open| (open.name.to_owned(), open.line));
            self.problems.report(found.at, Problem::UnexpectedEnd { found: excerpt(name), open });
        } else {
            self.unknown_tag(name, found);
        }
    }

    /// Closes blocks that were left open until only this many are.
    fn close_down_to(&mut self, count: usize) {
        while self.open.len() > count {
            if let Some(open) = self.open.last() {
                self.problems
                    .report(open.at, Problem::UnclosedBlock { name: open.name.to_owned() });
            }
            self.close();
        }
    }

    fn close(&mut self) {
        let Some(open) = self.open.pop() else { return };
        let inside = std::mem::replace(&mut self.body, open.outer);
        if let Some((node, blank)) = open.block.close(inside) {
            self.body.push(node, blank);
        }
    }

    fn unknown_tag(&mut self, name: &str, found: Found) {
        if let Some(reason) = tags::refusal(name) {
            self.problems.report(found.at, Problem::Refused { name: name.to_owned(), reason });
            return;
        }
        if let Some(dialect) = tags::elsewhere(name) {
            let name = name.to_owned();
            return self.problems.report(found.at, Problem::OtherDialect { name, dialect });
        }
        let suggestion = self.problems.suggestion(name, tags::names(self.options.dialect));
        self.problems.report(found.at, Problem::UnknownTag { name: excerpt(name), suggestion });
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
