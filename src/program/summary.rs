//! How the evidence was gathered and judged, in words.

use super::{Inputs, plural};

/// What redaction replaced, of a derived run.
fn replaced(inputs: &Inputs<'_>) -> Option<String> {
    inputs.run.derived_from.as_ref()?;
    let files = plural(inputs.redactions.len(), "artifact");
    let findings: u64 = inputs.redactions.iter().flat_map(|r| r.rules.values()).sum();
    let mut rules = std::collections::BTreeMap::<&str, u64>::new();
    inputs
        .redactions
        .iter()
        .flat_map(|r| &r.rules)
        .for_each(|(rule, n)| *rules.entry(rule).or_default() += n);
    let by_rule: Vec<String> = rules.iter().map(|(rule, n)| format!("{rule} {n}")).collect();
    let by_rule = by_rule.join(", ");
    Some(format!(
        "Secrets or identifiers of persons were found {} in {files} ({by_rule}) and replaced before anything \
         was loaded or rendered. `redactions.jsonl` lists each file with both digests; the originals stay \
         with their owner.",
        plural(findings, "time")
    ))
}

/// How it was done, in paragraphs.
pub fn method(inputs: &Inputs<'_>) -> Vec<String> {
    let run = inputs.run;
    let items = inputs.artifacts.iter().filter(|a| crate::store::run::is_snapshot(a)).count();
    let clock = match run.clock.as_str() {
        "system" => "Times are those of the collecting machine's clock.".to_string(),
        _ => "Times are pinned, not measured: this is sample evidence.".to_string(),
    };
    let mut method = vec![
        format!(
            "The run {} holds {}: {} of AWS Config items, saved AWS API answers and documents, each stored \
             byte for byte with its SHA-256. Answers that were imported were requested by someone else; \
             their bytes are evidence, their origin is a statement.",
            run.id,
            plural(inputs.artifacts.len(), "artifact"),
            plural(items, "file")
        ),
        "The artifacts were loaded into one SQLite database. Each check is one SQL query over its tables; \
         the query, the tables and the artifacts are in the package, so that every verdict can be worked out \
         again, with stock sqlite3 or with `affiant verify --recompute`."
            .to_string(),
        "A source that was expected and not read is a gap. A gap turns `met` and `not applicable` into `not \
         evidenced` in its own account and region; what was found to be wrong stays `not met`. The \
         denominators below count every source that a check needs."
            .to_string(),
        format!("Verdicts hold as of {}. {clock}", inputs.assessment.as_of),
    ];
    if let Some(asked) = &run.asked {
        method.extend(asked.config.iter().map(|way| {
            let place = format!("{} of {}", way.regions.join(", "), way.accounts.join(", "));
            format!("AWS Config, {place}: {}.", way.words)
        }));
        method.extend(asked.organization.iter().map(|o| {
            let named: Vec<String> = o.inactive.iter().map(|(id, state)| format!("{id} ({state})")).collect();
            let rest = if named.is_empty() {
                "none was left out".to_string()
            } else {
                format!("not asked: {}", named.join(", "))
            };
            format!(
                "Account {} listed {} active accounts of the organization; {rest}.",
                o.listed_by, o.active
            )
        }));
    }
    method.extend(replaced(inputs));
    method.extend(cleared(inputs));
    if inputs.assessment.custom_catalog {
        method.push(format!(
            "The catalog is not Affiant's own: some of its files were replaced or added. Its digest is {}.",
            inputs.catalog.digest
        ));
    }
    method
}

/// What named persons cleared, one sentence each.
fn cleared(inputs: &Inputs<'_>) -> Vec<String> {
    let day = inputs.assessment.as_of.get(..10).unwrap_or_default();
    let in_force = inputs.decisions.clearances.clearances.iter().filter(|c| c.in_force(day));
    let words = in_force.map(|c| {
        format!(
            "{} cleared {} in {} (sha256 {}) from {} until {}: {} These findings were left as they are.",
            c.by,
            c.rules.join(", "),
            c.path,
            c.sha256,
            c.on,
            c.until,
            c.reason.trim()
        )
    });
    words.collect()
}
