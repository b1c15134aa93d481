//! A quick look before the rules: what anything that a rule strikes must hold. Where it is not there, no rule
//! can strike.

use std::sync::OnceLock;

/// What any rule by shape needs in ASCII text. One automaton over bytes, so that what is clean costs one
/// pass. `httpTokens`, which every EC2 instance has, is no token.
const SHAPES: &str = concat!(
    r"(?-u)AKIA|ASIA|PRIVATE KEY|eyJ|FwoGZ|IQoJb|://[^/\s:@]*:[^/\s@]+@|gh[pousr]_|github_pat|glpat-",
    r"|xox[abeprs]-|xapp-|hooks\.slack|[sr]k_(?:live|test)_|whsec_|AIza|GOCSPX|SG\.|SK[0-9a-f]{8}|npm_|pypi-",
    r"|NRAK|hv[bs]\.|SECRET-KEY-1|AccountKey|SharedAccess|(?:^|[^A-Za-z0-9]|\\[nrt])(?:sk-|(?i:ssn|mrn|dob",
    r"|d\.o\.b\.))|(?i:x-amz-s|bearer\s|basic\s|passw|passphrase|pwd|secret|(?:^|[^p])token|(?:^",
    r"|[^t])t?ptoken|ttptoken(?:[^s]|$)|key[\x22\x27]?\s*=|social.?security|medical.?record|birth",
    r"|born[\s:#=_-]|(?:tel|cell|fax)[\s.:#=_-]*[2-9][0-9][0-9]|phone|mobile)|[0-9]{3}-[0-9]{2}-[0-9]{4}",
    r"|[0-9]{3}[-.][0-9]{3}[-.][0-9]{4}|\([0-9]{3}\)|\+1|\[redacted |[0-9]Q~|(?i:SecureString|pre.?shared",
    r"|mysql|mariadb|sshpass|curl[\x22\s]|wget[\x22\s]|chpasswd|identified\s|requirepass|masterauth|rootpw",
    r"|sqlplus|jdbc:oracle|mongo|redis-cli|kinit|ldap[a-z]+[\x22\s]|htpasswd|net1?(?:\.exe)?\s+user",
    r"|credential|api.?key|authorization|_auth|auth[\\\x22\x27]*\s*[:=]|-auth|auth.?(?:token|key)",
    r"|docker[\x22\s]|podman[\x22\s]|sqlcmd|bcp[\x22\s]|openssl[\x22\s]|--?pass|pass[\x22\x27\s=:\\,]",
    r"|psk[\x22\x27\s=:\\]|_pw[\x22\x27\s=:\\]|[_-]key[\x22\x27\\]*\s*:|noecho|rabbitmqctl|smbclient|smbget",
    r"|rpcclient|winexe|net(?:\.exe)?\s+use|schtasks|cmdkey|freerdp|msdeploy|signtool|psexec|netdom",
    r"|zip[\x22\s,]+-|7z[azr]?(?:\s|\x22,\s*\x22)[aextlu]\b|rar(?:\s|\x22,\s*\x22)[aextlu]\b|mosquitto",
    r"|ipmitool|evil-winrm|cqlsh|cypher-shell|rdesktop|ncftp|hdbsql|vsql|beeline|impala-shell|argocd",
    r"|oc\s+login|ftp[\x22\s]|ssh-keygen|plink|pscp|psftp|kadmin|addprinc|useradd|usermod|wpa_pass|sudo\s+-S",
    r"|cryptsetup|b64encode|btoa|Buffer\.from|dckr_|da2-[a-z0-9]{8}|key-[0-9a-f]{18}|atatt3|phx_|hf_|discord",
    r"|pagerduty|bot[0-9]+:|webhook|hooks/|-verify|<<<|(?:az|registry|nerdctl|oras|crane)[\x22\s,]+login",
    r"|twine|isakmp|(?:license|shared)[_-]?key|mc[\x22\s,]+(?:alias|config)|rclone|dapi[0-9a-f]{8}",
    r"|[?&](?:[a-z_-]*[_-])?(?:sig|sid|auth|code|key|hash|signature|pass|access)=)|@[0-9]{1,3}\.[0-9]",
    r"|@[A-Z][A-Z0-9_]|//[^\s\x22@]*@|/[^\s\x22@/]+@|:(?:5432|3306|1433|1521|27017|6379|\*):[A-Za-z_*]",
);

/// And what a rule by name needs, and user data in base64.
const NAMES: &str = concat!(
    r"(?-u)%[0-9A-Fa-f]{2}|(?i-u:pre.?shared|securestring|isvaluesecret|noecho|qrcodepng|keymaterial",
    r"|hostkeybody|customergatewayconfiguration|headervalue|attributevalue\\*\x22|authcode|tr31keyblock",
    r"|base32stringseed|\x22otp\x22|_psk\x22|credential|api_?-?key|(?:access|private)_?-?key",
    r"|(?:encryption|signing|master|shared|license|webhook|auth)[_-]key|conn(?:ection)?_?-?str|_pass\b",
    r"|[^a-z]dsn\b|jwt|bearer|-key\x22|[_-]p(?:w|at)\x22|\x22cak\x22|stagekeys|(?:cell|fax)(?:[_.-]|\x22)",
    r"|patient.?(?:full|first|last|sur)?.?name|userdata\\*\x22\s*:\s*[\x22\\{])",
);

/// Names of secrets as base64 writes them, at each of the three places in its groups, with neither their
/// first letter nor what a neighbor changes: `assw`, `ecret`, `oken`, `_key` in both cases, `AKIA`.
const ENCODED: &str = concat!(
    "YXNzd|Fzc3|hc3N3|QVNTV|FTU1|BU1NX|YXNzcGhyYXNl|Fzc3BocmFzZ|hc3NwaHJhc2|ZWNyZX|VjcmV0|lY3Jld|RUNSRV",
    "|VDUkVU|FQ1JFV|b2tlb|9rZW|va2Vu|T0tFT|9LRU|PS0VO|X0tFW|9LRV|fS0VZ|X2tle|9rZX|fa2V5|QUtJQ|FLSU|BS0lB",
);

/// A quick look at raw bytes: false means that no rule can strike.
pub fn suspicious(bytes: &[u8]) -> bool {
    static QUICK: OnceLock<regex::bytes::Regex> = OnceLock::new();
    let quick = QUICK.get_or_init(|| {
        let any = format!("{SHAPES}|{NAMES}|{ENCODED}|{}", super::gitleaks::any_keyword());
        regex::bytes::Regex::new(&any).expect("our own pattern compiles")
    });
    // Identifiers of twenty-odd characters are everywhere in an item; base64 that hides something is longer.
    quick.is_match(bytes) || has_run(bytes, 40)
}

/// Whether a text may hold something in base64.
pub fn may_be_encoded(text: &str) -> bool {
    text.len() >= 24 && has_run(text.as_bytes(), 24)
}

/// Whether so many characters of base64 stand in a row: looks at every `len`th byte, and around it only if
/// that is one.
fn has_run(bytes: &[u8], len: usize) -> bool {
    let base64 = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/');
    let mut at = len - 1;
    while at < bytes.len() {
        if !base64(&bytes[at]) {
            at += len;
            continue;
        }
        let before = bytes[..at].iter().rev().take(len).take_while(|b| base64(b)).count();
        let after = bytes[at..].iter().take(len).take_while(|b| base64(b)).count();
        let run = &bytes[at - before..at + after];
        // digests and identifiers in hexadecimal hide nothing
        if run.len() >= len && run.iter().any(|b| !b.is_ascii_hexdigit()) {
            return true;
        }
        at += len.max(after + 1);
    }
    false
}

/// A look at one string that is cheaper than the rules: false means that none by shape can strike.
pub fn possible(text: &str) -> bool {
    static NEEDLE: OnceLock<regex::bytes::Regex> = OnceLock::new();
    let needle = NEEDLE.get_or_init(|| regex::bytes::Regex::new(SHAPES).expect("our own pattern compiles"));
    // Beyond ASCII, letters fold and digits count that the pattern does not know.
    text.len() >= 6 && (!text.is_ascii() || needle.is_match(text.as_bytes()))
}
