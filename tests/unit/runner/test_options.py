"""What a FalApp, a class or a function says about requests."""

import types

import fal
import pytest

from falapp_runner.serving import options
from tests.unit.runner import pair


class Says(fal.App, max_multiplexing=3):
    request_timeout = 12


class SaysNothing(fal.App):
    pass


@pytest.mark.parametrize(
    ("app", "environ", "expected"),
    [
        (SaysNothing, {}, (1, 3600.0, 100)),
        (Says, {}, (3, 12.0, 100)),
        (Says, {"FALAPP_MAX_MULTIPLEXING": "8"}, (8, 12.0, 100)),
        (Says, {"FALAPP_REQUEST_TIMEOUT": "0"}, (3, None, 100)),
        (Says, {"FALAPP_REQUEST_TIMEOUT": "1.5", "FALAPP_MAX_QUEUED": "0"}, (3, 1.5, 0)),
    ],
)
def test_options(app, environ, expected):
    given = options.of(app, environ)
    assert (given.max_multiplexing, given.request_timeout, given.max_queued) == expected


@pytest.mark.parametrize(
    "environ",
    [
        {"FALAPP_MAX_MULTIPLEXING": "0"},
        {"FALAPP_MAX_MULTIPLEXING": "many"},
        {"FALAPP_REQUEST_TIMEOUT": "-1"},
        {"FALAPP_MAX_QUEUED": "inf"},
    ],
)
def test_options_that_make_no_sense(environ):
    with pytest.raises(options.OptionError, match=next(iter(environ))):
        options.of(SaysNothing, environ)


def test_a_function_says_its_options():
    given = options.of(pair.load("serves_function.py").greet, {})
    assert (given.max_multiplexing, given.request_timeout) == (3, 9.0)


def test_a_function_without_a_name_of_its_own_has_that_of_what_it_wraps():
    wrapper = types.SimpleNamespace(raw_func=test_options)
    assert options.name(wrapper) == "test_options"
    assert options.name(Says) == "Says"
