//! The published RFM of the Online Retail set, reproduced where the set is there.
//!
//! Its counts come of `pandas.qcut` over `rank(method="first")` of frequency; so does the class `rfm`
//! of the starter pack.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;
use std::path::Path;

use attune_domain::census::{Counter, Summary};
use attune_domain::definitions::{Definitions, Lineage};
use attune_domain::event::Writer;
use attune_domain::event::segment::{Arrival, read};
use attune_domain::id::CustomerId;
use attune_domain::profile::Profile;
use attune_domain::starter;
use attune_domain::step::{Input, step};
use attune_domain::time::Timestamp;
use serde_json::json;

/// Where the set is on machines that have it.
const ORDERS: &str = "../../shared/data/online-retail/orders.csv";
const AS_OF: &str = "2011-12-11T00:00:00Z";
const PUBLISHED: [(&str, usize); 10] = [
    ("champions", 633),
    ("loyal", 819),
    ("potential-loyal", 484),
    ("new", 42),
    ("promising", 94),
    ("need-attention", 187),
    ("about-to-sleep", 352),
    ("at-risk", 593),
    ("cannot-lose", 63),
    ("hibernating", 1_071),
];

/// The customers of the file, with everything they ordered and did not cancel.
fn customers(text: &str, definitions: &Definitions) -> Vec<Profile> {
    let begin = Timestamp::parse("2010-11-30T00:00:00Z").expect("an instant");
    let mut profiles = BTreeMap::new();
    for line in text.lines().skip(1) {
        let mut columns = line.split(',');
        let mut next = || columns.next().expect("a column");
        let (invoice, customer, at) = (next(), next(), format!("{}Z", next()));
        let total = line.rsplit(',').next().expect("a total");
        // Cancellations, and the one order that cost nothing.
        if total.starts_with('-') || total.parse() == Ok(0.0) {
            continue;
        }
        let received = Timestamp::parse(&at).expect("an instant");
        let call = json!({
            "type": "track", "event": "Order Completed", "userId": customer, "timestamp": at,
            "properties": {"order_id": invoice, "total": total},
        });
        let arrival = Arrival { received, sent_at: None, writer: Writer::Server };
        let (event, _) = read(&call, &arrival).expect("an event");
        let id = CustomerId::known(customer);
        let profile = profiles.remove(&id);
        let profile = profile.unwrap_or_else(|| Profile::new(id.clone(), definitions, begin));
        let stepped = step(profile, Input::Event(&event), definitions, received);
        profiles.insert(id, stepped.profile);
    }
    profiles.into_values().collect()
}

#[test]
fn the_published_counts_are_those_of_the_starter_pack() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(ORDERS);
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("not there: {}", path.display());
        return;
    };
    let files: Vec<_> = starter::FILES.into_iter().collect();
    let definitions = Definitions::read(&files, &Lineage::default().next()).expect("definitions");
    let customers = customers(&text, &definitions);
    let at = Timestamp::parse(AS_OF).expect("an instant");
    let counter = Counter::new(&definitions, at, Timestamp::default());
    let mut slices: Vec<Summary> = vec![Summary::default(); 8];
    for (n, customer) in customers.iter().enumerate() {
        counter.count(&mut slices[n % 8], customer);
    }
    let mut whole = Summary::default();
    slices.into_iter().for_each(|slice| whole.merge(slice));
    let census = whole.finish(1, at, &definitions);
    let definitions = definitions.with_census(census);
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for customer in customers {
        let customer = step(customer, Input::Tick, &definitions, at).profile;
        let inside = definitions.segments.iter().filter(|segment| {
            let place = customer.core.memberships.get(segment.key);
            place.is_some_and(|place| place.inside)
        });
        let cells = inside.filter_map(|segment| segment.id.as_str().strip_prefix("rfm."));
        let cells: Vec<&str> = cells.collect();
        assert_eq!(cells.len(), 1, "{} is in {cells:?}", customer.id);
        *counts.entry(cells[0].to_owned()).or_default() += 1;
    }
    let published = PUBLISHED.map(|(cell, count)| (cell.to_owned(), count));
    assert_eq!(counts, BTreeMap::from(published));
}
