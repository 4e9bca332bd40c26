//! Holds `infra/template.yaml` against the code: what stands in both must be the same.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "this is how a test fails"
)]
#![expect(clippy::large_futures, reason = "a test makes few of them")]

mod calls;
mod feedback;
mod functions;
mod machine;
mod roles;
mod schedules;
mod tables;
mod template;
mod yaml;
