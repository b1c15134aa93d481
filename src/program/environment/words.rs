//! What each kind is called, what it means that it is missing, and which rule asks for it.

use crate::model::dossier::Means;

pub fn label(means: Means) -> &'static str {
    match means {
        Means::Place => "Accounts and regions",
        Means::Topic => "Alarm topics and who hears them",
        Means::BreakGlass => "Emergency roles and users",
        Means::Trail => "Trails",
        Means::Bucket => "Trail buckets, and where copies go",
        Means::LogGroup => "Log groups",
        Means::Detector => "GuardDuty detectors",
        Means::Vault => "Backup vaults",
        Means::Key => "Keys of stores of ePHI",
        Means::Quarantine => "Quarantine groups",
    }
}

/// What the plan lacks, as the cause of a risk.
pub fn lacking(means: Means) -> &'static str {
    match means {
        Means::Place => "The incident-response plan does not name every account and region",
        Means::Topic => "Alarms do not reach a person everywhere",
        Means::BreakGlass => "Emergency access is not ready",
        Means::Trail => "A trail is missing or does not record",
        Means::Bucket => "Where evidence is copied to is not settled",
        Means::LogGroup => "Log groups that an investigation reads are missing",
        Means::Detector => "GuardDuty does not watch every region",
        Means::Vault => "Recovery points are missing or not locked",
        Means::Key => "A key of ePHI is missing, disabled or about to be deleted",
        Means::Quarantine => "No quarantine group stands ready in every network",
    }
}

/// What may come of it.
pub fn event(means: Means) -> &'static str {
    match means {
        Means::Place => "an incident there may find nobody prepared",
        Means::Topic => "an incident may go on while nobody is woken",
        Means::BreakGlass => "responders may be locked out of the systems that they must contain",
        Means::Trail => "what an intruder did may never be known, and a breach must then be presumed",
        Means::Bucket => "evidence may be lost or may stay within an intruder's reach",
        Means::LogGroup => "traces of who reached ePHI may be lost",
        Means::Detector => "an intrusion may stay unseen for weeks",
        Means::Vault => "ePHI that an attacker destroys may not come back",
        Means::Key => "ePHI under it may become unreadable for good",
        Means::Quarantine => "an intruder may stay connected while people look for a way to isolate him",
    }
}

/// Citations of the risk.
pub fn citations(means: Means) -> [&'static str; 2] {
    match means {
        Means::Place | Means::Topic | Means::Quarantine => ["164.308(a)(6)(i)", "164.308(a)(6)(ii)"],
        Means::BreakGlass => ["164.312(a)(2)(ii)", "164.308(a)(6)(ii)"],
        Means::Trail | Means::LogGroup | Means::Detector => ["164.312(b)", "164.308(a)(6)(ii)"],
        Means::Bucket => ["164.308(a)(6)(ii)", "164.316(b)(2)(i)"],
        Means::Vault | Means::Key => ["164.308(a)(7)(ii)(A)", "164.308(a)(6)(ii)"],
    }
}
