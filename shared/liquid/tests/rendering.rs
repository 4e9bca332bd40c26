//! How templates are rendered: escaping, warnings, missing names, headers, determinism.

use std::collections::BTreeMap;

use attune_liquid::{
    Escape, Numbers, ParseOptions, RenderInput, Rendered, Template, TimeZone, UnixMillis, Value,
};

/// 28 May 2026, 20:26:40 in UTC.
const NOW: UnixMillis = UnixMillis(1_780_000_000_000);

fn data() -> Value {
    serde_json::from_str(
        r#"{ "name": "O'Neil & <b>", "n": 26.0, "note": "a\n<b>", "tags": ["<", "b"], "zero": 0,
             "customer": { "name": "Ada" }, "items": [{ "price": 1 }, {}] }"#,
    )
    .unwrap_or_default()
}

fn lax(source: &str, escape: Escape) -> Rendered {
    let data = data();
    let Ok(template) = Template::parse(source, &ParseOptions::lax()) else {
        return Rendered::default();
    };
    template.render(&RenderInput::new(&data, NOW).escape(escape)).unwrap_or_default()
}

#[track_caller]
fn html(source: &str, expected: &str) {
    let rendered = lax(source, Escape::Html);
    assert_eq!((rendered.text.as_str(), rendered.warnings), (expected, vec![]), "{source}");
}

#[test]
fn every_output_is_escaped_for_html_and_no_text_is() {
    html("<p>{{ name }}</p> &", "<p>O&#39;Neil &amp; &lt;b&gt;</p> &");
    html("{{ tags }}{% for tag in tags %}{{ tag }}{% endfor %}", "&lt;b&lt;b");
    html(
        "{% echo '<' %}{% cycle '<', '>' %}{{ customer }}",
        "&lt;&lt;{&quot;name&quot;=&gt;&quot;Ada&quot;}",
    );
    assert_eq!(lax("{{ name }}", Escape::None).text, "O'Neil & <b>");
}

#[test]
fn what_is_markup_already_is_not_escaped_again() {
    html("{{ name | escape }} {{ name | raw }}", "O&#39;Neil &amp; &lt;b&gt; O'Neil & <b>");
    html("{{ note | newline_to_br }}", "a<br />\n&lt;b&gt;");
    html("{{ '&lt;' | escape_once }} {{ '<i>x</i>' | raw | upcase }}", "&lt; <I>X</I>");
    html(
        "{% capture c %}<i>{{ name }}</i>{% endcapture %}{{ c }}",
        "<i>O&#39;Neil &amp; &lt;b&gt;</i>",
    );
    html("{% capture c %}<i>{{ zero }}{% endcapture %}{{ c | strip | append: '<' }}", "<i>0&lt;");
    html(
        "{% capture c %}a,{{ '<' }}{% endcapture %}{% assign l = c | split: ',' %}{{ l | join: '<' }}",
        "a&lt;&lt;",
    );
}

#[test]
fn markup_makes_markup_of_the_text_it_is_put_into() {
    let of = |source| format!("{{% capture m %}}<i>{{{{ '&' }}}}</i>{{% endcapture %}}{source}");
    let html = |source, expected| html(&of(source), expected);
    html("{{ '<' | append: m }}{{ '<' | prepend: m }}", "&lt;<i>&amp;</i><i>&amp;</i>&lt;");
    html("{{ 'a & b' | replace: '&', m }}", "a <i>&amp;</i> b");
    html("{{ 'a & b' | replace_last: 'b', m }}", "a &amp; <i>&amp;</i>");
    html("{{ tags | join: m }}", "&lt;<i>&amp;</i>b");
    html(
        "{{ 5 | append: m }}{{ customer | append: m }}",
        "5<i>&amp;</i>{&quot;name&quot;=&gt;&quot;Ada&quot;}<i>&amp;</i>",
    );
    html("{{ m | append: tags }}", "<i>&amp;</i>[&quot;&lt;&quot;, &quot;b&quot;]");
    // Half an entity would be worse than markup that is escaped.
    html("{{ 'abcdefgh' | truncate: 3, m }}", "&lt;i&gt;&amp;amp;&lt;/i&gt;");
}

#[test]
fn a_list_of_markup_and_text_is_joined_with_only_the_text_escaped() {
    let list =
        "{% capture m %}<i>,</i>{% endcapture %}{% assign l = m | split: ',' | concat: tags %}";
    html(&format!("{list}{{{{ l | join: '<' }}}}"), "<i>&lt;</i>&lt;&lt;&lt;b");
    html(&format!("{list}{{{{ l }}}}"), "<i></i>&lt;b");
}

#[test]
fn markup_can_be_searched_for_markup() {
    let captured = "{% capture c %}a<br>{{ '<br>' }}<br>{% endcapture %}";
    html(&format!("{captured}{{{{ c | remove: '<br>' }}}}"), "a&lt;br&gt;");
    html(&format!("{captured}{{{{ c | split: '<br>' | join: '<' }}}}"), "a&lt;&lt;br&gt;");
    html(
        &format!("{captured}{{{{ c | replace_first: '<br>', '<i>' }}}}"),
        "a&lt;i&gt;&lt;br&gt;<br>",
    );
}

#[test]
fn markup_that_is_taken_apart_is_escaped_again() {
    html("{% capture c %}%3Cb%3E{% endcapture %}{{ c | url_decode }}", "&lt;b&gt;");
    html(
        "{{ 'PGI+' | base64_decode }} {{ '<b>' | raw | json }}",
        "&lt;b&gt; &quot;&lt;b&gt;&quot;",
    );
    html("{{ tags | join: '<i>' }} {{ 'x' | replace: 'x', '<i>' }}", "&lt;&lt;i&gt;b &lt;i&gt;");
}

#[test]
fn markup_from_the_data_is_written_as_it_stands() {
    let data = Value::object([("box", Value::html("<b>1</b>"))]);
    let template =
        Template::parse("{{ box }}{{ box | strip_html }}", &ParseOptions::default()).unwrap();
    assert_eq!(template.render(&RenderInput::new(&data, NOW)).unwrap().text, "<b>1</b>1");
}

#[test]
fn a_lax_template_renders_what_it_can_and_warns() {
    let rendered = lax(
        "a{{ 1 | divided_by: 0 }}b{% if 'x' > 1 %}c{% else %}d{% endif %}{{ zero | slice }}",
        Escape::Html,
    );
    assert_eq!(rendered.text, "abd");
    let told: Vec<String> = rendered.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "line 1, column 9: `divided_by`: cannot divide by 0",
            "line 1, column 32: cannot compare text with a number",
            "line 1, column 75: `slice`: expected a whole number, found nothing"
        ]
    );
}

#[test]
fn a_warning_in_a_loop_is_given_once() {
    let rendered = lax("{% for i in (1..50) %}{{ i | divided_by: 0 }}{% endfor %}", Escape::Html);
    assert_eq!(rendered.warnings.len(), 1);
}

#[test]
fn a_lax_template_reads_over_mistakes_and_keeps_them_as_warnings() {
    let check = |source: &str, expected: &str| {
        let template = Template::parse(source, &ParseOptions::lax()).unwrap();
        assert_ne!(template.warnings(), [], "{source}");
        let text =
            template.render(&RenderInput::new(&data(), NOW).escape(Escape::None)).unwrap().text;
        assert_eq!(text, expected, "{source}");
    };
    check("{{ customer.name | nosuch | upcase }}", "ADA");
    check("{{ customer.name oops | upcase }}", "ADA");
    check("{{ @customer.name }} {{ tags.1 }} {{ customer.['name'] }}", "Ada b Ada");
    check("{% nosuch %}a{% endnosuch %}", "a");
    check("{% if zero = 0 && not missing %}a{% endif %}", "a");
    check("{% if zero %}a{% elsif zero lik 0 %}b{% endif %}", "a");
    check("{{ “b” }}{{ &quot;b&quot; }}", "bb");
    check("a {{ b", "a {{ b");
    check("{% for x in tags oops: 1 %}x{% endfor %}", "xx");
    check("{{ 'a' | append }}{{ 'a' | upcase: 1 }}", "aA");
}

#[test]
fn a_template_whose_blocks_do_not_fit_is_refused_even_in_lax_mode() {
    for source in [
        "{% if a %}",
        "{% endif %}",
        "{% if a %}{% endfor %}",
        "{% else %}",
        "{{ 12345678901234567890 }}",
    ] {
        assert!(Template::parse(source, &ParseOptions::lax()).is_err(), "{source}");
    }
}

#[test]
fn names_that_were_needed_and_not_there_are_told_once() {
    let source = "{{ gone.a }}{{ gone.a | upcase }}{% for i in items %}{{ i.price }}{% endfor %}{{ zero | plus: lost }}";
    let rendered = lax(source, Escape::Html);
    let told: Vec<String> =
        rendered.missing.iter().map(|name| format!("{} {}", name.path, name.position)).collect();
    assert_eq!(
        told,
        ["gone.a line 1, column 4", "i.price line 1, column 57", "lost line 1, column 95"]
    );
}

#[test]
fn names_that_a_template_is_prepared_to_miss_are_not_told() {
    let source = "{{ a | default: 'x' }}{{ a.b | strip | default: 'x' }}{% if b %}{% endif %}{% for c in d %}{% else %}{% endfor %}{% unless e == blank %}{% endunless %}";
    assert_eq!(lax(source, Escape::Html).missing, []);
}

#[test]
fn numbers_are_written_as_in_ruby_or_as_people_do() {
    let data = data();
    let template = Template::parse(
        "{{ n }} {{ n | append: '!' }} {{ n | divided_by: 4.0 }}",
        &ParseOptions::default(),
    )
    .unwrap();
    let input = RenderInput::new(&data, NOW);
    assert_eq!(template.render(&input).unwrap().text, "26.0 26.0! 6.5");
    assert_eq!(template.render(&input.numbers(Numbers::Plain)).unwrap().text, "26 26! 6.5");
}

#[test]
fn now_and_the_zone_come_from_the_input() {
    let data = Value::Nil;
    let template = Template::parse(
        "{{ 'now' | date: '%F %T %z' }} {{ '2026-07-01' | date: '%s' }}",
        &ParseOptions::default(),
    )
    .unwrap();
    let input = RenderInput::new(&data, NOW);
    assert_eq!(template.render(&input).unwrap().text, "2026-05-28 20:26:40 +0000 1782864000");
    let input = input.zone(TimeZone::get("Asia/Tokyo").unwrap());
    assert_eq!(template.render(&input).unwrap().text, "2026-05-29 05:26:40 +0900 1782831600");
    let early = RenderInput::new(&data, UnixMillis(i64::MIN));
    assert!(template.render(&early).is_ok());
}

#[test]
fn a_warning_in_a_partial_names_the_partial() {
    let partial = Template::parse("\n{{ gone }}{{ 1 | modulo: 0 }}", &ParseOptions::lax()).unwrap();
    let partials = BTreeMap::from([("foot".to_owned(), partial)]);
    let template =
        Template::parse("{% render 'foot' %}{% include 'foot' %}", &ParseOptions::lax()).unwrap();
    let data = Value::Nil;
    let rendered = template.render(&RenderInput::new(&data, NOW).partials(&partials)).unwrap();
    let told: Vec<String> = rendered.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(told, ["partial `foot`, line 2, column 18: `modulo`: cannot divide by 0"]);
    assert_eq!(rendered.missing[0].partial.as_deref(), Some("foot"));
    assert_eq!(rendered.text, "\n\n");
}

/// Objects are where an engine could differ from one process to the next.
#[test]
fn the_same_input_gives_the_same_bytes_in_two_processes() {
    const NAME: &str = "the_same_input_gives_the_same_bytes_in_two_processes";
    let source =
        "{{ customer }}{% for pair in d %}{{ pair[0] }}={{ pair[1] }};{% endfor %}{{ d | json }}";
    let entries = (0..100).map(|n| (format!("key{}", n * 7919 % 100), Value::Int(n)));
    let data = Value::object([("d", Value::object(entries))]);
    let template = Template::parse(source, &ParseOptions::lax()).unwrap();
    let rendered = template.render(&RenderInput::new(&data, NOW)).unwrap();
    if std::env::var_os("ATTUNE_LIQUID_CHILD").is_some() {
        println!("rendered: {}", rendered.text);
        return;
    }
    let program = std::env::current_exe().unwrap();
    let mut child = std::process::Command::new(program);
    let output = child
        .args(["--exact", NAME, "--nocapture"])
        .env("ATTUNE_LIQUID_CHILD", "1")
        .output()
        .unwrap();
    let output = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.contains(&format!("rendered: {}", rendered.text)), "{output}");
}
