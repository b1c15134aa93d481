//! Healthy copies for large environments: items of fifteen types, rendered once and then
//! filled with fresh ids.

use std::collections::BTreeMap;

use crate::buckets;
use crate::compute::{self, Worker};
use crate::containers;
use crate::databases;
use crate::envelope::{Format, encode};
use crate::functions;
use crate::interfaces::{self, Interface};
use crate::item::{Item, tags};
use crate::messages;
use crate::moment::SNAPSHOT;
use crate::region::Region;
use crate::rng::Rng;
use crate::roles;
use crate::security;
use crate::stores;
use crate::watch;

/// What stands in a template where a fresh value goes: sixteen hexadecimal digits (four of them), sixteen of
/// base 32, a running number, and two bytes of an address.
const SLOTS: [&str; 8] = ["@0@", "@1@", "@2@", "@3@", "@r@", "@n@", "@a@", "@b@"];

enum Part {
    Text(Box<str>),
    Slot(usize),
}

/// Items that belong together and share their ids.
struct Bundle {
    /// How often it comes up, against the others.
    weight: usize,
    items: Vec<Vec<Part>>,
}

pub struct Clones {
    bundles: Vec<Bundle>,
    rng: Rng,
    made: usize,
}

impl Clones {
    pub fn new(region: &mut Region, format: Format, rng: Rng) -> Clones {
        let bundles = templates(region)
            .into_iter()
            .map(|(weight, items)| Bundle {
                weight,
                items: items.iter().filter_map(|item| compile(item, format)).collect(),
            })
            .filter(|bundle| !bundle.items.is_empty())
            .collect();
        Clones { bundles, rng, made: 0 }
    }

    /// Appends the next items to `text`, a comma before each, and returns how many; never more than `most`.
    pub fn next(&mut self, text: &mut Vec<u8>, most: usize) -> usize {
        let total: usize = self.bundles.iter().map(|bundle| bundle.weight).sum();
        let mut draw = self.rng.below(total);
        let bundle = self.bundles.iter().find(|bundle| {
            let here = draw < bundle.weight;
            draw = draw.wrapping_sub(bundle.weight);
            here
        });
        let bundle = bundle.expect("the weights add up to the total");
        self.made += 1;
        let values = values(&mut self.rng, self.made);
        let count = bundle.items.len().min(most);
        for item in &bundle.items[..count] {
            text.extend_from_slice(b",\n");
            fill(text, item, &values);
        }
        count
    }
}

fn values(rng: &mut Rng, number: usize) -> [String; 8] {
    let hex = |rng: &mut Rng| format!("{:016x}", rng.next());
    let (a, b, c, d) = (hex(rng), hex(rng), hex(rng), hex(rng));
    let byte = |low: i64, high: i64, rng: &mut Rng| rng.between(low, high).to_string();
    [a, b, c, d, rng.base32(16), format!("{number:07}"), byte(16, 31, rng), byte(4, 250, rng)]
}

fn fill(text: &mut Vec<u8>, parts: &[Part], values: &[String; 8]) {
    for part in parts {
        match part {
            Part::Text(plain) => text.extend_from_slice(plain.as_bytes()),
            Part::Slot(slot) => text.extend_from_slice(values[*slot].as_bytes()),
        }
    }
}

/// Cuts an encoded item at its slots.
fn compile(item: &Item, format: Format) -> Option<Vec<Part>> {
    let text = encode(item, format)?
        .replace("10.20.16.199", "10.20.@a@.@b@")
        .replace("10-20-16-199", "10-20-@a@-@b@");
    let mut parts = Vec::new();
    let mut rest = text.as_str();
    while let Some((at, slot)) =
        SLOTS.iter().enumerate().filter_map(|(slot, mark)| Some((rest.find(mark)?, slot))).min()
    {
        parts.push(Part::Text(rest[..at].into()));
        parts.push(Part::Slot(slot));
        rest = &rest[at + SLOTS[slot].len()..];
    }
    parts.push(Part::Text(rest.into()));
    Some(parts)
}

fn templates(region: &mut Region) -> Vec<(usize, Vec<Item>)> {
    let made = SNAPSHOT.minus_days(77);
    let own = |name: &str| tags(name, "internal", "prod", "platform");
    let topic = region.topics["twin-operations"].clone();
    let logs = region
        .items
        .iter()
        .find(|item| item.kind == "AWS::S3::Bucket" && item.id.contains("access-logs"))
        .map_or_else(String::new, |item| item.id.clone());
    let key = region.key("secrets");
    let mut bundles = vec![(30, worker(region))];
    bundles.push((
        12,
        vec![databases::snapshot_item(
            region,
            "twin-primary",
            "twin-primary-@n@",
            ("manual", "16.9", true),
            made,
            &[],
        )],
    ));
    bundles.push((
        8,
        vec![buckets::item(
            region,
            "meridian-twin-share-@n@-@0@",
            &own("share-@n@"),
            made,
            buckets::ALL,
            &logs,
        )],
    ));
    bundles.push((10, vec![role(region)]));
    bundles.push((10, vec![security::service_group(region, "sg-0@0@", "twin-service-@n@")]));
    bundles.push((8, vec![messages::queue(region, "twin-jobs-@n@", &own("twin-jobs-@n@"), made, false)]));
    bundles.push((4, vec![messages::topic(region, "twin-topic-@n@", &own("twin-topic-@n@"))]));
    bundles.push((10, vec![functions::function(region, "task-@n@", "events", &functions::role("task-@n@"))]));
    bundles.push((
        8,
        vec![watch::alarm_item(
            region,
            "twin-lag-@n@",
            "AWS/SQS",
            "ApproximateAgeOfOldestMessage",
            &topic,
            made.0,
        )],
    ));
    bundles.push((6, vec![stores::table(region, "twin-shard-@n@", &own("twin-shard-@n@"), made, true)]));
    bundles
        .push((6, vec![messages::secret(region, "twin/feed/@n@", "@0@", &key, &own("twin/feed/@n@"), made)]));
    bundles.push((4, vec![containers::repository_item(region, "job-@n@", made)]));
    bundles.push((8, vec![containers::definition_item(region, "job-@n@", "2048", 3, false)]));
    for item in bundles.iter_mut().flat_map(|(_, items)| items).filter(|item| item.region.is_empty()) {
        item.region = region.name.into();
    }
    bundles
}

/// An instance with its interface and two disks.
fn worker(region: &mut Region) -> Vec<Item> {
    let subnet = region.app[0].clone();
    let group = region.group("app");
    let launched = SNAPSHOT.minus_days(12);
    let worker = Worker {
        id: "i-0@0@",
        name: "twin-worker-@n@",
        subnet: &subnet,
        host: 199,
        eni: "eni-0@1@",
        root: "vol-0@2@",
        data: "vol-0@3@",
        tokens: "required",
        launched,
    };
    let wanted = Interface {
        subnet: &subnet,
        host: 199,
        description: "",
        kind: "interface",
        groups: &[("twin-app", &group)],
        instance: Some(worker.id),
        public: None,
    };
    vec![
        compute::instance(region, &worker, &tags(worker.name, "phi", "prod", "modeling")),
        compute::attached(region, &worker, worker.root, "/dev/xvda", 64),
        compute::attached(region, &worker, worker.data, "/dev/sdf", 512),
        interfaces::item(region, worker.eni, &wanted),
    ]
}

fn role(region: &mut Region) -> Item {
    let mut role = roles::role(region, "twin-task-@n@", "/", roles::trusts_service("ecs-tasks"));
    role.holder.id = "AROAX@r@".into();
    role.holder.managed = vec!["service-role/AmazonECSTaskExecutionRolePolicy"];
    roles::item(&role, &BTreeMap::new())
}
