//! Templates that are meant to hang, crash or fill up whatever renders them. Each ends with a clear
//! error, or with its text where it is merely strange, in less than a tenth of a second in a debug
//! build, on a thread with a stack of 2 MiB.

#[path = "support/attack.rs"]
mod attack;
#[path = "support/clock.rs"]
mod clock;

use attack::{End, STACK_BYTES, attack_on, check, check_dialects, check_time};
use attune_liquid::{
    Dialect, Escape, Limit, ParseOptions, RenderError, RenderInput, Template, UnixMillis, Value,
};

#[test]
fn blocks_nested_without_end_are_refused() {
    let nested = |depth: usize| "{% if a %}".repeat(depth) + &"{% endif %}".repeat(depth);
    check(&nested(100), &End::Text);
    check(&nested(101), &End::Parse(Limit::BlockDepth(100)));
    check(&nested(8_000), &End::Parse(Limit::BlockDepth(100)));
    check(&nested(30_000), &End::Parse(Limit::TemplateBytes(262_144)));
    check(&"{% if a %}".repeat(5_000), &End::Parse(Limit::BlockDepth(100)));
    for block in
        ["for a in long", "case a", "capture a", "unless b", "tablerow a in long", "ifchanged"]
    {
        check(&format!("{{% {block} %}}").repeat(1_000), &End::Parse(Limit::BlockDepth(100)));
    }
}

#[test]
fn the_deepest_template_takes_less_than_half_of_the_stack() {
    for (open, close) in [
        ("if a", "if"),
        ("for x in list", "for"),
        ("case a %}{% when 'a'", "case"),
        ("capture y", "capture"),
        ("tablerow x in list", "tablerow"),
        ("ifchanged", "ifchanged"),
    ] {
        let source =
            format!("{{% {open} %}}").repeat(100) + &format!("{{% end{close} %}}").repeat(100);
        let (end, _) = attack_on(STACK_BYTES / 2, Escape::Html, &source, &ParseOptions::default());
        assert_eq!(end, End::Text, "{open}");
    }
    let partials = "{% for x in list %}{% if a %}{% include 'self' %}{% endif %}{% endfor %}";
    let (end, _) = attack_on(STACK_BYTES / 2, Escape::Html, partials, &ParseOptions::default());
    assert_eq!(end, End::Render(Limit::PartialDepth(20)));
}

#[test]
fn brackets_nested_without_end_are_refused() {
    let nested = |depth: usize| format!("{{{{ {}a{} }}}}", "a[".repeat(depth), "]".repeat(depth));
    check(&nested(20), &End::Text);
    check(&nested(21), &End::Parse(Limit::BracketDepth(20)));
    check(&nested(4_000), &End::Parse(Limit::BracketDepth(20)));
    check(&format!("{{{{ {} }}}}", "(".repeat(4_000)), &End::Parse(Limit::BracketDepth(20)));
    check(&format!("{{{{ {} }}}}", "[".repeat(4_000)), &End::Parse(Limit::BracketDepth(20)));
}

#[test]
fn chains_without_end_are_refused() {
    let joined = |count: usize| format!("{{% if a{} %}}x{{% endif %}}", " and a".repeat(count));
    check(&joined(99), &End::Text);
    check(&joined(5_000), &End::Parse(Limit::Conditions(100)));
    let branches =
        |count: usize| format!("{{% if b %}}{}{{% endif %}}", "{% elsif b %}".repeat(count));
    check(&branches(500), &End::Text);
    check(&branches(5_000), &End::Parse(Limit::Branches(500)));
    check(
        &format!("{{% case a %}}{}{{% endcase %}}", "{% when b %}".repeat(5_000)),
        &End::Parse(Limit::Branches(500)),
    );
    check(
        &format!("{{{{ a | append: {} }}}}", "a, ".repeat(5_000)),
        &End::Parse(Limit::Arguments(100)),
    );
    check(&format!("{{% cycle {} %}}", "a, ".repeat(5_000)), &End::Parse(Limit::Arguments(100)));
    check(
        &format!("{{% render 'self', {} %}}", "a: a, ".repeat(5_000)),
        &End::Parse(Limit::Arguments(100)),
    );
}

#[test]
fn a_partial_inside_itself_is_refused() {
    check("{% include 'self' %}", &End::Render(Limit::PartialDepth(20)));
    check("{% render 'self' %}", &End::Render(Limit::PartialDepth(20)));
    check("{% render 'self' for (1..1000) %}", &End::Render(Limit::PartialDepth(20)));
    let nested = "{% if a %}".repeat(90) + "{% include 'self' %}" + &"{% endif %}".repeat(90);
    check(&nested, &End::Render(Limit::BlockDepth(100)));
}

#[test]
fn numbers_without_end_are_refused() {
    check("{{ 99999999999999999999 }}", &End::Parse(Limit::Digits(18)));
    check(&format!("{{{{ 1.{} }}}}", "9".repeat(100_000)), &End::Parse(Limit::Digits(18)));
    check("{{ -999999999999999999 | times: 9 | abs }}", &End::Text);
}

#[test]
fn space_without_end_is_only_space() {
    for space in [" ", "\n", "\t", "\u{a0}"] {
        check(&format!("a{}b", space.repeat(100_000)), &End::Text);
        check(
            &format!("{{%- if a -%}}{0}{{{{-{0}a{0}-}}}}{0}{{%- endif -%}}", space.repeat(20_000)),
            &End::Text,
        );
    }
}

#[test]
fn loops_without_end_run_out_of_steps() {
    let cubed = |body: &str| {
        let open = ["x", "y", "z"].map(|name| format!("{{% for {name} in (1..300) %}}")).concat();
        format!("{open}{body}{}", "{% endfor %}".repeat(3))
    };
    check(&cubed(""), &End::Render(Limit::Steps(100_000)));
    check(&cubed("{{ x }}"), &End::Render(Limit::Steps(100_000)));
    check(&cubed("{% if x == y %}{% endif %}"), &End::Render(Limit::Steps(100_000)));
    check("{% for x in (1..100000000) %}{{ x }}{% endfor %}", &End::Render(Limit::Steps(100_000)));
    check("{% for x in (1..100000000) reversed %}{% break %}{% endfor %}", &End::Text);
    check(
        "{% tablerow x in (1..100000000) %}{{ x }}{% endtablerow %}",
        &End::Render(Limit::OutputBytes(1_048_576)),
    );
    check(
        "{% for x in (-999999999999999999..999999999999999999) %}{% endfor %}",
        &End::Render(Limit::Steps(100_000)),
    );
}

#[test]
fn ranges_are_not_written_out_beyond_the_limit() {
    let limit = || End::Render(Limit::ValueBytes(2_097_152));
    for filter in [
        "join",
        "sort",
        "reverse",
        "map: 'a'",
        "sum",
        "uniq",
        "concat: list",
        "where: 'a'",
        "compact",
    ] {
        let source = format!("{{{{ (1..100000000) | {filter} }}}}");
        let end = check_time(&source, &ParseOptions::lax());
        let steps = End::Render(Limit::Steps(100_000));
        assert!(end == limit() || end == steps, "{end:?} for {source}");
    }
    check("{{ (1..100000000) | size }}", &End::Text);
}

#[test]
fn values_that_double_are_stopped_by_their_bytes() {
    let limit = End::Render(Limit::ValueBytes(2_097_152));
    let doubled = |step: &str| {
        format!("{{% assign x = 'aaaaaaaa' %}}{{% for i in (1..60) %}}{step}{{% endfor %}}")
    };
    check(&doubled("{% assign x = x | append: x %}"), &limit);
    check(&doubled("{% assign x = x | prepend: x %}"), &limit);
    check(&doubled("{% capture x %}{{ x }}{{ x }}{% endcapture %}"), &limit);
    check(&doubled("{% assign x = x | replace: 'a', x %}"), &limit);
    check(&doubled("{% assign x = x | replace: '', x %}"), &limit);
    check(&doubled("{% assign x = x | json | json %}"), &limit);
    check(&doubled("{% assign x = x | url_encode | append: x %}"), &limit);
    check(
        &doubled("{% capture x %}{{ x }}<{% endcapture %}{% assign x = x | append: x | escape %}"),
        &limit,
    );
    let concat = "{% assign x = 'a,b' | split: ',' %}{% for i in (1..60) %}{% assign x = x | concat: x %}{% endfor %}";
    check(concat, &limit);
    let arrays = "{% assign x = long | split: '' %}{% for i in (1..60) %}{% assign y = x | join: long %}{% endfor %}";
    check(arrays, &limit);
}

#[test]
fn output_is_stopped_by_its_bytes() {
    let source = "{% for i in (1..60) %}{{ long }}{% endfor %}";
    check(source, &End::Render(Limit::OutputBytes(1_048_576)));
    check("{{ long | split: '' | join: long }}", &End::Render(Limit::ValueBytes(2_097_152)));
}

#[test]
fn work_that_leaves_nothing_behind_is_counted_too() {
    for work in [
        "{% if long contains 'zzz' %}{% endif %}",
        "{{ long | size }}",
        "{{ long | slice: 1 }}",
        "{% if long == long %}{% endif %}",
    ] {
        let source = format!("{{% for i in (1..50000) %}}{work}{{% endfor %}}");
        check(&source, &End::Render(Limit::Steps(100_000)));
    }
}

#[test]
fn arguments_and_paths_are_counted_too() {
    let many = "a, ".repeat(100);
    for work in [
        "{{ 'a' | replace: long, 'b' }}".to_owned(),
        "{% if 'a' contains long %}{% endif %}".to_owned(),
        "{{ 'a' | split: long }}".to_owned(),
        "{{ long.size }}".to_owned(),
        "{% if long == blank %}{% endif %}".to_owned(),
        format!("{{{{ a{} }}}}", ".first".repeat(1_000)),
        format!("{{{{ a | upcase: {many} }}}}"),
        "{% include long %}".to_owned(),
        "{{ a | slice: long }}".to_owned(),
    ] {
        let source = format!("{{% for i in (1..99999) %}}{work}{{% endfor %}}");
        let end = check_time(&source, &ParseOptions::lax());
        assert_eq!(end, End::Render(Limit::Steps(100_000)), "{work:.60}");
    }
}

#[test]
fn long_keys_are_charged_wherever_they_are_looked_up() {
    let key = "{% assign x = 'aaaaaaaa' %}{% for i in (1..16) %}{% assign x = x | append: x %}{% endfor %}";
    let objects = "{% assign many = objects %}{% for i in (1..11) %}{% assign many = many | concat: many %}{% endfor %}";
    let each = |work: &str| format!("{{% for i in (1..30000) %}}{work}{{% endfor %}}");
    let lookups = ["{{ self[x] }}", "{{ [x] }}", "{{ objects[0][x] }}", "{{ (x..x) }}"].map(each);
    let filters = [
        "map: x",
        "where: x",
        "reject: x",
        "sort: x",
        "sort_natural: x",
        "sum: x",
        "uniq: x",
        "compact: x",
        "find: x",
        "find_index: x",
        "has: x",
    ];
    let filters = filters.map(|filter| format!("{objects}{{{{ many | {filter} }}}}"));
    let texts = "{% assign many = x | split: '~' %}{% for i in (1..11) %}{% assign many = many | concat: many %}{% endfor %}";
    let texts =
        ["where: 'z'", "sum", "map: 'z'"].map(|filter| format!("{texts}{{{{ many | {filter} }}}}"));
    for work in lookups.iter().chain(&filters).chain(&texts) {
        check(&format!("{key}{work}"), &End::Render(Limit::Steps(100_000)));
    }
    let name = "x".repeat(200_000);
    for work in ["{{ NAME }}", "{{ a.NAME }}", "{% assign NAME = 1 %}", "{% increment NAME %}"] {
        let source = each(work).replace("NAME", &name);
        check(&source, &End::Render(Limit::Steps(100_000)));
    }
}

#[test]
fn a_message_does_not_grow_with_what_it_complains_about() {
    let word = "x".repeat(200_000);
    for source in [
        format!("{{{{ a | {word} }}}}"),
        format!("{{% {word} %}}"),
        format!("{{{{ a '{word}' }}}}"),
        format!("{{% if a {word} b %}}{{% endif %}}"),
        format!("{{% render {word} %}}"),
        format!("{{% endif{word} %}}"),
        format!("{{% raw {word} %}}{{% endraw %}}"),
    ] {
        let told =
            Template::parse(&source, &ParseOptions::default()).map_err(|errors| errors.to_string());
        assert!(told.is_err_and(|told| told.len() < 300), "{source:.40}");
    }
}

#[test]
fn signs_that_open_nothing_are_not_searched_again_and_again() {
    for sign in ["{{", "{{ {%", "{{ {% }", "{{ '", "{{ a | ", "{{ @ "] {
        let source = sign.repeat(200_000 / sign.len());
        let end = check_time(&source, &ParseOptions::lax());
        assert!(matches!(end, End::Text | End::Refused), "{end:?} for {sign}");
        check_dialects(&source);
    }
    for sign in ["{%", "{% raw %}", "{% comment %}", "{% doc %}", "{% raw %}{% endraw "] {
        check_dialects(&sign.repeat(200_000 / sign.len()));
    }
}

#[test]
fn ranges_within_ranges_take_their_steps() {
    let tree = (0..12).fold("a".to_owned(), |inside, _| format!("({inside}..{inside})"));
    let source = format!("{{% for i in (1..49000) %}}{{{{ {tree} }}}}{{% endfor %}}");
    assert_eq!(check_time(&source, &ParseOptions::lax()), End::Render(Limit::Steps(100_000)));
    let tree = (0..9).fold("1".to_owned(), |inside, _| format!("({inside}..list[{inside}])"));
    let source = format!("{{% for i in (1..49000) %}}{{{{ {tree} }}}}{{% endfor %}}");
    assert_eq!(check_time(&source, &ParseOptions::lax()), End::Render(Limit::Steps(100_000)));
}

#[test]
fn ends_of_unknown_blocks_are_counted_and_not_searched() {
    let source = "{%each%}".repeat(15_000) + &"{%endif%}".repeat(15_000);
    for options in [ParseOptions::default(), ParseOptions::lax()] {
        check_time(&source, &options);
    }
    check_dialects(&source);
}

#[test]
fn mistakes_by_the_thousand_are_read_in_one_go() {
    for mistake in [
        "{% nosuchtag %}",
        "{{ a | nosuch }}",
        "{{ “a” }}",
        "{{ ’a }}",
        "{% if a lik b %}{% endif %}",
        "{{ a b }}",
        "{% liquid liquid %}",
        "{{ &quot;a }}",
    ] {
        let source = mistake.repeat(200_000 / mistake.len());
        let end = check_time(&source, &ParseOptions::lax());
        assert_eq!(end, End::Text, "{mistake}");
        check_dialects(&source);
    }
    for inside in ["“", "“a” ", "’", "@", "liquid ", "'a' ", "a | ", "- ", "&gt;", "a.", "${"]
    {
        check_dialects(&format!("{{{{ {} }}}}", inside.repeat(200_000 / inside.len())));
    }
    let source = format!("{{% liquid {} %}}", "liquid ".repeat(30_000));
    check(&source, &End::Text);
}

#[test]
fn formats_of_dates_take_a_step_for_each_field() {
    let formats = [
        (Dialect::Standard, "%-d"),
        (Dialect::Standard, "%c"),
        (Dialect::Standard, "%64Y"),
        (Dialect::Standard, "%Q"),
        (Dialect::Klaviyo, "r"),
        (Dialect::Klaviyo, "j"),
        (Dialect::Klaviyo, "S"),
    ];
    for (dialect, field) in formats {
        let format = field.repeat(20_000 / field.len());
        let source =
            format!("{{% for i in (1..99) %}}{{{{ 'now' | date: '{format}' }}}}{{% endfor %}}");
        let end = check_time(&source, &ParseOptions::lax().dialect(dialect));
        assert!(matches!(end, End::Render(_)), "{end:?} for {field}");
    }
}

#[test]
fn names_given_to_partials_without_end_are_left_out() {
    let loops: String =
        (0..99).map(|n| format!("{{% for a{n} in {} %}}", "b.".repeat(500) + "b")).collect();
    let source = loops + &"{%include'p'%}".repeat(10_000) + &"{% endfor %}".repeat(99);
    check_time(&source, &ParseOptions::lax());
    let source = "{% assign a = b.c.d.e.f.g.h.i.j %}".to_owned() + &"{{a.a}}".repeat(20_000);
    check_time(&source, &ParseOptions::lax());
}

#[test]
fn filters_go_through_text_a_fixed_number_of_times() {
    for (text, filter) in [
        ("<script", "strip_html"),
        ("<!--", "strip_html"),
        ("<", "strip_html"),
        ("<style><script", "strip_html"),
        ("&a", "escape_once"),
        ("&#1", "escape_once"),
        ("%", "url_decode"),
        (" ", "strip"),
        (" a", "squish"),
        ("a ", "truncatewords: 99999"),
        ("1", "plus: 1"),
        ("_", "times: 1"),
        ("1.", "round"),
        ("-", "date: '%c'"),
    ] {
        let source = format!(
            "{{% capture x %}}{}{{% endcapture %}}{{{{ x | {filter} }}}}",
            text.repeat(100_000 / text.len())
        );
        let end = check_time(&source, &ParseOptions::lax());
        assert_eq!(end, End::Text, "{filter} of {text}");
    }
}

#[test]
fn data_nested_without_end_is_refused() {
    let mut data = Value::Nil;
    for _ in 0..200 {
        data = Value::array([data]);
    }
    let data = Value::object([("a", data)]);
    let template = Template::parse("{{ a | json }}", &ParseOptions::default()).unwrap();
    let error = template.render(&RenderInput::new(&data, UnixMillis(0))).unwrap_err();
    assert!(matches!(error, RenderError::Limit { limit: Limit::DataDepth(128), .. }), "{error}");
}
