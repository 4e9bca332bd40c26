//! What a template reads, names and renders, for whoever checks it against what there will be.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::position::{Position, positions};
use crate::template::Template;
use crate::variables::{ReadAt, Walk};

/// What a template reads, names and renders, found without rendering it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Outline {
    /// Every place at which it reads its data, in the order in which they stand.
    pub reads: Vec<Read>,
    /// The names that it gives by `assign`, `capture`, `increment` and `decrement`.
    pub names: BTreeSet<Arc<str>>,
    /// The partials that it renders by a name in quotes.
    pub calls: Vec<Call>,
}

/// A place at which a template reads its data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// The path, as in [`Variable`](crate::Variable): `cart.items[].name`.
    pub path: String,
    /// The path as it is written there, perhaps from the name of a loop: `item.name`.
    pub written: String,
    /// Where it begins.
    pub position: Position,
    /// Whether it is asked there if there is anything: in a condition, or before `default`.
    pub asked: bool,
}

/// A place at which a template renders a partial.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Call {
    /// The partial.
    pub name: Arc<str>,
    /// Where its name stands.
    pub position: Position,
    /// Whether the partial sees nothing of the template's own names: `render`, not `include`.
    pub isolated: bool,
    /// The names that the partial is given there, each with the path that it stands for; `None` is a
    /// value that the template made.
    pub gives: Vec<(Arc<str>, Option<String>)>,
}

/// The outline of a template.
pub(crate) fn outline(template: &Template) -> Outline {
    let mut walk = Walk::of_every_place();
    walk.nodes(&template.nodes);
    let read = |(place, position): (ReadAt, Position)| {
        let ReadAt { path, written, asked, .. } = place;
        Read { path, written, position, asked }
    };
    let call = |((_, call), position): ((usize, Call), Position)| Call { position, ..call };
    let reads: Vec<usize> = walk.paths.iter().map(|read| read.at).collect();
    let calls: Vec<usize> = walk.calls.iter().map(|(at, _)| *at).collect();
    let reads = walk.paths.into_iter().zip(positions(&template.source, &reads)).map(read);
    let calls = walk.calls.into_iter().zip(positions(&template.source, &calls)).map(call);
    let names = walk.assigned.keys().map(|name| Arc::from(*name)).collect();
    Outline { reads: reads.collect(), names, calls: calls.collect() }
}

#[cfg(test)]
mod tests {
    use crate::{ParseOptions, Template};

    fn told(source: &str) -> Vec<String> {
        let outline = Template::parse(source, &ParseOptions::default()).unwrap().outline();
        let reads = outline
            .reads
            .iter()
            .map(|read| format!("{} as {} at {}", read.path, read.written, read.position.column));
        let calls = outline.calls.iter().map(|call| {
            let gives: Vec<String> = call
                .gives
                .iter()
                .map(|(name, path)| format!("{name}={}", path.as_deref().unwrap_or("-")))
                .collect();
            let how = if call.isolated { "render" } else { "include" };
            format!("{how} {} at {} {}", call.name, call.position.column, gives.join(" "))
        });
        reads.chain(calls).collect()
    }

    #[test]
    fn each_place_is_told_as_it_is_written_and_as_what_it_stands_for() {
        assert_eq!(
            told("{% for i in a.b %}{{ i.c }}{{ i.c }}{% endfor %}"),
            ["a.b as a.b at 13", "a.b[].c as i.c at 22", "a.b[].c as i.c at 31"]
        );
    }

    #[test]
    fn a_place_that_asks_whether_there_is_anything_is_told() {
        let source = "{% if a.b == 1 %}{{ a.b }}{% elsif c %}{% endif %}{{ d | default: e }}";
        let outline = Template::parse(source, &ParseOptions::default()).unwrap().outline();
        let asked = outline.reads.iter().filter(|read| read.asked).map(|read| read.path.as_str());
        assert_eq!(asked.collect::<Vec<_>>(), ["a.b", "c", "d"]);
    }

    #[test]
    fn partials_come_with_the_names_they_are_given() {
        assert_eq!(
            told(
                "{% render 'x', y: a.b, z: 1 %}{% render 'p/x' for a %}{% render 'x' with a.b as c %}"
            ),
            [
                "a.b as a.b at 19",
                "a as a at 51",
                "a.b as a.b at 74",
                "render x at 11 y=a.b z=-",
                "render p/x at 41 forloop=- x=a[]",
                "render x at 65 c=a.b",
            ]
        );
        assert_eq!(
            told("{% for i in a %}{% include 'x' %}{% endfor %}"),
            ["a as a at 13", "include x at 28 forloop=- i=a[] x=-"]
        );
    }
}
