// SPDX-License-Identifier: GPL-2.0-only OR MIT

// reads GOROUTINES READS: so many goroutines make so many reads each from crypto/rand.
package main

import (
	"crypto/rand"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
)

const readLen = 16

type draw [readLen]byte

func die(format string, arguments ...any) {
	fmt.Printf(format+"\n", arguments...)
	os.Exit(1)
}

func number(text string) int {
	value, err := strconv.Atoi(text)
	if err != nil || value <= 0 {
		die("%s: not a positive number", text)
	}
	return value
}

func main() {
	if len(os.Args) != 3 {
		die("usage: reads GOROUTINES READS")
	}
	goroutines, reads := number(os.Args[1]), number(os.Args[2])

	draws := make([]draw, goroutines*reads)
	var running sync.WaitGroup
	for first := 0; first < len(draws); first += reads {
		running.Add(1)
		go func(own []draw) {
			defer running.Done()
			for i := range own {
				if _, err := rand.Read(own[i][:]); err != nil {
					die("a read was refused: %v", err)
				}
			}
		}(draws[first : first+reads])
	}
	running.Wait()

	seen := make(map[draw]bool, len(draws))
	for _, read := range draws {
		if seen[read] || read == (draw{}) {
			die("a read came twice, or nothing was read")
		}
		seen[read] = true
	}
	fmt.Printf("%d reads from %d goroutines, %s\n", len(draws), goroutines, runtime.Version())
}
