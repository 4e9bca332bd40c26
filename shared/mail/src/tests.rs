use expect_test::{Expect, expect};

use super::*;

const NONE: &dyn Fn(&str) -> Option<String> = &|_| None;

fn html(source: &str) -> String {
    compile(source, NONE).unwrap_or_else(|error| panic!("{error}")).html
}

fn body(inside: &str) -> String {
    format!(
        "<mjml><mj-body><mj-section><mj-column>{inside}</mj-column></mj-section></mj-body></mjml>"
    )
}

#[track_caller]
fn check_refused(source: &str, expected: Expect) {
    let partial = |id: &str| match id {
        "itself" => Some("<mj-include path=\"itself\" />".to_owned()),
        "bad" => Some("<mj-section>\n  <mj-txt>a</mj-txt></mj-section>".to_owned()),
        _ => None,
    };
    let refused = compile(source, &partial).unwrap_err();
    expected.assert_eq(&refused.to_string());
}

#[track_caller]
fn check_text(html: &str, expected: Expect) {
    expected.assert_eq(&text_of(html));
}

#[test]
fn liquid_comes_through_mjml_as_it_was() {
    let source = body(
        "<mj-text>Hello {{ customer.first_name | default: \"<you>\" }}{% if a < 3 %}, few{% endif %}</mj-text>
        <mj-table>{% for item in cart.items %}<tr><td>{{ item.name }}</td></tr>{% endfor %}</mj-table>
        <mj-button href=\"{{ shop.url }}/cart?a=1&b={{ c | url_encode }}\" background-color=\"{{ shop.brand.color }}\">Go</mj-button>
        {% if more %}<mj-text>More</mj-text>{% endif %}",
    );
    let html = html(&source);
    for liquid in [
        "Hello {{ customer.first_name | default: \"<you>\" }}{% if a < 3 %}, few{% endif %}",
        "{% for item in cart.items %}<tr>\n<td>{{ item.name }}</td>\n</tr>\n{% endfor %}",
        "href=\"{{ shop.url }}/cart?a=1&b={{ c | url_encode }}\"",
        "background:{{ shop.brand.color }}",
        "{% if more %}",
    ] {
        assert!(html.contains(liquid), "{liquid} in {html}");
    }
    assert!(!html.contains("zqliquid"), "{html}");
}

#[test]
fn styles_of_the_author_are_inlined_and_media_queries_are_kept() {
    let head = "<mj-head><mj-style>.red td { color: red } @media (max-width: 9px) { .red { display: none } }</mj-style></mj-head>";
    let source =
        body("<mj-table css-class=\"red\"><tr><td>{% if a %}x{% endif %}</td></tr></mj-table>")
            .replace("<mj-body>", &format!("{head}<mj-body>"));
    let html = html(&source);
    assert!(html.contains("<td style=\"color: red;\">{% if a %}x{% endif %}</td>"), "{html}");
    assert!(
        html.contains("@media (max-width: 9px)") && !html.contains("data-css-inline"),
        "{html}"
    );
    assert!(!html.contains("of-the-author"), "{html}");
}

#[test]
fn html_with_a_style_sheet_keeps_rows_and_liquid_in_their_places() {
    let source = "<!doctype html><html><head><style>td { color: {{ shop.brand.color }} } @media print { td { color: black } }</style></head>\
        <body><table>{% for i in (1..2) %}<tr><td {% if i == 1 %}class=\"first\"{% endif %}>{{ i }}</td></tr>{% endfor %}{{ rows | raw }}</table></body></html>";
    let html = html(source);
    assert!(html.contains("<tbody>{% for i in (1..2) %}<tr>"), "{html}");
    assert!(html.contains("style=\"color: {{ shop.brand.color }}"), "{html}");
    assert!(html.contains("{% if i == 1 %}class=\"first\" {% endif %}"), "{html}");
    assert!(html.contains("{{ rows | raw }}") && html.contains("@media print"), "{html}");
}

#[test]
fn rules_for_single_mailboxes_and_for_the_pointer_are_kept() {
    let sheet = "a { color: red } #outlook a, .b { padding: 0 } .ExternalClass { width: 100% } a:hover { color: blue !important }
        [data-ogsc] .b { color: white } u + #body .b { color: black } .{{ c }} { margin: 0 } @font-face { font-family: F }";
    let rest = [
        "#outlook a {",
        ".ExternalClass {",
        "a:hover {",
        "color: blue !important",
        "[data-ogsc] .b {",
        "u + #body .b {",
        ".{{ c }} {",
        "@font-face",
    ];
    let of_html = format!(
        "<html><head><style>{sheet}</style></head><body id=\"body\"><a class=\"b\">x</a></body></html>"
    );
    let of_mjml = body("<mj-text><a class=\"b\">x</a></mj-text>")
        .replace("<mj-body>", &format!("<mj-head><mj-style>{sheet}</mj-style></mj-head><mj-body>"));
    for html in [html(&of_html), html(&of_mjml)] {
        assert!(html.contains("style=\"color: red;padding: 0;\">x"), "{html}");
        let lost = rest.iter().find(|kept| !html.contains(**kept));
        assert!(lost.is_none() && !html.contains("a {\ncolor: red"), "{lost:?} in {html}");
        assert!(!html.contains("#outlook a, .b") && !html.contains("of-the-author"), "{html}");
    }
}

#[test]
fn a_style_sheet_with_tags_of_liquid_is_left_alone() {
    let source = "<html><head><style>{% if dark %}p { color: white }{% endif %}</style><style>p { margin: 0 }</style></head><body><p>a</p></body></html>";
    let html = html(source);
    assert!(html.contains("{% if dark %}p { color: white }{% endif %}"), "{html}");
    assert!(html.contains("<p style=\"margin: 0;\">"), "{html}");
}

#[test]
fn html_without_a_style_sheet_is_kept_byte_for_byte() {
    let source = "<P>a &nbsp; <br/>{{ b }}{% if c %}<td>";
    assert_eq!(html(source), source);
}

#[test]
fn braces_of_braze_are_put_aside_whole() {
    let source =
        body("<mj-text>Hi {{${first_name} | default: 'you'}} {{custom_attribute.${x}}}!</mj-text>");
    assert!(
        html(&source).contains("Hi {{${first_name} | default: 'you'}} {{custom_attribute.${x}}}!")
    );
}

#[test]
fn includes_come_from_partials_by_their_names() {
    let partial = |id: &str| {
        (id == "footer").then(|| {
            "<mj-section><mj-column><mj-text>{{ foot }}</mj-text></mj-column></mj-section>"
                .to_owned()
        })
    };
    let source =
        "<mjml><mj-body><mj-section /><mj-include path=\"./footer.mjml\" /></mj-body></mjml>";
    let html = compile(source, &partial).unwrap().html;
    assert!(html.contains("{{ foot }}") && html.contains("max-width:600px"), "{html}");
}

#[test]
fn mistakes_name_their_place() {
    check_refused(
        "<mjml>\n<mj-body>\n  <mj-txt>a</mj-txt></mj-body></mjml>",
        expect!["line 3, column 3: MJML has no `<mj-txt>`; did you mean `<mj-text>`?"],
    );
    check_refused(
        "<mjml><mj-body><mj-section>",
        expect!["line 1, column 16: `<mj-section>` is never closed with `</mj-section>`"],
    );
    check_refused(
        "<mjml><mj-body>\n</mj-section></mj-body></mjml>",
        expect!["line 2, column 1: `</mj-section>` closes nothing here; `<mj-body>` is open"],
    );
    check_refused(
        "<mjml><mj-head>\n<mj-attributes>{% if a %}<mj-all color=\"red\" />{% endif %}</mj-attributes></mj-head></mjml>",
        expect![
            "line 2, column 16: `{% if a %}` has no place here; put it into `<mj-raw>`, or into the text of an element"
        ],
    );
    check_refused(
        "<mjml><mj-body>\n {{ a </mj-body></mjml>",
        expect!["line 2, column 2: `{{` is never closed"],
    );
    check_refused(
        "<mjml><mj-body><mj-include path=\"x\" /></mj-body></mjml>",
        expect!["line 1, column 16: there is no partial `x` to include"],
    );
    check_refused(
        "<mjml><mj-body><mj-include path=\"itself\" /></mj-body></mjml>",
        expect!["partial `itself`, line 1, column 1: partials include each other more than 8 deep"],
    );
    check_refused(
        "<mjml><mj-body><mj-include path=\"bad\" /></mj-body></mjml>",
        expect![
            "partial `bad`, line 2, column 3: MJML has no `<mj-txt>`; did you mean `<mj-text>`?"
        ],
    );
    check_refused(
        &body("<mj-text a=\"1>x</mj-text>"),
        expect!["line 1, column 39: `<mj-text>` is never closed with `</mj-text>`"],
    );
}

#[test]
fn a_text_has_a_line_for_each_block() {
    check_text(
        "<html><head><title>No</title><style>p{}</style></head><body><div style=\"display: none\">hidden<div>too</div></div>\
         <h1>Your  basket</h1><p>You left&nbsp;these:<br>all &lt;of&gt; them</p><ul><li>one<li>two<ul><li>deep</ul></ul><ol><li>a<li>b</ol>\
         <table><tr><th>Item</th><th>Price</th></tr><tr><td>Red</td><td>$1</td></tr></table><hr>\
         <p><a href=\"https://x.example/\">Go</a> or <a href=\"https://y.example\">https://y.example</a> <a href=\"#\">top</a></p>\
         <a href=\"https://z.example\"><img src=\"a\" alt=\"A picture\"></a><img src=\"b\" alt=\"\"></body></html>",
        expect![[r"
            Your basket

            You left these:
            all <of> them

            - one
            - two
              - deep

            1. a
            2. b

            Item | Price
            Red | $1

            ---

            Go (https://x.example/) or https://y.example top

            A picture (https://z.example)
        "]],
    );
}

#[test]
fn blocks_of_mjml_are_not_glued() {
    let source = body(
        "<mj-text>quick</mj-text><mj-text><p>Responsive</p></mj-text><mj-button href=\"https://x.example\">Go</mj-button>\
        <mj-table><tr><td>a</td><td>b</td></tr><tr><td>c</td><td>d</td></tr></mj-table>",
    );
    check_text(
        &html(&source),
        expect![[r"
        quick

        Responsive

        Go (https://x.example)

        a | b
        c | d
    "]],
    );
}

#[test]
fn long_lines_are_broken_between_words_only() {
    let text = text_of(&format!(
        "<p>{} <a href=\"https://x.example/{}\">here</a></p>",
        "word ".repeat(30),
        "a".repeat(100)
    ));
    assert!(text.lines().all(|line| line.len() <= 76 || line.starts_with("(https://")), "{text}");
}

#[test]
fn a_preheader_is_the_first_thing_in_the_body_and_not_in_the_text() {
    let html = with_preheader("<html><body class=\"a\"><p>b</p></body></html>", "{{ c }}");
    assert!(
        html.contains("<body class=\"a\"><div style=\"display:none;") && html.contains("{{ c }}"),
        "{html}"
    );
    assert_eq!(text_of(&html), "b\n");
}
