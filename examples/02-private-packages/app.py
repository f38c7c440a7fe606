"""Uses a package that is in a private git repository, and one of a private index."""

import fal


class Private(fal.App):
    def setup(self):
        # Imported here, so that this file can be read where the packages are not.
        import detector
        import features

        self.detect, self.prepare = detector.detect, features.prepare

    @fal.endpoint("/")
    def run(self, text: str) -> dict:
        return {"found": self.detect(self.prepare(text))}
