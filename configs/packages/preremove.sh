#!/bin/sh
# The service stops when the package goes, and not for an upgrade. The store, the settings and the user stay.
set -e
[ -z "${DPKG_ROOT-}" ] || exit 0
case ${1-} in
  remove | 0) # of dpkg, and of rpm
    if [ -d /run/systemd/system ]; then
      systemctl disable --now mintkey.service
    fi
    ;;
esac
