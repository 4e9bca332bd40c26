//! What a template reads from outside, found without rendering it.
//!
//! Names are followed in the order in which they stand: once something is assigned to a name, the
//! name is the template's own. A loop's variable and a name that merely stands for a path are
//! replaced by what they stand for, so that `item.price` is told as `cart.items[].price`.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::ast::{Condition, Expr, FilterCall, Filtered, Node, Path, Segment};
use crate::outline::Call;
use crate::position::{Position, positions};
use crate::tags::for_loop::Offset;
use crate::tags::partial::Partial;
use crate::template::{Template, Variable};
use crate::value::Value;

/// The paths that a template reads, each once.
pub(crate) fn variables(template: &Template) -> Vec<Variable> {
    let mut walk = Walk::default();
    walk.nodes(&template.nodes);
    let offsets: Vec<usize> = walk.paths.iter().map(|read| read.at).collect();
    let located = walk.paths.into_iter().zip(positions(&template.source, &offsets));
    let variable =
        |(read, position): (ReadAt, _)| Variable { path: read.path, partial: None, position };
    located.map(variable).collect()
}

/// The partials that a template names in quotes, each once.
pub(crate) fn partials(template: &Template) -> Vec<Arc<str>> {
    let mut walk = Walk::default();
    walk.nodes(&template.nodes);
    let mut names: Vec<Arc<str>> = Vec::new();
    let mut seen = HashSet::new();
    for (_, call) in walk.calls {
        if seen.insert(call.name.clone()) {
            names.push(call.name);
        }
    }
    names
}

/// The longest path that is told, and the most bytes of paths in all. Paths of people have tens of
/// bytes; without a limit `{% assign a = a.a %}`, many times over, would fill the memory.
const MAX_PATH_BYTES: usize = 1024;
const MAX_PATHS_BYTES: usize = 256 * 1024;

#[derive(Default)]
pub(crate) struct Walk<'t> {
    /// Whether a path is told each time it is read, and not only the first time.
    everywhere: bool,
    /// Each place at which a path is read.
    pub(crate) paths: Vec<ReadAt>,
    /// Whether what is walked through asks if there is anything.
    asking: bool,
    seen: HashSet<String>,
    /// Of all paths and calls.
    bytes: usize,
    /// Each call with where its name stands.
    pub(crate) calls: Vec<(usize, Call)>,
    pub(crate) assigned: HashMap<&'t str, Origin>,
    loops: Vec<(&'t str, Origin)>,
}

/// A path, where it is read, and how it is written there.
pub(crate) struct ReadAt {
    pub(crate) at: usize,
    pub(crate) path: String,
    pub(crate) written: String,
    /// See [`Read::asked`](crate::Read::asked).
    pub(crate) asked: bool,
}

/// What a name stands for that the template has given.
#[derive(Clone)]
pub(crate) enum Origin {
    /// Something the template made.
    Own,
    /// This path into the data.
    Path(String),
}

impl Origin {
    fn path(self) -> Option<String> {
        match self {
            Self::Own => None,
            Self::Path(path) => Some(path),
        }
    }
}

impl<'t> Walk<'t> {
    pub(crate) fn of_every_place() -> Self {
        Self { everywhere: true, ..Self::default() }
    }

    pub(crate) fn nodes(&mut self, nodes: &'t [Node]) {
        for node in nodes {
            self.node(node);
        }
    }

    fn node(&mut self, node: &'t Node) {
        match node {
            Node::Text(_) | Node::Break | Node::Continue => {}
            Node::Output(output) => self.filtered(output),
            Node::Assign(tag) => {
                let origin = self.origin(&tag.value);
                self.filtered(&tag.value);
                self.assigned.insert(&tag.name, origin);
            }
            Node::Capture(tag) => {
                self.nodes(&tag.body);
                self.assigned.insert(&tag.name, Origin::Own);
            }
            Node::Branches(tag) => {
                for branch in &tag.branches {
                    branch.condition.iter().for_each(|condition| self.condition(condition));
                    self.nodes(&branch.body);
                }
            }
            Node::Case(tag) => {
                self.expr(&tag.subject);
                for arm in &tag.arms {
                    arm.values.iter().flatten().for_each(|value| self.expr(value));
                    self.nodes(&arm.body);
                }
            }
            Node::For(tag) => {
                let attributes = tag.limit.iter().chain(match &tag.offset {
                    Some(Offset::At(offset)) => Some(offset),
                    _ => None,
                });
                self.looped(&tag.variable, "forloop", &tag.items, attributes, &tag.body);
                self.nodes(tag.otherwise.as_deref().unwrap_or_default());
            }
            Node::TableRow(tag) => {
                let attributes = tag.cols.iter().chain(&tag.limit).chain(&tag.offset);
                self.looped(&tag.variable, "tablerowloop", &tag.items, attributes, &tag.body);
            }
            Node::Cycle(tag) => {
                tag.name().into_iter().chain(&tag.values).for_each(|value| self.expr(value));
            }
            Node::Counter(tag) => {
                self.assigned.entry(&tag.name).or_insert(Origin::Own);
            }
            Node::Changed(tag) => self.nodes(&tag.body),
            Node::Partial(tag) => {
                self.expr(&tag.name);
                self.call(tag);
                tag.bound.iter().for_each(|bound| self.expr(bound));
                tag.arguments.iter().for_each(|(_, value)| self.expr(value));
            }
            Node::Abort(tag) => tag.message.iter().for_each(|message| self.expr(message)),
        }
    }

    fn call(&mut self, tag: &'t Partial) {
        let Expr::Literal(Value::Str(name)) = &tag.name else { return };
        let mut gives = Vec::new();
        // `variables` and `partials` have no use for the names, of which there may be many.
        if self.everywhere && self.bytes <= MAX_PATHS_BYTES {
            gives = self.gives(tag);
        }
        let bytes = |(name, path): &(Arc<str>, Option<String>)| {
            name.len() + path.as_ref().map_or(0, String::len)
        };
        self.bytes += gives.iter().map(bytes).sum::<usize>();
        if self.bytes > MAX_PATHS_BYTES {
            gives.clear();
        }
        let position = Position { line: 1, column: 1 };
        let call = Call { name: name.clone(), position, isolated: tag.isolated, gives };
        self.calls.push((tag.name_at, call));
    }

    fn gives(&self, tag: &'t Partial) -> Vec<(Arc<str>, Option<String>)> {
        let mut gives: Vec<(Arc<str>, Option<String>)> = Vec::new();
        if !tag.isolated {
            let looped = self.loops.iter().map(|(name, origin)| ((*name).into(), origin.clone()));
            gives.extend(looped.map(|(name, origin)| (name, origin.path())));
        }
        for (name, value) in &tag.arguments {
            gives.push((name.clone(), self.origin_of_value(value).path()));
        }
        match tag.binds() {
            Some((name, Some(bound), each)) => {
                let path = self.origin_of_value(bound).path();
                if each {
                    gives.push(("forloop".into(), None));
                }
                gives.push((name.into(), path.map(|path| if each { path + "[]" } else { path })));
            }
            // An `include` knows under its own name what the template knows under it.
            Some((name, None, _)) if !tag.isolated => gives.push((name.into(), None)),
            _ => {}
        }
        gives
    }

    fn looped(
        &mut self,
        variable: &'t str,
        about: &'t str,
        items: &'t Expr,
        attributes: impl Iterator<Item = &'t Expr>,
        body: &'t [Node],
    ) {
        self.expr(items);
        attributes.for_each(|value| self.expr(value));
        let origin = match self.origin_of_value(items) {
            Origin::Path(path) => Origin::Path(path + "[]"),
            Origin::Own => Origin::Own,
        };
        let outside = self.loops.len();
        self.loops.extend([(about, Origin::Own), (variable, origin)]);
        self.nodes(body);
        self.loops.truncate(outside);
    }

    fn origin(&self, value: &'t Filtered) -> Origin {
        if value.filters.is_empty() { self.origin_of_value(&value.expr) } else { Origin::Own }
    }

    fn origin_of_value(&self, value: &'t Expr) -> Origin {
        match value {
            Expr::Path(path) => self.resolved(path).map_or(Origin::Own, Origin::Path),
            _ => Origin::Own,
        }
    }

    /// A `lookup` of a text in quotes is told as a part of the path before it.
    fn filtered(&mut self, filtered: &'t Filtered) {
        let keys = filtered.filters.iter().map_while(FilterCall::looked_up);
        let suffix: String = keys.map(|key| format!(".{key}")).collect();
        let before = self.asking;
        self.asking |= filtered.filters.iter().any(|call| call.filter.name == "default");
        match &filtered.expr {
            Expr::Path(path) if !suffix.is_empty() => self.read(path, &suffix),
            expr => self.expr(expr),
        }
        self.asking = before;
        for call in &filtered.filters {
            call.arguments.iter().for_each(|argument| self.expr(argument));
            call.named.iter().for_each(|(_, argument)| self.expr(argument));
        }
    }

    fn condition(&mut self, condition: &'t Condition) {
        let before = std::mem::replace(&mut self.asking, true);
        let rest = condition.rest.iter().map(|(_, comparison)| comparison);
        for comparison in std::iter::once(&condition.first).chain(rest) {
            self.expr(&comparison.left);
            comparison.right.iter().for_each(|(_, right)| self.expr(right));
        }
        self.asking = before;
    }

    fn expr(&mut self, expr: &'t Expr) {
        match expr {
            Expr::Literal(_) | Expr::Blank | Expr::Empty => {}
            Expr::Filtered(filtered) => self.filtered(filtered),
            Expr::Range(ends) => {
                self.expr(&ends.0);
                self.expr(&ends.1);
            }
            Expr::Path(path) => self.read(path, ""),
        }
    }

    /// A path that is read, and what is read of it by filters.
    fn read(&mut self, path: &'t Path, suffix: &str) {
        for segment in std::iter::once(&path.root).chain(&path.segments) {
            if let Segment::Index(inner) = segment {
                self.expr(inner);
            }
        }
        if self.bytes > MAX_PATHS_BYTES {
            return;
        }
        let Some(text) = self.resolved(path).map(|text| text + suffix) else { return };
        if text.len() <= MAX_PATH_BYTES && (self.everywhere || self.seen.insert(text.clone())) {
            self.bytes += text.len();
            let written = if self.everywhere { format!("{path}{suffix}") } else { String::new() };
            self.paths.push(ReadAt { at: path.at, path: text, written, asked: self.asking });
        }
    }

    /// The path into the data; `None` if it leads into something that the template made, or begins
    /// with a name that is only known while rendering.
    fn resolved(&self, path: &'t Path) -> Option<String> {
        let Segment::Name(root) = &path.root else { return None };
        let mut text = match self.origin_of(root) {
            Some(Origin::Own) => return None,
            Some(Origin::Path(path)) => path.clone(),
            None if &**root == "self" => String::new(),
            None => root.to_string(),
        };
        path.segments.iter().for_each(|segment| text.push_str(&segment.to_string()));
        Some(text.trim_start_matches('.').to_owned())
            .filter(|text| !text.is_empty() && text.len() <= MAX_PATH_BYTES)
    }

    fn origin_of(&self, name: &str) -> Option<&Origin> {
        let looped =
            self.loops.iter().rev().find(|(known, _)| *known == name).map(|(_, origin)| origin);
        looped.or_else(|| self.assigned.get(name))
    }
}

#[cfg(test)]
mod tests {
    use crate::{ParseOptions, Template};

    #[track_caller]
    fn check(source: &str, expected: &[&str]) {
        let template = Template::parse(source, &ParseOptions::default()).unwrap();
        let found: Vec<String> =
            template.variables().into_iter().map(|variable| variable.path).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_path_is_told_once_and_where_it_stands_first() {
        let template =
            Template::parse("a\n{{ b }} {{ c.d }}{{ b }}", &ParseOptions::default()).unwrap();
        let found: Vec<String> = template
            .variables()
            .iter()
            .map(|variable| format!("{} {}", variable.path, variable.position))
            .collect();
        assert_eq!(found, ["b line 2, column 4", "c.d line 2, column 12"]);
    }

    #[test]
    fn a_loop_variable_is_told_as_an_item_of_what_is_looped_over() {
        check(
            "{% for item in cart.items limit: n %}{{ item.price }}{{ forloop.index }}{% endfor %}{{ item }}",
            &["cart.items", "n", "cart.items[].price", "item"],
        );
    }

    #[test]
    fn what_the_template_assigns_is_its_own() {
        check(
            "{% assign a = b | upcase %}{{ a }}{% capture c %}{{ d }}{% endcapture %}{{ c }}",
            &["b", "d"],
        );
        check(
            "{% assign p = customer.profile %}{{ p.name }}",
            &["customer.profile", "customer.profile.name"],
        );
    }

    #[test]
    fn every_place_that_reads_is_looked_at() {
        check(
            "{% if a == b and c contains 'x' %}{% elsif d %}{% endif %}{% case e %}{% when f %}{% endcase %}",
            &["a", "b", "c", "d", "e", "f"],
        );
        check(
            "{{ a | default: b, allow_false: c }}{{ (d..e) }}{{ f[g].h[0]['i j'] }}",
            &["a", "b", "c", "d", "e", "g", "f[g].h[0].i j"],
        );
        check(
            "{% render 'x' with a as b, c: d %}{% include e %}{% cycle f: g, 'h' %}",
            &["a", "d", "e", "f", "g"],
        );
        check(
            "{% tablerow x in a cols: b %}{{ x.c }}{% endtablerow %}{{ self['d e'] }}",
            &["a", "b", "a[].c", "d e"],
        );
    }

    #[test]
    fn paths_that_grow_without_end_are_left_out() {
        let template =
            Template::parse(&"{%assign a=a.a%}".repeat(16_000), &ParseOptions::default()).unwrap();
        let bytes: usize = template.variables().iter().map(|variable| variable.path.len()).sum();
        assert!((1..=257 * 1024).contains(&bytes), "{bytes}");
    }

    #[test]
    fn partials_are_told_once() {
        let source = "{% render 'a' %}{% include 'b' %}{% render 'a' %}{% include c %}";
        let template = Template::parse(source, &ParseOptions::default()).unwrap();
        let names: Vec<_> = template.partials().iter().map(ToString::to_string).collect();
        assert_eq!(names, ["a", "b"]);
    }
}
