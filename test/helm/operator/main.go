// Reads objects of Kubernetes as the Prometheus operator does, which takes no field that it does not know, and prints
// the kind of each. Exits with 1 if one is wrong.
package main

import (
	"fmt"
	"os"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"sigs.k8s.io/yaml"
)

func main() {
	for _, path := range os.Args[1:] {
		kind, err := read(path)
		if err != nil {
			fmt.Fprintln(os.Stderr, path, err)
			os.Exit(1)
		}
		fmt.Println(kind)
	}
}

func read(path string) (string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	var object struct{ Kind string }
	if err := yaml.Unmarshal(text, &object); err != nil {
		return "", err
	}
	kinds := map[string]any{
		monitoring.ServiceMonitorsKind: &monitoring.ServiceMonitor{},
		monitoring.PrometheusRuleKind:  &monitoring.PrometheusRule{},
	}
	into, isKnown := kinds[object.Kind]
	if !isKnown {
		return "", fmt.Errorf("holds a %q", object.Kind)
	}
	return object.Kind, yaml.UnmarshalStrict(text, into)
}
