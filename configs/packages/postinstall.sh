#!/bin/sh
# Nothing is started: there is no account yet, and perhaps no issuer. After an upgrade a service that runs is restarted, once.
set -e
[ -z "${DPKG_ROOT-}" ] || exit 0
if [ -d /run/systemd/system ]; then
  systemctl daemon-reload
  systemctl try-restart mintkey.service
fi
