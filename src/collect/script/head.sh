#!/usr/bin/env bash
# Saves what AWS answers about accounts, for `affiant collect --cli-json DIR`. Made by `affiant policy --script`.
# Every call reads; nothing is changed but that IAM makes its credential report. It needs bash, awk and the AWS CLI, version 1 (1.35.8
# or newer) or 2, of November 2024 or newer: an older one lists buckets without their regions, and the script ends before it asks.
#
#   REGIONS="us-east-1 us-west-2" ./collect.sh DIR
#
#   REGIONS        the regions to ask, the first one first
#   ROLES          role ARNs, one for each account to ask; without them the account of the credentials
#   EXTERNAL_ID    of these roles
#   ORGANIZATION   the account that may be asked about the organization: the management or the delegated account
#   OPT_IN         `cost-explorer`, of which AWS charges a cent a call
#   ONLY           operations, such as "kms:ListKeys kms:DescribeKey", to ask nothing else
#
# Ends with 0 when all was answered, 3 when something was refused or failed (the answers say what), 5 when it could not go on.
set -uo pipefail
umask 077
export AWS_PAGER= AWS_RETRY_MODE=${AWS_RETRY_MODE:-standard} AWS_MAX_ATTEMPTS=${AWS_MAX_ATTEMPTS:-8}
stop() {
  printf '%s\n' "$*" >&2
  exit 5
}
[ $# -eq 1 ] || stop 'usage: REGIONS="us-east-1 ..." collect.sh DIR'
for tool in aws awk; do command -v "$tool" >/dev/null || stop "$tool is not installed"; done
aws s3api list-buckets --generate-cli-skeleton output </dev/null 2>/dev/null | grep -q BucketRegion ||
  stop "this AWS CLI is too old, since it does not know the regions of buckets: $(aws --version 2>&1 | head -n 1). Version 1.35.8 or newer, or a version 2 of November 2024 or newer, is needed"
regions=${REGIONS:-}
[ -n "$regions" ] || stop 'name the regions: REGIONS="us-east-1 us-west-2"'
for region in $regions; do
  case $region in *[!a-z0-9-]* | '') stop "$region is no region" ;; esac
done
home=${regions%% *}
case $home in
  us-gov-*) partition=aws-us-gov ;;
  cn-*) partition=aws-cn ;;
  us-iso-*) partition=aws-iso ;;
  us-isob-*) partition=aws-iso-b ;;
  eusc-*) partition=aws-eusc ;;
  *) partition=aws ;;
esac
mkdir -p "$1" || stop "cannot write to $1"
out=$(cd "$1" && pwd)
[ ! -e "$out/aws" ] || stop "$out holds answers already: name a new folder"
log=$out/collect.log
: >"$log" || stop "cannot write to $out"
work=$(mktemp -d) || stop 'cannot make a folder for temporary files'
trap 'rm -rf "$work"' EXIT
asked=0 absent=0 denied=0 failed=0 step=0 only='' unless='' carry=''
own_id=${AWS_ACCESS_KEY_ID:-} own_key=${AWS_SECRET_ACCESS_KEY:-} own_token=${AWS_SESSION_TOKEN:-}
unit=$(printf '\037')
day() { date -u -d "-$1 days" +%F 2>/dev/null || date -u -v "-$1d" +%F; }

# What the AWS CLI prints, taken apart: a scalar and its path at a time. From these come the values that other operations are asked
# about, as they stand in JSON, and as parts of file names.
cat >"$work/leads.awk" <<'AWK'
function plain(path) { gsub(/\[[0-9]+\]/, "", path); return path }
function place(value) {
  if (depth == 0) return ""
  if (kind[depth] == "a") { at[depth]++; return path[depth] "[" at[depth] "]" }
  waiting = 1
  return path[depth] == "" ? key[depth] : path[depth] "." key[depth]
}
function scalar(raw,   p) { p = place(); F[p] = raw; L[++n] = p }
function enter(what,   p) { p = place(); depth++; kind[depth] = what; path[depth] = p; at[depth] = -1; waiting = 1 }
function tokens(s,   c, t) {
  for (;;) {
    sub(/^[ \t\r,:]+/, "", s)
    c = substr(s, 1, 1)
    if (c == "") return
    if (c == "{") { enter("o"); s = substr(s, 2) }
    else if (c == "[") { enter("a"); s = substr(s, 2) }
    else if (c == "}" || c == "]") { depth--; waiting = 1; s = substr(s, 2) }
    else {
      if (c == "\"") { if (!match(s, /^"([^"\\]|\\.)*"/)) return } else if (!match(s, /^[^]},: \t\r]+/)) return
      t = substr(s, 1, RLENGTH); s = substr(s, RLENGTH + 1)
      if (c == "\"" && depth > 0 && kind[depth] == "o" && waiting) { t = tolower(text(t)); gsub(/[].[]/, "_", t); key[depth] = t; waiting = 0 }
      else scalar(t)
    }
  }
}
function code(h,   i, v) { v = 0; for (i = 1; i <= length(h); i++) v = v * 16 + index("0123456789abcdef", tolower(substr(h, i, 1))) - 1; return v }
function utf8(v) {
  if (v < 128) return sprintf("%c", v)
  if (v < 2048) return sprintf("%c%c", 192 + int(v / 64), 128 + v % 64)
  return sprintf("%c%c%c", 224 + int(v / 4096), 128 + int(v / 64) % 64, 128 + v % 64)
}
function text(raw,   made, c, i) {
  if (substr(raw, 1, 1) != "\"") return raw
  raw = substr(raw, 2, length(raw) - 2)
  if (index(raw, "\\") == 0) return raw
  made = ""
  for (i = 1; i <= length(raw); i++) {
    c = substr(raw, i, 1)
    if (c != "\\") { made = made c; continue }
    c = substr(raw, ++i, 1)
    if (c == "n") made = made "\n"
    else if (c == "t") made = made "\t"
    else if (c == "r") made = made "\r"
    else if (c == "b") made = made "\b"
    else if (c == "f") made = made "\f"
    else if (c == "u") { made = made utf8(code(substr(raw, i + 1, 4))); i += 4 }
    else made = made c
  }
  return made
}
function encoded(s,   made, c, i) {
  made = ""
  for (i = 1; i <= length(s); i++) {
    c = substr(s, i, 1)
    made = made (c ~ /[A-Za-z0-9_-]/ ? c : sprintf("%%%02X", ord[c]))
  }
  return made
}
function among(value, list,   all, i, m) {
  m = split(list, all, "|")
  for (i = 1; i <= m; i++) if (all[i] == value) return 1
  return 0
}
function under(prefix, name) { return prefix == "" ? name : prefix "." name }
function permitted(prefix,   i, m, all, mark) {
  m = split(only, all, unit)
  for (i = 1; i <= m; i++) { mark = index(all[i], "="); if (!among(text(F[under(prefix, substr(all[i], 1, mark - 1))]), substr(all[i], mark + 1))) return 0 }
  m = split(unless, all, unit)
  for (i = 1; i <= m; i++) { mark = index(all[i], "="); if (among(text(F[under(prefix, substr(all[i], 1, mark - 1))]), substr(all[i], mark + 1))) return 0 }
  return 1
}
function carried(prefix,   i, m, all, mark, name, from, value, made) {
  made = ""
  m = split(carry, all, unit)
  for (i = 1; i <= m; i++) {
    mark = index(all[i], "="); name = substr(all[i], 1, mark - 1); from = substr(all[i], mark + 1)
    value = (under(prefix, from) in F) ? F[under(prefix, from)] : (from in F) ? F[from] : R[from]
    if (value != "") made = made "\"" name "\":" value ","
  }
  return made
}
function finish(   i, j, p, S, prefix, raw, where, more, id, said) {
  if (seen) for (i = 1; i <= n; i++) {
    p = L[i]; raw = F[p]
    if (plain(p) != wanted || raw == "null" || raw == "\"\"" || raw == "true" || raw == "false") continue
    split(p, S, ".")
    prefix = ""
    for (j = 1; j <= levels; j++) prefix = under(prefix, S[j])
    if (!permitted(prefix)) continue
    said = text(raw)
    if (has != "" && index(said, has) == 0) continue
    if (after != "") { while ((j = index(said, after)) > 0) said = substr(said, j + length(after)); raw = "\"" said "\"" }
    where = region
    if (region_at != "" && F[under(prefix, region_at)] != "") where = text(F[under(prefix, region_at)])
    more = carried(prefix); id = where unit raw unit more
    if (id in told) continue
    told[id] = 1
    if (batch == 0) { print encoded(said) unit (raw ~ /^"/ ? raw : "\"" raw "\"") unit where unit more; continue }
    id = where unit more
    if (!(id in count)) order[++groups] = id
    held[id, ++count[id]] = raw
  }
  split("", F); split("", L); n = 0; depth = 0; waiting = 1
}
BEGIN {
  unit = sprintf("%c", 31)
  for (i = 1; i < 256; i++) ord[sprintf("%c", i)] = i
  base = tolower(base); rel = tolower(rel); region_at = tolower(region_at); only = ENVIRON["only"]; unless = ENVIRON["unless"]; carry = ENVIRON["carry"]
  levels = base == "" ? 0 : split(base, B, ".")
  wanted = under(base, rel); waiting = 1
}
substr($0, 1, 1) == unit {
  finish()
  split($0, H, unit); region = H[2]
  tokens(H[3]); split("", R); for (name in F) R[name] = F[name]
  split("", F); split("", L); n = 0; depth = 0; waiting = 1; seen = 1
  next
}
{ tokens($0) }
END {
  finish()
  for (g = 1; g <= groups; g++) {
    split(order[g], G, unit); made = ""; size = 0
    for (i = 1; i <= count[order[g]]; i++) {
      made = made (size ? "," : "") held[order[g], i]
      if (++size == batch || i == count[order[g]]) { print ++number[G[1]] unit "[" made "]" unit G[1] unit G[2]; made = ""; size = 0 }
    }
  }
}
AWK

# json TEXT: as the inside of a JSON string
json() { printf '%s' "$1" | LC_ALL=C tr '\000-\037' ' ' | sed 's/\\/\\\\/g; s/"/\\"/g'; }

# member FILE NAME DEPTH: a string of the answer, as it stands in JSON; the CLI indents each level by four spaces
member() { LC_ALL=C sed -n "s/^ \{$(($3 * 4))\}\"$2\": \(\"\(.*\)\"\),\{0,1\}\$/\1/p" "$1" | head -n 1; }

say() { printf '%s\n' "$*" >&2; }

# Credentials of the account's role, renewed before they end.
assume() {
  [ -n "$role" ] || return 0
  [ $((SECONDS - since)) -ge 2400 ] || return 0
  local got
  got=$(unset AWS_SESSION_TOKEN; AWS_ACCESS_KEY_ID=$own_id AWS_SECRET_ACCESS_KEY=$own_key own "$role") || return 1
  # shellcheck disable=SC2086
  set -- $got
  export AWS_ACCESS_KEY_ID=$1 AWS_SECRET_ACCESS_KEY=$2 AWS_SESSION_TOKEN=$3
  since=$SECONDS
}
own() {
  if [ -n "$own_id" ]; then
    [ -z "$own_token" ] || export AWS_SESSION_TOKEN=$own_token
  else
    unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
  fi
  aws sts assume-role --role-arn "$1" --role-session-name affiant-script ${EXTERNAL_ID:+--external-id "$EXTERNAL_ID"} --region "$home" \
    --query 'Credentials.[AccessKeyId,SecretAccessKey,SessionToken]' --output text 2>>"$log" </dev/null
}

# one FILE REGION MEMBERS: a call of the operation at hand; its answer, or the error, in FILE
one() {
  local file=$1 region=$2 members=$3 code message known
  mkdir -p "$(dirname "$file")"
  assume || say "the role $role is no longer given"
  asked=$((asked + 1))
  set -- ${command[@]+"${command[@]}"} ${options[@]+"${options[@]}"}
  [ -z "$members" ] || set -- "$@" --cli-input-json "{${members%,}}"
  if aws "$@" --region "$region" --output json --no-paginate >"$file.part" 2>"$work/error" </dev/null; then
    [ -s "$file.part" ] || printf '{}\n' >"$file.part"
    mv "$file.part" "$file"
    return 0
  fi
  code=$(sed -n 's/.*An error occurred (\([A-Za-z0-9._:-]*\)).*/\1/p' "$work/error" | head -n 1)
  message=$(tr '\n' ' ' <"$work/error" | sed 's/.*operation[^:]*: //')
  printf '{"Error":{"Code":"%s","Message":"%s"}}\n' "$(json "${code:-NoAnswer}")" "$(json "$message")" >"$file"
  rm -f "$file.part"
  printf '%s %s %s %s\n' "$full" "$region" "${code:-NoAnswer}" "$message" >>"$log"
  for known in ${none[@]+"${none[@]}"}; do
    case "$known" in
      "$code") absent=$((absent + 1)) && return 1 ;;
      "$code:"*) printf '%s' "$message" | grep -iqF -- "${known#*: }" && absent=$((absent + 1)) && return 1 ;;
    esac
  done
  for known in ${again[@]+"${again[@]}"}; do
    [ "$known" != "$code" ] || return 2
  done
  case $code in
    AccessDenied* | AuthorizationError* | NotAuthorized | Unauthorized*) denied=$((denied + 1)) && return 3 ;;
  esac
  failed=$((failed + 1))
  return 4
}

# ask REGION PLACE KEY MEMBERS: all pages; KEY is the name of the file below that of the operation, or nothing
ask() {
  local region=$1 place=$2 key=$3 members=$4 page=1 token='' last='' file came code tries=0
  local below=$out/aws/$account/$place/${full%%:*}/${full#*:}
  [ ! -e "$work/denied/$full/$place" ] || return 0
  # about the same within another whole, as one account under two permission sets
  while [ -e "$below/$key.json" ]; do key=$key-2; done
  while :; do
    file=$below${key:+/$key}.json
    if [ $page -gt 1 ]; then file=$below/$key$(printf '~%05d' $page).json; fi
    one "$file" "$region" "$members${token:+\"$page_in\":$token,}"
    code=$?
    if [ $code -eq 2 ] && [ $tries -lt 20 ]; then
      # the report is made, or is not made yet
      tries=$((tries + 1))
      aws ${before[@]+"${before[@]}"} --region "$region" --output json >/dev/null 2>>"$log" </dev/null
      sleep 2
      continue
    fi
    [ $code -ne 2 ] || failed=$((failed + 1))
    if [ $code -eq 3 ] && [ -n "$key" ] && ! grep -qF 'resource-based policy' "$work/error"; then
      # the others of its kind would be refused too, unless it is the policy of this one that refuses
      mkdir -p "$work/denied/$full" && : >"$work/denied/$full/$place"
    fi
    [ $code -eq 0 ] || return 0
    printf '%s\n' "$region$unit$file$unit{${members%,}}" >>"$work/index/$full"
    [ -n "$page_in" ] || return 0
    token=$(member "$file" "$page_out" "$page_depth")
    [ -n "$token" ] && [ "$token" != '""' ] && [ "$token" != "$last" ] || return 0
    last=$token
    page=$((page + 1))
  done
}

# begin OPERATION SCOPE COMMAND OPTIONS...: what is said next is of this operation
begin() {
  full=$1 scope=$2
  shift 2
  command=("$1" "$2")
  shift 2
  options=("$@")
  none=() again=() before=() page_in='' page_out='' page_depth=1 param='' every='' beyond='' fixed=''
  rm -f "$work/leads"
  below() { :; }
}
none() { none=("$@"); }
again() { again=("$@"); }
before() { before=("$@"); }
pages() { page_in=$1 page_out=$2 page_depth=$3; }

# from OPERATION BASE REL [HAS [AFTER [REGION_AT [BATCH]]]]: about what earlier answers name
from() {
  local at region file request
  [ -s "$work/index/$1" ] || return 0
  while IFS=$unit read -r region file request; do
    printf '%s\n' "$unit$region$unit$request"
    cat "$file"
    printf '\n'
  done <"$work/index/$1" |
    only=$only unless=$unless carry=$carry LC_ALL=C awk -v base="$2" -v rel="$3" -v has="${4:-}" -v after="${5:-}" -v region_at="${6:-}" \
      -v batch="${7:-0}" -f "$work/leads.awk" >>"$work/leads"
}
# rows TYPE MEMBER AFTER: about what AWS Config alone records
rows() {
  local region
  for region in $regions; do
    aws configservice select-resource-config --region "$region" --expression "SELECT $2 WHERE resourceType = '$1'" --query 'Results[]' \
      --output text 2>>"$log" </dev/null | tr '\t' '\n' | LC_ALL=C sed -n "s/.*\"$2\":\"\([A-Za-z0-9:/_.-]*\)\".*/\1/p" |
      while IFS= read -r value; do
        [ -z "$3" ] || value=${value##*"$3"}
        printf '%s\n' "$value$unit\"$value\"$unit$region$unit"
      done
  done >>"$work/leads"
}
# value FILE JSON [REGION]: about a fixed value, in all regions or the one that knows it
value() {
  local region
  for region in ${3:-$regions}; do
    [ "$scope" = region ] || region=$home
    printf '%s\n' "$1$unit$2$unit$region$unit" >>"$work/leads"
  done
}

# each_lead: asks about what is in the file `sorted`
each_lead() {
  local place key value region more
  while IFS=$unit read -r key value region more <&3; do
    case $region in
      '' | *[!a-z0-9-]*) continue ;;
      global | aws-global) region=$home ;;
    esac
    if [ "$scope" = account ]; then
      region=$home
    elif ! within "$region"; then
      if [ "$scope" = organization ]; then region=$home; elif [ -z "$beyond" ]; then continue; fi
    fi
    place=aws-global
    [ "$scope" != region ] || place=$region
    ask "$region" "$place" "$key" "$fixed\"$param\":$value,$more"
  done 3<"$work/sorted"
}

within() { case " $regions " in *" $1 "*) return 0 ;; esac; return 1; }

# end: asks
end() {
  step=$((step + 1))
  local before_this=$asked region depth
  if [ -n "${ONLY:-}" ]; then
    case " $ONLY " in *" $full "*) ;; *) return 0 ;; esac
  fi
  [ "$scope" != organization ] || [ "$account" = "${ORGANIZATION:-}" ] || return 0
  : >"$work/index/$full"
  if [ -z "$param" ]; then
    case "$scope$every" in
      region) for region in $regions; do ask "$region" "$region" '' "$fixed"; done ;;
      *every) for region in $regions; do ask "$region" aws-global "$region" "$fixed"; done ;;
      *) ask "$home" aws-global '' "$fixed" ;;
    esac
  elif [ -s "$work/leads" ]; then
    : >"$work/done"
    # what its own answers name is asked about too, as deep as AWS nests what it lists
    for depth in 1 2 3 4 5 6 7 8; do
      LC_ALL=C sort -u "$work/leads" |
        LC_ALL=C awk -v done="$work/done" 'BEGIN { while ((getline line <done) > 0) told[line] = 1 } !($0 in told)' >"$work/sorted"
      [ -s "$work/sorted" ] || break
      cat "$work/sorted" >>"$work/done"
      each_lead
      below
    done
  fi
  [ $asked -eq $before_this ] || say "$account: $step of $steps, $full, $((asked - before_this)) calls"
}
