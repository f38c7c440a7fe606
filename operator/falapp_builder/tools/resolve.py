"""The command of the build pod's resolve step: `python3 /kaniko/falapp/resolve.py`.

It stands beside the package falapp_builder there, so Python finds the package without a PYTHONPATH,
which every child process would inherit.
"""

from falapp_builder.resolve import step

if __name__ == "__main__":
    step.main()
