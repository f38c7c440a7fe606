"""An API server of our own, and a proxy in front of it that makes trouble.

The control plane is etcd, kube-apiserver and kube-controller-manager as plain processes on the
loopback interface; there is no node. `kubelet` plays the nodes, `registry` is the registry, and
operators are processes of `python -m falapp_operator` that are ended at will.
"""
