//! What a template reads once the partials that it renders are in it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use attune_liquid::{Outline, Read};

use super::partials::Partials;

/// Partials within partials, as far as one rendering goes.
const DEPTH: usize = 20;
/// Partials that are looked at for one template. What people write has tens; without a limit, two
/// partials that render each other with longer and longer paths would go on for long.
const VISITS: usize = 1_000;

/// The names that a partial is given, each with the path it stands for; `None` is a value that a
/// template made.
type Given = BTreeMap<Arc<str>, Option<String>>;

/// A place at which something is read.
#[derive(Debug)]
pub(super) struct Reached {
    /// The partial it stands in, `None` for the template itself.
    pub(super) partial: Option<Arc<str>>,
    /// The path into what messages are given, and where and how it is written.
    pub(super) read: Read,
    /// Whether the name it begins with is given there as well, perhaps only further down: in a loop
    /// that may come first.
    pub(super) own: bool,
}

/// Every place at which a template, or a partial that it renders, reads what messages are given.
/// `included` are partials that stand in its text by `<mj-include>`.
pub(super) fn reached(outline: &Outline, included: &[String], partials: &Partials) -> Vec<Reached> {
    let mut reach =
        Reach { partials, outlines: HashMap::new(), seen: BTreeSet::new(), all: vec![] };
    reach.follow(None, outline, included, &Given::new(), DEPTH);
    reach.all
}

struct Reach<'p> {
    partials: &'p Partials,
    outlines: HashMap<Arc<str>, Arc<Outline>>,
    seen: BTreeSet<(Arc<str>, Given)>,
    all: Vec<Reached>,
}

impl Reach<'_> {
    /// Recursion is bounded by `depth`, and by the visits in all.
    fn follow(
        &mut self,
        partial: Option<&Arc<str>>,
        outline: &Outline,
        included: &[String],
        given: &Given,
        depth: usize,
    ) {
        let mut own = outline.names.clone();
        let open = outline.calls.iter().filter(|call| !call.isolated).map(|call| &call.name);
        let open: Vec<Arc<str>> =
            open.cloned().chain(included.iter().map(|id| id.as_str().into())).collect();
        for name in &open {
            own.extend(self.outline(name).map(|outline| outline.names.clone()).unwrap_or_default());
        }
        // What the template itself has given by then is no read of it.
        for read in &outline.reads {
            if let Some(path) = resolved(&read.path, given) {
                let own = own.contains(root(&read.path).0);
                let read = Read { path, ..read.clone() };
                self.all.push(Reached { partial: partial.cloned(), read, own });
            }
        }
        let mut known = given.clone();
        known.extend(own.into_iter().map(|name| (name, None)));
        for name in included {
            self.enter(&name.as_str().into(), known.clone(), depth);
        }
        for call in &outline.calls {
            let outside = given;
            let mut given = if call.isolated { Given::new() } else { known.clone() };
            for (name, path) in &call.gives {
                let path = path.as_ref().and_then(|path| resolved(path, outside));
                given.insert(Arc::clone(name), path);
            }
            self.enter(&call.name, given, depth);
        }
    }

    fn enter(&mut self, name: &Arc<str>, given: Given, depth: usize) {
        let Some(outline) = self.outline(name) else { return };
        let new = self.seen.len() < VISITS && self.seen.insert((Arc::clone(name), given.clone()));
        if depth > 0 && new {
            let included = self.partials.text(name).map(attune_mail::includes).unwrap_or_default();
            self.follow(Some(name), &outline, &included, &given, depth - 1);
        }
    }

    fn outline(&mut self, name: &Arc<str>) -> Option<Arc<Outline>> {
        if let Some(known) = self.outlines.get(name) {
            return Some(Arc::clone(known));
        }
        let template = attune_liquid::Partials::partial(self.partials, name)?;
        let outline = Arc::new(template.outline());
        self.outlines.insert(Arc::clone(name), Arc::clone(&outline));
        Some(outline)
    }
}

/// The path into what messages are given; `None` if it leads into a value that a template made.
fn resolved(path: &str, known: &Given) -> Option<String> {
    let (root, rest) = root(path);
    match known.get(root) {
        None => Some(path.to_owned()),
        Some(None) => None,
        Some(Some(stands_for)) => Some(format!("{stands_for}{rest}")),
    }
}

/// The name that a path begins with, and the rest of it.
pub(super) fn root(path: &str) -> (&str, &str) {
    path.split_at(path.find(['.', '[']).unwrap_or(path.len()))
}
