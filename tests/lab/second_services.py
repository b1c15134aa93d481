"""The second population, continued: machines, programs, identities, logging and the edge; and `plant`, which makes all of it."""

from time import sleep

from second_edge import balancers, clusters, edge, group, network, people
from second_planted import (
    AWAY,
    BARE,
    EXCLUDED,
    MAIN,
    ORG,
    OUR_ORG,
    RECORDED,
    SHUT,
    STRANGER,
    Account,
    account,
    allow,
    block_account,
    bucket,
    buckets,
    code,
    data_stores,
    databases,
    document,
    key,
)


def machines(to: Account, keys: dict[str, str], networks: dict[str, dict[str, str]]) -> None:
    to.ask("ec2", RECORDED).enable_ebs_encryption_by_default()
    for region in (RECORDED, BARE):
        ec2, net = to.ask("ec2", region), networks[region]
        group(to, region, net["vpc"], f"{region}-office-only", (22, 22, "10.0.0.0/8"), (3389, 3389, "192.168.0.0/16"))
        given = next(vpc for vpc in ec2.describe_vpcs()["Vpcs"] if vpc["IsDefault"])["VpcId"]
        name = "default-network" if region == RECORDED else "default-network-east"
        within = [{"Name": "vpc-id", "Values": [given]}]
        to.made[name] = f"vpc/{given}"
        to.made[f"{name}-default"] = f"security-group/{ec2.describe_security_groups(Filters=within)['SecurityGroups'][0]['GroupId']}"
        to.made[f"{name}-subnet"] = f"subnet/{ec2.describe_subnets(Filters=within)['Subnets'][0]['SubnetId']}"
    group(to, RECORDED, networks[RECORDED]["vpc"], "desktop-open", (3389, 3389, "::/0"))
    group(to, BARE, networks[BARE]["vpc"], "halves-open", (5432, 5432, "0.0.0.0/1"), (5432, 5432, "128.0.0.0/1"))
    group(to, BARE, networks[BARE]["vpc"], "documents-open", (27017, 27017, "0.0.0.0/0"))
    for region, name, good in (
        (RECORDED, "disk", True),
        (RECORDED, "disk-plain", False),
        (BARE, "disk-east", True),
        (BARE, "disk-east-plain", False),
    ):
        ec2 = to.ask("ec2", region)
        more = {"Encrypted": True, "KmsKeyId": keys[region]} if good else {"Encrypted": False}
        volume = ec2.create_volume(AvailabilityZone=f"{region}a", Size=20, VolumeType="gp3", **more)["VolumeId"]
        to.made[name] = f"volume/{volume}"
        for who in {"disk": [ORG], "disk-plain": [STRANGER], "disk-east": [None], "disk-east-plain": ["all"]}[name]:
            copy = ec2.create_snapshot(VolumeId=volume, Description=name)["SnapshotId"]
            to.made[f"{name}-copy"] = f"snapshot/{copy}"
            given = {"GroupNames": ["all"]} if who == "all" else {"UserIds": [who]} if who else None
            if given:
                ec2.modify_snapshot_attribute(SnapshotId=copy, Attribute="createVolumePermission", OperationType="add", **given)
    for region, name, where, good in (
        (RECORDED, "worker", "inner", True),
        (BARE, "worker-east", "inner", True),
        (BARE, "jump-host", "outer", False),
    ):
        ec2, net = to.ask("ec2", region), networks[region]
        image = ec2.register_image(Name=f"golden-{name}", Architecture="x86_64", VirtualizationType="hvm", RootDeviceName="/dev/sda1")[
            "ImageId"
        ]
        disk = {"DeviceName": "/dev/sda1", "Ebs": {"VolumeSize": 20, "Encrypted": True, "KmsKeyId": keys[region]}}
        more = {"MetadataOptions": {"HttpTokens": "required", "HttpEndpoint": "enabled"}} if good else {}
        face = {"DeviceIndex": 0, "SubnetId": net[where], "AssociatePublicIpAddress": not good, "Groups": [net["application-group"]]}
        made = ec2.run_instances(
            ImageId=image, MinCount=1, MaxCount=1, InstanceType="m6i.large", NetworkInterfaces=[face], BlockDeviceMappings=[disk], **more
        )
        to.made[name] = f"instance/{made['Instances'][0]['InstanceId']}"
        to.made[f"{name}-image"] = f"image/{image}"
    to.ask("ec2", BARE).modify_image_attribute(ImageId=to.made["jump-host-image"][6:], LaunchPermission={"Add": [{"Group": "all"}]})
    to.ask("ec2", RECORDED).modify_image_attribute(ImageId=to.made["worker-image"][6:], LaunchPermission={"Add": [{"UserId": ORG}]})
    for region, name, public in ((RECORDED, "launch-inner", False), (BARE, "launch-outer", True)):
        data = {
            "NetworkInterfaces": [{"DeviceIndex": 0, "AssociatePublicIpAddress": public}],
            "MetadataOptions": {"HttpTokens": "required"},
        }
        made = to.ask("ec2", region).create_launch_template(LaunchTemplateName=name, LaunchTemplateData=data)["LaunchTemplate"]
        to.made[name] = f"launch-template/{made['LaunchTemplateId']}"


def programs(to: Account, keys: dict[str, str], networks: dict[str, dict[str, str]]) -> None:
    for region, name, good in ((RECORDED, "rotator", True), (BARE, "fax-hook", False)):
        lambda_, net = to.ask("lambda", region), networks[region]
        more = {"KMSKeyArn": keys[region]} if good else {}
        given = {
            "FunctionName": name,
            "Runtime": "python3.12",
            "Role": f"arn:aws:iam::{to.number}:role/{name}",
            "Handler": "index.handler",
            "Code": {"ZipFile": code()},
            "VpcConfig": {"SubnetIds": [net["inner"]], "SecurityGroupIds": [net["application-group"]]},
            "Environment": {"Variables": {"STAGE": "x"}},
        }
        for attempt in range(5):
            try:
                lambda_.create_function(**given, **more)
                break
            except lambda_.exceptions.InvalidParameterValueException:
                sleep(0.2 * attempt)
        to.made[name] = f"function:{name}"
    to.ask("lambda", BARE).add_permission(FunctionName="fax-hook", StatementId="anyone", Action="lambda:InvokeFunction", Principal="*")
    bound = {
        "StatementId": "topic",
        "Action": "lambda:InvokeFunction",
        "Principal": "sns.amazonaws.com",
        "SourceArn": f"arn:aws:sns:{RECORDED}:{to.number}:paging",
    }
    to.ask("lambda", RECORDED).add_permission(FunctionName="rotator", **bound, SourceAccount=to.number)
    for region, name, good in ((RECORDED, "paging", True), (BARE, "fax-notices", False), (RECORDED, "paging-plain", None)):
        sns = to.ask("sns", region)
        topic = sns.create_topic(Name=name, Attributes={"KmsMasterKeyId": keys[region]} if good else {})["TopicArn"]
        who = {"Effect": "Allow", "Principal": "*", "Action": "sns:Publish", "Resource": topic}
        refuse = {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "sns:Publish",
            "Resource": topic,
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
        if good:
            sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=document({**who, "Condition": OUR_ORG}, refuse))
            sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="security@example.com")
        elif good is False:
            sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=document(who))
            sns.subscribe(TopicArn=topic, Protocol="http", Endpoint="http://fax.example.com/in")
        to.made[name] = topic
    for region, name, good in ((RECORDED, "results", True), (BARE, "results-open", False)):
        sqs = to.ask("sqs", region)
        more = {"SqsManagedSseEnabled": "true"} if good else {"SqsManagedSseEnabled": "false"}
        url = sqs.create_queue(QueueName=name, Attributes=more)["QueueUrl"]
        arn = f"arn:aws:sqs:{region}:{to.number}:{name}"
        who = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": arn}
        refuse = {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "sqs:*",
            "Resource": arn,
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
        sqs.set_queue_attributes(
            QueueUrl=url, Attributes={"Policy": document({**who, "Condition": OUR_ORG}, refuse) if good else document(who)}
        )
        to.made[name] = arn


def role(to: Account, name: str, trust: dict, *statements: dict, hours: int = 1) -> None:
    iam = to.ask("iam")
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(trust), MaxSessionDuration=hours * 3600)
    for number, statement in enumerate(statements):
        policy = iam.create_policy(PolicyName=f"{name}-{number}", PolicyDocument=document(statement))["Policy"]["Arn"]
        iam.attach_role_policy(RoleName=name, PolicyArn=policy)
        to.made[f"{name}-policy"] = f"policy/{name}-{number}"
    to.made[name] = f"role/{name}"


def identities(to: Account) -> None:
    iam, assume = to.ask("iam"), {"Effect": "Allow", "Action": "sts:AssumeRole"}

    def service(name: str) -> dict:
        return {**assume, "Principal": {"Service": f"{name}.amazonaws.com"}}

    def logs(where: str) -> dict:
        return allow("logs:PutLogEvents", f"arn:aws:logs:*:{to.number}:log-group:{where}:*")

    role(to, "flow-logs", service("vpc-flow-logs"), logs("/vpc/flow"))
    role(to, "trail-logs", service("cloudtrail"), logs("/trail/east"))
    role(to, "recorder", service("config"), allow("s3:PutObject", f"arn:aws:s3:::recorder-{to.number}/*"))
    for name in ("rotator", "fax-hook"):
        role(to, name, service("lambda"), logs(f"/aws/lambda/{name}"))
    role(to, "own-organization", {**assume, "Principal": {"AWS": "*"}, "Condition": OUR_ORG}, logs("/vpc/flow"))
    role(to, "archive-reader", {**assume, "Principal": {"AWS": f"arn:aws:iam::{ORG}:root"}}, logs("/vpc/flow"))
    role(
        to,
        "any-organization",
        {**assume, "Principal": {"AWS": "*"}, "Condition": {"StringLike": {"aws:PrincipalOrgID": "o-*"}}},
        logs("/vpc/flow"),
    )
    role(to, "open-to-all", {**assume, "Principal": {"AWS": "*"}}, logs("/vpc/flow"))
    role(to, "long-session", {**assume, "Principal": {"AWS": f"arn:aws:iam::{to.number}:root"}}, logs("/vpc/flow"), hours=12)
    role(to, "stars", service("ec2"), allow("*"))
    role(to, "whole-buckets", service("ec2"), allow("s3:*"))
    role(to, "raises-itself", service("ec2"), allow(["iam:AttachRolePolicy", "iam:PutRolePolicy"]))
    role(to, "passes-any", service("ec2"), allow("iam:PassRole"))
    role(
        to,
        "one-bucket",
        service("ec2"),
        allow("s3:*", [f"arn:aws:s3:::public-website-assets-{to.number}", f"arn:aws:s3:::public-website-assets-{to.number}/*"]),
    )
    role(
        to,
        "passes-one",
        service("ec2"),
        allow(
            "iam:PassRole",
            f"arn:aws:iam::{to.number}:role/rotator",
            Condition={"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}},
        ),
    )
    role(to, "looks-only", service("ec2"), allow(["s3:GetBucketLocation", "ec2:Describe*"]))
    iam.create_group(GroupName="physicians")
    for name, console, device in (
        ("nurse.ok", True, True),
        ("dr.bare", True, False),
        ("robot", False, False),
        ("breakglass", False, False),
    ):
        iam.create_user(UserName=name)
        iam.add_user_to_group(GroupName="physicians", UserName=name)
        if console:
            iam.create_login_profile(UserName=name, Password="Correct-Horse-9-Battery!")
        if device:
            serial = iam.create_virtual_mfa_device(VirtualMFADeviceName=name)["VirtualMFADevice"]["SerialNumber"]
            iam.enable_mfa_device(UserName=name, SerialNumber=serial, AuthenticationCode1="123456", AuthenticationCode2="654321")
        to.made[name] = f"user/{name}"
    for name, times in (("robot", 1), ("breakglass", 2)):
        for _ in range(times):
            iam.create_access_key(UserName=name)
    iam.attach_user_policy(UserName="breakglass", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    iam.put_user_policy(UserName="robot", PolicyName="own", PolicyDocument=document(logs("/vpc/flow")))
    iam.update_account_password_policy(MinimumPasswordLength=8, RequireSymbols=False, RequireNumbers=True)


def log_groups(to: Account, keys: dict[str, str]) -> None:
    wanted = (
        (RECORDED, "/vpc/flow", 0, True),
        (BARE, "/clinic/short", 30, True),
        (BARE, "/clinic/plain", 2922, False),
        (RECORDED, "/aws/lambda/rotator", 3653, True),
        (BARE, "/aws/lambda/fax-hook", 3653, True),
        (AWAY, "/trail/east", 3653, True),
    )
    for region, name, days, good in wanted:
        logs = to.ask("logs", region)
        logs.create_log_group(logGroupName=name, **({"kmsKeyId": keys[region]} if good else {}))
        if days:
            logs.put_retention_policy(logGroupName=name, retentionInDays=days)
        to.made[name] = f"log-group:{name}"


def watching(to: Account, keys: dict[str, str]) -> None:
    trail = to.ask("cloudtrail", BARE)
    writer = {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": ["s3:GetBucketAcl", "s3:PutObject"]}
    store = bucket(to, BARE, "trail-east", writer, kms=keys[BARE], log=f"access-logs-{BARE}-{to.number}")
    trail.create_trail(Name="careless", S3BucketName=store, IsMultiRegionTrail=False, EnableLogFileValidation=False)
    trail.start_logging(Name="careless")
    to.made["careless"] = "trail/careless"
    away = to.ask("cloudtrail", AWAY)
    away.create_trail(
        Name="home-away",
        S3BucketName=store,
        IsMultiRegionTrail=True,
        IncludeGlobalServiceEvents=True,
        EnableLogFileValidation=True,
        KmsKeyId=keys[AWAY],
        CloudWatchLogsLogGroupArn=f"arn:aws:logs:{AWAY}:{to.number}:log-group:/trail/east:*",
        CloudWatchLogsRoleArn=f"arn:aws:iam::{to.number}:role/trail-logs",
    )
    away.start_logging(Name="home-away")
    to.made["home-away"] = to.made["home-away-history"] = "trail/home-away"
    config = to.ask("config", RECORDED)
    delivered = bucket(to, RECORDED, "recorder", kms=keys[RECORDED], log=f"access-logs-{RECORDED}-{to.number}")
    taken = {
        "allSupported": False,
        "includeGlobalResourceTypes": False,
        "exclusionByResourceTypes": {"resourceTypes": EXCLUDED},
        "recordingStrategy": {"useOnly": "EXCLUSION_BY_RESOURCE_TYPES"},
    }
    config.put_configuration_recorder(
        ConfigurationRecorder={"name": "default", "roleARN": f"arn:aws:iam::{to.number}:role/recorder", "recordingGroup": taken}
    )
    config.put_delivery_channel(DeliveryChannel={"name": "default", "s3BucketName": delivered})
    config.start_configuration_recorder(ConfigurationRecorderName="default")
    to.made["recorder-west"] = "configuration-recorder/default"
    to.made["no-recorder"] = f"{to.number}/{BARE}"
    detector = to.ask("guardduty", RECORDED).create_detector(Enable=True, DataSources={"S3Logs": {"Enable": False}})["DetectorId"]
    to.made["detector"] = f"detector/{detector}"
    to.ask("securityhub", RECORDED).enable_security_hub(EnableDefaultStandards=False)
    for region, name, days in ((RECORDED, "clinical", 3650), (BARE, "weekly", 7)):
        backup = to.ask("backup", region)
        backup.create_backup_vault(BackupVaultName=f"{name}-vault", EncryptionKeyArn=keys[region])
        to.made[f"{name}-vault"] = f"backup-vault:{name}-vault"
        rule = {
            "RuleName": "only",
            "TargetBackupVaultName": f"{name}-vault",
            "ScheduleExpression": "cron(0 5 ? * * *)",
            "Lifecycle": {"DeleteAfterDays": days},
        }
        if days > 35:
            rule["CopyActions"] = [
                {
                    "DestinationBackupVaultArn": f"arn:aws:backup:{RECORDED}:{ORG}:backup-vault:archive",
                    "Lifecycle": {"DeleteAfterDays": days},
                }
            ]
            backup.put_backup_vault_lock_configuration(BackupVaultName=f"{name}-vault", MinRetentionDays=35, MaxRetentionDays=3650)
        plan = backup.create_backup_plan(BackupPlan={"BackupPlanName": name, "Rules": [rule]})["BackupPlanId"]
        to.made[f"{name}-plan"] = f"backup-plan:{plan}"


def plant(endpoint: str) -> dict[str, Account]:
    """Makes the population; the accounts by number."""
    main, org = account(MAIN, endpoint), account(ORG, endpoint)
    keys = {region: key(main, region, f"store-{region}") for region in (RECORDED, BARE, AWAY)}
    anyone = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "kms:*", "Resource": "*"}
    key(main, RECORDED, "still", rotate=False)
    key(main, BARE, "anyones", policy=document(anyone))
    key(main, RECORDED, "callers", policy=document({**anyone, "Condition": {"StringEquals": {"kms:CallerAccount": MAIN}}}))
    dying = key(main, BARE, "dying")
    main.ask("kms", BARE).schedule_key_deletion(KeyId=dying.rpartition("/")[2], PendingWindowInDays=7)
    identities(main)
    log_groups(main, keys)
    networks = {
        region: network(main, region, name, good) for region, name, good in ((RECORDED, "clinic-net", True), (BARE, "annex-net", False))
    }
    machines(main, keys, networks)
    programs(main, keys, networks)
    buckets(main, keys)
    data_stores(main, keys)
    databases(main, keys, networks)
    watching(main, keys)
    balancers(main, networks)
    clusters(main, keys, networks)
    people(main)
    edge(main)
    organization(org)
    return {MAIN: main, ORG: org}


def organization(to: Account) -> None:
    """The management account: one policy that nobody is held by, one role, one user with a device, a bucket of its own."""
    organizations = to.ask("organizations")
    organizations.create_organization(FeatureSet="ALL")
    refused = {"Effect": "Deny", "Action": ["s3:DeleteBucket", "kms:ScheduleKeyDeletion"], "Resource": "*"}
    kept = {"Effect": "Deny", "Action": ["cloudtrail:StopLogging", "cloudtrail:DeleteTrail", "cloudtrail:UpdateTrail"], "Resource": "*"}
    root = organizations.list_roots()["Roots"][0]["Id"]
    organizations.enable_policy_type(RootId=root, PolicyType="SERVICE_CONTROL_POLICY")
    organizations.create_policy(Name="unattached", Description="held by nobody", Type="SERVICE_CONTROL_POLICY", Content=document(refused))
    used = organizations.create_policy(Name="trails", Description="trails stay", Type="SERVICE_CONTROL_POLICY", Content=document(kept))
    organizations.attach_policy(PolicyId=used["Policy"]["PolicySummary"]["Id"], TargetId=root)
    to.made["organization"] = f"organizations::{to.number}:organization/"
    to.made["organization-account"] = f"iam::{to.number}:root"
    ec2 = to.ask("ec2", RECORDED)
    ec2.enable_ebs_encryption_by_default()
    to.ask("ec2", BARE).enable_ebs_encryption_by_default()
    block_account(to, SHUT)
    to.ask("iam").update_account_password_policy(
        MinimumPasswordLength=16,
        RequireSymbols=True,
        RequireNumbers=True,
        RequireUppercaseCharacters=True,
        RequireLowercaseCharacters=True,
        MaxPasswordAge=90,
        PasswordReusePrevention=24,
    )
    to.ask("account").put_alternate_contact(
        AlternateContactType="SECURITY", EmailAddress="security@example.com", Name="Officer", PhoneNumber="+1-555-0100", Title="Officer"
    )
