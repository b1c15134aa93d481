//! The two pictures for readers: short names, and the whole in words for those who do not see the figure.

use super::controls::short_name;
use super::{Inputs, plural};
use crate::model::dossier::{
    NetworkMap, Places, Reach, ReaderMatrix, ReadingPrincipal, StoreReaders, VpcMap,
};

pub fn readers(inputs: &Inputs<'_>) -> ReaderMatrix {
    let mut matrix = inputs.assessment.readers.clone();
    for reader in &mut matrix.readers {
        // The path of a user or role says less than its name, and takes the room.
        reader.name = reader.arn.rsplit('/').next().unwrap_or_default().to_string();
    }
    for store in &mut matrix.stores {
        if store.name.is_empty() {
            store.name = short_name(&store.arn);
        }
    }
    matrix.words = match matrix.stores_total {
        0 => "The evidence holds no store of ePHI, and no key or secret of one, that a policy of its own or \
              of IAM opens."
            .into(),
        total => {
            let each: Vec<String> = matrix.stores.iter().map(|s| store_words(s, &matrix.readers)).collect();
            format!(
                "{} of {} by number of readers. {}",
                matrix.stores.len(),
                plural(total, "store"),
                each.join(" ")
            )
        }
    };
    matrix
}

fn store_words(store: &StoreReaders, readers: &[ReadingPrincipal]) -> String {
    let mut said = Vec::new();
    let mut say = |n: u64, one: &str| {
        if n > 0 {
            said.push(plural(n, one));
        }
    };
    say(store.everyone, "statement for everyone");
    say(store.everyone_bounded, "bounded statement for everyone");
    say(store.foreign, "principal of another account");
    say(store.services, "AWS service");
    for (reach, far) in [
        (Reach::Everything, "everything"),
        (Reach::Kind, "every store of its kind"),
        (Reach::Store, "this store"),
    ] {
        let so_far = readers.iter().zip(&store.cells).filter(|(_, cell)| cell.reach == reach);
        let names: Vec<String> =
            so_far.map(|(reader, _)| format!("{} {}", reader.kind, reader.name)).collect();
        if !names.is_empty() {
            said.push(format!("{} ({far})", names.join(", ")));
        }
    }
    if store.own_more > 0 {
        said.push(plural(store.own_more, "other user or role"));
    }
    let said = if said.is_empty() { "no reader found".into() } else { said.join("; ") };
    let unread = if store.policy_read { "" } else { "; its own policy was not read" };
    format!("{} {}: {said}{unread}.", store.kind, store.name)
}

pub fn network(inputs: &Inputs<'_>) -> NetworkMap {
    let mut map = inputs.assessment.network.clone();
    let mut said = vec![format!("Between the internet and any VPC: {}.", places(&map.edge))];
    said.extend(map.vpcs.iter().map(vpc_words));
    let more = map.vpcs_total - map.vpcs_empty - map.vpcs.len() as u64;
    if more > 0 {
        said.push(format!("{} not drawn.", plural(more, "more VPC")));
    }
    if map.vpcs_empty > 0 {
        said.push(format!("{} in which nothing of this map stands.", plural(map.vpcs_empty, "VPC")));
    }
    said.push(format!("In no VPC: {}.", places(&map.regional)));
    if !map.unplaced.is_empty() {
        said.push(format!("In a VPC that the evidence does not name: {}.", places(&map.unplaced)));
    }
    map.words = said.join(" ");
    map
}

fn vpc_words(vpc: &VpcMap) -> String {
    let gateway = if vpc.internet_gateway { "an internet gateway" } else { "no internet gateway" };
    let others = if vpc.other_networks { " and routes to other networks" } else { "" };
    let tiers: Vec<String> = vpc
        .tiers
        .iter()
        .map(|t| format!("{} tier, {}: {}", t.tier, plural(t.subnets, "subnet"), places(&t.places)))
        .collect();
    format!(
        "VPC {} in {} {}, with {gateway}{others}; {}.",
        vpc.vpc_id,
        vpc.account,
        vpc.region,
        tiers.join("; ")
    )
}

fn places(list: &[Places]) -> String {
    let one = |p: &Places| {
        let phi = if p.phi > 0 && p.class != "entry" {
            format!(" ({} in PHI scope)", p.phi)
        } else {
            String::new()
        };
        format!("{}{phi}", plural(p.count, &p.kind))
    };
    if list.is_empty() { "nothing".into() } else { list.iter().map(one).collect::<Vec<_>>().join(", ") }
}
