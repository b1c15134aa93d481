//! A timestamp authority and its certificate authority, made of openssl and a loopback HTTP server: `/tsa`
//! stamps, `/ocsp/NAME` answers in the name of that certificate, `/ca.crl` is the revocation list, anything
//! else is not found. Stopped, it refuses connections.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use affiant::seal::{Authorities, Trust};

pub struct Tsa {
    pub dir: tempfile::TempDir,
    pub port: u16,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

const CONFIG: &str = "[tsa]\ndefault_tsa = a\n[a]\nserial = serial\nsigner_cert = tsa.pem\n\
certs = ca.pem\nsigner_key = tsa.key\nsigner_digest = sha256\ndefault_policy = 1.3.6.1.4.1.57264.9.1\n\
digests = sha256, sha384, sha512\naccuracy = secs:1, millisecs:500\n\
ordering = no\ntsa_name = no\ness_cert_id_chain = no\ness_cert_id_alg = sha256\n\
[ca]\ndefault_ca = c\n[c]\ndatabase = index\ncrlnumber = crlnumber\ndefault_md = sha256\n\
default_crl_days = 3650\ncertificate = ca.pem\nprivate_key = ca.key\n";

impl Tsa {
    pub fn start() -> Tsa {
        Tsa::of("timeStamping", 7300)
    }

    /// With another purpose in its certificate, or one that ends after so many days.
    pub fn of(purpose: &str, days: u32) -> Tsa {
        let dir = tempfile::tempdir().unwrap();
        let at = dir.path();
        fs::write(at.join("tsa.cnf"), CONFIG).unwrap();
        fs::write(at.join("serial"), "01\n").unwrap();
        fs::write(at.join("crlnumber"), "01\n").unwrap();
        fs::write(at.join("index"), "").unwrap();
        openssl(
            at,
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=Example-Time-Root \
             -days 9000 -keyout ca.key -out ca.pem -addext keyUsage=critical,keyCertSign,cRLSign",
        );
        openssl(
            at,
            "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=Example-Time-Stamper \
             -keyout tsa.key -out tsa.csr",
        );
        fs::write(
            at.join("ext"),
            format!(
                "basicConstraints=CA:false\nkeyUsage=critical,digitalSignature\n\
                 extendedKeyUsage=critical,{purpose}\n"
            ),
        )
        .unwrap();
        openssl(
            at,
            &format!(
                "x509 -req -in tsa.csr -CA ca.pem -CAkey ca.key -set_serial 77 -days {days} \
                 -extfile ext -out tsa.pem"
            ),
        );
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let stop = Arc::new(AtomicBool::new(false));
        let (flag, folder) = (Arc::clone(&stop), at.to_owned());
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if flag.load(Ordering::SeqCst) {
                    return;
                }
                let _ = serve(stream.unwrap(), &folder);
            }
        });
        Tsa { dir, port, stop, thread: Some(thread) }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/tsa", self.port)
    }

    pub fn root(&self) -> PathBuf {
        self.dir.path().join("ca.pem")
    }

    pub fn trust(&self) -> Trust {
        Trust::from_pem(&fs::read_to_string(self.root()).unwrap()).unwrap()
    }

    pub fn authorities(&self) -> Authorities {
        Authorities::new(vec![self.url()], Duration::from_secs(20), Trust::default())
    }

    /// What `openssl ts -reply` answers to a request.
    pub fn answer(&self, request: &[u8]) -> Vec<u8> {
        reply(self.dir.path(), request).expect("openssl answers")
    }

    pub fn stop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(("127.0.0.1", self.port));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Tsa {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Runs openssl in a folder; arguments have no spaces inside.
pub fn openssl(at: &Path, arguments: &str) -> String {
    let (good, said) = ran(at, arguments);
    assert!(good, "openssl {arguments}: {said}");
    said
}

/// The same for a judgement, whichever it is.
pub fn openssl_says(at: &Path, arguments: &str) -> String {
    ran(at, arguments).1
}

fn ran(at: &Path, arguments: &str) -> (bool, String) {
    let run = Command::new("openssl")
        .args(arguments.split(' '))
        .current_dir(at)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    (
        run.status.success(),
        format!("{}{}", String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr)),
    )
}

pub fn openssl_refuses(at: &Path, arguments: &str) {
    let run = Command::new("openssl")
        .args(arguments.split(' '))
        .current_dir(at)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(!run.status.success(), "openssl {arguments} accepted");
}

/// `None` if openssl refuses, as it does with a certificate for something else.
fn reply(at: &Path, request: &[u8]) -> Option<Vec<u8>> {
    static ONE: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _alone = ONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    fs::write(at.join("query"), request).unwrap();
    let arguments = "ts -reply -config tsa.cnf -section a -queryfile query -out answer";
    let done = Command::new("openssl")
        .args(arguments.split(' '))
        .current_dir(at)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    done.status.success().then(|| fs::read(at.join("answer")).unwrap())
}

/// What `openssl ocsp` answers from the authority's register, signed by `name`.
fn status(at: &Path, name: &str, request: &[u8]) -> Option<Vec<u8>> {
    fs::write(at.join("question"), request).unwrap();
    let arguments = format!(
        "ocsp -index index -CA ca.pem -rsigner {name}.pem -rkey {name}.key -ndays 7 \
         -reqin question -respout status"
    );
    let done = Command::new("openssl")
        .args(arguments.split(' '))
        .current_dir(at)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    done.status.success().then(|| fs::read(at.join("status")).unwrap())
}

fn serve(mut stream: TcpStream, at: &Path) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let (mut bytes, mut byte) = (Vec::new(), [0]);
    while !bytes.ends_with(b"\r\n\r\n") && stream.read(&mut byte)? == 1 {
        bytes.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&bytes).to_lowercase();
    let length =
        head.lines().find_map(|l| l.strip_prefix("content-length:")?.trim().parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    let answer = match head.split(' ').nth(1) {
        Some("/tsa") => reply(at, &body),
        Some(path) if path.starts_with("/ocsp/") => status(at, path.trim_start_matches("/ocsp/"), &body),
        Some(path) => fs::read(at.join(path.trim_start_matches('/'))).ok(),
        None => None,
    };
    let status = if answer.is_some() { "200 OK" } else { "404 Not Found" };
    let answer = answer.unwrap_or_default();
    write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", answer.len())?;
    stream.write_all(&answer)
}
