try:
    import no_such_accelerator
except ImportError:
    no_such_accelerator = None

FAST = no_such_accelerator is not None
