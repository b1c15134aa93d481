//! A run's records, as `verify` and `verify --chain` read them.
#![no_main]

use affiant::model::run::{Artifact, Coverage, Redaction, RunRecord};
use affiant::store::BagPath;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = serde_json::from_slice::<RunRecord>(bytes);
    let _ = serde_json::from_slice::<Artifact>(bytes);
    let _ = serde_json::from_slice::<Coverage>(bytes);
    let _ = serde_json::from_slice::<Redaction>(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = BagPath::new(text);
    }
});
