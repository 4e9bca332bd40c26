//! Templates as people break them, and what they are told: what is wrong, where, and what to write.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use attune_domain::definitions::{Definitions, Lineage};
use expect_test::{Expect, expect};

/// What is said about each of these texts. Columns are those of the text, and its line is the fourth.
#[track_caller]
fn check(texts: &[&str], expected: Expect) {
    let told = texts.iter().map(|text| {
        let source = format!("templates:\n- id: t\n  sms: |\n    {text}\n");
        let told = match Definitions::read(&[("t.yaml", &source)], &Lineage::default()) {
            Ok(definitions) => definitions.doubts,
            Err(mistakes) => mistakes,
        };
        let told = told
            .iter()
            .map(|mistake| format!("    {}: {}\n", mistake.place.column - 4, mistake.wrong));
        format!("{text}\n{}", told.collect::<String>())
    });
    expected.assert_eq(&told.collect::<String>());
}

#[test]
fn slips_of_the_pen() {
    let texts = [
        "Hi {{ customer.first_name | captialize }}",
        "{% if customer.vip %}Thank you",
        "{% if customer.vip Thank you {% endif %}",
        "{% if customer.vip %}Hi{%endfor %}",
        "Hi {{ customer.first_name, welcome to {{ shop.name }}",
        "Hi {{ customer.first_name | default: 'you }}",
        "Hi {{ customer.first_name | default 'you' }}",
        "Hi {{ first name }}",
        "Hi {{ fname }}",
        "{% for item in cart.items %}{{ item.nam }}{% endfor %}",
        "{% for item in cart.itmes %}{{ item.nam }}{% endfor %}",
        "{% assign lines = cart.itmes %}{{ lines[0].name }}",
        "Hi {{ customer.frist_name }}, {{ customer.emails[0] }}, {{ customer.nickname }}",
        "{% include \"footer\" %}",
    ];
    check(
        &texts,
        expect![[r#"
        Hi {{ customer.first_name | captialize }}
            29: unknown filter `captialize`, did you mean `capitalize`?
        {% if customer.vip %}Thank you
            1: `if` is never closed with `endif`
        {% if customer.vip Thank you {% endif %}
            1: `{%` is never closed with `%}`
        {% if customer.vip %}Hi{%endfor %}
            24: expected `endif` to close the `if` of line 4, found `endfor`
        Hi {{ customer.first_name, welcome to {{ shop.name }}
            4: `{{` is never closed with `}}`
        Hi {{ customer.first_name | default: 'you }}
            38: the text that begins here is never closed with `'`
        Hi {{ customer.first_name | default 'you' }}
            37: expected `:` before what a filter takes, found `'you'`
        Hi {{ first name }}
            13: a name has no space in it, as `first_name`, and before a filter stands `|`
        Hi {{ fname }}
            7: there is no variable `fname`; what is known of the customer is read as `customer.fname`
        {% for item in cart.items %}{{ item.nam }}{% endfor %}
            32: there is no variable `item.nam`; did you mean `item.name`?
        {% for item in cart.itmes %}{{ item.nam }}{% endfor %}
            16: there is no variable `cart.itmes`; did you mean `cart.items`?
        {% assign lines = cart.itmes %}{{ lines[0].name }}
            19: there is no variable `cart.itmes`; did you mean `cart.items`?
        Hi {{ customer.frist_name }}, {{ customer.emails[0] }}, {{ customer.nickname }}
            7: a trait `frist_name` is not one that clients tell by themselves; did you mean `customer.first_name`?
        {% include "footer" %}
            12: there is no partial `footer`; partials are defined under `partials:`
    "#]],
    );
}

#[test]
fn words_of_other_languages() {
    let texts = [
        "{% if customer.city = 'Paris' %}Bonjour{% endif %}",
        "{% if customer.city == 'Paris' && customer.vip %}Bonjour{% endif %}",
        "{% if not customer.vip %}Hi{% elseif customer.age %}Hey{% endif %}",
        "{% foreach item in cart.items %}{{ item.name }}{% endforeach %}",
        "Hi {{ customer.first_name || 'you' }}",
        "Hi {{ customer.first_name | default('you') }}",
        "{% if {{ customer.vip }} %}Hi{% endif %}",
        "{{#if customer.vip}}Hi{{else}}Hey{{/if}}",
    ];
    check(
        &texts,
        expect![[r"
        {% if customer.city = 'Paris' %}Bonjour{% endif %}
            21: write `==` instead of `=`
        {% if customer.city == 'Paris' && customer.vip %}Bonjour{% endif %}
            32: write `and` instead of `&&`
        {% if not customer.vip %}Hi{% elseif customer.age %}Hey{% endif %}
            7: write `unless` instead of `not`
            28: unknown tag `elseif`, did you mean `elsif`?
        {% foreach item in cart.items %}{{ item.name }}{% endforeach %}
            1: unknown tag `foreach`, did you mean `for`?
        Hi {{ customer.first_name || 'you' }}
            27: write `| default:` instead of `||`
        Hi {{ customer.first_name | default('you') }}
            36: expected `:` before what a filter takes, found `(`
        {% if {{ customer.vip }} %}Hi{% endif %}
            7: between `{%` and `%}` a name stands as it is, without `{{` and `}}`
        {{#if customer.vip}}Hi{{else}}Hey{{/if}}
            1: `#if` is a tag, write `{% if … %}`
            23: `else` is a tag, write `{% else %}`
            34: `/if` is a tag, write `{% endif %}`
    "]],
    );
}

#[test]
fn what_editors_make_of_it() {
    let texts = [
        "Hi {{ customer.first_name | default: “you” }}",
        "Hi {{ customer.first_name | default: &quot;you&quot; }}",
        "{% if customer.points &gt; 10 %}gold{% endif %}",
        "Hi {{&nbsp;customer.first_name }}",
        "Hi {{ <b>customer.first_name</b> }}",
        "Hi { { customer.first_name }}",
    ];
    check(
        &texts,
        expect![[r"
        Hi {{ customer.first_name | default: “you” }}
            38: write `'` instead of `“`
        Hi {{ customer.first_name | default: &quot;you&quot; }}
            38: write `'` instead of `&quot;`
        {% if customer.points &gt; 10 %}gold{% endif %}
            23: write `>` instead of `&gt;`
        Hi {{&nbsp;customer.first_name }}
            6: write a space instead of `&nbsp;`
        Hi {{ <b>customer.first_name</b> }}
            7: `<b>` is HTML, which stands before or after `{{ … }}` and `{% … %}`, not within
        Hi { { customer.first_name }}
            4: `{ {` is text, which is sent as it stands; write `{{` for Liquid
    "]],
    );
}

#[test]
fn templates_of_other_products() {
    let texts = [
        "Hi {{${first_name} | default: 'you'}}",
        "Size {{custom_attribute.${size}}}",
        "{% connected_content https://a.example/x :save r %}",
        "Hi {{ person|lookup:'Size' }}, {% unsubscribe_link %}",
        "{% unsubscribe 'off' %}",
        "{{${set_user_to_unsubscribed_url}}}",
        "Total {{ cart.total | money }}",
        "Hi {{ contact.first_name }}",
        "Hi *|FNAME|*",
        "Hi %%first_name%%",
        "Hi {first_name}",
        "Hi @FIRSTNAME@",
    ];
    check(
        &texts,
        expect![[r"
        Hi {{${first_name} | default: 'you'}}
            4: `${…}` belongs to Braze; choose the dialect `braze`
        Size {{custom_attribute.${size}}}
            25: `${…}` belongs to Braze; choose the dialect `braze`
        {% connected_content https://a.example/x :save r %}
            1: `connected_content` is not available: a template fetches nothing while it is rendered, put the content into the data
        Hi {{ person|lookup:'Size' }}, {% unsubscribe_link %}
            14: `lookup` belongs to Klaviyo; choose the dialect `klaviyo`
            32: `unsubscribe_link` belongs to Klaviyo; choose the dialect `klaviyo`, or write `{{ unsubscribe_url }}`
        {% unsubscribe 'off' %}
            1: `unsubscribe` is not available: write a link to the address that the product puts into the data: `{{ unsubscribe_url }}`, or `{{ preferences_url }}`
        {{${set_user_to_unsubscribed_url}}}
            1: `${…}` belongs to Braze; choose the dialect `braze`, or write `{{ unsubscribe_url }}`
        Total {{ cart.total | money }}
            23: `money` belongs to Braze and Shopify; choose the dialect `braze` or `shopify`, or read an amount as it is written out: `cart.total_money`, `item.price_money`
        Hi {{ contact.first_name }}
            7: there is no variable `contact.first_name`; did you mean `customer.first_name`?
        Hi *|FNAME|*
            4: `*|FNAME|*` is Mailchimp's, and here a text that is sent as it stands; write `{{ customer.first_name }}`
        Hi %%first_name%%
            4: `%%first_name%%` is Salesforce's, and here a text that is sent as it stands; write `{{ customer.first_name }}`
        Hi {first_name}
            4: `{first_name}` is another language's, and here a text that is sent as it stands; write `{{ customer.first_name }}`
        Hi @FIRSTNAME@
            4: `@FIRSTNAME@` is Dotdigital's, and here a text that is sent as it stands; choose the dialect `dotdigital`
    "]],
    );
}
