//! What one mail costs: compiling its template once, and rendering it for each customer.
//!
//! `cargo bench -p attune-mail`
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "it is run by hand")]

use std::time::{Duration, Instant};

use attune_liquid::{ParseOptions, RenderInput, Template, UnixMillis, Value};

const TURNS: u32 = 500;

/// A marketing mail: a head with styles, a greeting, ten rows, three columns, a footer.
const MAIL: &str = include_str!("mail.mjml");

fn main() {
    let compiled = attune_mail::compile(MAIL, &|_| None).unwrap();
    let template = Template::parse(&compiled.html, &ParseOptions::lax()).unwrap();
    let item = r#"{"name": "A bottle of <b>red</b>", "price": "$12.50", "quantity": 2, "url": "https://shop.example.com/p/1", "image_url": "https://cdn.example.com/1.jpg"}"#;
    let items = [item; 10].join(",");
    let data: Value = serde_json::from_str(&format!(
        r##"{{"customer": {{"first_name": "Ada"}}, "shop": {{"name": "Shop", "url": "https://shop.example.com", "brand": {{"color": "#c00"}}}}, "cart": {{"items": [{items}]}}, "recommendations": [{items}], "unsubscribe_url": "https://shop.example.com/u/token"}}"##
    ))
    .unwrap();
    let input = RenderInput::new(&data, UnixMillis(1_780_000_000_000));
    let html = template.render(&input).unwrap().text;
    println!("{} bytes of MJML, {} of HTML once rendered", MAIL.len(), html.len());
    report("compile (once per template)", || {
        attune_mail::compile(MAIL, &|_| None).unwrap().html.len()
    });
    report("parse its Liquid (once per template)", || {
        Template::parse(&compiled.html, &ParseOptions::lax()).unwrap().variables().len()
    });
    report("render (per message)", || template.render(&input).unwrap().text.len());
    report("text part (per message)", || attune_mail::text_of(&html).len());
}

fn report(what: &str, mut run: impl FnMut() -> usize) {
    let mut times: Vec<Duration> = (0..TURNS)
        .map(|_| {
            let begin = Instant::now();
            std::hint::black_box(run());
            begin.elapsed()
        })
        .collect();
    times.sort();
    let at = |part: usize| times.get(times.len() * part / 100).copied().unwrap_or_default();
    println!("{what}: median {:?}, p99 {:?}", at(50), at(99));
}
