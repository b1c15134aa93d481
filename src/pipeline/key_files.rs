//! What a file is that somebody named as a key or a certificate: a private key, its public half, a request,
//! an archive. It says so before anything is made with it, and never what stands in it.

use std::path::Path;

use crate::diag::Diagnostic;
use crate::store::given;

/// What a file was named as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NamedAs {
    Key,
    Certificate,
    Pkcs12,
}

/// Why a file cannot be what it was named as, and what to name instead; whether the key fits the certificate
/// is asked later.
pub fn refused(path: &Path, named: NamedAs) -> Option<Diagnostic> {
    let shown = path.display().to_string();
    let problem = |message: String, hint: &str| Some(Diagnostic::new("AFW-068", message).hint(hint));
    if path.is_dir() {
        return problem(format!("`{shown}` is a folder, and should be a file"), write(named));
    }
    let bytes = match given::read(path) {
        Ok(bytes) => zeroize::Zeroizing::new(bytes),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return problem(format!("there is no file `{shown}`"), write(named));
        }
        Err(error) if error.kind() == std::io::ErrorKind::InvalidInput => {
            return problem(format!("`{shown}`: {error}"), write(named));
        }
        // that it cannot be read is told by who reads it
        Err(_) => return None,
    };
    let (what, hint) = other(&bytes, named)?;
    problem(format!("`{shown}` {what}"), hint)
}

fn write(named: NamedAs) -> &'static str {
    match named {
        NamedAs::Key => "name a private key in PEM (`-----BEGIN PRIVATE KEY-----`)",
        NamedAs::Certificate => "name the key's certificate in PEM (`-----BEGIN CERTIFICATE-----`)",
        NamedAs::Pkcs12 => "name a PKCS#12 file, with its key and certificate",
    }
}

/// What else the bytes are.
fn other(bytes: &[u8], named: NamedAs) -> Option<(&'static str, &'static str)> {
    let text = String::from_utf8_lossy(bytes);
    let has = |label: &str| text.contains(&format!("-----BEGIN {label}"));
    let binary = bytes.first() == Some(&0x30);
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Some(("is empty", write(named)));
    }
    match named {
        NamedAs::Pkcs12 if binary => None,
        NamedAs::Pkcs12 if has("") => {
            Some(("is PEM, and no PKCS#12 file", "name it as the key in PEM, with its certificate beside it"))
        }
        NamedAs::Pkcs12 => Some(("is no PKCS#12 file", write(named))),
        NamedAs::Certificate if has("CERTIFICATE-----") => None,
        NamedAs::Certificate if has("CERTIFICATE REQUEST") || has("NEW CERTIFICATE REQUEST") => {
            Some(("is a request for a certificate", "name the certificate that the authority gave for it"))
        }
        NamedAs::Certificate if text.contains("PRIVATE KEY-----") => {
            Some(("is a private key, and no certificate", write(named)))
        }
        NamedAs::Certificate if binary => Some((
            "is no PEM",
            "if it is a certificate in DER: `openssl x509 -inform DER -in FILE -out FILE.pem`",
        )),
        NamedAs::Certificate => Some(("holds no certificate in PEM", write(named))),
        NamedAs::Key => no_key(&text, binary),
    }
}

fn no_key(text: &str, binary: bool) -> Option<(&'static str, &'static str)> {
    let has = |label: &str| text.contains(&format!("-----BEGIN {label}-----"));
    if has("OPENSSH PRIVATE KEY") {
        return Some((
            "is a key in OpenSSH's own form",
            "write it as PKCS#8 with `ssh-keygen -p -m PKCS8 -f FILE`, and get a certificate for it",
        ));
    }
    if has("ENCRYPTED PRIVATE KEY") || text.contains("Proc-Type: 4,ENCRYPTED") {
        return Some((
            "is locked with a password, and keys in PEM are read without one",
            "keep it in a PKCS#12 file: `openssl pkcs12 -export -inkey KEY -in CERTIFICATE -out seal.p12`",
        ));
    }
    if text.contains("PRIVATE KEY-----") {
        return None;
    }
    Some(if has("CERTIFICATE") {
        ("is a certificate, and no private key", "name the key's own file, and this one as its certificate")
    } else if text.contains("PUBLIC KEY-----") {
        ("is a public key, and signs nothing", "name the private key that it belongs to")
    } else if binary {
        let hint = "a key in DER becomes PEM with `openssl pkey -inform DER -in FILE -out FILE.pem`; a \
                    PKCS#12 file is named .p12";
        ("is no PEM", hint)
    } else {
        ("holds no private key in PEM", write(NamedAs::Key))
    })
}

#[cfg(test)]
mod tests {
    use super::{NamedAs, other};

    #[test]
    fn a_file_of_another_kind_is_named_for_what_it_is() {
        let pem = |label: &str| format!("-----BEGIN {label}-----\nAA==\n-----END {label}-----\n");
        let told = |bytes: &[u8], named| other(bytes, named).map(|(what, _)| what);
        for label in ["PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY"] {
            assert_eq!(told(pem(label).as_bytes(), NamedAs::Key), None, "{label}");
        }
        let both = pem("CERTIFICATE") + &pem("PRIVATE KEY");
        assert_eq!(told(both.as_bytes(), NamedAs::Key), None, "one file may hold both");
        assert_eq!(told(both.as_bytes(), NamedAs::Certificate), None);
        for (text, named, words) in [
            (pem("CERTIFICATE"), NamedAs::Key, "is a certificate"),
            (pem("PUBLIC KEY"), NamedAs::Key, "public key"),
            (pem("OPENSSH PRIVATE KEY"), NamedAs::Key, "OpenSSH"),
            (pem("ENCRYPTED PRIVATE KEY"), NamedAs::Key, "password"),
            (pem("PRIVATE KEY"), NamedAs::Certificate, "is a private key"),
            (pem("CERTIFICATE REQUEST"), NamedAs::Certificate, "is a request"),
            (pem("CERTIFICATE"), NamedAs::Pkcs12, "is PEM"),
            (" \n".into(), NamedAs::Key, "is empty"),
            ("hello".into(), NamedAs::Pkcs12, "no PKCS#12"),
        ] {
            let what = told(text.as_bytes(), named).unwrap_or_default();
            assert!(what.contains(words), "{named:?} {text}: {what}");
        }
        assert_eq!(told(&[0x30, 0x82], NamedAs::Pkcs12), None);
    }
}
