//! A shell script that asks with the AWS CLI what `collect` would ask, and saves the answers where `collect
//! --cli-json` reads them: for sites where no new tool may hold credentials. It is made from the operations
//! registry.
//!
//! What an answer of AWS holds never becomes an option or a word of the shell: it goes to the CLI as JSON, as
//! it stood in the answer, and into file names percent-encoded.

mod names;

use std::fmt::Write as _;

use serde_json::Value;

use super::order::levels;
use crate::model::catalog::Catalog;
use crate::model::registry::{Api, Each, Fill, Operation, OperationScope, Pick};

const HEAD: &str = include_str!("head.sh");
const TAIL: &str = include_str!("tail.sh");

/// The whole script.
pub fn script(catalog: &Catalog) -> String {
    let levels = levels(catalog);
    let mut order: Vec<(u32, &String, &Operation)> = catalog
        .operations
        .iter()
        .filter(|(full, operation)| is_asked(full, operation))
        .map(|(full, operation)| (levels.get(full).copied().unwrap_or_default(), full, operation))
        .collect();
    order.sort_by_key(|(level, full, _)| (*level, *full));
    let mut text = format!(
        "{HEAD}\n# What is asked, in the order in which one answer names what the next is \
         about.\nsteps={}\neverything() {{\n",
        order.len()
    );
    for (_, full, operation) in order {
        let Some((service, name)) = full.split_once(':') else { continue };
        let Some(api) = catalog.apis.get(service) else { continue };
        let lines = asked(catalog, api, service, name, operation);
        match &operation.opt_in {
            Some(named) => {
                let _ = write!(text, "  case \" ${{OPT_IN:-}} \" in *\" {named} \"*)\n{lines}  ;; esac\n");
            }
            None => text.push_str(&lines),
        }
    }
    text.push_str("}\n");
    text + TAIL
}

/// What the script asks operation by operation. AWS Config's items, and what is told on request alone, have
/// ways of their own.
pub fn is_asked(full: &str, operation: &Operation) -> bool {
    let settings = [
        "config:DescribeConfigurationRecorders",
        "config:DescribeConfigurationRecorderStatus",
        "config:DescribeConfigRules",
    ];
    let staged = full.starts_with("config:")
        && !settings.contains(&full)
        && full != "config:GetComplianceDetailsByConfigRule";
    !staged && operation.opt_in.as_ref().is_none_or(|named| named == "cost-explorer")
}

fn scope_word(scope: OperationScope) -> &'static str {
    match scope {
        OperationScope::Account => "account",
        OperationScope::Region => "region",
        OperationScope::Organization => "organization",
    }
}

fn asked(catalog: &Catalog, api: &Api, service: &str, name: &str, operation: &Operation) -> String {
    let scope = scope_word(operation.scope);
    let aws = operation.operation.as_deref().unwrap_or(name);
    let all = || operation.ask.iter().chain(&operation.size);
    let options = all()
        .filter(|(member, _)| !is_clis_own(member))
        .map(|(member, value)| format!(" {}", names::option(api, aws, member, value)));
    let account = if service == "s3control" { " --account-id \"$account\"" } else { "" };
    let mut text = format!(
        "  begin {service}:{name} {scope} {} {}{}{account}\n",
        names::service(service),
        names::command(aws),
        options.collect::<String>()
    );
    for (member, value) in all().filter(|(member, _)| is_clis_own(member)) {
        let _ = writeln!(text, "  fixed='\"{}\":{value},'", names::member(api, aws, member));
    }
    let mut line = |words: &str, list: &[&str]| {
        if !list.is_empty() {
            let quoted: Vec<String> = list.iter().map(|one| names::quoted(one)).collect();
            let _ = writeln!(text, "  {words} {}", quoted.join(" "));
        }
    };
    let none: Vec<&str> = operation
        .absent
        .iter()
        .chain(&operation.not_enabled)
        .chain(&operation.gone)
        .map(String::as_str)
        .collect();
    line("none", &none);
    line("again", &operation.wait.iter().map(String::as_str).collect::<Vec<_>>());
    if let Some((service, name)) = operation.before.as_deref().and_then(|full| full.split_once(':')) {
        line("before", &[names::service(service), &names::command(name)]);
    }
    if let Some(pages) = operation.pages.as_ref().filter(|pages| pages.more.is_none()) {
        let parts: Vec<&str> = pages.output.split('.').collect();
        line(
            "pages",
            &[names::member(api, aws, &pages.input), parts[parts.len() - 1], &parts.len().to_string()],
        );
    }
    if operation.every_region {
        text.push_str("  every=every\n");
    }
    if operation.goes_beyond() {
        text.push_str("  beyond=beyond\n");
    }
    if let Some(param) = &operation.param {
        let _ = writeln!(text, "  param={}", names::member(api, aws, param));
    }
    let full = format!("{service}:{name}");
    let (deeper, named): (Vec<&Each>, Vec<&Each>) = operation.each.iter().partition(|each| each.from == full);
    named.iter().for_each(|each| text.push_str(&drawn(catalog, api, aws, operation, each)));
    for each in deeper {
        let _ = writeln!(text, "  below() {{\n  {}  }}", drawn(catalog, api, aws, operation, each));
    }
    text + "  end\n"
}

/// Whether an option of the CLI itself has the name of a member: it goes another way then.
fn is_clis_own(member: &str) -> bool {
    ["max-items", "page-size", "starting-token"].contains(&names::command(member).as_str())
}

/// Lines that name what an operation is asked about.
fn drawn(catalog: &Catalog, api: &Api, aws: &str, operation: &Operation, each: &Each) -> String {
    if !each.values.is_empty() {
        return each.values.iter().map(|value| fixed(each, value)).collect();
    }
    let carry = operation
        .carry
        .iter()
        .map(|(member, path)| format!("{}={}", names::member(api, aws, member), path.to_lowercase()));
    let carry = joined("carry", carry.collect());
    let from = |full: &str, place: &Place, region: Option<&str>| {
        let after = place.after.or(each.after.as_deref()).unwrap_or_default();
        let words = [
            full,
            &place.base,
            &place.rel,
            each.has.as_deref().unwrap_or_default(),
            after,
            region.unwrap_or_default(),
        ];
        let words: Vec<String> = words.iter().map(|word| names::quoted(word)).collect();
        let (only, unless) = (conditions("only", &each.only), conditions("unless", &each.unless));
        format!("  {only}{unless}{carry}from {} {}\n", words.join(" "), operation.batch.unwrap_or(0))
    };
    if catalog.operations.contains_key(&each.from) {
        let (base, rel) = each.at.rsplit_once('.').unwrap_or(("", &each.at));
        let place = Place { base: base.into(), rel: rel.into(), after: None };
        return from(&each.from, &place, operation.region_at.as_deref().map(inner));
    }
    let mut text = String::new();
    for (full, parent) in &catalog.operations {
        for fill in parent
            .fill
            .iter()
            .filter(|f| f.resource_type == each.from && f.into.is_none() && f.tags_of.is_none())
        {
            let Some(place) = Place::in_answer(parent, fill, &each.at) else { continue };
            let region = operation.region_at.as_deref().map(inner).or(fill.region_at.as_deref());
            text.push_str(&from(full, &place, region));
        }
    }
    if text.is_empty() {
        // what AWS Config alone tells of
        let after = each.after.as_deref().unwrap_or_default();
        text = format!(
            "  rows {} {} {}\n",
            names::quoted(&each.from),
            names::quoted(&each.at),
            names::quoted(after)
        );
    }
    text
}

/// A fixed value; where one region alone knows it, only in partitions that have such a region.
fn fixed(each: &Each, value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_string);
    let (key, json) = (names::encoded(&text), names::quoted(&value.to_string()));
    match each.home.is_empty() {
        true => format!("  value '{key}' {json}\n"),
        false => {
            let homes = each.home.iter().map(|(partition, region)| {
                format!("  [ \"$partition\" != {partition} ] || value '{key}' {json} {region}\n")
            });
            homes.collect()
        }
    }
}

/// Where in an answer a value stands: the elements, and its path in each.
struct Place<'f> {
    base: String,
    rel: String,
    after: Option<&'f str>,
}

impl<'f> Place<'f> {
    /// Where the answer that fills an item holds what stands at a path of that item.
    fn in_answer(parent: &Operation, fill: &'f Fill, at: &str) -> Option<Place<'f>> {
        let list = fill.list.clone().unwrap_or_else(|| parent.list.clone());
        let base: Vec<String> = list.into_iter().chain(fill.member.clone()).collect();
        let place = |rel: &str, after| Some(Place { base: base.join("."), rel: rel.to_string(), after });
        let arn = || fill.arn_at.as_deref().and_then(|path| place(path, None));
        match at {
            "arn" => arn(),
            "resourceId" | "resourceName" => {
                match fill.name.as_ref().filter(|_| at == "resourceName").or(fill.id.as_ref()) {
                    Some(Pick::Path(path)) if !path.contains('{') => place(path, None),
                    Some(Pick::After { at, after }) => place(at, Some(after.as_str())),
                    Some(Pick::Path(_)) => None,
                    None => arn(),
                }
            }
            _ => place(inner(at), None),
        }
    }
}

fn inner(path: &str) -> &str {
    path.strip_prefix("configuration.").unwrap_or(path)
}

/// Conditions as the script reads them: paths in lower case, since items and answers differ in their letters
/// alone.
fn conditions(name: &str, all: &std::collections::BTreeMap<String, Value>) -> String {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_string);
    let one = |(path, wanted): (&String, &Value)| {
        let values = match wanted {
            Value::Array(list) => list.iter().map(text).collect::<Vec<_>>().join("|"),
            other => text(other),
        };
        format!("{}={values}", inner(path).to_lowercase())
    };
    joined(name, all.iter().map(one).collect())
}

fn joined(name: &str, all: Vec<String>) -> String {
    let quoted: Vec<String> = all.iter().map(|one| names::quoted(one)).collect();
    if quoted.is_empty() { String::new() } else { format!("{name}={} ", quoted.join("\"$unit\"")) }
}
