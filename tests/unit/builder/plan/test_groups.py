"""The rule that cuts environments into layers, on environments that nobody thought of."""

from hypothesis import given
from hypothesis import strategies as st

from falapp_builder.plan import groups
from falapp_builder.plan.groups import Cut
from falapp_builder.plan.wheels import Choice
from tests.unit.builder.made import choice, source

SIZES = st.sampled_from([0.0, 0.5, 7.9, 8.0, 63.0, 64.0, 200.0, 700.0, 900.0, 1100.0])
WORDS = st.text("abcdefg", min_size=1, max_size=2)
NAMES = st.one_of(WORDS, st.builds("{}-{}".format, WORDS, WORDS))
WHEELS = st.builds(choice, NAMES, SIZES)
TORCH = st.lists(
    st.builds(choice, st.builds("nvidia-{}".format, WORDS), SIZES), unique_by=lambda c: c.name
).map(lambda found: [*found, choice("torch", 760), choice("triton", 240)])
OTHERS = st.lists(
    st.one_of(WHEELS, st.builds(source, NAMES)), max_size=25, unique_by=lambda c: c.name
)


def names(cuts: tuple[Cut, ...]) -> list[list[str]]:
    return [[c.name for c in cut.choices] for cut in cuts]


@given(OTHERS, TORCH, st.randoms(use_true_random=False))
def test_every_package_is_in_one_group_whatever_the_order(
    others: list[Choice], torch: list[Choice], random: object
) -> None:
    choices = [*others, *torch]
    cuts = groups.cut(choices)
    random.shuffle(choices)  # type: ignore[attr-defined]
    assert groups.cut(choices) == cuts
    found = [name for group in names(cuts) for name in group]
    assert sorted(found) == sorted(c.name for c in choices)
    kinds = [cut.kind for cut in cuts]
    assert kinds[0] == "venv"
    assert kinds.count("wheels") <= groups.MOST
    assert kinds[1:] == ["wheels"] * kinds.count("wheels") + ["sources"] * kinds.count("sources")
    assert all(cut.choices for cut in cuts[1:])
    built = {c.name for cut in cuts if cut.kind == "sources" for c in cut.choices}
    assert built == {c.name for c in choices if c.built}


@given(OTHERS, OTHERS, TORCH)
def test_environments_with_the_same_torch_have_its_layers_in_common(
    one: list[Choice], other: list[Choice], torch: list[Choice]
) -> None:
    def big(others: list[Choice]) -> list[list[str]]:
        found = names(groups.cut([*others, *torch]))
        large = {c.name for c in torch if c.file and (c.file.size or 0) >= 64 << 20}
        return [group for group in found if large & set(group)]

    assert big(one) == big(other)


def test_a_real_environment() -> None:
    sizes = {
        "torch": 768,
        "triton": 240,
        "nvidia-cublas-cu12": 363,
        "nvidia-cudnn-cu12": 664,
        "nvidia-cusparse-cu12": 207,
        "nvidia-nccl-cu12": 188,
        "nvidia-nvtx-cu12": 0.1,
        "scipy": 40,
        "numpy": 17,
        "idna": 0.1,
        "xgboost": 70,
        "click": 0.1,
    }
    cuts = groups.cut([source("pycocotools"), *(choice(*entry) for entry in sizes.items())])
    assert names(cuts) == [
        [],
        ["nvidia-cublas-cu12"],
        ["nvidia-cudnn-cu12", "nvidia-cusparse-cu12"],
        ["nvidia-nccl-cu12"],
        ["torch"],
        ["triton"],
        ["xgboost"],
        ["numpy", "scipy"],
        ["click", "idna", "nvidia-nvtx-cu12"],
        ["pycocotools"],
    ]


def test_the_smallest_large_ones_are_put_together() -> None:
    sizes = {"a": 100, "b": 700, "c": 65, "d": 600, "e": 500, "f": 400, "g": 300, "h": 200}
    cuts = groups.cut(choice(*entry) for entry in sizes.items())
    assert names(cuts) == [[], ["a", "c", "h"], ["b"], ["d"], ["e"], ["f"], ["g"]]


def test_nothing_asked_for() -> None:
    assert names(groups.cut([])) == [[]]
