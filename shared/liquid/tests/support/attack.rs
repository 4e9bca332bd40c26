//! Attacks a template, and says how that ended and how long it took.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use attune_liquid::{
    Dialect, Escape, Limit, ParseOptions, Problem, RenderError, RenderInput, Template, UnixMillis,
    Value,
};

use crate::clock;

/// How an attack ended.
#[derive(Debug, PartialEq)]
pub(crate) enum End {
    Parse(Limit),
    Render(Limit),
    /// Mistakes that are no limit.
    Refused,
    Text,
}

/// How long an attack may work. `ATTUNE_ATTACK_MS=100` holds what the README says; without it a slow
/// machine has a second, as how fast it is says nothing about the code.
fn patience() -> Duration {
    let asked = std::env::var("ATTUNE_ATTACK_MS").ok().and_then(|text| text.parse().ok());
    Duration::from_millis(asked.unwrap_or(1_000))
}

/// The stack of a thread.
pub(crate) const STACK_BYTES: usize = 2 * 1024 * 1024;

/// Does something on a thread with so much stack, and says how long the thread worked.
fn worked<T: Send + 'static>(
    stack_bytes: usize,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<(T, Duration)> {
    let work = move || {
        let begun = clock::worked();
        let done = work();
        (done, clock::worked().saturating_sub(begun))
    };
    std::thread::Builder::new().stack_size(stack_bytes).spawn(work).ok()?.join().ok()
}

/// Parses and renders on a small stack, into HTML and into plain text; the template is its own
/// partial `self`. Of all that is done the longest counts.
fn attack(source: &str, options: &ParseOptions) -> (End, Duration) {
    let (end, took) = attack_on(STACK_BYTES, Escape::None, source, options);
    let (_, escaped) = attack_on(STACK_BYTES, Escape::Html, source, options);
    (end, took.max(escaped).max(looked_through(source, options)))
}

pub(crate) fn attack_on(
    stack_bytes: usize,
    escape: Escape,
    source: &str,
    options: &ParseOptions,
) -> (End, Duration) {
    let (source, options) = (source.to_owned(), options.clone());
    let partial = Template::parse(&source, &options).ok();
    worked(stack_bytes, move || run(&source, &options, escape, partial))
        .unwrap_or((End::Refused, Duration::MAX))
}

/// How long it takes at most to find what a template reads, names or renders.
fn looked_through(source: &str, options: &ParseOptions) -> Duration {
    let Ok(template) = Template::parse(source, options).map(Arc::new) else {
        return Duration::ZERO;
    };
    let looks: [fn(&Template); 3] = [
        |template| drop(template.variables()),
        |template| drop(template.outline()),
        |template| drop(template.partials()),
    ];
    let took = looks.map(|look| {
        let template = Arc::clone(&template);
        worked(STACK_BYTES, move || look(&template)).map_or(Duration::MAX, |((), took)| took)
    });
    took.into_iter().max().unwrap_or_default()
}

fn run(source: &str, options: &ParseOptions, escape: Escape, partial: Option<Template>) -> End {
    let template = match Template::parse(source, options) {
        Ok(template) => template,
        Err(errors) => {
            let limit = errors.iter().find_map(|error| match error.problem {
                Problem::Limit(limit) => Some(limit),
                _ => None,
            });
            return limit.map_or(End::Refused, End::Parse);
        }
    };
    let partials: BTreeMap<_, _> =
        partial.into_iter().map(|partial| ("self".to_owned(), partial)).collect();
    let data = Value::object([
        ("a", Value::from("a")),
        ("long", Value::from("<b>&amp; ".repeat(10_000))),
        ("list", Value::array([Value::Nil])),
        ("objects", Value::array([Value::object([("a", Value::Nil)])])),
    ]);
    let input = RenderInput::new(&data, UnixMillis(0)).partials(&partials).escape(escape);
    match template.render(&input) {
        Ok(_) => End::Text,
        Err(RenderError::Limit { limit, .. }) => End::Render(limit),
        Err(_) => End::Refused,
    }
}

/// Attacks in both modes, and the other dialects beside.
#[track_caller]
pub(crate) fn check(source: &str, expected: &End) {
    for options in [ParseOptions::default(), ParseOptions::lax()] {
        let end = check_time(source, &options);
        assert_eq!(&end, expected, "{:?} {:.60}", options.mode, source);
    }
    check_dialects(source);
}

/// Attacks in each of the other dialects, which may read another mistake in it.
#[track_caller]
pub(crate) fn check_dialects(source: &str) {
    for dialect in Dialect::ALL {
        check_time(source, &ParseOptions::lax().dialect(dialect));
    }
}

/// Attacks, and says how it ended; a machine that is busy with something else gets three tries.
#[track_caller]
pub(crate) fn check_time(source: &str, options: &ParseOptions) -> End {
    for _ in 0..2 {
        let (end, took) = attack(source, options);
        if took < patience() {
            return end;
        }
    }
    let (end, took) = attack(source, options);
    assert!(took < patience(), "{took:?} for {:?} {source:.60}", options.mode);
    end
}
