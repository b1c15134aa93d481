//! `data/package.json`: what `verify` reads of a package's own record.
#![no_main]

use affiant::pipeline::package::PackageRecord;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(record) = serde_json::from_slice::<PackageRecord>(bytes) {
        let again: PackageRecord =
            serde_json::from_slice(&serde_json::to_vec(&record).expect("a record serialises"))
                .expect("and is read");
        assert!(again == record);
    }
});
