//! Sealing and verifying: round trips, attacks, hostile archives, PDF updates, keys.

mod archives;
mod attacks;
mod authority;
mod fixture;
mod keys;
mod pdf;
mod trust;
