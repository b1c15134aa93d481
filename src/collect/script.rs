//! A shell script that asks with the AWS CLI what `collect` would ask, and saves the answers where `collect --cli-json` reads
//! them: for sites where no new tool may hold credentials. It is made from the operations registry.

use std::fmt::Write as _;

use serde_json::Value;

use crate::model::catalog::Catalog;
use crate::model::registry::{Each, Fill, LetterCase, Operation, OperationScope, Pick};

const HEAD: &str = r#"#!/usr/bin/env bash
# Saves what AWS answers about an account, for `affiant collect --cli-json DIR`. Made by `affiant policy --script`.
# Every call reads; nothing is changed. Usage:
#   ACCOUNT=111122223333 REGIONS="us-east-1 us-west-2" ./collect.sh DIR
set -uo pipefail
out=${1:?usage: ACCOUNT=... REGIONS=... collect.sh DIR}
account=${ACCOUNT:-$(aws sts get-caller-identity --query Account --output text)}
regions=${REGIONS:?name the regions}
home=${regions%% *}
case $home in
  us-gov-*) partition=aws-us-gov ;;
  cn-*) partition=aws-cn ;;
  *) partition=aws ;;
esac

# encode TEXT: as a file's name
encode() {
  local text=$1 made= char i
  for ((i = 0; i < ${#text}; i++)); do
    char=${text:i:1}
    case $char in
      [A-Za-z0-9_-]) made+=$char ;;
      *) made+=$(printf '%s' "$char" | od -An -tx1 | tr -d ' \n' | sed 's/../%&/g') ;;
    esac
  done
  printf '%s' "$made"
}

# ask FILE ARGUMENTS...: the answer, or the error's code, in FILE
ask() {
  local file=$1 code
  shift
  mkdir -p "$(dirname "$file")"
  if ! aws "$@" --output json >"$file.part" 2>"$file.err"; then
    code=$(sed -n 's/.*An error occurred (\([A-Za-z0-9.]*\)).*/\1/p' "$file.err" | head -n 1)
    printf '{"Error":{"Code":"%s"}}\n' "${code:-NoAnswer}" >"$file.part"
  fi
  [ -s "$file.part" ] || printf '{}\n' >"$file.part"
  mv "$file.part" "$file"
  rm -f "$file.err"
}

# values ARGUMENTS...: what a query names, one a line
values() { aws "$@" --output text 2>/dev/null | tr '\t' '\n' | grep -v -e '^None$' -e '^$' | sort -u; }
"#;

/// The whole script. What it cannot ask is listed at its end, so that nothing is missing in silence.
pub fn script(catalog: &Catalog) -> String {
    let mut text = HEAD.to_string();
    let (mut home, mut regional, mut beyond, mut left) = (String::new(), String::new(), String::new(), Vec::new());
    for (full, operation) in &catalog.operations {
        if operation.opt_in.is_some() || staged(full) {
            continue;
        }
        beyond.push_str(&at_home(full, operation));
        match call(catalog, full, operation) {
            Some(lines) if operation.scope == OperationScope::Region => regional.push_str(&lines),
            Some(lines) => home.push_str(&lines),
            None => left.push(full.as_str()),
        }
    }
    let _ = write!(text, "\nregion=$home\nfolder=$out/aws/$account/aws-global\n{home}");
    let _ = write!(text, "\nfor region in $regions; do\n  folder=$out/aws/$account/$region\n{}done\n", indented(&regional));
    let _ = write!(text, "\n# what belongs to no region is known at home alone\n{beyond}{CONFIG}");
    if !left.is_empty() {
        let _ = write!(text, "\n# Not asked by this script, so a gap in the run: {}\n", left.join(" "));
    }
    text
}

/// AWS Config's settings, and its items by query: one file a type.
const CONFIG: &str = r#"
for region in $regions; do
  folder=$out/aws/$account/$region
  ask "$folder/config/DescribeConfigurationRecorders.json" configservice describe-configuration-recorders --region "$region"
  ask "$folder/config/DescribeConfigurationRecorderStatus.json" configservice describe-configuration-recorder-status --region "$region"
  values configservice get-discovered-resource-counts --region "$region" --query 'resourceCounts[?count > `0`].resourceType' |
    while read -r type; do
      ask "$out/snapshots/${account}_Config_${region}_ConfigRows_${type//:/-}.json" configservice select-resource-config --region "$region" \
        --expression "SELECT *, configuration, supplementaryConfiguration, tags WHERE resourceType = '$type'"
    done
done
"#;

fn staged(full: &str) -> bool {
    full.starts_with("config:") && !full.ends_with("ComplianceDetailsByConfigRule") && full != "config:DescribeConfigRules"
}

fn call(catalog: &Catalog, full: &str, operation: &Operation) -> Option<String> {
    let (service, name) = full.split_once(':')?;
    let command = format!("{} {}", cli_service(service), kebab(operation.operation.as_deref().unwrap_or(name)));
    let fixed = fixed(operation);
    let account = if service == "s3control" { " --account-id \"$account\"" } else { "" };
    if operation.param.is_none() {
        return Some(format!("ask \"$folder/{service}/{name}.json\" {command} --region \"$region\"{account}{fixed}\n"));
    }
    let param = operation.param.as_deref()?;
    if !operation.carry.is_empty() || operation.batch.is_some() {
        return None;
    }
    let mut lines = String::new();
    for each in operation.each.iter().filter(|each| each.home.is_empty()) {
        let one = format!(
            "  ask \"$folder/{service}/{name}/$(encode \"$key\").json\" {command} --region \"$region\"{account}{fixed} --{} \"$key\"\n",
            kebab(param)
        );
        match each.values.is_empty() {
            false => {
                let values: Vec<String> = each.values.iter().map(argument).collect();
                let _ = write!(lines, "for key in {}; do\n{one}done\n", values.join(" "));
            }
            true => {
                let query = query(catalog, each)?;
                let _ = write!(lines, "{query} | while read -r key; do\n{one}done\n");
            }
        }
    }
    Some(lines)
}

/// Calls for fixed values in the one region of a partition that knows them.
fn at_home(full: &str, operation: &Operation) -> String {
    let Some(((service, name), param)) = full.split_once(':').zip(operation.param.as_deref()) else { return String::new() };
    let command = format!("{} {}", cli_service(service), kebab(operation.operation.as_deref().unwrap_or(name)));
    let mut lines = String::new();
    for (each, partition, region) in operation.each.iter().flat_map(|each| each.home.iter().map(move |(p, r)| (each, p, r))) {
        let values: Vec<String> = each.values.iter().map(argument).collect();
        let _ = write!(
            lines,
            "if [ $partition = {partition} ]; then\n  for key in {}; do\n    ask \"$out/aws/$account/{region}/{service}/{name}/$(encode \"$key\").json\" \
             {command} --region {region}{} --{} \"$key\"\n  done\nfi\n",
            values.join(" "),
            fixed(operation),
            kebab(param)
        );
    }
    lines
}

/// The members that are always sent, as options; a switch has no value.
fn fixed(operation: &Operation) -> String {
    let option = |(member, value): (&String, &Value)| match value {
        Value::Bool(true) => format!(" --{}", kebab(member)),
        Value::Bool(false) => format!(" --no-{}", kebab(member)),
        other => format!(" --{} {}", kebab(member), argument(other)),
    };
    operation.ask.iter().map(option).collect()
}

/// The command that names what an operation is asked about.
fn query(catalog: &Catalog, each: &Each) -> Option<String> {
    if !each.only.is_empty() || !each.unless.is_empty() || each.has.is_some() || each.after.is_some() {
        return None;
    }
    let (full, parent, path) = match catalog.operations.get(&each.from) {
        Some(parent) => (each.from.as_str(), parent, jmes(&each.at)),
        None => {
            let fills = |o: &Operation| o.fill.iter().position(|f| f.resource_type == each.from && f.into.is_none() && f.member.is_none());
            let (full, parent, index) = catalog.operations.iter().find_map(|(n, o)| Some((n.as_str(), o, fills(o)?)))?;
            (full, parent, through(parent, &parent.fill[index], &each.at)?)
        }
    };
    if parent.param.is_some() || parent.opt_in.is_some() {
        return None;
    }
    let (service, name) = full.split_once(':')?;
    let fixed = fixed(parent);
    Some(format!("values {} {} --region \"$region\"{fixed} --query '{path}'", cli_service(service), kebab(name)))
}

/// The path of an item's member in the answer that fills it.
fn through(parent: &Operation, fill: &Fill, at: &str) -> Option<String> {
    let list = fill.list.clone().unwrap_or_else(|| parent.list.clone())?;
    let element = match (at, &fill.id, &fill.arn_at) {
        ("resourceId", Some(Pick::Path(path)), _) if !path.contains('{') => path.clone(),
        ("arn", _, Some(path)) => path.clone(),
        _ => {
            let inner = at.strip_prefix("configuration.").filter(|_| fill.case == LetterCase::Camel)?;
            let raised = |part: &str| part[..1].to_uppercase() + &part[1..];
            inner.split('.').map(raised).collect::<Vec<_>>().join(".")
        }
    };
    Some(jmes(&format!("{list}.{element}")))
}

/// A dotted path that walks arrays, as JMESPath; every level but the last is flattened.
fn jmes(path: &str) -> String {
    let parts: Vec<&str> = path.split('.').collect();
    match parts.as_slice() {
        [one] => format!("{one}[]"),
        _ => format!(
            "{}.{}",
            parts[..parts.len() - 1].iter().map(|p| format!("{p}[]")).collect::<Vec<_>>().join("."),
            parts[parts.len() - 1]
        ),
    }
}

fn cli_service(service: &str) -> &str {
    match service {
        "config" => "configservice",
        "stepfunctions" => "stepfunctions",
        other => other,
    }
}

/// `DBInstanceIdentifier` is `db-instance-identifier` to the CLI.
fn kebab(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut made = String::new();
    for (index, letter) in letters.iter().enumerate() {
        let before = index.checked_sub(1).map(|i| letters[i]);
        let after = letters.get(index + 1);
        let starts = letter.is_ascii_uppercase()
            && before.is_some_and(|b| {
                b.is_ascii_lowercase() || b.is_ascii_digit() || (b.is_ascii_uppercase() && after.is_some_and(|a| a.is_ascii_lowercase()))
            });
        if starts && before != Some('-') {
            made.push('-');
        }
        made.push(letter.to_ascii_lowercase());
    }
    made
}

/// A value as one argument of a shell command.
fn argument(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    format!("'{}'", text.replace('\'', "'\\''"))
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_spelled_as_the_cli_spells_them() {
        for (name, expected) in [
            ("DescribeDBParameters", "describe-db-parameters"),
            ("DBParameterGroupName", "db-parameter-group-name"),
            ("ListVirtualMFADevices", "list-virtual-mfa-devices"),
            ("GetEbsEncryptionByDefault", "get-ebs-encryption-by-default"),
            ("max-buckets", "max-buckets"),
        ] {
            assert_eq!(kebab(name), expected);
        }
        assert_eq!(jmes("Reservations.Instances.InstanceId"), "Reservations[].Instances[].InstanceId");
        assert_eq!(argument(&Value::from("it's")), r"'it'\''s'");
    }
}
