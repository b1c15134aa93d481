//! Secrets in code, in templates that are no JSON, and in addresses whose path or query is the key.

use super::places::ValueTest::{Plausible, Random, Strong};
use super::places::{SecretPlace, WORDS, place};

pub(super) const CODE: [SecretPlace; 19] = [
    // calls, comparisons, assignments
    place(
        "assigned-secret",
        Strong,
        WORDS,
        &["("],
        concat!(
            r#"(?i)\(\s*\\?["'](?P<n>[\w.:-]*(?:passw(?:or)?d|passphrase|pwd|secret|api[_-]?key|(?:access"#,
            r#"|private)[_-]?key|token)[\w.-]*)\\?["']\s*,\s*\\?["']([^"'\\\n]{4,100})\\?["']\s*\)"#,
        ),
    ),
    place(
        "assigned-secret",
        Strong,
        &["pass", "pwd", "secret", "token", "key", "verify", "auth"],
        &["["],
        concat!(
            r#"(?i)\[\s*\\?["'](?P<n>[\w.-]*(?:passw(?:or)?d|passphrase|pwd|secret|[_-]key"#,
            r#"|apikey|token|verify|authorization)[\w.-]*)\\?["']\s*\](?:\[0\])?(?:\.value)?\s*"#,
            r#"(?:[!=]==?|=)\s*\\?["']([^"'\\\n]{4,100})"#,
        ),
    ),
    place(
        "assigned-secret",
        Strong,
        WORDS,
        &["=="],
        concat!(
            r#"(?i)\b(?P<n>[\w.]*(?:passw(?:or)?d|passphrase|pwd|secret|api_?key|token))"#,
            r#"\)?\s*[!=]==?\s*\\?["']([^"'\\\n]{6,100})\\?["']"#,
        ),
    ),
    place(
        "assigned-secret",
        Strong,
        WORDS,
        &["set :"],
        concat!(
            r#"(?i)\bset\s+:(?P<n>\w*(?:passw(?:or)?d|passphrase|secret|api_?key|token)\w*)\s*,\s*["']"#,
            r#"([^"'\n]{4,100})["']"#,
        ),
    ),
    place(
        "assigned-secret",
        Strong,
        &["pass", "psk", "_pw", "-pw", ".pw", "_key", "-key"],
        &[":", "=>", "="],
        concat!(
            r#"(?im)(?:^|[\s,{;(\["'])(?P<n>(?:[\w.-]*[_.-])?(?:pass|psk|pw|db_?pass|(?:service|integration"#,
            r#"|routing|deploy)[_-]key))\\?["']?\s*(?::|=>|:=|=)\s*\\?["']?([^\s"',;&<>{}\[\]()\\]{6,})"#,
        ),
    ),
    place(
        "assigned-secret",
        Plausible,
        &["b64encode", "btoa", "buffer.from", "base64"],
        &[":"],
        r#"(?i)(?:b64encode|btoa|Buffer\.from|base64)\s*\(\s*b?\\?["'][\w.@-]{1,40}:([^\s"'\\]{4,})\\?["']"#,
    ),
    place(
        "statement-secret",
        Strong,
        &["secret '", "secret  '"],
        &[],
        r#"(?i)\bsecret\s+\\?'([^'\\\s]{6,})'"#,
    ),
    // templates
    place(
        "assigned-secret",
        Plausible,
        &["noecho"],
        &["default"],
        concat!(
            r#"(?i)\bNoEcho["']?\s*:\s*["']?true["']?[^\S\n]*\r?\n"#,
            r#"(?:[^\S\n]+\w+:[^\n]*\n){0,6}?[^\S\n]+Default:[^\S\n]*["']?([^\s"']{3,})"#,
        ),
    ),
    place(
        "assigned-secret",
        Plausible,
        &["noecho"],
        &["default"],
        concat!(
            r#"(?i)\bDefault:[^\S\n]*["']?([^\s"']{3,})["']?[^\S\n]*\r?\n"#,
            r#"(?:[^\S\n]+\w+:[^\n]*\n){0,6}?[^\S\n]+NoEcho:\s*["']?true\b"#,
        ),
    ),
    place(
        "assigned-secret",
        Strong,
        WORDS,
        &["default:"],
        concat!(
            r#"(?im)^[^\S\n]*(?P<n>\w*(?:password|passphrase|secret|token|apikey)\w*):[^\S\n]*\r?\n"#,
            r#"(?:[^\S\n]+(?:Type|Description|NoEcho|MinLength|MaxLength|AllowedPattern"#,
            r#"|ConstraintDescription)\s*:[^\n]*\n){0,7}?[^\S\n]+Default:[^\S\n]*["']?([^\s"']{4,})"#,
        ),
    ),
    place(
        "assigned-secret",
        Strong,
        WORDS,
        &["{"],
        concat!(
            r#"(?i)["']?(?P<n>[\w.-]*(?:password|passphrase|secret|token|api_?key)[\w-]*)\\?["']?\s*:"#,
            r#"\s*\{[^{}]{0,200}?\\?["']?(?:default|value)\\?["']?\s*:\s*\\?["']([^"'\\\n]{4,100})"#,
        ),
    ),
    place(
        "assigned-secret",
        Strong,
        WORDS,
        &["default"],
        concat!(
            r#"(?i)\bvariable\s+\\?["'](?P<n>[\w-]*(?:passw(?:or)?d|passphrase|secret|token|api_?key"#,
            r#"|private_?key)[\w-]*)\\?["']\s*\{[^{}]{0,300}?\bdefault\s*=\s*\\?["']([^"'\\\n]{4,100})"#,
        ),
    ),
    place(
        "assigned-secret",
        Strong,
        WORDS,
        &["value:"],
        concat!(
            r#"(?i)\bname:[^\S\n]*["']?(?P<n>[\w.-]*(?:passw(?:or)?d|passphrase|pwd|secret|token|api_?key"#,
            r#"|(?:access|private|signing"#,
            r#"|encryption)_?key)[\w.-]*)["']?[^\S\n]*\r?\n[^\S\n]*value:[^\S\n]*["']?([^\s"']{4,})"#,
        ),
    ),
    // addresses that are keys
    place(
        "url-token",
        Plausible,
        &["discord"],
        &["webhooks/"],
        r"(?i)\bdiscord(?:app)?\.com/api/webhooks/\d+/([\w-]{20,})",
    ),
    place(
        "url-token",
        Plausible,
        &["pagerduty"],
        &["integration/", "enqueue", "generic/"],
        r"(?i)\bevents\.(?:eu\.)?pagerduty\.com/(?:integration|x-ere|generic)/([0-9a-z]{16,})",
    ),
    place(
        "url-token",
        Plausible,
        &["api.telegram.org"],
        &["/bot"],
        r"(?i)\bapi\.telegram\.org/bot(\d+:[\w-]{30,})",
    ),
    place(
        "url-token",
        Plausible,
        &["office.com"],
        &["webhook"],
        r"(?i)\b[\w.-]*office\.com/webhook(?:b2)?/([^\s\x22'<>]{40,})",
    ),
    place(
        "url-token",
        Plausible,
        &["hooks.zapier.com", "maker.ifttt.com", "hooks.chime.aws"],
        &[],
        concat!(
            r"(?i)\b(?:hooks\.zapier\.com/hooks/catch/\d+/|maker\.ifttt\.com/trigger/[\w-]+/",
            r"(?:json/)?with/key/|hooks\.chime\.aws/incomingwebhooks/[\w-]+\?token=)([\w%=-]{6,})",
        ),
    ),
    place(
        "url-token",
        Random,
        &["?", "&"],
        &["sig=", "sid=", "auth=", "code=", "key=", "hash=", "signature=", "pass=", "access="],
        r#"(?i)[?&](?:[\w-]*[_-])?(?:sig|sid|auth|code|key|hash|signature|pass|access)=([^&\s"'#]{14,})"#,
    ),
];
