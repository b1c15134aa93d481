//! The places themselves: a pattern each, what must hold of the value, and the words without which it need
//! not be tried.

/// A place, and what must hold of the value there.
pub(super) struct SecretPlace {
    pub(super) rule: &'static str,
    /// The value is the first group that matched; a group `n` is the name beside it.
    pub(super) pattern: &'static str,
    pub(super) check: ValueTest,
    /// Without one of these in the text (in small letters) the pattern cannot strike, nor without one of
    /// those of `and`.
    pub(super) need: &'static [&'static str],
    pub(super) and: &'static [&'static str],
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ValueTest {
    /// Whatever stands there, unless it points elsewhere.
    Plausible,
    /// Only what people do not write in prose: a digit or a sign in it.
    Strong,
    /// Letters and digits without a word in them.
    Random,
}

use ValueTest::{Plausible, Strong};

pub(super) const fn place(
    rule: &'static str,
    check: ValueTest,
    need: &'static [&'static str],
    and: &'static [&'static str],
    pattern: &'static str,
) -> SecretPlace {
    SecretPlace { rule, pattern, check, need, and }
}

/// What names of secrets hold.
pub(super) const WORDS: &[&str] = &[
    "pass",
    "pwd",
    "secret",
    "token",
    "credential",
    "apikey",
    "_key",
    "-key",
    "accesskey",
    "privatekey",
    "secretkey",
    "sharedkey",
    "authkey",
    "accountkey",
    "encryptionkey",
    "signingkey",
    "masterkey",
    "storagekey",
    "licensekey",
    "webhookkey",
];

pub(super) const PLACES: [SecretPlace; 32] = [
    // flags of commands
    place(
        "command-secret",
        Plausible,
        WORDS,
        &[" -", "\"-", "'-", "[-", ",-", "(-", "`-", "\n-"],
        concat!(
            r#"(?i)(?:^|[\s"'\[,(`])--?(?P<n>[\w.-]*(?:passw(?:or)?d|passphrase|pwd|secret|api[_-]?key"#,
            r#"|access[_-]?key|private[_-]?key|account[_-]?key|auth[_-]?key|encryption[_-]?key"#,
            r#"|license[_-]?key|shared[_-]?key|token|credentials?|-pass|^pass|pass)[\w.-]*)(?:=|\s+"#,
            r#"|\\?["']\s*,?\s*\\?["'])\\?["']?([^\s"'\\,;|&<>\[\]]{3,})"#,
        ),
    ),
    place(
        "command-secret",
        Plausible,
        &["-d"],
        &[],
        concat!(
            r#"(?i)(?:^|\s)-D(?P<n>[\w.-]*(?:passw(?:or)?d|secret|token|api[_-]?key|credential)[\w.-]*)"#,
            r#"=["']?([^\s"']{3,})"#,
        ),
    ),
    place(
        "command-secret",
        Plausible,
        &["mysql", "mariadb"],
        &["-p"],
        concat!(
            r#"(?i)\b(?:mysql|mysqldump|mysqladmin|mysqlimport|mysqlsh|mariadb|mariadb-dump|mariadb-admin)"#,
            r#"\b[^\n|;&]*?\s-p["']?([^\s"'|;&$-][^\s"'|;&]{2,})"#,
        ),
    ),
    place("command-secret", Plausible, &["sshpass"], &[], r#"(?i)\bsshpass\s+-p\s*["']?([^\s"']{3,})"#),
    place(
        "command-secret",
        Plausible,
        &["login"],
        &["-p"],
        concat!(
            r#"(?i)\b(?:docker|podman|nerdctl|helm\s+registry|oras|crane|az)\s+"#,
            r#"(?:auth\s+)?login\b[^\n|;&]*?\s-p\s+["']?([^\s"']{3,})"#,
        ),
    ),
    place(
        "command-secret",
        Plausible,
        &["mongo", "kinit", "rclone"],
        &["-p"],
        concat!(
            r#"(?i)\b(?:mongo|mongosh|mongodump|mongorestore|mongoexport|mongoimport|kinit|rclone)"#,
            r#"\b[^\n|;&]*?\s-p\s+["']?([^\s"']{3,})"#,
        ),
    ),
    place(
        "command-secret",
        Plausible,
        &["redis-cli", "rdb"],
        &["-a"],
        r#"(?i)\b(?:redis-cli|rdb)\b[^\n|;&]*?\s-a\s+["']?([^\s"']{3,})"#,
    ),
    place(
        "command-secret",
        Plausible,
        &["ldap"],
        &["-w"],
        r#"(?i)\bldap(?:search|add|modify|delete|whoami|passwd)\b[^\n|;&]*?\s-w\s*["']?([^\s"']{3,})"#,
    ),
    place(
        "command-secret",
        Plausible,
        &["sqlcmd", "bcp", "osql", "isql"],
        &["-p"],
        r#"\b(?i:sqlcmd|bcp|osql|isql)\b[^\n|;&]*?\s-P\s*["']?([^\s"']{3,})"#,
    ),
    place(
        "command-secret",
        Plausible,
        &["-u", "--user", "-a ", "--proxy-user"],
        &[":"],
        concat!(
            r#"(?i)\b(?:curl|wget|httpie|https?|lftp|xh)\b[^\n|;]*?\s(?:-u|--user|--proxy-user|-U|-a)"#,
            r#"(?:\s+|=)?\\?["']?[^\s:"'\\]{1,80}:([^\s"'\\@]{3,})"#,
        ),
    ),
    place(
        "command-secret",
        Plausible,
        &["chpasswd"],
        &[":"],
        r#"(?i)\b[\w.-]{1,40}:([^\s"'|:\\]{3,})\\?["']?\s*\|\s*(?:sudo\s+)?chpasswd\b"#,
    ),
    place(
        "command-secret",
        Plausible,
        &["chpasswd"],
        &["<<<"],
        r#"(?i)\bchpasswd\s*<<<\s*["']?[\w.-]{1,40}:([^\s"'|:]{3,})"#,
    ),
    place(
        "command-secret",
        Plausible,
        &["net user", "net1 user", "net.exe user", "net  user"],
        &[],
        r#"(?i)\bnet1?(?:\.exe)?\s+user\s+\S{1,60}\s+([^\s/*"']{4,})(?:\s|$)"#,
    ),
    place(
        "command-secret",
        Plausible,
        &["securestring"],
        &[],
        r#"(?i)ConvertTo-SecureString\s+(?:-(?:String|AsPlainText|Force)\s+){0,3}["']([^"'$]{3,})["']"#,
    ),
    place(
        "command-secret",
        Plausible,
        &["htpasswd"],
        &[],
        r#"(?i)\bhtpasswd\s+-\w*b\w*\s+\S+\s+\S+\s+["']?([^\s"']{3,})"#,
    ),
    place(
        "command-secret",
        Plausible,
        &["echo"],
        &["|"],
        concat!(
            r#"(?i)\becho\s+-?n?\s*["']?([^\s"'|$]{6,})["']?\s*\|\s*(?:sudo\s+)?"#,
            r#"(?:passwd\s+--stdin|docker\s+login|podman\s+login|openssl\s+\w+|gpg\b|sudo\s+-S|cryptsetup\b"#,
            r#"|kinit\b|realm\s+join|adcli\b|smbpasswd\b|vault\s+login|gh\s+auth)"#,
        ),
    ),
    place(
        "command-secret",
        Plausible,
        &["openssl"],
        &["pass:"],
        r#"(?i)\bopenssl\b[^\n|;&]*?\s-(?:pass|passin|passout)\s+(?:pass:)["']?([^\s"']{3,})"#,
    ),
    // statements and files
    place(
        "statement-secret",
        Plausible,
        &["identified"],
        &[],
        r#"(?i)\bidentified\s+(?:with\s+\S+\s+)?(?:by|as)\s+(?:password\s+)?\\?["']([^"'\\]{3,})"#,
    ),
    place(
        "statement-secret",
        Plausible,
        &["password"],
        &["'"],
        r#"(?i)\b(?:with\s+|encrypted\s+|login\s+|set\s+)?password\s*(?:to\s+|=\s*)?N?\\?'([^'\\]{3,})'"#,
    ),
    place(
        "statement-secret",
        Plausible,
        &["set password"],
        &["for"],
        r#"(?i)\bset\s+password\s+for\s+[^=\n;]{1,120}=\s*(?:password\s*\(\s*)?\\?["']([^"'\\]{3,})"#,
    ),
    place(
        "statement-secret",
        Strong,
        &["isakmp", "pre-shared-key"],
        &[],
        concat!(
            r#"(?i)\b(?:crypto\s+isakmp\s+key|pre-shared-key(?:\s+(?:local|remote|ascii-text"#,
            r#"|hexadecimal))*)\s+(?:[0-7]\s+)?["']?([^\s"';]{6,})"#,
        ),
    ),
    place(
        "statement-secret",
        Plausible,
        &["requirepass", "masterauth", "rootpw", "bindpw", "admin_passwd", "proxy_shared_secret"],
        &[],
        concat!(
            r#"(?im)^\s*(?:requirepass|masterauth|rootpw|bindpw|olcRootPW|admin_passwd"#,
            r#"|neutron_metadata_proxy_shared_secret)\s+["']?([^\s"']{3,})"#,
        ),
    ),
    place(
        "statement-secret",
        Plausible,
        &["machine"],
        &["login"],
        r#"(?i)\bmachine\s+\S+\s+login\s+\S+\s+password\s+([^\s]{3,})"#,
    ),
    place(
        "statement-secret",
        Plausible,
        &[":5432:", ":3306:", ":1433:", ":1521:", ":6379:", ":*:"],
        &[],
        r#"(?m)^[\w.*-]+:(?:\d{2,5}|\*):[^:\s/]+:[^:\s/]+:([^\s:/]{4,})$"#,
    ),
    place(
        "statement-secret",
        Plausible,
        &["_auth"],
        &[],
        r#"(?i)\b_auth(?:Token)?\s*[=:]\s*["']?([A-Za-z0-9+/_=.-]{8,})"#,
    ),
    // headers
    place(
        "header-secret",
        Plausible,
        &["x-", "api-key", "apikey", "-token", "authorization", "subscription-key"],
        &[],
        concat!(
            r#"(?i)\b(?:x-[\w-]*(?:key|token|secret|auth)[\w-]*|api-?key|(?:private|auth|access|session)"#,
            r#"-token|dd-api-key|(?:proxy-)?authorization|ocp-apim-subscription-key)\\?["']?\s*[:=,]"#,
            r#"\s*\\?["']?(?:(?:bearer|basic|token|apikey|digest)\s+)?([A-Za-z0-9+/_~.=!@#$%^&*-]{6,})"#,
        ),
    ),
    // connection strings
    place(
        "url-password",
        Plausible,
        &["://"],
        &["@"],
        r#"\b[a-z][a-z0-9+.-]{1,20}://[^/\s:@"'<>]*:([^\s@"'<>]{3,})@[\w\[.-]"#,
    ),
    place(
        "url-token",
        Strong,
        &["://"],
        &["@"],
        concat!(
            r#"\b(?:https?|git|redis|rediss|amqps?|mongodb(?:\+srv)?|nats|mqtts?|clickhouse|sentry)://"#,
            r#"([A-Za-z0-9_.~%+-]{16,})@[\w.-]"#,
        ),
    ),
    place(
        "connection-secret",
        Plausible,
        &["jdbc:oracle"],
        &["@"],
        r#"(?i)\bjdbc:oracle:[a-z0-9]+:[^\s/@"']+/\\?"?([^\s@"'\\]{3,})\\?"?@"#,
    ),
    place(
        "connection-secret",
        Plausible,
        &["sqlplus", "sqlldr", "expdp", "impdp", "rman", "sqlcl", "dgmgrl"],
        &["@"],
        concat!(
            r#"(?i)\b(?:sqlplus|sqlldr|expdp|impdp|rman|sqlcl|dgmgrl)\b[^\n]{0,80}?\s["']?[\w.$#-]+/"#,
            r#"([^\s@"']{3,})@"#,
        ),
    ),
    place(
        "connection-secret",
        Strong,
        &["@"],
        &["/"],
        r#"(?:^|[\s"'=])[\w.$#-]{2,40}/([^\s@/"':]{4,})@(?://)?[\w.-]+(?::\d{2,5}|/)[\w.:/-]*"#,
    ),
    // names and values in YAML, properties, JSON and scripts
    place(
        "assigned-secret",
        Strong,
        WORDS,
        &[":", "=>", "="],
        concat!(
            r#"(?im)(?:^|[\s,{;"'(\[&?])\\?["']?(?P<n>[\w.-]*(?:passw(?:or)?d|passphrase|pwd"#,
            r#"|secret|api[_-]?key|(?:access|secret|private|encryption|signing|master|auth|account"#,
            r#"|shared|storage|license|webhook)[_-]?key|token|credential)[\w.-]*)\\?["']?\s*"#,
            r#"(?::|=>|:=|\?=|=)\s*\\?["']?([^\s"',;&<>{}\[\]()\\]{6,})"#,
        ),
    ),
];

/// XML: an element or a pair of attributes whose name says so, plain or escaped.
pub(super) const XML: [&str; 6] = [
    concat!(
        r#"(?i)(?:<|&lt;)(?P<n>[\w:.-]*(?:passw(?:or)?d|passphrase|pwd|secret|pre_shared_key"#,
        r#"|presharedkey|api[_-]?key|private[_-]?key|access[_-]?key|token|credential)[\w:.-]*)"#,
        r#"(?:\s[^<>]*)?(?:>|&gt;)\s*([^<&\s][^<&]{2,}?)\s*(?:<|&lt;)/"#,
    ),
    concat!(
        r#"(?i)\b(?:key|name)\s*=\s*\\?["'](?P<n>[\w:.-]*(?:passw(?:or)?d|passphrase|pwd|secret|api[_-]?key"#,
        r#"|private[_-]?key|access[_-]?key|token|credential)[\w:.-]*)\\?["']\s+value\s*=\s*\\?["']"#,
        r#"([^"'\\<>]{3,})"#,
    ),
    concat!(
        r#"(?i)<(?:name|key)>\s*(?P<n>[\w:.-]*(?:passw(?:or)?d|passphrase|pwd|secret|api[_-]?key"#,
        r#"|private[_-]?key|access[_-]?key|token|credential)[\w:.-]*)\s*</(?:name|key)>\s*<"#,
        r#"(?:value|string)>\s*([^<&\s][^<&]{2,}?)\s*</"#,
    ),
    concat!(
        r#"(?i)\bvalue\s*=\s*\\?["']([^"'\\<>]{3,})\\?["']\s+(?:key|name)\s*=\s*\\?["']"#,
        r#"(?P<n>[\w:.-]*(?:passw(?:or)?d|passphrase|pwd|secret|api[_-]?key|private[_-]?key"#,
        r#"|access[_-]?key|token|credential)[\w:.-]*)"#,
    ),
    concat!(
        r#"(?i)<(?P<n>[\w:.-]*(?:passw(?:or)?d|passphrase|pwd|secret|api[_-]?key|private[_-]?key"#,
        r#"|access[_-]?key|token|credential)[\w:.-]*)(?:\s[^<>]*)?>\s*<!\[CDATA\[\s*([^\]]{3,}?)\s*\]\]>"#,
    ),
    concat!(
        r#"(?i)<(?P<n>[\w:.-]*(?:passw(?:or)?d|passphrase|pwd|secret|api[_-]?key|private[_-]?key"#,
        r#"|access[_-]?key|token|credential)[\w:.-]*)(?:\s[^<>]*)?>\s*<(?:value|plaintext|string)>\s*"#,
        r#"([^<&\s][^<&]{2,}?)\s*</"#,
    ),
];
