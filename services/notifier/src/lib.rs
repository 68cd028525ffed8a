//! The notifier: tells the people on call of alerts that nobody sees to.
//!
//! What is to be sent, to whom and when, is decided by [`clinical::notify`]; here it is read what that
//! depends on, and done. One instance of a deployment sends at a time, chosen by a consumer group and
//! fenced by a transactional id. A message is written down in the topic `notifications` before it is
//! sent, and what became of it afterwards: so an instance that takes over knows what its predecessor has
//! begun, and a receiver that gets a message twice sees the same idempotency key.

mod active;
mod args;
mod failure;
mod following;
mod log;
mod mail;
mod message;
mod metrics;
mod sending;
mod service;
mod session;
mod wake;
mod watched;
mod webhook;

pub use args::NotifierArgs;
pub use service::run;
