//! How Liquid behaves in the corners, as Ruby does: one row for each.

use std::collections::BTreeMap;

use attune_liquid::{Escape, ParseOptions, RenderInput, Template, UnixMillis, Value};

const DATA: &str = r#"{
    "n": 5, "f": 2.5, "text": "a b", "nothing": null, "list": ["x", null, 3, [1, 2]], "key": "n",
    "object": { "b": 1, "a": [true, "q\"uote"] }, "First name": "Ada", "yes": true, "first": "own",
    "one_nil": { "a": null }, "other_nil": { "b": null },
    "people": [{ "name": "Bo", "age": 30 }, { "name": "al", "age": 4 }, { "name": null }]
}"#;

const PARTIALS: [(&str, &str); 8] = [
    ("cycles", "{% cycle text, f %}"),
    ("turns", "{% cycle 'a', 'b' %}"),
    ("pair", "{{ pair[0] }}={{ pair[1] }};"),
    ("sees", "[{{ n }}{{ own }}{{ sees }}]"),
    ("sets", "{% assign own = 'changed' %}{% increment c %}"),
    ("stops", "a{% break %}b"),
    ("includes", "{% include 'sees' %}"),
    ("args", "{{ a }}-{{ b }}-{{ args }}"),
];

fn render(source: &str, options: &ParseOptions) -> String {
    let data: Value = serde_json::from_str(DATA).unwrap_or_default();
    let mut partials = BTreeMap::new();
    for (name, source) in PARTIALS {
        if let Ok(template) = Template::parse(source, options) {
            partials.insert(name.to_owned(), template);
        }
    }
    let template = match Template::parse(source, options) {
        Ok(template) => template,
        Err(errors) => return errors.to_string(),
    };
    let input = RenderInput::new(&data, UnixMillis(0)).escape(Escape::None).partials(&partials);
    template.render(&input).map_or_else(|error| error.to_string(), |rendered| rendered.text)
}

#[track_caller]
fn check(rows: &[(&str, &str)]) {
    for (source, expected) in rows {
        assert_eq!(render(source, &ParseOptions::default()), *expected, "{source}");
    }
}

#[test]
fn values_are_written_as_ruby_writes_them() {
    check(&[
        ("{{ list }}", "x312"),
        ("{{ list | append: '' }}", r#"["x", nil, 3, [1, 2]]"#),
        ("{{ object }}", r#"{"b"=>1, "a"=>[true, "q\"uote"]}"#),
        ("{{ (1..3) }} {{ nothing }}{{ missing.a.b }}{{ yes }} {{ f }}", "1..3 true 2.5"),
        ("{{ 1e3 }}", "line 1, column 5: expected `|` and a filter, or the end, found `e3`"),
        ("{{ 10000000000000000.0 }} {{ 0.00001 }} {{ -0.5 }}", "1.0e+16 1.0e-05 -0.5"),
        ("{{ n | size }} {{ f | size }} {{ nothing | size }}", "8 0 0"),
    ]);
}

#[test]
fn paths_lead_through_names_places_and_words() {
    check(&[
        (
            "{{ ['First name'] }} {{ self['First name'] }} {{ self[key] }} {{ [key] }}",
            "Ada Ada 5 5",
        ),
        (
            "{{ object['a'][-1] }} {{ object.a.first }} {{ object.size }} {{ object.a.size }}",
            "q\"uote true 2 2",
        ),
        ("{{ people[0]['name'] }}{{ people[n].name }}{{ people['0'].name }}", "Bo"),
        (
            "{{ list.first }} {{ list.last }} {{ text.first }} {{ text.size }} {{ first }}",
            "x 12 a 3 own",
        ),
        ("{{ list['size'] }}{{ text[0] }}{{ n[0] }}", ""),
        ("{{ object . a [ 0 ] }}", "true"),
    ]);
}

#[test]
fn conditions_compare_as_ruby_does() {
    let yes = |condition: &str| {
        let source = format!("{{% if {condition} %}}yes{{% endif %}}");
        assert_eq!(render(&source, &ParseOptions::default()), "yes", "{condition}");
    };
    for condition in [
        "n == 5.0",
        "n != '5'",
        "list contains 3",
        "text contains ' '",
        "object contains 'a'",
        "(1..n) contains 5",
        "nothing == nil",
        "missing == blank",
        "'  ' == blank",
        "'' == empty",
        "false == blank",
        "0",
        "''",
        "empty",
        "'b' > 'a'",
        "f < 3",
        "yes and n > 4 or missing",
        "n <> 4",
        "list == list",
        "object == object",
        "one_nil != other_nil",
        "(1..3) == (1..3)",
        "yes == true",
    ] {
        yes(condition);
    }
    check(&[
        (
            "{% if missing > 1 %}a{% else %}b{% endif %}{% if list > 1 %}a{% else %}b{% endif %}",
            "bb",
        ),
        (
            "{% if list contains missing %}a{% else %}b{% endif %}{% if n contains 5 %}a{% else %}b{% endif %}",
            "bb",
        ),
        ("{% if true or false and false %}right to left{% endif %}", "right to left"),
        ("{% if false and false or true %}a{% else %}right to left{% endif %}", "right to left"),
    ]);
}

#[test]
fn loops_go_over_what_there_is() {
    check(&[
        ("{% for pair in object %}{{ pair[0] }}={{ pair[1] }};{% endfor %}", "b=1;a=trueq\"uote;"),
        (
            "{% for c in text %}{{ c }}.{% endfor %}{% for c in text limit: 0 %}{{ c }}{% endfor %}",
            "a b.a b",
        ),
        (
            "{% for i in (3..1) %}{{ i }}{% else %}none{% endfor %}{% for i in n %}x{% endfor %}",
            "none",
        ),
        (
            "{% for i in (1..n) offset: 1 limit: 2 %}{{ forloop.rindex }}{{ forloop.first }}{% endfor %}",
            "2true1false",
        ),
        ("{% for i in (1..2) %}{% assign i = 9 %}{{ i }}{% endfor %}{{ i }}", "129"),
        (
            "{% for i in (1..2) %}{% for j in (1..2) %}{{ forloop.parentloop.index }}{% endfor %}{% endfor %}",
            "1122",
        ),
        ("{% for i in (1..4) reversed limit: 2 %}{{ i }}{% endfor %}", "21"),
        ("{{ forloop }}{{ forloop.index }}{% for i in list %}{% endfor %}{{ i }}", ""),
        ("{% break %}never", ""),
    ]);
}

#[test]
fn white_space_is_taken_only_from_text_right_beside() {
    check(&[
        ("a \n {{- n -}} \n b", "a5b"),
        ("a {% raw %} b {% endraw %}{%- assign x = 1 -%} c", "a  b c"),
        ("a {% comment %}x{% endcomment %}{%- if nothing -%}{% endif %} b", "a  b"),
        ("a {%- comment %} x {% endcomment -%} b", "ab"),
        ("{%- if yes -%} a {%- endif -%}", "a"),
        ("a\u{a0}{{- n }}", "a\u{a0}5"),
    ]);
}

#[test]
fn partials_see_what_they_may_see() {
    check(&[
        ("{% assign own = 1 %}{% render 'sees' %}{% include 'sees' %}", "[5][51]"),
        (
            "{% render 'sees', own: 2 %}{% render 'sees' with f %}{% include 'sees' with f %}",
            "[52][52.5][52.5]",
        ),
        ("{% include 'sets' %}{{ own }}{% increment c %}{% render 'sets' %}", "0changed10"),
        (
            "{% for i in (1..3) %}{% render 'stops' %}{% endfor %}{% for i in (1..3) %}{% include 'stops' %}{% endfor %}",
            "aaaa",
        ),
        (
            "{% render 'includes' %}",
            "partial `includes`, line 1, column 1: `include` cannot be used inside `render`",
        ),
        ("{% include 'args' a: 1, b: a %} {% render 'args', a: 1, b: n %}", "1-1- 1-5-"),
        (
            "{% render 'args' for (1..2) as a %}{% include 'args' for list as a %}",
            "1--2--x----3--12--",
        ),
    ]);
}

#[test]
fn counters_cycles_and_names_live_apart() {
    check(&[
        ("{% increment c %}{% increment c %}{{ c }}{% decrement c %}", "0121"),
        ("{% increment n %}{% increment n %}{{ n }}{% decrement n %}", "5676"),
        ("{% increment f %}{{ f }}", "01"),
        ("{% assign c = 9 %}{% increment c %}{{ c }}", "09"),
        (
            "{% cycle 'a', 'b' %}{% cycle 'a', 'b' %}{% cycle 'a', 'b', 'c' %}{% cycle n, 'b' %}{% cycle n, 'b' %}",
            "aba55",
        ),
    ]);
}

#[test]
fn a_cycle_of_variables_goes_on_only_with_itself() {
    // The cycles of the template and of the partial stand at the same place of their texts.
    check(&[
        ("{% cycle n, f %}{% include 'cycles' %}{% include 'cycles' %}", "5a b2.5"),
        ("{% cycle 'a', 'b' %}{% include 'turns' %}", "ab"),
    ]);
}

#[test]
fn a_partial_is_rendered_for_each_entry_of_an_object() {
    check(&[("{% render 'pair' for object %}", "b=1;a=trueq\"uote;")]);
}

#[test]
fn filters_bend_their_input_as_ruby_does() {
    check(&[
        ("{{ 'a*b c~' | url_encode }} {{ 'YWI' | base64_url_safe_decode }}", "a%2Ab+c~ ab"),
        (
            "{{ nothing | upcase }}{{ n | append: f }}{{ list | upcase }}",
            r#"52.5["X", NIL, 3, [1, 2]]"#,
        ),
        (
            "{{ '3.7 apples' | plus: 1 }} {{ ' 3.5 ' | plus: 1 }} {{ '1e3' | plus: 1 }} {{ yes | plus: 1 }}",
            "4 4.5 2 1",
        ),
        (
            "{{ people | sort: 'age' | map: 'age' | join: ' ' }} {{ people | sort_natural: 'name' | map: 'name' | join }}",
            "4 30  al Bo ",
        ),
        (
            "{{ people | where: 'age', 4 | size }} {{ people | where: 'age' | size }} {{ people | sum: 'age' }}",
            "1 2 34",
        ),
        (
            "{{ list | join: '-' }} {{ list | first }} {{ object | first | join: '=' }} {{ list | reverse | first }}",
            "x--3-1-2 x b=1 2",
        ),
        (
            "{{ 'a-b-' | split: '-' | size }} {{ ' a  b ' | split: ' ' | join: ',' }} {{ text | split: '' | size }}",
            "2 a,b 3",
        ),
        (
            "{{ 'Öl' | downcase }} {{ 'straße' | upcase }} {{ 'éa' | capitalize }} {{ '日本語' | slice: 1, 1 }}",
            "öl STRASSE Éa 本",
        ),
        (
            "{{ -7 | divided_by: 2 }} {{ -7 | modulo: 3 }} {{ 7 | divided_by: 2.0 }} {{ 1250 | round: -2 }}",
            "-4 2 3.5 1300",
        ),
        ("{{ 9223372036854775 | times: 1000 | plus: 807 }}", "9223372036854775807"),
    ]);
}

#[test]
fn lax_mode_takes_sloppy_templates_for_what_they_mean() {
    let rows = [
        ("{% if (n == 5 and yes) or missing %}a{% endif %}", "a"),
        ("{{ text || upcase }}{% for i in (1...3) %}{{ i }}{% endfor %}", "A B123"),
        ("{% render 'args' with a: 1, b: 2 %}", "1-2-"),
        ("{% if n %}a{% else if yes %}b{% endif %}", "a"),
        ("{% capture 'x' %}a{% endcapture %}{{ x }}{% assign 'y' = 1 %}{{ y }}", "a1"),
    ];
    for (source, expected) in rows {
        assert_eq!(render(source, &ParseOptions::lax()), expected, "{source}");
    }
}
