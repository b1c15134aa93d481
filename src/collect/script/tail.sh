
# keep NAME PAGE: a page of items in the export, if it is one
keep() {
  local file=$out/snapshots/${account}_Config_${1}_$(printf '%05d' "$2").json
  mkdir -p "$out/snapshots"
  mv "$work/page" "$file"
}

# Items of AWS Config, a file a page: by query, and those that queries do not know one by one.
items() {
  local type region token page keys some code file rows
  for region in $regions; do
    begin config:GetDiscoveredResourceCounts region configservice get-discovered-resource-counts --limit 100
    [ -z "${ONLY:-}" ] || case " $ONLY " in *" config:SelectResourceConfig "*) ;; *) continue ;; esac
    none NoSuchConfigurationRecorderException NoAvailableConfigurationRecorderException
    : >"$work/types"
    token='' page=1 file=$out/aws/$account/$region/config/GetDiscoveredResourceCounts.json
    while one "$file" "$region" "${token:+\"nextToken\":$token,}"; do
      LC_ALL=C sed -n 's/^ *"resourceType": "\(AWS::[A-Za-z0-9]*::[A-Za-z0-9]*\)".*/\1/p' "$file" >>"$work/types"
      token=$(member "$file" nextToken 1)
      [ -n "$token" ] && [ "$token" != '""' ] || break
      page=$((page + 1))
      file=$out/aws/$account/$region/config/GetDiscoveredResourceCounts/$(printf '~%05d' "$page").json
    done
    sort -u "$work/types" >"$work/sorted"
    while IFS= read -r type <&4; do
      full=config:SelectResourceConfig command=(configservice select-resource-config)
      options=(--limit 100 --expression "SELECT *, configuration, supplementaryConfiguration, tags WHERE resourceType = '$type'")
      none=(InvalidExpressionException)
      token='' page=1 rows=0
      while one "$work/page" "$region" "${token:+\"NextToken\":$token,}"; do
        token=$(member "$work/page" NextToken 1)
        rows=$((rows + $(grep -c '^        "{' "$work/page")))
        keep "${region}_ConfigRows_${type//:/-}" $page
        page=$((page + 1))
        [ -n "$token" ] && [ "$token" != '""' ] || break
      done
      # a type that is counted and that queries do not know
      [ $rows -eq 0 ] || continue
      full=config:ListDiscoveredResources command=(configservice list-discovered-resources) options=(--resource-type "$type" --limit 100)
      none=(NoAvailableConfigurationRecorderException)
      token='' page=1
      while one "$work/page" "$region" "${token:+\"nextToken\":$token,}"; do
        token=$(member "$work/page" nextToken 1)
        keys=$({ printf '%s\n' "$unit$region$unit{}"; cat "$work/page"; } |
          LC_ALL=C awk -v base=resourceidentifiers -v rel=resourceid -v batch=0 -f "$work/leads.awk" | cut -d "$unit" -f 2 |
          sed "s/^/,{\"resourceType\":\"$type\",\"resourceId\":/; s/\$/}/" | tr -d '\n')
        if [ -n "$keys" ]; then
          some=("${command[@]}") code=("${options[@]}")
          full=config:BatchGetResourceConfig command=(configservice batch-get-resource-config) options=()
          one "$work/page" "$region" "\"resourceKeys\":[${keys#,}]," && keep "${region}_ConfigItems_${type//:/-}" $page
          full=config:ListDiscoveredResources command=("${some[@]}") options=("${code[@]}")
        fi
        page=$((page + 1))
        [ -n "$token" ] && [ "$token" != '""' ] || break
      done
    done 4<"$work/sorted"
    say "$account: items of AWS Config in $region, $(wc -l <"$work/sorted" | tr -d ' ') types"
  done
}

for role in ${ROLES:-none}; do
  [ "$role" != none ] || role=''
  since=-2400
  if ! assume; then
    say "the role $role is not given to these credentials"
    failed=$((failed + 1))
    continue
  fi
  account=$(aws sts get-caller-identity --query Account --output text --region "$home" 2>>"$log" </dev/null)
  case $account in
    [0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]) ;;
    *) [ -n "$role" ] || stop "AWS takes no credentials of these: $(tail -n 1 "$log")"
      failed=$((failed + 1))
      continue ;;
  esac
  rm -rf "$work/index" "$work/denied"
  mkdir -p "$work/index"
  step=0
  everything
  items
done
say "$asked calls: $((asked - absent - denied - failed)) answered, $absent said that there is none, $denied refused, $failed failed"
[ "$((denied + failed))" -eq 0 ] || say "what was refused or failed is in $log, and a gap of the run"
say "now: affiant collect --cli-json '$1'"
[ "$((denied + failed))" -eq 0 ] || exit 3
