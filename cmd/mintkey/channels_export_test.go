package main

import (
	"context"
	"time"

	"mintkey/configs"
	"mintkey/notify"
	"mintkey/policy"
)

// Channels are channels whose secrets can be replaced.
type Channels struct {
	all      []*replaceable
	secret   string
	problems []error
}

// NewChannels returns channels with these names.
func NewChannels(names ...string) *Channels {
	c := &Channels{}
	for i, name := range names {
		c.all = append(c.all, &replaceable{setUp: func(configs.Config) (notify.Channel, error) {
			if c.problems != nil && c.problems[i] != nil {
				return nil, c.problems[i]
			}
			return silent(name + " " + c.secret), nil
		}})
	}
	return c
}

// Replace gives all of them the secret, as a reload does. A problem of a channel is why it can't use it.
func (c *Channels) Replace(secret string, problems []error) error {
	c.secret, c.problems = secret, problems
	return replaceAll(c.all, configs.Config{})
}

// InUse is the name and the secret of each.
func (c *Channels) InUse() (inUse []string) {
	for _, channel := range c.all {
		inUse = append(inUse, channel.Name())
	}
	return inUse
}

// silent is a channel that tells nobody anything.
type silent string

func (s silent) Name() string { return string(s) }

func (silent) Deliver(context.Context, policy.Event, notify.SubjectFunc, time.Time) error { return nil }
