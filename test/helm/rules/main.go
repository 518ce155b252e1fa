// Reads files of rules as Prometheus itself does, and prints how many each group has. Exits with 1 if one is wrong.
package main

import (
	"fmt"
	"os"

	"github.com/prometheus/prometheus/model/rulefmt"
)

func main() {
	status := 0
	for _, path := range os.Args[1:] {
		groups, faults := rulefmt.ParseFile(path)
		for _, fault := range faults {
			fmt.Fprintln(os.Stderr, fault)
			status = 1
		}
		if groups == nil {
			continue
		}
		for _, group := range groups.Groups {
			fmt.Println(group.Name, len(group.Rules))
		}
	}
	os.Exit(status)
}
