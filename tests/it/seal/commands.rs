//! The commands around a seal, as a user runs them: one process writes a request, another applies the answer;
//! people sign the sign-off page; passwords come in by every way but arguments.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use super::tsa::{Tsa, openssl};
use crate::harness::{Ran, Sandbox, ran};

fn small() -> Sandbox {
    let sandbox = Sandbox::default().with_system_clock();
    sandbox.write("affiant.yaml", include_str!("../../fixtures/small/affiant.yaml"));
    sandbox
}

fn configure(sandbox: &Sandbox, seal: &str) {
    sandbox.write("affiant.yaml", format!("{}\n{seal}", include_str!("../../fixtures/small/affiant.yaml")));
}

fn collect(sandbox: &Sandbox) -> String {
    let snapshot = sandbox.snapshot("in", &[]);
    let folder = snapshot.parent().unwrap().parent().unwrap().display().to_string();
    let made = sandbox.affiant(&["collect", "--snapshot", &folder]);
    assert!(made.code == 0 || made.code == 3, "{}{}", made.out, made.err);
    made.out.trim().to_owned()
}

fn zip(packaged: &Ran) -> String {
    packaged.out.lines().find_map(|line| line.strip_prefix("ZIP")).unwrap().trim().to_owned()
}

/// A person certified by the test authority; files in the sandbox.
fn person(sandbox: &Sandbox, tsa: &Tsa, name: &str) {
    let at = tsa.dir.path();
    openssl(at, &format!("req -newkey rsa:3072 -nodes -subj /CN={name} -keyout {name}.key -out {name}.csr"));
    fs::write(at.join("pext"), "keyUsage=critical,digitalSignature,nonRepudiation\n").unwrap();
    openssl(
        at,
        &format!("x509 -req -in {name}.csr -CA ca.pem -CAkey ca.key -days 900 -extfile pext -out {name}.pem"),
    );
    openssl(
        at,
        &format!(
            "pkcs12 -export -inkey {name}.key -in {name}.pem -certfile ca.pem -passout pass:of-{name} \
             -out {name}.p12"
        ),
    );
    let place = sandbox.write(&format!("{name}.p12"), fs::read(at.join(format!("{name}.p12"))).unwrap());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(place, fs::Permissions::from_mode(0o600)).unwrap();
    }
}

#[test]
fn request_and_apply_in_two_processes_then_renewal_status_and_chain() {
    let (sandbox, tsa) = (small(), Tsa::start());
    let run = collect(&sandbox);
    let root = tsa.root().display().to_string();
    let trust = ".affiant/seal/certificate.pem";
    let before = sandbox.affiant(&["verify", &run, "--trust", trust]).exits(0);
    assert!(before.out.contains("time not independently attested"), "{}", before.out);
    sandbox.affiant(&["seal", "request", &run, "--output", "q.tsq"]).exits(0);
    let said = openssl(sandbox.path(), "ts -query -in q.tsq -text");
    assert!(said.contains("sha256") && said.contains("Certificate required: yes"), "{said}");
    let answer = tsa.answer(&fs::read(sandbox.path().join("q.tsq")).unwrap());
    sandbox.write("a.tsr", answer);
    sandbox.affiant(&["seal", "apply", &run, "a.tsr", "--request", "q.tsq", "--tsa-trust", &root]).exits(0);
    sandbox.affiant(&["seal", "apply", &run, "a.tsr"]).exits(2);
    let after = sandbox.affiant(&["verify", &run, "--trust", trust, "--tsa-trust", &root]).exits(0);
    assert!(
        after.out.contains("existed    by 20") && after.out.contains("policy 1.3.6.1.4.1.57264.9.1"),
        "{}",
        after.out
    );
    sandbox.affiant(&["seal", "renew", &run, "--authority", &tsa.url(), "--tsa-trust", &root]).exits(0);
    let status = sandbox.affiant(&["seal", "status", &run]).exits(0);
    for word in ["seal ", "timestamp ", "renewal 0001", "no care until"] {
        assert!(status.out.contains(word), "{word}: {}", status.out);
    }
    let second = collect(&sandbox);
    assert!(
        sandbox.path().join(&second).join("seal/previous.tsr").exists()
            || Path::new(&second).join("seal/previous.tsr").exists()
    );
    let chain =
        sandbox.affiant(&["verify", "--chain", "evidence", "--trust", trust, "--tsa-trust", &root]).exits(0);
    assert!(
        chain.out.contains("2 runs in 2 places, 0 findings") && chain.out.contains("sealed after"),
        "{}",
        chain.out
    );
    let gone = sandbox
        .affiant(&["seal", "renew", &run, "--authority", "http://127.0.0.1:1/tsa", "--seconds", "1"])
        .exits(5);
    assert!(gone.err.contains("no timestamp authority"), "{}", gone.err);
}

/// The whole of it in one package: three keys in PKCS#12, a timestamp each, visible blocks,
/// B-LTA, declaration.
#[test]
fn people_sign_the_package_in_turn() {
    let (sandbox, tsa) = (small(), Tsa::start());
    openssl(tsa.dir.path(), "ca -gencrl -config tsa.cnf -name c -out list.crl");
    sandbox.write("list.crl", fs::read(tsa.dir.path().join("list.crl")).unwrap());
    for name in ["sealer", "preparer", "approver"] {
        person(&sandbox, &tsa, name);
    }
    let seal = format!(
        "seal:\n  pkcs12: sealer.p12\n  level: b-lta\n  revocation: [list.crl]\n  \
         timestamp: {{ authorities: [\"{}\"], seconds: 20 }}\n  signers:\n    \
         - {{ role: Prepared by, pkcs12: preparer.p12, password_env: PREPARER }}\n    \
         - {{ role: Approved by, pkcs12: approver.p12, password_env: APPROVER }}\n",
        tsa.url()
    );
    configure(&sandbox, &seal);
    let env =
        [("AFFIANT_SEAL_PASSWORD", "of-sealer"), ("PREPARER", "of-preparer"), ("APPROVER", "of-approver")];
    let snapshot = sandbox.snapshot("in", &[]);
    let folder = snapshot.parent().unwrap().parent().unwrap().display().to_string();
    let collected = sandbox.affiant_with(&["collect", "--snapshot", &folder], &env);
    assert!(collected.code == 0 || collected.code == 3, "{}{}", collected.out, collected.err);
    let packaged = sandbox.affiant_with(&["package"], &env).exits(0);
    assert!(
        packaged.err.contains("no care until") && packaged.err.contains("keep at least until"),
        "{}",
        packaged.err
    );
    let zip = zip(&packaged);
    let root = tsa.root().display().to_string();
    let report = sandbox
        .affiant(&["verify", &zip, "--trust", &root, "--tsa-trust", &root, "--recompute", "--format", "json"])
        .exits(0);
    let json: serde_json::Value = serde_json::from_str(&report.out).unwrap();
    assert_eq!(json["time"]["state"], "held", "{}", report.out);
    let steps = json["steps"].as_array().unwrap();
    let said = |code: &str, words: &str| {
        steps.iter().filter(|s| s["code"] == code && s["words"].as_str().unwrap().contains(words)).count()
    };
    if cfg!(feature = "pdf") {
        assert_eq!(
            (said("AFV-224", "PAdES baseline B-LTA"), said("AFV-303", "with a visible block")),
            (3, 2),
            "{}",
            report.out
        );
        keep(&sandbox, &zip);
    }
    let declared =
        sandbox.affiant(&["seal", "declaration", &zip, "--trust", &root, "--tsa-trust", &root]).exits(0);
    for words in [
        "902(13)",
        "902(14)",
        "28 U.S.C. 1746",
        "111122223333",
        "under penalty of perjury",
        "SHA-256",
        "____",
    ] {
        assert!(declared.out.contains(words), "{words}: {}", declared.out);
    }
    for secret in ["of-sealer", "of-preparer", "of-approver"] {
        assert!(!format!("{}{}{}", packaged.out, packaged.err, report.out).contains(secret));
    }
}

/// For looking at by hand and by the judges of PDF structure: `AFFIANT_KEEP` names a folder.
fn keep(sandbox: &Sandbox, zip: &str) {
    if let Some(folder) = std::env::var_os("AFFIANT_KEEP") {
        fs::create_dir_all(&folder).unwrap();
        fs::copy(sandbox.path().join(zip), Path::new(&folder).join("signed-in-turn.zip")).unwrap();
    }
}

#[cfg(unix)]
#[test]
fn a_password_comes_from_a_descriptor_too_and_a_wrong_one_is_said() {
    let (sandbox, tsa) = (small(), Tsa::start());
    person(&sandbox, &tsa, "sealer");
    configure(&sandbox, "seal:\n  pkcs12: sealer.p12\n");
    let shell = |line: &str| {
        let mut command = Command::new("bash");
        command
            .args(["-c", line])
            .current_dir(sandbox.path())
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .stdin(Stdio::null());
        command.env("AFFIANT", env!("CARGO_BIN_EXE_affiant"));
        ran(command.output().unwrap())
    };
    let good = shell("\"$AFFIANT\" seal status --password-fd 3 3< <(printf 'of-sealer\\n')").exits(0);
    assert!(good.out.contains("CN=sealer"), "{}", good.out);
    let wrong = shell("\"$AFFIANT\" seal status --password-fd 3 3< <(printf 'secret-guess\\n')").exits(2);
    assert!(!wrong.err.contains("secret-guess") && wrong.err.contains("PKCS #12"), "{}", wrong.err);
}
