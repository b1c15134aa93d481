//! AWS Config as a source: which way leads to an account and region, what is asked there, and what it
//! delivered to its bucket.

pub(super) mod bucket;
pub(super) mod bucket_names;
pub(super) mod counts;
pub(super) mod history;
pub(super) mod items;
pub(super) mod object_stream;
pub(super) mod requests;
pub(super) mod routes;
