//! The commands that keep evidence, filled with names of the run. Every name is untrusted: it stands in
//! single quotes, and one that no AWS service could have given gets no command at all.

use crate::model::decisions::Plan;
use crate::model::dossier::{Means, MeansThing, ResponseCommand, ResponseRow};

/// As many as a dossier carries.
const MOST: usize = 200;
/// As many as the first page has room for, each of another purpose.
const FIRST: usize = 10;
/// Topics and log groups for which the first hour has time.
const TOPICS: usize = 3;
const LOG_GROUPS: usize = 12;

pub struct MadeCommands {
    pub preamble: String,
    pub commands: Vec<ResponseCommand>,
    /// Names of which no command can be made.
    pub refused: Vec<(Means, String)>,
}

pub fn all(rows: &[ResponseRow], plan: &Plan) -> MadeCommands {
    let bucket =
        quoted(plan.environment.evidence_bucket.trim()).unwrap_or_else(|| "'<bucket for evidence>'".into());
    let preamble = format!(
        "export INCIDENT='INC-<number>' START='<YYYY-MM-DD>T00:00:00Z' MONTH='<YYYY/MM>' \
         INSTANCE='i-<instance>' EVIDENCE={bucket}"
    );
    let mut script = Script { commands: vec![], refused: vec![] };
    script.line("Who acts, for the custody record", "", "aws sts get-caller-identity".into());
    for (means, step) in STEPS {
        let Some(row) = rows.iter().find(|row| row.means == means) else { continue };
        let most = match means {
            Means::Topic => TOPICS,
            Means::LogGroup => LOG_GROUPS,
            Means::Place
            | Means::BreakGlass
            | Means::Trail
            | Means::Bucket
            | Means::Detector
            | Means::Vault
            | Means::Key
            | Means::Quarantine => usize::MAX,
        };
        for thing in row.things.iter().filter(|thing| wanted(means, thing)).take(most) {
            script.of(means, step, thing);
        }
    }
    script.commands.truncate(MOST);
    let mut said: Vec<String> = Vec::new();
    for command in &mut script.commands {
        command.first = said.len() < FIRST && !said.contains(&command.step);
        if command.first {
            said.push(command.step.clone());
        }
    }
    MadeCommands { preamble, commands: script.commands, refused: script.refused }
}

/// In the order in which they are typed: people, access, what ends by itself, what an intruder may delete,
/// isolation last.
const STEPS: [(Means, &str); 10] = [
    (Means::Topic, "Call the people on duty"),
    (Means::BreakGlass, "Take the emergency role"),
    (Means::Key, "Keep the key, and its policy as it is"),
    (Means::Place, "Keep the credential report of this hour"),
    (Means::Trail, "Show that the trail records, and that its files are whole"),
    (Means::Bucket, "Copy the trail's files with their digests"),
    (Means::Detector, "Keep what GuardDuty found"),
    (Means::LogGroup, "Keep the log until somebody sets its days again"),
    (Means::Vault, "Hold every recovery point of the vault"),
    (Means::Quarantine, "Copy the disks, then isolate; do not stop the instance"),
];

fn wanted(means: Means, thing: &MeansThing) -> bool {
    match means {
        Means::Topic => thing.fault.is_empty(),
        Means::LogGroup => thing.urgent,
        Means::BreakGlass => thing.facts.starts_with("role"),
        Means::Place
        | Means::Trail
        | Means::Bucket
        | Means::Detector
        | Means::Vault
        | Means::Key
        | Means::Quarantine => true,
    }
}

struct Script {
    commands: Vec<ResponseCommand>,
    refused: Vec<(Means, String)>,
}

impl Script {
    fn line(&mut self, step: &str, account: &str, command: String) {
        self.commands.push(ResponseCommand {
            step: step.into(),
            account: account.into(),
            command,
            first: false,
        });
    }

    fn of(&mut self, means: Means, step: &str, thing: &MeansThing) {
        let parts = (quoted(&thing.name), region(&thing.region));
        let (Some(name), Some(region)) = parts else {
            self.refused.push((means, thing.name.clone()));
            return;
        };
        for command in lines(means, &name, &region, thing) {
            self.line(step, &thing.account, command);
        }
    }
}

fn lines(means: Means, name: &str, region: &str, thing: &MeansThing) -> Vec<String> {
    match means {
        Means::Topic => vec![format!(
            "aws sns publish{region} --topic-arn {name} --subject \"$INCIDENT\" --message 'Incident \
             declared: join the bridge'"
        )],
        Means::BreakGlass => {
            vec![format!("aws sts assume-role --role-arn {name} --role-session-name \"$INCIDENT\"")]
        }
        Means::Key => {
            let cancel = thing.urgent.then(|| format!("aws kms cancel-key-deletion{region} --key-id {name}"));
            let policy =
                format!("aws kms get-key-policy{region} --key-id {name} --policy-name default --output text");
            cancel.into_iter().chain([policy]).collect()
        }
        Means::Place => vec![
            "aws iam generate-credential-report".into(),
            format!(
                "aws iam get-credential-report --query Content --output text | base64 --decode > \
                 credential-report-{name}.csv"
            ),
        ],
        Means::Trail => vec![
            format!("aws cloudtrail get-trail-status{region} --name {name}"),
            format!(
                "aws cloudtrail validate-logs{region} --trail-arn {name} --start-time \"$START\" --verbose"
            ),
        ],
        Means::Bucket => {
            vec![format!(
                "aws s3 sync s3://{name}/ \"s3://$EVIDENCE/$INCIDENT/trail/\" --exclude '*' --include \
                 \"*/CloudTrail*/$MONTH/*\""
            )]
        }
        Means::Detector => {
            vec![format!(
                "aws guardduty list-findings{region} --detector-id {name} --sort-criteria \
                 AttributeName=updatedAt,OrderBy=DESC"
            )]
        }
        Means::LogGroup => vec![format!("aws logs delete-retention-policy{region} --log-group-name {name}")],
        Means::Vault => vec![format!(
            "aws backup create-legal-hold{region} --title \"$INCIDENT\" --description \"$INCIDENT\" \
             --recovery-point-selection VaultNames={name}"
        )],
        Means::Quarantine => vec![
            format!(
                "aws ec2 create-snapshots{region} --instance-specification InstanceId=\"$INSTANCE\" \
                 --description \"$INCIDENT\""
            ),
            format!("aws ec2 modify-instance-attribute{region} --instance-id \"$INSTANCE\" --groups {name}"),
        ],
    }
}

fn region(name: &str) -> Option<String> {
    match name {
        "" | crate::model::run::GLOBAL => Some(String::new()),
        name => quoted(name).map(|name| format!(" --region {name}")),
    }
}

/// A word of a POSIX shell (XCU 2.2.2). Nothing where AWS gives no such name: a leading hyphen would be an
/// option, and `file://` a file that the AWS CLI reads.
pub fn quoted(name: &str) -> Option<String> {
    let known = |c: char| c.is_ascii_alphanumeric() || "_./:#+=,@-".contains(c);
    let sound = !name.is_empty()
        && name.len() <= 512
        && !name.starts_with('-')
        && !name.contains("://")
        && name.chars().all(known);
    sound.then(|| format!("'{name}'"))
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn what_no_service_names_so_is_no_word_of_a_command() {
        for name in [
            "/aws/rds/instance/a#b/x",
            "arn:aws:iam::111122223333:role/path/a+b=c,d.e@f-g",
            "twin-vault",
            "sg-0a1b",
        ] {
            assert_eq!(quoted(name), Some(format!("'{name}'")));
        }
        let long = "a".repeat(513);
        for name in [
            "",
            "-rf",
            "a b",
            "a'b",
            "a;b",
            "$(id)",
            "`id`",
            "a\nb",
            "file:///etc/passwd",
            "a\u{202e}b",
            "a*",
            "~",
            "a\"b",
            "a\\b",
            &long,
        ] {
            assert_eq!(quoted(name), None, "{name}");
        }
    }
}
