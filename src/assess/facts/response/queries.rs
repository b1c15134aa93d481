//! The questions: what there is of each kind, and where one is expected. Data, in one place.

use crate::model::dossier::Means;

pub struct Query {
    pub means: Means,
    /// The tables of the catalog that both questions read.
    pub tables: &'static [&'static str],
    /// Those whose rows must be whole before anybody may say that something is not there.
    pub absence: &'static [&'static str],
    /// ARN, name, account, region, facts, fault, urgent; what matters most first.
    pub things: &'static str,
    /// Account, region, what is expected there, and whether it is there: 1, 0, or NULL where the evidence
    /// does not tell.
    pub expected: &'static str,
    /// Whether a fault says that something is not there, so that a gap takes it away.
    pub fault_of_absence: bool,
    /// Why the evidence does not tell, where no source was missed.
    pub untold: &'static str,
}

pub const QUERIES: [Query; 9] =
    [TOPIC, BREAK_GLASS, TRAIL, BUCKET, LOG_GROUP, DETECTOR, VAULT, KEY, QUARANTINE];

/// Topics that an alarm or a rule publishes to, those that reach a person first.
const TOPIC: Query = Query {
    means: Means::Topic,
    tables: &[
        "sns_topic",
        "sns_subscription",
        "sns_reach",
        "cloudwatch_alarm_bell",
        "events_rule_reach",
        "config_account",
        "config_region",
    ],
    absence: &["sns_topic", "sns_subscription", "cloudwatch_alarm", "events_rule"],
    things: "
      WITH caller AS (
        SELECT x.value AS topic, b.bell AS name, 'alarm' AS kind
        FROM cloudwatch_alarm_bell AS b, json_each(b.alarm_actions) AS x
        WHERE b.actions_enabled = 1 AND x.value LIKE 'arn:%:sns:%'
        UNION
        SELECT target_arn, name, 'rule' FROM events_rule_reach
        WHERE target_arn LIKE 'arn:%:sns:%' AND NOT (rank = 3 AND depth = 6)),
      called AS (SELECT topic, sum(kind = 'alarm') AS alarms, sum(kind = 'rule') AS rules
                 FROM caller GROUP BY topic),
      heard AS (
        SELECT topic_arn, group_concat(n || ' by ' || protocol, ', ') AS who
        FROM (SELECT topic_arn, coalesce(protocol, 'an unknown way') AS protocol, count(*) AS n
              FROM sns_subscription WHERE confirmed = 1 GROUP BY 1, 2)
        GROUP BY topic_arn)
      SELECT c.topic, c.topic,
             substr(c.topic, instr(c.topic, ':sns:') + 5
                             + instr(substr(c.topic, instr(c.topic, ':sns:') + 5), ':'), 12),
             substr(c.topic, instr(c.topic, ':sns:') + 5,
                    instr(substr(c.topic, instr(c.topic, ':sns:') + 5), ':') - 1),
             c.alarms || iif(c.alarms = 1, ' alarm and ', ' alarms and ') || c.rules
               || iif(c.rules = 1, ' rule', ' rules') || ' publish to it'
               || coalesce('; confirmed: ' || h.who, ''),
             CASE WHEN s.rank = 3
                    THEN 'it has no confirmed subscription, so what publishes to it wakes nobody'
                  WHEN s.arn IS NULL AND EXISTS (
                    SELECT 1 FROM config_region AS r WHERE r.has_items = 1
                      AND c.topic LIKE 'arn:%:sns:' || r.region || ':' || r.account || ':%')
                  THEN 'it is not among the topics of its region, so what publishes to it wakes nobody' END, 0
      FROM called AS c LEFT JOIN sns_reach AS s ON s.arn = c.topic
        LEFT JOIN heard AS h ON h.topic_arn = c.topic
      ORDER BY coalesce(s.rank, 4), c.topic NOT LIKE '%:%security%', c.alarms + c.rules DESC, c.topic",
    expected: "
      WITH caller AS (
        SELECT b.account, x.value AS topic FROM cloudwatch_alarm_bell AS b, json_each(b.alarm_actions) AS x
        WHERE b.actions_enabled = 1 AND x.value LIKE 'arn:%:sns:%'
        UNION
        SELECT account, target_arn FROM events_rule_reach
        WHERE target_arn LIKE 'arn:%:sns:%' AND NOT (rank = 3 AND depth = 6)),
      rank AS (
        SELECT c.account, max(CASE s.rank WHEN 1 THEN 3 WHEN 2 THEN 2 WHEN 3 THEN 1
                                          ELSE CASE WHEN c.topic NOT LIKE '%:' || c.account || ':%' THEN 2
                                                    ELSE 1 END END) AS rank
        FROM caller AS c LEFT JOIN sns_reach AS s ON s.arn = c.topic GROUP BY c.account)
      SELECT a.account, '', 'an alarm or rule whose topic has a confirmed subscription of a person',
             CASE coalesce(r.rank, CASE a.has_items WHEN 1 THEN 1 ELSE 2 END) WHEN 3 THEN 1 WHEN 1 THEN 0 END
      FROM config_account AS a LEFT JOIN rank AS r ON r.account = a.account ORDER BY 1",
    fault_of_absence: true,
    untold: "whom its topics alert is not in the evidence",
};

/// Roles and users kept for an emergency: those that the plan names, or, where it names none, those that are
/// called so. An account has one of its own, or a role that a named one may take on.
const BREAK_GLASS: Query = Query {
    means: Means::BreakGlass,
    tables: &["iam_role", "iam_user", "iam_trust", "config_account"],
    absence: &["iam_role", "iam_user"],
    things: "
      WITH held AS (
        SELECT arn, account, 'role' AS kind, coalesce(role_name, '') AS name
        FROM iam_role WHERE managed_by = 'customer'
        UNION ALL SELECT arn, account, 'user', coalesce(user_name, '') FROM iam_user),
      chosen AS (
        SELECT h.*, 1 AS by_plan FROM held AS h
        JOIN temp.named_means AS n ON n.means = 'break-glass' AND n.name = h.arn
        UNION ALL
        SELECT h.*, 0 FROM held AS h
        WHERE NOT EXISTS (SELECT 1 FROM temp.named_means WHERE means = 'break-glass')
          AND (lower(h.name) LIKE '%break%glass%' OR lower(h.name) LIKE '%breakglass%'
               OR lower(h.name) LIKE '%emergency%'))
      SELECT arn, arn, account, '',
             kind || iif(by_plan, ', named by the plan', ', by its name; the plan does not name it'), '', 0
      FROM chosen ORDER BY by_plan DESC, kind, arn",
    expected: "
      WITH held AS (
        SELECT arn, account, lower(coalesce(role_name, '')) AS name
        FROM iam_role WHERE managed_by = 'customer'
        UNION ALL SELECT arn, account, lower(coalesce(user_name, '')) FROM iam_user),
      named AS (SELECT name AS arn FROM temp.named_means WHERE means = 'break-glass'),
      ready AS (
        SELECT account FROM held WHERE arn IN (SELECT arn FROM named)
        UNION SELECT account FROM held WHERE NOT EXISTS (SELECT 1 FROM named)
                AND (name LIKE '%break%glass%' OR name LIKE '%breakglass%' OR name LIKE '%emergency%')
        UNION SELECT t.account FROM iam_trust AS t JOIN named AS n ON n.arn = t.principal
          WHERE t.effect = 'Allow')
      SELECT a.account, '', 'a role or user kept for an emergency',
             CASE WHEN a.account IN (SELECT account FROM ready) THEN 1 WHEN a.has_items = 1 THEN 0 END
      FROM config_account AS a
      UNION ALL
      SELECT '', '', '`' || n.name || '`, which the plan names',
             CASE WHEN EXISTS (SELECT 1 FROM iam_role AS r WHERE r.arn = n.name)
                    OR EXISTS (SELECT 1 FROM iam_user AS u WHERE u.arn = n.name) THEN 1
                  WHEN EXISTS (SELECT 1 FROM config_account AS a WHERE a.has_items = 1
                               AND n.name LIKE 'arn:%:iam::' || a.account || ':%') THEN 0 END
      FROM temp.named_means AS n WHERE n.means = 'break-glass'",
    fault_of_absence: false,
    untold: "its account is not in the evidence",
};

const TRAIL: Query = Query {
    means: Means::Trail,
    tables: &["cloudtrail_trail", "cloudtrail_cover", "cloudtrail_trail_status", "config_account"],
    absence: &["cloudtrail_trail"],
    things: "
      SELECT t.arn, t.arn, t.account, t.region,
             iif(t.organization_trail = 1, 'of the organization; ', '')
               || iif(t.multi_region = 1, 'all regions', 'one region')
               || coalesce('; writes to bucket ' || t.bucket, '')
               || coalesce('; feeds log group ' || t.log_group, '')
               || coalesce('; last delivery ' || substr(s.latest_delivery_at, 1, 16) || 'Z', ''),
             CASE WHEN s.logging = 0 THEN 'it is not logging'
                  WHEN s.delivery_error IS NOT NULL THEN 'it does not deliver: ' || s.delivery_error END, 0
      FROM cloudtrail_trail AS t LEFT JOIN cloudtrail_trail_status AS s ON s.arn = t.arn
      ORDER BY t.multi_region DESC, t.organization_trail DESC, t.account, t.arn",
    expected: "
      SELECT a.account, '', 'a trail that records the account',
             CASE WHEN max(c.sure) = 1 THEN 1 WHEN count(c.arn) = 0 AND max(a.has_items) = 1 THEN 0 END
      FROM config_account AS a LEFT JOIN cloudtrail_cover AS c ON c.account = a.account
      GROUP BY a.account ORDER BY 1",
    fault_of_absence: false,
    untold: "whether a trail of the organization records it is not in the evidence",
};

/// By the names that the trails give: the bucket often lies in another account.
const BUCKET: Query = Query {
    means: Means::Bucket,
    tables: &["cloudtrail_trail", "s3_bucket"],
    absence: &["s3_bucket"],
    things: "
      WITH named AS (SELECT bucket, min(account) AS recorded,
                     group_concat(DISTINCT coalesce(trail_name, arn)) AS trails
                     FROM cloudtrail_trail WHERE bucket <> '' GROUP BY bucket)
      SELECT coalesce(b.arn, 'arn:aws:s3:::' || n.bucket), n.bucket,
             coalesce(b.account, ''), coalesce(b.region, ''),
             'files of ' || n.trails
               || CASE WHEN b.object_lock = 'Enabled'
                         THEN '; Object Lock' || coalesce(', ' || lower(b.object_lock_mode), '')
                       WHEN b.arn IS NULL THEN '; the bucket itself is not in the evidence'
                       ELSE '' END, '', 0
      FROM named AS n LEFT JOIN s3_bucket AS b ON b.bucket = n.bucket ORDER BY n.bucket",
    expected: "
      SELECT min(t.account), min(t.region),
             'bucket `' || t.bucket || '` of ' || min(coalesce(t.trail_name, t.arn)),
             CASE WHEN max(b.arn) IS NOT NULL THEN 1 END
      FROM cloudtrail_trail AS t LEFT JOIN s3_bucket AS b ON b.bucket = t.bucket
      WHERE t.bucket <> '' GROUP BY t.bucket ORDER BY t.bucket",
    fault_of_absence: false,
    untold: "it is not among the buckets that were read, so whether its files are kept and locked is not \
             known",
};

const LOG_GROUP: Query = Query {
    means: Means::LogGroup,
    tables: &["logs_log_group", "cloudtrail_trail", "rds_database", "ec2_flow_log", "config_account"],
    absence: &["logs_log_group"],
    things: "
      WITH named AS (
        SELECT log_account AS account, log_region AS region, log_group AS name,
               'of trail ' || coalesce(trail_name, arn) AS why, 1 AS rank FROM cloudtrail_trail
        UNION ALL
        SELECT g.account, g.region, g.name, 'of database ' || d.database_id, 2 FROM logs_log_group AS g
        JOIN rds_database AS d ON d.account = g.account AND d.region = g.region
          AND g.name LIKE '/aws/rds/' || d.kind || '/' || d.database_id || '/%'
        UNION ALL
        SELECT account, region, log_group_name, 'of the flow log of ' || watched_id, 3
        FROM ec2_flow_log WHERE log_group_name <> ''
        UNION ALL
        SELECT account, region, name, 'DNS queries', 4 FROM logs_log_group WHERE name LIKE '%route53%'),
      first AS (SELECT account, region, name, min(rank) AS rank, min(why) AS why
                FROM named GROUP BY account, region, name)
      SELECT g.arn, g.name, g.account, g.region,
             coalesce(f.why || '; ', '')
               || CASE WHEN g.never_expires = 1 THEN 'kept until somebody deletes it'
                       ELSE 'kept ' || g.retention_days || ' days' END, '',
             coalesce(g.retention_days < 365, 0)
      FROM logs_log_group AS g
        LEFT JOIN first AS f ON f.account = g.account AND f.region = g.region AND f.name = g.name
      ORDER BY coalesce(f.rank, 9), coalesce(g.retention_days < 365, 0) DESC, g.account, g.region, g.name",
    expected: "
      SELECT account, region, what, there FROM (
        SELECT t.log_account AS account, t.log_region AS region,
               'log group `' || t.log_group || '`, which trail ' || coalesce(t.trail_name, t.arn)
                 || ' feeds' AS what,
               CASE WHEN EXISTS (SELECT 1 FROM logs_log_group AS g WHERE g.account = t.log_account
                                 AND g.region = t.log_region AND g.name = t.log_group) THEN 1
                    WHEN t.log_account IN (SELECT account FROM config_account) THEN 0 END AS there
        FROM cloudtrail_trail AS t
        WHERE t.log_group IS NOT NULL AND t.log_account IS NOT NULL AND t.log_region IS NOT NULL
        UNION ALL
        SELECT d.account, d.region,
               'a log group of database `' || d.database_id || '`, which exports its logs',
               EXISTS (SELECT 1 FROM logs_log_group AS g WHERE g.account = d.account AND g.region = d.region
                       AND g.name LIKE '/aws/rds/' || d.kind || '/' || d.database_id || '/%')
        FROM rds_database AS d WHERE d.phi_scope = 'in' AND d.log_exports LIKE '[\"%'
        UNION ALL
        SELECT f.account, f.region,
               'log group `' || f.log_group_name || '`, which the flow log of ' || f.watched_id || ' feeds',
               EXISTS (SELECT 1 FROM logs_log_group AS g
                       WHERE g.account = f.account AND g.region = f.region AND g.name = f.log_group_name)
        FROM ec2_flow_log AS f WHERE f.log_group_name <> ''
        UNION ALL
        SELECT a.account, '', 'a log group',
               CASE WHEN EXISTS (SELECT 1 FROM logs_log_group AS g WHERE g.account = a.account) THEN 1
                    WHEN a.has_items = 1 THEN 0 END
        FROM config_account AS a)
      ORDER BY 1, 2, 3",
    fault_of_absence: false,
    untold: "the account of the log group is not in the evidence",
};

const DETECTOR: Query = Query {
    means: Means::Detector,
    tables: &["guardduty_detector", "config_region"],
    absence: &["guardduty_detector"],
    things: "
      SELECT arn, detector_id, account, region,
             coalesce('findings also go to account ' || nullif(administrator, ''), 'GuardDuty of the region'),
             CASE WHEN enabled = 0 THEN 'it is suspended' END, 0
      FROM guardduty_detector ORDER BY account, region, arn",
    expected: "
      SELECT r.account, r.region, 'a GuardDuty detector that is on',
             CASE WHEN EXISTS (SELECT 1 FROM guardduty_detector AS d WHERE d.account = r.account
                               AND d.region = r.region AND d.enabled IS NOT 0) THEN 1
                  WHEN r.has_items = 1 THEN 0 END
      FROM config_region AS r ORDER BY 1, 2",
    fault_of_absence: false,
    untold: "no item of the region is in the evidence",
};

const VAULT: Query = Query {
    means: Means::Vault,
    tables: &["backup_vault", "rds_database", "dynamodb_table"],
    absence: &["backup_vault"],
    things: "
      SELECT arn, vault_name, account, region,
             coalesce(recovery_points || ' recovery points; ', '')
               || CASE WHEN locked = 1 AND lock_date IS NOT NULL
                         THEN 'locked, and nobody can take the lock off from ' || substr(lock_date, 1, 10)
                       WHEN locked = 1 THEN 'locked in governance mode'
                       WHEN locked = 0 THEN 'not locked'
                       ELSE 'whether it is locked is not in the evidence' END,
             CASE WHEN locked = 0 AND coalesce(recovery_points, 1) > 0
                    THEN 'it is not locked: an intruder with the rights can delete what it holds' END, 0
      FROM backup_vault ORDER BY coalesce(recovery_points, 0) DESC, account, region, arn",
    expected: "
      SELECT s.account, s.region, 'a backup vault beside databases or tables in PHI scope',
             EXISTS (SELECT 1 FROM backup_vault AS v WHERE v.account = s.account AND v.region = s.region)
      FROM (SELECT account, region FROM rds_database WHERE phi_scope = 'in'
            UNION SELECT account, region FROM dynamodb_table WHERE phi_scope = 'in') AS s
      ORDER BY 1, 2",
    fault_of_absence: false,
    untold: "",
};

/// Keys that open stores of ePHI, and before them every key that waits for its deletion.
const KEY: Query = Query {
    means: Means::Key,
    tables: &["phi_store", "kms_key", "kms_alias", "s3_bucket", "rds_database", "dynamodb_table"],
    absence: &["kms_key"],
    things: "
      WITH used AS (SELECT arn, name, why FROM phi_store WHERE kind = 'key')
      SELECT k.arn, k.arn, k.account, k.region,
             coalesce(u.name || ', ' || u.why, 'opens no store of ePHI that the evidence shows'),
             CASE k.key_state WHEN 'PendingDeletion' THEN 'it is to be deleted'
                                || coalesce(' on ' || substr(k.deletion_date, 1, 10), '')
                              WHEN 'Disabled' THEN 'it is disabled'
                              WHEN 'Unavailable' THEN 'it is not available' END,
             k.key_state = 'PendingDeletion'
      FROM kms_key AS k LEFT JOIN used AS u ON u.arn = k.arn
      WHERE k.key_manager = 'CUSTOMER' AND (u.arn IS NOT NULL OR k.key_state = 'PendingDeletion')
      ORDER BY k.key_state = 'PendingDeletion' DESC, k.account, k.region, coalesce(u.name, k.arn)",
    expected: "
      WITH store AS (
        SELECT account, region, count(kms_key) AS named FROM s3_bucket WHERE phi_scope = 'in' GROUP BY 1, 2
        UNION ALL SELECT account, region, count(kms_key_id) FROM rds_database
          WHERE phi_scope = 'in' GROUP BY 1, 2
        UNION ALL SELECT account, region, count(kms_key_arn) FROM dynamodb_table
          WHERE phi_scope = 'in' GROUP BY 1, 2)
      SELECT s.account, s.region, 'a customer key over stores of ePHI',
             CASE WHEN EXISTS (SELECT 1 FROM phi_store AS p WHERE p.kind = 'key'
                               AND p.account = s.account AND p.region = s.region) THEN 1
                  WHEN sum(s.named) = 0 THEN 0 END
      FROM store AS s GROUP BY s.account, s.region
      UNION ALL
      SELECT n.account, n.region, 'key `' || n.key || '`, which stores of ePHI name',
             CASE WHEN EXISTS (SELECT 1 FROM kms_key AS k WHERE k.arn = n.key) THEN 1
                  WHEN EXISTS (SELECT 1 FROM kms_alias AS a
                               WHERE a.account = n.account AND a.alias_name LIKE 'alias/aws/%'
                                 AND n.key LIKE '%:key/' || a.target_key_id) THEN 1 END
      FROM (SELECT account, region, kms_key AS key FROM s3_bucket WHERE phi_scope = 'in'
            UNION SELECT account, region, kms_key_id FROM rds_database WHERE phi_scope = 'in'
            UNION SELECT account, region, kms_key_arn FROM dynamodb_table WHERE phi_scope = 'in') AS n
      WHERE n.key LIKE 'arn:%:kms:%:key/%' ORDER BY 1, 2, 3",
    fault_of_absence: false,
    untold: "the keys that the stores name are not among those read: AWS's own, of another account, or gone",
};

/// Groups that the plan names, or, where it names none, those that are called so; one for each VPC that holds
/// instances.
const QUARANTINE: Query = Query {
    means: Means::Quarantine,
    tables: &["ec2_security_group", "ec2_instance"],
    absence: &["ec2_security_group"],
    things: "
      WITH chosen AS (
        SELECT g.*, 1 AS by_plan FROM ec2_security_group AS g
        JOIN temp.named_means AS n ON n.means = 'quarantine' AND n.name = g.group_id
        UNION ALL
        SELECT g.*, 0 FROM ec2_security_group AS g
        WHERE NOT EXISTS (SELECT 1 FROM temp.named_means WHERE means = 'quarantine')
          AND (lower(g.group_name) LIKE '%quarantine%' OR lower(g.group_name) LIKE '%isolat%'
               OR lower(g.group_name) LIKE '%forensic%'))
      SELECT arn, group_id, account, region,
             coalesce(group_name, '') || coalesce(', in ' || vpc_id, '')
               || iif(by_plan, ', named by the plan', ', by its name; the plan does not name it'),
             CASE WHEN ingress_rules > 0 OR egress_rules > 0
                  THEN 'it lets traffic through: ' || ingress_rules || ' rules in, '
                    || egress_rules || ' out' END, 0
      FROM chosen ORDER BY by_plan DESC, account, region, arn",
    expected: "
      WITH chosen AS (
        SELECT g.vpc_id FROM ec2_security_group AS g
        JOIN temp.named_means AS n ON n.means = 'quarantine' AND n.name = g.group_id
        UNION
        SELECT vpc_id FROM ec2_security_group AS g
        WHERE NOT EXISTS (SELECT 1 FROM temp.named_means WHERE means = 'quarantine')
          AND (lower(g.group_name) LIKE '%quarantine%' OR lower(g.group_name) LIKE '%isolat%'
               OR lower(g.group_name) LIKE '%forensic%'))
      SELECT account, region,
             'a quarantine group in `' || vpc_id || '`, which holds ' || count(*)
               || iif(count(*) = 1, ' instance', ' instances'),
             vpc_id IN (SELECT vpc_id FROM chosen WHERE vpc_id IS NOT NULL)
      FROM ec2_instance WHERE vpc_id IS NOT NULL
        AND coalesce(state, '') NOT IN ('terminated', 'shutting-down') GROUP BY account, region, vpc_id
      UNION ALL
      SELECT '', '', 'group `' || n.name || '`, which the plan names',
             EXISTS (SELECT 1 FROM ec2_security_group AS g WHERE g.group_id = n.name)
      FROM temp.named_means AS n WHERE n.means = 'quarantine' ORDER BY 1, 2, 3",
    fault_of_absence: false,
    untold: "",
};
