//! What the messages say.

use expect_test::expect;
use serde_json::json;

use super::{FILES, pack, read};
use crate::channel::Channel;
use crate::content::{Data, Written, write};
use crate::definitions::{Definitions, Lineage};
use crate::link::Urls;
use crate::membership::Membership;
use crate::message::Cause;
use crate::message::Class;
use crate::testing::{Life, at, did, is};

const NOW: &str = "2026-01-10T12:00:00Z";
const CONFIRM: &str = "https://links.example/o/a.b";
const UNSUBSCRIBE: &str = "mailto:hello@shop.example.com?subject=unsubscribe%20msg_1&x=1";

/// Somebody of whom we know much, with `items` different things in the basket.
fn rich(pack: &Definitions, items: usize) -> Life<'_> {
    let mut life = Life::new(pack, "2026-01-01");
    let traits = json!({"email": "ada@example.com", "firstName": "Ada <3", "country": "GB"});
    life.event(&is("2026-01-01T08:00:00Z", traits));
    let names = ["Red Burgundy 2022", "Corkscrew", "Decanter <large> & stopper"];
    for at in 0..items {
        let name = names.get(at).map_or_else(|| format!("Glass {at}"), |name| (*name).to_owned());
        let product = json!({"product_id": at, "name": name, "price": "12.50", "quantity": 1 + at % 2,
            "image_url": if at == 0 { "https://cdn.example.com/red.jpg" } else { "javascript:alert(1)" }});
        life.event(&did("Product Added", &format!("2026-01-10T10:{at:02}:00Z"), product));
    }
    life
}

/// Somebody with nothing but an address, and one thing in the basket of which we know the id alone.
fn bare(pack: &Definitions) -> Life<'_> {
    let mut life = Life::new(pack, "2026-01-01");
    life.event(&is("2026-01-01T08:00:00Z", json!({"email": "ada@example.com"})));
    life.event(&did("Product Added", "2026-01-10T10:00:00Z", json!({"product_id": "sku-1"})));
    life
}

#[track_caller]
fn written(life: &Life<'_>, program: &str, channel: Channel) -> Written {
    let program = life.definitions.program(program).unwrap();
    let segment = &life.definitions.segments[program.segment];
    let entry = Membership { inside: true, ordinal: 1, since: at(NOW) };
    let message =
        program.message(&life.profile.id, &life.profile.core, segment, entry, Cause::Event);
    let urls = Urls {
        unsubscribe: UNSUBSCRIBE.to_owned(),
        confirm: CONFIRM.to_owned(),
        ..Urls::default()
    };
    let data = Data::of(&life.profile, &message, life.definitions, &urls, at(NOW));
    write(&life.definitions.templates[&program.template], channel, &data, at(NOW)).unwrap()
}

fn mail(life: &Life<'_>, program: &str) -> [String; 3] {
    let Written::Email { subject, html, text } = written(life, program, Channel::Email) else {
        panic!()
    };
    [subject, html, text]
}

fn sms(life: &Life<'_>, program: &str) -> String {
    let Written::Sms(text) = written(life, program, Channel::Sms) else { panic!() };
    text
}

fn push(life: &Life<'_>, program: &str) -> [String; 3] {
    let Written::Push { title, body, link, .. } = written(life, program, Channel::Push) else {
        panic!()
    };
    [title, body, link.unwrap()]
}

fn programs(pack: &Definitions) -> Vec<&str> {
    let selling = pack.programs.iter().filter(|program| program.class == Class::Marketing);
    selling.map(|program| program.id.as_str()).collect()
}

/// Characters of the GSM 7-bit alphabet (3GPP TS 23.038), and those that take two places in it.
const GSM_7: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡\
    ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
const GSM_7_TWICE: &str = "^{}\\[~]|€";

/// The places a text takes in one SMS, of which there are 160.
#[track_caller]
fn places(text: &str) -> usize {
    let places = |c: char| match (GSM_7.contains(c), GSM_7_TWICE.contains(c)) {
        (true, _) => 1,
        (_, true) => 2,
        _ => panic!("`{c}` is not in the alphabet of SMS: {text}"),
    };
    text.chars().map(places).sum()
}

#[test]
fn every_sms_fits_into_one_and_says_how_to_stop() {
    let pack = pack();
    let mut told = String::new();
    for life in [rich(&pack, 3), bare(&pack)] {
        for program in programs(&pack) {
            let text = sms(&life, program);
            assert!(text.contains("https://shop.example.com") && text.contains("STOP"), "{text}");
            told = format!("{told}{} {text}\n", places(&text));
            assert!(places(&text) <= 160, "{text}");
        }
    }
    expect![[r"
        136 Example Shop: thank you for signing up, it is good to have you here. Have a look around: https://shop.example.com Reply STOP to opt out.
        136 Example Shop: thank you for your first order with us! If anything is not right, tell us: https://shop.example.com Reply STOP to opt out.
        142 Example Shop: it has been a while! If you would like to see what is new, you are very welcome: https://shop.example.com Reply STOP to opt out.
        131 Example Shop: thank you for coming back to us again and again. Here is what is new: https://shop.example.com Reply STOP to opt out.
        120 Example Shop: you left Red Burgundy 2022 and 3 more in your basket: https://shop.example.com/cart Reply STOP to opt out.
        136 Example Shop: thank you for signing up, it is good to have you here. Have a look around: https://shop.example.com Reply STOP to opt out.
        136 Example Shop: thank you for your first order with us! If anything is not right, tell us: https://shop.example.com Reply STOP to opt out.
        142 Example Shop: it has been a while! If you would like to see what is new, you are very welcome: https://shop.example.com Reply STOP to opt out.
        131 Example Shop: thank you for coming back to us again and again. Here is what is new: https://shop.example.com Reply STOP to opt out.
        101 Example Shop: you left something in your basket: https://shop.example.com/cart Reply STOP to opt out.
    "]].assert_eq(&told);
}

#[test]
fn an_sms_of_a_shop_with_a_longer_name_fits_too() {
    let settings = FILES[0].1.replace("Example Shop", "The Old Wine Company");
    let settings = settings.replace("https://shop.example.com", "https://www.old-wine.example");
    let files: Vec<_> = FILES
        .iter()
        .map(|(name, text)| (*name, if *name == FILES[0].0 { settings.as_str() } else { text }))
        .collect();
    let pack = read(&files, &Lineage::default().next());
    let mut life = rich(&pack, 12);
    let long =
        json!({"products": [{"product_id": 1, "name": "Red ".repeat(30)}, {"product_id": 2}]});
    life.event(&did("Checkout Started", "2026-01-10T11:00:00Z", long));
    for program in programs(&pack) {
        let text = sms(&life, program);
        assert!(text.contains("The Old Wine Company") && places(&text) <= 160, "{text}");
        let [title, body, _] = push(&life, program);
        assert!(title.chars().count() <= 50 && body.chars().count() <= 120, "{title}: {body}");
    }
}

#[test]
fn every_push_fits_on_a_locked_screen_and_leads_to_the_shop() {
    let pack = pack();
    let mut told = String::new();
    for life in [rich(&pack, 3), bare(&pack)] {
        for program in programs(&pack) {
            let [title, body, link] = push(&life, program);
            assert!(title.chars().count() <= 50 && body.chars().count() <= 120, "{title}: {body}");
            assert!(link.starts_with("https://shop.example.com"), "{link}");
            told = format!("{told}{title} | {body}\n");
        }
    }
    expect![[r"
        Welcome to Example Shop | It is good to have you here. Tap to have a look around.
        Thank you for your first order | If anything is not as you wished, tell us and we will sort it out.
        It has been a while | Would you like to see what is new at Example Shop? You are very welcome.
        Thank you for coming back | You know us better than most. Tap to see what is new.
        4 things still in your basket | Red Burgundy 2022 and 3 more. Tap to carry on where you left off.
        Welcome to Example Shop | It is good to have you here. Tap to have a look around.
        Thank you for your first order | If anything is not as you wished, tell us and we will sort it out.
        It has been a while | Would you like to see what is new at Example Shop? You are very welcome.
        Thank you for coming back | You know us better than most. Tap to see what is new.
        Still in your basket | Tap to carry on where you left off.
    "]].assert_eq(&told);
}

#[test]
fn a_cart_mail_shows_the_very_items() {
    let pack = pack();
    let [subject, html, text] = mail(&rich(&pack, 3), "cart-reminder");
    expect![[r"
        You left 4 things in your basket

        Hello Ada <3,

        You left these in your basket:

        Item | Quantity | Price
        Red Burgundy 2022 | 1 | $12.50
        Corkscrew | 2 | $25.00
        Decanter <large> & stopper | 1 | $12.50
        Total | 4 | $50.00

        If you were called away, you can carry on from here:

        Go to your basket (https://shop.example.com/cart)

        If something held you back, a size, the delivery, anything at all, reply to
        this e-mail and ask. And if you changed your mind, that is fine too.

        Example Shop
        https://shop.example.com

        You get this e-mail because you allowed Example Shop to write to you. If you
        would rather not hear from us, unsubscribe
        (mailto:hello@shop.example.com?subject=unsubscribe%20msg_1&x=1).
    "]]
    .assert_eq(&format!("{subject}\n\n{text}"));
    assert!(html.contains("Decanter &lt;large&gt; &amp; stopper"), "{html}");
    assert_eq!(html.matches("<img ").count(), 1, "only pictures from an https address: {html}");
    assert!(!html.contains("javascript"), "{html}");
    assert!(html.contains("$50.00</td>"), "{html}");
}

#[test]
fn a_cart_mail_about_one_thing_without_a_name_or_price_reads_well() {
    let [subject, html, text] = mail(&bare(&pack()), "cart-reminder");
    expect![[r"
        You left something in your basket

        Hello there,

        You left this in your basket:

        Item | Quantity | Price
        An item | 1

         | If you were called away, you can carry on from here:

        Go to your basket (https://shop.example.com/cart)

        If something held you back, a size, the delivery, anything at all, reply to
        this e-mail and ask. And if you changed your mind, that is fine too.

        Example Shop
        https://shop.example.com

        You get this e-mail because you allowed Example Shop to write to you. If you
        would rather not hear from us, unsubscribe
        (mailto:hello@shop.example.com?subject=unsubscribe%20msg_1&x=1).
    "]]
    .assert_eq(&format!("{subject}\n\n{text}"));
    assert!(!html.contains("Total") && !html.contains('$'), "{html}");
}

#[test]
fn a_cart_mail_lists_ten_items_and_counts_the_rest() {
    let [subject, html, text] = mail(&rich(&pack(), 12), "cart-reminder");
    assert_eq!(subject, "You left 18 things in your basket");
    assert!(html.contains("Glass 9<") && !html.contains("Glass 10<"), "{html}");
    assert!(
        text.contains("Glass 9 | 2 | $25.00\nTotal | 18 | $225.00\n\n… and 2 more.\n"),
        "{text}"
    );
    assert!(html.contains("<p>… and 2 more.</p>"), "{html}");
}

#[test]
fn the_question_says_nothing_else_and_has_one_link_to_answer_it() {
    let pack = pack();
    let [subject, html, text] = mail(&bare(&pack), "confirm-subscription");
    assert_eq!(subject, "Please confirm: do you want e-mail from Example Shop?");
    check_html(&html);
    for part in [html, text] {
        assert_eq!(part.matches(CONFIRM).count(), 1, "{part}");
        assert!(!part.contains("unsubscribe"), "{part}");
    }
}

#[test]
fn every_mail_stands_by_itself_in_both_parts() {
    let pack = pack();
    let mut subjects = Vec::new();
    for (life, hello) in [(rich(&pack, 3), "Hello Ada <3,\n"), (bare(&pack), "Hello there,\n")] {
        for program in programs(&pack) {
            let [subject, html, text] = mail(&life, program);
            assert!(text.starts_with(hello) && text.contains("\n\nExample Shop\n"), "{text}");
            let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(words.contains(&format!("unsubscribe ({UNSUBSCRIBE})")), "{text}");
            assert!(!text.contains("\n\n\n") && !text.contains(" \n"), "{text:?}");
            assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
            assert!(html.contains(&format!("href=\"{}\"", UNSUBSCRIBE.replace('&', "&amp;"))));
            check_html(&html);
            subjects.push(subject);
        }
    }
    expect![[r"
        Welcome to Example Shop
        Thank you for your first order
        It has been a while
        Thank you for coming back
        You left 4 things in your basket
        Welcome to Example Shop
        Thank you for your first order
        It has been a while
        Thank you for coming back
        You left something in your basket"]]
    .assert_eq(&subjects.join("\n"));
}

/// Checks that every element is closed, in order, that it says its language, and that colours are
/// left to the reader's own light or dark.
#[track_caller]
fn check_html(html: &str) {
    let begin = html.to_lowercase().replacen("html>\n<", "html><", 1);
    assert!(begin.starts_with("<!doctype html><html lang=\"en\""), "{html}");
    assert!(!html.contains("{{") && !html.contains("<3") && !html.contains("{%"), "{html}");
    assert!(!html.contains("color:#000") && !html.contains("fonts.googleapis"), "{html}");
    assert!(html.lines().all(|line| line.len() <= 998), "a line is too long for mail");
    let mut open = Vec::new();
    let html = &without_comments(html);
    for tag in html.split('<').skip(2).filter_map(|rest| rest.split_once('>')) {
        let (tag, _) = tag;
        let name = tag.split(' ').next().unwrap();
        match name.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop(), Some(name), "{html}"),
            None if ["meta", "br", "hr", "img", "link"].contains(&name) => {}
            None => open.push(name),
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

/// What Outlook alone reads stands in comments.
fn without_comments(html: &str) -> String {
    let mut parts = html.split("<!--");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |rest, part| rest + part.split_once("-->").map_or("", |(_, after)| after))
}

/// The same people, who prefer French.
fn in_french(mut life: Life<'_>) -> Life<'_> {
    life.event(&is("2026-01-02T08:00:00Z", json!({"language": "fr-FR"})));
    life
}

#[test]
fn every_message_is_there_in_french_and_fits_as_well() {
    let settings = FILES[0].1.replace("Example Shop", "The Old Wine Company");
    let settings = settings.replace("https://shop.example.com", "https://www.old-wine.example");
    let files: Vec<_> = FILES
        .iter()
        .map(|(name, text)| (*name, if *name == FILES[0].0 { settings.as_str() } else { text }))
        .collect();
    let pack = read(&files, &Lineage::default().next());
    let mut told = String::new();
    for life in [in_french(rich(&pack, 12)), in_french(bare(&pack))] {
        for program in programs(&pack) {
            let [subject, html, text] = mail(&life, program);
            assert!(html.contains("<html lang=\"fr\"") && text.starts_with("Bonjour"), "{text}");
            assert!(text.contains("désabonnez-vous") && !text.contains(" ,"), "{text}");
            let sms = sms(&life, program);
            assert!(places(&sms) <= 160 && sms.contains("STOP"), "{}: {sms}", places(&sms));
            let [title, body, _] = push(&life, program);
            assert!(title.chars().count() <= 55 && body.chars().count() <= 120, "{title}: {body}");
            told = format!("{told}{subject} | {sms} | {title} | {body}\n");
        }
    }
    expect![[r"
        Bienvenue chez The Old Wine Company | The Old Wine Company : merci pour votre inscription et bienvenue ! Venez faire un tour : https://www.old-wine.example STOP pour vous désabonner. | Bienvenue chez The Old Wine Company | Nous sommes ravis de vous compter parmi nous. Venez faire un tour.
        Merci pour votre première commande | The Old Wine Company : merci pour votre première commande ! Si quelque chose ne va pas, dites-le-nous : https://www.old-wine.example STOP pour vous désabonner. | Merci pour votre première commande | Si quelque chose ne va pas, dites-le-nous : nous trouverons une solution.
        Cela fait un moment | The Old Wine Company : cela fait un moment ! Si le coeur vous en dit, venez voir les nouveautés : https://www.old-wine.example STOP pour vous désabonner. | Cela fait un moment | Envie de voir les nouveautés chez The Old Wine Company ? Vous nous manquez.
        Merci de votre fidélité | The Old Wine Company : merci de nous rester fidèle ! Voici les nouveautés : https://www.old-wine.example STOP pour vous désabonner. | Merci de votre fidélité | Vous nous connaissez mieux que personne. Venez voir les nouveautés.
        18 articles vous attendent dans votre panier | The Old Wine Company : vous avez laissé Red Burgundy 2022 et 17 autres dans votre panier : https://www.old-wine.example/cart STOP pour vous désabonner. | 18 articles vous attendent | Red Burgundy 2022 et 17 autres. Reprenez là où vous en étiez.
        Bienvenue chez The Old Wine Company | The Old Wine Company : merci pour votre inscription et bienvenue ! Venez faire un tour : https://www.old-wine.example STOP pour vous désabonner. | Bienvenue chez The Old Wine Company | Nous sommes ravis de vous compter parmi nous. Venez faire un tour.
        Merci pour votre première commande | The Old Wine Company : merci pour votre première commande ! Si quelque chose ne va pas, dites-le-nous : https://www.old-wine.example STOP pour vous désabonner. | Merci pour votre première commande | Si quelque chose ne va pas, dites-le-nous : nous trouverons une solution.
        Cela fait un moment | The Old Wine Company : cela fait un moment ! Si le coeur vous en dit, venez voir les nouveautés : https://www.old-wine.example STOP pour vous désabonner. | Cela fait un moment | Envie de voir les nouveautés chez The Old Wine Company ? Vous nous manquez.
        Merci de votre fidélité | The Old Wine Company : merci de nous rester fidèle ! Voici les nouveautés : https://www.old-wine.example STOP pour vous désabonner. | Merci de votre fidélité | Vous nous connaissez mieux que personne. Venez voir les nouveautés.
        Un article vous attend dans votre panier | The Old Wine Company : vous avez laissé un article dans votre panier : https://www.old-wine.example/cart STOP pour vous désabonner. | Un article vous attend | Reprenez là où vous en étiez.
    "]].assert_eq(&told);
}
