//! Where AWS Config puts snapshots in its bucket: `[prefix/]AWSLogs/<account>/Config/<region>/<Y>/<M>/<D>/…`,
//! month and day without a leading zero, so that the order of names is not that of days.

use chrono::{DateTime, Datelike, Duration, NaiveDate, NaiveDateTime, Utc};
use serde_json::Value;

/// An object of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    pub key: String,
    pub size: u64,
    pub etag: String,
    pub modified: String,
}

/// One account and region in the bucket.
#[derive(Debug, Clone, Copy)]
pub struct Base<'a> {
    pub prefix: &'a str,
    pub account: &'a str,
    pub region: &'a str,
}

impl Base<'_> {
    pub fn folder(&self) -> String {
        let prefix = self.prefix.trim_matches('/');
        let prefix = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
        format!("{prefix}AWSLogs/{}/Config/{}/", self.account, self.region)
    }

    /// The folder of a day's snapshots or history.
    pub fn day(&self, day: NaiveDate, kind: &str) -> String {
        format!("{}{}/{}/{}/{kind}/", self.folder(), day.year(), day.month(), day.day())
    }

    /// When a snapshot was made, if the object is one of this account and region.
    pub fn snapshot(&self, key: &str) -> Option<DateTime<Utc>> {
        let name = key.strip_prefix(&self.folder())?.rsplit('/').next()?;
        let rest = name.strip_prefix(&format!("{}_Config_{}_ConfigSnapshot_", self.account, self.region))?;
        time(rest.strip_suffix(".json.gz")?.split('_').next()?)
    }
}

impl Base<'_> {
    /// The day in its path and the Config type of a file of history, if the object is one of this account and
    /// region:
    /// `…/<Y>/<M>/<D>/ConfigHistory/` and
    /// `<account>_Config_<region>_ConfigHistory_<type>_<start>_<end>_<n>.json.gz`.
    pub fn history(&self, key: &str) -> Option<(NaiveDate, String)> {
        let mut parts = key.strip_prefix(&self.folder())?.split('/');
        let mut number = || parts.next()?.parse::<u32>().ok();
        let day = NaiveDate::from_ymd_opt(number()?.try_into().ok()?, number()?, number()?)?;
        let ("ConfigHistory", name) = (parts.next()?, parts.next()?) else { return None };
        let rest = name.strip_prefix(&format!("{}_Config_{}_ConfigHistory_", self.account, self.region))?;
        let (kind, _) = rest.strip_suffix(".json.gz")?.split_once('_')?;
        (kind.starts_with("AWS::") && parts.next().is_none()).then(|| (day, kind.to_string()))
    }
}

fn time(text: &str) -> Option<DateTime<Utc>> {
    NaiveDateTime::parse_from_str(text, "%Y%m%dT%H%M%SZ").ok().map(|t| t.and_utc())
}

/// The newest snapshot among objects, by the time in its name.
pub fn latest(base: Base<'_>, objects: &[Object]) -> Option<(Object, DateTime<Utc>)> {
    let dated = objects.iter().filter_map(|object| Some((base.snapshot(&object.key)?, object)));
    dated.max_by(|a, b| (a.0, &a.1.key).cmp(&(b.0, &b.1.key))).map(|(at, object)| (object.clone(), at))
}

/// Folders that end in a number, the highest first.
pub fn newest_first(folders: &[String]) -> Vec<(u32, String)> {
    let numbered = folders
        .iter()
        .filter_map(|f| Some((f.trim_end_matches('/').rsplit('/').next()?.parse().ok()?, f.clone())));
    let mut found: Vec<(u32, String)> = numbered.collect();
    found.sort_unstable_by(|a, b| b.cmp(a));
    found
}

/// Objects and folders of listings.
pub fn listed(pages: &[Value]) -> (Vec<Object>, Vec<String>) {
    let each = |name: &'static str| pages.iter().flat_map(move |p| p[name].as_array().into_iter().flatten());
    let object = |e: &Value| {
        let text = |name: &str| e[name].as_str().unwrap_or_default().to_string();
        let size = e["Size"].as_u64().or_else(|| e["Size"].as_str()?.parse().ok())?;
        Some(Object { key: text("Key"), size, etag: text("ETag"), modified: text("LastModified") })
    };
    let folders = each("CommonPrefixes").filter_map(|e| e["Prefix"].as_str().map(str::to_string));
    (each("Contents").filter_map(object).collect(), folders.collect())
}

/// Why a snapshot of this age is late: older than twice what the delivery channel promises. Without a promise
/// a day is.
pub fn late(frequency: Option<&str>, age: Duration) -> Option<String> {
    let hours = match frequency {
        Some("One_Hour") => 1,
        Some("Three_Hours") => 3,
        Some("Six_Hours") => 6,
        Some("Twelve_Hours") => 12,
        Some(_) | None => 24,
    };
    let allowed = if frequency.is_some() { 2 * hours } else { 24 };
    (age > Duration::hours(allowed)).then(|| match frequency {
        Some(_) => format!(
            "the newest snapshot is {} hours old, and the delivery channel promises one every {hours}",
            age.num_hours()
        ),
        None => format!("the newest snapshot is {} hours old, and no delivery is scheduled", age.num_hours()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: Base<'_> = Base { prefix: "o-abc123", account: "111122223333", region: "us-east-1" };

    fn object(day: &str, stamp: &str) -> Object {
        let key = format!(
            "{}{day}/ConfigSnapshot/111122223333_Config_us-east-1_ConfigSnapshot_{stamp}_0a1b.json.gz",
            BASE.folder()
        );
        Object { key, size: 1, etag: String::new(), modified: String::new() }
    }

    #[test]
    fn the_newest_snapshot_is_told_by_its_time_and_not_by_its_name() {
        let objects = [
            object("2026/9/30", "20260930T120000Z"),
            object("2026/10/2", "20261002T120000Z"),
            object("2026/9/4", "20260904T235959Z"),
        ];
        let (found, at) = latest(BASE, &objects).expect("a snapshot");
        assert_eq!(
            (found.key.contains("2026/10/2"), at.to_rfc3339().as_str()),
            (true, "2026-10-02T12:00:00+00:00")
        );
        let folders: Vec<String> =
            ["9/", "10/", "2/", "x/"].iter().map(|m| format!("{}2026/{m}", BASE.folder())).collect();
        let order: Vec<u32> = newest_first(&folders).into_iter().map(|(n, _)| n).collect();
        assert_eq!(order, [10, 9, 2]);
    }

    #[test]
    fn other_accounts_and_other_files_are_no_snapshot_of_this_place() {
        let other = Base { account: "123456789012", ..BASE };
        assert_eq!(latest(other, &[object("2026/9/30", "20260930T120000Z")]), None);
        assert_eq!(BASE.snapshot(&format!("{}ConfigWritabilityCheckFile", BASE.folder())), None);
        let day = NaiveDate::from_ymd_opt(2026, 9, 4).expect("a day");
        assert_eq!(
            BASE.day(day, "ConfigHistory"),
            "o-abc123/AWSLogs/111122223333/Config/us-east-1/2026/9/4/ConfigHistory/"
        );
    }

    #[test]
    fn a_file_of_history_names_its_day_and_type() {
        let name = "111122223333_Config_us-east-1_ConfigHistory_AWS::EC2::\
                    SecurityGroup_20260904T000000Z_20260904T060000Z_1.json.gz";
        let key = format!("{}2026/9/4/ConfigHistory/{name}", BASE.folder());
        let day = NaiveDate::from_ymd_opt(2026, 9, 4).expect("a day");
        assert_eq!(BASE.history(&key), Some((day, "AWS::EC2::SecurityGroup".to_string())));
        assert_eq!(BASE.history(&object("2026/9/4", "20260904T235959Z").key), None);
        assert_eq!(Base { region: "us-west-2", ..BASE }.history(&key), None);
    }

    #[test]
    fn a_snapshot_is_late_by_the_channels_promise() {
        assert_eq!(late(Some("Six_Hours"), Duration::hours(11)), None);
        assert!(late(Some("Six_Hours"), Duration::hours(13)).is_some());
        assert_eq!(late(Some("TwentyFour_Hours"), Duration::hours(47)), None);
        assert!(late(None, Duration::hours(25)).expect("late").contains("no delivery is scheduled"));
    }
}
