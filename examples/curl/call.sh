#!/bin/sh
# Calls an API with tokens of Mintkey.
set -eu
cd "$(dirname "$0")"
i=0
while [ "$i" -lt "${CALLS:-3}" ]; do
  [ "$i" = 0 ] || sleep "${PAUSE:-1}"
  i=$((i + 1))
  token=$(./token.sh)
  printf 'header = "Authorization: Bearer %s"\n' "$token" |
    curl --config - --silent --show-error --max-time 30 --output /dev/null --write-out '%{http_code}\n' "$API_URL"
done
