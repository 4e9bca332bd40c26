//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use attune_domain::time::{Span, Timestamp};
use clap::{Args, Parser, Subcommand};

/// Sends the right message, to the right person, at the right time, on the channel they prefer.
#[derive(Debug, Parser)]
#[command(name = "attune", version, about, args_conflicts_with_subcommands = true)]
pub struct Cli {
    /// What to do; `demo` if nothing is said.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The demo, when no command is given.
    #[command(flatten)]
    pub demo: Demo,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Play eighteen months of a real shop's orders and show who would have got what (the default)
    Demo(Demo),
    /// Run the whole suite on this machine, with the same HTTP paths as in the cloud
    Serve(Serve),
    /// Play events at simulated time, and write every membership and message
    Replay(Replay),
    /// Tell why a customer is in a segment or not, and when that will change
    Explain(Explain),
    /// Check definitions, and tell what they would change
    Check(Check),
    /// Publish definitions
    Push(Push),
}

/// `attune demo`.
#[derive(Debug, Args, Default)]
pub struct Demo {
    /// Write the figures as JSON as well
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Play the orders of another shop: a CSV file with a column for customer, date and amount
    #[arg(long, value_name = "FILE.csv")]
    pub orders: Option<PathBuf>,
    /// When to stop and look, as `2011-12-11` or `2011-12-11T08:00:00Z` [default: the last order]
    #[arg(long, value_name = "T", value_parser = Timestamp::parse)]
    pub as_of: Option<Timestamp>,
    /// Definitions other than the starter pack
    #[arg(long, value_name = "DIR")]
    pub definitions: Option<PathBuf>,
    /// Keep what would have been sent in this folder
    #[arg(long, value_name = "DIR")]
    pub outbox: Option<PathBuf>,
    /// The seed of what is made up
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

/// `attune serve`.
#[derive(Debug, Args)]
pub struct Serve {
    /// Where to listen
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8787")]
    pub listen: SocketAddr,
    /// Where to keep data; in memory if left out
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// The definitions to begin with [default: the starter pack]
    #[arg(long, value_name = "DIR")]
    pub definitions: Option<PathBuf>,
    /// The key for events from servers; made up and printed if left out
    #[arg(long, value_name = "KEY", env = "ATTUNE_WRITE_KEY")]
    pub write_key: Option<String>,
    /// The key for events from browsers and apps; made up and printed if left out
    #[arg(long, value_name = "KEY", env = "ATTUNE_BROWSER_KEY")]
    pub browser_key: Option<String>,
    /// The key of the management API; made up and printed if left out
    #[arg(long, value_name = "KEY", env = "ATTUNE_MANAGE_KEY")]
    pub manage_key: Option<String>,
    /// What links in messages begin with [default: where it listens]
    #[arg(long, value_name = "URL", env = "ATTUNE_LINK_URL")]
    pub link_url: Option<String>,
}

/// `attune replay`. No codes can be loaded into it: a message that gives one of a pool finds none, and
/// expires.
#[derive(Debug, Args)]
pub struct Replay {
    /// The definitions to play by
    #[arg(long, value_name = "DIR")]
    pub definitions: PathBuf,
    /// Events in Segment's format, one JSON object a line
    #[arg(long, value_name = "FILE.ndjson")]
    pub events: PathBuf,
    /// Write only what happens from then on
    #[arg(long, value_name = "T", value_parser = Timestamp::parse)]
    pub from: Option<Timestamp>,
    /// Stop there [default: the last event]
    #[arg(long, value_name = "T", value_parser = Timestamp::parse)]
    pub until: Option<Timestamp>,
    /// How often time alone is looked at, and due messages are sent; a message that is good for less
    /// expires [default: 1h, or half of the shortest `max_lateness`, but at least 1m]
    #[arg(long, value_name = "SPAN", value_parser = Span::parse)]
    pub tick: Option<Span>,
    /// Write every enter and leave here, one JSON object a line
    #[arg(long, value_name = "OUT.ndjson")]
    pub memberships: Option<PathBuf>,
    /// Write every message with its decision here, one JSON object a line
    #[arg(long, value_name = "OUT.ndjson")]
    pub messages: Option<PathBuf>,
}

/// Where a running suite is.
#[derive(Debug, Args)]
pub struct Target {
    /// A running suite
    #[arg(long, value_name = "URL", env = "ATTUNE_ENDPOINT", conflicts_with = "data")]
    pub endpoint: Option<String>,
    /// The key of its management API
    #[arg(long, value_name = "KEY", env = "ATTUNE_MANAGE_KEY")]
    pub manage_key: Option<String>,
    /// The data folder of a suite that is not running
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
}

/// `attune explain`.
#[derive(Debug, Args)]
pub struct Explain {
    /// The customer: an id, an e-mail address, or a phone number such as +12025550123
    pub customer: String,
    /// The segment; all of them if left out
    pub segment: Option<String>,
    /// Where to look.
    #[command(flatten)]
    pub target: Target,
}

/// `attune check`.
#[derive(Debug, Args)]
pub struct Check {
    /// A folder of definitions, or one file
    pub definitions: PathBuf,
    /// Where to look what would change.
    #[command(flatten)]
    pub target: Target,
}

/// `attune push`.
#[derive(Debug, Args)]
pub struct Push {
    /// A folder of definitions, or one file
    pub definitions: PathBuf,
    /// Programs that shall start for those who are in their segments already, with commas between
    #[arg(long, value_name = "PROGRAMS", default_value = "")]
    pub confirm: String,
    /// Where to publish.
    #[command(flatten)]
    pub target: Target,
}
