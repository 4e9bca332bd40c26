//! How domain types are stored: one file each, the only place that knows attribute names.

pub(super) mod card;
pub(super) mod event;
pub(super) mod message;
