//! Erasing somebody whose messages are files.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use attune::suite::Suite;
use attune_aws::clock::Clock;
use attune_aws::keys::Keys;
use attune_domain::time::{Span, Timestamp};

use crate::{Folder, Shop};

const PERSON: &str = "/api/customers/canary";

/// The files in which Zebulon is still to be found.
fn all_files(folder: &Folder) -> Vec<String> {
    let words = ["Zebulon", "zeb@canary.test", "15559871234", "token-canary"];
    let found = words.iter().flat_map(|word| folder.with(word));
    found.map(|path| path.to_string_lossy().into_owned()).collect()
}

/// Those of the outbox.
fn files(folder: &Folder) -> Vec<String> {
    all_files(folder).into_iter().filter(|name| name.contains("outbox")).collect()
}

#[tokio::test]
async fn who_is_erased_is_in_no_file_of_the_outbox() {
    let folder = Folder::new();
    let shop = Shop::with_messages(&folder).await;
    // A mail is a line and a file of its own.
    assert!(files(&folder).len() >= 4, "{:?}", files(&folder));
    let (status, told) = shop.ask("DELETE", PERSON, "").await;
    assert_eq!((status, told["state"].as_str()), (200, Some("erased")), "{told}");
    assert_eq!(files(&folder), [""; 0]);
}

/// Lets one thread send and another erase, at about the same time. Says how many were sent.
async fn race(wait: Duration) -> usize {
    let folder = Folder::new();
    let shop = Shop::with_an_order(&folder).await;
    let sent = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&sent);
    shop.suite.capture.on_sent(move |_| {
        count.fetch_add(1, Ordering::SeqCst);
    });
    let suite = Arc::clone(&shop.suite);
    let sender = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(suite.tick()).unwrap();
    });
    std::thread::sleep(wait);
    let (status, told) = shop.ask("DELETE", PERSON, "").await;
    assert!([200, 202].contains(&status), "{status} {told}");
    let said = (status == 200).then(|| sent.load(Ordering::SeqCst));
    sender.join().unwrap();
    let all = sent.load(Ordering::SeqCst);
    if let Some(said) = said {
        assert_eq!(all, said, "sent after it was said that they are erased");
    }
    let (status, told) = shop.ask("DELETE", PERSON, "").await;
    assert_eq!((status, told["state"].as_str()), (200, Some("erased")), "{told}");
    assert_eq!(files(&folder), [""; 0], "{all} were sent");
    all
}

#[tokio::test]
async fn what_is_written_while_the_erasure_runs_goes_as_well() {
    let mut sent = [0; 4];
    for _ in 0..20 {
        sent[race(Duration::from_micros(fastrand::u64(0..8_000))).await] += 1;
    }
    println!("sent none, one, two, three: {sent:?}");
}

#[tokio::test]
async fn in_the_end_no_byte_of_them_is_in_the_data_folder() {
    let folder = Folder::new();
    let shop = Shop::with_messages(&folder).await;
    assert_eq!(shop.ask("DELETE", PERSON, "").await.0, 200);
    shop.pass(Span::minutes(17));
    shop.suite.tick().await.unwrap();
    shop.suite.delete_expired().unwrap();
    assert_eq!(all_files(&folder), [""; 0]);
}

#[tokio::test]
async fn a_restart_keeps_who_was_erased() {
    let folder = Folder::new();
    {
        let shop = Shop::with_messages(&folder).await;
        assert_eq!(shop.ask("DELETE", PERSON, "").await.0, 200);
        shop.pass(Span::minutes(17));
        shop.suite.tick().await.unwrap();
        let (_, told) = shop.ask("GET", "/api/erasures/canary", "").await;
        assert_eq!(told["state"], "done", "{told}");
    }
    let shop = Shop::open(&folder).await;
    shop.pass(Span::hours(1));
    let (status, told) = shop.ask("GET", "/api/erasures/canary", "").await;
    assert_eq!((status, told["state"].as_str()), (200, Some("done")), "{told}");
    // What is sent again of them is dropped.
    shop.hand.set(shop.hand.now() - Span::hours(2));
    shop.order("2").await;
    assert_eq!(shop.ask("GET", PERSON, "").await.0, 404);
    let (_, problems) = shop.ask("GET", "/api/problems", "").await;
    assert!(problems.to_string().contains("was erased"), "{problems}");
}

#[tokio::test]
async fn the_key_is_random_and_for_its_owner_alone() {
    let (one, other) = (Folder::new(), Folder::new());
    let key = |folder: &Folder| std::fs::read_to_string(folder.0.join("erasure-key")).unwrap();
    for folder in [&one, &other] {
        Shop::open(folder).await;
    }
    assert_eq!(key(&one).trim().len(), 64);
    assert_ne!(key(&one), key(&other));
    let kept = key(&one);
    Shop::open(&one).await;
    assert_eq!(key(&one), kept);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(one.0.join("erasure-key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[tokio::test]
async fn a_key_that_is_none_is_told_and_not_made_anew() {
    let folder = Folder::new();
    drop(Shop::open(&folder).await);
    for wrong in ["", "no key\n"] {
        std::fs::write(folder.0.join("erasure-key"), wrong).unwrap();
        let (clock, _) = Clock::simulated(Timestamp::from_millis(0));
        let keys = Keys::default();
        let opened = Suite::open(Some(&folder.0), clock, keys, None).await;
        let told = opened.unwrap_err().to_string();
        assert!(told.contains("erasure-key: it "), "{told}");
    }
}
