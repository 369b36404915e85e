"""The client against a server that misbehaves in every way it must survive."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.config import EngineSettings, Settings
from appliance.engine.client import Finish, Prompt, VllmEngine, get
from appliance.errors import EngineRefused, EngineUnavailable
from tests.engine.stand_in import Reply, answering, chat, slowly, trickling

SECRET = "the tenant's name is Rosalind"
PROMPT = Prompt(system="Be brief.", document=SECRET, question="Who?", max_tokens=8)


def engine(path: Path, *, seconds: int = 60, places: int = 16) -> VllmEngine:
    settings = Settings(
        home=path.parent,
        root=path.parent,
        engine=EngineSettings(socket=str(path), request_timeout_s=seconds, max_num_seqs=places),
    )
    return VllmEngine(settings, "tiny", "salt-of-scope")


def always(*reply: object) -> Callable[[str, dict[str, object]], Reply]:
    status, data = reply if len(reply) == 2 else (200, reply[0])
    assert isinstance(status, int)
    assert isinstance(data, bytes)
    return lambda path, body: (status, data)


def test_the_document_stands_before_the_question_under_the_salt(tmp_path: Path) -> None:
    with answering(tmp_path / "s", always(chat("Rosalind"))) as server:
        (answer,) = engine(tmp_path / "s").complete(
            [replace(PROMPT, grammar="start: /a/", stop=("\n",))]
        )
    assert (answer.untrusted_text, answer.finish) == ("Rosalind", Finish.STOP)
    assert (answer.prompt_tokens, answer.completion_tokens) == (7, 3)
    (body,) = server.asked
    assert body["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": f"{SECRET}\n\nWho?"},
    ]
    assert body["cache_salt"] == "salt-of-scope"
    assert body["temperature"] == 0
    assert body["seed"] == 0
    assert body["structured_outputs"] == {"grammar": "start: /a/"}
    assert body["stop"] == ["\n"]
    assert body["max_tokens"] == 8


def test_answers_keep_the_order_of_the_questions_with_many_in_flight(tmp_path: Path) -> None:
    together = threading.Barrier(4, timeout=60)

    def decide(path: str, body: dict[str, object]) -> Reply:
        messages = body["messages"]
        assert isinstance(messages, list)
        number = int(messages[-1]["content"].split()[-1])
        if number < 4:
            together.wait()
        return slowly((200, chat(str(number))), 0.02 * (number % 5))

    told: list[int] = []
    with answering(tmp_path / "s", decide) as server:
        answers = engine(tmp_path / "s", places=4).complete(
            [replace(PROMPT, question=str(n)) for n in range(40)], told.append
        )
    assert [answer.untrusted_text for answer in answers] == [str(n) for n in range(40)]
    assert sorted(set(told) - {0}) == list(range(1, 41))  # the same again while it waits
    assert 4 <= server.most_in_flight <= 8


def test_no_prompts_take_no_engine(tmp_path: Path) -> None:
    assert engine(tmp_path / "absent").complete([]) == ()


def test_half_a_surrogate_pair_is_sent_as_one_other_character(tmp_path: Path) -> None:
    with answering(tmp_path / "s", always(chat())) as server:
        engine(tmp_path / "s").complete([replace(PROMPT, document="a\ud800b\x00c", system="")])
    assert server.asked[0]["messages"] == [{"role": "user", "content": "a?b\x00c\n\nWho?"}]


@pytest.mark.parametrize(
    "reply",
    [
        (200, chat(finish="abort")),
        (200, chat(finish=None)),
        (200, chat(finish=["stop"])),
        (200, chat(finish={"stop": 1})),
        (200, chat(text=None)),
        (200, chat(tokens=9)),
        (200, chat(tokens=-1)),
        (200, chat(tokens=True)),
        (200, b'{"choices": [], "usage": {}}'),
        (200, b'{"choices": [1], "usage": {}}'),
        (200, b"[]"),
        (200, b"not JSON"),
        (200, b"[" * 100_000),
        (200, b""),
        (200, b"\xff" * 2_000_000),
        (400, SECRET.encode()),
        (404, b"{}"),
        (500, SECRET.encode()),
    ],
)
def test_every_unusable_answer_is_refused_without_its_content(tmp_path: Path, reply: Reply) -> None:
    with (
        answering(tmp_path / "s", always(*reply)),
        pytest.raises(EngineRefused) as caught,
    ):
        engine(tmp_path / "s").complete([PROMPT])
    assert "Rosalind" not in caught.value.message + caught.value.remedy
    assert caught.value.remedy


def test_an_answer_cut_at_max_tokens_says_so(tmp_path: Path) -> None:
    with answering(tmp_path / "s", always(chat(finish="length", tokens=8))):
        (answer,) = engine(tmp_path / "s").complete([PROMPT])
    assert answer.finish is Finish.LENGTH


def test_no_engine_is_unavailable_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable) as caught:
        engine(tmp_path / "absent").complete([PROMPT])
    assert "engine status" in caught.value.remedy


def test_an_engine_that_goes_away_ends_the_batch_at_once(tmp_path: Path) -> None:
    def decide(path: str, body: dict[str, object]) -> Reply:
        messages = body["messages"]
        assert isinstance(messages, list)
        number = int(messages[-1]["content"].split()[-1])
        return (0, b"") if number == 3 else slowly((200, chat()), 90 if number > 3 else 0)

    begun = time.monotonic()
    with (
        answering(tmp_path / "s", decide) as server,
        pytest.raises(EngineUnavailable, match="went away") as caught,
    ):
        engine(tmp_path / "s", places=2).complete(
            [replace(PROMPT, question=str(n)) for n in range(50)]
        )
    assert time.monotonic() - begun < 60  # calls in flight were cut, the rest never sent
    assert len(server.asked) < 12
    assert "engine.log" in caught.value.remedy


def test_an_engine_that_does_not_answer_in_time_is_unavailable(tmp_path: Path) -> None:
    with (
        answering(tmp_path / "s", lambda path, body: slowly((200, chat()), 60)),
        pytest.raises(EngineUnavailable, match="in time"),
    ):
        engine(tmp_path / "s", seconds=1).complete([PROMPT])


def test_an_engine_that_trickles_is_out_of_time_as_well(tmp_path: Path) -> None:
    begun = time.monotonic()
    with trickling(tmp_path / "s"), pytest.raises(EngineUnavailable, match="in time"):
        engine(tmp_path / "s", seconds=1).complete([PROMPT])
    assert time.monotonic() - begun < 45  # a byte comes every tenth of a second, for a minute


def test_an_interrupt_ends_what_is_in_flight(tmp_path: Path) -> None:
    def interrupt(count: int) -> None:
        raise KeyboardInterrupt

    first = threading.Lock()

    def decide(path: str, body: dict[str, object]) -> Reply:
        return slowly((200, chat()), 0 if first.acquire(blocking=False) else 90)

    begun = time.monotonic()
    with answering(tmp_path / "s", decide), pytest.raises(KeyboardInterrupt):
        engine(tmp_path / "s").complete([PROMPT] * 30, interrupt)
    assert time.monotonic() - begun < 60


def test_whoever_waits_for_one_long_answer_can_end_it(tmp_path: Path) -> None:
    def interrupt(count: int) -> None:
        raise KeyboardInterrupt

    def decide(path: str, body: dict[str, object]) -> Reply:
        return slowly((200, chat()), 90)

    begun = time.monotonic()
    with answering(tmp_path / "s", decide), pytest.raises(KeyboardInterrupt):
        engine(tmp_path / "s").complete([PROMPT], interrupt)
    assert time.monotonic() - begun < 60


def test_tokens_and_context_are_asked_of_the_engine(tmp_path: Path) -> None:
    def decide(path: str, body: dict[str, object]) -> Reply:
        if path == "/tokenize":
            return 200, json.dumps({"count": len(str(body["prompt"])), "tokens": []}).encode()
        return 200, b'{"data": [{"id": "tiny", "max_model_len": 4096}]}'

    with answering(tmp_path / "s", decide) as server:
        asked = engine(tmp_path / "s")
        assert asked.count_tokens("four") == 4
        assert (asked.context_length, asked.context_length) == (4096, 4096)
        assert len(server.asked) == 2  # the context length is asked for once


def test_an_engine_with_another_model_is_refused(tmp_path: Path) -> None:
    with (
        answering(tmp_path / "s", always(b'{"data": [{"id": "other", "max_model_len": 1}]}')),
        pytest.raises(EngineRefused, match="does not serve tiny"),
    ):
        assert engine(tmp_path / "s").context_length


def test_a_salt_is_demanded(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, root=tmp_path)
    with pytest.raises(ValueError, match="salt"):
        VllmEngine(settings, "tiny", "")


def test_one_page_is_read_with_a_bound(tmp_path: Path) -> None:
    with answering(tmp_path / "s", always(b"x" * 10)):
        assert get(tmp_path / "s", "/metrics", 60) == (200, b"x" * 10)
    (tmp_path / "s").unlink()
    with (
        answering(tmp_path / "s", always(b"x" * ((1 << 20) + 1))),
        pytest.raises(EngineRefused, match="too large"),
    ):
        get(tmp_path / "s", "/metrics", 60)


def told(*tokens: object) -> bytes:
    answer = json.loads(chat("Rosalind"))
    answer["choices"][0]["logprobs"] = {"content": list(tokens)}
    return json.dumps(answer).encode()


def token(written: str, **likelihoods: float) -> dict[str, object]:
    top = [{"token": name, "logprob": value} for name, value in likelihoods.items()]
    return {"token": written, "logprob": likelihoods[written], "top_logprobs": top}


def test_the_margin_is_how_much_likelier_the_words_were_than_others(tmp_path: Path) -> None:
    reply = told(token("Ros", Ros=-0.5, It=-2.5), token("alind", alind=-1.5, e=-1.0))
    with answering(tmp_path / "s", always(reply)) as server:
        (answer,) = engine(tmp_path / "s").complete([replace(PROMPT, logprobs=True)])
    assert answer.margin == pytest.approx((2.0 - 0.5) / 2)
    (body,) = server.asked
    assert (body["logprobs"], body["top_logprobs"]) == (True, 2)


def test_without_being_asked_nothing_is_told_of_likelihoods(tmp_path: Path) -> None:
    with answering(tmp_path / "s", always(chat("Rosalind"))) as server:
        (answer,) = engine(tmp_path / "s").complete([PROMPT])
    assert answer.margin is None
    assert "logprobs" not in server.asked[0]


@pytest.mark.parametrize(
    "untrusted",
    [
        1,
        None,
        {},
        {"token": "a", "top_logprobs": [1, {"token": "b"}]},
        token("a", a=float("nan"), b=-1.0),
        token("a", a=-1.0, b=float("-inf")),
    ],
)
def test_likelihoods_that_are_none_are_left_out(tmp_path: Path, untrusted: object) -> None:
    with answering(tmp_path / "s", always(told(untrusted))):
        (answer,) = engine(tmp_path / "s").complete([replace(PROMPT, logprobs=True)])
    assert answer.margin is None


@pytest.mark.parametrize("untrusted", [5, True, "Rosalind", {"a": 1}])
def test_likelihoods_that_are_no_list_tell_nothing(tmp_path: Path, untrusted: object) -> None:
    answer = json.loads(chat("Rosalind"))
    answer["choices"][0]["logprobs"] = {"content": untrusted}
    with answering(tmp_path / "s", always(json.dumps(answer).encode())):
        (found,) = engine(tmp_path / "s").complete([replace(PROMPT, logprobs=True)])
    assert found.margin is None
