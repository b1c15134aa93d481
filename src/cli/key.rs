//! Which key signs, by flags; and where the passwords of key files come from.

#![allow(clippy::disallowed_methods)] // passwords may come from the environment

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use clap::Args;
use zeroize::Zeroizing;

use super::wrong;
use crate::model::decisions::SealFacts;
use crate::pipeline::Error;
use crate::pipeline::key_files::{NamedAs, refused};

/// A key for this once, instead of the one that affiant.yaml names
#[derive(Debug, Default, Args)]
pub struct KeyFlags {
    /// What signs and seals: a PEM file, a PKCS#12 file (.p12 or .pfx), or kms:KEY with KEY an id, ARN or
    /// alias/NAME of AWS KMS
    #[arg(long, value_name = "KEY")]
    pub key: Option<String>,
    /// The key's certificate and those above it, PEM, the signer's first; for PEM files and AWS KMS
    #[arg(long, value_name = "PEM", requires = "key")]
    pub certificate: Option<PathBuf>,
}

impl KeyFlags {
    /// `facts` with the key that the flags name. Paths of flags are relative to the current folder.
    pub fn over(&self, facts: &SealFacts) -> Result<SealFacts, Error> {
        let mut facts = facts.clone();
        let Some(key) = &self.key else { return Ok(facts) };
        let absolute = |path: &Path| {
            std::path::absolute(path).map(|p| p.display().to_string()).map_err(Error::io("find", path))
        };
        let certificate = self.certificate.as_deref().map(absolute).transpose()?;
        let packed = [".p12", ".pfx"].iter().any(|end| key.to_ascii_lowercase().ends_with(end));
        (facts.key, facts.pkcs12, facts.kms, facts.certificate) =
            match (key.strip_prefix("kms:"), packed, certificate) {
                (Some(name), _, Some(certificate)) => (None, None, Some(name.to_string()), Some(certificate)),
                (None, false, Some(certificate)) => {
                    (Some(absolute(Path::new(key))?), None, None, Some(certificate))
                }
                (None, true, None) => (None, Some(absolute(Path::new(key))?), None, None),
                (None, true, Some(_)) => {
                    return Err(wrong("a PKCS#12 file holds its certificate", "leave out `--certificate`"));
                }
                (Some(_), _, None) | (None, false, None) => {
                    return Err(wrong(
                        "the key's certificate is missing",
                        "name it with `--certificate`, PEM",
                    ));
                }
            };
        self.look_at(&facts)?;
        Ok(facts)
    }

    /// Refuses what is no key or certificate now, and not when everything else is made.
    fn look_at(&self, facts: &SealFacts) -> Result<(), Error> {
        let named = [
            (&facts.key, NamedAs::Key),
            (&facts.pkcs12, NamedAs::Pkcs12),
            (&facts.certificate, NamedAs::Certificate),
        ];
        let refused = |(file, named): (&Option<String>, NamedAs)| {
            let option = if named == NamedAs::Certificate { "--certificate" } else { "--key" };
            let mut problem = refused(Path::new(file.as_ref()?), named)?;
            problem.message = format!("{option}: {}", problem.message);
            Some(problem)
        };
        match named.into_iter().find_map(refused) {
            Some(problem) => Err(problem.into()),
            None => Ok(()),
        }
    }
}

/// From the environment, a file descriptor (one line a password, in the order of use), or the terminal; never
/// an argument, which other processes could read.
pub fn password(
    file: &Path,
    variable: Option<&str>,
    descriptor: Option<u32>,
) -> std::io::Result<Zeroizing<String>> {
    if let Ok(password) = std::env::var(variable.unwrap_or("AFFIANT_SEAL_PASSWORD")) {
        return Ok(Zeroizing::new(password));
    }
    match descriptor {
        Some(number) => line_of(number),
        None => rpassword::prompt_password(format!("password of {}: ", file.display())).map(Zeroizing::new),
    }
}

/// One line, byte by byte, so that what follows is left for the next password.
fn line_of(descriptor: u32) -> std::io::Result<Zeroizing<String>> {
    static OPEN: Mutex<Option<std::fs::File>> = Mutex::new(None);
    let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    if open.is_none() {
        *open = Some(std::fs::File::open(format!("/dev/fd/{descriptor}")).map_err(|error| {
            let what = format!("--password-fd {descriptor}: no file is open there ({error})");
            std::io::Error::new(error.kind(), what)
        })?);
    }
    let Some(source) = open.as_mut() else { return Err(std::io::ErrorKind::NotFound.into()) };
    let (mut line, mut byte) = (Zeroizing::new(Vec::new()), [0]);
    while std::io::Read::read(source, &mut byte)? == 1 && byte[0] != b'\n' {
        line.push(byte[0]);
    }
    let text = String::from_utf8(line.to_vec()).map_err(std::io::Error::other)?;
    Ok(Zeroizing::new(text.trim_end_matches('\r').to_owned()))
}
