//! Certificates and their chains, in DER and PEM.
#![no_main]

use affiant::seal::{Certificate, Trust};
use chrono::DateTime;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let now = DateTime::from_timestamp(1_800_000_000, 0).expect("a time");
    let mut all: Vec<Certificate> = Certificate::from_der(bytes).into_iter().collect();
    all.extend(
        std::str::from_utf8(bytes)
            .ok()
            .and_then(|text| Certificate::all_from_pem(text).ok())
            .into_iter()
            .flatten(),
    );
    for certificate in &all {
        let trust = Trust::new(all.clone());
        let _ = (
            certificate.name(),
            certificate.subject(),
            certificate.is_self_signed(),
            certificate.unfit_to_sign(now),
        );
        let _ = (trust.judge(certificate, &all, now), trust.judge_authority(certificate, &all, now));
    }
});
