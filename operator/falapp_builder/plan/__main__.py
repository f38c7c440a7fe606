"""The command of the build pod's plan step: `python -m falapp_builder.plan`."""

from falapp_builder.plan import step

if __name__ == "__main__":
    step.main()
