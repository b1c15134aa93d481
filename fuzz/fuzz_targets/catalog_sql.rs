//! The SQL of a stranger's catalog: compiled under the rules of checks, and asked of empty tables
//! within its bounds.
#![no_main]

use std::sync::OnceLock;

use affiant::assess::verdicts::cases::Bench;
use affiant::model::catalog::Catalog;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    static CATALOG: OnceLock<Catalog> = OnceLock::new();
    thread_local! {
        static BENCH: std::cell::RefCell<Bench<'static>> =
            std::cell::RefCell::new(
                Bench::new(CATALOG.get_or_init(|| affiant::catalog::load(None).expect("our own catalog")))
                    .expect("a bench"),
            );
    }
    let Ok(sql) = std::str::from_utf8(bytes) else { return };
    BENCH.with_borrow_mut(|bench| {
        if bench.reads(sql).is_ok() {
            let _ = bench.columns("artifact");
        }
    });
});
