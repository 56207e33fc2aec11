#!/bin/sh
# Makes the user that the service runs as, before files that belong to it are unpacked.
set -e
[ -z "${DPKG_ROOT-}" ] || exit 0 # files only: there is no system here that could have users
if ! getent passwd mintkey >/dev/null; then
  useradd --system --user-group --no-create-home --home-dir /var/lib/mintkey --shell /usr/sbin/nologin --comment Mintkey mintkey
fi
