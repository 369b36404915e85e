"""An engine that crashes in the middle of the main job, again and again.

The appliance starts it with its own launcher, behind its own walls; only the program is a double.
"""

from __future__ import annotations

import os
from pathlib import Path

from appliance import config
from appliance.errors import EngineUnavailable, PartialFailure
from scripts.faulting.scene import Desk, Scene
from scripts.faulting.trials import Found, job, look
from scripts.faulting.warm import Ran, command, forked
from tests.engine.stand_in import environment

MODEL = "tiny"
ANSWERS = 5  # of an engine's life
MOST_RUNS = 12
_NEVER = 1 << 40
_BEHAVIOUR = """
sys.path.insert(0, {root!r})
from pathlib import Path
from scripts.faulting.double import serve_until_crash
serve_until_crash(Path(path), {answers}, {model!r})
"""


def crashing(scene: Scene) -> Found:
    """Run until it is through; the end is that of a run whose engine never crashed."""
    calm = _installation(scene.folder / "calm", _NEVER)
    frail = _installation(scene.folder / "frail", ANSWERS)
    desk = _desk(scene, "engine-calm")
    ran = _run(desk, calm)
    state = look(desk)
    if state.problems or ran.status not in (0, 15):
        raise RuntimeError(f"the undisturbed run: {ran.status} {ran.output} {state.problems}")
    desk = _desk(scene, "engine-frail")
    violations: list[str] = []
    runs, differences = 0, ["it was never run"]
    while differences and runs < MOST_RUNS:
        runs += 1
        ran = _run(desk, frail)
        if ran.status not in (0, EngineUnavailable.exit_code, PartialFailure.exit_code):
            violations.append(f"a run ended with {ran.status}: {ran.output.strip()[-300:]}")
        differences = look(desk).differences(state)
    return Found("engine", f"{runs} runs", (*violations, *differences), runs > 1)


def _installation(root: Path, answers: int) -> Path:
    """A root with a double for an engine, and the real embedding model."""
    real = config.load().root
    behaviour = _BEHAVIOUR.format(root=str(_ROOT), answers=answers, model=MODEL)
    environment(root, behaviour)
    embedding = config.SearchSettings().embedding_model
    (root / "models" / embedding).symlink_to(real / "models" / embedding)
    return root


def _desk(scene: Scene, name: str) -> Desk:
    desk = scene.desk(name)
    (desk.home / "appliance.toml").write_text(f'[engine]\nmodel = "{MODEL}"\n')
    return desk


def _run(desk: Desk, root: Path) -> Ran:
    """One run, and no engine left behind it."""

    def work(arguments: list[str] | None) -> int:
        os.environ["APPLIANCE_ROOT"] = str(root)
        if arguments is None:
            return job(desk)
        return command(arguments, desk.scene.passphrase)

    fork = forked(desk.log, lambda: work(None))
    fork.go()
    ran = fork.wait()
    stop = forked(
        desk.folder / "stopped", lambda: work(["--home", str(desk.home), "engine", "stop"])
    )
    stop.go()
    stop.wait()
    return ran


_ROOT = Path(__file__).resolve().parents[2]
