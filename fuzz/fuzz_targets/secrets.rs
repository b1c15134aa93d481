//! Redaction of whatever evidence holds: never a panic, JSON stays JSON, and what was replaced
//! is not found again.
#![no_main]

use affiant::redact::scan::{self, Findings};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let _ = scan::suspicious(bytes);
    let _ = scan::text(text, String::new, &mut Findings::default());
    if serde_json::from_str::<serde_json::Value>(text).is_ok()
        && let Some(new) = scan::json(text, &mut Findings::default())
    {
        serde_json::from_str::<serde_json::Value>(&new).expect("still JSON");
    }
});
