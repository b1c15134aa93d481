//! Two plain HTTP calls with a time limit and a size limit: to timestamp authorities and for revocation
//! lists. What comes back is signed and is checked by its own module, so HTTP without TLS is as good; with
//! `https:`, TLS is verified.

use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use ureq::Agent;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

/// The longest answer that is read, in bytes. Tokens have a few thousand, large revocation lists some
/// millions.
const MAX_ANSWER: u64 = 20 << 20;

pub(in crate::seal) fn post(url: &str, kind: &str, body: &[u8], limit: Duration) -> Result<Vec<u8>, String> {
    let answer = agent(url, limit, 0).post(url).header("Content-Type", kind).send(body);
    read(answer)
}

pub(in crate::seal) fn get(url: &str, limit: Duration) -> Result<Vec<u8>, String> {
    read(agent(url, limit, 3).get(url).call())
}

fn read(answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Result<Vec<u8>, String> {
    let mut answer = answer.map_err(|e| e.to_string())?;
    let mut bytes = Vec::new();
    answer.body_mut().as_reader().take(MAX_ANSWER + 1).read_to_end(&mut bytes).map_err(|e| e.to_string())?;
    if bytes.len() as u64 > MAX_ANSWER {
        Err(format!("the answer is longer than {MAX_ANSWER} bytes"))
    } else {
        Ok(bytes)
    }
}

fn agent(url: &str, limit: Duration, redirects: u32) -> Agent {
    let mut config = Agent::config_builder()
        .timeout_global(Some(limit))
        .max_redirects(redirects)
        .user_agent(concat!("affiant/", env!("CARGO_PKG_VERSION")));
    // A proxy does not reach this machine's own loopback.
    if url.starts_with("http://127.0.0.1") || url.starts_with("http://localhost") {
        config = config.proxy(None);
    }
    if url.starts_with("https:") {
        config = config.tls_config(tls());
    }
    config.build().into()
}

/// The operating system's authorities: for the transport alone. Who may stamp is a matter of pinned
/// certificates.
fn tls() -> TlsConfig {
    let roots = rustls_native_certs::load_native_certs().certs;
    let roots: Vec<_> = roots.iter().map(|der| Certificate::from_der(der).to_owned()).collect();
    TlsConfig::builder()
        .root_certs(RootCerts::Specific(Arc::new(roots)))
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .build()
}
