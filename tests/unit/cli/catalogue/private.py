import fal


class Private(fal.App):
    requirements = [
        "git+https://${GH_TOKEN}@git.example/team/private.git@v2",
        "--extra-index-url=https://ci:${INDEX_PASSWORD}@packages.example/simple",
    ]
