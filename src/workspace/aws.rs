//! What the section `aws` of `affiant.yaml` must say to be asked for: names that exist, roles that can be
//! taken on.

use super::FILES;
use super::check::{Checker, named};
use crate::model::decisions::{AccountFacts, AwsFacts, ConfigWay};
use crate::yaml::is_placeholder;

impl Checker<'_> {
    pub(super) fn aws(&mut self, aws: &AwsFacts, accounts: &[AccountFacts]) {
        let file = FILES[0];
        let speakers = accounts.iter().filter(|a| a.organization).count();
        if aws.organization && speakers != 1 {
            let message = "`aws.organization: true` needs one account to list the others from".to_string();
            let hint = "write `organization: true` beside the id of the management or a delegated \
                        administrator account in `accounts`";
            self.complain(file, "aws/organization", "AFW-030", message, hint);
        }
        if aws.organization && aws.role.is_none() {
            let message = "`aws.organization: true` needs a role to take on in each account".to_string();
            self.complain(
                file,
                "aws/organization",
                "AFW-031",
                message,
                "write its name as `aws.role`, as in `role: affiant-read`",
            );
        }
        let role = aws.role.as_deref().unwrap_or_default();
        let fixed = role.starts_with("arn:") && !role.contains("{account}");
        if !is_placeholder(role) && (fixed || (aws.role.is_some() && !named(role))) {
            let message = format!("`{role}` is not a role for every account");
            let hint = "write the role's name, or its ARN with `{account}` in the place of the number";
            self.complain(file, "aws/role", "AFW-032", message, hint);
        }
        for (i, account) in accounts.iter().enumerate() {
            let of = account.role.as_deref().and_then(|role| role.split(':').nth(4)).unwrap_or_default();
            if of.len() == 12 && named(&account.id) && of != account.id {
                let message = format!("this role is one of account `{of}`, and cannot read `{}`", account.id);
                let hint = format!("write the role of this account, with `:{}:` in its ARN", account.id);
                self.complain(file, &format!("accounts/{i}/role"), "AFW-035", message, hint);
            }
        }
        if aws.external_id.is_some() && aws.role.is_none() && accounts.iter().all(|a| a.role.is_none()) {
            let message = "`external_id` goes with a role, and none is named".to_string();
            let hint = "write the role's name beside it as `role`, or remove it";
            self.complain(file, "aws/external_id", "AFW-037", message, hint);
        }
        let elsewhere = aws.aggregator.as_ref().and_then(|a| a.account.as_ref());
        if let Some(id) = elsewhere.filter(|id| !accounts.iter().any(|a| a.id == **id)) {
            let message = format!("the aggregator's account `{id}` is not in `accounts`");
            self.complain(
                file,
                "aws/aggregator/account",
                "AFW-033",
                message,
                "add the account, with its role, to `accounts`",
            );
        }
        if aws.config == ConfigWay::Aggregator && aws.aggregator.is_none() && speakers != 1 {
            let message = "`config: aggregator` does not say whose aggregator".to_string();
            let hint =
                "name it as `aws.aggregator`, or mark the account that has it with `organization: true`";
            self.complain(file, "aws/config", "AFW-034", message, hint);
        }
    }
}
