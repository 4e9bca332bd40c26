//! What is written can be read, by us and by a mail program, whatever was cut off before.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};

use mail_parser::{MessageParser, MimeHeaders};
use serde_json::{Value, json};

use super::*;
use crate::capture::sent::{Email, Push, Sms};

#[test]
fn a_mail_program_can_read_what_was_written() {
    let folder = Folder::new();
    folder.outbox().write(&email("m-1", 1_790_000_000_123)).unwrap();
    let [path] = folder.mails().try_into().unwrap();
    assert!(path.ends_with("mail/20260921T141320.123Z-m-1.eml"), "{}", path.display());
    let bytes = fs::read(path).unwrap();
    let mail = MessageParser::default().parse(&bytes).unwrap();
    let from = mail.from().unwrap().first().unwrap();
    assert_eq!((from.name(), from.address()), (Some("Café, Lyon"), Some("shop@example.com")));
    assert_eq!(mail.to().unwrap().first().unwrap().address(), Some("ann@b.test"));
    assert_eq!(mail.subject(), Some("Voilà: 20 % off"));
    assert_eq!(mail.body_text(0).unwrap(), "Bonjour à tous");
    assert_eq!(mail.body_html(0).unwrap(), "<p>Bonjour à tous</p>");
    assert!(mail.is_content_type("multipart", "alternative"));
    assert_eq!(mail.date().unwrap().to_timestamp(), 1_790_000_000);
    let unsubscribe = mail.header_raw("List-Unsubscribe").unwrap().trim();
    assert_eq!(unsubscribe, "<https://x.test/u/abc>");
    assert_eq!(mail.header_raw("X-SES-MESSAGE-TAGS").unwrap().trim(), "message=m-1");
}

#[test]
fn the_same_message_is_written_the_same_way() {
    let write = || {
        let folder = Folder::new();
        folder.outbox().write(&email("m-1", 5)).unwrap();
        let [path] = folder.mails().try_into().unwrap();
        fs::read(path).unwrap()
    };
    assert_eq!(write(), write());
}

#[test]
fn a_line_break_in_a_name_starts_no_header() {
    let folder = Folder::new();
    let mut sent = email("m-1", 5);
    if let Kind::Email(email) = &mut sent.kind {
        email.from = "Shop\r\nBcc: all@b.test <shop@example.com>".into();
        email.subject = "Hi\r\nBcc: all@b.test".into();
    }
    folder.outbox().write(&sent).unwrap();
    let [path] = folder.mails().try_into().unwrap();
    let mail = fs::read(path).unwrap();
    assert!(MessageParser::default().parse(&mail).unwrap().bcc().is_none());
}

#[test]
fn the_newest_of_all_channels_come_first() {
    let folder = Folder::new();
    let outbox = folder.outbox();
    let sent = [email("m-1", 1), sms("m-2", 2), push("m-3", 3), email("m-4", 4)];
    for sent in &sent {
        outbox.write(sent).unwrap();
    }
    let [first, second, third, fourth] = sent;
    assert_eq!(outbox.newest(9).unwrap(), [fourth.clone(), third.clone(), second, first]);
    assert_eq!(outbox.newest(2).unwrap(), [fourth, third]);
}

#[test]
fn an_empty_outbox_has_nothing_to_show() {
    assert_eq!(Folder::new().outbox().newest(9).unwrap(), []);
}

/// An outbox with two texts, the file that they are in, and what it holds.
fn two_texts(folder: &Folder) -> (Outbox, PathBuf, Vec<u8>) {
    let outbox = folder.outbox();
    outbox.write(&sms("m-1", 1)).unwrap();
    outbox.write(&sms("m-2", 2)).unwrap();
    let path = folder.0.join("sms.ndjson");
    let whole = fs::read(&path).unwrap();
    (outbox, path, whole)
}

#[test]
fn a_line_cut_by_a_crash_costs_no_other_message() {
    let folder = Folder::new();
    let (outbox, path, whole) = two_texts(&folder);
    for cut in whole.len() / 2 + 1..whole.len() {
        fs::write(&path, &whole[..cut]).unwrap();
        outbox.write(&sms("m-3", 3)).unwrap();
        let read: Vec<_> = outbox.newest(9).unwrap().into_iter().map(|sent| sent.id).collect();
        let kept =
            if cut == whole.len() - 1 { vec!["m-3", "m-2", "m-1"] } else { vec!["m-3", "m-1"] };
        assert_eq!(read, kept, "cut at {cut}");
    }
}

#[test]
fn who_is_forgotten_is_in_no_file_even_if_a_crash_cut_their_line() {
    let folder = Folder::new();
    let (outbox, path, whole) = two_texts(&folder);
    fs::write(&path, &whole[..whole.len() - 5]).unwrap();
    outbox.write(&email("m-3", 3)).unwrap();
    outbox.write(&email("m-4", 4)).unwrap();
    outbox.forget(|sent| sent.id != "m-4").unwrap();
    let left: Vec<_> = outbox.newest(9).unwrap().into_iter().map(|sent| sent.id).collect();
    assert_eq!((left, folder.mails().len()), (vec!["m-4".to_owned()], 1));
    assert_eq!(fs::read(&path).unwrap(), b"");
}

#[test]
fn a_mail_whose_writer_died_is_found_by_its_line() {
    let folder = Folder::new();
    // A folder stands where the second file is to be written.
    let sent = email("m-1", 5);
    let outbox = folder.outbox();
    fs::create_dir(folder.0.join("mail").join(mail_name(&sent))).unwrap();
    outbox.write(&sent).unwrap_err();
    assert_eq!(outbox.newest(9).unwrap(), [sent]);
}

#[test]
fn what_is_written_while_others_are_forgotten_is_neither_lost_nor_left() {
    let folder = Folder::new();
    let outbox = folder.outbox();
    let (theirs, rest) = (|sent: &Sent| sent.id.starts_with("a-"), 200);
    std::thread::scope(|scope| {
        scope.spawn(|| (0..rest).for_each(|n| outbox.write(&sms(&format!("a-{n}"), n)).unwrap()));
        scope.spawn(|| (0..rest).for_each(|n| outbox.write(&sms(&format!("b-{n}"), n)).unwrap()));
        scope.spawn(|| (0..50).for_each(|_| outbox.forget(theirs).unwrap()));
    });
    outbox.forget(theirs).unwrap();
    let left = outbox.newest(999).unwrap();
    assert_eq!(left.iter().filter(|sent| theirs(sent)).count(), 0);
    assert_eq!(left.len(), usize::try_from(rest).unwrap());
}

fn email(id: &str, at_ms: i64) -> Sent {
    let email = Email {
        from: "\"Café, Lyon\" <shop@example.com>".into(),
        to: vec!["ann@b.test".into()],
        reply_to: vec![],
        suppressed: vec![],
        subject: "Voilà: 20 % off".into(),
        html: Some("<p>Bonjour à tous</p>".into()),
        text: Some("Bonjour à tous".into()),
        headers: vec![("List-Unsubscribe".into(), "<https://x.test/u/abc>".into())],
        tags: [("message".into(), id.into())].into(),
        configuration_set: Some("main".into()),
        raw: Value::Null,
    };
    Sent { id: id.into(), at_ms, kind: Kind::Email(email) }
}

fn sms(id: &str, at_ms: i64) -> Sent {
    let sms = Sms {
        phone: "+33600000001".into(),
        opted_out: false,
        text: "hi".into(),
        attributes: BTreeMap::new(),
    };
    Sent { id: id.into(), at_ms, kind: Kind::Sms(sms) }
}

fn push(id: &str, at_ms: i64) -> Sent {
    let push = Push {
        endpoint: "arn:aws:sns:eu-west-1:000000000000:endpoint/GCM/shop/1".into(),
        token: "t-1".into(),
        payload: json!({ "notification": { "title": "Hi" } }),
        attributes: BTreeMap::new(),
    };
    Sent { id: id.into(), at_ms, kind: Kind::Push(push) }
}

/// A folder of its own for each test, gone after it.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let next = NEXT.fetch_add(1, Ordering::Relaxed);
        Self(std::env::temp_dir().join(format!("attune-outbox-{}-{next}", std::process::id())))
    }

    fn outbox(&self) -> Outbox {
        Outbox::open(&self.0).unwrap()
    }

    fn mails(&self) -> Vec<PathBuf> {
        let files = fs::read_dir(self.0.join("mail")).unwrap();
        files.map(|file| file.unwrap().path()).collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
