//! Signs a PDF up to a PAdES level, for the judges of `tests/judges/levels.py`.
//!
//! `sign_pdf IN OUT LEVEL AUTHORITY PADDING KEY CHAIN [KEY
//! CHAIN]`: LEVEL is b-b, b-t, b-lt or b-lta; AUTHORITY a URL or `-`; PADDING pkcs1 or pss; each KEY is PEM
//! with the PEM chain of its certificates; the first certifies, the second approves.

#![allow(clippy::disallowed_methods)] // a program of its own

use std::fs;
use std::time::Duration;

use affiant::seal::pades::{self, Held, Role, Signing};
use affiant::seal::{Authorities, Certificate, LocalKey, Revocation, RsaPadding, Signer, Trust};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

const LIMIT: Duration = Duration::from_secs(20);

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [input, output, level, authority, padding, keys @ ..] = arguments.as_slice() else {
        return Err("see the file's header".into());
    };
    let padding = if padding == "pss" { RsaPadding::Pss } else { RsaPadding::Pkcs1 };
    let urls = if authority == "-" { Vec::new() } else { vec![authority.clone()] };
    let authorities = Authorities::new(urls, LIMIT, Trust::default());
    let mut pdf = fs::read(input)?;
    let mut certificates = Vec::new();
    for (i, pair) in keys.chunks(2).enumerate() {
        let key =
            LocalKey::from_pem(&fs::read_to_string(&pair[0])?, &fs::read_to_string(&pair[1])?, padding)?;
        let signing = Signing {
            signer: &key,
            at: chrono::Utc::now(),
            role: if i == 0 { Role::Certification } else { Role::Approval },
            reason: "For the judges",
            field: None,
            appearance: None,
            authorities: (level != "b-b").then_some(&authorities),
        };
        pdf = pades::sign_with(&pdf, &signing)?;
        certificates.push(key.chain().certificates().to_vec());
    }
    if level.starts_with("b-lt") {
        pdf = with_validation(&pdf, certificates)?;
    }
    if level == "b-lta" {
        pdf = pades::add_timestamp(&pdf, &authorities)?.ok_or("no authority answered")?;
    }
    fs::write(output, pdf)?;
    Ok(())
}

fn with_validation(pdf: &[u8], mut chains: Vec<Vec<Certificate>>) -> Outcome<Vec<u8>> {
    for signature in pades::verify(pdf).signatures {
        if let Ok(Held::Signature(facts)) = signature.facts
            && let Some(token) = facts.token
        {
            chains.push([vec![token.authority], token.others].concat());
        }
    }
    let mut revocation = Revocation::default();
    for chain in &chains {
        let (found, words) = Revocation::fetch(chain, LIMIT);
        words.iter().for_each(|line| eprintln!("{line}"));
        revocation.merge(found);
    }
    Ok(pades::add_validation(pdf, &chains.concat(), &revocation)?)
}
