#!/bin/sh
# Prints an access token: the one that it has kept, while that works for another 30 seconds, else a new one. call.sh shows its use.
set -eu
: "${MINTKEY_URL:?}" "${MINTKEY_CLIENT_ID:?}" "${MINTKEY_CLIENT_SECRET:?}"
umask 077
cache=${MINTKEY_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/mintkey}
kept=$cache/token-$MINTKEY_CLIENT_ID # its end, in seconds since 1970, and the token
now=$(date +%s)
if [ -r "$kept" ] && { read -r ends && read -r token; } <"$kept" && [ "$ends" -gt $((now + 30)) ]; then
  printf '%s\n' "$token"
  exit
fi
mkdir -p "$cache"
work=$(mktemp -d "$cache/.new.XXXXXX")
trap 'rm -rf "$work"' EXIT
# The secret goes through a pipe: an argument would be in the list of processes.
printf 'user = "%s:%s"\n' "$MINTKEY_CLIENT_ID" "$MINTKEY_CLIENT_SECRET" |
  curl --config - --silent --show-error --fail-with-body --max-time 30 --retry 5 --retry-connrefused \
    --data grant_type=client_credentials ${MINTKEY_SCOPE:+--data-urlencode "scope=$MINTKEY_SCOPE"} \
    --output "$work/answer" "${MINTKEY_URL%/}/oauth2/token" || { cat "$work/answer" >&2; exit 1; }
token=$(sed -n 's/.*"access_token" *: *"\([^"]*\)".*/\1/p' "$work/answer")
life=$(sed -n 's/.*"expires_in" *: *\([0-9]*\).*/\1/p' "$work/answer")
printf '%s\n%s\n' $((now + life)) "$token" >"$work/token"
mv "$work/token" "$kept" # as a whole: others may read it at the same time
printf '%s\n' "$token"
