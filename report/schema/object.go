package schema

import "strings"

// Object is the JSON Schema of a connection's line.
func Object() map[string]any {
	top, raw := closed("type", "id", "orig_ip", "orig_port", "resp_ip", "resp_port"), closed()
	for _, f := range Fields() {
		f.describe(top, f.Doc, "date-time")
		if f.source.at != nil || f.source.raw != nil {
			f.describe(raw, "what the record holds where "+f.Name+" tells another value, or none", "")
		}
	}
	all := top["properties"].(map[string]any)
	all[strings.TrimSuffix(rawGroup, ".")] = raw
	all["transitions"] = map[string]any{"type": "array", "items": map[string]any{"type": "object"}, "description": "with --transitions: every edge"}
	return top
}

// closed is the schema of an object without properties, which has no others.
func closed(required ...string) map[string]any {
	o := map[string]any{"type": "object", "properties": map[string]any{}, "additionalProperties": false}
	if len(required) > 0 {
		o["required"] = required
	}
	return o
}

// describe puts the field into the schema of an object; a time without a form is nanoseconds since 1970.
func (f *Field) describe(top map[string]any, words, form string) {
	at := top["properties"].(map[string]any)
	for _, group := range f.groups() {
		if at[group] == nil {
			at[group] = closed()
		}
		at = at[group].(map[string]any)["properties"].(map[string]any)
	}
	one := map[string]any{"type": "string"}
	switch f.Type {
	case Time:
		if one["format"] = form; form == "" {
			one = map[string]any{"type": "integer"}
		}
	case Count, Counts:
		one["type"] = "integer"
	case Seconds, Spans:
		one["type"] = "number"
	case Truth:
		one["type"] = "boolean"
	case Objects:
		one["type"] = "object"
	}
	switch f.Type {
	case Counts, Spans, Texts, Objects:
		one = map[string]any{"type": "array", "items": one}
	}
	one["description"] = words
	at[f.leaf()] = one
}
