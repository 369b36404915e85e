# Sourced by the scripts that run before any environment exists: finds a Python that will do.
# $here is the scripts folder.

find_python() {
    for python in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
        if "$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' \
            2>/dev/null; then
            command -v "$python"
            return 0
        fi
    done
    cat >&2 <<'MESSAGE'
No Python 3.11, 3.12 or 3.13 was found on PATH.
  Debian 12:     apt-get install python3 python3-venv
  Ubuntu 22.04:  apt-get install python3.11 python3.11-venv
  RHEL 9:        dnf install python3.11
  elsewhere:     PYTHON=/path/to/python3.12 scripts/setup
MESSAGE
    return 3
}

# run_python MODULE ARGUMENT...: runs MODULE.main(project, arguments), isolated from the caller's
# Python settings.
run_python() {
    python=$(find_python) || exit $?
    exec "$python" -I -B -c '
import importlib, pathlib, sys
project, module, *arguments = sys.argv[1:]
sys.path.insert(0, project)
sys.exit(importlib.import_module(module).main(pathlib.Path(project), arguments))
' "$(dirname -- "$here")" "$@"
}
