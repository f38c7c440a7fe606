"""What runs in a build pod, by what runs where.

| package | what it is | where it runs |
| --- | --- | --- |
| `resolve`, `install` | two of the steps | under the base image's Python: standard library only |
| `plan`, `publish` | the two others | in the builder's image; they alone talk to registries |
| `programs` | uv, pip and git | with `resolve` and `install`: standard library only |
| `network` | registries | with `plan` and `publish` |
| `pod` | what all steps share | everywhere: standard library only |

A step knows no other step: they hand on files, which `pod` writes and reads. `tools` is no package:
it holds the commands that the tools' container puts beside this package.
"""
