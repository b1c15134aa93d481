//! What came back: the bytes as received with what is known of the exchange, or why there is no answer.

use chrono::{DateTime, Utc};

use crate::evidence::api_answer::DENIED;
use crate::evidence::protocols;

/// One exchange with AWS. `body` is what came over the wire, decoded of nothing but transfer encodings.
#[derive(Debug, Clone, Default)]
pub struct Reply {
    pub body: Vec<u8>,
    pub status: u16,
    pub content_type: String,
    /// `x-amzn-ErrorType`, which REST-JSON services use.
    pub error_type: String,
    /// `x-amz-bucket-region`, with which S3 says where a bucket is.
    pub bucket_region: String,
    /// AWS's own id of the request.
    pub request_id: Option<String>,
    /// Scheme and host that answered.
    pub endpoint: String,
    pub started: DateTime<Utc>,
    pub ended: DateTime<Utc>,
    pub attempts: u32,
    /// How many of them were throttled.
    pub throttled: u32,
    /// AWS's `Date` header less our clock, in seconds.
    pub clock_offset: Option<i64>,
}

/// Why AWS gave no answer.
#[derive(Debug, Clone)]
pub struct Refusal {
    pub kind: Kind,
    /// AWS's error code, or a word of ours in lower case.
    pub code: String,
    pub message: String,
    /// The refusal as received, if there was one.
    pub reply: Option<Box<Reply>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The caller's own permissions do not allow it.
    Denied,
    /// A policy of the organisation forbids it.
    DeniedByOrganization,
    /// The region is not enabled for the account.
    RegionOff,
    /// Credentials are no longer valid.
    Expired,
    /// AWS Config cannot query this by SQL.
    NotQueryable,
    Throttled,
    /// The service or the network failed; asking again may help.
    Transient,
    /// The endpoint does not know the operation.
    NotOffered,
    /// An error that the service means: absent, invalid ...
    Service,
}

/// The code where the registry gives a service no host in the partition.
pub(super) const NO_PARTITION: &str = "not in this partition";

/// The code where no name server knows the host.
pub(super) const NO_HOST: &str = "no such host";

const THROTTLED: [&str; 12] = [
    "BandwidthLimitExceeded",
    "EC2ThrottledException",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
];
const EXPIRED: [&str; 4] =
    ["ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"];
const REGION_OFF: [&str; 4] =
    ["AuthFailure", "InvalidClientTokenId", "InvalidSignatureException", "UnrecognizedClientException"];

impl Refusal {
    /// A refusal that is not an answer of AWS.
    pub fn ours(kind: Kind, code: &str, message: impl Into<String>) -> Refusal {
        Refusal { kind, code: code.into(), message: message.into(), reply: None }
    }

    /// Reads the error out of an answer that is not a success.
    pub fn of(reply: Reply) -> Refusal {
        let (code, message) = protocols::error(&reply.body, &reply.error_type).unwrap_or_default();
        let html = reply.content_type.starts_with("text/html");
        let kind = kind(reply.status, &code, &message, html);
        let code = match (code.is_empty(), html) {
            (false, _) => code,
            (true, true) => format!("HTTP {}, a web page", reply.status),
            (true, false) => format!("HTTP {}", reply.status),
        };
        Refusal { kind, code, message, reply: Some(Box::new(reply)) }
    }

    /// Whether there is nobody to ask: the partition lacks the service, or no such host is known.
    pub fn is_of_no_host(&self) -> bool {
        (self.kind == Kind::NotOffered && self.code == NO_PARTITION)
            || (self.kind == Kind::Transient && self.code == NO_HOST)
    }

    /// Whether the policy of the one resource that was asked about refuses, as that of a KMS key does which
    /// leaves its account out: nothing follows from it for other resources.
    pub fn is_of_one_resource(&self) -> bool {
        self.kind == Kind::Denied && self.message.contains("resource-based policy")
    }

    /// In words, for a gap: what happened and AWS's code.
    pub fn words(&self) -> String {
        let what = match self.kind {
            Kind::Denied => "the caller is not permitted",
            Kind::DeniedByOrganization => "a policy of the organization forbids it",
            Kind::RegionOff => {
                "the account's credentials are not accepted in this region, which may not be enabled"
            }
            Kind::Expired => "there are no valid credentials (any more)",
            Kind::NotQueryable => "advanced queries do not know this type",
            Kind::Throttled => "throttled to the end of all attempts",
            Kind::Transient => "no usable answer to any attempt",
            Kind::NotOffered => "the endpoint does not offer this operation",
            Kind::Service => "AWS refused",
        };
        let message = cut_at_word(&self.message, 160);
        match (self.code.is_empty(), message.is_empty() || self.kind == Kind::Denied) {
            (true, _) => what.into(),
            (false, true) => format!("{what} ({})", self.code),
            (false, false) => format!("{what} ({}: {message})", self.code),
        }
    }
}

/// A text of at most so many characters, cut between words and marked as cut.
fn cut_at_word(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_string();
    }
    let head: String = text.chars().take(most).collect();
    let end = head.rfind(char::is_whitespace).unwrap_or(head.len());
    format!("{} …", head[..end].trim_end_matches([',', ';', ':', ' ']))
}

pub(super) fn kind(status: u16, code: &str, message: &str, html: bool) -> Kind {
    let organization =
        message.contains("service control policy") || message.contains("resource control policy");
    if EXPIRED.contains(&code) || message.contains("security token included in the request is expired") {
        return Kind::Expired;
    }
    if DENIED.contains(&code) || (status == 403 && code.is_empty()) {
        return if organization { Kind::DeniedByOrganization } else { Kind::Denied };
    }
    if REGION_OFF.contains(&code) {
        return Kind::RegionOff;
    }
    if THROTTLED.contains(&code) || status == 429 {
        return Kind::Throttled;
    }
    if code == "InvalidExpressionException" {
        return Kind::NotQueryable;
    }
    if html && matches!(status, 404 | 500 | 501) {
        return Kind::NotOffered;
    }
    if status >= 500 {
        return Kind::Transient;
    }
    Kind::Service
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind_of(status: u16, content_type: &str, body: &str) -> Kind {
        let reply =
            Reply { status, content_type: content_type.into(), body: body.into(), ..Reply::default() };
        Refusal::of(reply).kind
    }

    #[test]
    fn messages_are_cut_between_words_and_say_so() {
        assert_eq!(cut_at_word("short enough", 12), "short enough");
        assert_eq!(cut_at_word("one two, three", 9), "one two …");
        assert_eq!(cut_at_word("aaaaaaaaaaaa", 4), "aaaa …");
    }

    #[test]
    fn nobody_to_ask_is_no_host_and_no_other_failure() {
        let of = |kind, code| Refusal::ours(kind, code, "").is_of_no_host();
        assert!(of(Kind::Transient, NO_HOST) && of(Kind::NotOffered, NO_PARTITION));
        assert!(!of(Kind::Transient, "connection") && !of(Kind::NotOffered, "HTTP 404, a web page"));
        assert!(!of(Kind::Denied, NO_HOST));
    }

    #[test]
    fn the_policy_of_one_resource_refuses_for_it_alone() {
        let of = |why: &str| {
            let message = format!("User: u is not authorized to perform: kms:DescribeKey {why}");
            Refusal::ours(Kind::Denied, "AccessDeniedException", message).is_of_one_resource()
        };
        assert!(of("because no resource-based policy allows the kms:DescribeKey action"));
        assert!(of("with an explicit deny in a resource-based policy"));
        assert!(!of("because no identity-based policy allows the kms:DescribeKey action"));
        assert!(!of("with an explicit deny in a resource control policy"));
    }

    #[test]
    fn errors_of_every_protocol_are_told_apart() {
        for (status, content_type, body, expected) in [
            (
                400,
                "application/x-amz-json-1.1",
                r#"{"__type":"com.x#ThrottlingException","message":"slow"}"#,
                Kind::Throttled,
            ),
            (
                403,
                "text/xml",
                "<ErrorResponse><Error><Code>AccessDenied</Code>\
                 <Message>no</Message></Error></ErrorResponse>",
                Kind::Denied,
            ),
            (
                403,
                "text/xml",
                "<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>with an explicit deny \
                 in a service control policy</Message></Error></Errors></Response>",
                Kind::DeniedByOrganization,
            ),
            (404, "application/xml", "<Error><Code>NoSuchBucketPolicy</Code></Error>", Kind::Service),
            (
                401,
                "text/xml",
                "<Response><Errors><Error><Code>AuthFailure</Code></Error></Errors></Response>",
                Kind::RegionOff,
            ),
            (500, "text/html", "<html>not implemented</html>", Kind::NotOffered),
            (503, "text/html", "<html>busy</html>", Kind::Transient),
            (500, "application/json", "", Kind::Transient),
            (403, "application/json", "", Kind::Denied),
            (400, "application/x-amz-json-1.1", r#"{"__type":"ExpiredTokenException"}"#, Kind::Expired),
        ] {
            assert_eq!(kind_of(status, content_type, body), expected, "{status} {body}");
        }
    }
}
