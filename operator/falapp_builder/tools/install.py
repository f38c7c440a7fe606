"""The command of a RUN in the build pod: `python3 /kaniko/falapp/install.py GROUP…`."""

from falapp_builder.install import step

if __name__ == "__main__":
    step.main()
