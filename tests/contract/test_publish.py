"""What `make images` prints is what the chart wants."""

from tests.cluster import publish
from tests.contract.test_chart import load, one


def test_the_chart_takes_the_images_that_were_pushed(render, tmp_path):
    bases = {"3.11": "r.example/python:3.11", "3.13": "r.example/python:3.13"}
    names = [repository for _, repository, _ in publish.own(bases)]
    pushed = {name: f"r.example/{name}@sha256:{name}" for name in names}
    objects = render("minimal", *publish.flags(pushed, bases))
    (container,) = one(objects, "Deployment")["spec"]["template"]["spec"]["containers"]
    assert container["image"] == pushed.pop("operator")
    loaded = load(objects, tmp_path)
    assert loaded.builds.builder_image == pushed.pop("builder")
    assert {m: p.base_image for m, p in loaded.pythons.items()} == bases
    assert sorted(p.runtime_image for p in loaded.pythons.values()) == sorted(pushed.values())
