#!/bin/sh
# Runs every executable file of a folder, in the order of their names, while no appliance works on
# the store: run-hooks.sh FOLDER. All of them run; the exit status is 1 when one failed, and 19 when
# the store is in use just now.
set -eu
folder=$1
home=${APPLIANCE_HOME:?the folder of the store}
exec 9<>"$home/store/lock"
flock -n 9 || { echo "the store is in use" >&2; exit 19; }
failed=0
for hook in "$folder"/*; do
    [ -f "$hook" ] && [ -x "$hook" ] || continue
    echo "running $hook"
    "$hook" 9>&- || { echo "$hook failed with status $?" >&2; failed=1; }
done
exit "$failed"
