"""vLLM's own offline batch, as the measure for the served engine; runs in the engine's Python.

The first line of standard input is a table of arguments for ``vllm.LLM``.  Each further line is a
batch, a list of ``[messages, max_tokens]``; the answer is one line: tokens, seconds.
"""

from __future__ import annotations

import json
import os
import sys
import time


def main() -> None:
    """Load the model, then answer batches until standard input ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what vLLM prints is no answer
    from vllm import LLM, SamplingParams

    model = LLM(**json.loads(sys.stdin.readline()))
    print("ready", file=answers, flush=True)
    for line in sys.stdin:
        batch = json.loads(line)
        parameters = [
            SamplingParams(temperature=0, seed=0, max_tokens=longest) for _, longest in batch
        ]
        begun = time.perf_counter()
        done = model.chat([messages for messages, _ in batch], parameters, use_tqdm=False)
        seconds = time.perf_counter() - begun
        print(json.dumps([sum(len(o.outputs[0].token_ids) for o in done), seconds]), file=answers)
        answers.flush()


if __name__ == "__main__":  # vLLM may start this file again for its own processes
    main()
