//! Commands that take a password in a way of their own: after a short flag, behind a user's name, as the word
//! that follows.

use super::places::ValueTest::{Plausible, Strong};
use super::places::{SecretPlace, WORDS, place};

pub(super) const COMMANDS: [SecretPlace; 20] = [
    place(
        "command-secret",
        Strong,
        WORDS,
        &["config"],
        concat!(
            r#"(?i)\bconfig(?:ure)?\s+(?:--?[\w-]+\s+)*(?:set\s+)?(?:--?[\w-]+\s+)*(?P<n>[\w.:/-]*"#,
            r#"(?:passw(?:or)?d|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key)[\w.-]*)"#,
            r#"[ \t]+["']?([^\s"']{6,})"#,
        ),
    ),
    place(
        "command-secret",
        Plausible,
        &["smbclient", "smbget", "rpcclient", "winexe", "net ads", "net rpc"],
        &["%"],
        concat!(
            r#"(?i)\b(?:smbclient|smbget|rpcclient|winexe|net\s+(?:ads|rpc))\b[^\n|;&]*?\s"#,
            r#"(?:-U|--user(?:name)?)[\s=]*["']?[^\s%"']{1,80}%([^\s"']{3,})"#,
        ),
    ),
    place(
        "command-secret",
        Plausible,
        &["rabbitmqctl"],
        &[],
        concat!(
            r#"(?i)\brabbitmqctl\b[^\n|;&]*?\b(?:add_user|change_password|authenticate_user)"#,
            r#"\s+["']?[^\s"']+["']?\s+["']?([^\s"']{3,})"#,
        ),
    ),
    place(
        "command-secret",
        Plausible,
        &["plink", "pscp", "psftp", "kadmin", "addprinc"],
        &["-pw"],
        r#"(?i)\b(?:plink|pscp|psftp|kadmin(?:\.local)?|addprinc)\b[^\n|;&]*?\s-pw\s+["']?([^\s"']{3,})"#,
    ),
    place(
        "command-secret",
        Plausible,
        &["net use", "net.exe use"],
        &["\\"],
        concat!(
            r#"(?i)\bnet(?:\.exe)?\s+use\s+(?:[A-Z*]:?\s+)?["']?\\{2,4}[^\s"']+["']?\s+["']?"#,
            r#"([^\s/"'*][^\s"']{3,})"#,
        ),
    ),
    place(
        "command-secret",
        Plausible,
        &["schtasks", "cmdkey", "freerdp", "msdeploy", "signtool", "psexec", "netdom"],
        &["/p", "/rp", "-p"],
        concat!(
            r#"(?i)\b(?:schtasks|cmdkey|[xw]freerdp|msdeploy|signtool|psexec\w*|netdom)\b[^\n|&]*?\s[/-]"#,
            r#"(?:rp|password[do]?|pass|pwd|p)(?:[:=]|\s+)["']?([^\s"'/][^\s"']{2,})"#,
        ),
    ),
    place(
        "command-secret",
        Plausible,
        WORDS,
        &[" /"],
        r#"(?i)\s/(?P<n>\w*(?:password|passphrase|pwd|secret|token))[:=]["']?([^\s"'/]{4,})"#,
    ),
    place(
        "command-secret",
        Plausible,
        &["zip"],
        &["-p"],
        r#"\b(?:un)?zip\b[^\n|;&]*?\s-P\s*["']?([^\s"'-][^\s"']{2,})"#,
    ),
    place(
        "command-secret",
        Plausible,
        &["7z", "rar"],
        &["-p", "-hp"],
        r#"\b(?:7z[azr]?|7zz|(?:un)?rar)\b[^\n|;&]*?\s-h?p["']?([^\s"'-][^\s"']{2,})"#,
    ),
    place(
        "command-secret",
        Plausible,
        &["mosquitto", "ipmitool", "evil-winrm"],
        &["-p"],
        r#"\b(?:mosquitto_\w+|ipmitool|evil-winrm)\b[^\n|;&]*?\s-P\s+["']?([^\s"'-][^\s"']{2,})"#,
    ),
    place(
        "command-secret",
        Plausible,
        &[
            "cqlsh",
            "cypher-shell",
            "rdesktop",
            "evil-winrm",
            "ncftp",
            "hdbsql",
            "vsql",
            "beeline",
            "impala-shell",
            "login",
            "mongofiles",
            "mongostat",
        ],
        &["-p", "-w"],
        concat!(
            r#"\b(?:cqlsh|cypher-shell|rdesktop|evil-winrm|ncftp\w*|hdbsql|vsql|beeline|impala-shell|argocd"#,
            r#"\s+login|oc\s+login|mongofiles|mongostat)\b[^\n|;&]*?\s-[pw]\s+["']?([^\s"'-][^\s"']{2,})"#,
        ),
    ),
    place(
        "command-secret",
        Plausible,
        &["openssl"],
        &["-k", "-hmac"],
        r#"\bopenssl\b[^\n|;&]*?\s-(?:k|hmac)\s+["']?([^\s"'-][^\s"']{3,})"#,
    ),
    place(
        "command-secret",
        Plausible,
        &["lftp"],
        &["-u"],
        r#"\blftp\b[^\n|;&]*?\s-u\s+["']?[^\s,"']+,([^\s"']{3,})"#,
    ),
    place(
        "command-secret",
        Plausible,
        &["ssh-keygen"],
        &["-n", "-p"],
        r#"\bssh-keygen\b[^\n|;&]*?\s-[NP]\s+["']?([^\s"'-][^\s"']{3,})"#,
    ),
    place(
        "command-secret",
        Plausible,
        &["useradd", "usermod"],
        &["-p"],
        r#"\b(?:useradd|usermod)\b[^\n|;&]*?\s(?:-p|--password)[\s=]["']?([^\s"'$-][^\s"']{2,})"#,
    ),
    place(
        "command-secret",
        Plausible,
        &["wpa_passphrase"],
        &[],
        r#"\bwpa_passphrase\s+["']?[^\s"']+["']?\s+["']?([^\s"']{8,})"#,
    ),
    place(
        "command-secret",
        Strong,
        &["@"],
        &[":"],
        r#"(?:^|[\s"'/])[\w.-]{1,40}:([^\s"'/:]{4,})@(?:\d{1,3}\.){3}\d{1,3}\b"#,
    ),
    place(
        "command-secret",
        Plausible,
        &["storepass", "keypass"],
        &["-"],
        r#"(?i)\s-(?:src|dest|new)?(?:store|key)pass(?:wd)?(?::\w+)?\s+["']?([^\s"'-][^\s"']{2,})"#,
    ),
    place(
        "connection-secret",
        Strong,
        &["@"],
        &["/"],
        concat!(
            r#"(?:^|[\s"'=])[\w.$#-]{2,40}/([^\s@/"':]{4,})@[A-Z][A-Z0-9_.]*"#,
            r#"(?:ORCL|PROD|TEST|DEV|STAGE|PDB|DB|XE|SVC)[A-Z0-9_.]*\b"#,
        ),
    ),
    place(
        "command-secret",
        Plausible,
        &["vault", "consul", "nomad"],
        &["password=", "token="],
        r#"(?i)\b(?:vault|consul|nomad)\b[^\n|;&]*?\s(?:password|token)=["']?([^\s"']{3,})"#,
    ),
];
