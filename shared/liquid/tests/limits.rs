//! Every limit has a template that stays below it and one that reaches it.

use attune_liquid::{
    Limit, ParseLimits, ParseOptions, Problem, RenderError, RenderInput, RenderLimits, Template,
    UnixMillis, Value,
};
use std::collections::BTreeMap;

const PARSING: ParseLimits = ParseLimits {
    template_bytes: 80,
    block_depth: 2,
    bracket_depth: 2,
    conditions: 2,
    branches: 2,
    arguments: 2,
    digits: 3,
    mistakes: 2,
};

const RENDERING: RenderLimits = RenderLimits {
    steps: 20,
    output_bytes: 8,
    value_bytes: 40,
    partial_depth: 2,
    block_depth: 3,
    data_depth: 3,
    warnings: 2,
};

/// Checks that one template stays below a limit and another reaches it.
#[track_caller]
fn check(reached: fn(&str) -> Option<Limit>, below: &str, beyond: &str, limit: Limit) {
    assert_eq!(reached(below), None, "{below}");
    assert_eq!(reached(beyond), Some(limit), "{beyond}");
}

/// The limit that reading a template reaches, if it does.
fn reached_by_reading(source: &str) -> Option<Limit> {
    let options = ParseOptions { limits: PARSING, ..ParseOptions::lax() };
    let errors = Template::parse(source, &options).err()?;
    errors.iter().find_map(|error| match error.problem {
        Problem::Limit(limit) => Some(limit),
        _ => None,
    })
}

#[test]
fn reading_stops_at_each_limit() {
    // A limit that is added must be added here.
    let ParseLimits {
        template_bytes,
        block_depth,
        bracket_depth,
        conditions,
        branches,
        arguments,
        digits,
        mistakes: _,
    } = PARSING;
    let spaces = |count: usize| " ".repeat(count);
    let check = |below: &str, beyond: &str, limit| check(reached_by_reading, below, beyond, limit);
    check(&spaces(80), &spaces(81), Limit::TemplateBytes(template_bytes));
    check(
        "{% if a %}{% if a %}{% endif %}{% endif %}",
        "{% if a %}{% if a %}{% if a %}",
        Limit::BlockDepth(block_depth),
    );
    check("{{ a[a[a]] }}", "{{ a[a[a[a]]] }}", Limit::BracketDepth(bracket_depth));
    check(
        "{% if a and b %}{% endif %}",
        "{% if a and b or c %}{% endif %}",
        Limit::Conditions(conditions),
    );
    check(
        "{% if a %}{% elsif b %}{% else %}{% endif %}",
        "{% if a %}{% elsif b %}{% elsif c %}{% else %}{% endif %}",
        Limit::Branches(branches),
    );
    check("{{ a | slice: 1, 2 }}", "{{ a | slice: 1, 2, 3 }}", Limit::Arguments(arguments));
    check("{{ a | strip | upcase }}", "{{ a | strip | upcase | h }}", Limit::Arguments(arguments));
    check("{{ 999 }}", "{{ 1000 }}", Limit::Digits(digits));
}

#[test]
fn no_more_mistakes_are_told_than_asked_for() {
    let options = ParseOptions { limits: PARSING, ..ParseOptions::default() };
    let told = |source: &str| Template::parse(source, &options).unwrap_err().iter().count();
    assert_eq!(told("{{ a | x }}{{ a | x }}"), 2);
    assert_eq!(told("{{ a | x }}{{ a | x }}{{ a | x }}{{ a | x }}"), PARSING.mistakes);
}

/// The limit that rendering a template reaches, if it does. It is its own partial `self`.
fn reached_by_rendering(source: &str) -> Option<Limit> {
    let parse = || Template::parse(source, &ParseOptions::lax()).ok();
    let (template, partial) = (parse()?, parse()?);
    let data = Value::object([("a", Value::from("aaaa")), ("n", Value::Int(1))]);
    let partials = BTreeMap::from([("self".to_owned(), partial)]);
    let input = RenderInput::new(&data, UnixMillis(0)).partials(&partials).limits(RENDERING);
    match template.render(&input) {
        Err(RenderError::Limit { limit, .. }) => Some(limit),
        _ => None,
    }
}

#[test]
fn rendering_stops_at_each_limit() {
    // A limit that is added must be added here.
    let RenderLimits {
        steps,
        output_bytes,
        value_bytes,
        partial_depth,
        block_depth,
        data_depth: _,
        warnings: _,
    } = RENDERING;
    let check =
        |below: &str, beyond: &str, limit| check(reached_by_rendering, below, beyond, limit);
    check(
        "{% for i in (1..5) %}{% endfor %}",
        "{% for i in (1..50) %}{% endfor %}",
        Limit::Steps(steps),
    );
    check("{{ a }}{{ a }}", "{{ a }}{{ a }}.", Limit::OutputBytes(output_bytes));
    check(
        "{% assign b = a | append: a %}",
        "{% assign b = a | append: a | append: a | append: a | append: a %}",
        Limit::ValueBytes(value_bytes),
    );
    check("{% render 'none' %}", "{% render 'self' %}", Limit::PartialDepth(partial_depth));
    let nested = |depth: usize| "{% if n %}".repeat(depth) + &"{% endif %}".repeat(depth);
    check(&nested(3), &nested(4), Limit::BlockDepth(block_depth));
}

#[test]
fn data_may_be_nested_so_deep_and_no_deeper() {
    let template = Template::parse("", &ParseOptions::default()).unwrap();
    let reached = |depth: usize| {
        let data = (0..depth).fold(Value::Nil, |inner, _| Value::object([("a", inner)]));
        let input = RenderInput::new(&data, UnixMillis(0)).limits(RENDERING);
        template.render(&input).err()
    };
    assert_eq!(reached(RENDERING.data_depth), None);
    let error = reached(RENDERING.data_depth + 1);
    assert!(
        matches!(error, Some(RenderError::Limit { limit: Limit::DataDepth(3), .. })),
        "{error:?}"
    );
}

#[test]
fn no_more_warnings_and_missing_names_are_kept_than_asked_for() {
    let told = |count: usize| {
        let source: String =
            (0..count).map(|n| format!("{{{{ m{n} }}}}{{{{ 1 | divided_by: 0 }}}}")).collect();
        let template = Template::parse(&source, &ParseOptions::lax()).unwrap();
        let data = Value::object([("a", Value::Nil)]);
        let limits = RenderLimits { warnings: RENDERING.warnings, ..RenderLimits::default() };
        let input = RenderInput::new(&data, UnixMillis(0)).limits(limits);
        let rendered = template.render(&input).unwrap();
        (rendered.warnings.len(), rendered.missing.len())
    };
    assert_eq!(told(1), (1, 1));
    assert_eq!(told(2), (2, 2));
    assert_eq!(told(9), (2, 2));
}
