//! The same mail through three engines: `cargo run --release` in this folder.
//!
//! Medians of many turns, in one process, one after the other. The Jinja template was translated by
//! hand and formats no date; the two Liquid engines read the same text.

use std::error::Error;
use std::time::{Duration, Instant};

const LIQUID: &str = include_str!("../../examples/mail/mail.liquid");
const JINJA: &str = include_str!("../mail/mail.jinja");
const DATA: &str = include_str!("../../examples/mail/mail.json");
const TURNS: usize = 2_000;

fn main() -> Result<(), Box<dyn Error>> {
    println!("{:<14} {:>12} {:>12} {:>8}", "engine", "parse", "render", "bytes");
    ours()?;
    liquid()?;
    minijinja()?;
    Ok(())
}

fn ours() -> Result<(), Box<dyn Error>> {
    use attune_liquid::{ParseOptions, RenderInput, Template, UnixMillis, Value};
    let data: Value = serde_json::from_str(DATA)?;
    let options = ParseOptions::default();
    let template = Template::parse(LIQUID, &options)?;
    let input = RenderInput::new(&data, UnixMillis(1_780_000_000_000));
    let bytes = template.render(&input)?.text.len();
    let parse = median(|| Template::parse(LIQUID, &options).is_ok());
    let render = median(|| template.render(&input).is_ok());
    tell("attune-liquid", parse, render, bytes);
    Ok(())
}

fn liquid() -> Result<(), Box<dyn Error>> {
    let data: liquid::Object = serde_json::from_str(DATA)?;
    let parser = liquid::ParserBuilder::with_stdlib().build()?;
    let template = parser.parse(LIQUID)?;
    let bytes = template.render(&data)?.len();
    let parse = median(|| parser.parse(LIQUID).is_ok());
    let render = median(|| template.render(&data).is_ok());
    tell("liquid", parse, render, bytes);
    Ok(())
}

fn minijinja() -> Result<(), Box<dyn Error>> {
    let data: serde_json::Value = serde_json::from_str(DATA)?;
    let data = minijinja::Value::from(minijinja::value::Serde(data));
    let mut environment = minijinja::Environment::new();
    environment.add_filter("date", |date: String| date);
    let template = environment.template_from_named_str("mail.html", JINJA)?;
    let bytes = template.render(&data)?.len();
    let parse = median(|| environment.template_from_named_str("mail.html", JINJA).is_ok());
    let render = median(|| template.render(&data).is_ok());
    tell("minijinja", parse, render, bytes);
    Ok(())
}

fn tell(engine: &str, parse: Duration, render: Duration, bytes: usize) {
    println!("{engine:<14} {parse:>12.1?} {render:>12.1?} {bytes:>8}");
}

/// The median of many turns.
fn median(mut work: impl FnMut() -> bool) -> Duration {
    let mut times: Vec<Duration> = (0..TURNS)
        .map(|_| {
            let begun = Instant::now();
            assert!(std::hint::black_box(work()));
            begun.elapsed()
        })
        .collect();
    times.sort_unstable();
    times[TURNS / 2]
}
