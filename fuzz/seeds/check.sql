SELECT arn AS resource, account, region,
       CASE WHEN tags ->> '$.owner' IS NULL THEN 'not met' ELSE 'met' END AS verdict,
       'owner ' || coalesce(tags ->> '$.owner', 'nobody') AS reason
FROM resource WHERE type LIKE 'AWS::S3::%' AND arn NOT GLOB '*[*?]*'
UNION ALL SELECT e.value, '', '', 'met', printf('%d', e.id) FROM artifact, json_each('["a"]') AS e ORDER BY 1
