//! The role that reads an account, with its trust and its policies, as Terraform and as CloudFormation: ready
//! to apply, and nothing in it that the policies of `policy` do not hold.

use std::fmt::Write as _;

use serde_json::{Value, json};

/// What `affiant.yaml` calls the role in its examples.
pub const ROLE: &str = "affiant-read";
const ABOUT: &str = "Reads settings for an audit package; it can change nothing";

/// One file of HCL (Terraform, OpenTofu; provider hashicorp/aws). Who may take on the role is a variable.
pub fn terraform(policies: &[Value]) -> String {
    let mut out = format!(
        "# Made by `affiant policy --terraform`: a role that reads, who may take it on, and what it may do.
# Apply it in each account that is read; then write in affiant.yaml, beside the account's id:
#   role: <the output affiant_role>

variable \"affiant_caller\" {{
  type        = string
  description = \"ARN of the user or role that runs `affiant collect --aws`\"
}}

variable \"affiant_external_id\" {{
  type        = string
  default     = \"\"
  description = \"What the caller must name besides; empty for none\"
}}

resource \"aws_iam_role\" \"affiant_read\" {{
  name                 = \"{ROLE}\"
  description          = \"{ABOUT}\"
  max_session_duration = 14400
  assume_role_policy = jsonencode({{
    Version = \"2012-10-17\"
    Statement = [{{
      Effect    = \"Allow\"
      Action    = \"sts:AssumeRole\"
      Principal = {{ AWS = var.affiant_caller }}
      Condition = var.affiant_external_id == \"\" ? {{}} : {{ StringEquals = {{ \"sts:ExternalId\" = \
                                               var.affiant_external_id }} }}
    }}]
  }})
}}
"
    );
    for (i, policy) in policies.iter().enumerate() {
        let n = i + 1;
        let text = format!("{policy:#}").replace("${", "$${").replace('\n', "\n  ");
        let _ = write!(
            out,
            "
resource \"aws_iam_policy\" \"affiant_read_{n}\" {{
  name        = \"{ROLE}-{n}\"
  description = \"{ABOUT}\"
  policy      = jsonencode({text})
}}

resource \"aws_iam_role_policy_attachment\" \"affiant_read_{n}\" {{
  role       = aws_iam_role.affiant_read.name
  policy_arn = aws_iam_policy.affiant_read_{n}.arn
}}
"
        );
    }
    out.push_str("\noutput \"affiant_role\" {\n  value = aws_iam_role.affiant_read.arn\n}\n");
    out
}

/// A CloudFormation template (JSON), also for a stack set over an organization.
pub fn cloudformation(policies: &[Value]) -> Value {
    let mut resources = serde_json::Map::new();
    let trust = |condition: Value| {
        json!({
            "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": { "AWS": { "Ref": "Caller" } },
            "Condition": condition
        })
    };
    let with = json!({ "StringEquals": { "sts:ExternalId": { "Ref": "ExternalId" } } });
    resources.insert(
        "AffiantRead".into(),
        json!({
            "Type": "AWS::IAM::Role",
            "Properties": {
                "RoleName": ROLE,
                "Description": ABOUT,
                "MaxSessionDuration": 14400,
                "AssumeRolePolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [{ "Fn::If": ["HasExternalId", trust(with),
                        trust(json!({ "Ref": "AWS::NoValue" }))] }]
                }
            }
        }),
    );
    for (i, policy) in policies.iter().enumerate() {
        resources.insert(
            format!("AffiantReadPolicy{}", i + 1),
            json!({
                "Type": "AWS::IAM::ManagedPolicy",
                "Properties": {
                    "ManagedPolicyName": format!("{ROLE}-{}", i + 1),
                    "Description": ABOUT,
                    "PolicyDocument": policy,
                    "Roles": [{ "Ref": "AffiantRead" }]
                }
            }),
        );
    }
    json!({
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "Made by affiant policy --cloudformation: a role that reads, who may take it on, and \
                        what it may do",
        "Parameters": {
            "Caller": { "Type": "String",
                "Description": "ARN of the user or role that runs affiant collect --aws" },
            "ExternalId": { "Type": "String", "Default": "", "Description": "What the caller must name \
                                                                             besides; empty for none" }
        },
        "Conditions": { "HasExternalId": { "Fn::Not": [{ "Fn::Equals": [{ "Ref": "ExternalId" }, ""] }] } },
        "Resources": resources,
        "Outputs": { "Role": { "Value": { "Fn::GetAtt": ["AffiantRead", "Arn"] } } }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_hold_every_policy_as_it_is() {
        let policies = [
            json!({ "Version": "2012-10-17", "Statement": [{ "Resource": "arn:aws:s3:::${x}" }] }),
            json!({ "Version": "b" }),
        ];
        let template = cloudformation(&policies);
        assert_eq!(template["Resources"]["AffiantReadPolicy1"]["Properties"]["PolicyDocument"], policies[0]);
        assert_eq!(template["Resources"].as_object().map(serde_json::Map::len), Some(3));
        let hcl = terraform(&policies);
        assert_eq!(hcl.matches("resource \"aws_iam_policy\"").count(), 2);
        assert!(hcl.contains("$${x}"), "an interpolation of IAM is none of Terraform");
        assert_eq!(hcl.matches('{').count(), hcl.matches('}').count());
    }
}
