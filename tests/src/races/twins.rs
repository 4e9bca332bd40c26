//! Two runs of the dispatcher, and a message of the same program to two customers with one address.

use attune_domain::time::Span;
use attune_testkit::World;
use fastrand::Rng;
use serde_json::json;

use super::{Gates, Side};
use crate::{dispatch, dispatcher, far};

const SHOP: &str = "
segments: [{ id: lookers, when: { event: Look, within: 1d } }]
templates: [{ id: hello, email: { subject: Hello, html: '<p>Hello</p>', text: Hello } }]
programs: [{ id: hello, enter: lookers, again: { after: 7d }, send: { template: hello } }]
";

/// Plays so many races; returns those after which the address had not got exactly one message, and
/// in how many a claim was refused.
pub async fn play(races: u64) -> (Vec<String>, u64) {
    fastrand::seed(1);
    let world = World::with(SHOP).await;
    let gates = Gates::default();
    let one = world.another(|inner| gates.before(Side::One, inner));
    let other = world.another(|inner| gates.before(Side::Other, inner));
    let (mut wrong, mut refused) = (Vec::new(), 0);
    for seed in 0..races {
        let address = format!("twins-{seed}@example.com");
        for twin in ["a", "b"] {
            come(&world, &format!("{twin}{seed}"), &address).await;
        }
        let mut rng = Rng::with_seed(seed);
        let before = world.capture.sent().len();
        // Two runs that begin at the same instant, as two functions would.
        let run = async |world: &World, name: &str| {
            let deps = dispatcher(world);
            let deps = attune_dispatch::Deps { run: format!("{name} {seed}"), ..deps };
            attune_dispatch::sweep(&deps, far(world)).await.expect("dispatched")
        };
        let (_, _, log) = gates
            .race(&mut rng, 500, Box::pin(run(&one, "one")), Box::pin(run(&other, "other")))
            .await;
        refused +=
            u64::from(log.iter().any(|done| done.operation == "TransactWriteItems" && !done.done));
        world.pass(Span::minutes(2));
        dispatch(&world).await.expect("dispatched");
        let sent = world.capture.sent().len() - before;
        if sent != 1 {
            wrong.push(format!("seed {seed}: {sent} messages"));
        }
    }
    (wrong, refused)
}

/// A customer with an address, who allows mail and does what starts the program.
async fn come(world: &World, customer: &str, address: &str) {
    let traits = json!({"type": "identify", "traits": {"email": address}});
    let events = [
        world.call(customer, traits),
        world.track(customer, "Consent Granted", json!({"channel": "email"})),
        world.track(customer, "Look", json!({})),
    ];
    world.apply(&events).await;
}
