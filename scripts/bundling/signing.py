"""Signs a manifest twice: with ssh-keygen, which also drives hardware keys, and ECDSA P-256.

The second is for machines in FIPS mode, some of which refuse Ed25519; OpenSSL verifies it there.
"""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from scripts.bundling.problems import BundleProblem

NAMESPACE = "appliance-bundle"
SIGNER = "bundle@appliance"


@dataclass(frozen=True, slots=True)
class Keys:
    """The private keys, both outside the project; ``ssh`` may be a handle to a hardware key."""

    ssh: Path
    ecdsa: Path


def new_keys(folder: Path) -> Keys:
    """A fresh pair of keys without passphrases, for tests and first steps.

    Raises:
        BundleProblem: a tool is missing, or keys are there already.
    """
    keys = Keys(folder / "bundle_ed25519", folder / "bundle_p256.pem")
    if keys.ssh.exists() or keys.ecdsa.exists():
        raise BundleProblem(f"there are keys in {folder}", remedy="choose another folder")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", SIGNER, "-f", str(keys.ssh))
    _run("openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", str(keys.ecdsa))
    keys.ecdsa.chmod(0o600)
    return keys


def sign(manifest: Path, keys: Keys, public: Path) -> None:
    """Write both signatures beside the manifest, and the public keys into ``public``.

    Raises:
        BundleProblem: a tool is missing or refuses.
    """
    signature = manifest.with_name(manifest.name + ".sig")
    signature.unlink(missing_ok=True)
    _run("ssh-keygen", "-q", "-Y", "sign", "-n", NAMESPACE, "-f", str(keys.ssh), str(manifest))
    other = manifest.with_name(manifest.name + ".ecdsa")
    _run("openssl", "dgst", "-sha256", "-sign", str(keys.ecdsa), "-out", str(other), str(manifest))
    public.mkdir(parents=True, exist_ok=True)
    words = keys.ssh.with_name(keys.ssh.name + ".pub").read_text("ascii").split()
    line = f'{SIGNER} namespaces="{NAMESPACE}" {words[0]} {words[1]}\n'
    (public / "allowed_signers").write_text(line, "ascii")
    pem = str(public / "bundle_p256.pub.pem")
    _run("openssl", "pkey", "-in", str(keys.ecdsa), "-pubout", "-out", pem)


def fingerprint(allowed_signers: Path) -> str:
    """What is read to the administrator over another way: ``SHA256:...`` of the signing key."""
    key = " ".join(allowed_signers.read_text("ascii").split()[-2:])
    shown = subprocess.run(
        [_tool("ssh-keygen"), "-l", "-f", "-"],
        input=key + "\n",
        capture_output=True,
        text=True,
        check=True,
    )
    return shown.stdout.split()[1]


def _run(tool: str, *arguments: str) -> None:
    done = subprocess.run([_tool(tool), *arguments], check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise BundleProblem(f"{tool} refused: {done.stderr.strip()[:200]}")


def _tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        package = {"ssh-keygen": "openssh-client"}.get(name, name)
        raise BundleProblem(f"{name} is not on this machine", remedy=f"install {package}")
    return found
