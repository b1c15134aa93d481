//! What lists and OCSP answers say of a certificate: the input is one of them; the certificates are those of
//! the seed's signer.
#![no_main]

use std::sync::OnceLock;

use affiant::seal::{Certificate, Revocation};
use chrono::DateTime;
use libfuzzer_sys::fuzz_target;

/// A signer and its issuer, made for this by `openssl` and of no use elsewhere.
fn chain() -> &'static [Certificate] {
    static CHAIN: OnceLock<Vec<Certificate>> = OnceLock::new();
    CHAIN.get_or_init(|| {
        Certificate::all_from_pem(include_str!("../seeds/revocation.pem")).expect("two certificates")
    })
}

fuzz_target!(|bytes: &[u8]| {
    let [certificate, issuer] = chain() else { unreachable!("two certificates") };
    let mut known = Revocation::default();
    if known.add(bytes) {
        let now = DateTime::from_timestamp(1_800_000_000, 0).expect("a time");
        let _ = (known.status(certificate, issuer, now), known.knows(certificate, issuer));
    }
});
