"""Settings: one TOML file in the home folder, and the few variables read from the environment.

This is the only module that reads the environment.  ``APPLIANCE_HOME`` names the home folder
(store, audit log, ``appliance.toml``); ``APPLIANCE_SOCKET`` names the socket of the resident
service, for people who may not read that folder; ``APPLIANCE_ROOT`` names the installation
(``envs/engine``, ``models``) and is derived from the running interpreter when unset.  An unknown
key is an error: a misspelt limit must not silently be no limit.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from appliance.errors import ConfigError

SECTIONS = ("engine", "reader", "search", "service", "audit")
PROFILES = {  # years for which an audit log is kept at least
    "general": 6,
    "health": 6,  # HIPAA, 45 CFR 164.316(b)(2)(i)
    "finance": 6,  # SEC, 17 CFR 240.17a-4(a)
    "legal": 6,  # five after the end of the matter by ABA Model Rule 1.15(a)
    "health-de": 10,  # BGB section 630f(3)
}
LONGEST_SOCKET_PATH = 100  # bytes; sun_path holds 108 with its terminator (unix(7))


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """How the language model is served."""

    model: str = "smollm2-135m-instruct"  # folder under models/
    socket: str = ""  # empty: engine.sock in the run folder
    max_model_len: int = 8192  # tokens
    max_num_seqs: int = 16  # requests in flight inside the engine
    start_timeout_s: int = 600
    request_timeout_s: int = 600
    gpu_memory_share: float = 0.90
    cpu_kv_cache_gib: int = 2
    seed: int = 0


@dataclass(frozen=True, slots=True)
class ReaderSettings:
    """Bounds on the confined reader process, per document."""

    memory_mib: int = 2048  # address space above what the warm reader maps itself
    cpu_seconds: int = 50
    wall_seconds: int = 55  # a file that hangs is given up within a minute
    max_input_mib: int = 512
    max_output_mib: int = 256
    processes: int = 0  # that read at a time; 0: one per core, at most 4


@dataclass(frozen=True, slots=True)
class SearchSettings:
    """How documents are cut and searched."""

    embedding_model: str = "all-minilm-l6-v2"  # folder under models/
    chunk_characters: int = 600
    characters: int = 8000  # of passages that an answer is looked for in


@dataclass(frozen=True, slots=True)
class ServiceSettings:
    """How the resident service answers, and how much it takes on."""

    socket: str = ""  # empty: service.sock in the run folder
    workers: int = 8  # calls at work at a time; one person may have three quarters of them
    waiting: int = 32  # calls of one person that may wait for a turn
    waiting_s: int = 300  # for a turn; then the answer is "busy"
    connections: int = 256
    connections_per_person: int = 64
    first_words_s: int = 10  # until a new connection says what it wants
    idle_s: int = 900  # between two words of a connection that waits for its caller
    ending_s: int = 20  # for work under way to get its outcome when the service is sealed


@dataclass(frozen=True, slots=True)
class AuditSettings:
    """How long the audit log is kept, and how often it is reviewed."""

    profile: str = "general"  # one of PROFILES
    keep_years: int = 0  # longer than the profile says; a shorter time counts for nothing
    review_days: int = 30  # a review has to be signed off so often

    @property
    def years(self) -> int:
        """For how many years a record is kept at least.

        Raises:
            ConfigError: there is no such profile.
        """
        if self.profile not in PROFILES:
            raise ConfigError(
                "[audit] names a profile that is not known",
                remedy=f"one of {', '.join(PROFILES)}",
            )
        return max(PROFILES[self.profile], self.keep_years)


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything the composition root needs to know."""

    home: Path
    root: Path
    engine: EngineSettings = field(default_factory=EngineSettings)
    reader: ReaderSettings = field(default_factory=ReaderSettings)
    search: SearchSettings = field(default_factory=SearchSettings)
    service: ServiceSettings = field(default_factory=ServiceSettings)
    audit: AuditSettings = field(default_factory=AuditSettings)

    @property
    def models(self) -> Path:
        """Folder of verified model folders."""
        return self.root / "models"

    @property
    def policies(self) -> Path:
        """The shipped policies: of the release, or of the checkout that runs in place."""
        released = self.root / "policies"
        return released if released.is_dir() else Path(__file__).parent.parent / "policies"

    @property
    def journal(self) -> Path | None:
        """What the installer did to this installation; None where a checkout runs in place."""
        releases = self.root.resolve().parent
        installed = releases.name == "releases"
        return releases.parent / "state" / "installs.jsonl" if installed else None

    @property
    def engine_python(self) -> Path:
        """Interpreter of the engine's own environment."""
        return self.root / "envs" / "engine" / "bin" / "python"

    @property
    def run(self) -> Path:
        """Folder for sockets, process ids and the engine's log; short enough for a socket."""
        run = self.home / "run"
        if len(os.fsencode(run / "engine.sock")) <= LONGEST_SOCKET_PATH:
            return run
        digest = hashlib.sha256(os.fsencode(self.home)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"appliance-{os.getuid()}-{digest}"

    @property
    def engine_socket(self) -> Path:
        """Unix socket on which the engine answers."""
        return Path(self.engine.socket) if self.engine.socket else self.run / "engine.sock"

    @property
    def service_socket(self) -> Path:
        """Unix socket on which the resident service answers."""
        return Path(self.service.socket) if self.service.socket else self.run / "service.sock"


def load(home: Path | None = None, environ: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings of one home folder; defaults where the file or a key is absent.

    Raises:
        ConfigError: the file does not parse, or holds a key or type that is not known.
    """
    where = home or Path(environ.get("APPLIANCE_HOME") or Path.home() / ".appliance")
    where = where.expanduser().absolute()
    root = Path(environ.get("APPLIANCE_ROOT") or Path(sys.prefix).parent.parent).absolute()
    file = where / "appliance.toml"
    named = environ.get("APPLIANCE_SOCKET", "")
    try:
        table = tomllib.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        table = {}
    except PermissionError:
        if not named:  # somebody else's home: all that is needed of it is where it answers
            raise _unreadable(file, "permission denied") from None
        table = {}
    except (OSError, ValueError) as error:
        raise _unreadable(file, str(error)) from error
    settings = _overlaid(Settings(home=where, root=root), table, file)
    if named:
        settings = replace(settings, service=replace(settings.service, socket=named))
    return settings


def variables() -> tuple[str, ...]:
    """Names of the environment's variables as they stand now, without their values."""
    return tuple(sorted(os.environ))


def values(names: Iterable[str], environ: Mapping[str, str] = os.environ) -> dict[str, str | None]:
    """What these variables hold now; None where one is not set.  For switches, never secrets."""
    return {name: environ.get(name) for name in names}


def passphrase_file(environ: Mapping[str, str] = os.environ) -> Path | None:
    """The file named by ``APPLIANCE_PASSPHRASE_FILE``, for unattended runs."""
    name = environ.get("APPLIANCE_PASSPHRASE_FILE")
    return Path(name) if name else None


def notify_address(environ: Mapping[str, str] = os.environ) -> str:
    """Where a service manager listens for ``READY=1`` (sd_notify(3)); empty without one."""
    return environ.get("NOTIFY_SOCKET", "")


def credentials(environ: Mapping[str, str] = os.environ) -> Path | None:
    """The folder in which a service manager hands over secrets (systemd.exec(5), CREDENTIALS)."""
    name = environ.get("CREDENTIALS_DIRECTORY")
    return Path(name) if name else None


def _unreadable(file: Path, why: str) -> ConfigError:
    return ConfigError(f"{file} cannot be read as TOML: {why}", remedy="correct or remove the file")


def _overlaid(settings: Settings, table: Mapping[str, Any], file: Path) -> Settings:
    for section, values in table.items():
        if section not in SECTIONS or not isinstance(values, dict):
            raise ConfigError(
                f"{file}: unknown section [{section}]",
                remedy=f"known sections: {', '.join(f'[{name}]' for name in SECTIONS)}",
            )
        current = getattr(settings, section)
        known = {item.name: type(getattr(current, item.name)) for item in fields(current)}
        for key, value in values.items():
            if key not in known:
                raise ConfigError(
                    f"{file}: unknown key {key} in [{section}]",
                    remedy=f"known keys: {', '.join(sorted(known))}",
                )
            if type(value) is not known[key]:
                raise ConfigError(
                    f"{file}: [{section}] {key} must be {known[key].__name__}",
                    remedy=f"it holds a value of type {type(value).__name__}",
                )
        settings = replace(settings, **{section: replace(current, **values)})
    return settings
