"""Learns in setup() which of two spirals a point is on, and says so for points you send."""

import time

import fal
import humanize
import numpy as np
from pydantic import BaseModel, Field

STEPS = 400
TURNS = 2.5


class Point(BaseModel):
    x: float = Field(description="from -1 to 1", ge=-1, le=1)
    y: float = Field(description="from -1 to 1", ge=-1, le=1)


class Answer(BaseModel):
    spiral: str
    certainty: float
    learned: str
    packages: dict[str, str]


class Hello(fal.App):
    def setup(self):
        began = time.monotonic()
        random = np.random.default_rng(seed=7)
        angle = random.uniform(0.5, TURNS * 2 * np.pi, size=(1500, 1))
        spiral = angle / angle.max() * np.hstack([np.cos(angle), np.sin(angle)])
        points = np.vstack([spiral, -spiral])
        first = np.repeat([1.0, 0.0], len(spiral))

        # a logistic regression on random waves: it sees a curve where each point is two numbers
        self.waves = random.normal(scale=5, size=(2, 500))
        self.weights = np.zeros(1000)
        features = self.features(points)
        for step in range(STEPS + 1):
            guess = 1 / (1 + np.exp(-features @ self.weights))
            self.weights += features.T @ (first - guess) / len(points)
            if step % 100 == 0:
                right = np.mean((guess > 0.5) == (first > 0.5))
                print(f"step {step} of {STEPS}: {right:.1%} of the points are on the right spiral")
        self.seconds = time.monotonic() - began

    def features(self, points):
        angles = points @ self.waves
        return np.hstack([np.cos(angles), np.sin(angles)])

    @fal.endpoint("/")
    def tell(self, point: Point) -> Answer:
        [first] = 1 / (1 + np.exp(-self.features(np.array([[point.x, point.y]])) @ self.weights))
        return Answer(
            spiral="first" if first > 0.5 else "second",
            certainty=round(float(max(first, 1 - first)), 3),
            learned=f"{humanize.intcomma(STEPS)} steps in {humanize.precisedelta(self.seconds)}",
            packages={"numpy": np.__version__, "humanize": humanize.__version__},
        )
