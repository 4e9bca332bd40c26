//! `attune check`: are the definitions right, and what would they change?

use attune_aws::clock::Clock;
use attune_aws::store::Source;
use attune_domain::coverage::traits_read;
use attune_domain::definitions::{Definitions, Lineage};
use serde_json::Value;

use crate::api::Api;
use crate::push::{files, in_lines, told};
use crate::tables::{counted, grouped, table};
use crate::{Failure, cli, folder};

/// Checks a folder of definitions, alone or against a suite.
pub(crate) async fn run(asked: &cli::Check) -> Result<(), Failure> {
    let source = folder::read(&asked.definitions)?;
    let definitions =
        source.read(&Lineage::default()).map_err(|mistakes| told(&mistakes, &source))?;
    describe(&definitions, &source);
    let cli::Target { endpoint, data, .. } = &asked.target;
    if endpoint.is_none() && data.is_none() {
        say!("\nWith `--endpoint URL` or `--data DIR`, `check` tells what would change there.");
        return Ok(());
    }
    let api = Api::of(&asked.target).await?;
    let rehearsal = api.put("/api/definitions?dry_run=true", &files(&source)).await?;
    tell(&rehearsal);
    Ok(())
}

fn describe(definitions: &Definitions, source: &Source) {
    say!(
        "No mistakes in {}: {}, {}, {}.",
        counted(source.files.len(), "file"),
        counted(definitions.segments.len(), "segment"),
        counted(definitions.programs.len(), "program"),
        counted(definitions.templates.len(), "template")
    );
    let mut rows = table(["segment", "who"], &[]);
    for segment in &definitions.segments {
        rows.add_row([segment.id.to_string(), segment.rule.describe()]);
    }
    say!("{rows}");
    describe_templates(definitions);
    if !definitions.doubts.is_empty() {
        say!("This is allowed, and was hardly meant:\n{}", in_lines(&definitions.doubts, source));
    }
    // Reading has no clock, so that nothing that was right turns wrong.
    let now = Clock::system().now();
    for program in &definitions.programs {
        let coupon = program.coupon.as_ref().and_then(|id| definitions.coupons.get(id));
        if let Some(coupon) = coupon.filter(|coupon| coupon.is_over(now)) {
            say!("The coupon `{}` has expired: `{}` sends nothing.", coupon.id, program.id);
        }
    }
}

/// What templates read of a customer.
fn describe_templates(definitions: &Definitions) {
    let mut rows = table(["template", "reads of the customer"], &[]);
    for (id, content) in &definitions.templates {
        let traits = traits_read(content, &definitions.shop);
        rows.add_row([id.to_string(), Vec::from_iter(traits).join(", ")]);
    }
    if !definitions.templates.is_empty() {
        say!("{rows}");
    }
}

/// Whom programs write to without what their templates read.
fn tell_coverage(coverage: &[Value]) {
    let mut rows = table(["program", "variable", "customers without it", "of"], &[2, 3]);
    for of in coverage {
        for lack in of["lacking"].as_array().into_iter().flatten() {
            let customers = |value: &Value| grouped(value.as_u64().unwrap_or(0));
            rows.add_row([
                of["program"].as_str().unwrap_or_default().to_owned(),
                lack["variable"].as_str().unwrap_or_default().to_owned(),
                customers(&lack["customers"]),
                customers(&of["customers"]),
            ]);
        }
    }
    if rows.row_count() > 0 {
        say!("Of those who are in their segments, some lack what the messages read:\n{rows}");
    }
}

/// How long the texts of programs would be.
fn tell_texts(coverage: &[Value]) {
    let head = ["program", "texts", "by segments", "in UCS-2, because of", "too long", "cost"];
    let mut rows = table(head, &[1, 4, 5]);
    for of in coverage.iter().filter(|of| !of["texts"].is_null()) {
        let texts = &of["texts"];
        let number = |name: &str| grouped(texts[name].as_u64().unwrap_or(0));
        let segments = texts["segments"].as_object().into_iter().flatten();
        let segments: Vec<String> = segments.map(|(n, texts)| format!("{n}: {texts}")).collect();
        let outside = texts["outside_gsm"].as_str().unwrap_or_default();
        let cost = match (&texts["cost"]["amount"], texts["cost"]["currency"].as_str()) {
            (amount, Some(currency)) => format!("{amount} {currency}"),
            _ => "no price is told".to_owned(),
        };
        rows.add_row([
            of["program"].as_str().unwrap_or_default().to_owned(),
            number("written"),
            segments.join(", "),
            format!("{} {outside}", number("ucs2")),
            number("too_long"),
            cost,
        ]);
    }
    if rows.row_count() > 0 {
        say!("Text messages to those who are in their segments, up to 200 each:\n{rows}");
    }
}

/// What would change.
fn tell(rehearsal: &Value) {
    let looked_at = grouped(rehearsal["looked_at"].as_u64().unwrap_or(0));
    let sample = if rehearsal["everyone"] == true { "everybody" } else { "a sample" };
    say!("\nWhat would change, from {sample}: {looked_at} customers.");
    let number = |value: &Value| grouped(value.as_u64().unwrap_or(0));
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let list = |of: &Value| of.as_array().cloned().unwrap_or_default();
    let mut rows = table(["segment", "now", "would enter", "would leave", "then"], &[1, 2, 3, 4]);
    for moves in list(&rehearsal["segments"]) {
        let numbers = ["now", "enter", "leave", "then"].map(|column| number(&moves[column]));
        let [now, enter, leave, then] = numbers;
        rows.add_row([text(&moves["id"]), now, enter, leave, then]);
    }
    say!("{rows}");
    let mut rows = table(["program", "messages that would start", "that would not"], &[1, 2]);
    let (mut starting, mut left_out) = (0, 0);
    for program in list(&rehearsal["programs"]) {
        starting += program["starts"].as_u64().unwrap_or(0);
        left_out += program["not_started"].as_u64().unwrap_or(0);
        rows.add_row([
            text(&program["id"]),
            number(&program["starts"]),
            number(&program["not_started"]),
        ]);
    }
    say!("{rows}");
    tell_coverage(&list(&rehearsal["coverage"]));
    tell_texts(&list(&rehearsal["coverage"]));
    say!("{} messages would start.", grouped(starting));
    if left_out > 0 {
        say!(
            "{} would not: those customers were there before, or are there because of this change \
             and not because of anything they did. A program with `existing: true` starts for them.",
            grouped(left_out)
        );
    }
}
