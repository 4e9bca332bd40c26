//! Writes text with gaps that are made when the next word comes, so that none is made twice.

/// Characters in a line, where it can be broken: what plain mail has had since terminals.
const WIDTH: usize = 76;

/// What stands between two pieces of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) enum Gap {
    /// Nothing, or a blank.
    #[default]
    None,
    /// The next text begins a line.
    Line,
    /// A line is left blank.
    Blank,
}

/// A text that grows.
#[derive(Debug, Default)]
pub(super) struct Writer {
    out: String,
    gap: Gap,
    /// Whether a blank stood between the last text and the next.
    space: bool,
    /// What stands before the next text: the sign of an item, or the line between two cells.
    before: Option<String>,
}

impl Writer {
    /// Where the next text begins.
    pub(super) fn position(&self) -> usize {
        self.out.len()
    }

    /// Leaves at least this gap.
    pub(super) fn gap(&mut self, gap: Gap) {
        self.gap = self.gap.max(gap);
    }

    /// Begins a line; a second time, leaves one blank.
    pub(super) fn line_break(&mut self) {
        self.gap = if self.gap == Gap::None { Gap::Line } else { Gap::Blank };
    }

    /// A line across.
    pub(super) fn rule(&mut self) {
        self.gap(Gap::Blank);
        self.text("---");
        self.gap(Gap::Blank);
    }

    /// Begins an item of a list.
    pub(super) fn item(&mut self, depth: usize, sign: &str) {
        self.gap(Gap::Line);
        self.before = Some("  ".repeat(depth) + sign);
    }

    /// Begins a cell beside the last one, if there is text in its row.
    pub(super) fn cell(&mut self) {
        if self.gap == Gap::None && !self.out.is_empty() {
            self.space = false;
            self.before = Some(" | ".to_owned());
        }
    }

    /// Adds text, whose white space is one blank each.
    pub(super) fn text(&mut self, text: &str) {
        let mut rest = text.chars().peekable();
        while let Some(c) = rest.next() {
            // French puts one before these signs, and none of them may begin a line.
            let holds = matches!(c, '\u{a0}' | '\u{202f}')
                && rest.peek().is_some_and(|next| "!?:;»%€".contains(*next));
            if c.is_whitespace() && !holds {
                self.space = true;
            } else if !is_invisible(c) {
                self.put(c);
            }
        }
    }

    /// Adds where the text since `from` leads to, unless it says so itself.
    pub(super) fn link(&mut self, href: &str, from: usize) {
        let said = self.out.get(from..).unwrap_or_default().trim();
        let same = said == href || href.strip_prefix("mailto:") == Some(said);
        if same || href.contains(char::is_whitespace) {
            return;
        }
        // The gap that the link's own blocks left belongs behind its address.
        let gap = std::mem::take(&mut self.gap);
        let told = if said.is_empty() { href.to_owned() } else { format!("({href})") };
        if said.is_empty() {
            self.gap = gap;
        } else {
            self.space = true;
        }
        told.chars().for_each(|c| self.put(c));
        self.gap(gap);
    }

    /// The text, with lines that are not too long and a line break at its end.
    pub(super) fn finish(self) -> String {
        let mut text: String = self.out.lines().flat_map(wrapped).collect();
        text.truncate(text.trim_end().len());
        text.push('\n');
        text
    }

    fn put(&mut self, c: char) {
        let gap = std::mem::take(&mut self.gap);
        let space = std::mem::take(&mut self.space);
        match gap {
            _ if self.out.is_empty() => {}
            Gap::None if self.before.is_none() && space => self.out.push(' '),
            Gap::None => {}
            Gap::Line => self.out.push('\n'),
            Gap::Blank => self.out.push_str("\n\n"),
        }
        if let Some(before) = self.before.take() {
            self.out.push_str(&before);
        }
        self.out.push(c);
    }
}

/// Characters that have no width: mails fill the space behind a preheader with them.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}')
}

/// A line as lines that are not too long. Words are not broken, so that addresses stay whole.
fn wrapped(line: &str) -> Vec<String> {
    let indent = line.len() - line.trim_start().len();
    let signed = line.trim_start().starts_with("- ");
    let margin = " ".repeat(indent + if signed { 2 } else { 0 });
    let mut lines = Vec::new();
    let mut current = " ".repeat(indent);
    let mut length = indent;
    for word in line.split(' ').filter(|word| !word.is_empty()) {
        let letters = word.chars().count();
        if length + 1 + letters > WIDTH && length > margin.len() {
            lines.push(std::mem::replace(&mut current, margin.clone()) + "\n");
            length = margin.len();
        } else if !current.trim_start().is_empty() {
            current.push(' ');
            length += 1;
        }
        current.push_str(word);
        length += letters;
    }
    lines.push(current + "\n");
    lines
}
