//! A whole archive, from the directory to the answers: the ZIP reader, BagIt lists, seals and
//! the PDF behind them.
#![no_main]

use affiant::seal::Trust;
use affiant::seal::verify::{DESCRIPTIONS, Options, verify};
use chrono::DateTime;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    thread_local! {
        static PLACE: tempfile::NamedTempFile = tempfile::NamedTempFile::new().expect("a temporary file");
    }
    PLACE.with(|place| {
        std::fs::write(place.path(), bytes).expect("it can be written");
        let now = DateTime::from_timestamp(1_800_000_000, 0).expect("a time");
        let _ = verify(place.path(), &Options::new(&Trust::default(), now, DESCRIPTIONS));
    });
});
