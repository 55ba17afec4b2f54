"""Ctrl-C and SIGTERM wait for the end of a step."""

import os
import signal
import threading

import pytest

from pyimagesearch import console

SIGNALS = (signal.SIGINT, signal.SIGTERM)


def work(signals: tuple[signal.Signals, ...], done: list[str], last: str = "third") -> None:
    with console.defer_interrupts() as stop_if_asked:
        done.append("first")
        stop_if_asked()
        for number in signals:
            os.kill(os.getpid(), number)
        done.append("second")
        if last == "second":
            return
        stop_if_asked()
        done.append("third")


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_ends_the_work_after_the_step(number: signal.Signals) -> None:
    before = [signal.getsignal(number) for number in SIGNALS]
    done: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        work((number,), done)
    assert done == ["first", "second"]
    assert [signal.getsignal(number) for number in SIGNALS] == before


def test_a_second_signal_ends_the_work_at_once() -> None:
    done: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        work((signal.SIGINT, signal.SIGINT), done)
    assert done == ["first"]


def test_a_signal_in_the_last_step_is_not_lost() -> None:
    done: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        work((signal.SIGTERM,), done, last="second")
    assert done == ["first", "second"]


def test_a_signal_that_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    done: list[str] = []
    try:
        work((signal.SIGINT,), done)
    finally:
        signal.signal(signal.SIGINT, before)
    assert done == ["first", "second", "third"]


def test_without_signals_and_in_another_thread_all_steps_are_done() -> None:
    done: list[str] = []
    work((), done)
    thread = threading.Thread(target=work, args=((), done))
    thread.start()
    thread.join()
    assert done == ["first", "second", "third"] * 2
