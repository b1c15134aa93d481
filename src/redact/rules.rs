//! What counts as a secret or as PHI: by the shape of a value, and by the name beside it. Shapes of tokens are those that their
//! issuers document. Versioned, because other rules give other bytes.

use std::sync::OnceLock;

use regex::{Regex, RegexSet};

/// Version of the rules; part of every derived run.
pub const REDACTOR: &str = "affiant.redactor/2";

/// A kind of finding that a value gives away by its own shape.
pub struct Rule {
    pub name: &'static str,
    pattern: &'static str,
}

const fn rule(name: &'static str, pattern: &'static str) -> Rule {
    Rule { name, pattern }
}

/// In this order: what an earlier rule replaced, a later one no longer sees.
pub const VALUES: [Rule; 26] = [
    rule("private-key", r"-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----(?s:.*?)(?:-----END [A-Z ]*PRIVATE KEY(?: BLOCK)?-----|\z)"),
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
    rule("authorization", r"(?i)\b(?:bearer|basic)\s+[A-Za-z0-9+/_~.-]*[0-9][A-Za-z0-9+/_~.=-]{19,}"),
    rule(
        "assigned-secret",
        r#"(?i)(?:passw(?:or)?d|passphrase|pwd|secret|api[_-]?key|(?:access|secret|private|encryption|signing|master)[_-]?key|token)["']?\s*=\s*["']?[^\s'"&;,<>$\{\}()\[\]]{6,}"#,
    ),
    rule(
        "phi-ssn",
        r"(?i)(?:\b|_)(?:00[1-9]|0[1-9]\d|[1-578]\d\d|6[0-57-9]\d|66[0-57-9])-(?:0[1-9]|[1-9]\d)-(?:000[1-9]|00[1-9]\d|0[1-9]\d\d|[1-9]\d{3})(?:\b|_)|(?:\b|_)(?:ssn|social[\s_-]?security(?:[\s_-]?(?:number|no\.?|nr))?)[\s:#=_-]{0,3}\d{3}[ -]?\d{2}[ -]?\d{4}\b",
    ),
    rule("phi-mrn", r"(?i)(?:\b|_)(?:MRN|medical[\s_-]?record(?:[\s_-]?(?:number|no\.?|nr))?)[\s:#=_-]{0,3}\d{5,10}(?:\b|_)"),
    rule(
        "phi-birth-date",
        r"(?i)(?:\b|_)(?:dob|d\.o\.b\.|date[\s_-]?of[\s_-]?birth|birth[\s_-]?date|birthday|born(?:\s+on)?)[\s:#=_-]{0,3}(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}|\d{8}|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?\s+\d{1,2},?\s+\d{4}|\d{1,2}\s+(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?,?\s+\d{4})",
    ),
    rule(
        PHONE,
        r"(?i)(?:\b|_)(?:[2-9]\d\d-[2-9]\d\d-\d{4}|[2-9]\d\d\.[2-9]\d\d\.\d{4})(?:\b|_)|\([2-9]\d\d\)[ -]?[2-9]\d\d[ .-]\d{4}\b|\+1[ .-]?\(?[2-9]\d\d\)?[ .-]?[2-9]\d\d[ .-]?\d{4}\b|\b(?:tel|phone|telephone|mobile|cell|fax)[\s.:#=_-]{0,3}[2-9]\d\d[ .-]?[2-9]\d\d[ .-]?\d{4}\b",
    ),
];

/// The one rule that does not look everywhere: numbers of operators stand in fields of their own.
pub const PHONE: &str = "phi-telephone";

/// Names whose values are secrets wherever names and values are free (environment variables, tags, parameters).
const SECRET_NAME: &str = r"(?i)(?:passw(?:or)?d|passphrase|pwd|secret|token|credential|api_?-?key|(?:access|private)_?-?key|(?:encryption|signing|master|shared|license|webhook|auth)[_-]key|connection_?-?string|conn_?-?str|(?:^|[_.-])(?:pass|dsn|jwt|bearer)$)";

/// Names that only speak of a secret: where it lies, how long it lives.
const POINTER_NAME: &str = r"(?i)(?:[_.-](?:name|arn|id|url|uri|endpoint|path|file|ttl|expiry|expires?|expiration|policy|length|rotation|days|hours|minutes|seconds|enabled|required|region|prefix|header|algorithm|version|type|issuer|audience|owner|count|use|method|scheme|manager|provider|store)s?$)|(?-i:[a-z](?:Name|Arn|Url|Uri|Endpoint|Path|File|Ttl|Expiry|Expires|Policy|Length|Rotation|Days|Hours|Minutes|Seconds|Enabled|Required|Region|Prefix|Header|Algorithm|Version|Type|Issuer|Audience|Owner|Count|Method|Provider)s?$)";

/// Values under such a name that only point to a secret kept elsewhere, or are none.
const REFERENCE: &str = r"^(?:arn:aws[a-z-]*:|alias/|\{\{resolve:|ssm:|secretsmanager:|/[A-Za-z0-9_.-]+/|https?://[^\s@?]*$|(?:true|false|\d{1,6}|none|null|n/a|yes|no|required|optional|disabled|enabled|managed|rotated|secrets-?manager|kms|iam|vault)$)";

/// Names beside which a value is PHI, and what the value must look like then.
const NAMED: [(&str, &str, &str); 5] = [
    ("phi-ssn", r"(?i)(?:^|[_.\s-])(?:ssn|social[\s_.-]?security)", r"^\D*\d{3}\D?\d{2}\D?\d{4}\D*$"),
    ("phi-mrn", r"(?i)(?:^|[_.\s-])mrn|medical[\s_.-]?record", r"^[A-Za-z]{0,4}[ #:-]?\d{4,12}$"),
    (
        "phi-birth-date",
        r"(?i)(?:^|[_.\s-])(?:dob$|date[\s_.-]?of[\s_.-]?birth|birth[\s_.-]?da(?:te|y))|^(?:birthDate|dateOfBirth)$",
        r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}|^\d{8}$|[A-Za-z]{3,9}\.? \d{1,2},? \d{4}",
    ),
    (PHONE, r"(?i)(?:^|[_.\s-])(?:tele)?phone|(?:^|[_.\s-])(?:mobile|cell|fax)(?:$|[_.\s-])", r"^\+?[\d ().-]{10,20}$"),
    ("phi-patient-name", r"(?i)patient[\s_.-]?(?:full|first|last|sur)?[\s_.-]?name$", r"^\p{L}[\p{L}.'-]*(?:[ ,]+\p{L}[\p{L}.'-]*)+$"),
];

/// The rules, compiled once.
pub struct Patterns {
    pub set: RegexSet,
    pub each: Vec<Regex>,
    name: Regex,
    pointer: Regex,
    reference: Regex,
    named: Vec<(&'static str, Regex, Regex)>,
}

pub fn patterns() -> &'static Patterns {
    static PATTERNS: OnceLock<Patterns> = OnceLock::new();
    PATTERNS.get_or_init(|| {
        let compile = |p: &str| Regex::new(p).expect("our own patterns compile");
        Patterns {
            set: RegexSet::new(VALUES.iter().map(|r| r.pattern)).expect("our own patterns compile"),
            each: VALUES.iter().map(|r| compile(r.pattern)).collect(),
            name: compile(SECRET_NAME),
            pointer: compile(POINTER_NAME),
            reference: compile(REFERENCE),
            named: NAMED.iter().map(|(rule, name, value)| (*rule, compile(name), compile(value))).collect(),
        }
    })
}

impl Patterns {
    /// The rule by which a value is a finding because of the name beside it.
    pub fn by_name(&self, name: &str, value: &str) -> Option<&'static str> {
        if value.len() < 4 {
            return None;
        }
        let phi = self.named.iter().find(|(_, n, v)| n.is_match(name) && v.is_match(value));
        if let Some((rule, ..)) = phi {
            return Some(rule);
        }
        let secret = self.name.is_match(name) && !self.pointer.is_match(name) && !self.reference.is_match(value);
        secret.then_some("named-secret")
    }
}

/// What any rule by shape needs in ASCII text. One automaton over bytes, so that what is clean costs one pass.
const SHAPES: &str = r"(?-u)AKIA|ASIA|PRIVATE KEY|eyJ|FwoGZ|IQoJb|://[^/\s:@]*:[^/\s@]+@|gh[pousr]_|github_pat|glpat-|xox[abeprs]-|xapp-|hooks\.slack|[sr]k_(?:live|test)_|whsec_|AIza|GOCSPX|SG\.|SK[0-9a-f]{8}|npm_|pypi-|NRAK|hv[bs]\.|SECRET-KEY-1|AccountKey|SharedAccess|(?:^|[^A-Za-z0-9]|\\[nrt])(?:sk-|(?i:ssn|mrn|dob|d\.o\.b\.))|(?i:x-amz-s|bearer\s|basic\s|passw|passphrase|pwd|secret|token|key[\x22\x27]?\s*=|social.?security|medical.?record|birth|born[\s:#=_-]|(?:tel|cell|fax)[\s.:#=_-]*[2-9][0-9][0-9]|phone|mobile)|[0-9]{3}-[0-9]{2}-[0-9]{4}|[0-9]{3}[-.][0-9]{3}[-.][0-9]{4}|\([0-9]{3}\)|\+1";

/// And what a rule by name needs, and user data in base64.
const NAMES: &str = r"(?i-u:credential|api_?-?key|(?:access|private)_?-?key|(?:encryption|signing|master|shared|license|webhook|auth)[_-]key|conn(?:ection)?_?-?str|_pass\b|[^a-z]dsn\b|jwt|bearer|(?:cell|fax)(?:[_.-]|\x22)|patient.?(?:full|first|last|sur)?.?name|userdata\\*\x22\s*:\s*[\x22\\{])";

/// A quick look at raw bytes: false means that no rule can strike.
pub fn suspicious(bytes: &[u8]) -> bool {
    static QUICK: OnceLock<regex::bytes::Regex> = OnceLock::new();
    let quick = QUICK.get_or_init(|| regex::bytes::Regex::new(&format!("{SHAPES}|{NAMES}")).expect("our own pattern compiles"));
    quick.is_match(bytes)
}

/// A look at one string that is cheaper than the rules: false means that none by shape can strike.
pub fn possible(text: &str) -> bool {
    static NEEDLE: OnceLock<regex::bytes::Regex> = OnceLock::new();
    let needle = NEEDLE.get_or_init(|| regex::bytes::Regex::new(SHAPES).expect("our own pattern compiles"));
    // Beyond ASCII, letters fold and digits count that the pattern does not know.
    text.len() >= 6 && (!text.is_ascii() || needle.is_match(text.as_bytes()))
}
