//! What leads to somebody by its shape alone: ARNs, account numbers, identifiers, addresses, hosts, e-mail,
//! telephone numbers, digests.

use std::ops::Range;
use std::sync::OnceLock;

use regex::Regex;

use super::public;
use super::tokens::Original;

/// A shape, and what of its matches counts.
pub(super) struct TextShape {
    kind: Original,
    expression: &'static str,
    compiled: OnceLock<Regex>,
    /// May not stand within a longer word or number.
    whole: bool,
    holds: fn(&str) -> bool,
}

const fn shape(kind: Original, expression: &'static str, whole: bool, holds: fn(&str) -> bool) -> TextShape {
    TextShape { kind, expression, compiled: OnceLock::new(), whole, holds }
}

const fn any(_: &str) -> bool {
    true
}

/// Looked for before known names, which may stand within: addresses of mail and hosts.
pub(super) static BEFORE: [TextShape; 2] = [
    shape(Original::Mail, r"[\p{L}\p{N}._%+'-]+@[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+", false, any),
    shape(
        Original::Host,
        concat!(
            r"(?i)(?:[a-z0-9_*-]+\.)+(?:amazonaws\.com(?:\.cn)?|cloudfront\.net|awsapps\.com",
            r"|on\.aws|com|net|org|edu|gov|mil|us|io|internal|local|lan|corp|example|test|invalid",
            r"|aws|info|biz|eu|uk|de|ca|health|cloud|app|dev|co)",
        ),
        true,
        any,
    ),
];

/// Looked for after known names.
pub(super) static AFTER: [TextShape; 14] = [
    shape(Original::Digest, r"[0-9a-f]{64}", true, any),
    shape(Original::Id, r"(?i)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", true, any),
    shape(Original::Id, r"[a-z]{1,16}(?:-[a-z]{1,16}){0,2}-(?:[0-9a-f]{17}|[0-9a-f]{8})", true, has_digit),
    // of EC2, cut short: `vpc-0779d51d2…`
    shape(
        Original::Id,
        r"(?:vpc|subnet|sg|eni|i|vol|snap|ami|acl|rtb|igw|nat|vpce|lt|fs)-[0-9a-f]{5,17}",
        true,
        has_digit,
    ),
    // of a run: its end is of a digest
    shape(Original::Id, r"20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{6}Z-[0-9a-f]{8}", true, any),
    // the root of an organization
    shape(Original::Id, r"r-[0-9a-z]{4,32}", true, has_digit),
    shape(Original::Id, r"(?i)(?:[0-9a-f]{2}:){5}[0-9a-f]{2}", true, any),
    shape(Original::Address, r"ip(?:-[0-9]{1,3}){4}", true, any),
    shape(
        Original::Id,
        r"(?:AKIA|ASIA|AROA|AIDA|AGPA|ANPA|ANVA|APKA|ASCA|ABIA|ACCA|AIPA)[A-Z0-9]{12,}",
        true,
        any,
    ),
    shape(
        Original::Id,
        r"(?:mrk-[0-9a-f]{32}|o-[a-z0-9]{10,32}|ou-[a-z0-9]{4,32}-[a-z0-9]{8,32}|[EZ][A-Z0-9]{11,20})",
        true,
        has_digit,
    ),
    shape(Original::Address, r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?:/[0-9]{1,2})?", true, public::is_address),
    shape(
        Original::Address,
        r"[0-9A-Fa-f:]*:[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*(?:/[0-9]{1,3})?",
        true,
        public::is_address,
    ),
    shape(Original::Account, r"[0-9]{12}|[0-9]{4}-[0-9]{4}-[0-9]{4}", true, any),
    shape(
        Original::Phone,
        r"\+[0-9][0-9 ().-]{7,18}[0-9]|\(?[0-9]{3}\)?[ .-][0-9]{3}[ .-][0-9]{4}",
        true,
        any,
    ),
];

fn has_digit(text: &str) -> bool {
    let tail = text.rsplit('-').next().unwrap_or(text);
    tail.bytes().any(|b| b.is_ascii_digit())
}

impl TextShape {
    fn regex(&self) -> &Regex {
        self.compiled.get_or_init(|| Regex::new(self.expression).expect("a sound expression"))
    }

    fn is(&self, text: &str) -> bool {
        let whole = self.regex().find_at(text, 0).is_some_and(|found| found.range() == (0..text.len()));
        whole && (self.holds)(text)
    }
}

/// What is found, in order, none over another; of two that overlap, the one that begins first.
pub(super) fn find(text: &str, shapes: &[TextShape]) -> Vec<(Range<usize>, Original)> {
    let mut all: Vec<(Range<usize>, Original)> = Vec::new();
    for shape in shapes {
        for found in shape.regex().find_iter(text) {
            let overlaps =
                all.iter().any(|(taken, _)| taken.start < found.end() && found.start() < taken.end);
            if !overlaps && (!shape.whole || bounded(text, &found.range())) && (shape.holds)(found.as_str()) {
                all.push((found.range(), shape.kind));
            }
        }
    }
    all.sort_by_key(|(range, _)| range.start);
    all
}

/// Whether no letter or digit touches it.
fn bounded(text: &str, range: &Range<usize>) -> bool {
    super::names::is_word(text, range)
}

/// What a whole name is by its shape; a name where it has none.
pub(super) fn kind_of(text: &str) -> Original {
    let shapes = BEFORE.iter().chain(&AFTER);
    let fits = shapes.into_iter().find(|shape| shape.is(text)).map(|shape| shape.kind);
    match fits {
        Some(Original::Host) if !text.contains('.') => Original::Name,
        Some(kind) => kind,
        None => Original::Name,
    }
}

/// The places of ARNs.
pub(super) fn arns(text: &str) -> Vec<Range<usize>> {
    static ARN: OnceLock<Regex> = OnceLock::new();
    let arn = ARN.get_or_init(|| {
        Regex::new(r#"arn:aws[a-z-]*:[a-z0-9-]*:[a-z0-9*-]*:[A-Za-z0-9*-]*:[^\s"'`<>|,;(){}\[\]]+"#)
            .expect("a sound expression")
    });
    let found = arn.find_iter(text).map(|found| {
        let end = found.start() + found.as_str().trim_end_matches(['.', ':']).len();
        found.start()..end
    });
    found.collect()
}

/// An ARN by its colons.
pub(super) struct Arn<'a> {
    pub partition: &'a str,
    pub service: &'a str,
    pub region: &'a str,
    pub account: &'a str,
    pub resource: &'a str,
}

impl<'a> Arn<'a> {
    pub fn split(text: &'a str) -> Option<Arn<'a>> {
        let mut cut = text.strip_prefix("arn:")?.splitn(5, ':');
        let (partition, service, region, account, resource) =
            (cut.next()?, cut.next()?, cut.next()?, cut.next()?, cut.next()?);
        partition.starts_with("aws").then_some(Arn { partition, service, region, account, resource })
    }

    /// The type with its separator, and what is named. Buckets, queues and topics stand there without a type.
    pub fn named(&self) -> (&'a str, &'a str) {
        let bare =
            matches!(self.service, "s3" | "sqs" | "sns" | "execute-api" | "codecommit" | "codepipeline");
        let at =
            self.resource.find(['/', ':']).filter(|at| !bare && public::is_arn_type(&self.resource[..*at]));
        match at {
            Some(at) => self.resource.split_at(at + 1),
            None => ("", self.resource),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_found_in_prose() {
        let found = |text: &str| -> Vec<String> {
            find(text, &AFTER).into_iter().map(|(range, _)| text[range].to_string()).collect()
        };
        let text = "policies on r-ab12, ou-ab12-cdefgh34 and o-a1b2c3d4e5 hold vpc-0779d51d";
        assert_eq!(found(text), ["r-ab12", "ou-ab12-cdefgh34", "o-a1b2c3d4e5", "vpc-0779d51d"]);
        assert_eq!(found("the run 2026-06-30T120000Z-30b7e08d, as"), ["2026-06-30T120000Z-30b7e08d"]);
        assert!(found("a risk R-0e7133, a m5.large, door-1234, r-squared").is_empty());
    }
}
