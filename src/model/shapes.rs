//! The forms that single values of people's files have: patterns and lists in the JSON Schemas, by which the
//! files are also read. `x-what` says what a value should have been, `x-write` what to write.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::regions;

/// The roles of 45 CFR 160.103, and the one outside it.
pub const ROLES: [&str; 5] =
    ["covered entity", "business associate", "subcontractor", "hybrid entity", "not covered"];
/// The five steps of likelihood and impact, low to high (NIST SP 800-30 Rev. 1).
pub const SCALE: [&str; 5] = ["very low", "low", "moderate", "high", "very high"];
/// What is done about a risk.
pub const TREATMENTS: [&str; 4] = ["mitigate", "transfer", "avoid", "accept"];

/// Something of a name beside a separator or a wildcard: a bare name matches no ARN.
const RESOURCE: &str = r"[:/*].*[^*\s:/]|[^*\s:/].*[:/*]";
const DATE: &str = "write dates as 2026-09-30";
/// As long, and of such characters, as the name of a folder may be on every system.
const LABEL: &str = r#"^[^./\\:*?"<>|\x00-\x1f][^/\\:*?"<>|\x00-\x1f]{0,59}$"#;

fn schema(form: Form) -> Schema {
    match form {
        Form::Date => dated(text(r"^(19|20|21)[0-9]{2}-[0-9]{2}-[0-9]{2}$", "a date", DATE)),
        Form::DateOrNothing => text(r"^((19|20|21)[0-9]{2}-[0-9]{2}-[0-9]{2})?$", "a date", DATE),
        Form::Account => text(
            r"^[0-9]{12}$",
            "the id of an AWS account",
            "write its twelve digits in quotes: `\"111122223333\"`",
        ),
        Form::Region => one_of(&regions::all(), "a region of AWS", "write its code, such as `us-east-1`"),
        Form::Regions => list_of(Form::Region),
        Form::RoleArn => text(
            r"^arn:aws[a-z-]*:iam::[0-9]{12}:role/\S+$",
            "the ARN of a role",
            "write it as `arn:aws:iam::111122223333:role/affiant-read`",
        ),
        Form::Role => one_of(&ROLES, "a role under HIPAA", ""),
        Form::Paper => one_of(&["us-letter", "a4"], "a paper size of the report", ""),
        Form::Scale => one_of(&SCALE, "a step of the scale", ""),
        Form::Treatment => one_of(&TREATMENTS, "a treatment of a risk", ""),
        Form::Digest => text(
            "^[0-9a-f]{64}$",
            "a SHA-256 digest",
            "write the 64 digits that `sha256sum` prints for the file",
        ),
        Form::DigestOrNothing => text(
            "^([0-9a-f]{64})?$",
            "a SHA-256 digest",
            "write the 64 digits that `sha256sum` prints for the file, or nothing",
        ),
        Form::Report => text(
            "^report-[0-9A-Za-z]{16}$",
            "the id of a report in AWS Artifact",
            "write `report-` and 16 letters or digits, as AWS Artifact shows it",
        ),
        Form::Words => text(r"\S", "text", "write it out"),
        Form::Label => text(LABEL, "a label that can name a folder", "write something like `2026-Q3`"),
        Form::Rule => text(
            "^phi-",
            "a rule that can be cleared",
            "only PHI rules (`phi-…`) can; a secret is redacted whoever looked at it",
        ),
        Form::Padding => one_of(&["", "pkcs1", "pss"], "a way in which RSA keys sign", ""),
        Form::Level => one_of(&["", "b-b", "b-t", "b-lt", "b-lta"], "a level of PDF signatures", ""),
        Form::Url => text(
            "^https?://[^ ]+$",
            "the address of a timestamp authority",
            "write it as `https://timestamp.example/tsa`",
        ),
        Form::Arn => text(RESOURCE, "a resource", "write its ARN, with `*` for a part of it"),
        Form::Bucket => text(
            "^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$",
            "the name of a bucket",
            "write its name alone, such as `example-config-logs`",
        ),
    }
}

fn text(pattern: &str, what: &str, write: &str) -> Schema {
    json_schema!({ "type": "string", "pattern": pattern, "x-what": what, "x-write": write })
}

fn one_of(values: &[&str], what: &str, write: &str) -> Schema {
    json_schema!({ "type": "string", "enum": values, "x-what": what, "x-write": write })
}

fn list_of(form: Form) -> Schema {
    json_schema!({ "type": "array", "items": schema(form) })
}

fn dated(mut schema: Schema) -> Schema {
    schema.insert("format".into(), "date".into());
    schema
}

/// Declares a form that fields of decisions name in `schemars(with = …)`.
macro_rules! forms {
    ($($name:ident),+) => {
        /// A value whose form is one of these.
        #[derive(Debug, Clone, Copy)]
        enum Form {
            $($name),+
        }

        $(
        #[doc = concat!("Values of the form `", stringify!($name), "`.")]
        #[derive(Debug)]
        pub struct $name;

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn inline_schema() -> bool {
                true
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                schema(Form::$name)
            }
        }
        )+
    };
}

forms!(
    Date,
    DateOrNothing,
    Account,
    Region,
    Regions,
    RoleArn,
    Role,
    Paper,
    Scale,
    Treatment,
    Digest,
    DigestOrNothing,
    Report,
    Words,
    Label,
    Rule,
    Padding,
    Level,
    Url,
    Arn,
    Bucket
);

mod program;
pub use program::{
    AccessChange, AccountOrNothing, BucketOrNothing, FourFactors, HowKnown, PolicyNumber, PrincipalArn,
    SecurityGroupId, SuggestionId, ThreatSource,
};
