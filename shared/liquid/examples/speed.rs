//! How long it takes to parse and to render a typical mail: `cargo run --release --example speed`.

use std::time::{Duration, Instant};

use attune_liquid::{ParseOptions, RenderInput, Template, UnixMillis, Value};

const MAIL: &str = include_str!("mail/mail.liquid");
const DATA: &str = include_str!("mail/mail.json");
const TURNS: usize = 2_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let data: Value = serde_json::from_str(DATA)?;
    let options = ParseOptions::default();
    let template = Template::parse(MAIL, &options)?;
    let input = RenderInput::new(&data, UnixMillis(1_780_000_000_000));
    let rendered = template.render(&input)?;
    println!("{} bytes of template, {} bytes of output", MAIL.len(), rendered.text.len());
    println!("parse  {:?}", median(|| Template::parse(MAIL, &options).is_ok()));
    println!("render {:?}", median(|| template.render(&input).is_ok()));
    Ok(())
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
    times.get(TURNS / 2).copied().unwrap_or_default()
}
