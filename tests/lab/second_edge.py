"""The second population, continued: networks, balancers, clusters, user pools, and what stands at the edge."""

from second_planted import AWAY, BARE, LB_TLS, RECORDED, Account


def balancers(to: Account, networks: dict[str, dict[str, str]]) -> None:
    for region, name, good in ((RECORDED, "front-door", True), (BARE, "side-door", False)):
        elb, net = to.ask("elbv2", region), networks[region]
        cert = to.ask("acm", region).request_certificate(DomainName=f"{name}.example.com", ValidationMethod="DNS")["CertificateArn"]
        made = elb.create_load_balancer(
            Name=name,
            Subnets=[net["outer"], net["outer-b"]],
            SecurityGroups=[net["balancer-group"]],
            Scheme="internet-facing",
            Type="application",
        )
        arn = made["LoadBalancers"][0]["LoadBalancerArn"]
        to.made[name] = f"loadbalancer/app/{name}/"
        to.made[f"{name}-listener"] = f"listener/app/{name}/"
        target = elb.create_target_group(
            Name=f"to-{name}", Protocol="HTTPS" if good else "HTTP", Port=8443, VpcId=net["vpc"], TargetType="ip"
        )["TargetGroups"][0]["TargetGroupArn"]
        forward = [{"Type": "forward", "TargetGroupArn": target}]
        policy = LB_TLS if good else "ELBSecurityPolicy-2016-08"
        elb.create_listener(
            LoadBalancerArn=arn,
            Protocol="HTTPS",
            Port=443,
            SslPolicy=policy,
            Certificates=[{"CertificateArn": cert}],
            DefaultActions=forward,
        )
        onward = [{"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}}]
        elb.create_listener(LoadBalancerArn=arn, Protocol="HTTP", Port=80, DefaultActions=onward if good else forward)
        if good:
            elb.modify_load_balancer_attributes(
                LoadBalancerArn=arn,
                Attributes=[
                    {"Key": "deletion_protection.enabled", "Value": "true"},
                    {"Key": "access_logs.s3.enabled", "Value": "true"},
                    {"Key": "access_logs.s3.bucket", "Value": f"access-logs-{region}-{to.number}"},
                ],
            )


def clusters(to: Account, keys: dict[str, str], networks: dict[str, dict[str, str]]) -> None:
    for region, name, good in ((RECORDED, "sessions", True), (BARE, "sessions-plain", False)):
        more = {"KmsKeyId": keys[region], "AuthToken": "a-long-auth-token-0123456789"} if good else {}
        to.ask("elasticache", region).create_replication_group(
            ReplicationGroupId=name,
            ReplicationGroupDescription=name,
            Engine="redis",
            CacheNodeType="cache.m6g.large",
            NumCacheClusters=2,
            AutomaticFailoverEnabled=True,
            TransitEncryptionEnabled=good,
            AtRestEncryptionEnabled=good,
            SnapshotRetentionLimit=35 if good else 0,
            **more,
        )
        to.made[name] = f"replicationgroup:{name}"
    for region, name, good in ((RECORDED, "search", True), (BARE, "search-plain", False)):
        more = (
            {
                "EncryptionAtRestOptions": {"Enabled": True, "KmsKeyId": keys[region]},
                "NodeToNodeEncryptionOptions": {"Enabled": True},
                "DomainEndpointOptions": {"EnforceHTTPS": True, "TLSSecurityPolicy": "Policy-Min-TLS-1-2-2019-07"},
                "VPCOptions": {"SubnetIds": [networks[region]["inner"]], "SecurityGroupIds": [networks[region]["database-group"]]},
            }
            if good
            else {}
        )
        to.ask("opensearch", region).create_domain(DomainName=name, EngineVersion="OpenSearch_2.11", **more)
        to.made[name] = f"domain/{name}"
    for region, name, good in ((RECORDED, "analytics", True), (BARE, "analytics-open", False)):
        more = {"KmsKeyId": keys[region]} if good else {}
        to.ask("redshift", region).create_cluster(
            ClusterIdentifier=name,
            NodeType="ra3.large",
            NumberOfNodes=2,
            ClusterType="multi-node",
            MasterUsername="dba",
            DBName="analytics",
            MasterUserPassword="Laboratory-only-9",
            Encrypted=good,
            PubliclyAccessible=not good,
            AutomatedSnapshotRetentionPeriod=35 if good else 0,
            EnhancedVpcRouting=good,
            **more,
        )
        to.made[name] = f"cluster:{name}"
    for region, name, good in ((RECORDED, "jobs", True), (BARE, "jobs-open", False)):
        net = networks[region]
        where = {"subnetIds": [net["inner"], net["inner-b"]], "endpointPublicAccess": not good, "endpointPrivateAccess": good}
        kinds = ["api", "audit", "authenticator", "controllerManager", "scheduler"]
        more = (
            {
                "logging": {"clusterLogging": [{"types": kinds, "enabled": True}]},
                "encryptionConfig": [{"resources": ["secrets"], "provider": {"keyArn": keys[region]}}],
            }
            if good
            else {}
        )
        where |= {} if good else {"publicAccessCidrs": ["0.0.0.0/0"]}
        to.ask("eks", region).create_cluster(
            name=name, version="1.30", roleArn=f"arn:aws:iam::{to.number}:role/eks", resourcesVpcConfig=where, **more
        )
        to.made[name] = f"cluster/{name}"


def people(to: Account) -> None:
    """User pools."""
    for region, name, good in ((RECORDED, "staff", True), (BARE, "patients-lax", False)):
        cognito = to.ask("cognito-idp", region)
        length = 14 if good else 6
        rules = {
            "PasswordPolicy": {
                "MinimumLength": length,
                "RequireUppercase": good,
                "RequireLowercase": good,
                "RequireNumbers": good,
                "RequireSymbols": good,
            }
        }
        pool = cognito.create_user_pool(PoolName=name, MfaConfiguration="OFF", Policies=rules)["UserPool"]["Id"]
        if good:
            cognito.set_user_pool_mfa_config(UserPoolId=pool, SoftwareTokenMfaConfiguration={"Enabled": True}, MfaConfiguration="ON")
        access, refresh, unit = (15, 8, "minutes") if good else (24, 3650, "hours")
        made = cognito.create_user_pool_client(
            UserPoolId=pool,
            ClientName=name,
            AccessTokenValidity=access,
            IdTokenValidity=access,
            RefreshTokenValidity=refresh,
            EnableTokenRevocation=good,
            TokenValidityUnits={"AccessToken": unit, "IdToken": unit, "RefreshToken": "hours" if good else "days"},
        )
        to.made[name] = f"userpool/{pool}"
        to.made[f"{name}-client"] = made["UserPoolClient"]["ClientId"]


def edge(to: Account) -> None:
    """Distributions and their web ACLs, whose home is out of scope, and a REST API."""
    wafv2 = to.ask("wafv2", AWAY)
    seen = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": "m"}
    limit = {
        "Name": "limit",
        "Priority": 1,
        "Action": {"Block": {}},
        "VisibilityConfig": seen,
        "Statement": {"RateBasedStatement": {"Limit": 1000, "AggregateKeyType": "IP"}},
    }
    acl = {}
    for name, good in (("edge-limited", True), ("edge-unlimited", False)):
        made = wafv2.create_web_acl(
            Name=name, Scope="CLOUDFRONT", DefaultAction={"Allow": {}}, VisibilityConfig=seen, Rules=[limit] if good else []
        )["Summary"]
        acl[name] = made["ARN"]
        to.made[name], to.arns[name] = f"webacl/{name}/", made["ARN"]
        if good:
            wafv2.put_logging_configuration(
                LoggingConfiguration={
                    "ResourceArn": made["ARN"],
                    "LogDestinationConfigs": [f"arn:aws:logs:{AWAY}:{to.number}:log-group:aws-waf-logs-edge"],
                }
            )
    certificate = to.ask("acm", AWAY).request_certificate(DomainName="portal.example.com", ValidationMethod="DNS")["CertificateArn"]
    for name, good in (("portal", True), ("portal-old", False)):
        origin = {
            "HTTPPort": 80,
            "HTTPSPort": 443,
            "OriginProtocolPolicy": "https-only" if good else "http-only",
            "OriginSslProtocols": {"Quantity": 1, "Items": ["TLSv1.2" if good else "TLSv1"]},
        }
        shown = (
            {"ACMCertificateArn": certificate, "SSLSupportMethod": "sni-only", "MinimumProtocolVersion": "TLSv1.2_2021"}
            if good
            else {"CloudFrontDefaultCertificate": True}
        )
        given = {
            "CallerReference": name,
            "Comment": name,
            "Enabled": True,
            "Origins": {"Quantity": 1, "Items": [{"Id": "o", "DomainName": f"{name}.example.com", "CustomOriginConfig": origin}]},
            "DefaultCacheBehavior": {
                "TargetOriginId": "o",
                "ViewerProtocolPolicy": "redirect-to-https" if good else "allow-all",
                "MinTTL": 0,
                "ForwardedValues": {"QueryString": True, "Cookies": {"Forward": "all"}},
            },
            "ViewerCertificate": shown,
            "WebACLId": acl["edge-limited"] if good else "",
            "Logging": {
                "Enabled": good,
                "IncludeCookies": False,
                "Bucket": f"access-logs-{RECORDED}-{to.number}.s3.amazonaws.com" if good else "",
                "Prefix": "",
            },
        }
        to.made[name] = f"distribution/{to.ask('cloudfront', AWAY).create_distribution(DistributionConfig=given)['Distribution']['Id']}"
    api = to.ask("apigateway", BARE)
    made = api.create_rest_api(name="intake", endpointConfiguration={"types": ["REGIONAL"]})["id"]
    root = api.get_resources(restApiId=made)["items"][0]["id"]
    api.put_method(restApiId=made, resourceId=root, httpMethod="GET", authorizationType="AWS_IAM")
    api.put_integration(
        restApiId=made, resourceId=root, httpMethod="GET", type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'}
    )
    api.create_stage(restApiId=made, stageName="live", deploymentId=api.create_deployment(restApiId=made)["id"])
    to.made["intake"] = f"/restapis/{made}/stages/live"
    dms = to.ask("dms", BARE)
    for name, mode in (("feed-plain", "none"), ("feed-tls", "verify-full")):
        made = dms.create_endpoint(
            EndpointIdentifier=name,
            EndpointType="source",
            EngineName="postgres",
            Username="u",
            Password="p",
            ServerName="db.example.com",
            Port=5432,
            DatabaseName="d",
            SslMode=mode,
        )
        to.made[name] = made["Endpoint"]["EndpointArn"]


# Networks


def group(to: Account, region: str, vpc: str, name: str, *rules: tuple[int, int, str]) -> str:
    ec2 = to.ask("ec2", region)
    made = ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"]
    opened = [
        {
            "IpProtocol": "tcp",
            "FromPort": low,
            "ToPort": high,
            **({"Ipv6Ranges": [{"CidrIpv6": source}]} if ":" in source else {"IpRanges": [{"CidrIp": source}]}),
        }
        for low, high, source in rules
    ]
    if opened:
        ec2.authorize_security_group_ingress(GroupId=made, IpPermissions=opened)
    to.made[name] = f"security-group/{made}"
    return made


def network(to: Account, region: str, name: str, good: bool) -> dict[str, str]:
    """A VPC with an outer and two inner subnets; a careless one has no logs, no endpoints and its default group open."""
    ec2, made = to.ask("ec2", region), {}
    vpc = made["vpc"] = ec2.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
    to.made[name] = f"vpc/{vpc}"
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    outer, inner = (ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"] for _ in range(2))
    ec2.create_route(RouteTableId=outer, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    for number, (tier, zone, table) in enumerate(
        (("outer", "a", outer), ("outer-b", "b", outer), ("inner", "a", inner), ("inner-b", "b", inner))
    ):
        subnet = ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.20.{number}.0/24", AvailabilityZone=region + zone)["Subnet"]["SubnetId"]
        ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
        made[tier] = subnet
        to.made[f"{name}-{tier}"] = f"subnet/{subnet}"
    default = next(
        g
        for g in ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["SecurityGroups"]
        if g["GroupName"] == "default"
    )
    to.made[f"{name}-default"] = f"security-group/{default['GroupId']}"
    made["application-group"] = group(to, region, vpc, f"{name}-application", (8443, 8443, "10.20.0.0/16"))
    made["database-group"] = group(to, region, vpc, f"{name}-database", (5432, 5432, "10.20.0.0/16"))
    made["balancer-group"] = group(to, region, vpc, f"{name}-balancer", (443, 443, "0.0.0.0/0"))
    if not good:
        ec2.modify_subnet_attribute(SubnetId=made["outer"], MapPublicIpOnLaunch={"Value": True})
        return made
    if default["IpPermissions"]:
        ec2.revoke_security_group_ingress(GroupId=default["GroupId"], IpPermissions=default["IpPermissions"])
    ec2.revoke_security_group_egress(GroupId=default["GroupId"], IpPermissions=default["IpPermissionsEgress"])
    ec2.create_flow_logs(
        ResourceType="VPC",
        ResourceIds=[vpc],
        TrafficType="ALL",
        LogDestinationType="cloud-watch-logs",
        LogGroupName="/vpc/flow",
        DeliverLogsPermissionArn=f"arn:aws:iam::{to.number}:role/flow-logs",
    )
    for service, kind in (("s3", "Gateway"), ("dynamodb", "Gateway"), ("kms", "Interface"), ("secretsmanager", "Interface")):
        where = {"RouteTableIds": [inner, outer]} if kind == "Gateway" else {"SubnetIds": [made["inner"]], "PrivateDnsEnabled": True}
        ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=f"com.amazonaws.{region}.{service}", VpcEndpointType=kind, **where)
    return made
