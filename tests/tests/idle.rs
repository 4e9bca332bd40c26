//! What it costs when nothing happens: the figures of `infra/README.md`.

use attune_aws::meter::Units;
use attune_domain::time::Span;
use attune_testkit::World;
use attune_tests::{dispatch, sweep};

const MINUTES: u32 = 600;

#[tokio::test]
async fn an_idle_minute_reads_four_units_a_shard_and_writes_a_third() {
    let world = World::new().await;
    sweep(&world).await.unwrap();
    let before = world.store.meter().total();
    for _ in 0..MINUTES {
        world.pass(Span::minutes(1));
        sweep(&world).await.unwrap();
        dispatch(&world).await.unwrap();
    }
    let Units { reads, writes } = world.store.meter().total() - before;
    let most = f64::from(MINUTES);
    assert!(reads <= 4.0 * most, "{} units are read each minute", reads / most);
    assert!(writes <= most / 3.0, "{} units are written each minute", writes / most);
}
