//! What commands tell on the standard output.

use std::fmt::Arguments;
use std::io::{self, ErrorKind, Write as _};
use std::process;

/// Tells a line. Whoever reads may stop reading, as `head` does: that ends the program, and is no failure.
pub(crate) fn line(text: Arguments<'_>) {
    let Err(why) = writeln!(io::stdout(), "{text}") else { return };
    if why.kind() != ErrorKind::BrokenPipe {
        eprintln!("nothing can be written to the standard output: {why}");
        process::exit(1);
    }
    process::exit(0);
}

/// As `println!`, which panics when nobody reads any more.
macro_rules! say {
    ($($text:tt)*) => { $crate::say::line(format_args!($($text)*)) };
}
