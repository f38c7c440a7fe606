"""Profile: what the packages of an environment are chosen for, beside the Python version."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from falapp_operator.api import model

_INDEX = r"https?://[A-Za-z0-9]([A-Za-z0-9._:-]*[A-Za-z0-9])?(/[A-Za-z0-9._~%+/-]*)?"

IndexAddress = Annotated[str, Field(max_length=1024, pattern=f"^{_INDEX}$")]
"""The URL of a package index: without a login, a query, or a variable."""

OptionalIndexAddress = Annotated[str, Field(max_length=1024, pattern=f"^({_INDEX})?$")]
"""The same, or nothing."""

CudaVersion = Annotated[str, Field(max_length=5, pattern=r"^[1-9][0-9]?\.[0-9]{1,2}$")]
"""A version of CUDA, as 12.8."""


class Profile(model.Model):
    """What packages are for; it is part of an environment's key."""

    model_config = ConfigDict(
        json_schema_extra={
            "cel": [
                model.cel(
                    "has(self.cudaVersion) == (self.accelerator == 'cuda')",
                    "cudaVersion belongs to accelerator cuda, which needs one",
                )
            ]
        }
    )

    accelerator: Literal["cpu", "cuda"]
    """What packages compute on: cpu, or cuda for NVIDIA's GPUs."""
    cuda_version: CudaVersion | None = None
    """The version of CUDA that packages are to be built for, as 12.8."""
    pytorch_index: IndexAddress | None = None
    """The package index that torch and its family come from, where an app names none."""

    def __str__(self) -> str:
        """Return the profile in a few words."""
        parts = (self.accelerator, self.cuda_version, self.pytorch_index)
        return " ".join(part for part in parts if part)

    def below(self, root: str) -> "Profile":
        """Return the profile with its index, where it has none, in the folder that PyTorch uses."""
        if self.pytorch_index or not root:
            return self
        return self.model_copy(update={"pytorch_index": f"{root.rstrip('/')}/{self._folder}"})

    @property
    def _folder(self) -> str:
        return f"cu{self.cuda_version.replace('.', '')}" if self.cuda_version else "cpu"
