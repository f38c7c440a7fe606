import asyncio
import importlib.util
import threading

import pytest

from falapp_runner import where

CODE = """\
import asyncio


def waits(event):
    inner(event)


def inner(event):
    event.wait()


async def awaits(event):
    await deeper(event)


async def deeper(event):
    await event.wait()
"""


@pytest.fixture
def app(tmp_path):
    file = tmp_path / "app.py"
    file.write_text(CODE)
    spec = importlib.util.spec_from_file_location("where_app", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_thread_in_the_apps_code_is_found(app, tmp_path):
    event = threading.Event()
    thread = threading.Thread(target=app.waits, args=[event])
    thread.start()
    try:
        lines = where.find(str(tmp_path)).splitlines()
    finally:
        event.set()
        thread.join()
    assert lines[0].endswith("in waits")
    assert "    event.wait()" in lines


async def test_a_coroutine_that_waits_is_found(app, tmp_path):
    event = asyncio.Event()
    task = asyncio.create_task(app.awaits(event))
    await asyncio.sleep(0)
    lines = (await asyncio.to_thread(where.find, str(tmp_path))).splitlines()
    event.set()
    await task
    assert lines[0].endswith("in awaits")
    assert lines[2].endswith("in deeper")
    assert lines[3] == "    await event.wait()"


def test_with_no_code_of_the_app_it_is_the_main_thread(tmp_path):
    assert "test_where.py" in where.find(str(tmp_path))
