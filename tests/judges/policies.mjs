// Holds the policy evaluator against an independent engine, @cloud-copilot/iam-simulate, over random policies and requests of every
// operator and kind of policy. A test tool only (AGPL): it is installed with the judges and never shipped.
//
// What is not asked, since the engine answers otherwise than AWS documents: IPv6 addresses against IPv4 ranges under NotIpAddress, and
// keys of one service in requests to another, which it drops; a role's boundary beside a resource policy, which AWS lets cut what the
// policy gives the role. A policy variable without a value in NotResource is unknown here.
//
//   node policies.mjs ANSWERS MODULES [COUNT] [SEED]
//
// ANSWERS is the built example `policy_answers`, MODULES the folder of node_modules. Prints each disagreement and ends with
// `N passed, N failed`.
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { createRequire } from 'node:module'
import { join } from 'node:path'

const [answers, modules, count = '2000', seed = '1'] = process.argv.slice(2)
const load = createRequire(join(modules, 'x.js'))
const { runSimulation, anonymousPrincipal } = await import(load.resolve('@cloud-copilot/iam-simulate'))

const A = '111122223333', B = '444455556666'
const ALL = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] }

// mulberry32: the same policies for the same seed on every machine
let state = Number(seed) >>> 0
const random = () => {
  state = (state + 0x6d2b79f5) >>> 0
  let t = Math.imul(state ^ (state >>> 15), 1 | state)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296
}
const pick = (list) => list[Math.floor(random() * list.length)]
const maybe = (p) => random() < p
const some = (list) => (maybe(0.7) ? pick(list) : [pick(list), pick(list)])

const ACTIONS = ['s3:GetObject', 's3:PutObject', 's3:ListBucket', 'dynamodb:GetItem', 'sqs:SendMessage', 'iam:PassRole']
const PATTERNS = ['*', 's3:*', 's3:Get*', 'S3:GETOBJECT', 's3:GetObjec?', 's3:*Object', 'dynamodb:*Item', 'iam:Pass*', 'sqs:*', 's3:PutObject']
const RESOURCES = {
  's3:GetObject': ['arn:aws:s3:::records/2026/a.csv', 'arn:aws:s3:::logs/x'], 's3:PutObject': ['arn:aws:s3:::records/people/pat/x', 'arn:aws:s3:::logs/x'],
  's3:ListBucket': ['arn:aws:s3:::records', 'arn:aws:s3:::logs'], 'dynamodb:GetItem': [`arn:aws:dynamodb:us-east-1:${A}:table/patients`],
  'sqs:SendMessage': [`arn:aws:sqs:us-east-1:${A}:jobs`], 'iam:PassRole': [`arn:aws:iam::${A}:role/task/worker`]
}
const SPACES = ['*', 'arn:aws:s3:::*', 'arn:aws:s3:::records/*', 'arn:aws:s3:::*/*.csv', 'arn:aws:s3:::rec?rds*', 'arn:aws:s3:::records/people/${aws:username}/*',
  `arn:aws:dynamodb:*:${A}:table/*`, `arn:aws:sqs:us-east-1:${A}:jobs`, `arn:aws:iam::${A}:role/*`, 'arn:aws:s3:::logs', 'arn:aws:s3:::records']
const TEXT_KEYS = { 'aws:PrincipalOrgID': ['o-own', 'o-other', 'o-*'], 'aws:SourceVpce': ['vpce-1', 'vpce-*'], 's3:prefix': ['people/pat/', 'people/*', '${aws:username}'],
  'aws:PrincipalTag/team': ['blue', 'b*', 'red'], 'aws:RequestedRegion': ['us-east-1', 'us-*'] }
const negated = (name) => (maybe(0.3) ? name.replace('String', 'StringNot').replace('StringNotEqualsIgnoreCase', 'StringNotEqualsIgnoreCase') : name)

function clause() {
  const kind = pick(['text', 'text', 'text', 'ip', 'bool', 'null', 'number', 'date', 'arn', 'set'])
  const suffix = maybe(0.2) ? 'IfExists' : ''
  const key = pick(Object.keys(TEXT_KEYS))
  switch (kind) {
    case 'text': return { [negated(pick(['StringEquals', 'StringLike', 'StringEqualsIgnoreCase'])) + suffix]: { [maybe(0.2) ? key.toLowerCase() : key]: some(TEXT_KEYS[key]) } }
    case 'ip': return { [pick(['IpAddress', 'NotIpAddress']) + suffix]: { 'aws:SourceIp': some(['198.51.100.0/24', '0.0.0.0/1', '203.0.113.7']) } }
    case 'bool': return { [`Bool${suffix}`]: { [pick(['aws:SecureTransport', 'aws:MultiFactorAuthPresent'])]: pick(['true', 'false']) } }
    case 'null': return { Null: { [key]: pick(['true', 'false']) } }
    case 'number': return { [pick(['NumericLessThan', 'NumericGreaterThanEquals', 'NumericEquals', 'NumericNotEquals']) + suffix]: { 'aws:MultiFactorAuthAge': pick(['300', '3600']) } }
    case 'date': return { [pick(['DateLessThan', 'DateGreaterThan']) + suffix]: { 'aws:CurrentTime': pick(['2026-06-30T00:00:00Z', '2027-01-01T00:00:00Z']) } }
    case 'arn': {
      // a pattern of fewer than six parts is for StringLike: the engine takes it for no ARN at all
      const operator = pick(['ArnLike', 'ArnEquals', 'ArnNotLike', 'StringLike'])
      const arns = [`arn:aws:iam::${A}:user/*`, 'arn:aws:iam::*:user/pat', `arn:aws:iam::${B}:*`, ...(operator === 'StringLike' ? ['arn:aws:*:user/pat'] : [])]
      return { [operator + suffix]: { 'aws:PrincipalArn': some(arns) } }
    }
    default: return { [pick(['ForAllValues', 'ForAnyValue']) + ':' + pick(['StringEquals', 'StringLike', 'StringNotEquals'])]: { 'aws:TagKeys': some(['team', 'cost', 't*']) } }
  }
}

function condition() {
  const merged = {}
  for (let n = maybe(0.75) ? 1 : 2; n > 0; n -= 1) for (const [operator, keys] of Object.entries(clause())) merged[operator] = { ...merged[operator], ...keys }
  return merged
}

function statement(principal, plain) {
  const s = { Effect: maybe(0.7) ? 'Allow' : 'Deny' }
  s[maybe(0.15) ? 'NotAction' : 'Action'] = some(PATTERNS)
  s[!plain && maybe(0.15) ? 'NotResource' : 'Resource'] = plain ? '*' : some(SPACES)
  if (maybe(0.5)) s.Condition = condition()
  if (principal) s[s.Effect === 'Deny' && maybe(0.15) ? 'NotPrincipal' : 'Principal'] = pick(principal)
  return s
}
const policy = (principal, plain) => ({ Version: '2012-10-17', Statement: Array.from({ length: 1 + Math.floor(random() * 3) }, () => statement(principal, plain)) })

function request() {
  const action = pick(ACTIONS)
  const resource = pick(RESOURCES[action])
  const who = pick([`arn:aws:iam::${A}:user/pat`, `arn:aws:iam::${A}:user/pat`, `arn:aws:iam::${A}:role/app`, `arn:aws:iam::${B}:user/pat`])
  const context = { 'aws:PrincipalArn': who, 'aws:CurrentTime': '2026-09-30T12:00:00Z' }
  if (who.includes(':user/')) context['aws:username'] = 'pat'
  const put = (key, values) => { if (maybe(0.6)) context[key] = pick(values) }
  put('aws:PrincipalOrgID', ['o-own', 'o-other']); put('aws:SourceVpce', ['vpce-1', 'vpce-2']); if (action === 's3:ListBucket') put('s3:prefix', ['people/pat/', 'pat', 'x'])
  put('aws:PrincipalTag/team', ['blue', 'BLUE', 'red']); put('aws:RequestedRegion', ['us-east-1', 'eu-west-1']); put('aws:SourceIp', ['198.51.100.9', '203.0.113.7'])
  put('aws:SecureTransport', ['true', 'false']); put('aws:MultiFactorAuthPresent', ['true', 'false']); put('aws:MultiFactorAuthAge', ['200', '300', '5000'])
  if (maybe(0.6)) context['aws:TagKeys'] = pick([['team'], ['team', 'cost'], ['other']])
  const principals = ['*', { AWS: '*' }, { AWS: A }, { AWS: `arn:aws:iam::${A}:root` }, { AWS: who }, { AWS: [`arn:aws:iam::${B}:user/kim`, who] }, { AWS: B }]
  const bucket = action.startsWith('s3:') || action.startsWith('sqs:')
  const resourcePolicy = bucket && maybe(0.5) ? policy(principals) : null
  return {
    principal: who, action, resource, owner: A, context, identity: Array.from({ length: 1 + Math.floor(random() * 2) }, () => policy()),
    boundary: maybe(0.2) && !(resourcePolicy && who.includes(':role/')) ? policy() : null, session: null, resourcePolicy,
    scp: maybe(0.3) ? [[ALL, policy(null, maybe(0.5))]] : [[ALL]], rcp: bucket && maybe(0.2) ? [[denies()]] : []
  }
}
// The engine adds RCPFullAWSAccess by itself and takes refusals only.
const ALL_RCP = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: '*', Action: '*', Resource: '*' }] }
const denies = () => ({ Version: '2012-10-17', Statement: [{ Effect: 'Deny', Principal: '*', Action: pick(['s3:*', 's3:Get*', 's3:*Object', 'sqs:*', 's3:PutObject']), Resource: '*', Condition: condition() }] })

async function judge(q) {
  const named = (list, of) => list.map((p, n) => ({ name: `${of}${n}`, policy: p }))
  const simulation = {
    request: { principal: q.principal ?? anonymousPrincipal, action: q.action, resource: { resource: q.resource, accountId: q.owner }, contextVariables: q.context },
    identityPolicies: named(q.identity, 'i'),
    serviceControlPolicies: q.scp.map((level, n) => ({ orgIdentifier: `r-ab1${n}`, policies: named(level, 's') })),
    resourceControlPolicies: q.rcp.map((level, n) => ({ orgIdentifier: `r-ab1${n}`, policies: named(level, 'r') })),
    ...(q.resourcePolicy ? { resourcePolicy: q.resourcePolicy } : {}),
    ...(q.boundary ? { permissionBoundaryPolicies: named([q.boundary], 'b') } : {})
  }
  const r = await runSimulation(simulation, {})
  return r.resultType === 'error' ? `error: ${JSON.stringify(r.errors).slice(0, 200)}` : r.overallResult === 'Allowed' ? 'yes' : 'no'
}

const ours = spawn(answers, { stdio: ['pipe', 'pipe', 'inherit'] })
const lines = createInterface({ input: ours.stdout })[Symbol.asyncIterator]()
let passed = 0, failed = 0, left = 0, unsure = 0
const said = { yes: 0, no: 0 }
while (passed + failed < Number(count) && left < Number(count)) {
  const q = request()
  const theirs = await judge(q)
  if (theirs.startsWith('error')) { left += 1; if (left <= 3) console.log('left out:', theirs); continue }
  ours.stdin.write(JSON.stringify({ ...q, rcp: q.rcp.map((level) => [ALL_RCP, ...level]) }) + '\n')
  const answer = (await lines.next()).value
  if (answer === "unknown") { unsure += 1 } else if (answer === theirs) { passed += 1; said[answer] += 1 } else { failed += 1; if (failed <= 10) console.log(`DIFFERS: ours ${answer}, theirs ${theirs}: ${JSON.stringify(q)}`) }
}
ours.stdin.end()
if (said.yes * 20 < passed) { failed += 1; console.log(`only ${said.yes} of ${passed} requests were allowed: the policies refuse too much to tell anything`) }
console.log(`allowed ${said.yes}, refused ${said.no}, unknown ${unsure}, left out ${left} that the engine would not take`)
if (unsure * 20 > passed) { failed += 1; console.log('too many requests are answered with unknown to tell anything') }
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)
