//! A signed PDF: structure, byte ranges, signatures, the security store, and what came after each signature.
#![no_main]

use affiant::seal::pades;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = pades::verify(bytes);
    let _ = pades::empty_fields(bytes);
});
