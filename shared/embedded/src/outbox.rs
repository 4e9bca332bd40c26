//! A folder in which a person reads what would have been sent.
//!
//! ```text
//! mail/20261122T035500.123Z-<id>.eml    one e-mail each, for any mail program; names sort by time
//! email.ndjson  sms.ndjson  push.ndjson one line for each message, oldest first
//! ```
//!
//! Files are only ever added to, until somebody is to be forgotten, and a message's `.eml` comes after
//! its line. So a process that dies between two writes leaves at worst one line without a file and one
//! line without an end, and no file that nobody finds; reading skips such a line, the next write starts
//! a new one, and forgetting drops it. Nothing is forced to disk: this is for looking at, and the truth
//! about a message is in the database.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use crate::capture::sent::{Kind, Sent};

mod eml;

const FILES: [&str; 3] = ["email.ndjson", "sms.ndjson", "push.ndjson"];

/// How much of the end of each file [`Outbox::newest`] reads, in bytes: some hundred large mails,
/// and still at once.
const TAIL_BYTES: u64 = 16 * 1024 * 1024;

/// The folder of sent messages. Two processes must not write to one folder at a time.
#[derive(Debug, Clone)]
pub struct Outbox {
    folder: PathBuf,
    /// Held by whoever writes or forgets: what is written in between would be lost, or stay.
    turn: Arc<Mutex<()>>,
}

impl Outbox {
    /// The outbox in `folder`. If it is missing it is made, for its owner alone: it is people's mail.
    pub fn open(folder: impl Into<PathBuf>) -> io::Result<Self> {
        let folder = folder.into();
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder.join("mail"))?;
        Ok(Self { folder, turn: Arc::default() })
    }

    /// Writes `sent` down. Meant for [`Capture::on_sent`](crate::Capture::on_sent).
    pub fn write(&self, sent: &Sent) -> io::Result<()> {
        let _turn = self.turn();
        let file = match &sent.kind {
            Kind::Email(_) => "email.ndjson",
            Kind::Sms(_) => "sms.ndjson",
            Kind::Push(_) => "push.ndjson",
        };
        append(&self.folder.join(file), &serde_json::to_vec(sent)?)?;
        if let Kind::Email(email) = &sent.kind {
            let path = self.folder.join("mail").join(mail_name(sent));
            fs::write(path, eml::render(&sent.id, sent.at_ms, email))?;
        }
        Ok(())
    }

    /// Nothing is left half done in memory, so a panic elsewhere spoils nothing.
    fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The newest `count` messages, newest first. Looks no further back than the last 16 MiB of
    /// each channel, and leaves out the raw request of an e-mail.
    pub fn newest(&self, count: usize) -> io::Result<Vec<Sent>> {
        let mut newest = Vec::new();
        for file in FILES {
            let tail = tail(&self.folder.join(file))?;
            let lines = tail.rsplit(|byte| *byte == b'\n');
            newest.extend(lines.filter_map(|line| serde_json::from_slice(line).ok()).take(count));
        }
        newest.sort_by(|a: &Sent, b| (b.at_ms, &b.id).cmp(&(a.at_ms, &a.id)));
        newest.truncate(count);
        Ok(newest)
    }
}

impl Outbox {
    /// Forgets messages, such as those to somebody who was erased: each file is written anew without
    /// them, and takes the old one's place at once. A line that cannot be read goes as well, as nobody
    /// can tell whose it was.
    pub fn forget(&self, which: impl Fn(&Sent) -> bool) -> io::Result<()> {
        let _turn = self.turn();
        for file in FILES {
            let path = self.folder.join(file);
            let Ok(text) = fs::read(&path) else { continue };
            let (mut kept, mut gone) = (Vec::new(), false);
            for line in text.split_inclusive(|byte| *byte == b'\n') {
                match serde_json::from_slice::<Sent>(line) {
                    Ok(sent) if which(&sent) => {
                        self.forget_mail(&sent)?;
                        gone = true;
                    }
                    Ok(_) => kept.extend_from_slice(line),
                    Err(_) => gone = true,
                }
            }
            if gone {
                let new = self.folder.join(format!("{file}.new"));
                fs::write(&new, kept)?;
                fs::rename(&new, &path)?;
            }
        }
        Ok(())
    }

    fn forget_mail(&self, sent: &Sent) -> io::Result<()> {
        match fs::remove_file(self.folder.join("mail").join(mail_name(sent))) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed,
        }
    }
}

/// The name of the file of an e-mail.
fn mail_name(sent: &Sent) -> String {
    format!("{}-{}.eml", stamp(sent.at_ms), sent.id)
}

/// Adds `line` to the file at `path`, after ending a line that a crash left open.
fn append(path: &Path, line: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
    let mut whole = Vec::with_capacity(line.len() + 2);
    if is_torn(&mut file)? {
        whole.push(b'\n');
    }
    whole.extend_from_slice(line);
    whole.push(b'\n');
    file.write_all(&whole)
}

fn is_torn(file: &mut File) -> io::Result<bool> {
    if file.seek(SeekFrom::End(0))? == 0 {
        return Ok(false);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}

/// The last [`TAIL_BYTES`] of a file. A first line cut by the limit does not parse and so drops
/// out.
fn tail(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        opened => opened?,
    };
    let size = file.metadata()?.len();
    file.seek(SeekFrom::Start(size.saturating_sub(TAIL_BYTES)))?;
    let mut tail = Vec::new();
    file.take(TAIL_BYTES).read_to_end(&mut tail)?;
    Ok(tail)
}

/// An instant as a file name: sorts by time and is allowed on every system.
fn stamp(at_ms: i64) -> String {
    let at = Timestamp::from_millisecond(at_ms).unwrap_or_default();
    at.strftime("%Y%m%dT%H%M%S%.3fZ").to_string()
}

#[cfg(test)]
mod tests;
