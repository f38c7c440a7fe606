"""The command of the build pod's publish step: `python -m falapp_builder.publish`."""

from falapp_builder.publish import step

if __name__ == "__main__":
    step.main()
