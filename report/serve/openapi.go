package serve

import (
	_ "embed"
	"encoding/json"

	"tcpwatch/report/schema"
)

// The API is written down in openapi.json, to which a test holds what is answered; what a
// connection holds is put in from the table of fields, so that a new field needs no other place.

//go:embed openapi.json
var openAPIText []byte

type object = map[string]any

// openAPI is the file with the schema of a connection.
func openAPI() ([]byte, error) {
	var all object
	if err := json.Unmarshal(openAPIText, &all); err != nil {
		return nil, err
	}
	all["components"].(object)["schemas"].(object)["Connection"] = schema.Object()
	return json.Marshal(all)
}
