"""Says things while it is imported; they must not end in the YAML."""

import fal

print("importing")


class Prints(fal.App):
    @fal.endpoint("/", health_check=fal.HealthCheck())
    def health(self) -> dict:
        return {}
