//! The golden-liquid suite: templates with the exact output of Ruby Liquid, and templates that must
//! be refused. Where the suite is not here, these tests say so and pass.

#[path = "support/suite.rs"]
mod suite;

use std::collections::BTreeMap;

use attune_liquid::{Escape, Mode, ParseOptions, RenderInput, Template, UnixMillis};
use suite::{Case, Suite, suite};

/// Valid cases that strict mode refuses on purpose:
/// - Ruby raises an error for `'text'[nil]` as well, and hides it because `assign` writes nothing;
/// - the suite has the second template twice, once as valid (lax) and once as invalid (strict);
/// - a `default` without its argument does nothing, which nobody can have meant.
const REFUSED_ALTHOUGH_VALID: [&str; 3] = [
    "filters, default, missing argument",
    "filters, reject, first argument is undefined",
    "tags, case, unexpected when token",
];

/// What a case comes to: its text, or why there is none.
fn outcome(case: &Case, mode: Mode) -> Result<String, String> {
    let options = ParseOptions { mode, ..ParseOptions::default() };
    let mut partials = BTreeMap::new();
    for (name, source) in &case.templates {
        partials.insert(
            name.clone(),
            Template::parse(source, &options).map_err(|errors| errors.to_string())?,
        );
    }
    let template =
        Template::parse(&case.template, &options).map_err(|errors| errors.to_string())?;
    let input = RenderInput::new(&case.data, UnixMillis(1_700_000_000_000))
        .partials(&partials)
        .escape(Escape::None);
    template.render(&input).map(|rendered| rendered.text).map_err(|error| error.to_string())
}

fn is_expected(case: &Case, text: &str) -> bool {
    let expected = case.result.iter().chain(case.results.iter().flatten());
    expected.into_iter().any(|expected| expected == text)
}

/// The names of valid cases whose output differs, printed with what came instead.
fn differences(suite: &Suite, mode: Mode) -> Vec<&str> {
    let valid = suite.tests.iter().filter(|case| !case.invalid);
    let different = valid.filter(|case| {
        let found = outcome(case, mode);
        let same = found.as_ref().is_ok_and(|text| is_expected(case, text));
        if !same {
            println!(
                "{}\n  {:?}\n  expected {:?}\n  found    {found:?}",
                case.name, case.template, case.result
            );
        }
        !same
    });
    different.map(|case| case.name.as_str()).collect()
}

#[test]
fn valid_templates_print_what_ruby_prints() {
    let Some(suite) = suite() else { return };
    let different = differences(&suite, Mode::Lax);
    let all = suite.tests.iter().filter(|case| !case.invalid).count();
    println!("{} of {all} valid cases print the same in lax mode", all - different.len());
    assert_eq!(different, [""; 0]);
}

#[test]
fn strict_mode_accepts_what_is_valid() {
    let Some(suite) = suite() else { return };
    let different = differences(&suite, Mode::Strict);
    let all = suite.tests.iter().filter(|case| !case.invalid).count();
    println!("{} of {all} valid cases print the same in strict mode", all - different.len());
    assert_eq!(different, REFUSED_ALTHOUGH_VALID);
}

#[test]
fn invalid_templates_are_refused_in_strict_mode() {
    let Some(suite) = suite() else { return };
    let invalid: Vec<&Case> = suite.tests.iter().filter(|case| case.invalid).collect();
    let accepted: Vec<&str> = invalid
        .iter()
        .filter(|case| {
            let found = outcome(case, Mode::Strict);
            match &found {
                Ok(text) => println!("{}\n  {:?}\n  printed {text:?}", case.name, case.template),
                Err(error) => println!("{}: {error}", case.name),
            }
            found.is_ok()
        })
        .map(|case| case.name.as_str())
        .collect();
    println!("{} of {} invalid cases are refused", invalid.len() - accepted.len(), invalid.len());
    assert_eq!(accepted, [""; 0]);
}
