//! Holds `infra/template.yaml` against the code: what stands in both must be the same.

mod calls;
mod functions;
mod machine;
mod roles;
mod schedules;
mod tables;
mod template;
mod yaml;
