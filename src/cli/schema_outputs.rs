//! JSON Schema of what commands print with `--format json`. They are files in `schemas/`; a test holds what
//! is printed to them, and lets no member go without its line.

use clap::ValueEnum;

/// What prints JSON, by the name of its schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SchemaOutput {
    Assess,
    ArchiveCheck,
    ArchiveList,
    BreachClock,
    Calendar,
    Chain,
    Collect,
    Controls,
    Diff,
    Lint,
    Plan,
    Risk,
    Risks,
    RisksLint,
    Runs,
    Services,
    Tables,
    Verify,
}

impl SchemaOutput {
    /// The schema's text, and the command that prints such JSON.
    pub fn of(self) -> (&'static str, &'static str) {
        match self {
            SchemaOutput::Assess => (include_str!("../../schemas/assess.json"), "assess --format json"),
            SchemaOutput::ArchiveCheck => {
                (include_str!("../../schemas/archive-check.json"), "archive verify --json")
            }
            SchemaOutput::ArchiveList => {
                (include_str!("../../schemas/archive-list.json"), "archive list --json")
            }
            SchemaOutput::BreachClock => {
                (include_str!("../../schemas/breach-clock.json"), "breach clock --format json")
            }
            SchemaOutput::Calendar => (include_str!("../../schemas/calendar.json"), "calendar --format json"),
            SchemaOutput::Chain => (include_str!("../../schemas/chain.json"), "verify --chain --format json"),
            SchemaOutput::Collect => (include_str!("../../schemas/collect.json"), "collect --format json"),
            SchemaOutput::Controls => {
                (include_str!("../../schemas/controls.json"), "controls list --format json")
            }
            SchemaOutput::Diff => (include_str!("../../schemas/diff.json"), "diff --format json"),
            SchemaOutput::Lint => (include_str!("../../schemas/lint.json"), "lint --format json"),
            SchemaOutput::Plan => (include_str!("../../schemas/plan.json"), "plan --format json"),
            SchemaOutput::Risk => (include_str!("../../schemas/risk.json"), "risks show ID --format json"),
            SchemaOutput::Risks => (include_str!("../../schemas/risks.json"), "risks list --format json"),
            SchemaOutput::RisksLint => {
                (include_str!("../../schemas/risks-lint.json"), "risks lint --format json")
            }
            SchemaOutput::Runs => (include_str!("../../schemas/runs.json"), "runs --format json"),
            SchemaOutput::Services => (include_str!("../../schemas/services.json"), "services --format json"),
            SchemaOutput::Tables => {
                (include_str!("../../schemas/tables.json"), "controls tables --format json")
            }
            SchemaOutput::Verify => (include_str!("../../schemas/verify.json"), "verify --format json"),
        }
    }
}
