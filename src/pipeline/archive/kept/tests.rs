//! Tests of the file above.

use super::*;

fn receipt() -> Receipt {
    let day = |year| NaiveDate::from_ymd_opt(year, 9, 30).unwrap();
    Receipt {
        format: RECEIPT_FORMAT.into(),
        package: "2026-Q3-0123456789ab".into(),
        renewals: 0,
        organization: "Example Clinic".into(),
        edition: "full".into(),
        period: "2026-Q3".into(),
        as_of: "2026-09-30T12:00:00Z".into(),
        manifest: Digest::of(b""),
        sealed_by: Digest::of(b""),
        computed: day(2032),
        retain_until: day(2033),
        care_until: end_of(day(2029)),
        care: "renew".into(),
        files: Vec::new(),
    }
}

#[test]
fn what_may_be_destroyed_waits_for_lock_and_hold() {
    let of = |lock: LockState, hold: HoldState, year: i32| {
        destruction(&receipt(), &lock, &hold, end_of(NaiveDate::from_ymd_opt(year, 10, 1).unwrap()))
    };
    let until = |year| end_of(NaiveDate::from_ymd_opt(year, 9, 30).unwrap());
    let locked = |year| LockState::Locked { mode: "COMPLIANCE".into(), until: until(year) };
    assert_eq!(
        of(LockState::NotClaimed, HoldState::NotClaimed, 2032),
        Destruction::NotBefore { on: until(2033).date_naive() }
    );
    assert_eq!(
        of(LockState::NotClaimed, HoldState::NotClaimed, 2033),
        Destruction::PossibleSince { on: until(2033).date_naive() }
    );
    assert_eq!(
        of(locked(2036), HoldState::Off, 2034),
        Destruction::NotBefore { on: until(2036).date_naive() }
    );
    assert_eq!(of(locked(2033), HoldState::On, 2040), Destruction::Held);
    let silent = || HoldState::Unknown { why: "AccessDenied".into() };
    assert_eq!(of(locked(2033), silent(), 2040), Destruction::Unknown { why: "AccessDenied".into() });
}

#[test]
fn renewal_is_announced_ninety_days_ahead() {
    let at = |month| renewal(&receipt(), end_of(NaiveDate::from_ymd_opt(2029, month, 1).unwrap()));
    assert!(matches!(at(6), RenewalDue::Later { .. }));
    assert!(matches!(at(8), RenewalDue::Soon { .. }));
    assert!(matches!(at(10), RenewalDue::Overdue { .. }));
}
