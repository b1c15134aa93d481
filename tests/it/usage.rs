//! Cost Explorer, where it was asked: services and regions that were billed, as a denominator of those that
//! the evidence shows.

use serde_json::json;

use crate::harness::{Sandbox, item};

const ACCOUNT: &str = "111122223333";

fn collected(with_usage: bool) -> Sandbox {
    let box_ = Sandbox::default().workspace();
    box_.snapshot("in", &[item("AWS::EC2::Instance", "i-1", json!({ "instanceId": "i-1" }))]);
    if with_usage {
        let group = |service: &str, region: &str| json!({ "Keys": [service, region] });
        let groups = [
            group("Amazon Elastic Compute Cloud - Compute", "us-east-1"),
            group("Amazon Lightsail", "eu-central-1"),
            group("Amazon Unheard Of", "us-east-1"),
            group("Tax", "global"),
        ];
        let answer = json!({
            "ResultsByTime": [{ "TimePeriod": { "Start": "2026-09-01", "End": "2026-10-01" },
                "Groups": groups }]
        });
        box_.write(&format!("in/aws/{ACCOUNT}/aws-global/ce/GetCostAndUsage.json"), answer.to_string());
    }
    let ran = box_.affiant(&["collect", "--snapshot", "in"]);
    assert!(ran.code == 0 || ran.code == 3, "{}", ran.err);
    box_
}

#[test]
fn what_was_billed_is_a_denominator_of_what_is_seen() {
    let box_ = collected(true);
    let zip = box_.package();
    let text = std::fs::read_to_string(zip.with_extension("").join("data/dossier.json")).expect("a dossier");
    let dossier: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let note = dossier["services"]["note"].as_str().expect("a note");
    assert!(
        note.contains("AWS billed 3 services") && note.contains("2 of them left no other trace"),
        "{note}"
    );
    assert!(note.contains("Billed in regions that were not read: eu-central-1."), "{note}");
    let rows = dossier["services"]["rows"].as_array().expect("rows");
    let row = |name: &str| {
        rows.iter().find(|r| r["service"].as_str().is_some_and(|s| s.contains(name))).expect(name)
    };
    assert_eq!(row("Elastic Compute Cloud")["resources"], 1);
    assert!(
        row("Elastic Compute Cloud")["seen"]
            .as_str()
            .is_some_and(|s| s.contains("billed to 111122223333 in us-east-1"))
    );
    assert_eq!(row("Unheard Of")["status"], "unknown");
    assert!(rows.iter().all(|r| r["service"] != "Tax"));
}

#[test]
fn nothing_is_said_of_bills_that_nobody_asked_for() {
    let box_ = collected(false);
    let told = box_.affiant(&["services"]);
    assert!(!told.out.contains("billed"), "{}", told.out);
    let data = box_.affiant(&["assess", "--format", "json"]).out;
    assert!(!data.contains("ce:GetCostAndUsage"), "what is asked on request is no gap where nobody asked");
}

/// Names of Cost Explorer's dimension SERVICE as they stand in public material, and the service of the
/// list that each means.
const BILLS: [(&str, &str); 132] = [
    ("Amazon Elastic Container Service for Kubernetes", "Amazon Elastic Kubernetes Service (EKS)"),
    ("Amazon EC2 Container Registry (ECR)", "Amazon Elastic Container Registry (ECR)"),
    ("Amazon Elastic Container Registry Public", "Amazon ECR Public"),
    ("Amazon Elastic Container Service", "Amazon Elastic Container Service (ECS)"),
    ("Amazon EC2 Container Service", "Amazon Elastic Container Service (ECS)"),
    ("Amazon Elastic Compute Cloud - Compute", "Amazon Elastic Compute Cloud (Amazon EC2)"),
    ("EC2 - Other", "Amazon Elastic Compute Cloud (Amazon EC2)"),
    ("Amazon Elastic Block Store", "Amazon Elastic Block Store (Amazon EBS)"),
    ("Amazon Elastic File System", "Amazon Elastic File System (EFS)"),
    ("Amazon Elastic Load Balancing", "Elastic Load Balancing"),
    ("Elastic Load Balancing", "Elastic Load Balancing"),
    ("Amazon Elastic MapReduce", "Amazon Elastic MapReduce (EMR)"),
    ("Amazon ElastiCache", "Amazon ElastiCache"),
    ("Amazon OpenSearch Service", "Amazon OpenSearch Service"),
    ("Amazon Elasticsearch Service", "Amazon OpenSearch Service"),
    ("Amazon Simple Storage Service", "Amazon Simple Storage Service (S3)"),
    ("Amazon Simple Notification Service", "Amazon Simple Notification Service (SNS)"),
    ("Amazon Simple Queue Service", "Amazon Simple Queue Service (SQS)"),
    ("Amazon Simple Email Service", "Amazon Simple Email Service (Amazon SES)"),
    ("Amazon Simple Workflow Service", "Amazon Simple Workflow Service (SWF)"),
    ("Amazon SimpleDB", "Amazon SimpleDB"),
    ("Amazon Glacier", "Amazon S3 Glacier"),
    ("Amazon S3 Glacier Deep Archive", "Amazon S3 Glacier"),
    ("Amazon Relational Database Service", "Amazon Relational Database Service (Amazon RDS)"),
    ("Amazon DocumentDB (with MongoDB compatibility)", "Amazon DocumentDB"),
    ("Amazon Neptune", "Amazon Neptune"),
    ("Amazon DynamoDB", "Amazon DynamoDB"),
    ("DynamoDB Accelerator (DAX)", "Amazon DynamoDB Accelerator (DAX)"),
    ("Amazon Redshift", "Amazon Redshift"),
    ("Amazon Keyspaces (for Apache Cassandra)", "Amazon Keyspaces"),
    ("Amazon MCS", "Amazon Keyspaces"),
    ("Amazon Timestream", "Amazon Timestream"),
    ("Amazon MemoryDB", "Amazon MemoryDB"),
    ("Amazon MemoryDB for Redis", "Amazon MemoryDB"),
    ("Amazon Quantum Ledger Database", "Amazon Quantum Ledger Database (QLDB)"),
    ("Amazon Athena", "Amazon Athena"),
    ("AWS Glue", "AWS Glue"),
    ("AWS Lake Formation", "AWS Lake Formation"),
    ("Amazon QuickSight", "Amazon Quick Suite"),
    ("Amazon Kinesis", "Amazon Kinesis Data Streams"),
    ("Amazon Kinesis Firehose", "Amazon Kinesis Data Firehose"),
    ("Amazon Kinesis Analytics", "Amazon Managed Service for Apache Flink"),
    ("Amazon Kinesis Video Streams", "Amazon Kinesis Video Streams"),
    ("Amazon Managed Streaming for Apache Kafka", "Amazon Managed Streaming for Apache Kafka"),
    ("Amazon MQ", "Amazon MQ"),
    ("Amazon Managed Workflows for Apache Airflow", "Amazon Managed Workflow for Apache Airflow"),
    ("AWS Lambda", "AWS Lambda"),
    ("AWS Batch", "AWS Batch"),
    ("AWS Step Functions", "AWS Step Functions"),
    ("Amazon EventBridge", "Amazon EventBridge"),
    ("CloudWatch Events", "Amazon EventBridge"),
    ("AmazonCloudWatch", "Amazon CloudWatch"),
    ("AWS CloudTrail", "AWS CloudTrail"),
    ("AWS Config", "AWS Config"),
    ("AWS CloudFormation", "AWS CloudFormation"),
    ("AWS CloudShell", "AWS CloudShell"),
    ("AWS Systems Manager", "AWS Systems Manager"),
    ("AWS X-Ray", "AWS X-Ray"),
    ("Amazon Managed Grafana", "Amazon Managed Grafana"),
    ("Amazon Managed Service for Prometheus", "Amazon Managed Service for Prometheus"),
    ("AWS Key Management Service", "AWS Key Management Service (KMS)"),
    ("AWS Secrets Manager", "AWS Secrets Manager"),
    ("AWS CloudHSM", "AWS CloudHSM"),
    ("AWS Certificate Manager", "AWS Certificate Manager"),
    ("AWS Private Certificate Authority", "AWS Private Certificate Authority"),
    ("Amazon GuardDuty", "Amazon GuardDuty"),
    ("AWS Security Hub", "AWS Security Hub CSPM"),
    ("Amazon Inspector", "Amazon Inspector"),
    ("Amazon Macie", "Amazon Macie"),
    ("Amazon Detective", "Amazon Detective"),
    ("AWS WAF", "AWS Web Application Firewall (WAF)"),
    ("AWS Shield", "AWS Shield"),
    ("AWS Firewall Manager", "AWS Firewall Manager"),
    ("AWS Network Firewall", "AWS Network Firewall"),
    ("Amazon Cognito", "Amazon Cognito"),
    ("AWS Directory Service", "AWS Directory Service"),
    ("AWS Audit Manager", "AWS Audit Manager"),
    ("Amazon Security Lake", "Amazon Security Lake"),
    ("Amazon Virtual Private Cloud", "Amazon Virtual Private Cloud (VPC)"),
    ("Amazon Route 53", "Amazon Route 53"),
    ("Amazon Registrar", "Amazon Route 53"),
    ("Amazon CloudFront", "Amazon CloudFront"),
    ("AWS Global Accelerator", "AWS Global Accelerator"),
    ("AWS Direct Connect", "AWS Direct Connect"),
    ("Amazon API Gateway", "Amazon API Gateway"),
    ("AWS AppSync", "AWS AppSync"),
    ("AWS Cloud Map", "AWS Cloud Map"),
    ("AWS Backup", "AWS Backup"),
    ("AWS Storage Gateway", "AWS Storage Gateway"),
    ("AWS DataSync", "AWS DataSync"),
    ("AWS Transfer Family", "AWS Transfer Family"),
    ("AWS Database Migration Service", "AWS Database Migration Service (DMS)"),
    ("AWS Elastic Disaster Recovery", "AWS Elastic Disaster Recovery"),
    ("Amazon FSx", "Amazon FSx"),
    ("Amazon SageMaker", "Amazon SageMaker AI"),
    ("Amazon Bedrock", "Amazon Bedrock"),
    ("Claude 3 Haiku (Amazon Bedrock Edition)", "Amazon Bedrock"),
    ("Amazon Comprehend", "Amazon Comprehend"),
    ("Amazon Textract", "Amazon Textract"),
    ("Amazon Rekognition", "Amazon Rekognition"),
    ("Amazon Transcribe", "AWS Transcribe"),
    ("Amazon HealthLake", "AWS HealthLake"),
    ("AWS HealthImaging", "AWS HealthImaging"),
    ("Amazon Polly", "Amazon Polly"),
    ("Amazon Translate", "Amazon Translate"),
    ("Amazon Lex", "Amazon Lex"),
    ("Amazon Kendra", "Amazon Kendra"),
    ("Amazon Personalize", "Amazon Personalize"),
    ("Amazon Q", "Amazon Q Business"),
    ("CodeBuild", "AWS CodeBuild"),
    ("AWS CodeCommit", "AWS CodeCommit"),
    ("AWS CodePipeline", "AWS CodePipeline"),
    ("AWS CodeArtifact", "AWS CodeArtifact"),
    ("AWS Cloud9", "AWS Cloud 9"),
    ("AWS Amplify", "AWS Amplify Console"),
    ("AWS App Runner", "AWS App Runner"),
    ("AWS Elastic Beanstalk", "AWS Elastic Beanstalk"),
    ("Amazon Lightsail", "Amazon Lightsail"),
    ("Amazon WorkSpaces", "Amazon WorkSpaces"),
    ("Amazon AppStream", "Amazon WorkSpaces Applications"),
    ("Amazon WorkSpaces Web", "Amazon WorkSpaces Secure Browser"),
    ("Amazon Chime Voice Connector a service sold by AMCS, LLC", "Amazon Chime SDK"),
    ("Amazon Connect", "Amazon Connect"),
    ("Contact Center Telecommunications (service sold by AMCS, LLC)", "Amazon Connect"),
    ("Amazon Pinpoint", "Amazon Pinpoint and End User Messaging"),
    ("AWS End User Messaging", "Amazon Pinpoint and End User Messaging"),
    ("AWS IoT", "AWS IoT Core"),
    ("Amazon Location Service", "Amazon Location Service"),
    ("AWS Cost Explorer", "AWS Billing, Budgets, Cost Explorer, CUR, Data Exports, Pricing"),
    ("AWS Support (Business)", "AWS Support, Support Plans, Trusted Advisor"),
    ("AWS Support [Developer]", "AWS Support, Support Plans, Trusted Advisor"),
    ("AWS Data Pipeline", "AWS Data Pipeline"),
];

#[test]
fn services_are_known_by_the_names_that_stand_on_bills() {
    let catalog = affiant::catalog::load(None).expect("our own catalog");
    let known =
        |name| affiant::program::services::by_bill(&catalog.services, name).map(|entry| entry.name.as_str());
    let wrong: Vec<_> = BILLS
        .iter()
        .filter(|(bill, name)| known(bill) != Some(*name))
        .map(|(bill, _)| (bill, known(bill)))
        .collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    for stranger in ["Amazon Unheard Of", "Datadog Pro", "Amazon", "AWS", ""] {
        assert_eq!(known(stranger), None, "{stranger}");
    }
    let names: std::collections::BTreeSet<&str> = BILLS.iter().map(|(_, name)| *name).collect();
    assert!(names.len() > 100);
}

/// Principals of service-linked roles, event sources and IAM's namespaces, and the service of the
/// list that each means.
const PRINCIPALS: [(&str, &str); 40] = [
    ("elasticfilesystem", "Amazon Elastic File System (EFS)"),
    ("eks-nodegroup", "Amazon Elastic Kubernetes Service (EKS)"),
    ("eks-fargate", "AWS Fargate"),
    ("dynamodb.application-autoscaling", "Amazon DynamoDB"),
    ("ecs.application-autoscaling", "Amazon Elastic Container Service (ECS)"),
    ("rds.application-autoscaling", "Amazon Relational Database Service (Amazon RDS)"),
    ("custom-resource.application-autoscaling", "Amazon EC2 Auto Scaling"),
    ("replication.dynamodb", "Amazon DynamoDB"),
    ("replication.ecr", "Amazon Elastic Container Registry (ECR)"),
    ("malware-protection.guardduty", "Amazon GuardDuty"),
    ("agentless.inspector2", "Amazon Inspector"),
    ("config-conforms", "AWS Config"),
    ("config-multiaccountsetup", "AWS Config"),
    ("member.org.stacksets.cloudformation", "AWS CloudFormation"),
    ("ec2", "Amazon Elastic Compute Cloud (Amazon EC2)"),
    ("spot", "Amazon Elastic Compute Cloud (Amazon EC2)"),
    ("autoscaling", "Amazon EC2 Auto Scaling"),
    ("elasticloadbalancing", "Elastic Load Balancing"),
    ("es", "Amazon OpenSearch Service"),
    ("opensearchservice", "Amazon OpenSearch Service"),
    ("observability.aoss", "Amazon OpenSearch Service"),
    ("elasticmapreduce", "Amazon Elastic MapReduce (EMR)"),
    ("kafka", "Amazon Managed Streaming for Apache Kafka"),
    ("airflow", "Amazon Managed Workflow for Apache Airflow"),
    ("mrk.kms", "AWS Key Management Service (KMS)"),
    ("email.cognito-idp", "Amazon Cognito"),
    ("networking.apprunner", "AWS App Runner"),
    ("storage-lens.s3", "Amazon Simple Storage Service (S3)"),
    ("transitgateway", "Amazon Virtual Private Cloud (VPC)"),
    ("ipam", "Amazon Virtual Private Cloud (VPC)"),
    ("bedrock", "Amazon Bedrock"),
    ("textract", "Amazon Textract"),
    ("comprehendmedical", "Amazon Comprehend Medical"),
    ("transcribe", "AWS Transcribe"),
    ("rekognition", "Amazon Rekognition"),
    ("medical-imaging", "AWS HealthImaging"),
    ("cassandra", "Amazon Keyspaces"),
    ("quicksight", "Amazon Quick Suite"),
    ("cost-optimization-hub.bcm", "AWS Billing, Budgets, Cost Explorer, CUR, Data Exports, Pricing"),
    ("resource-explorer-2", "AWS Resource Explorer"),
];

#[test]
fn services_are_known_by_their_principals() {
    let catalog = affiant::catalog::load(None).expect("our own catalog");
    let known =
        |name| affiant::program::services::by_name(&catalog.services, name).map(|entry| entry.name.as_str());
    let wrong: Vec<_> = PRINCIPALS
        .iter()
        .filter(|(by, name)| known(by) != Some(*name))
        .map(|(by, _)| (by, known(by)))
        .collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    assert_eq!((known("unheard"), known("unheard.of")), (None, None));
}

fn role(principal: &str, name: &str) -> serde_json::Value {
    let mut role = item("AWS::IAM::Role", name, json!({}));
    role["ARN"] =
        json!(format!("arn:aws:iam::{ACCOUNT}:role/aws-service-role/{principal}.amazonaws.com/{name}"));
    role
}

fn services(box_: &Sandbox) -> String {
    let ran = box_.affiant(&["collect", "--snapshot", "in"]);
    assert!(ran.code == 0 || ran.code == 3, "{}", ran.err);
    box_.affiant(&["services"]).out
}

#[test]
fn roles_that_aws_makes_everywhere_are_no_sign_of_use() {
    let box_ = Sandbox::default().workspace();
    let everywhere = ["support", "trustedadvisor", "organizations", "sso"];
    let mut roles: Vec<_> = everywhere.iter().map(|p| role(p, &format!("AWSServiceRoleFor{p}"))).collect();
    roles.push(role("eks-nodegroup", "AWSServiceRoleForAmazonEKSNodegroup"));
    box_.snapshot("in", &roles);
    let seen = services(&box_);
    assert!(
        seen.contains("Amazon Elastic Kubernetes Service") && !seen.contains("eks-nodegroup  "),
        "{seen}"
    );
    for name in ["AWS Organizations", "AWS Support", "AWS IAM Identity Center"] {
        assert!(!seen.lines().any(|l| l.starts_with(name)), "{name}:\n{seen}");
    }
}

#[test]
fn services_that_leave_no_resource_are_seen_by_their_use() {
    let box_ = Sandbox::default().workspace();
    box_.snapshot("in", &[item("AWS::EC2::Instance", "i-1", json!({}))]);
    let used = |name: &str, at: Option<&str>| {
        json!({
            "ServiceName": name, "ServiceNamespace": name, "LastAuthenticated": at,
            "TotalAuthenticatedEntities": 1
        })
    };
    let report = json!({ "JobStatus": "COMPLETED", "JobCompletionDate": "2026-09-30T10:00:00Z",
        "IsTruncated": false, "ServicesLastAccessed": [
        used("bedrock", Some("2026-09-12T08:00:00Z")), used("textract", None),
        used("iam", Some("2026-09-12T08:00:00Z")),
    ] });
    box_.write(
        &format!("in/aws/{ACCOUNT}/aws-global/iam/GetServiceLastAccessedDetails.json"),
        report.to_string(),
    );
    let event = |source: &str| {
        json!({
            "EventId": source, "EventName": "StartTranscriptionJob", "EventSource": source,
            "EventTime": "2026-09-20T08:00:00Z"
        })
    };
    let events = json!({ "Events": [event("transcribe.amazonaws.com"), event("sts.amazonaws.com")] });
    box_.write(&format!("in/aws/{ACCOUNT}/us-east-1/cloudtrail/LookupEvents.json"), events.to_string());
    let seen = services(&box_);
    assert!(
        seen.contains("Amazon Bedrock")
            && seen.contains("last used on 2026-09-12, as IAM tells of an identity"),
        "{seen}"
    );
    assert!(
        seen.contains("AWS Transcribe") && seen.contains("an event of 2026-09-20 in CloudTrail's history"),
        "{seen}"
    );
    assert!(!seen.contains("Amazon Textract"), "never used is no use:\n{seen}");
}

#[test]
fn databases_are_told_apart_by_their_engine() {
    let box_ = Sandbox::default().workspace();
    let cluster = |id: &str, engine: &str| item("AWS::RDS::DBCluster", id, json!({ "engine": engine }));
    let items = [
        cluster("a", "aurora-postgresql"),
        cluster("b", "docdb"),
        cluster("c", "neptune"),
        cluster("d", "postgres"),
        item("AWS::RDS::DBInstance", "e", json!({ "engine": "mysql" })),
    ];
    box_.snapshot("in", &items);
    let seen = services(&box_);
    let line = |name: &str| {
        seen.lines().find(|l| l.starts_with(name)).unwrap_or_else(|| panic!("{name}:\n{seen}")).to_string()
    };
    for name in ["Amazon Aurora", "Amazon DocumentDB", "Amazon Neptune"] {
        assert!(line(name).ends_with("1 resource, 1 in PHI scope"), "{}", line(name));
    }
    assert!(line("Amazon Relational Database Service").ends_with("2 resources, 2 in PHI scope"), "{seen}");
}
