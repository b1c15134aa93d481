//! The documents beside the machine evidence: short texts of an invented organization.

use std::collections::BTreeMap;

/// File name and text.
type Document = (&'static str, &'static str);

const ALL: [Document; 16] = [
    ("access-control-policy.md", include_str!("documents/access-control-policy.md")),
    ("access-review-2026-Q3.md", include_str!("documents/access-review-2026-Q3.md")),
    ("agreements-register.md", include_str!("documents/agreements-register.md")),
    ("baa-cover-note.md", include_str!("documents/baa-cover-note.md")),
    ("contingency-plan.md", include_str!("documents/contingency-plan.md")),
    ("emergency-access-procedure.md", include_str!("documents/emergency-access-procedure.md")),
    ("encryption-policy.md", include_str!("documents/encryption-policy.md")),
    ("idle-logoff-test-2026-05.md", include_str!("documents/idle-logoff-test-2026-05.md")),
    ("incident-response-plan.md", include_str!("documents/incident-response-plan.md")),
    ("interface-list.md", include_str!("documents/interface-list.md")),
    ("log-review-2026-Q3.md", include_str!("documents/log-review-2026-Q3.md")),
    ("network-and-data-flow.md", include_str!("documents/network-and-data-flow.md")),
    ("pgaudit-query-2026-08-05.txt", include_str!("documents/pgaudit-query-2026-08-05.txt")),
    ("restore-test-2026-06.md", include_str!("documents/restore-test-2026-06.md")),
    ("tabletop-2025-11-06.md", include_str!("documents/tabletop-2025-11-06.md")),
    ("tabletop-2026-05-21.md", include_str!("documents/tabletop-2026-05-21.md")),
];

/// What the well-run vendor says otherwise, or besides.
const VENDOR: [Document; 22] = [
    ("access-review-2026-Q3.md", include_str!("story/access-review-2026-Q3.md")),
    ("agreement-a1.md", include_str!("story/agreement-a1.md")),
    ("agreement-a3.md", include_str!("story/agreement-a3.md")),
    ("agreement-a4.md", include_str!("story/agreement-a4.md")),
    ("agreements-register.md", include_str!("story/agreements-register.md")),
    ("baa-cover-note.md", include_str!("story/baa-cover-note.md")),
    ("database-log-review-2026-Q3.md", include_str!("story/database-log-review-2026-Q3.md")),
    ("device-and-media-policy.md", include_str!("story/device-and-media-policy.md")),
    ("evaluation-2026.md", include_str!("story/evaluation-2026.md")),
    ("facility-security-plan.md", include_str!("story/facility-security-plan.md")),
    ("four-factors-INC-2026-11.md", include_str!("story/four-factors-INC-2026-11.md")),
    ("four-factors-INC-2026-12.md", include_str!("story/four-factors-INC-2026-12.md")),
    ("incident-log-2026-Q3.md", include_str!("story/incident-log-2026-Q3.md")),
    ("incident-response-plan.md", include_str!("story/incident-response-plan.md")),
    ("interface-list.md", include_str!("story/interface-list.md")),
    ("network-and-data-flow.md", include_str!("story/network-and-data-flow.md")),
    ("pgaudit-query-2026-08-05.txt", include_str!("story/pgaudit-query-2026-08-05.txt")),
    ("risk-analysis-2026.md", include_str!("story/risk-analysis-2026.md")),
    ("sanction-policy.md", include_str!("story/sanction-policy.md")),
    ("session-lengths-2026-09.md", include_str!("story/session-lengths-2026-09.md")),
    ("tabletop-2026-05-21.md", include_str!("story/tabletop-2026-05-21.md")),
    ("training-record-2026.md", include_str!("story/training-record-2026.md")),
];

/// The documents of an account with faults for most checks, or of the vendor with a few lapses.
pub fn of(vendor: bool) -> BTreeMap<&'static str, &'static str> {
    let own: &[Document] = if vendor { &VENDOR } else { &[] };
    ALL.iter().chain(own).copied().collect()
}
