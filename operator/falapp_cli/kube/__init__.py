"""The cluster: the only code of the command line that talks to one."""
