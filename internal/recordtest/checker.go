package recordtest

import (
	"fmt"
	"path"
	"slices"
	"time"
)

// Checker checks values against JSON Schemas, as far as those of the project use that.
type Checker struct {
	Schemas map[string]any // by name, for references to #/components/schemas/NAME or #/$defs/NAME
	Wrong   []string       // what it found
}

// Check checks what stands at a place.
func (c *Checker) Check(at string, s map[string]any, v any) {
	fail := func(format string, a ...any) { c.Wrong = append(c.Wrong, at+": "+fmt.Sprintf(format, a...)) }
	if r, ok := s["$ref"].(string); ok {
		s, ok = c.Schemas[path.Base(r)].(map[string]any)
		if !ok {
			fail("no schema %s", r)
			return
		}
	}
	if want, ok := s["const"]; ok && v != want {
		fail("%v, want %v", v, want)
	}
	if of, ok := s["enum"].([]any); ok && !slices.Contains(of, v) {
		fail("%v is none of %v", v, of)
	}
	switch s["type"] {
	case "string":
		x, ok := v.(string)
		if !ok {
			fail("%v is no text", v)
		} else if s["format"] == "date-time" {
			if _, err := time.Parse(time.RFC3339Nano, x); err != nil {
				fail("%v", err)
			}
		}
	case "integer":
		if x, ok := v.(float64); !ok || x != float64(int64(x)) && x < 1e18 {
			fail("%v is no whole number", v)
		}
	case "number":
		if _, ok := v.(float64); !ok {
			fail("%v is no number", v)
		}
	case "boolean":
		if _, ok := v.(bool); !ok {
			fail("%v is neither true nor false", v)
		}
	case "array":
		all, ok := v.([]any)
		if !ok {
			fail("%v is no list", v)
		}
		for i, x := range all {
			c.Check(fmt.Sprintf("%s[%d]", at, i), s["items"].(map[string]any), x)
		}
	case "object":
		all, ok := v.(map[string]any)
		if !ok {
			fail("%v is no object", v)
			return
		}
		properties, _ := s["properties"].(map[string]any)
		for name, x := range all {
			if p, ok := properties[name].(map[string]any); ok {
				c.Check(at+"."+name, p, x)
			} else if p, ok := s["additionalProperties"].(map[string]any); ok {
				c.Check(at+"."+name, p, x)
			} else if s["additionalProperties"] == false {
				fail("%s is not described", name)
			}
		}
		required, _ := s["required"].([]any)
		for _, name := range required {
			if _, ok := all[name.(string)]; !ok {
				fail("%s is missing", name)
			}
		}
	}
}
