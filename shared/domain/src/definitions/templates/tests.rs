use expect_test::{Expect, expect};
use serde_json::json;

use crate::channel::Channel;
use crate::content::{Data, Draft, Note, Unwritten, Written, draft};
use crate::coupon::{Code, Issued};
use crate::definitions::{Definitions, Lineage};
use crate::id::CouponId;
use crate::link::Urls;
use crate::testing::{Life, at, definitions, did, is};

const NOW: &str = "2026-01-01T11:00:00Z";

/// What Ada, who left a red thing in the cart, is told by the template `t`.
fn told(templates: &str, channel: Channel, traits: serde_json::Value) -> Result<Draft, Unwritten> {
    let definitions = definitions(&format!(
        "segments: [{{ id: s, when: {{ event: Product Added }} }}]\n\
         programs: [{{ id: p, enter: s, again: never, send: {{ template: t }} }}]\n{templates}"
    ));
    let mut life = Life::new(&definitions, "2026-01-01");
    life.event(&is("2026-01-01T08:00:00Z", json!({"first_name": "Ada"})));
    life.event(&is("2026-01-01T09:00:00Z", traits));
    let red = json!({"product_id": "red", "name": "Red <b>", "price": 12.5});
    life.event(&did("Product Added", "2026-01-01T10:00:00Z", red));
    let data = Data::of(&life.profile, &life.messages[0], &definitions, &Urls::default(), at(NOW));
    draft(&definitions.templates[&life.messages[0].template], channel, &data, at(NOW))
}

#[track_caller]
fn check_sms(templates: &str, traits: serde_json::Value, expected: &str) {
    let draft = told(templates, Channel::Sms, traits).unwrap_or_else(|why| panic!("{why}"));
    assert_eq!(draft.written, Written::Sms(expected.to_owned()));
}

#[track_caller]
fn check_refused(templates: &str, expected: Expect) {
    let files = [("t.yaml", templates)];
    let mistakes = Definitions::read(&files, &Lineage::default()).unwrap_err();
    let told: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
    expected.assert_eq(&told.join("\n"));
}

const MJML: &str = "
shop: { brand: { color: '#c00' } }
partials:
  footer: |
    <mj-section><mj-column><mj-text>{% render 'bye' %}</mj-text></mj-column></mj-section>
  bye: Bye
templates:
  - id: t
    email:
      subject: Hi
      preheader: 'For {{ customer.first_name }}'
      mjml: |
        <mjml><mj-body><mj-section background-color='{{ shop.brand.color }}'><mj-column>
        <mj-text>Dear {{ customer.nickname }}, your {{ cart.items.first.name }}</mj-text>
        </mj-column></mj-section><mj-include path='footer' /></mj-body></mjml>
";

#[test]
fn a_mail_in_mjml_has_its_partials_its_brand_and_a_text_part() {
    let draft = told(MJML, Channel::Email, json!({})).unwrap();
    let Written::Email { html, text, .. } = draft.written else { panic!() };
    assert!(html.contains("background:#c00") && html.contains("your Red &lt;b&gt;"), "{html}");
    assert!(html.contains("overflow:hidden;\">For Ada&#847;"), "{html}");
    expect![[r"
        Dear , your Red <b>

        Bye
    "]]
    .assert_eq(&text);
    check_noted(&draft.missing, expect!["the HTML part, line 2, column 18: customer.nickname"]);
}

/// Checks what was noted, and where.
#[track_caller]
fn check_noted(notes: &[Note], expected: Expect) {
    let told = notes.iter().map(|note| {
        let partial = note.partial.iter().map(|id| format!(", partial {id}")).collect::<String>();
        let place = note.position.map(|position| format!(", {position}")).unwrap_or_default();
        let Note { part, told, .. } = note;
        format!("{part}{partial}{place}: {told}")
    });
    expected.assert_eq(&told.collect::<Vec<_>>().join("\n"));
}

#[test]
fn what_is_noted_about_a_mail_is_told_where_it_was_written() {
    let draft = told(
        "
partials:
  footer: |
    <mj-section><mj-column>
      <mj-text>{{ customer.b }} {% render 'bye' %}</mj-text></mj-column></mj-section>
  bye: '{{ customer.c }} {{ 1 | divided_by: 0 }}'
templates:
  - id: t
    email:
      subject: 'Hi {{ customer.d }}'
      preheader: 'For {{ customer.a }}'
      mjml: |
        <mjml><mj-body><mj-section><mj-column>
        <mj-text>{% if customer.gold %}{{ customer.a }}{% endif %}{{ customer.z }}</mj-text>
        <mj-text>{{ customer.first_name | slice: customer.first_name }}</mj-text>
        </mj-column></mj-section><mj-include path='footer' /></mj-body></mjml>
",
        Channel::Email,
        json!({}),
    )
    .unwrap();
    check_noted(
        &draft.missing,
        expect![[r"
        the subject, line 1, column 7: customer.d
        the preheader, line 1, column 8: customer.a
        the HTML part, line 2, column 62: customer.z
        the HTML part, partial footer, line 2, column 15: customer.b
        the HTML part, partial bye, line 1, column 4: customer.c"]],
    );
    check_noted(
        &draft.warnings,
        expect![[r"
        the HTML part, line 3, column 35: `slice`: expected a whole number, found `Ada`
        the HTML part, partial bye, line 1, column 25: `divided_by`: cannot divide by 0"]],
    );
}

#[test]
fn what_was_published_is_compiled_when_a_mail_is_written() {
    let files = [("t.yaml", MJML)];
    let definitions = Definitions::reopen(&files, &Lineage::default()).unwrap();
    let content = definitions.templates.values().next().unwrap();
    assert!(content.default.email.as_ref().unwrap().html.template().is_ok());
    assert!(content.reads("shop") && !content.reads("recommendations"));
}

const LANGUAGES: &str = "
templates:
  - { id: t, sms: Hello, push: { title: Hello, body: Hello } }
  - { id: t, language: fr, sms: Bonjour }
  - { id: t, language: fr-CA, push: { title: Allô, body: Allô } }
";

#[test]
fn the_text_is_in_the_customers_language_else_in_the_next_nearest() {
    check_sms(LANGUAGES, json!({"language": "fr"}), "Bonjour");
    check_sms(LANGUAGES, json!({"language": "fr_CA"}), "Bonjour");
    check_sms(LANGUAGES, json!({"language": "FR-be"}), "Bonjour");
    check_sms(LANGUAGES, json!({"language": "de"}), "Hello");
    check_sms(LANGUAGES, json!({}), "Hello");
    let push = told(LANGUAGES, Channel::Push, json!({"language": "fr-ca"})).unwrap();
    assert_eq!(push.language.as_deref(), Some("fr-ca"));
}

#[test]
fn templates_of_other_products_find_their_names() {
    let braze = "templates: [{ id: t, dialect: braze, sms: 'Hi {{${first_name}}}, {{custom_attribute.${size}}}' }]";
    check_sms(braze, json!({"size": "XL"}), "Hi Ada, XL");
    let klaviyo = "templates: [{ id: t, dialect: klaviyo, sms: \"Hi {{ first_name|title }}, {{ person|lookup:'size' }}\" }]";
    check_sms(klaviyo, json!({"size": "XL"}), "Hi Ada, XL");
    let dotdigital = "templates: [{ id: t, dialect: dotdigital, sms: 'Hi @FIRSTNAME@' }]";
    check_sms(dotdigital, json!({}), "Hi Ada");
}

#[test]
fn a_template_can_say_that_it_is_not_to_be_sent() {
    let braze = "templates: [{ id: t, dialect: braze, sms: \"{% if cart.quantity < 2 %}{% abort_message('too few') %}{% endif %}Hi\" }]";
    let why = told(braze, Channel::Sms, json!({})).unwrap_err();
    assert_eq!(why.to_string(), "aborted by the template: too few");
}

#[test]
fn a_text_message_that_is_too_long_says_what_makes_it_so() {
    let long = format!("templates: [{{ id: t, sms: '{}ê' }}]", "a".repeat(300));
    let why = told(&long, Channel::Sms, json!({})).unwrap_err();
    expect!["the text message has 5 segments of UCS-2, because of `ê`; it can have 3"]
        .assert_eq(&why.to_string());
}

#[test]
fn a_push_has_a_picture_if_there_is_one() {
    let push = |image: &str| {
        let template =
            format!("templates: [{{ id: t, push: {{ title: a, body: b, image: \"{image}\" }} }}]");
        match told(&template, Channel::Push, json!({})).unwrap().written {
            Written::Push { image, .. } => image,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(push("{{ cart.items.first.image_url }}"), None);
    assert_eq!(
        push("https://cdn.example.com/{{ cart.items.first.product_id }}.jpg").as_deref(),
        Some("https://cdn.example.com/red.jpg")
    );
}

#[test]
fn mistakes_in_templates_are_told_with_their_place() {
    check_refused(
        "templates:\n  - id: t\n    email:\n      subject: a\n      mjml: |\n        <mjml><mj-body>\n          <mj-txt>a</mj-txt></mj-body></mjml>",
        expect!["t.yaml:7:11: MJML has no `<mj-txt>`; did you mean `<mj-text>`?"],
    );
    check_refused(
        "templates: [{ id: t, language: fr, sms: a }]",
        expect![
            "t.yaml:1:13: `t` in `fr` needs a template `t` without a language, for everybody else"
        ],
    );
    check_refused(
        "templates: [{ id: t, sms: a }, { id: t, language: fr, sms: a }, { id: t, language: FR, sms: a }]",
        expect!["t.yaml:1:71: there is a template `t in fr` already"],
    );
    check_refused(
        "templates: [{ id: t, language: french!, sms: a }]",
        expect!["t.yaml:1:32: `french!` is not a language, such as `fr` or `pt-BR`"],
    );
    check_refused(
        "partials: { footer: a }\ntemplates: [{ id: t, sms: \"{% render 'foter' %}\" }]",
        expect!["t.yaml:2:38: there is no partial `foter`; did you mean `footer`?"],
    );
    check_refused(
        "partials: { footer: <mj-text>a</mj-text> }\ntemplates: [{ id: t, sms: \"{% render 'footer' %}\" }]",
        expect![[
            r#"t.yaml:2:38: the partial `footer` is MJML, which is compiled before Liquid is rendered; write `<mj-include path="footer" />`"#
        ]],
    );
    check_refused(
        "templates: [{ id: t, email: { subject: a, html: b, mjml: <mjml><mj-body /></mjml> } }]",
        expect!["t.yaml:1:29: a body is written under `mjml` or under `html`, not both"],
    );
    check_refused(
        "templates: [{ id: t, email: { subject: a } }]",
        expect!["t.yaml:1:29: `mjml` or `html` is missing"],
    );
    check_refused(
        "templates: [{ id: t, dialect: mailchimp, sms: a }]",
        expect![
            "t.yaml:1:31: `mailchimp` is not one of `liquid`, `braze`, `customer.io`, `shopify`, `klaviyo`, `dotdigital`"
        ],
    );
}

#[test]
fn each_mistake_of_a_template_is_told_at_its_own_character() {
    check_refused(
        "templates:\n  - id: t\n    sms: |\n      Hi {{ customer.name | upcas }},\n      {% if a => 1 %}{% endfor %}\n",
        expect![[r"
            t.yaml:4:29: unknown filter `upcas`, did you mean `upcase`?
            t.yaml:5:15: write `>=` instead of `=>`
            t.yaml:5:22: expected `endif` to close the `if` of line 5, found `endfor`"]],
    );
    check_refused(
        "templates: [{ id: t, sms: \"a \\\"b\\\" {{ 'it''s' | upcas }}\" }]",
        expect![[r"
            t.yaml:1:43: expected `|` and a filter, or the end, found `'s'`
            t.yaml:1:49: unknown filter `upcas`, did you mean `upcase`?"]],
    );
}

#[test]
fn a_mistake_of_the_language_hides_no_other() {
    check_refused(
        "templates: [{ id: t, sms: '{{ a | mony }} {{ custmer.a }} {% render \"x\" %} {% asign z = 1 %}{{ z }}' }]",
        expect![[r"
            t.yaml:1:35: unknown filter `mony`
            t.yaml:1:46: there is no variable `custmer.a`; did you mean `customer.a`?
            t.yaml:1:69: there is no partial `x`; partials are defined under `partials:`
            t.yaml:1:76: unknown tag `asign`, did you mean `assign`?"]],
    );
}

#[test]
fn variables_that_nothing_gives_are_refused_where_they_stand() {
    check_refused(
        "templates:\n  - id: t\n    sms: Hi {{ custmer.first_name }}, {{ customer.anything }}\n    push:\n      title: Hi\n      body: >\n        {% for item in cart.items %}\n        {{ item.nmae }}{% endfor %}{{ item }}\n",
        expect![[r"
            t.yaml:3:16: there is no variable `custmer.first_name`; did you mean `customer.first_name`?
            t.yaml:8:12: there is no variable `item.nmae`; did you mean `item.name`?
            t.yaml:8:39: there is no variable `item`; what is known of the customer is read as `customer.item`"]],
    );
}

#[test]
fn what_a_template_names_and_a_partial_is_given_is_known() {
    let known = "
partials:
  card: '{{ product.name }}{{ label }}{{ forloop.index }}'
  inner: '{{ greeting }}{{ item.name }}{% assign made = 1 %}'
  unused: '{{ whatever }}'
templates:
  - id: t
    sms: '{% assign greeting = \"a\" %}{% capture b %}{{ greeting }}{% endcapture %}{{ b }}
      {% render \"card\" for recommendations as product, label: b %}
      {% for item in cart.items %}{% include \"inner\" %}{{ made }}{% endfor %}{% increment n %}{{ n }}'
";
    definitions(known);
    check_refused(
        "partials: { card: '{{ p.nmae }} {{ x }}' }\ntemplates: [{ id: t, sms: '{% render \"card\", p: cart.items[0] %}', push: { title: a, body: '{% render \"card\", p: cart.items[1] %}' } }]",
        expect![[r"
            t.yaml:1:23: there is no variable `p.nmae`; did you mean `p.name`?
            t.yaml:1:36: there is no variable `x`; what is known of the customer is read as `customer.x`"]],
    );
}

#[test]
fn what_an_included_footer_reads_is_checked_where_it_stands() {
    check_refused(
        "partials:\n  footer: |\n    <mj-section><mj-column><mj-text>\n      {{ unsubscribe_ur }}</mj-text></mj-column></mj-section>\ntemplates:\n  - id: t\n    email: { subject: a, mjml: \"<mjml><mj-body><mj-include path='footer' /></mj-body></mjml>\" }",
        expect![
            "t.yaml:4:10: there is no variable `unsubscribe_ur`; did you mean `unsubscribe_url`?"
        ],
    );
}

#[test]
fn a_partial_may_be_written_in_another_products_liquid() {
    let braze = "
partials: { hello: { dialect: braze, text: 'Hi {{${first_name}}}' } }
templates: [{ id: t, dialect: braze, sms: '{{content_blocks.${hello} | id: \"cb1\"}}!' }]";
    check_sms(braze, json!({}), "Hi Ada!");
    check_refused(
        "partials: { hello: a }\ntemplates: [{ id: t, dialect: customer.io, sms: '{{ snippets.helo }}' }]",
        expect!["t.yaml:2:53: there is no partial `helo`; did you mean `hello`?"],
    );
}

#[test]
fn links_of_other_products_are_ours_and_today_is_the_customers() {
    let klaviyo = "templates: [{ id: t, dialect: klaviyo, sms: 'off: {% unsubscribe_link %}' }]";
    check_sms(klaviyo, json!({}), "off:");
    check_sms(
        "templates: [{ id: t, sms: '{{ today }} {{ now | date: \"%H:%M\" }}' }]",
        json!({"timezone": "Europe/Paris"}),
        "2026-01-01 12:00",
    );
}

#[test]
fn amounts_and_names_of_days_are_in_the_language_of_the_text() {
    let text = "sms: '{{ cart.total_money }} {{ now | date: \"%A %-d %B\" }}'";
    let templates = format!(
        "shop: {{ currency: EUR }}\ntemplates: [{{ id: t, {text} }}, {{ id: t, language: fr, {text} }}]"
    );
    check_sms(&templates, json!({"language": "fr-CA"}), "12,50 € jeudi 1 janvier");
    // Whoever speaks another language reads the text of everybody else.
    check_sms(&templates, json!({"language": "de"}), "€12.50 Thursday 1 January");
}

#[test]
fn a_push_opens_no_script_and_shows_a_picture_of_the_safe_web() {
    check_refused(
        "templates:
  - { id: a, push: { title: a, body: b, link: 'JavaScript:alert(1)' } }
  - { id: b, push: { title: a, body: b, image: 'http://shop.example/a.jpg' } }
  - { id: c, push: { title: a, body: b, link: 'myapp://cart', image: '{{ shop.url }}/a.jpg' } }
  - { id: d, push: { title: a, body: b, link: '/a:b', image: 'https://shop.example/a.jpg' } }",
        expect![
            "t.yaml:2:47: expected a link that opens a page or an app\n\
             t.yaml:3:48: expected the address of a picture, which begins with `https://`"
        ],
    );
}

/// What is doubted of a program whose `send` and whose template have more in them.
fn doubts_of(more: &str, send: &str, template: &str) -> String {
    let definitions = definitions(&format!(
        "segments: [{{ id: s, when: {{ event: any }} }}]
coupons: [{{ id: c, codes: static, code: SAVE }}]
templates: [{{ id: t, {template} }}]
programs:
  - {{ id: p, enter: s, again: never, send: {{ template: t{send} }} }}
{more}"
    ));
    definitions.doubts.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

const FROM: &str = "shop: { from: Shop <a@shop.example> }";

#[test]
fn a_code_that_no_program_gives_and_mail_without_a_way_out_are_doubted() {
    let doubts = |send: &str, template: &str| doubts_of(FROM, send, template);
    assert_eq!(
        doubts("", "sms: 'Use {{ coupon.code }}. STOP'"),
        "test.yaml:5:56: `t` reads `coupon`, and this program gives none; name one in `send` by `coupon:`"
    );
    assert_eq!(doubts(", coupon: c", "sms: 'Use {{ coupon.code }}. STOP'"), "");
    let asked = "sms: '{% if coupon.code %}Use {{ coupon.code }}{% endif %} STOP'";
    assert_eq!(doubts("", asked), "");
    let mail = |text: &str| format!("email: {{ subject: a, html: '{text}' }}");
    assert!(doubts("", &mail("b")).contains("its text has no way out"));
    assert_eq!(doubts(", class: transactional", &mail("b")), "");
    assert_eq!(doubts("", &mail("{{ preferences_url }}")), "");
    let klaviyo = mail("{% unsubscribe_link %}") + ", dialect: klaviyo";
    assert_eq!(doubts("", &klaviyo), "");
}

#[test]
fn a_link_that_confirms_is_doubted_where_there_is_nothing_to_confirm() {
    let doubts = |class: &str| {
        let definitions = definitions(&format!(
            "segments: [{{ id: s, when: {{ event: any }} }}]
templates: [{{ id: t, sms: 'Yes: {{{{ confirm_url }}}}. STOP' }}]
programs:
  - {{ id: p, enter: s, again: never, send: {{ template: t, class: {class} }} }}"
        ));
        definitions.doubts.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(doubts("opt-in"), Vec::<String>::new());
    for class in ["marketing", "transactional"] {
        let doubts = doubts(class);
        assert!(
            doubts[0].starts_with("test.yaml:4:56: `t` has a link by `confirm_url`"),
            "{doubts:?}"
        );
        assert_eq!(doubts.len(), 1);
    }
}

#[test]
fn what_is_written_out_and_nobody_told_is_missing_even_where_it_may_stand() {
    let definitions = definitions(
        "segments: [{ id: s, when: { event: Product Added } }]
programs: [{ id: p, enter: s, again: never, send: { template: t } }]
templates:
  - id: t
    sms: '{{ coupon.code }} {{ coupon.expires }} {{ cart.total_money }} {{ cart.quantity }} {{ customer.nickname }}'",
    );
    let mut life = Life::new(&definitions, "2026-01-01");
    life.event(&is("2026-01-01T08:00:00Z", json!({"nickname": null})));
    let red = json!({"product_id": "red", "name": "Red", "price": "ask us"});
    life.event(&did("Product Added", "2026-01-01T10:00:00Z", red));
    let issued = Issued {
        coupon: CouponId::parse("ten").unwrap(),
        code: Code::parse("TEN-1").unwrap(),
        expires: None,
    };
    let data = Data::of(&life.profile, &life.messages[0], &definitions, &Urls::default(), at(NOW));
    let content = &definitions.templates[&life.messages[0].template];
    let draft = draft(content, Channel::Sms, &data.with_coupon(&issued), at(NOW)).unwrap();
    assert_eq!(draft.written, Written::Sms("TEN-1   1".to_owned()));
    let missing: Vec<&str> = draft.missing.iter().map(|note| note.told.as_str()).collect();
    assert_eq!(missing, ["coupon.expires", "cart.total_money", "customer.nickname"]);
}

#[test]
fn a_mail_names_the_language_that_it_is_for_and_no_other() {
    let mjml = "<mjml><mj-body><mj-section><mj-column><mj-text>Hi</mj-text></mj-column></mj-section></mj-body></mjml>";
    let html = |language: &str| {
        let templates = format!(
            "templates:
  - {{ id: t, email: {{ subject: a, mjml: '{mjml}' }} }}
  - {{ id: t, language: pt-BR, email: {{ subject: a, mjml: '{mjml}' }} }}"
        );
        let told = told(&templates, Channel::Email, json!({"language": language})).unwrap();
        let Written::Email { html, .. } = told.written else { panic!("no mail") };
        html
    };
    assert!(!html("en").contains("lang="), "{}", html("en"));
    assert!(html("pt-BR").contains("lang=\"pt-br\"") && !html("pt-BR").contains("und"));
}

#[test]
fn what_would_not_be_sent_or_not_at_its_hour_is_doubted() {
    let of = |policy: &str, send: &str, channel: &str| {
        let more = format!("{FROM}\npolicy: {{ {policy} }}");
        let told = doubts_of(&more, send, &format!("{channel}: 'Buy! STOP'"));
        told.split('`').next().unwrap_or_default().trim_end().to_owned()
    };
    let night = "quiet_hours: { sms: 20:00-10:00 }";
    let at_night = "test.yaml:5:63: this is within the quiet hours of every channel of the template: \
                    the message goes out when they end";
    assert_eq!(of(night, ", at: '07:00'", "sms"), at_night);
    let late = "test.yaml:5:73: what becomes due as the quiet hours begin, which last 14 hours, is too \
                late when they end, and is not sent";
    assert_eq!(of(night, ", max_lateness: 1h", "sms"), late);
    for send in [
        ", at: '10:00'",
        ", max_lateness: 14h",
        ", at: '07:00', class: transactional",
        ", max_lateness: 1h, class: transactional",
    ] {
        assert_eq!(of(night, send, "sms"), "", "{send}");
    }
    assert_eq!(of("quiet_hours: { email: 20:00-10:00 }", ", at: '07:00'", "sms"), "");
    assert_eq!(of("topics: [{ id: news }]", ", topic: news", "sms"), "");
    assert_eq!(of("learn: true", ", topic: news", "sms"), "test.yaml:5:66:");
}

#[test]
fn days_on_which_a_channel_waits_for_midnight_are_doubted() {
    let of = |policy: &str| {
        let definitions = definitions(&format!("policy: {{ {policy} }}"));
        definitions.doubts.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    let told = "test.yaml:1:21: what waits for the next day goes by email as soon as it begins, at \
                midnight; give email `quiet_hours`";
    assert_eq!(of("weekdays: [mon, tue]"), told);
    assert_eq!(of("closed: [12-25]").split(':').nth(2), Some("19"));
    for policy in [
        "weekdays: [mon, tue], quiet_hours: 20:00-08:00",
        "weekdays: { sms: [mon] }, quiet_hours: { sms: 20:00-08:00 }",
        "weekdays: [mon, tue, wed, thu, fri, sat, sun]",
        "closed: [12-25], quiet_hours: 20:00-08:00",
    ] {
        assert_eq!(of(policy), "", "{policy}");
    }
}

#[test]
fn a_text_message_that_sells_and_says_no_stop_and_mail_of_nobody_are_doubted() {
    let stop = "`t` is marketing, and its text message does not say how to end it";
    assert!(doubts_of("", "", "sms: Buy!").contains(stop));
    let partial = "partials: { end: Reply STOP }";
    for (more, send, text) in [
        ("", "", "Buy! Stop 36111"),
        ("", "", "Buy! {{ unsubscribe_url }}"),
        (partial, "", "Buy! {% render \"end\" %}"),
        ("", ", class: transactional", "Thanks"),
    ] {
        assert_eq!(doubts_of(more, send, &format!("sms: '{text}'")), "", "{text}");
    }
    let mail = "email: { subject: a, html: '{{ unsubscribe_url }}' }";
    assert!(doubts_of("", "", mail).contains("`shop.from` does not say who sends it"));
    assert_eq!(doubts_of(FROM, "", mail), "");
}

#[test]
fn a_partial_that_renders_itself_and_a_link_that_runs_a_script_are_refused() {
    check_refused(
        "templates: [{ id: t, sms: \"{% render 'a' %}\" }]
partials:
  a: \"{% render 'b' %}\"
  b: \"B {% include 'a' %}\"
  c: \"{% render 'c' %}\"",
        expect![
            "t.yaml:3:17: the partial `a` renders itself here, without an end\n\
             t.yaml:4:20: the partial `b` renders itself here, without an end\n\
             t.yaml:5:17: the partial `c` renders itself here, without an end"
        ],
    );
    check_refused(
        r#"templates:
  - id: t
    email:
      subject: a
      html: |
        <a href='javascript:a()'>a</a> <a HREF = "JavaScript:a()">a</a>
        <a href=data:text/html,a>a</a> <a href='https://x.example/javascript:'>a</a>"#,
        expect![
            "t.yaml:6:18: expected a link that opens a page\n\
             t.yaml:6:51: expected a link that opens a page\n\
             t.yaml:7:17: expected a link that opens a page"
        ],
    );
}
