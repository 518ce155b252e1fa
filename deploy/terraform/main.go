// Command terraform-provider-latchkey is what Terraform starts to speak to a Latchkey server.
package main

import (
	"context"
	"flag"
	"log"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/latchkey-dev/latchkey/deploy/terraform/internal/provider"
)

func main() {
	isDebug := flag.Bool("debug", false, "wait for a debugger; Terraform finds the provider by TF_REATTACH_PROVIDERS")
	flag.Parse()
	options := providerserver.ServeOpts{Address: "registry.terraform.io/latchkey-dev/latchkey", Debug: *isDebug}
	if err := providerserver.Serve(context.Background(), provider.New, options); err != nil {
		log.Fatal(err)
	}
}
