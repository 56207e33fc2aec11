package main

import (
	"cmp"
	"context"
	"strings"

	"mintkey/configs"
	"mintkey/passwords"
	"mintkey/policy"
)

// initPassword fills in the password of a new user, from the flag, a file or the terminal, and checks it.
func (p *program) initPassword(ctx context.Context, wanted *bootstrapRequest, file string) (err error) {
	switch {
	case wanted.password != "" && file != "":
		return usagef("--password and --password-file cannot be given together")
	case file != "":
		text, err := p.readFile(file)
		if err != nil {
			return err
		}
		p.noteOpenFile(file)
		if wanted.password = strings.TrimRight(string(text), "\r\n"); wanted.password == "" {
			return usagef("--password-file %s is empty", file)
		}
	case wanted.password == "":
		return nil
	default:
		if wanted.password, err = p.readPassword(ctx, wanted.password); err != nil {
			return err
		}
	}
	owner := policy.User{Email: wanted.email, Name: wanted.name}
	if err := cmp.Or(policy.CheckPassword(wanted.password), policy.CheckPasswordOf(owner, wanted.password),
		passwords.CheckCommon(wanted.password)); err != nil {
		return usagef("--password: %w", err)
	}
	return nil
}

// askAudience asks for the API that tokens will be for, where a person is there to answer and the settings do not say. It returns an empty
// text if there is no answer.
func (p *program) askAudience(ctx context.Context, config configs.Config) (string, error) {
	if _, ok := p.terminal(); !ok || p.output != outputTable || len(audiencesOf(config).APIs) > 0 {
		return "", nil
	}
	for {
		answer, err := p.askLine(ctx, "Audience of your API, such as https://api.example.com (empty: decide later)", "")
		if err != nil || answer == "" {
			return "", err
		}
		if err := configs.CheckAudience(answer); err != nil {
			p.sayf("%v\n", err)
			continue
		}
		return answer, nil
	}
}
