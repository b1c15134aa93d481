//! What counts as a secret or as PHI: by the shape of a value, and by the name beside it. Shapes of tokens
//! are those that their issuers document. Versioned, because other rules give other bytes.

use std::sync::OnceLock;

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, AhoCorasickKind};
use regex::{Regex, RegexSet};

/// Version of the rules; part of every derived run.
pub const REDACTOR: &str = "affiant.redactor/5";

/// A kind of finding that a value gives away by its own shape.
pub struct Rule {
    pub name: &'static str,
    pattern: &'static str,
}

const fn rule(name: &'static str, pattern: &'static str) -> Rule {
    Rule { name, pattern }
}

/// In this order: what an earlier rule replaced, a later one no longer sees.
pub const VALUES: [Rule; 29] = [
    // what looks like a marker and is none of ours: first, before there are any
    rule("marker", r"\[redacted [a-z0-9-]+(?: \d+)?\]"),
    rule(
        "private-key",
        concat!(
            r"-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----(?s:.*?)",
            r"(?:-----END [A-Z ]*PRIVATE KEY(?: BLOCK)?-----|\z)",
        ),
    ),
    rule("aws-access-key", r"(?:\b|_)(?:AKIA|ASIA)[0-9A-Z]{16}(?:\b|_)"),
    rule("aws-session-token", r"\b(?:FwoGZXIvYXdz|IQoJb3JpZ2lu)[A-Za-z0-9+/=]{40,}"),
    rule("presigned-link", r"(?i)\bX-Amz-(?:Signature=[0-9a-f]{64}|Security-Token=[^\s&]{20,})"),
    rule("json-web-token", r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}"),
    rule("url-password", r#"\b[a-z][a-z0-9+.-]{1,20}://[^/\s:@"]*:[^/\s@"]{3,}@"#),
    rule("github-token", r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{22,})"),
    rule("gitlab-token", r"\bglpat-[A-Za-z0-9_-]{20,}"),
    rule("slack-token", r"\b(?:xox[abeprs]-[A-Za-z0-9-]{10,}|xapp-\d-[A-Za-z0-9-]{10,})"),
    rule("slack-webhook", r"\bhooks\.slack\.com/(?:services|workflows)/[A-Za-z0-9/_-]{20,}"),
    rule("stripe-key", r"\b(?:(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{16,}|whsec_[A-Za-z0-9+/=]{24,})"),
    rule("google-key", r"\b(?:AIza[0-9A-Za-z_-]{35}|GOCSPX-[0-9A-Za-z_-]{20,})"),
    rule("sendgrid-key", r"\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"),
    rule("twilio-key", r"\bSK[0-9a-f]{32}\b"),
    rule("package-token", r"\b(?:npm_[A-Za-z0-9]{36}|pypi-AgE[A-Za-z0-9_-]{20,})"),
    rule("model-key", r"\bsk-(?:ant-|proj-)?[A-Za-z0-9_-]{24,}"),
    rule("newrelic-key", r"\bNRAK-[A-Z0-9]{27}\b"),
    rule("vault-token", r"\bhv[bs]\.[A-Za-z0-9_-]{20,}"),
    rule("age-key", r"\bAGE-SECRET-KEY-1[0-9A-Z]{20,}"),
    rule("azure-key", r"\b(?:AccountKey|SharedAccessKey|SharedAccessSignature)=[A-Za-z0-9+/=%&-]{20,}"),
    rule("azure-client-secret", r"\b[a-zA-Z0-9_~.]{3}\dQ~[a-zA-Z0-9_~.-]{31,34}\b"),
    rule("authorization", r"(?i)\b(?:bearer|basic)\s+[A-Za-z0-9+/_~.-]*[0-9][A-Za-z0-9+/_~.=-]{19,}"),
    rule(
        "issuer-key",
        concat!(
            r"\b(?:dckr_(?:pat|oat)_[A-Za-z0-9_-]{20,}|da2-[a-z0-9]{26}\b|key-[0-9a-f]{32}\b",
            r"|ATATT3[A-Za-z0-9_=-]{60,}|dapi[0-9a-f]{32}\b|phx_[A-Za-z0-9]{40,}|hf_[A-Za-z]{30,}\b)",
        ),
    ),
    rule(
        "assigned-secret",
        concat!(
            r#"(?i)(?:passw(?:or)?d|passphrase|pwd|secret|api[_-]?key|(?:access|secret|private|encryption"#,
            r#"|signing|master)[_-]?key|token)["']?\s*=\s*["']?[^\s'"&;,<>$\{\}()\[\]]{6,}[(\[]?"#,
        ),
    ),
    rule(
        "phi-ssn",
        concat!(
            r"(?i)(?:\b|_)(?:00[1-9]|0[1-9]\d|[1-578]\d\d|6[0-57-9]\d|66[0-57-9])-(?:0[1-9]|[1-9]\d)-",
            r"(?:000[1-9]|00[1-9]\d|0[1-9]\d\d|[1-9]\d{3})(?:\b|_)|(?:\b|_)(?:ssn|social[\s_-]?security",
            r"(?:[\s_-]?(?:number|no\.?|nr))?)[\s:#=_-]{0,3}\d{3}[ -]?\d{2}[ -]?\d{4}\b",
        ),
    ),
    rule(
        "phi-mrn",
        concat!(
            r"(?i)(?:\b|_)(?:MRN|medical[\s_-]?record(?:[\s_-]?(?:number|no\.?|nr))?)[\s:#=_-]{0,3}\d{5,10}",
            r"(?:\b|_)",
        ),
    ),
    rule(
        "phi-birth-date",
        concat!(
            r"(?i)(?:\b|_)(?:dob|d\.o\.b\.|date[\s_-]?of[\s_-]?birth|birth[\s_-]?date|birthday",
            r"|born(?:\s+on)?)[\s:#=_-]{0,3}(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}",
            r"|\d{8}|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?\s+\d{1,2},?\s+\d{4}",
            r"|\d{1,2}\s+(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?,?\s+\d{4})",
        ),
    ),
    rule(
        PHONE,
        concat!(
            r"(?i)(?:\b|_)(?:[2-9]\d\d-[2-9]\d\d-\d{4}|[2-9]\d\d\.[2-9]\d\d\.\d{4})(?:\b|_)",
            r"|\([2-9]\d\d\)[ -]?[2-9]\d\d[ .-]\d{4}\b|\+1[ .-]?\(?[2-9]\d\d\)?[ .-]?[2-9]\d\d[ .-]?\d{4}\b",
            r"|\b(?:tel|phone|telephone|mobile|cell|fax)[\s.:#=_-]{0,3}[2-9]\d\d[ .-]?[2-9]\d\d[ .-]?\d{4}\b",
        ),
    ),
];

/// The one rule that does not look everywhere: numbers of operators stand in fields of their own.
pub const PHONE: &str = "phi-telephone";

/// Names whose values are secrets wherever names and values are free (environment variables, tags,
/// parameters).
const SECRET_NAME: &str = concat!(
    r"(?i)(?:passw(?:or)?d|passphrase|pwd|secret|token|credential|api_?-?key|(?:access|private)_?-?key",
    r"|(?:encryption|signing|master|shared|license|webhook|auth)[_-]key|connection_?-?string|conn_?-?str",
    r"|(?:^|[_.-])(?:pass|pw|dsn|jwt|bearer|psk|authorization)$|[_-]pat$|(?:db|user|root|admin|sql|pg|smtp",
    r"|ldap|mail|redis|ftp|bind|store|key|require)_?pass$|(?-i:[a-z]P(?:ass|w)$)|(?:service|integration",
    r"|routing|deploy)[_-]key$|^x-[\w-]*(?:key|auth|verify|signature)$|(?:^|[_.-])auth(?:[_.-]?key)?$)",
);

/// Names that only speak of a secret: where it lies, how long it lives.
const POINTER_NAME: &str = concat!(
    r"(?i)(?:[_.-](?:name|arn|id|url|uri|endpoint|path|file|ttl|expiry|expires?|expiration|policy|length",
    r"|rotation|days|hours|minutes|seconds|enabled|required|region|prefix|header|algorithm|version|type",
    r"|issuer|audience|owner|count|use|method|scheme|manager|provider|store|stdin|fd|rule)s?$)",
    r"|^[a-z0-9-]+(?:\.[a-z0-9-]+)+:[\w-]+$|(?-i:[a-z](?:Name|Arn|Url|Uri|Endpoint|Path|File|Ttl|Expiry",
    r"|Expires|Policy|Length|Rotation|Days|Hours|Minutes|Seconds|Enabled|Required|Region|Prefix|Header",
    r"|Algorithm|Version|Type|Issuer|Audience|Owner|Count|Method|Provider|Validity|Source|Expression|List",
    r"|Status|Revocation|Parameter)s?$)",
);

/// Names that ask whether there is one: what answers them is none.
const QUESTION_NAME: &str = concat!(
    r"^(?:[iI]s|[uU]se|[aA]llow|[eE]nable|[hH]as|[rR]equire)[A-Z]\w*",
    r"|(?i)^(?:is|use|allow|enable|has|require)[_-]\w*",
);

/// Values under such a name that only point to a secret kept elsewhere, or are none.
const REFERENCE: &str = concat!(
    r"^(?:arn:aws[a-z-]*:|fileb?://|%\w+%$|vault:[\w./-]+(?:#[\w.-]+)?$|(?:var|local|data|module|process|os",
    r"|self|this|event|secrets|vars|env|inputs)\.[A-Za-z_]|alias/|\{\{resolve:|ssm:|secretsmanager:",
    r"|/[A-Za-z0-9_.-]+/|https?://[^\s@?]*$|s3://|\$\{?[A-Z_][A-Z0-9_]*\}?$|(?i:seconds?|minutes?|hours?",
    r"|days?)$|\$[.{(\[]|\$\$|<[^>]*>$|\{\{|\*+$|\d{4}-\d\d-\d\d(?:[T ][\d:.]+(?:Z|[+-]\d\d:?\d\d)?)?$",
    r"|\[redacted |(?i:ref\b|!ref\b|!sub\b|fn::)|(?:true|false|\d{1,6}|none|null|n/a|yes|no|required",
    r"|optional|disabled|enabled|managed|rotated|plaintext|encrypted|internal|external|default|basic|bearer",
    r"|jwt|oauth2?|opaque|saml|oidc|cognito|custom|password|token|secret|scram-sha-256|scram|md5|sha-?256",
    r"|aes-?256|secrets-?manager|kms|iam|vault)$)",
);

/// Names beside which a value is PHI, and what the value must look like then.
const NAMED: [(&str, &str, &str); 5] = [
    ("phi-ssn", r"(?i)(?:^|[_.\s-])(?:ssn|social[\s_.-]?security)", r"^\D*\d{3}\D?\d{2}\D?\d{4}\D*$"),
    ("phi-mrn", r"(?i)(?:^|[_.\s-])mrn|medical[\s_.-]?record", r"^[A-Za-z]{0,4}[ #:-]?\d{4,12}$"),
    (
        "phi-birth-date",
        concat!(
            r"(?i)(?:^|[_.\s-])(?:dob$|date[\s_.-]?of[\s_.-]?birth|birth[\s_.-]?da(?:te|y))",
            r"|^(?:birthDate|dateOfBirth)$",
        ),
        concat!(
            r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}|^\d{8}$",
            r"|[A-Za-z]{3,9}\.? \d{1,2},? \d{4}",
        ),
    ),
    (
        PHONE,
        r"(?i)(?:^|[_.\s-])(?:tele)?phone|(?:^|[_.\s-])(?:mobile|cell|fax)(?:$|[_.\s-])",
        r"^\+?[\d ().-]{10,20}$",
    ),
    (
        "phi-patient-name",
        r"(?i)patient[\s_.-]?(?:full|first|last|sur)?[\s_.-]?name$",
        r"^\p{L}[\p{L}.'-]*(?:[ ,]+\p{L}[\p{L}.'-]*)+$",
    ),
];

/// A pattern of ours, compiled when it is first asked: most evidence never asks most of them.
pub struct OwnPattern {
    text: &'static str,
    compiled: OnceLock<Regex>,
}

impl OwnPattern {
    pub const fn new(text: &'static str) -> OwnPattern {
        OwnPattern { text, compiled: OnceLock::new() }
    }

    pub fn regex(&self) -> &Regex {
        self.compiled.get_or_init(|| Regex::new(self.text).expect("our own patterns compile"))
    }
}

/// The rules, each compiled at most once.
pub struct Patterns {
    pub set: RegexSet,
    pub each: Vec<OwnPattern>,
    name: OwnPattern,
    pointer: OwnPattern,
    question: OwnPattern,
    reference: OwnPattern,
    named: Vec<(&'static str, OwnPattern, OwnPattern)>,
}

pub fn patterns() -> &'static Patterns {
    static PATTERNS: OnceLock<Patterns> = OnceLock::new();
    PATTERNS.get_or_init(|| {
        let own = OwnPattern::new;
        Patterns {
            set: RegexSet::new(VALUES.iter().map(|r| r.pattern)).expect("our own patterns compile"),
            each: VALUES.iter().map(|r| own(r.pattern)).collect(),
            name: own(SECRET_NAME),
            pointer: own(POINTER_NAME),
            question: own(QUESTION_NAME),
            reference: own(REFERENCE),
            named: NAMED.iter().map(|(rule, name, value)| (*rule, own(name), own(value))).collect(),
        }
    })
}

/// Rules so sure that they strike in anything: issuers' own marks, which no text has by chance.
const SURE: [&str; 17] = [
    "private-key",
    "aws-access-key",
    "aws-session-token",
    "json-web-token",
    "github-token",
    "gitlab-token",
    "slack-token",
    "slack-webhook",
    "stripe-key",
    "google-key",
    "sendgrid-key",
    "package-token",
    "newrelic-key",
    "vault-token",
    "age-key",
    "azure-key",
    "azure-client-secret",
];

/// The sure rule that strikes in these bytes, whatever they are.
pub fn sure(bytes: &[u8]) -> Option<&'static str> {
    static RULES: OnceLock<(regex::bytes::RegexSet, Vec<&'static str>)> = OnceLock::new();
    let (set, names) = RULES.get_or_init(|| {
        let chosen: Vec<&Rule> = VALUES.iter().filter(|rule| SURE.contains(&rule.name)).collect();
        let set = regex::bytes::RegexSet::new(chosen.iter().map(|rule| rule.pattern))
            .expect("our own patterns compile");
        (set, chosen.iter().map(|rule| rule.name).collect())
    });
    set.matches(bytes).iter().next().map(|index| names[index])
}

impl Patterns {
    /// A name that only speaks of a secret, or asks for one and is answered.
    pub fn only_points(&self, name: &str, value: &str) -> bool {
        self.pointer.regex().is_match(name)
            || (self.question.regex().is_match(name) && is_answer(value))
            || name.eq_ignore_ascii_case("secretsmanager")
            || name.to_ascii_lowercase().contains("tokeniz")
    }

    /// A value that only says where a secret lies, or that there is none.
    pub fn refers(&self, value: &str) -> bool {
        self.reference.regex().is_match(value)
    }

    /// Whether what a rule took for an assignment gives no secret but a reference to one.
    pub fn is_reference(&self, rule: &str, whole: &str) -> bool {
        let value =
            || whole.split_once('=').map_or("", |(_, value)| value.trim_matches([' ', '"', '\'', '\t']));
        rule == "assigned-secret" && (self.refers(value()) || is_call(value()))
    }

    /// Whether the name says that the value is a secret, and the value does not only point to one.
    pub fn secret_by_name(&self, name: &str, value: &str) -> bool {
        sounds_secret(name)
            && self.name.regex().is_match(name)
            && !self.only_points(name, value)
            && !self.refers(value)
    }

    /// The rule by which a value is a finding because of the name beside it.
    pub fn by_name(&self, name: &str, value: &str) -> Option<&'static str> {
        if value.len() < 4 {
            return None;
        }
        let phi = self
            .named
            .iter()
            .filter(|_| may_name_phi(name))
            .find(|(_, n, v)| n.regex().is_match(name) && v.regex().is_match(value));
        if let Some((rule, ..)) = phi {
            return Some(rule);
        }
        self.secret_by_name(name, value).then_some("named-secret")
    }
}

/// What answers a question: short, or words without a digit or sign. A password of eight characters is none.
fn is_answer(value: &str) -> bool {
    let value = value.trim();
    let letters = value.bytes().any(|b| b.is_ascii_alphabetic());
    let signs = value.bytes().any(|b| b.is_ascii_digit() || b"!@#$%^&*+=~?|".contains(&b));
    value.chars().count() < 8 || !letters || !signs
}

/// A function that is called, or an element that is taken, by its name: code, and no secret.
pub fn is_call(value: &str) -> bool {
    let name = value.strip_suffix(['(', '[']);
    name.is_some_and(|name| {
        !name.starts_with(|c: char| c.is_ascii_digit())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.'))
    })
}

/// Whether any rule by name, or list of members, can know a name.
pub fn sounds(name: &str) -> bool {
    static MEMBERS: OnceLock<AhoCorasick> = OnceLock::new();
    let members = MEMBERS.get_or_init(|| {
        any_of(&["cak", "otp", "qrcode", "keymaterial", "base32", "block", "hostkey", "gateway"])
    });
    sounds_secret(name) || may_name_phi(name) || members.is_match(name)
}

/// A cheap look at a name: false means that no rule by name can strike.
fn sounds_secret(name: &str) -> bool {
    static PARTS: OnceLock<AhoCorasick> = OnceLock::new();
    let parts = PARTS.get_or_init(|| {
        any_of(&[
            "pass",
            "pw",
            "_pat",
            "-pat",
            "verify",
            "signature",
            "secret",
            "token",
            "cred",
            "key",
            "conn",
            "dsn",
            "jwt",
            "bearer",
            "psk",
            "auth",
        ])
    });
    !name.is_ascii() || parts.is_match(name)
}

fn may_name_phi(name: &str) -> bool {
    static PARTS: OnceLock<AhoCorasick> = OnceLock::new();
    let parts = PARTS.get_or_init(|| {
        any_of(&[
            "ssn", "social", "mrn", "medical", "dob", "birth", "phone", "mobile", "cell", "fax", "patient",
            "tel",
        ])
    });
    !name.is_ascii() || parts.is_match(name)
}

/// One automaton that knows any of these words, in letters of any case: a name is read once, and not copied.
fn any_of(words: &[&str]) -> AhoCorasick {
    let builder =
        AhoCorasickBuilder::new().ascii_case_insensitive(true).kind(Some(AhoCorasickKind::DFA)).clone();
    builder.build(words).expect("a few words fit an automaton")
}
