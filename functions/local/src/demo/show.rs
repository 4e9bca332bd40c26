//! Shows a report to a person.

use attune_domain::time::Timestamp;
use attune_embedded::capture::sent::{Kind, Sent};

use super::day_and_time;
use super::report::{Known, Report, Used};
use crate::tables::{grouped, table};

/// Prints everything.
pub(super) fn print(report: &Report) {
    orders(report);
    made_up(report);
    segments(report);
    census(report);
    messages(report);
    example(report.example.as_ref());
    capacity(report);
    next(report);
}

fn orders(report: &Report) {
    say!(
        "{}: {} orders of {} customers, {} in all, from {} to {}",
        report.shop,
        grouped(report.orders as u64),
        grouped(report.customers as u64),
        report.revenue,
        day(&report.from),
        day(&report.until),
    );
    if report.orders_left_out > 0 {
        let left_out = grouped(report.orders_left_out as u64);
        say!("{left_out} rows were left out: no amount above zero, or no customer");
    }
}

fn made_up(report: &Report) {
    let made_up = &report.made_up;
    say!("\nMade up, as the orders do not hold it (seed {}):", report.made_up_by.seed);
    let mut rows = table(["made up", "how many"], &[1]);
    for (what, count) in [
        ("contacts: a name, a mail address, a phone number, a birthday, a zone", made_up.contacts),
        ("consents to a channel", made_up.consents),
        ("stated preferences", made_up.preferences),
        ("subscribers who never bought", made_up.subscribers),
        ("visits with a look at products", made_up.visits),
        ("carts before an order", made_up.carts),
        ("carts left behind", made_up.carts_left_behind),
    ] {
        rows.add_row([what.to_owned(), grouped(count as u64)]);
    }
    say!("{rows}");
}

fn segments(report: &Report) {
    say!("\nSegments at {}:", day(&report.until));
    let mut rows = table(["segment", "customers", "who"], &[1]);
    for segment in &report.segments {
        rows.add_row([segment.name.clone(), grouped(segment.size), segment.sentence.clone()]);
    }
    say!("{rows}");
}

fn census(report: &Report) {
    say!("\nWhat the census finds about them:");
    for finding in &report.findings {
        say!("- {finding}");
    }
    say!("\nWhat is known of whom:");
    let columns = ["what", "customers", "of", "needed, and can be asked for"];
    let mut rows = table(columns, &[1, 2, 3]);
    for Known { what, customers, of, askable } in &report.known {
        rows.add_row([what.clone(), grouped(*customers), grouped(*of), grouped(*askable)]);
    }
    say!("{rows}");
}

fn messages(report: &Report) {
    say!("\nMessages, and what became of them:");
    let mut rows = table(["program", "channel", "outcome", "messages"], &[3]);
    for messages in &report.messages {
        let channel = messages.channel.clone().unwrap_or_default();
        let outcome = match &messages.reason {
            Some(reason) => format!("{}: {reason}", messages.outcome),
            None => messages.outcome.clone(),
        };
        rows.add_row([messages.program.clone(), channel, outcome, grouped(messages.count)]);
    }
    say!("{rows}");
    if report.problems > 0 {
        say!("{} events had a problem", grouped(report.problems));
    }
}

fn example(sent: Option<&Sent>) {
    let Some(Sent { at_ms, kind: Kind::Email(mail), .. }) = sent else { return };
    let at = day_and_time(Timestamp::from_millis(*at_ms));
    say!("\nOne of them, as it went to {} at {at}:", mail.to.join(", "));
    say!("\n    Subject: {}\n", mail.subject);
    for line in mail.text.as_deref().unwrap_or_default().trim().lines() {
        say!("    {line}");
    }
}

fn capacity(report: &Report) {
    let capacity = &report.capacity;
    say!("\nRequest units of DynamoDB for {} events:", grouped(capacity.events));
    let mut rows = table(["table", "write units", "read units"], &[1, 2]);
    let row = |used: &Used, digits: usize| {
        [used.of.clone(), format!("{:.digits$}", used.writes), format!("{:.digits$}", used.reads)]
    };
    capacity.tables.iter().for_each(|used| {
        rows.add_row(row(used, 0));
    });
    for used in [
        &capacity.per_event,
        &capacity.ingest_per_event,
        &capacity.recompute_per_event,
        &capacity.dispatch_per_message,
    ] {
        rows.add_row(row(&Used { of: format!("per {}", used.of), ..*used }, 3));
    }
    say!("{rows}");
    say!(
        "At list price ${:.2} per million events, messages included.",
        capacity.dollars_per_million_events
    );
    say!(
        "Time alone: {} wake-ups in {} runs of the schedules, {:.3} % of the customers an hour.",
        grouped(report.wake_ups.count),
        grouped(report.wake_ups.ticks),
        report.wake_ups.percent_of_customers_per_hour
    );
    say!("It took {:.1} seconds.", report.seconds);
}

fn next(report: &Report) {
    say!(
        "\nNext: `attune serve` runs the suite on this machine (`cargo run -- serve`), \
         `attune --help` lists the rest."
    );
    if report.shop == "CDNOW" {
        say!("Your own orders: `cargo run -- demo --orders orders.csv`.");
    }
}

fn day(instant: &str) -> &str {
    instant.get(..10).unwrap_or(instant)
}
