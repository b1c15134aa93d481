//! Secrets by where they stand in a text: after a flag of a command, behind a name and a colon, in a connection string, in XML, in
//! the files that programs keep their passwords in. The value is replaced, what stands around it stays.

use std::ops::Range;
use std::sync::OnceLock;

use regex::{Captures, Regex};

use super::rules::patterns;

/// A place, and what must hold of the value there.
struct Place {
    rule: &'static str,
    /// The value is the first group that matched; a group `n` is the name beside it.
    pattern: &'static str,
    check: Check,
    /// Without one of these in the text (in small letters) the pattern cannot strike, nor without one of those of `and`.
    need: &'static [&'static str],
    and: &'static [&'static str],
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Check {
    /// Whatever stands there, unless it points elsewhere.
    Plausible,
    /// Only what people do not write in prose: a digit or a sign in it.
    Strong,
}

use Check::{Plausible, Strong};

const fn place(
    rule: &'static str,
    check: Check,
    need: &'static [&'static str],
    and: &'static [&'static str],
    pattern: &'static str,
) -> Place {
    Place { rule, pattern, check, need, and }
}

/// What names of secrets hold.
const WORDS: &[&str] = &[
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

const PLACES: [Place; 30] = [
    // flags of commands
    place(
        "command-secret",
        Plausible,
        WORDS,
        &[" -", "\"-", "'-", "[-", ",-", "(-", "`-", "\n-"],
        r#"(?i)(?:^|[\s"'\[,(`])--?(?P<n>[\w.-]*(?:passw(?:or)?d|passphrase|pwd|secret|api[_-]?key|access[_-]?key|private[_-]?key|account[_-]?key|auth[_-]?key|encryption[_-]?key|token|credentials?|-pass|^pass|pass)[\w.-]*)(?:=|\s+|\\?["']\s*,?\s*\\?["'])\\?["']?([^\s"'\\,;|&<>\[\]]{3,})"#,
    ),
    place(
        "command-secret",
        Plausible,
        &["-d"],
        &[],
        r#"(?i)(?:^|\s)-D(?P<n>[\w.-]*(?:passw(?:or)?d|secret|token|api[_-]?key|credential)[\w.-]*)=["']?([^\s"']{3,})"#,
    ),
    place(
        "command-secret",
        Plausible,
        &["mysql", "mariadb"],
        &["-p"],
        r#"(?i)\b(?:mysql|mysqldump|mysqladmin|mysqlimport|mysqlsh|mariadb|mariadb-dump|mariadb-admin)\b[^\n|;&]*?\s-p["']?([^\s"'|;&$-][^\s"'|;&]{2,})"#,
    ),
    place("command-secret", Plausible, &["sshpass"], &[], r#"(?i)\bsshpass\s+-p\s*["']?([^\s"']{3,})"#),
    place(
        "command-secret",
        Plausible,
        &["login"],
        &["-p"],
        r#"(?i)\b(?:docker|podman|nerdctl|helm\s+registry|oras|crane|az)\s+(?:auth\s+)?login\b[^\n|;&]*?\s-p\s+["']?([^\s"']{3,})"#,
    ),
    place(
        "command-secret",
        Plausible,
        &["mongo", "kinit", "rclone"],
        &["-p"],
        r#"(?i)\b(?:mongo|mongosh|mongodump|mongorestore|mongoexport|mongoimport|kinit|rclone)\b[^\n|;&]*?\s-p\s+["']?([^\s"']{3,})"#,
    ),
    place("command-secret", Plausible, &["redis-cli", "rdb"], &["-a"], r#"(?i)\b(?:redis-cli|rdb)\b[^\n|;&]*?\s-a\s+["']?([^\s"']{3,})"#),
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
        r#"(?i)\b(?:curl|wget|httpie|https?|lftp|xh)\b[^\n|;]*?\s(?:-u|--user|--proxy-user|-U|-a)(?:\s+|=)?\\?["']?[^\s:"'\\]{1,80}:([^\s"'\\@]{3,})"#,
    ),
    place(
        "command-secret",
        Plausible,
        &["chpasswd"],
        &[":"],
        r#"(?i)\b[\w.-]{1,40}:([^\s"'|:\\]{3,})\\?["']?\s*\|\s*(?:sudo\s+)?chpasswd\b"#,
    ),
    place("command-secret", Plausible, &["chpasswd"], &["<<<"], r#"(?i)\bchpasswd\s*<<<\s*["']?[\w.-]{1,40}:([^\s"'|:]{3,})"#),
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
    place("command-secret", Plausible, &["htpasswd"], &[], r#"(?i)\bhtpasswd\s+-\w*b\w*\s+\S+\s+\S+\s+["']?([^\s"']{3,})"#),
    place(
        "command-secret",
        Plausible,
        &["echo"],
        &["|"],
        r#"(?i)\becho\s+-?n?\s*["']?([^\s"'|$]{6,})["']?\s*\|\s*(?:sudo\s+)?(?:passwd\s+--stdin|docker\s+login|podman\s+login|openssl\s+\w+|gpg\b|sudo\s+-S)"#,
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
        r#"(?i)\b(?:with\s+|encrypted\s+|login\s+|set\s+)?password\s+(?:to\s+)?\\?'([^'\\]{3,})'"#,
    ),
    place(
        "statement-secret",
        Plausible,
        &["requirepass", "masterauth", "rootpw", "bindpw", "admin_passwd", "proxy_shared_secret"],
        &[],
        r#"(?im)^\s*(?:requirepass|masterauth|rootpw|bindpw|olcRootPW|admin_passwd|neutron_metadata_proxy_shared_secret)\s+["']?([^\s"']{3,})"#,
    ),
    place("statement-secret", Plausible, &["machine"], &["login"], r#"(?i)\bmachine\s+\S+\s+login\s+\S+\s+password\s+([^\s]{3,})"#),
    place(
        "statement-secret",
        Plausible,
        &[":5432:", ":3306:", ":1433:", ":1521:", ":6379:", ":*:"],
        &[],
        r#"(?m)^[\w.*-]+:(?:\d{2,5}|\*):[^:\s/]+:[^:\s/]+:([^\s:/]{4,})$"#,
    ),
    place("statement-secret", Plausible, &["_auth"], &[], r#"(?i)\b_auth(?:Token)?\s*[=:]\s*["']?([A-Za-z0-9+/_=.-]{8,})"#),
    // headers
    place(
        "header-secret",
        Plausible,
        &["x-", "api-key", "apikey", "-token", "authorization", "subscription-key"],
        &[],
        r#"(?i)\b(?:x-[\w-]*(?:key|token|secret|auth)[\w-]*|api-?key|(?:private|auth|access|session)-token|dd-api-key|(?:proxy-)?authorization|ocp-apim-subscription-key)\\?["']?\s*[:=,]\s*\\?["']?(?:(?:bearer|basic|token|apikey|digest)\s+)?([A-Za-z0-9+/_~.=!@#$%^&*-]{6,})"#,
    ),
    // connection strings
    place("url-password", Plausible, &["://"], &["@"], r#"\b[a-z][a-z0-9+.-]{1,20}://[^/\s:@"'<>]*:([^\s@"'<>]{3,})@[\w\[.-]"#),
    place(
        "url-token",
        Strong,
        &["://"],
        &["@"],
        r#"\b(?:https?|git|redis|rediss|amqps?|mongodb(?:\+srv)?|nats|mqtts?|clickhouse|sentry)://([A-Za-z0-9_.~%+-]{16,})@[\w.-]"#,
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
        r#"(?i)\b(?:sqlplus|sqlldr|expdp|impdp|rman|sqlcl|dgmgrl)\b[^\n]{0,80}?\s["']?[\w.$#-]+/([^\s@"']{3,})@"#,
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
        r#"(?im)(?:^|[\s,{;"'(\[&?])\\?["']?(?P<n>[\w.-]*(?:passw(?:or)?d|passphrase|pwd|secret|api[_-]?key|(?:access|secret|private|encryption|signing|master|auth|account|shared|storage|license|webhook)[_-]?key|token|credential)[\w-]*)\\?["']?\s*(?::|=>|:=|\?=)\s*\\?["']?([^\s"',;&<>{}\[\]()\\]{6,})"#,
    ),
];

/// XML: an element or a pair of attributes whose name says so, plain or escaped.
const XML: [&str; 2] = [
    r#"(?i)(?:<|&lt;)(?P<n>[\w:.-]*(?:passw(?:or)?d|passphrase|pwd|secret|pre_shared_key|presharedkey|api[_-]?key|private[_-]?key|access[_-]?key|token|credential)[\w:.-]*)(?:\s[^<>]*)?(?:>|&gt;)\s*([^<&\s][^<&]{2,}?)\s*(?:<|&lt;)/"#,
    r#"(?i)\b(?:key|name)\s*=\s*\\?["'](?P<n>[\w:.-]*(?:passw(?:or)?d|passphrase|pwd|secret|api[_-]?key|private[_-]?key|access[_-]?key|token|credential)[\w:.-]*)\\?["']\s+value\s*=\s*\\?["']([^"'\\<>]{3,})"#,
];

struct Compiled {
    pattern: Regex,
    rule: &'static str,
    check: Check,
    need: &'static [&'static str],
    and: &'static [&'static str],
}

fn compiled() -> &'static [Compiled] {
    static COMPILED: OnceLock<Vec<Compiled>> = OnceLock::new();
    COMPILED.get_or_init(|| {
        let xml =
            XML.iter().map(|pattern| Place { rule: "xml-secret", pattern, check: Plausible, need: WORDS, and: &["<", "&lt;", "value"] });
        let compile = |p: Place| Compiled {
            pattern: Regex::new(p.pattern).expect("our own patterns compile"),
            rule: p.rule,
            check: p.check,
            need: p.need,
            and: p.and,
        };
        PLACES.into_iter().chain(xml).map(compile).collect()
    })
}

/// What stands in such places, each with its rule, in the order of the text.
pub fn find(text: &str) -> Vec<(&'static str, Range<usize>)> {
    let small = format!(" {}", text.to_ascii_lowercase());
    let holds_one = |words: &[&str]| words.is_empty() || words.iter().any(|word| small.contains(word));
    let mut found = Vec::new();
    for Compiled { pattern, rule, check, .. } in compiled().iter().filter(|c| holds_one(c.need) && holds_one(c.and)) {
        let mut from = 0;
        while let Some(captures) = pattern.captures_at(text, from) {
            let whole = captures.get(0).map_or(from..from + 1, |m| m.range());
            let value = value(&captures);
            match value.filter(|range| holds(&captures, &text[range.clone()], *check)) {
                Some(range) => {
                    from = range.end.max(from + 1);
                    found.push((*rule, range));
                }
                // what was passed over may hide the next: go on behind its beginning
                None => from = text[whole.start..].char_indices().nth(1).map_or(text.len(), |(n, _)| (whole.start + n).max(from + 1)),
            }
            while from < text.len() && !text.is_char_boundary(from) {
                from += 1;
            }
            if from >= text.len() {
                break;
            }
        }
    }
    apart(found)
}

/// In the order of the text; of two that overlap, the one that begins first.
pub fn apart(mut found: Vec<(&'static str, Range<usize>)>) -> Vec<(&'static str, Range<usize>)> {
    found.sort_by_key(|(_, range)| (range.start, std::cmp::Reverse(range.end)));
    let mut end = 0;
    found.retain(|(_, range)| {
        let keep = range.start >= end && !range.is_empty();
        end = if keep { range.end } else { end };
        keep
    });
    found
}

fn value(captures: &Captures<'_>) -> Option<Range<usize>> {
    let name = captures.name("n").map(|n| n.range());
    let groups = (1..captures.len()).filter_map(|n| captures.get(n)).map(|m| m.range());
    groups.filter(|range| Some(range) != name.as_ref()).find(|range| !range.is_empty())
}

fn holds(captures: &Captures<'_>, value: &str, check: Check) -> bool {
    let pointer = captures.name("n").is_some_and(|n| patterns().only_points(n.as_str()));
    !pointer && plausible(value) && (check == Plausible || strong(value))
}

/// Not a variable, a reference, a place holder, a flag, a port or a word that says that there is none.
pub fn plausible(value: &str) -> bool {
    let value = value.trim();
    let starts = ["$", "%(", "{{", "<", "@", "-", "[redacted", "*", "file:", "fileb:", "env:", "\\$"];
    let port =
        || value.split(['/', ':', '-']).all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit())) && value.len() <= 11;
    let one = || value.chars().all(|c| value.starts_with(c));
    let variable = || value.starts_with('%') && value.ends_with('%');
    let port_path =
        || value.split_once('/').is_some_and(|(port, _)| !port.is_empty() && port.len() <= 5 && port.bytes().all(|b| b.is_ascii_digit()));
    value.len() >= 3
        && !starts.iter().any(|s| value.starts_with(s))
        && !port()
        && !one()
        && !variable()
        && !port_path()
        && !patterns().refers(value)
}

/// A digit, or a sign that words and paths do not have.
fn strong(value: &str) -> bool {
    value.bytes().any(|b| b.is_ascii_digit() || b"!@#$%^&*+=~?|".contains(&b))
}

#[cfg(test)]
mod tests;
