PYTHON = "cp311"


def wheel_for(torch: str) -> str:
    name = f"flash_attn-2.7.4+cu124torch{torch}-{PYTHON}-{PYTHON}-linux_x86_64.whl"
    return f"flash-attn@https://wheels.example/{name}"
