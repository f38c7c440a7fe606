"""The command of a RUN in the build pod: `python3 /kaniko/falapp/install.py GROUP…`."""

from falapp_builder import install

if __name__ == "__main__":
    install.main()
