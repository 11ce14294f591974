package report

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"tcpwatch/internal/recordtest"
	"tcpwatch/report/schema"
)

// schemaOf is the JSON Schema of what encoding/json writes of a type.
func schemaOf(t reflect.Type) map[string]any {
	switch t {
	case reflect.TypeFor[moment]():
		return map[string]any{"type": "string", "format": "date-time"}
	case reflect.TypeFor[seconds]():
		return map[string]any{"type": "number"}
	case reflect.TypeFor[counts]():
		return map[string]any{"type": "object", "additionalProperties": map[string]any{"type": "integer"}}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return schemaOf(t.Elem())
	case reflect.Slice:
		return map[string]any{"type": "array", "items": schemaOf(t.Elem())}
	case reflect.Map:
		return map[string]any{"type": "object", "additionalProperties": schemaOf(t.Elem())}
	case reflect.String:
		return map[string]any{"type": "string"}
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Struct:
		properties, required := map[string]any{}, []string{}
		for i := range t.NumField() {
			name, omits, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
			properties[name] = schemaOf(t.Field(i).Type)
			if omits == "" {
				required = append(required, name)
			}
		}
		return map[string]any{"type": "object", "properties": properties, "required": required, "additionalProperties": false}
	}
	return map[string]any{"type": "integer"}
}

// docs/record.schema.json describes the lines of -o jsonl: it is made of the table of fields, and of
// the lines' own types.
func TestRecordSchemaIsCurrent(t *testing.T) {
	finding, stats := schemaOf(reflect.TypeFor[findingLine]()), schemaOf(reflect.TypeFor[statsLine]())
	for name, line := range map[string]map[string]any{"finding": finding, "stats": stats} {
		all := line["properties"].(map[string]any)
		all["type"] = map[string]any{"const": name}
		all["state"] = map[string]any{"enum": []string{"open", "resolved"}}
		all["at"] = map[string]any{"type": "string", "format": "date-time"}
	}
	finding["properties"].(map[string]any)["resolved_at"] = map[string]any{"type": "string", "format": "date-time"}
	conn := schema.Object()
	conn["properties"].(map[string]any)["type"] = map[string]any{"const": "conn"}
	b, err := json.MarshalIndent(map[string]any{
		"$schema":     "https://json-schema.org/draft/2020-12/schema",
		"title":       "A line of tcpwatch -o jsonl",
		"description": "Schema 1, as this version writes it: later ones may add properties.",
		"oneOf":       []any{map[string]any{"$ref": "#/$defs/conn"}, map[string]any{"$ref": "#/$defs/finding"}, map[string]any{"$ref": "#/$defs/stats"}},
		"$defs":       map[string]any{"conn": conn, "finding": finding, "stats": stats},
	}, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	recordtest.Golden(t, "../docs/record.schema.json", string(b)+"\n", *update)
}
