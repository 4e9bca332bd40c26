//! `attune serve` in a process of its own, on a port of its own.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A suite that runs, and dies with the test.
pub(crate) struct Running {
    process: Child,
    pub(crate) address: String,
}

impl Running {
    /// Starts it with the write key `w` and the management key `m`, and waits until it listens.
    pub(crate) fn start(data: &Path, definitions: &Path) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_attune"))
            .args(["serve", "--listen", "127.0.0.1:0", "--write-key", "w", "--manage-key", "m"])
            .arg("--data")
            .arg(data)
            .arg("--definitions")
            .arg(definitions)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut told = BufReader::new(process.stdout.take().unwrap());
        told.read_line(&mut line).unwrap();
        // Somebody must listen, or telling fails.
        std::thread::spawn(move || std::io::copy(&mut told, &mut std::io::sink()));
        let address = line.trim().rsplit("//").next().unwrap().to_owned();
        Self { process, address }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}
