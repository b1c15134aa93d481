//! The documents beside the machine evidence: short texts of an invented organization.

/// File name and text.
type Document = (&'static str, &'static str);

pub const ALL: [Document; 16] = [
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
