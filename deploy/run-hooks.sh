#!/bin/sh
# Runs every executable file of a folder, in the order of their names, while no appliance works on
# the store: run-hooks.sh FOLDER [SECONDS]. Waits so long (600) for somebody who works on it at the
# command line, but not for the resident service, which has to be sealed first. All hooks run; the
# exit status is 1 when one failed, and 19 when the store was in use.
set -eu
folder=$1
patience=${2:-600}
home=${APPLIANCE_HOME:?the folder of the store}
served=${APPLIANCE_SOCKET:-/run/appliance/service.sock}
exec 9<>"$home/store/lock"
waited=0
until flock -w 1 9; do
    if [ -S "$served" ] || [ -S "$home/run/service.sock" ]; then
        echo "the service holds the store: seal it first, or see \"Backup hooks\" in the notes" >&2
        exit 19
    fi
    [ "$waited" -lt "$patience" ] || { echo "the store is still in use" >&2; exit 19; }
    [ "$waited" -gt 0 ] || echo "the store is in use; waiting $patience seconds at most" >&2
    waited=$((waited + 1))
done
failed=0
for hook in "$folder"/*; do
    [ -f "$hook" ] && [ -x "$hook" ] || continue
    echo "running $hook"
    "$hook" 9>&- || { echo "$hook failed with status $?" >&2; failed=1; }
done
exit "$failed"
