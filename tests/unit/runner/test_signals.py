import multiprocessing
import os
import queue
import signal
import time

import pytest

from falapp_runner import signals


@pytest.fixture
def heard():
    before = {number: signal.getsignal(number) for number in signals.HEARD}
    numbers: queue.Queue[signal.Signals] = queue.Queue()
    listener = signals.Signals(numbers.put)
    listener.start()
    yield listener, numbers
    signal.set_wakeup_fd(-1)
    for number, handler in before.items():
        signal.signal(number, handler)
    listener.close()


@pytest.mark.parametrize("number", signals.HEARD)
def test_a_signal_is_heard(heard, number):
    os.kill(os.getpid(), number)
    assert heard[1].get(timeout=5) is number


def test_a_handler_of_the_apps_is_noticed_and_replaced(heard):
    listener, numbers = heard
    assert listener.arm()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    assert not listener.arm()
    os.kill(os.getpid(), signal.SIGTERM)
    assert numbers.get(timeout=5) is signal.SIGTERM


def test_the_descriptor_goes_back_to_whom_it_was_taken_from(heard):
    listener, numbers = heard
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    ours = signal.set_wakeup_fd(writer)
    with listener.first():
        os.kill(os.getpid(), signal.SIGTERM)
        assert numbers.get(timeout=5) is signal.SIGTERM
    assert signal.set_wakeup_fd(ours) == writer
    os.close(reader)
    os.close(writer)


def test_a_forked_process_that_is_terminated_leaves_its_parent_alone(heard):
    worker = multiprocessing.get_context("fork").Process(target=time.sleep, args=(30,))
    worker.start()
    worker.terminate()
    worker.join(5)
    assert worker.exitcode == -signal.SIGTERM
    assert heard[1].empty()
