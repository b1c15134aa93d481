//! The lists of a bag: manifests and bag-info.txt.
#![no_main]

use affiant::store::manifest::{BagInfo, Manifest};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(manifest) = Manifest::parse(bytes) {
        let text = manifest.to_text();
        assert!(Manifest::parse(text.as_bytes()).is_ok_and(|again| again.to_text() == text));
    }
    let _ = BagInfo::parse(bytes);
});
