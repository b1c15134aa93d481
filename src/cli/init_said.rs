//! What a person says to `affiant init`, by options or at the terminal: read, and asked again until it fits.

use chrono::{Datelike, Months, NaiveDate};
use clap::Args;

use crate::catalog;
use crate::model::regions;
use crate::model::shapes::ROLES;
use crate::workspace::{named, same_person};
use crate::yaml::edit;

/// The plan among the starter files.
pub const PLAN: &str = "program/incident-response.yaml";

// What a person says of the workspace, as options. (As documentation clap would take it for the command's.)
#[derive(Debug, Default, Args)]
pub struct StarterOptions {
    /// The organization's name
    #[arg(long, value_name = "NAME")]
    organization: Option<String>,
    /// Its role under HIPAA for this system: covered entity, business associate, subcontractor, hybrid
    /// entity or not covered
    #[arg(long)]
    role: Option<String>,
    /// The system that holds ePHI
    #[arg(long, value_name = "NAME")]
    system: Option<String>,
    /// What the system does, and for whom
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// The mail address of the security official
    #[arg(long, value_name = "ADDRESS")]
    contact: Option<String>,
    /// A quarter, or two days: 2026-Q4 or 2026-10-01..2026-12-31 [default: this quarter]
    #[arg(long)]
    period: Option<String>,
    /// An account of the system and its name, such as 111122223333=production; may be repeated
    #[arg(long, value_name = "ID=NAME")]
    account: Vec<String>,
    /// The regions in use, such as us-east-1,us-west-2
    #[arg(long, value_name = "REGION", value_delimiter = ',')]
    regions: Vec<String>,
    /// A person of the incident-response plan, "ROLE=NAME; TELEPHONE; OTHER CHANNEL; DEPUTY", of which the
    /// name is enough; may be repeated
    #[arg(long, value_name = "ROLE=NAME")]
    person: Vec<String>,
    /// Ask nothing, also at a terminal
    #[arg(long)]
    no_questions: bool,
}

/// The label of a period, its first and its last day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StarterPeriod {
    pub label: String,
    pub start: NaiveDate,
    pub end: NaiveDate,
}

/// A person of the plan; what is empty nobody said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StarterPerson {
    /// The place of the role in the plan.
    pub role: usize,
    pub name: String,
    pub telephone: String,
    pub channel: String,
    pub deputy: String,
}

/// What was said, checked.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Starter {
    pub organization: Option<String>,
    pub role: Option<String>,
    pub system: Option<String>,
    pub description: Option<String>,
    pub contact: Option<String>,
    pub period: Option<StarterPeriod>,
    /// Ids and names; a name may be missing.
    pub accounts: Vec<(String, String)>,
    pub regions: Vec<String>,
    pub people: Vec<StarterPerson>,
}

impl StarterOptions {
    pub fn questions(&self) -> bool {
        !self.no_questions
    }

    /// The options read; every one that is wrong is told.
    pub fn read(&self) -> Result<Starter, Vec<String>> {
        let mut wrong = Vec::new();
        let mut told = |flag: &str, problem: String| wrong.push(format!("{flag}: {problem}"));
        let mut one = |flag: &str, said: &Option<String>, check: fn(&str) -> Result<String, String>| {
            let read = said.as_deref().map(check).transpose();
            read.unwrap_or_else(|problem| {
                told(flag, problem);
                None
            })
        };
        let mut starter = Starter {
            organization: one("--organization", &self.organization, words),
            role: one("--role", &self.role, role),
            system: one("--system", &self.system, words),
            description: one("--description", &self.description, words),
            contact: one("--contact", &self.contact, mail),
            ..Starter::default()
        };
        match self.period.as_deref().map(period).transpose() {
            Ok(read) => starter.period = read,
            Err(problem) => told("--period", problem),
        }
        for said in &self.account {
            let (id, name) = said.split_once('=').unwrap_or((said.as_str(), ""));
            match account(id) {
                Ok(id) => starter.accounts.push((id, name.trim().to_string())),
                Err(problem) => told("--account", problem),
            }
        }
        for said in &self.regions {
            match region(said) {
                Ok(region) => starter.regions.push(region),
                Err(problem) => told("--regions", problem),
            }
        }
        for said in &self.person {
            match person(said) {
                Ok(person) => starter.people.push(person),
                Err(problem) => told("--person", problem),
            }
        }
        if wrong.is_empty() { Ok(starter) } else { Err(wrong) }
    }
}

fn words(text: &str) -> Result<String, String> {
    if named(text) { Ok(text.trim().into()) } else { Err("nothing is said".into()) }
}

/// By its name, or by its place in the list.
fn role(text: &str) -> Result<String, String> {
    let place = text.trim().parse::<usize>().ok().and_then(|n| n.checked_sub(1));
    let same = |role: &&&str| role.eq_ignore_ascii_case(text.trim());
    let found = place.and_then(|n| ROLES.get(n)).or_else(|| ROLES.iter().find(same));
    found.map(|role| (*role).to_string()).ok_or_else(|| format!("write one of: {}", ROLES.join(", ")))
}

fn mail(text: &str) -> Result<String, String> {
    let text = text.trim();
    let (name, domain) = text.split_once('@').unwrap_or_default();
    let fits = named(text) && !name.is_empty() && domain.contains('.') && !text.contains(char::is_whitespace);
    if fits { Ok(text.into()) } else { Err(format!("`{text}` is not a mail address")) }
}

fn account(text: &str) -> Result<String, String> {
    let digits: String = text.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
    let fits = digits.len() == 12 && digits.bytes().all(|b| b.is_ascii_digit());
    if fits { Ok(digits) } else { Err(format!("`{}` is not twelve digits", text.trim())) }
}

fn region(text: &str) -> Result<String, String> {
    let text = text.trim();
    match regions::partition_of(text) {
        Some(_) => Ok(text.into()),
        None => Err(format!("`{text}` is not a region; write one such as us-east-1")),
    }
}

fn period(text: &str) -> Result<StarterPeriod, String> {
    let text = text.trim();
    let day = |text: &str| super::values::day(text.trim());
    if let Some((start, end)) = text.split_once("..") {
        let (start, end) = (day(start)?, day(end)?);
        let label = format!("{start}-to-{end}");
        return match start <= end {
            true => Ok(StarterPeriod { label, start, end }),
            false => Err("the last day comes before the first".into()),
        };
    }
    let first = text.split_once("-Q").and_then(|(year, nth)| {
        let year = year.parse::<i32>().ok().filter(|year| (2000..2200).contains(year))?;
        let nth = nth.parse::<u32>().ok().filter(|nth| (1..=4).contains(nth))?;
        NaiveDate::from_ymd_opt(year, nth * 3 - 2, 1)
    });
    first.map(quarter).ok_or_else(|| format!("`{text}` is not a period; write 2026-Q4 or DAY..DAY"))
}

/// The quarter that a day lies in.
pub fn quarter(day: NaiveDate) -> StarterPeriod {
    let nth = day.month0() / 3;
    let start = NaiveDate::from_ymd_opt(day.year(), nth * 3 + 1, 1).unwrap_or(day);
    let end = start.checked_add_months(Months::new(3)).and_then(|next| next.pred_opt()).unwrap_or(start);
    StarterPeriod { label: format!("{}-Q{}", day.year(), nth + 1), start, end }
}

/// The roles of the starter's plan, in its order.
pub fn plan_roles() -> Vec<String> {
    let text = catalog::templates().iter().find(|(name, _)| *name == PLAN).map_or(&[][..], |(_, text)| text);
    let plan = edit::json(&String::from_utf8_lossy(text)).unwrap_or_default();
    let roles = plan["roles"].as_array().cloned().unwrap_or_default();
    roles.iter().filter_map(|role| role["role"].as_str().map(String::from)).collect()
}

fn person(text: &str) -> Result<StarterPerson, String> {
    let roles = plan_roles();
    let (role, said) = text.split_once('=').unwrap_or((text, ""));
    let role = role.trim().to_lowercase();
    let place = roles.iter().position(|r| !role.is_empty() && r.to_lowercase().starts_with(&role));
    let place = place.ok_or_else(|| format!("`{role}` is no role of the plan: {}", roles.join("; ")))?;
    let mut parts = said.split(';').map(|part| part.trim().to_string());
    let mut next = || parts.next().unwrap_or_default();
    let (name, telephone, channel, deputy) = (words(&next())?, next(), next(), next());
    Ok(StarterPerson { role: place, name, telephone, channel, deputy })
}

/// Asks until the answer fits; nothing where the person leaves it for later.
fn until_right<T>(
    ask: &mut dyn FnMut(&str) -> Option<String>,
    question: &str,
    check: impl Fn(&str) -> Result<T, String>,
) -> Option<T> {
    let mut shown = question.to_string();
    loop {
        let line = ask(&shown)?;
        if line.trim().is_empty() {
            return None;
        }
        match check(line.trim()) {
            Ok(value) => return Some(value),
            Err(problem) => shown = format!("  {problem}\n{question}"),
        }
    }
}

impl Starter {
    pub fn is_empty(&self) -> bool {
        *self == Starter::default()
    }

    /// Asks for what no option said. `surveyed`: AWS said which accounts and regions there are.
    pub fn ask(&mut self, ask: &mut dyn FnMut(&str) -> Option<String>, surveyed: bool, today: NaiveDate) {
        if self.organization.is_none() {
            self.organization = until_right(ask, "Name of the organization: ", words);
        }
        if self.role.is_none() {
            let list = ROLES.iter().enumerate().map(|(n, role)| format!("  {}  {role}\n", n + 1));
            let list: String = list.collect();
            let question = format!("Its role under HIPAA for this system\n{list}Number or name: ");
            self.role = until_right(ask, &question, role);
        }
        if self.system.is_none() {
            self.system = until_right(ask, "Name of the system that holds ePHI: ", words);
        }
        if self.description.is_none() {
            self.description = until_right(ask, "What it does, and for whom: ", words);
        }
        if self.contact.is_none() {
            self.contact = until_right(ask, "Mail address of the security official: ", mail);
        }
        if self.period.is_none() {
            let now = quarter(today).label;
            let question = format!("Period, such as 2026-Q4 [Enter: {now}]: ");
            self.period = until_right(ask, &question, period);
        }
        if self.accounts.is_empty() && !surveyed {
            self.ask_accounts(ask);
        }
        if self.regions.is_empty() && !surveyed {
            let all = |line: &str| -> Result<Vec<String>, String> {
                line.split([',', ' ']).filter(|part| !part.trim().is_empty()).map(region).collect()
            };
            let question = "Regions in use, such as us-east-1, us-west-2: ";
            self.regions = until_right(ask, question, all).unwrap_or_default();
        }
        self.ask_people(ask);
    }

    fn ask_accounts(&mut self, ask: &mut dyn FnMut(&str) -> Option<String>) {
        let mut question = "AWS account of the system, twelve digits: ";
        while let Some(id) = until_right(ask, question, account) {
            let name = until_right(ask, "  Its name, such as production: ", words).unwrap_or_default();
            self.accounts.push((id, name));
            question = "Another account [Enter: no more]: ";
        }
    }

    fn ask_people(&mut self, ask: &mut dyn FnMut(&str) -> Option<String>) {
        let mut head = "\nPeople of the incident-response plan. Enter leaves a role without a name, and the \
                        report says so.\n";
        for (place, role) in plan_roles().iter().enumerate() {
            if self.people.iter().any(|p| p.role == place) {
                continue;
            }
            let name = until_right(ask, &format!("{head}{role}\n  Name: "), words);
            head = "";
            let Some(name) = name else { continue };
            let known = self.people.iter().find(|p| same_person(&p.name, &name)).cloned();
            let (telephone, channel) = match known {
                Some(person) => (person.telephone, person.channel),
                None => {
                    let telephone = until_right(ask, "  Telephone: ", words).unwrap_or_default();
                    let question = "  Another channel, should mail and chat be down: ";
                    (telephone, until_right(ask, question, words).unwrap_or_default())
                }
            };
            let deputy = until_right(ask, "  Deputy: ", words).unwrap_or_default();
            self.people.push(StarterPerson { role: place, name, telephone, channel, deputy });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_asked_for_until_it_fits() {
        let mut answers = ["x", "  ", "0", "6", "2"].iter();
        let mut asked = Vec::new();
        let mut ask = |question: &str| {
            asked.push(question.to_string());
            answers.next().map(|answer| format!("{answer}\n"))
        };
        assert_eq!(until_right(&mut ask, "Role: ", role), None, "an empty line leaves it for later");
        assert_eq!(until_right(&mut ask, "Role: ", role).as_deref(), Some("business associate"));
        assert_eq!(until_right(&mut ask, "Role: ", role), None, "nobody answers any more");
        assert!(asked[1].starts_with("  write one of: covered entity, ") && asked.len() == 6, "{asked:?}");
    }

    #[test]
    fn what_does_not_fit_is_told_all_at_once() {
        let text = |text: &str| Some(text.to_string());
        let options = StarterOptions {
            role: text("Business Associate"),
            contact: text("nobody"),
            period: text("2026-Q5"),
            account: vec!["12".into()],
            regions: vec!["us-moon-1".into()],
            person: vec!["janitor=A. Example".into()],
            ..StarterOptions::default()
        };
        let wrong = options.read().expect_err("five are wrong");
        assert_eq!(wrong.len(), 5, "{wrong:?}");
        assert_eq!(period("2028-Q1").expect("a quarter").end.to_string(), "2028-03-31");
        assert_eq!(period("2026-07-01..2026-12-31").expect("days").label, "2026-07-01-to-2026-12-31");
        assert!(period("2026-12-31..2026-07-01").is_err());
        assert_eq!(account("1111-2222-3333").as_deref(), Ok("111122223333"));
    }

    #[test]
    fn a_person_with_a_second_role_is_reached_the_same_way() {
        let mut starter = Starter {
            people: vec![person("incident=A. Example; 1; 2; B").expect("one")],
            ..Starter::default()
        };
        let mut answers = ["a. example", "C. Example"].iter();
        let mut ask = |_: &str| answers.next().map(|answer| (*answer).to_string());
        starter.ask_people(&mut ask);
        let second = &starter.people[1];
        assert_eq!((second.telephone.as_str(), second.channel.as_str()), ("1", "2"));
        assert_eq!(second.deputy, "C. Example");
    }
}
