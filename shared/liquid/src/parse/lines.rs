//! What is not read like other tags: `liquid` with its lines, comments, `raw` and `doc`.

use crate::ast::Node;
use crate::excerpt::excerpt;
use crate::position::Span;
use crate::problem::Problem;

use super::blocks::Parser;
use super::found::Found;
use super::scan::{Piece, tag_name};
use super::trim;

impl Parser<'_> {
    /// Reads each line as a tag.
    pub(super) fn liquid(&mut self, inside: Span) {
        self.within_floor(|parser| {
            let mut lines = Lines { source: parser.source, at: inside.start, end: inside.end };
            while let Some(line) = lines.next() {
                parser.line(line, &mut lines);
                if parser.is_stopped() {
                    return;
                }
            }
        });
    }

    /// Reads one line. A `liquid` at its beginning changes nothing.
    fn line(&mut self, mut line: Span, lines: &mut Lines<'_>) {
        let mut name = tag_name(self.source, line);
        while name.text(self.source) == "liquid" {
            line.start = name.end;
            name = tag_name(self.source, line);
        }
        if trim::is_blank(line, self.source) {
            return;
        }
        let found = Found { at: name.start, name, inside: Span::new(name.end, line.end) };
        match name.text(self.source) {
            "#" => {}
            "comment" => self.comment_lines(found, lines),
            "raw" => {
                self.problems
                    .report(found.at, Problem::NotInside { name: "raw", inside: "liquid" });
            }
            "doc" => {
                self.problems
                    .report(found.at, Problem::NotInside { name: "doc", inside: "liquid" });
            }
            _ => self.simple_tag(found),
        }
    }

    fn comment_lines(&mut self, found: Found, lines: &mut Lines<'_>) {
        let mut depth = 1_usize;
        while let Some(line) = lines.next() {
            match tag_name(self.source, line).text(self.source) {
                "comment" => depth += 1,
                "endcomment" => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return;
            }
        }
        self.problems.report(found.at, Problem::UnclosedBlock { name: "comment".to_owned() });
    }

    /// A comment over several lines begins each of them with `#`.
    pub(super) fn inline_comment(&mut self, found: Found) {
        let lines = found.inside.text(self.source).lines().skip(1);
        if lines.map(str::trim_start).any(|line| !line.is_empty() && !line.starts_with('#')) {
            self.problems.report(found.at, Problem::CommentLine);
        }
    }

    /// Skips to the end of a comment, which may hold comments, `raw` blocks and broken tags.
    pub(super) fn comment(&mut self, found: Found) {
        let mut depth = 1_usize;
        while let Some(piece) = self.scanner.next() {
            let Ok(Piece::Tag { name, markup }) = piece else {
                if piece.is_err() {
                    self.scanner.sign_as_text();
                }
                continue;
            };
            match name.text(self.source) {
                "comment" => depth += 1,
                "endcomment" => depth -= 1,
                "raw" => {
                    self.scanner.verbatim("endraw");
                }
                _ => {}
            }
            if depth == 0 {
                self.trim_next = markup.trim_after;
                return;
            }
        }
        self.problems.report(found.at, Problem::UnclosedBlock { name: "comment".to_owned() });
    }

    /// Takes the inside of `raw` as text, and that of `doc` not at all.
    pub(super) fn verbatim(&mut self, found: Found) {
        let name = found.name.text(self.source);
        if !trim::is_blank(found.inside, self.source) {
            let excerpt = excerpt(found.inside.text(self.source).trim());
            let problem = Problem::Expected { expected: "the end of the tag", found: excerpt };
            self.problems.report(found.inside.start, problem);
        }
        let Some((content, trims)) =
            self.scanner.verbatim(if name == "raw" { "endraw" } else { "enddoc" })
        else {
            self.problems.report(found.at, Problem::UnclosedBlock { name: name.to_owned() });
            return;
        };
        self.trim_next = trims;
        if name == "raw" && content.start < content.end {
            self.body.push(Node::Text(content), false);
        } else if name == "doc" {
            self.doc(found, content);
        }
    }

    fn doc(&mut self, found: Found, content: Span) {
        self.body.blank &= content.start == content.end;
        let nested = content.text(self.source).split("{%").skip(1).any(|tag| {
            let name = tag.trim_start_matches('-').trim_start();
            name.strip_prefix("doc")
                .is_some_and(|rest| rest.starts_with([' ', '-', '%', '\n', '\t']))
        });
        if nested {
            self.problems.report(found.at, Problem::NotInside { name: "doc", inside: "doc" });
        }
    }
}

/// The lines of a `liquid` tag.
struct Lines<'s> {
    source: &'s str,
    at: usize,
    end: usize,
}

impl Lines<'_> {
    fn next(&mut self) -> Option<Span> {
        if self.at >= self.end {
            return None;
        }
        let rest = Span::new(self.at, self.end).text(self.source);
        let len = rest.find('\n').unwrap_or(rest.len());
        let line = Span::new(self.at, self.at + len);
        self.at = line.end + 1;
        Some(line)
    }
}
