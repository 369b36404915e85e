#!/bin/sh
# Installs the appliance from this medium. Needs a POSIX shell, ssh-keygen or openssl, sha256sum,
# and the Python that the bundle was built for (or a bundle that carries it). See --help.
#
# Nothing of the medium runs before its signature is verified: first the signature of
# MANIFEST.json, with a key that comes from elsewhere; then the installer's files, by the hashes in
# the manifest; only then Python.
set -eu
umask 022
LC_ALL=C
export LC_ALL
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd -P)
manifest=$here/MANIFEST.json
prefix= signers= public= fingerprint= yes= back= dry= made= unpacked=

stop() { # message remedy code
    printf '\nStopped: %s\n' "$1" >&2
    [ -z "$2" ] || printf 'What to do: %s\n' "$2" >&2
    exit "${3:-4}"
}

usage() {
    cat <<'END'
usage: sh install.sh [options]

Installs the appliance from this medium, upgrades it, rolls it back, removes it. Asks no network.

  --fingerprint SHA256:...  trust the key on the medium when this is its fingerprint, which was told
                            over another way; needed once, the key is kept for the next bundle
  --signers FILE            trust the keys of this file of allowed signers (ssh-keygen)
  --pubkey FILE             trust this P-256 key (openssl), where ssh-keygen may not be used
  --prefix DIR              where to: /opt/appliance as root, else ~/.local/share/appliance
  --media DIR               folder of a further volume; more than once
  --dry-run                 check the machine and every file, change nothing
  --upgrade                 from an installation that is there to this bundle
  --rollback                back to the release before
  --allow-older             take a bundle with a lower serial, on record
  --uninstall               remove the program; with --keep-data or --yes
  --keep-data               with --uninstall: the store stays
  --no-byte-code            leave byte code out: done sooner, and slower whenever a program starts
  --yes                     ask nothing
  --help                    this page

examples:
  sh install.sh --fingerprint SHA256:... --dry-run
  sh install.sh --fingerprint SHA256:...
  sh install.sh --upgrade
  sh install.sh --rollback
  sh install.sh --uninstall --keep-data

exit status: 0 done; 1 failed; 2 wrong arguments; 3 the machine lacks something;
4 the bundle is refused: changed, incomplete, older, or signed by another key
END
}

# The options that matter here; Python reads all of them again.
expect=
for word in "$@"; do
    case $word in -h | --help) usage; exit 0 ;; esac
    case $expect in
    prefix) prefix=$word ;;
    signers) signers=$word ;;
    public) public=$word ;;
    fingerprint) fingerprint=$word ;;
    esac
    expect=
    case $word in
    --prefix) expect=prefix ;;
    --signers) expect=signers ;;
    --pubkey) expect=public ;;
    --fingerprint) expect=fingerprint ;;
    --prefix=*) prefix=${word#*=} ;;
    --signers=*) signers=${word#*=} ;;
    --pubkey=*) public=${word#*=} ;;
    --fingerprint=*) fingerprint=${word#*=} ;;
    --yes) yes=1 ;;
    --dry-run) dry=1 ;;
    --rollback | --uninstall) back=1 ;;
    esac
done
installed= # this is the copy inside a release: it can go back and remove, without the medium
if [ ! -f "$manifest" ] && [ -f "$here/../.complete" ]; then
    installed=1
    manifest=$(CDPATH= cd -- "$here/.." && pwd -P)/MANIFEST.json
    [ -n "$back" ] ||
        stop "this is the copy of a release that is installed" \
            "run install.sh from the medium, or give --rollback or --uninstall" 2
    [ -n "$prefix" ] || prefix=$(CDPATH= cd -- "$here/../../.." && pwd -P)
fi
if [ -z "$prefix" ]; then
    if [ "$(id -u)" = 0 ]; then
        prefix=/opt/appliance
    else
        [ -n "${HOME:-}" ] || stop "HOME is not set" "say where to with --prefix DIR" 2
        prefix=$HOME/.local/share/appliance
    fi
fi
[ -f "$manifest" ] || stop "$manifest is missing" "run install.sh from a medium of the bundle"
command -v sha256sum >/dev/null 2>&1 ||
    stop "sha256sum is not on this machine" "install coreutils" 3

# --- the signature --------------------------------------------------------------------------------

known=$prefix/state
[ -n "$signers" ] || [ ! -f "$known/allowed_signers" ] || signers=$known/allowed_signers
[ -n "$public" ] || [ ! -f "$known/bundle_p256.pub.pem" ] || public=$known/bundle_p256.pub.pem

for given in "$signers" "$public"; do
    [ -z "$given" ] || [ -r "$given" ] || stop "$given cannot be read" "name the file of the key" 2
done

verify_ssh() { # file of allowed signers; prints the fingerprint of the one that signed
    told=$(ssh-keygen -Y verify -f "$1" -I bundle@appliance -n appliance-bundle \
        -s "$manifest.sig" <"$manifest" 2>/dev/null) &&
        printf '%s\n' "$told" | sed -n 's/.* key \(SHA256:[^ ]*\).*/\1/p'
}

# No key is known here yet: the medium's own, if somebody vouches for its fingerprint. What is then
# trusted is a file with that one key and nothing else of what the medium's file may hold.
trap 'rm -rf "$made" "$unpacked"' EXIT
first_key() {
    key=$(sed -n 's/^.* \(\(sk-\)\{0,1\}ssh-[a-z0-9@.-]* [A-Za-z0-9+\/=]*\).*$/\1/p' \
        "$here/keys/allowed_signers" | head -n 1)
    shown=$(printf '%s\n' "$key" | ssh-keygen -l -f - 2>/dev/null | awk '{print $2}')
    [ -n "$shown" ] || stop "the medium holds no key" "give one with --signers FILE"
    if [ -n "$fingerprint" ]; then
        [ "$shown" = "$fingerprint" ] ||
            stop "the key on the medium is $shown, not the one you named" "ask who sent it"
    elif [ -t 0 ] && [ -z "$yes" ]; then
        printf 'The bundle is signed with the key\n  %s\n' "$shown"
        printf 'Is this the fingerprint that you were given by another way? [y/N] '
        read -r answer || answer=
        case $answer in y | Y | yes) ;; *) stop "the key is not trusted" "" ;; esac
    else
        stop "no key is known on this machine" \
            "give --fingerprint SHA256:... or --signers FILE, from another source than the medium"
    fi
    made=$(mktemp)
    signers=$made
    printf 'bundle@appliance namespaces="appliance-bundle" %s\n' "$key" >"$made"
}

if command -v ssh-keygen >/dev/null 2>&1 && { [ -n "$signers" ] || [ -z "$public" ]; }; then
    [ -n "$signers" ] || first_key
    signer=$(verify_ssh "$signers") ||
        stop "MANIFEST.json: its signature is not one of the trusted key" "get the bundle again"
    [ -z "$fingerprint" ] || [ "$signer" = "$fingerprint" ] ||
        stop "the bundle is signed with $signer, not with the key you named" "ask who sent it"
    trusted=$signers
elif command -v openssl >/dev/null 2>&1; then
    [ -n "$public" ] || stop "no key is known on this machine" "give --pubkey FILE"
    openssl dgst -sha256 -verify "$public" -signature "$manifest.ecdsa" "$manifest" \
        >/dev/null 2>&1 ||
        stop "MANIFEST.json: its signature is not one of the trusted key" "get the bundle again"
    signer=$(openssl pkey -pubin -in "$public" -outform DER 2>/dev/null | sha256sum | cut -c 1-64)
    signer=P-256:$signer
    trusted=$public
else
    stop "neither ssh-keygen nor openssl is on this machine" "install openssh-client or openssl" 3
fi

# --- the installer, by the hashes in the manifest -------------------------------------------------

field() { # line name: the value of one field of an entry
    printf '%s\n' "$1" | sed -n "s/.*\"$2\":\"\{0,1\}\([^\",}]*\).*/\1/p"
}

# Few processes: a rollback goes this way too, and is to be done at once.
told=$(sed -n 's/.*"path":"deploy\/\(install[^"]*\)","sha256":"\([0-9a-f]*\)".*/\2  \1/p' "$manifest" |
    (cd "$here" && sha256sum -c 2>/dev/null)) || true
bad=$(printf '%s\n' "$told" | sed -n 's/: FAILED.*//p' | head -n 1)
[ "$(printf '%s\n' "$told" | grep -c ': OK$')" = "$(grep -c '"path":"deploy/install' "$manifest")" ] ||
    stop "deploy/${bad:-installer}: missing or changed on the medium" "copy the bundle again"
# Nothing else may lie among them: Python would prefer a folder pool/ to pool.py.
listed=/$(sed -n 's/.*"path":"deploy\/installer\/\([^"]*\)".*/\1/p' "$manifest" | tr '\n' /)
for file in "$here"/installer/* "$here"/installer/.[!.]*; do
    [ -e "$file" ] || [ -L "$file" ] || continue
    [ -f "$file" ] && [ ! -L "$file" ] && case $listed in
    */"${file##*/}"/*) true ;;
    *) false ;;
    esac || stop "installer/${file##*/}: on the medium and not in the manifest" "copy the bundle again"
done

# --- Python ---------------------------------------------------------------------------------------

wanted=$(sed -n 's/.*"targets":{[^}]*"python":"\([0-9.]*\)".*/\1/p' "$manifest")
fits() {
    "$1" -I -c "import sys; sys.exit('%d.%d' % sys.version_info[:2] != '$wanted')" 2>/dev/null
}
python=
carried=$(grep -F '"kind":"python"' "$manifest" || true)
if [ -n "$carried" ]; then
    hash=$(field "$carried" sha256)
    home=$prefix/python/$hash
    if [ ! -d "$home" ]; then
        archive=$here/pool/sha256/$(printf %s "$hash" | cut -c 1-2)/$hash
        [ -f "$archive" ] ||
            stop "$(field "$carried" path): missing on the medium" "start from the volume vol1"
        [ "$(sha256sum <"$archive" | cut -c 1-64)" = "$hash" ] ||
            stop "$(field "$carried" path): changed on the medium" "copy it again"
        if [ -n "$dry" ]; then
            unpacked=$(mktemp -d) # nothing may stay below the prefix
            home=$unpacked
        else
            part=$prefix/python/.part # of a run that was ended, perhaps
            rm -rf "$part"
            mkdir -p "$part"
        fi
        tar -xzof "$archive" -C "${unpacked:-$part}" --strip-components=1
        [ -n "$dry" ] || mv "$part" "$home"
    fi
    python=$home/bin/python3
    fits "$python" || stop "the Python of the bundle does not run in $home" \
        "it needs glibc (Debian, Ubuntu, RHEL; not Alpine) and a place without noexec: --prefix DIR" 3
else
    for name in "${PYTHON:-python3}" "python$wanted" python3; do
        if command -v "$name" >/dev/null 2>&1 && fits "$name"; then
            python=$(command -v "$name")
            break
        fi
    done
    [ -n "$python" ] ||
        stop "Python $wanted is not on this machine" "install it, or use a bundle that carries it" 3
fi

# The words that only this shell understands are taken out for Python.
left=$#
while [ "$left" -gt 0 ]; do
    word=$1
    shift
    left=$((left - 1))
    case $word in
    --signers | --pubkey | --fingerprint)
        [ "$left" -eq 0 ] || { shift && left=$((left - 1)); }
        ;;
    --signers=* | --pubkey=* | --fingerprint=*) ;;
    *) set -- "$@" "$word" ;;
    esac
done
# The medium is not on Python's path: a file argparse.py beside this one must not be imported.
set -- "$python" -I -B -c '
import importlib.util, sys
place = sys.argv[1] + "/installer/"
spec = importlib.util.spec_from_file_location(
    "installer", place + "__init__.py", submodule_search_locations=[place]
)
sys.modules["installer"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(sys.modules["installer"])
from installer.main import main
sys.exit(main(sys.argv[2:]))' "$here" --bundle "$here" --signer "${signer:-unknown}" \
    --trusted "$trusted" --made "$made" "$@" --prefix "$prefix"
[ -n "$unpacked" ] || exec "$@"
"$@"
