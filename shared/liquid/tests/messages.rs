//! What strict mode tells about mistakes: a message that whoever wrote the template can act on.

use attune_liquid::{
    Escape, Limit, ParseLimits, ParseOptions, Problem, RenderError, RenderInput, Template,
    UnixMillis, Value,
};

/// All messages about a template, one in each line.
#[track_caller]
fn check(source: &str, expected: &str) {
    let told = Template::parse(source, &ParseOptions::default())
        .map_or_else(|errors| errors.to_string(), |_| String::new());
    assert_eq!(told, expected, "{source}");
}

#[test]
fn unknown_words_come_with_the_one_that_was_meant() {
    check("{{ a | upcas }}", "line 1, column 8: unknown filter `upcas`, did you mean `upcase`?");
    check("{{ a | quux }}", "line 1, column 8: unknown filter `quux`");
    check("a\n{% asign x = 1 %}", "line 2, column 1: unknown tag `asign`, did you mean `assign`?");
    check(
        "{% if a %}{% esle %}{% endif %}",
        "line 1, column 11: unknown tag `esle`, did you mean `else`?",
    );
    check(
        "{% for a in b limt: 2 %}{% endfor %}",
        "line 1, column 15: `for` has no argument `limt`, did you mean `limit`?",
    );
    check(
        "{{ a | default: 1, alow_false: true }}",
        "line 1, column 8: `default` has no argument `alow_false`, did you mean `allow_false`?",
    );
}

#[test]
fn operators_of_other_languages_are_told_with_the_right_ones() {
    check("{% if a = 1 %}{% endif %}", "line 1, column 9: write `==` instead of `=`");
    check(
        "{% if a && b || c %}{% endif %}",
        "line 1, column 9: write `and` instead of `&&`\nline 1, column 14: write `or` instead of `||`",
    );
    check("{% if a &gt;= 1 %}{% endif %}", "line 1, column 9: write `>=` instead of `&gt;=`");
    check(
        "{% if a contain 'b' %}{% endif %}",
        "line 1, column 9: unknown operator `contain`, did you mean `contains`?",
    );
    check(
        "{% if 'b' in a %}{% endif %}",
        "line 1, column 11: `in` compares nothing here, write `a contains …`",
    );
    check("{{ a&nbsp;| upcase }}", "line 1, column 5: write a space instead of `&nbsp;`");
    check("{% if not a %}{% endif %}", "line 1, column 7: write `unless` instead of `not`");
    check("{% if !a %}{% endif %}", "line 1, column 7: write `unless` instead of `!`");
    check(
        "{% if a and ! b %}{% endif %}{{ !a }}",
        "line 1, column 13: write `unless` instead of `!`\nline 1, column 33: expected a value, found `!`",
    );
    check(
        "{{ a | date: %Y-%m | upcase }}",
        "line 1, column 14: expected quotes around a format, found `%Y-%m`",
    );
    check("{{ a | append: “b” }}", "line 1, column 16: write `'` instead of `“`");
}

#[test]
fn blocks_that_do_not_fit_are_told_where_they_begin() {
    check("é\n {% if a %}\n", "line 2, column 2: `if` is never closed with `endif`");
    check(
        "{% if a %}{% endfor %}{% endif %}",
        "line 1, column 11: expected `endif` to close the `if` of line 1, found `endfor`",
    );
    check(
        "{% for a in b %}\n{% if c %}\n\n{% endif %}{% endunless %}{% endfor %}",
        "line 4, column 12: expected `endfor` to close the `for` of line 1, found `endunless`",
    );
    check(
        "{% if a %}\n{% endfor %}",
        "line 2, column 1: expected `endif` to close the `if` of line 1, found `endfor`",
    );
    check(
        "{% fro a in b %}{{ a }}{% endfor %}",
        "line 1, column 1: unknown tag `fro`, did you mean `for`?",
    );
    check(
        "{% for a in b %}{% if c %}{% endfor %}",
        "line 1, column 17: `if` is never closed with `endif`",
    );
    check("{% endif %}", "line 1, column 1: `endif` closes nothing, no block is open here");
    check(
        "{% else %}",
        "line 1, column 1: `else` has no place here, it belongs into `if`, `unless`, `case` and `for`",
    );
    check(
        "{% if a %}{% when 1 %}{% endif %}",
        "line 1, column 11: `when` has no place here, it belongs into `case`",
    );
    check("{% raw %}{{ a }}", "line 1, column 1: `raw` is never closed with `endraw`");
    check("{% comment %}", "line 1, column 1: `comment` is never closed with `endcomment`");
    check("{% liquid\n if a\n echo b %}", "line 2, column 2: `if` is never closed with `endif`");
    check(
        "{% if a %}{% liquid endif %}{% endif %}",
        "line 1, column 21: `endif` closes nothing, no block is open here",
    );
}

#[test]
fn signs_that_are_never_closed_are_told() {
    check("Hi {{ name", "line 1, column 4: `{{` is never closed with `}}`");
    check("Hi {{ name {% if a %}{% endif %}", "line 1, column 4: `{{` is never closed with `}}`");
    check("Hi {% if a", "line 1, column 4: `{%` is never closed with `%}`");
    check("{{ 'name }}", "line 1, column 4: the text that begins here is never closed with `'`");
}

#[test]
fn what_was_expected_is_told_with_what_was_found() {
    check(
        "{{ a b }}",
        "line 1, column 6: a name has no space in it, as `a_b`, and before a filter stands `|`",
    );
    check("{{ 1 b }}", "line 1, column 6: expected `|` and a filter, or the end, found `b`");
    check("{{ a upcase }}", "line 1, column 6: expected `|` before a filter, found `upcase`");
    check("{{ a. }}", "line 1, column 7: expected the name of a property, found the end");
    check(
        "{{ a.0 }}",
        "line 1, column 6: expected the name of a property; an item stands in brackets, as `[0]`, found `0`",
    );
    check("{{ a | }}", "line 1, column 8: expected the name of a filter, found the end");
    check("{% assign a b %}", "line 1, column 13: expected `=` and a value, found `b`");
    check(
        "{% for a of b %}{% endfor %}",
        "line 1, column 10: expected `in` and what to loop over, found `of`",
    );
    check(
        "{% render name %}",
        "line 1, column 11: expected the name of a partial in quotes, found `name`",
    );
    check(
        "{% case a %}{% when %}{% endcase %}",
        "line 1, column 21: expected a value, found the end",
    );
    check("{%  %}", "line 1, column 1: expected the name of a tag, found the end");
    check(
        "{{ a ~ b }}",
        "line 1, column 6: unexpected character `~`\nline 1, column 8: expected `|` and a filter, or the end, found `b`",
    );
}

#[test]
fn arguments_that_are_missing_or_too_many_are_counted() {
    check(
        "{{ a | default }}",
        "line 1, column 8: `default` needs 1 argument behind a `:`, found 0",
    );
    check("{{ a | append }}", "line 1, column 8: `append` needs 1 argument behind a `:`, found 0");
    check("{{ a | upcase: 1 }}", "line 1, column 8: `upcase` takes no argument, found 1");
    check(
        "{{ a | slice: 1, 2, 3 }}",
        "line 1, column 8: `slice` takes at most 2 arguments, found 3",
    );
}

#[test]
fn failures_while_rendering_are_told_with_their_place() {
    let check = |source: &str, expected: &str| {
        let data: Value = serde_json::from_str(r#"{ "n": 5, "o": {}, "list": [1, "a"] }"#).unwrap();
        let template = Template::parse(source, &ParseOptions::default()).unwrap();
        let error = template.render(&RenderInput::new(&data, UnixMillis(0))).unwrap_err();
        assert_eq!(error.to_string(), expected, "{source}");
    };
    check("a\n{{ n | divided_by: 0 }}", "line 2, column 8: `divided_by`: cannot divide by 0");
    check("{{ n | slice: 'x' }}", "line 1, column 8: `slice`: expected a whole number, found `x`");
    check("{{ n | concat: n }}", "line 1, column 8: `concat`: expected an array, found a number");
    check("{{ list | sort }}", "line 1, column 11: `sort`: cannot sort values of different kinds");
    check("{{ n | map: 'x' }}", "line 1, column 8: `map`: a number has no property `x`");
    check("{% if 'a' > n %}{% endif %}", "line 1, column 13: cannot compare text with a number");
    check(
        "{% for x in list limit: o %}{% endfor %}",
        "line 1, column 25: expected a whole number, found an object",
    );
    check("{% render 'gone' %}", "line 1, column 1: there is no partial `gone`");
    check(
        "{{ 'now' | date: '%99Y' }}",
        "line 1, column 12: `date`: the date format pads to more than 64 characters",
    );
}

#[test]
fn a_limit_on_mistakes_keeps_the_list_short() {
    let limits = ParseLimits { mistakes: 3, ..ParseLimits::default() };
    let options = ParseOptions { limits, ..ParseOptions::default() };
    let errors = Template::parse(&"{{ a b }}".repeat(10), &options).unwrap_err();
    assert_eq!(errors.iter().count(), 3);
    let errors = Template::parse(&("{{ a b }}".repeat(10) + "{% if a %}"), &options).unwrap_err();
    assert!(errors.iter().any(|error| matches!(error.problem, Problem::UnclosedBlock { .. })));
}

#[test]
fn a_template_that_is_too_long_is_not_read_at_all() {
    let limits = ParseLimits { template_bytes: 10, ..ParseLimits::default() };
    let options = ParseOptions { limits, ..ParseOptions::default() };
    let errors = Template::parse("{{ a | nosuch }}", &options).unwrap_err();
    let problems: Vec<_> = errors.iter().map(|error| error.problem.clone()).collect();
    assert_eq!(problems, [Problem::Limit(Limit::TemplateBytes(10))]);
}

#[test]
fn a_limit_that_is_reached_in_a_partial_names_the_partial() {
    let partial =
        Template::parse("\n{% for x in (1..9999999) %}{% endfor %}", &ParseOptions::default())
            .unwrap();
    let partials = std::collections::BTreeMap::from([("loop".to_owned(), partial)]);
    let template = Template::parse("{% render 'loop' %}", &ParseOptions::default()).unwrap();
    let input =
        RenderInput::new(&Value::Nil, UnixMillis(0)).partials(&partials).escape(Escape::None);
    let error = template.render(&input).unwrap_err();
    assert!(matches!(error, RenderError::Limit { limit: Limit::Steps(100_000), .. }));
    assert!(error.to_string().starts_with("partial `loop`, line 2, "), "{error}");
}

#[test]
fn else_if_is_told_and_read_as_elsif() {
    let source = "{% if a %}x{% else if b %}y{% else %}z{% endif %}";
    check(source, "line 1, column 20: write `elsif` instead of `else if`");
    for (name, expected) in [("a", "x"), ("b", "y"), ("c", "z")] {
        let data = Value::object([(name, Value::Bool(true))]);
        let template = Template::parse(source, &ParseOptions::lax()).unwrap();
        let rendered = template.render(&RenderInput::new(&data, UnixMillis(0))).unwrap();
        assert_eq!(rendered.text, expected, "{name}");
    }
}

#[test]
fn what_another_product_has_comes_with_the_setting_for_it() {
    let belongs = |name: &str, whose: &str, setting: &str| {
        format!("`{name}` belongs to {whose}; choose the dialect `{setting}`")
    };
    check(
        "{{ a | floatformat: 2 }}",
        &("line 1, column 8: ".to_owned() + &belongs("floatformat", "Klaviyo", "klaviyo")),
    );
    check(
        "{{ a | lookup: 'b' }}",
        &("line 1, column 8: ".to_owned() + &belongs("lookup", "Klaviyo", "klaviyo")),
    );
    check(
        "{{ a | money_with_currency }}",
        &("line 1, column 8: ".to_owned() + &belongs("money_with_currency", "Shopify", "shopify")),
    );
    check(
        "{% unsubscribe_link %}",
        &("line 1, column 1: ".to_owned() + &belongs("unsubscribe_link", "Klaviyo", "klaviyo")),
    );
    check(
        "{% abort_message('no') %}",
        &("line 1, column 1: ".to_owned() + &belongs("abort_message", "Braze", "braze")),
    );
    check(
        "{{${first_name}}}",
        &("line 1, column 1: ".to_owned() + &belongs("${…}", "Braze", "braze")),
    );
}

#[test]
fn slips_of_the_pen_are_told_as_what_they_are() {
    check(
        "{{ a | default \"there\" }}",
        "line 1, column 16: expected `:` before what a filter takes, found `\"there\"`",
    );
    check("{{#if a}}", "line 1, column 1: `#if` is a tag, write `{% if … %}`");
    check("{{ if a }}", "line 1, column 1: `if` is a tag, write `{% if … %}`");
    check("{{/each}}", "line 1, column 1: `/each` is a tag, write `{% endfor %}`");
    check(
        "{{ customer.First Name }}",
        "line 1, column 19: a name with a space stands in brackets: write `['First Name']`",
    );
    check("{{ if }}{{ case | upcase }}", "");
}

#[test]
fn one_slip_is_one_message_however_much_follows_from_it() {
    let unclosed = "line 1, column 1: `{{` is never closed with `}}`";
    check("{{ a.b, welcome to {{ c }}", unclosed);
    check("{{ a }, hello {{ b }}", unclosed);
    check("{% if a b c {% endif %}", "line 1, column 1: `{%` is never closed with `%}`");
    check("{{{ a }}}", "line 1, column 1: write `{{` instead of `{{{`");
    check(
        "{% if {{ a }} == 1 %}{% endif %}",
        "line 1, column 7: between `{%` and `%}` a name stands as it is, without `{{` and `}}`",
    );
    let html = "is HTML, which stands before or after `{{ … }}` and `{% … %}`, not within";
    check("{{ <b>a</b> }}", &format!("line 1, column 4: `<b>` {html}"));
    check("{% <span style='x'>if a %}", &format!("line 1, column 4: `<span style='x'>` {html}"));
    check("{{ a || 'you' }}", "line 1, column 6: write `| default:` instead of `||`");
    check("{{ a || upcase }}", "line 1, column 6: write `|` instead of `||`");
    check("{{ a.b or 'you' }}", "line 1, column 8: write `| default:` instead of `or`");
    check(
        "{{ a | default('b') }}",
        "line 1, column 15: expected `:` before what a filter takes, found `(`",
    );
    check(
        "{{ a ? 'b' : 'c' }}",
        "line 1, column 6: write `{% if … %} … {% else %} … {% endif %}` instead of `? :`",
    );
    let braze = "`${…}` belongs to Braze; choose the dialect `braze`";
    check("{{a.${b}}}", &format!("line 1, column 5: {braze}"));
    check("{% if ${b} == 1 %}{% endif %}", &format!("line 1, column 7: {braze}"));
}

#[test]
fn tags_of_other_languages_are_told_with_the_right_ones() {
    check(
        "{% foreach a in b %}{% endforeach %}",
        "line 1, column 1: unknown tag `foreach`, did you mean `for`?",
    );
    check("{% set a = 1 %}", "line 1, column 1: unknown tag `set`, did you mean `assign`?");
    check("{% if a %}{% /if %}", "line 1, column 11: unknown tag `/if`, did you mean `endif`?");
    check(
        "{{#each a}}{{else}}{{/each}}",
        "line 1, column 1: `#each` is a tag, write `{% for item in … %}`\n\
         line 1, column 12: `else` is a tag, write `{% else %}`\n\
         line 1, column 20: `/each` is a tag, write `{% endfor %}`",
    );
    check(
        "{{ a | money }}",
        "line 1, column 8: `money` belongs to Braze and Shopify; choose the dialect `braze` or `shopify`",
    );
}
