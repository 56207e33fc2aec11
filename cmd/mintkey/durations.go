package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mintkey/configs"
)

// duration is the value of a flag. It reads what a setting reads, days among it, and a sign.
type duration struct {
	value time.Duration
	unit  time.Duration // of which it is a multiple
}

// addDurationFlag adds a flag with a duration of whole units.
func addDurationFlag(c *cobra.Command, name string, value, unit time.Duration, usage string) *time.Duration {
	d := &duration{value: value, unit: unit}
	c.Flags().Var(d, name, usage)
	return &d.value
}

// Type names the value in the help.
func (*duration) Type() string { return "duration" }

// String is what the help shows of the default.
func (d *duration) String() string {
	if d.value == 0 {
		return "" // which the help takes for none
	}
	return d.value.String()
}

// Set reads the value.
func (d *duration) Set(text string) (err error) {
	unsigned := strings.TrimPrefix(text, "-")
	if d.value, err = configs.ParseDuration(unsigned); err != nil {
		return err
	}
	if d.value%d.unit != 0 {
		return fmt.Errorf("%s is not a number of whole %ss", text, strings.TrimPrefix(span(d.unit), "1 "))
	}
	if unsigned != text {
		d.value = -d.value
	}
	return nil
}

// list is the value of a flag with words, which commas or blanks separate: both are in use where scopes are written.
type list struct {
	values []string
	given  bool
}

// addListFlag adds a flag with words; nil when it is not given. It may be spelt in another way, as it is elsewhere.
func addListFlag(c *cobra.Command, name, usage string, otherwise ...string) *[]string {
	l := &list{}
	c.Flags().Var(l, name, usage)
	for _, other := range otherwise {
		c.Flags().Var(l, other, "as --"+name)
		c.Flags().Lookup(other).Hidden = true
	}
	return &l.values
}

// Type names the value in the help.
func (*list) Type() string { return "strings" }

// String is what the help shows of the default.
func (l *list) String() string { return strings.Join(l.values, ",") }

// Set adds the words.
func (l *list) Set(text string) error {
	if !l.given {
		l.values, l.given = []string{}, true
	}
	l.values = append(l.values, strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })...)
	return nil
}
