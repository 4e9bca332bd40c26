//! Templates in the manner of other products: each prints what its author expects there.

use attune_liquid::{
    Dialect, Escape, Numbers, ParseOptions, Problem, RenderError, RenderInput, Template,
    UnixMillis, Value,
};

fn render(dialect: Dialect, source: &str, data: &str) -> Result<String, RenderError> {
    let data: Value = serde_json::from_str(data).unwrap_or_default();
    let options = ParseOptions::default().dialect(dialect);
    let template =
        Template::parse(source, &options).unwrap_or_else(|errors| unreachable!("{errors}"));
    let now = UnixMillis(1_780_000_000_000);
    let input = RenderInput::new(&data, now).escape(Escape::None).numbers(Numbers::Plain);
    template.render(&input).map(|rendered| rendered.text)
}

#[track_caller]
fn check(dialect: Dialect, source: &str, data: &str, expected: &str) {
    assert_eq!(render(dialect, source, data).as_deref(), Ok(expected), "{source}");
}

/// The message with which both modes refuse a template.
#[track_caller]
fn refused(dialect: Dialect, source: &str) -> String {
    let [strict, lax] = [ParseOptions::default(), ParseOptions::lax()].map(|options| {
        let Err(errors) = Template::parse(source, &options.dialect(dialect)) else {
            return String::new();
        };
        assert!(
            errors.iter().any(|error| matches!(error.problem, Problem::Refused { .. })),
            "{errors}"
        );
        errors.to_string()
    });
    assert!(!strict.is_empty() && !lax.is_empty(), "{source} is accepted");
    strict
}

const BRAZE: &str = r#"{
    "first_name": "Ada", "language": "de", "hash": { "a": 42 }, "city": null,
    "custom_attribute": { "points": 17.8, "Brands Viewed": ["Nike", "Converse"], "gift": 5 }
}"#;

#[test]
fn braze_names_stand_in_dollars_and_braces() {
    let check = |source, expected| check(Dialect::Braze, source, BRAZE, expected);
    check("Hi {{${first_name} | default: 'you'}}!", "Hi Ada!");
    check("Hi {{ ${city} | default: 'you' }}", "Hi you");
    check("{{custom_attribute.${points} | money}}", "17.80");
    check(
        "{% if ${language} == 'de' %}Hallo{% elsif ${language} == 'fr' %}Salut{% endif %}",
        "Hallo",
    );
    check("{% if {{custom_attribute.${points}}} > 0 %}yes{% endif %}", "yes");
    check(
        "{% assign gift = {{custom_attribute.${gift}}} %}{{custom_attribute.${points} | plus: {{gift}}}}",
        "22.8",
    );
    check(
        "{% for b in {{custom_attribute.${Brands Viewed}}} limit:5 %}{% if {{b}} contains 'Conv' %}{{b}}{% endif %}{% endfor %}",
        "Converse",
    );
}

#[test]
fn braze_filters_give_the_documented_results() {
    let check = |source, expected| check(Dialect::Braze, source, BRAZE, expected);
    check("{{'hey' | md5}}", "6057f13c496ecf7fd777ceb9e79ae285");
    check("{{'hey' | sha1}}", "7f550a9f4c44173a37664d938f1355f0f92a47a7");
    check("{{'hey' | sha2}}", "fa690b82061edfd2852629aeba8a8977b57e40fcb77d1a7a28b26cba62591204");
    check("{{'hey' | hmac_sha1_hex: 'secret_key'}}", "2a3969bed25bfeefb00aca4063eb9590b4df8f0e");
    check("{{'hey' | hmac_sha1_base64: 'secret_key'}}", "KjlpvtJb/u+wCspAY+uVkLTfjw4=");
    check(
        "{{'hey' | hmac_sha256_hex: 'secret_key'}}",
        "8df897f8da3d7992fe57c8dbc6f27578cfbf2dcc4d0fbb4000b8c924841d508e",
    );
    check(
        "{{'hey<>hi' | url_escape}} {{'hey<&>hi' | url_param_escape}}",
        "hey%3C%3Ehi hey%3C%26%3Ehi",
    );
    check("{{hash | property_accessor: 'a'}} {{ 123456 | number_with_delimiter }}", "42 123,456");
    check(r#"{{ 'say "hi"\' | json_escape }}"#, r#"say \"hi\"\\"#);
    check(
        "{{ '2021-08-04 9:00:00 UTC' | time_zone: 'America/Los_Angeles' | date: '%a %b %-d %T' }}",
        "Wed Aug 4 02:00:00",
    );
}

#[test]
fn a_braze_template_can_ask_not_to_be_sent() {
    let source = "Hi{% if ${city} == blank %}{% abort_message('no city') %}{% endif %}";
    let aborted = RenderError::Aborted { message: "no city".to_owned() };
    assert_eq!(render(Dialect::Braze, source, BRAZE), Err(aborted));
    let silent = RenderError::Aborted { message: String::new() };
    assert_eq!(render(Dialect::Braze, "{% abort_message() %}", BRAZE), Err(silent.clone()));
    assert_eq!(render(Dialect::Braze, "{% abort_message %}", BRAZE), Err(silent));
}

#[test]
fn what_fetches_or_draws_is_refused_with_a_reason_in_both_modes() {
    let told =
        refused(Dialect::Braze, "a\n {% connected_content https://a.example/b :save r %}{{r}}");
    assert_eq!(
        told,
        "line 2, column 2: `connected_content` is not available: a template fetches nothing while it is rendered, put the content into the data"
    );
    refused(
        Dialect::Klaviyo,
        "{% catalog id unique='x' %}{{ catalog_item.title }}{% endcatalog %}",
    );
    refused(Dialect::Klaviyo, "{% coupon_code 'SUMMER' %}");
    refused(Dialect::Shopify, "{{ product.image | img_url: '200x' }}");
    refused(Dialect::CustomerIo, "{% random 10 %}");
}

#[test]
fn customer_io_links_are_tags() {
    let data = r#"{ "unsubscribe_url": "https://u.example", "customer": { "plan": "basic plan", "id": 7 } }"#;
    let check = |source, expected| check(Dialect::CustomerIo, source, data, expected);
    check("<a href=\"{% unsubscribe_url %}\">off</a>", "<a href=\"https://u.example\">off</a>");
    check(
        "{{ customer.plan | titlecase }} {{ customer.id | md5 }}",
        "Basic Plan 8f14e45fceea167a5a36dedd4bea2543",
    );
    check("{{ 0 | timezone: 'Asia/Tokyo' | date: '%H:%M %z' }}", "09:00 +0900");
    check(
        "{{ '2026-01-31' | add_month: 1 | date: '%F' }} {{ '2026-01-01' | subtract_day: 1 | date: '%F' }}",
        "2026-02-28 2025-12-31",
    );
    check("{{ customer | to_json }}", r#"{"plan":"basic plan","id":7}"#);
}

#[test]
fn shopify_money_counts_in_cents() {
    let check = |source, expected| check(Dialect::Shopify, source, "{}", expected);
    check("{{ 113465 | money }}", "$1,134.65");
    check("{{ 1045 | money_with_currency }}", "$10.45 USD");
    check("{{ 1045 | money_without_currency }}", "10.45");
    check(
        "{{ 1000 | money_without_trailing_zeros }} {{ 1045 | money_without_trailing_zeros }}",
        "$10 $10.45",
    );
    for (format, whole, cents) in [
        ("${{amount}}", "$1,000", "$2,005.50"),
        ("€{{amount_with_comma_separator}}", "€1.000", "€2.005,50"),
        ("¥{{amount_no_decimals}}", "¥1,000", "¥2,006"),
        ("{{amount_with_apostrophe_separator}} CHF", "1'000 CHF", "2'005.50 CHF"),
        ("{{ amount_with_space_separator }} kr", "1 000 kr", "2 005,50 kr"),
    ] {
        let data = format!(r#"{{"shop": {{"money_format": "{format}"}}}}"#);
        let source = "{{ 100000 | money_without_trailing_zeros }}|{{ 200550 | money_without_trailing_zeros }}";
        self::check(Dialect::Shopify, source, &data, &format!("{whole}|{cents}"));
    }
    check(
        "{{ 2 | pluralize: 'item', 'items' }} {{ 'Big Sale, now!' | handleize }}",
        "items big-sale-now",
    );
}

#[test]
fn shopify_money_goes_by_the_format_of_the_shop() {
    let shop = |format: &str| format!(r#"{{ "shop": {{ "money_format": "{format}" }} }}"#);
    let source = "{{ 113465 | money }}";
    check(Dialect::Shopify, source, &shop("{{amount_with_comma_separator}} €"), "1.134,65 €");
    check(Dialect::Shopify, source, &shop("Rs. {{ amount_no_decimals }}"), "Rs. 1,135");
    check(Dialect::Shopify, source, &shop("free"), "free");
}

#[test]
fn klaviyo_is_read_as_django() {
    let data = r#"{
        "person": { "First Name": "ada", "Points": 200 }, "price": 34.26, "none": null, "zero": 0,
        "event": { "Items": ["a", "b", "c", "d"] }, "when": "2026-03-14T09:05:00Z"
    }"#;
    let check = |source, expected| check(Dialect::Klaviyo, source, data, expected);
    check("{{ person|lookup:'First Name'|title }}{{ person|lookup:'Last'|default:'!' }}", "Ada!");
    check(
        "{% if person|lookup:'Points' > 150 and not none %}VIP{% elif zero %}z{% else %}new{% endif %}",
        "VIP",
    );
    check(
        "{{ price|floatformat }} {{ price|floatformat:2 }} {{ 34.0|floatformat }} {{ 34|floatformat:2 }}",
        "34.3 34.26 34 34.00",
    );
    check(
        "{{ event.Items|slice:':2'|join:', ' }} {{ event.Items|slice:'-1:' }} {{ 'abcdef'|slice:'2:4' }}",
        "a, b d cd",
    );
    check(
        "{{ when|date:'F j, Y' }} {{ when|date:'%d.%m.' }} {{ zero|default:'none' }}",
        "March 14, 2026 14.03. none",
    );
    check("{% for i in event.Items %}{{ forloop.counter }}{% empty %}nothing{% endfor %}", "1234");
    check(
        "{% for i in none %}x{% empty %}nothing{% endfor %} item{{ 2|pluralize }} cherr{{ 1|pluralize:'y,ies' }}",
        "nothing items cherry",
    );
    check("{{ 'A'|lower }}{{ 'b'|upper }}{{ event.Items|length }}{{ 6|divide:2 }}", "aB43");
}

#[test]
fn what_a_lookup_leads_to_is_told_as_a_path() {
    let paths = |dialect, source| {
        let options = ParseOptions::default().dialect(dialect);
        let template =
            Template::parse(source, &options).unwrap_or_else(|errors| unreachable!("{errors}"));
        let data = Value::object([("person", Value::object([("x", Value::Nil)]))]);
        let rendered = template.render(&RenderInput::new(&data, UnixMillis(0)));
        let told = |variables: Vec<attune_liquid::Variable>| {
            let paths: Vec<String> = variables.into_iter().map(|variable| variable.path).collect();
            paths.join(" ")
        };
        let missing = rendered.map(|rendered| rendered.missing).unwrap_or_default();
        (told(template.variables()), told(missing))
    };
    let told = |read: &str, missing: &str| (read.to_owned(), missing.to_owned());
    assert_eq!(
        paths(Dialect::Klaviyo, "{{ person|lookup:'Points'|lookup:'x' }}{{ person.a|lookup:b }}"),
        told("person.Points.x person.a b", "person.Points person.a b")
    );
    assert_eq!(
        paths(
            Dialect::Klaviyo,
            "{{ person|lookup:'a'|default:'x' }}{% if person|lookup:'b' %}{% endif %}"
        ),
        told("person.a person.b", "")
    );
    assert_eq!(
        paths(Dialect::Braze, "{{ person | property_accessor: 'a' }}"),
        told("person.a", "person.a")
    );
}

#[test]
fn dotdigital_outputs_stand_between_fences_and_names_between_ats() {
    let data = r#"{ "contact": { "data": { "firstname": "Ada", "total": 9.5 } } }"#;
    let check = |source, expected| check(Dialect::Dotdigital, source, data, expected);
    check("Dear ####{{ contact.data.firstname }}####, #### stays", "Dear Ada, #### stays");
    check("Dear @FIRSTNAME@, ask us@shop.example or @ME", "Dear Ada, ask us@shop.example or @ME");
    check("{% if contact.data.total > 9 %}@TOTAL@{% endif %}", "9.5");
}

#[test]
fn a_dialect_is_off_unless_it_is_chosen() {
    for source in [
        "{{ ${first_name} }}",
        "{{ 1 | money }}",
        "{% unsubscribe_url %}",
        "{{ a | lookup: 'b' }}",
        "{% abort_message %}",
    ] {
        assert!(Template::parse(source, &ParseOptions::default()).is_err(), "{source}");
    }
}

#[test]
fn money_without_a_format_is_in_the_currency_of_the_shop() {
    for (currency, expected) in [
        ("EUR", "€1.134,65 €1.134,65 EUR"),
        ("gbp", "£1,134.65 £1,134.65 GBP"),
        ("CHF", "1,134.65 CHF 1,134.65 CHF"),
    ] {
        let options = ParseOptions::default().dialect(Dialect::Shopify);
        let source = "{{ 113465 | money }} {{ 113465 | money_with_currency }}";
        let template = Template::parse(source, &options).unwrap();
        let shop = Value::object([("currency", Value::from(currency))]);
        let data = Value::object([("shop", shop)]);
        let rendered = template.render(&RenderInput::new(&data, UnixMillis(0))).unwrap();
        assert_eq!(rendered.text, expected, "{currency}");
    }
}

#[test]
fn content_blocks_and_snippets_are_partials() {
    let footer = Template::parse("Bye {{ name }} & co", &ParseOptions::default()).unwrap();
    let partials = std::collections::BTreeMap::from([("footer".to_owned(), footer)]);
    let data = Value::object([("name", Value::from("<Ada>"))]);
    let input = RenderInput::new(&data, UnixMillis(0)).partials(&partials);
    for (dialect, source) in [
        (Dialect::Braze, "{{content_blocks.${footer}}}"),
        (Dialect::Braze, "{{content_blocks.${footer} | id: 'cb12'}}"),
        (Dialect::CustomerIo, "{{ snippets.footer }}"),
        (Dialect::CustomerIo, "{{ snippets['footer'] }}"),
    ] {
        let template = Template::parse(source, &ParseOptions::default().dialect(dialect)).unwrap();
        assert_eq!(template.render(&input).unwrap().text, "Bye &lt;Ada&gt; & co", "{source}");
        assert_eq!(template.partials(), ["footer".into()], "{source}");
    }
    let plain = Template::parse("{{ snippets.footer }}", &ParseOptions::default()).unwrap();
    assert_eq!(plain.partials(), [""; 0].map(std::sync::Arc::from));
}

#[test]
fn klaviyo_finds_items_by_a_dot_and_asks_what_is_in_a_list() {
    let data = r#"{ "items": [{ "name": "Mug" }, { "name": "Bag" }], "tags": ["a"], "nested": [[1, 2], [3]] }"#;
    let check = |source, expected| check(Dialect::Klaviyo, source, data, expected);
    check("{{ items.0.name }} {{ items.1.name|lower }} {{ nested.0.1 }}", "Mug bag 2");
    check(
        "{% if 'a' in tags %}yes{% endif %}{% if 'b' not in tags and not items.5 %}no{% endif %}",
        "yesno",
    );
}

#[test]
fn klaviyo_writes_the_day_and_prices_in_the_currency_of_the_shop() {
    let data = r#"{ "price": 1134.5, "shop": { "currency": "EUR" } }"#;
    let check = |source, expected| check(Dialect::Klaviyo, source, data, expected);
    check("{% today %} {% today '%B %d' as day %}{{ day }}.", "2026-05-28 May 28.");
    check("{% current_day %} {% current_weekday %} {% current_month %}", "28 Thursday 5");
    check("{% current_month_name %} {% current_year %}", "May 2026");
    check("{% currency_format price %} {{ price|currency_format:'USD' }}", "€1.134,50 $1,134.50");
}

#[test]
fn shopify_dates_have_words_for_their_formats() {
    let check = |word: &str, expected| {
        let source = format!("{{{{ '2018-12-31 19:00 -0500' | date: format: '{word}' }}}}");
        check(Dialect::Shopify, &source, "{}", expected);
    };
    check("abbreviated_date", "Dec 31, 2018");
    check("basic", "12/31/2018");
    check("date", "December 31, 2018");
    check("date_at_time", "December 31, 2018 at 7:00 pm");
    check("default", "Monday, December 31, 2018 at 7:00 pm -0500");
    check("on_date", "on Dec 31, 2018");
    check("%Y", "2018");
    let unknown = "{{ '2018-12-31' | date: format: 'short' }}";
    let error = render(Dialect::Shopify, unknown, "{}").unwrap_err();
    assert_eq!(error.to_string(), "line 1, column 19: `date`: unknown date format `short`");
}
