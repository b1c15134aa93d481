//! Timestamp questions, answers and tokens; revocation lists and OCSP answers.
#![no_main]

use affiant::seal::Revocation;
use affiant::seal::signature::timestamp::{self, Question};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = timestamp::verify_alone(bytes);
    let _ = timestamp::verify(bytes, b"content");
    if let Ok(question) = Question::from_der(bytes) {
        let _ = question.answered(bytes);
    }
    let _ = Revocation::default().add(bytes);
});
