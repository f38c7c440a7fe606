"""The command of the init container: `python -m falapp_builder.source`."""

from falapp_builder.source import step

if __name__ == "__main__":
    step.main()
