//! `attune`: every function in one process, on an embedded engine, with a captured outbox.
#![allow(clippy::indexing_slicing, reason = "what is indexed here is JSON, where nothing is null")]

#[macro_use]
mod say;

mod api;
mod check;
pub mod cli;
pub mod demo;
mod excerpt;
mod explain;
mod failure;
mod feedback_page;
mod folder;
mod kept;
mod outbox_page;
mod push;
pub mod replay;
pub mod serve;
pub mod suite;
mod tables;

pub use failure::Failure;

use cli::{Cli, Command};

/// Does what the command line says.
pub async fn run(cli: Cli) -> Result<(), Failure> {
    match cli.command.unwrap_or(Command::Demo(cli.demo)) {
        Command::Demo(asked) => demo::run(&asked).await,
        Command::Serve(asked) => serve::run(&asked).await,
        Command::Replay(asked) => replay::run(&asked).await,
        Command::Explain(asked) => explain::run(&asked).await,
        Command::Check(asked) => check::run(&asked).await,
        Command::Push(asked) => push::run(&asked).await,
    }
}
