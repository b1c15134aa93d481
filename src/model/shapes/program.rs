//! The forms of values that stand in one file alone: of the plan for incidents, of risks, of reviews and of
//! parameters.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::{one_of, text};

fn schema(form: Form) -> Schema {
    match form {
        Form::AccountOrNothing => text(
            "^([0-9]{12})?$",
            "the id of an AWS account",
            "write its twelve digits in quotes: `\"111122223333\"`",
        ),
        Form::BucketOrNothing => text(
            "^([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])?$",
            "the name of a bucket",
            "write its name alone, such as `example-incident-evidence`",
        ),
        Form::SecurityGroupId => {
            text("^sg-[0-9a-f]+$", "the id of a security group", "write it as `sg-0123456789abcdef0`")
        }
        Form::PrincipalArn => text(
            r"^arn:aws[a-z-]*:iam::[0-9]{12}:(role|user)/\S+$",
            "the ARN of a role or a user",
            "write it as `arn:aws:iam::111122223333:role/break-glass`",
        ),
        Form::SuggestionId => text(
            "^R-[0-9a-f]{6}$",
            "the id of a suggestion",
            "write it as `affiant risks list` shows it: `R-` and six digits",
        ),
        Form::ThreatSource => {
            let sources = ["", "adversarial", "accidental", "structural", "environmental"];
            one_of(&sources, "a source of threats after SP 800-30", "")
        }
        Form::HowKnown => one_of(&["", "low", "moderate", "high"], "a degree of confidence", ""),
        Form::FourFactors => one_of(&["", "yes", "no", "undecided"], "a decision on the four factors", ""),
        Form::AccessChange => one_of(&["remove", "change"], "a decision on an access", ""),
        // days, minutes, lengths: none of them can be nothing, and a century is enough
        Form::PolicyNumber => json_schema!({
            "type": "number",
            "minimum": 1,
            "maximum": 40000,
            "examples": [60],
            "x-write": "`affiant controls show CONTROL` lists the parameters and which way they may move"
        }),
    }
}

forms!(
    AccountOrNothing,
    BucketOrNothing,
    SecurityGroupId,
    PrincipalArn,
    SuggestionId,
    ThreatSource,
    HowKnown,
    FourFactors,
    AccessChange,
    PolicyNumber
);
