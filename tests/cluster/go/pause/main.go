// The program of a pod's first container: it holds the namespaces and waits.
// Kubernetes' own is written in C; this one needs no C compiler, and far less
// memory in each pod than another copy of the all-in-one binary would.
package main

import (
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGINT, syscall.SIGTERM)
	<-ended
}
