//! The whole account: both regions furnished in the order in which one thing needs another.

use serde_json::{Map, Value};

use crate::item::Item;
use crate::moment::SNAPSHOT;
use crate::region::{ACCOUNT, Region};
use crate::story::Story;
use crate::{
    access, authority, backup, balancers, buckets, certificates, compute, containers, databases, front,
    functions, hops, identity, keys, lapses, logs, messages, network, oversight, past, people, pilot,
    preserve, reach, replicas, rules, sessions, stores, tls, warehouse, watch,
};

pub struct Estate {
    pub east: Region,
    pub west: Region,
    pub story: Story,
}

impl Estate {
    /// The environment of one seed: of a vendor with a few `lapses`, or with faults for most checks.
    pub fn furnish(seed: u64, lapses: bool) -> Estate {
        let mut story = Story::new(seed, lapses);
        let mut east = Region::new("us-east-1", &["us-east-1a", "us-east-1b", "us-east-1c"], true, &story);
        let mut west = Region::new("us-west-2", &["us-west-2a", "us-west-2b"], false, &story);
        for region in [&mut east, &mut west] {
            furnish(region, &mut story);
        }
        let people = identity::build(&mut east, &mut story);
        people::answer(&mut east, &mut story, &people);
        authority::build(&mut east, &mut west, &mut story);
        people::agreement(&mut east, &mut story);
        access::sign_in_rules(&east, &mut story);
        access::sign_in_rules(&west, &mut story);
        access::lengths(&east, &mut story);
        oversight::bucket_list([&east, &west], &mut story);
        rules::build(&mut east, &mut story, &people);
        rules::build(&mut west, &mut story, &people);
        past::build(&east, &west, &mut story);
        gone(&mut east, &mut west, story.vendor());
        story.finish();
        Estate { east, west, story }
    }
}

fn furnish(region: &mut Region, story: &mut Story) {
    keys::build(region, story);
    network::build(region, story);
    certificates::build(region, story);
    balancers::build(region, story);
    tls::build(region, story);
    front::build(region, story);
    compute::build(region, story);
    containers::build(region, story);
    databases::build(region, story);
    preserve::engines(region, story);
    buckets::build(region, story);
    stores::build(region, story);
    messages::build(region, story);
    if region.primary {
        functions::build(region, story);
    }
    sessions::build(region, story);
    access::build(region, story);
    watch::build(region, story);
    oversight::build(region, story);
    backup::build(region, story);
    reach::build(region, story);
    if region.primary && story.plants("ec2.instance-no-public-address") {
        pilot::build(region, story);
    }
    preserve::build(region, story);
    logs::build(region, story);
    warehouse::build(region, story);
    backup::late(region, story);
    replicas::build(region, story);
    hops::build(region, story);
    lapses::build(region, story);
}

/// Items without a configuration: deleted resources, and one that the recorder was told to leave out.
fn gone(east: &mut Region, west: &mut Region, vendor: bool) {
    let volume = east.rng.ec2("vol");
    let arn = east.arn("ec2", &format!("volume/{volume}"));
    push_gone(east, "AWS::EC2::Volume", volume, arn, "ResourceDeleted");
    let vpc = west.rng.ec2("vpc");
    let arn = west.arn("ec2", &format!("vpc/{vpc}"));
    push_gone(west, "AWS::EC2::VPC", vpc, arn, "ResourceDeleted");
    let bucket = format!("meridian-twin-prototype-{}", east.rng.hex(6));
    let arn = format!("arn:aws:s3:::{bucket}");
    push_gone(east, "AWS::S3::Bucket", bucket, arn, "ResourceDeleted");
    if !vendor {
        let set = east.arn("ecs", &format!("task-set/twin/portal-api/ecs-svc/{ACCOUNT}"));
        push_gone(east, "AWS::ECS::TaskSet", set.clone(), set, "ResourceNotRecorded");
    }
}

fn push_gone(region: &mut Region, kind: &'static str, id: String, arn: String, status: &'static str) {
    let mut item = Item::new(kind, id, arn, Value::Null).nowhere().supplementary(Value::Object(Map::new()));
    item.status = status;
    item.created = Some(SNAPSHOT.minus_days(420));
    region.push(item);
}
