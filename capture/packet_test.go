package capture

import (
	"reflect"
	"testing"
)

// Set forgets no field: one that somebody adds fails here.
func TestPacketSet(t *testing.T) {
	var from, to Packet
	v := reflect.ValueOf(&from).Elem()
	for i := range v.NumField() {
		switch f := v.Field(i); f.Kind() {
		case reflect.Slice:
			f.SetBytes([]byte("data"))
		case reflect.Uint64, reflect.Uint32, reflect.Uint16, reflect.Uint8:
			f.SetUint(uint64(i) + 1)
		case reflect.Bool:
			f.SetBool(true)
		default:
			f.SetInt(int64(i) + 1)
		}
	}
	if to.Set(&from); !reflect.DeepEqual(from, to) {
		t.Errorf("%+v, want %+v", to, from)
	}
}
