//! Amazon ECS and ECR: the twin's services and their images. One task definition holds an access key
//! that somebody forgot.

use serde_json::{Value, json};

use crate::item::{Item, pascal_tags, tags};
use crate::moment::Moment;
use crate::region::{ACCOUNT, Region};
use crate::story::Story;

/// Service, memory in MB, and whether it stands behind a load balancer.
const SERVICES: [(&str, &str, Option<&str>); 5] = [
    ("portal-api", "2048", Some("twin-portal")),
    ("engine", "8192", None),
    ("alert-router", "1024", None),
    ("registry-sync", "1024", None),
    ("dashboard", "2048", Some("twin-internal")),
];

/// What the task definitions are called, after `twin-`; each runs with a role of its own.
pub const FAMILIES: [&str; 5] = ["portal-api", "engine", "alert-router", "registry-sync", "dashboard"];

/// The key that AWS's own documentation uses; it opens nothing.
const KEY_ID: &str = "AKIAIOSFODNN7EXAMPLE";
const KEY_SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

pub fn build(region: &mut Region, story: &mut Story) {
    let cluster = cluster(region);
    let services = if region.primary { &SERVICES[..] } else { &SERVICES[..1] };
    for (name, memory, balancer) in services {
        repository(region, name);
        let leak = *name == "registry-sync";
        let definition = definition(region, name, memory, leak);
        if leak {
            story.secret("aws-access-key-id", KEY_ID, region.name);
            story.secret("aws-secret-access-key", KEY_SECRET, region.name);
        }
        service(region, name, &cluster, &definition, *balancer);
    }
    if region.primary && story.plants("ecr.repository-not-public") {
        open_images(region, story);
    }
}

/// The dashboard's images may be pulled by everyone: a partner could not sign in on the day of a drill.
fn open_images(region: &mut Region, story: &mut Story) {
    let open = region
        .items
        .iter_mut()
        .find(|item| item.kind == "AWS::ECR::Repository" && item.name.as_deref() == Some("twin/dashboard"))
        .expect("the dashboard has a repository");
    open.configuration["RepositoryPolicyText"] = json!({"Version": "2012-10-17", "Statement": [{
        "Sid": "PartnersPull", "Effect": "Allow", "Principal": "*",
        "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:BatchCheckLayerAvailability"]
    }]});
    let arn = open.arn().to_string();
    // Access Analyzer has not come round to it yet
    story.fault(
        "accessanalyzer.findings-agree",
        &arn,
        "an open repository that Access Analyzer does not list",
    );
    story.fault("ecr.repository-not-public", arn, "everyone may pull the images of the dashboard");
}

fn cluster(region: &mut Region) -> String {
    let arn = region.arn("ecs", "cluster/twin");
    let tags = tags("twin", "phi", "prod", "platform");
    let group = region.log_group("/ecs/exec/twin");
    let configuration = json!({
        "Arn": arn, "ClusterName": "twin", "CapacityProviders": ["FARGATE"],
        "DefaultCapacityProviderStrategy": [],
        "ClusterSettings": [{"Name": "containerInsights", "Value": "enabled"}],
        "Configuration": {"ExecuteCommandConfiguration": {"KmsKeyId": region.key("logs"),
            "Logging": "OVERRIDE",
            "LogConfiguration": {"CloudWatchLogGroupName": group, "CloudWatchEncryptionEnabled": true,
                "S3EncryptionEnabled": true}}},
        "Tags": pascal_tags(&tags)
    });
    let item = Item::new("AWS::ECS::Cluster", &arn, &arn, configuration).named("twin").tagged(&tags);
    region.push(item.discovered());
    arn
}

fn repository(region: &mut Region, name: &str) {
    let created = region.past(200, 900);
    let item = repository_item(region, name, created);
    region.push(item);
}

/// A repository whose images cannot be overwritten and are scanned when pushed.
pub fn repository_item(region: &Region, name: &str, created: Moment) -> Item {
    let full = format!("twin/{name}");
    let arn = region.arn("ecr", &format!("repository/{full}"));
    let tags = tags(&full, "internal", "prod", "platform");
    let mut encryption = json!({"EncryptionType": "KMS"});
    if region.primary {
        encryption["KmsKey"] = json!(region.key("ecr"));
    }
    let configuration = json!({
        "Arn": arn, "RepositoryName": full,
        "RepositoryUri": format!("{ACCOUNT}.dkr.ecr.{}.amazonaws.com/{full}", region.name),
        "ImageScanningConfiguration": {"ScanOnPush": true}, "ImageTagMutability": "IMMUTABLE",
        "EncryptionConfiguration": encryption,
        "LifecyclePolicy": {}, "RepositoryPolicyText": {}, "Tags": pascal_tags(&tags)
    });
    Item::new("AWS::ECR::Repository", &full, arn, configuration).named(&full).created(created).tagged(&tags)
}

fn definition(region: &mut Region, name: &str, memory: &str, leak: bool) -> String {
    let revision = region.rng.between(4, 88);
    let item = definition_item(region, name, memory, revision, leak);
    let arn = item.arn().to_string();
    region.push(item);
    arn
}

/// A task definition of one container.
pub fn definition_item(region: &mut Region, name: &str, memory: &str, revision: i64, leak: bool) -> Item {
    let family = format!("twin-{name}");
    let arn = region.arn("ecs", &format!("task-definition/{family}:{revision}"));
    let tags = tags(&family, "phi", "prod", "platform");
    let container = container(region, name, leak);
    let configuration = json!({
        "ContainerDefinitions": [container], "Cpu": "1024", "Memory": memory, "Family": family,
        "NetworkMode": "awsvpc", "Status": "ACTIVE",
        "ExecutionRoleArn": format!("arn:aws:iam::{ACCOUNT}:role/twin-ecs-execution"),
        "TaskRoleArn": format!("arn:aws:iam::{ACCOUNT}:role/twin-task-{name}"),
        "RequiresCompatibilities": ["FARGATE"], "InferenceAccelerators": [], "PlacementConstraints": [],
        "Tags": pascal_tags(&tags), "TaskDefinitionArn": arn, "Volumes": []
    });
    Item::new("AWS::ECS::TaskDefinition", &family, &arn, configuration)
        .named(format!("{family}:{revision}"))
        .tagged(&tags)
}

fn container(region: &mut Region, name: &str, leak: bool) -> Value {
    let group = region.log_group(format!("/ecs/twin-{name}"));
    let mut container = json!({
        "Name": name, "Image": format!("{ACCOUNT}.dkr.ecr.{}.amazonaws.com/twin/{name}:2026.09", region.name),
        "Cpu": 0, "Essential": true, "ReadonlyRootFilesystem": true, "User": "10001",
        "PortMappings": [{"ContainerPort": 8080, "HostPort": 8080, "Protocol": "tcp"}],
        "Environment": environment(region, leak), "DockerLabels": {},
        "Secrets": [{"Name": "DATABASE_URL",
            "ValueFrom": region.arn("secretsmanager", "secret:twin/database/app")}],
        "LogConfiguration": {"LogDriver": "awslogs",
            "Options": {"awslogs-group": group, "awslogs-region": region.name,
                "awslogs-stream-prefix": "ecs"}, "SecretOptions": []}
    });
    for empty in [
        "Links",
        "EntryPoint",
        "Command",
        "EnvironmentFiles",
        "MountPoints",
        "VolumesFrom",
        "DependsOn",
        "DnsServers",
        "DnsSearchDomains",
        "ExtraHosts",
        "DockerSecurityOptions",
        "Ulimits",
        "SystemControls",
        "ResourceRequirements",
    ] {
        container[empty] = json!([]);
    }
    container
}

fn environment(region: &Region, leak: bool) -> Value {
    let mut variables = vec![
        json!({"Name": "TWIN_STAGE", "Value": "prod"}),
        json!({"Name": "TWIN_REGION", "Value": region.name}),
    ];
    if leak {
        variables.push(json!({"Name": "AWS_ACCESS_KEY_ID", "Value": KEY_ID}));
        variables.push(json!({"Name": "AWS_SECRET_ACCESS_KEY", "Value": KEY_SECRET}));
    }
    json!(variables)
}

pub fn service(region: &mut Region, name: &str, cluster: &str, definition: &str, balancer: Option<&str>) {
    let arn = region.arn("ecs", &format!("service/twin/{name}"));
    let tags = tags(name, "phi", "prod", "platform");
    let created = region.past(60, 500);
    let targets: Vec<Value> = balancer
        .and_then(|balancer| region.targets.get(balancer))
        .map(|target| json!({"TargetGroupArn": target, "ContainerName": name, "ContainerPort": 8080}))
        .into_iter()
        .collect();
    let configuration = json!({
        "ServiceArn": arn, "ServiceName": name, "Name": name, "Cluster": cluster,
        "TaskDefinition": definition, "LaunchType": "FARGATE",
        "DesiredCount": if region.primary { 3 } else { 1 }, "PlatformVersion": "1.4.0",
        "SchedulingStrategy": "REPLICA", "EnableECSManagedTags": true,
        "EnableExecuteCommand": false, "PropagateTags": "SERVICE", "CapacityProviderStrategy": [],
        "LoadBalancers": targets,
        "DeploymentConfiguration": {"MaximumPercent": 200, "MinimumHealthyPercent": 100,
            "DeploymentCircuitBreaker": {"Enable": true, "Rollback": true}},
        "NetworkConfiguration": {"AwsvpcConfiguration": {"AssignPublicIp": "DISABLED",
            "SecurityGroups": [region.group("app")], "Subnets": Region::subnet_ids(&region.app)}},
        "PlacementConstraints": [], "PlacementStrategies": [], "ServiceRegistries": [],
        "Tags": pascal_tags(&tags),
        "Role": format!("arn:aws:iam::{ACCOUNT}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS")
    });
    let item =
        Item::new("AWS::ECS::Service", &arn, &arn, configuration).named(name).created(created).tagged(&tags);
    region.push(item);
}
