use proptest::prelude::*;

use super::*;
use crate::id::{ProgramId, SegmentId, TemplateId};
use crate::message::{Cause, Class};
use crate::testing::at;

fn keys(ids: &[&str]) -> LinkKeys {
    let key = |id: &&str| format!("{id}:{}", format!("{:02x}", id.len() + 7).repeat(KEY_BYTES));
    LinkKeys::parse(&ids.iter().map(key).collect::<Vec<_>>().join(",")).unwrap()
}

fn message() -> MessageId {
    planned().id
}

/// The message to customer 42 on their first entry, due at 9.
fn planned() -> Message {
    let (customer, program) = (CustomerId::known("42"), ProgramId::parse("welcome").unwrap());
    let due = at("2026-10-01T09:00:00Z");
    Message {
        id: MessageId::parse("msg_7encmw902e76wyxc6g0a81trf0").unwrap(),
        customer,
        program,
        class: Class::Marketing,
        template: TemplateId::parse("welcome").unwrap(),
        segment: SegmentId::parse("new").unwrap(),
        entry: 1,
        cause: Cause::Event,
        event: None,
        at: due,
        due,
        expires: due + Span::days(1),
    }
}

fn click(url: &str) -> Link {
    Link::Click { message: message(), url: WebUrl::parse(url).unwrap() }
}

fn links() -> [Link; 6] {
    let customer = CustomerId::known("42");
    let address = Address::email("ada@example.com").unwrap();
    [
        click("https://shop.example/cart?a=1&b=2#c"),
        Link::Unsubscribe { message: message() },
        Link::Preferences { customer: customer.clone() },
        Link::Short { message: message(), nth: 7 },
        Link::Confirm {
            customer: customer.clone(),
            topic: None,
            address: address.clone(),
            until: at("2026-10-08T09:00:00Z"),
        },
        Link::Confirm {
            customer,
            topic: Some("news".to_owned()),
            address,
            until: Timestamp::from_millis(0),
        },
    ]
}

#[test]
fn what_is_sealed_opens_and_shows_nothing_of_it() {
    let keys = keys(&["a"]);
    for link in links() {
        let token = keys.seal(&link);
        assert_eq!(keys.open(&token), Some(link.clone()), "{token}");
        assert_eq!(keys.seal(&link), token, "a link has one token");
        assert!(!token.contains("ada") && !token.contains("shop"), "{token}");
    }
}

#[test]
fn a_token_is_what_another_implementation_makes_of_it() {
    // Computed with `cryptography` for Python: AESSIV(bytes([8]) * 64).encrypt(
    //   b'["u","msg_7encmw902e76wyxc6g0a81trf0"]', [b"attune link 1", b"a"]).
    let token = keys(&["a"]).seal(&Link::Unsubscribe { message: message() });
    assert_eq!(token, "a.AmV4X6HQmKgXo7cR077u53n9iyzAKoDt2h6RxZElhOz70-9k132WRKQAGOD74Tfgam4vggDR");
}

#[test]
fn a_key_is_changed_by_putting_a_new_one_first() {
    let (old, both, new) = (keys(&["a"]), keys(&["bb", "a"]), keys(&["bb"]));
    let link = &links()[0];
    assert_eq!(both.open(&old.seal(link)).as_ref(), Some(link));
    assert_eq!(new.open(&both.seal(link)).as_ref(), Some(link));
    assert_eq!(new.open(&old.seal(link)), None);
    let renamed = old.seal(link).replacen("a.", "bb.", 1);
    assert_eq!(both.open(&renamed), None);
}

#[test]
fn keys_that_are_none_are_refused_and_not_shown() {
    let hex = "ab".repeat(KEY_BYTES);
    for (text, why) in [
        (String::new(), NotLinkKeys::None),
        (hex.clone(), NotLinkKeys::Secret),
        (format!("a:{}", &hex[2..]), NotLinkKeys::Secret),
        (format!("a:{}", hex.replace('b', "+")), NotLinkKeys::Secret),
        (format!("A:{hex}"), NotLinkKeys::Id),
        (format!("a.b:{hex}"), NotLinkKeys::Id),
        (format!(":{hex}"), NotLinkKeys::Id),
        (format!("a:{hex},a:{hex}"), NotLinkKeys::Id),
    ] {
        assert_eq!(LinkKeys::parse(&text).unwrap_err(), why, "{text}");
    }
    assert_eq!(format!("{:?}", keys(&["a"])), "[\"a\"]");
}

#[test]
fn a_token_has_one_spelling() {
    let keys = keys(&["a"]);
    for link in links() {
        let token = keys.seal(&link);
        for other in [
            format!("{token}="),
            format!("{token}A"),
            format!(" {token}"),
            format!("{token}\n"),
            token.to_uppercase(),
            token.replacen("a.", "a..", 1),
            token.replace('.', "%2e"),
        ] {
            assert_eq!(keys.open(&other), None, "{other}");
        }
        // The last character has bits that stand for nothing: those must be zero.
        let (begin, last) = token.split_at(token.len() - 1);
        let others = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".chars();
        let open = others.filter(|c| keys.open(&format!("{begin}{c}")).is_some());
        assert_eq!(open.collect::<String>(), last);
    }
}

/// A token with something changed: a character, its order, its length, a part of another.
fn mutated(rng: &mut fastrand::Rng, tokens: &[String]) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=%/+";
    let mut bytes = tokens[rng.usize(..tokens.len())].clone().into_bytes();
    for _ in 0..=rng.usize(..3) {
        let at = rng.usize(..bytes.len());
        let letter = LETTERS[rng.usize(..LETTERS.len())];
        match rng.u8(..7) {
            0 | 1 => bytes[at] = letter,
            2 => bytes.insert(at, letter),
            3 => drop(bytes.remove(at)),
            4 => bytes.truncate(at.max(4)),
            5 => {
                let other = rng.usize(..bytes.len());
                bytes.swap(at, other);
            }
            _ => {
                let other = tokens[rng.usize(..tokens.len())].as_bytes();
                bytes.truncate(at.max(4));
                bytes.extend(other.get(at.max(4)..).unwrap_or_default());
            }
        }
    }
    String::from_utf8(bytes).unwrap()
}

/// `ATTUNE_MUTATED_TOKENS=1000000 cargo test -p attune-domain mutated` tries a million.
#[test]
fn no_mutated_token_is_accepted() {
    let most = std::env::var_os("ATTUNE_MUTATED_TOKENS");
    let most = most.and_then(|n| n.to_str()?.parse().ok()).unwrap_or(20_000_u32);
    let keys = keys(&["a", "bb"]);
    let tokens: Vec<String> = links().iter().map(|link| keys.seal(link)).collect();
    let (mut rng, mut tried) = (fastrand::Rng::with_seed(4), 0);
    while tried < most {
        let token = mutated(&mut rng, &tokens);
        if !tokens.contains(&token) {
            assert_eq!(keys.open(&token), None, "{token}");
            tried += 1;
        }
    }
}

#[test]
fn no_customer_is_taken_for_a_short_link_however_long_the_id() {
    let keys = keys(&["a"]);
    for length in 1..=40 {
        let customer = CustomerId::known(&"7".repeat(length));
        let link = Link::Preferences { customer };
        assert_eq!(keys.open(&keys.seal(&link)), Some(link));
    }
}

proptest! {
    #[test]
    fn any_url_and_any_customer_come_back_as_they_were(path in "[ -~]{0,60}", id in "\\PC{1,40}") {
        let keys = keys(&["a"]);
        let customer = Link::Preferences { customer: CustomerId::known(&id) };
        prop_assert_eq!(keys.open(&keys.seal(&customer)), Some(customer));
        if let Ok(url) = WebUrl::parse(&format!("https://shop.example/{path}")) {
            prop_assert_eq!(&WebUrl::parse(url.as_str()), &Ok(url.clone()));
            let click = Link::Click { message: message(), url };
            prop_assert_eq!(keys.open(&keys.seal(&click)), Some(click));
        }
    }

    #[test]
    fn whatever_the_html_nothing_but_links_changes(html in "(<a href=\"|\"|<|>|a|=| |'|https://x\\.y|<!--|-->|href|/){0,30}") {
        let links = made();
        let rewritten = links.rewrite(&html, &message());
        let parts: Vec<&str> = rewritten.split("https://l.example/l/").collect();
        let mut restored = parts[0].to_owned();
        for part in &parts[1..] {
            let end = part.find(['"', '\'']).unwrap();
            let Some(Link::Click { url, .. }) = links.keys.open(&part[..end]) else { panic!() };
            let url = url.as_str().replace("%20", " ").replace("%3C", "<").replace("%3E", ">");
            restored.push_str(&url);
            restored.push_str(&part[end..]);
        }
        // Blanks around a URL are nobody's.
        prop_assert_eq!(restored.replace(' ', ""), html.replace(' ', ""));
    }
}

fn made() -> Links {
    Links::new("https://l.example/", keys(&["a"])).unwrap()
}

/// What each link of `html` goes to after it was rewritten.
#[track_caller]
fn check(html: &str, expected: &str) {
    let links = made();
    let mut told = links.rewrite(html, &message());
    while let Some((before, rest)) = told.split_once("https://l.example/l/") {
        let (token, rest) = rest.split_at(rest.find(['"', '\'']).unwrap());
        let Some(Link::Click { url, .. }) = links.keys.open(token) else { panic!("{token}") };
        told = format!("{before}→{url}{rest}");
    }
    assert_eq!(told, expected);
}

#[test]
fn links_to_the_web_go_by_us_and_nothing_else_does() {
    check("<p>No link</p>", "<p>No link</p>");
    check(r#"<a href="https://x.y/a?b=1&amp;c=2">"#, r#"<a href="→https://x.y/a?b=1&c=2">"#);
    check(r"<A class=b HREF='https://x.y/é'>", r"<A class=b HREF='→https://x.y/%C3%A9'>");
    check(
        "<a\n  title=\"a > b\"\n  href = \"https://x.y\">",
        "<a\n  title=\"a > b\"\n  href = \"→https://x.y\">",
    );
    for same in [
        r#"<a href="mailto:ada@example.com">"#,
        r#"<a href="tel:+33612345678">"#,
        r##"<a href="#top">"##,
        r#"<a href="/cart">"#,
        r#"<a href="https://l.example/u/a.b">"#,
        r#"<a data-href="https://x.y">"#,
        r#"<abbr href="https://x.y">"#,
        r#"<link href="https://x.y/a.css">"#,
        r#"<img src="https://x.y/a.png">"#,
        r#"<!--[if mso]><a href="https://x.y"><![endif]-->"#,
        r#"a < b href="https://x.y""#,
        r#"<a href="https://x.y"#,
    ] {
        check(same, same);
    }
    let evil = "https://l.example.evil.example/";
    check(&format!("<a href=\"{evil}\">"), &format!("<a href=\"→{evil}\">"));
}

/// Where the links of a text lead, and the text with their places.
#[track_caller]
fn check_text(text: &str, expected: &str, targets: &[&str]) {
    let links = made();
    let (mut told, led) = links.shorten(text, &message());
    for (nth, target) in led.iter().enumerate() {
        let nth = u8::try_from(nth).unwrap();
        let url = links.url(&Link::Short { message: message(), nth });
        assert!(told.contains(&url), "{told}");
        told = told.replace(&url, &format!("→{target}"));
    }
    assert_eq!(told, expected);
    assert_eq!(led.iter().map(WebUrl::as_str).collect::<Vec<_>>(), targets);
}

#[test]
fn links_in_texts_are_short_and_go_by_us() {
    let token = made().keys.seal(&Link::Short { message: message(), nth: 0 });
    assert_eq!(token.len(), "a.".len() + 46, "{token}");
    check_text("No link", "No link", &[]);
    check_text("See https://x.y/é.", "See →https://x.y/%C3%A9.", &["https://x.y/%C3%A9"]);
    check_text(
        "(http://x.y/a) or https://x.y/b?c=d",
        "(→http://x.y/a) or →https://x.y/b?c=d",
        &["http://x.y/a", "https://x.y/b?c=d"],
    );
    for same in ["Our https://l.example/u/a.b", "https://ada@x.y/", "shop://cart", "https://"] {
        check_text(same, same, &[]);
    }
}

#[test]
fn nobody_pays_a_segment_more_for_a_click() {
    let room = |letters: usize| format!("{} https://x.y/cart", "x".repeat(letters));
    check_text(&room(70), &format!("{} →https://x.y/cart", "x".repeat(70)), &["https://x.y/cart"]);
    // 160 letters with the page's own link, 200 with ours.
    check_text(&room(143), &room(143), &[]);
}

#[test]
fn a_push_goes_by_us_where_it_leads_to_the_web() {
    let links = made();
    let url = links.click("https://x.y/cart", &message()).unwrap();
    let token = url.strip_prefix("https://l.example/l/").unwrap();
    assert_eq!(links.keys.open(token), Some(click("https://x.y/cart")));
    for same in ["shop://cart", "/cart", "https://l.example/l/a.b"] {
        assert_eq!(links.click(same, &message()), None);
    }
}

#[test]
fn links_begin_at_the_root_of_a_host() {
    let base = |text: &str| Links::new(text, keys(&["a"])).map(|links| links.base);
    assert_eq!(base("https://l.example/"), Ok("https://l.example".to_owned()));
    assert_eq!(base("http://127.0.0.1:8787"), Ok("http://127.0.0.1:8787".to_owned()));
    for path in ["https://l.example/links", "https://l.example?a", "https://l.example/#a"] {
        assert_eq!(base(path), Err(NotABase::Path), "{path}");
    }
    assert_eq!(base("l.example"), Err(NotABase::NotAWebUrl(NotAWebUrl)));
}

#[test]
fn a_confirmation_knows_until_when_it_is_one() {
    let address = Address::email("ada@example.com").unwrap();
    let urls = Urls::of(&made(), &planned(), &planned().customer, &address, None, Span::days(7));
    let token = urls.confirm.strip_prefix("https://l.example/o/").unwrap();
    let Some(Link::Confirm { until, .. }) = made().keys.open(token) else { panic!("{token}") };
    assert_eq!(until, at("2026-10-08T09:00:00Z"));
}

#[test]
fn every_message_has_the_links_of_its_customer() {
    let address = Address::email("ada@example.com").unwrap();
    let urls = Urls::of(&made(), &planned(), &planned().customer, &address, None, Span::days(7));
    assert!(urls.unsubscribe.starts_with("https://l.example/u/a."), "{urls:?}");
    assert!(urls.preferences.starts_with("https://l.example/p/a."), "{urls:?}");
    assert!(urls.confirm.starts_with("https://l.example/o/a."), "{urls:?}");
}
