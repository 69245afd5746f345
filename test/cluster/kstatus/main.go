// Prints what kstatus, and so Flux, says of each object of the JSON list on standard input, one per line.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"os"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func main() {
	var objects []json.RawMessage
	if err := json.NewDecoder(os.Stdin).Decode(&objects); err != nil {
		log.Fatal(err)
	}
	for _, object := range objects {
		var resource unstructured.Unstructured
		if err := resource.UnmarshalJSON(object); err != nil {
			log.Fatal(err)
		}
		result, err := status.Compute(&resource)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(result.Status)
	}
}
