//! A detached signature.
#![no_main]

use affiant::seal::signature::attributes::Ess;
use affiant::seal::signature::cms;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = cms::verify(bytes, &mut &b"content"[..], Ess::Optional);
});
