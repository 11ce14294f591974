package serve

import (
	_ "embed"
	"encoding/json"
	"strings"

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
	all["components"].(object)["schemas"].(object)["Connection"] = connectionSchema()
	return json.Marshal(all)
}

// closed is an object that has these properties and no others.
func closed(properties object, required ...string) object {
	o := object{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		o["required"] = required
	}
	return o
}

// schemaOf is what a field of the record holds.
func schemaOf(f *schema.Field) object {
	of := func(kind string) object { return object{"type": "array", "items": object{"type": kind}} }
	s := object{"type": "string"}
	switch f.Type {
	case schema.Time:
		s["format"] = "date-time"
	case schema.Count:
		s["type"] = "integer"
	case schema.Seconds:
		s["type"] = "number"
	case schema.Truth:
		s["type"] = "boolean"
	case schema.Counts:
		s = of("integer")
	case schema.Spans:
		s = of("number")
	case schema.Texts:
		s = of("string")
	case schema.Objects:
		s = of("object")
	}
	s["description"] = f.Doc
	return s
}

// connectionSchema is that of the record.
func connectionSchema() object {
	top := closed(object{}, "type", "id", "orig_ip", "orig_port", "resp_ip", "resp_port")
	for _, f := range schema.Fields() {
		at, parts := top, strings.Split(f.Name, ".")
		for _, group := range parts[:len(parts)-1] {
			all := at["properties"].(object)
			if all[group] == nil {
				all[group] = closed(object{})
			}
			at = all[group].(object)
		}
		at["properties"].(object)[parts[len(parts)-1]] = schemaOf(&f)
	}
	top["properties"].(object)["raw"] = object{"type": "object", "description": "what the record holds where the field of that name tells another value, or none; for what reads records back"}
	return top
}
