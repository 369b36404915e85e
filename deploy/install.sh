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
prefix= signers= public= fingerprint= yes=

stop() { # message remedy code
    printf '\nStopped: %s\n' "$1" >&2
    [ -z "$2" ] || printf 'What to do: %s\n' "$2" >&2
    exit "${3:-4}"
}

# The options that matter here; Python reads all of them again.
expect=
for word in "$@"; do
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
    esac
done
if [ -z "$prefix" ]; then
    if [ "$(id -u)" = 0 ]; then prefix=/opt/appliance; else prefix=$HOME/.local/share/appliance; fi
fi
[ -f "$manifest" ] || stop "$manifest is missing" "run install.sh from a medium of the bundle"

# --- the signature --------------------------------------------------------------------------------

known=$prefix/state
[ -n "$signers" ] || [ ! -f "$known/allowed_signers" ] || signers=$known/allowed_signers
[ -n "$public" ] || [ ! -f "$known/bundle_p256.pub.pem" ] || public=$known/bundle_p256.pub.pem

verify_ssh() { # file of allowed signers
    ssh-keygen -Y verify -f "$1" -I bundle@appliance -n appliance-bundle \
        -s "$manifest.sig" <"$manifest" >/dev/null 2>&1
}

key_of() { # fingerprint of the one key in a file of allowed signers
    sed -n 's/.* \(ssh-[a-z0-9-]* [A-Za-z0-9+\/=]*\).*/\1/p; s/.* \(sk-ssh-[^ ]* [A-Za-z0-9+\/=]*\).*/\1/p' \
        "$1" | head -n 1 | ssh-keygen -l -f - 2>/dev/null | awk '{print $2}'
}

first_key() { # no key is known here yet: the medium's own, if somebody vouches for its fingerprint
    shown=$(key_of "$here/keys/allowed_signers")
    [ -n "$shown" ] || stop "the medium holds no key" "give one with --signers FILE"
    if [ -n "$fingerprint" ]; then
        [ "$shown" = "$fingerprint" ] ||
            stop "the key on the medium is $shown, not the one you named" "ask who sent it"
    elif [ -t 0 ] && [ -z "$yes" ]; then
        printf 'The bundle is signed with the key\n  %s\n' "$shown"
        printf 'Is this the fingerprint that you were given by another way? [y/N] '
        read -r answer
        case $answer in y | Y | yes) ;; *) stop "the key is not trusted" "" ;; esac
    else
        stop "no key is known on this machine" \
            "give --fingerprint SHA256:... or --signers FILE, from another source than the medium"
    fi
    signers=$here/keys/allowed_signers
}

if command -v ssh-keygen >/dev/null 2>&1 && { [ -n "$signers" ] || [ -z "$public" ]; }; then
    [ -n "$signers" ] || first_key
    verify_ssh "$signers" ||
        stop "MANIFEST.json: its signature is not one of the trusted key" "get the bundle again"
    signer=$(key_of "$signers")
elif command -v openssl >/dev/null 2>&1; then
    [ -n "$public" ] || stop "no key is known on this machine" "give --pubkey FILE"
    openssl dgst -sha256 -verify "$public" -signature "$manifest.ecdsa" "$manifest" \
        >/dev/null 2>&1 ||
        stop "MANIFEST.json: its signature is not one of the trusted key" "get the bundle again"
    signer=$(openssl pkey -pubin -in "$public" -outform DER 2>/dev/null | sha256sum | cut -c 1-64)
    signer=P-256:$signer
else
    stop "neither ssh-keygen nor openssl is on this machine" "install openssh-client or openssl" 3
fi

# --- the installer, by the hashes in the manifest -------------------------------------------------

field() { # line name: the value of one field of an entry
    printf '%s\n' "$1" | sed -n "s/.*\"$2\":\"\{0,1\}\([^\",}]*\).*/\1/p"
}

grep -F '"path":"deploy/install' "$manifest" | while IFS= read -r line; do
    path=$(field "$line" path)
    found=$(sha256sum <"$here/${path#deploy/}" 2>/dev/null | cut -c 1-64) || found=
    [ "$found" = "$(field "$line" sha256)" ] ||
        stop "$path: missing or changed on the medium" "copy the bundle again"
done || exit $?
[ -z "$(find "$here/installer" -name '*.py[co]' -o -name '*.so' -o -type l | head -n 1)" ] ||
    stop "the installer's folder holds files that are not in the manifest" "copy the bundle again"

# --- Python ---------------------------------------------------------------------------------------

wanted=$(sed -n 's/.*"targets":{[^}]*"python":"\([0-9.]*\)".*/\1/p' "$manifest")
fits() {
    "$1" -I -c "import sys; sys.exit('%d.%d' % sys.version_info[:2] != '$wanted')" 2>/dev/null
}
python=
carried=$(grep -F '"kind":"python"' "$manifest" || true)
if [ -n "$carried" ]; then
    hash=$(field "$carried" sha256)
    python=$prefix/python/$hash/bin/python3
    if [ ! -x "$python" ]; then
        archive=$here/pool/sha256/$(printf %s "$hash" | cut -c 1-2)/$hash
        [ "$(sha256sum <"$archive" | cut -c 1-64)" = "$hash" ] ||
            stop "$(field "$carried" path): missing or changed on the medium" "copy it again"
        part=$prefix/python/.$hash.$$
        mkdir -p "$part"
        tar -xzf "$archive" -C "$part" --strip-components=1
        mv "$part" "$prefix/python/$hash"
    fi
else
    for name in ${PYTHON:-} "python$wanted" python3; do
        if command -v "$name" >/dev/null 2>&1 && fits "$name"; then
            python=$(command -v "$name")
            break
        fi
    done
    [ -n "$python" ] ||
        stop "Python $wanted is not on this machine" "install it, or use a bundle that carries it" 3
fi

# The words that only this shell understands are taken out for Python.
set -- "$@" ''
while [ -n "$1" ]; do
    case $1 in
    --signers | --pubkey | --fingerprint) shift 2; continue ;;
    --signers=* | --pubkey=* | --fingerprint=*) shift; continue ;;
    esac
    set -- "$@" "$1"
    shift
done
shift
exec "$python" -I -B -c '
import sys
sys.path.insert(0, sys.argv[1])
from installer.main import main
sys.exit(main(sys.argv[2:]))' "$here" --bundle "$here" --signer "${signer:-unknown}" "$@"
