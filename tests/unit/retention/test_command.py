import pytest

from falapp_operator.retention import __main__ as command

ARGUMENTS = ["--repository=r.example/e", "--namespace=builds", "--config-map=x"]


@pytest.mark.parametrize(("after", "seconds"), [("720h", 2592000), ("1s", 1), ("1h30m", 5400)])
def test_a_duration_is_read_as_everywhere(after, seconds):
    assert command._read([*ARGUMENTS, f"--after={after}"]).after == seconds


@pytest.mark.parametrize("after", ["", "0s", "30d", "1.5h"])
def test_what_is_no_duration_is_named(capsys, after):
    with pytest.raises(SystemExit):
        command._read([*ARGUMENTS, f"--after={after}"])
    assert "write 720h" in capsys.readouterr().err


def test_a_repository_that_cannot_be_ends_with_a_sentence():
    wrong = ["--repository=https://r.example/e", *ARGUMENTS[1:], "--after=1s"]
    with pytest.raises(SystemExit) as caught:
        command.main(wrong)
    assert str(caught.value.code).startswith("falapp-retention: 'https://r.example/e' names no")
