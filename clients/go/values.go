package latchkey

import (
	"bytes"
	"encoding/json"
)

// Ptr returns a pointer to a value, for fields that may be absent.
func Ptr[T any](value T) *T {
	return &value
}

// Nullable is a field that may be set to a value or to null, which takes the value away. A nil *Nullable leaves the field out, so
// that a change leaves it as it is.
type Nullable[T any] struct {
	value  T
	isNull bool
}

// Set makes a field that is sent with a value.
func Set[T any](value T) *Nullable[T] {
	return &Nullable[T]{value: value}
}

// Null makes a field that is sent as null.
func Null[T any]() *Nullable[T] {
	return &Nullable[T]{isNull: true}
}

// Get returns the value, and false for null.
func (n *Nullable[T]) Get() (T, bool) {
	return n.value, !n.isNull
}

// MarshalJSON writes the value, or null.
func (n *Nullable[T]) MarshalJSON() ([]byte, error) {
	if n.isNull {
		return []byte("null"), nil
	}
	return json.Marshal(n.value)
}

// UnmarshalJSON reads a value, or null.
func (n *Nullable[T]) UnmarshalJSON(text []byte) error {
	n.isNull = bytes.Equal(text, []byte("null"))
	if n.isNull {
		return nil
	}
	return json.Unmarshal(text, &n.value)
}

// Cost is how many units a call draws: so many of each limit that applies, or of the limits that are named.
type Cost struct {
	units  int64
	byName map[string]int64
}

// Units is a cost of so many units of each limit that applies. 0 looks without drawing.
func Units(units int64) *Cost {
	return &Cost{units: units}
}

// UnitsOf is a cost by the names of limits. Limits that it does not name take their default; names that no limit has are ignored.
func UnitsOf(byName map[string]int64) *Cost {
	own := make(map[string]int64, len(byName))
	for name, units := range byName {
		own[name] = units
	}
	return &Cost{byName: own}
}

// of returns the cost of a limit.
func (c *Cost) of(name string, byDefault int64) int64 {
	if c == nil {
		return byDefault
	}
	if c.byName == nil {
		return c.units
	}
	if units, ok := c.byName[name]; ok {
		return units
	}
	return byDefault
}

func (c *Cost) isNothing() bool {
	for _, units := range c.byName {
		if units != 0 {
			return false
		}
	}
	return c.units == 0
}

const maxUnits = 1_000_000_000_000

func (c *Cost) fault() *Error {
	if c == nil {
		return nil
	}
	message := "Must be a whole number of units, from 0 to 1000000000000."
	if c.units < 0 || c.units > maxUnits {
		return invalidInput("cost", message)
	}
	for name, units := range c.byName {
		if !isLimitName(name) {
			return invalidInput("cost", "Must have names of limits, such as credits.")
		}
		if units < 0 || units > maxUnits {
			return invalidInput("cost."+name, message)
		}
	}
	return nil
}

// isLimitName tells whether a text matches [a-z][a-z0-9_]{0,31}.
func isLimitName(name string) bool {
	if name == "" || len(name) > 32 || name[0] < 'a' || name[0] > 'z' {
		return false
	}
	for i := 1; i < len(name); i++ {
		if c := name[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' {
			return false
		}
	}
	return true
}

// MarshalJSON writes a number, or an object.
func (c *Cost) MarshalJSON() ([]byte, error) {
	if c.byName != nil {
		return json.Marshal(c.byName)
	}
	return json.Marshal(c.units)
}

// UnmarshalJSON reads a number, or an object.
func (c *Cost) UnmarshalJSON(text []byte) error {
	if bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) {
		return json.Unmarshal(text, &c.byName)
	}
	return json.Unmarshal(text, &c.units)
}
