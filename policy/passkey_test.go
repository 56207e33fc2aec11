package policy_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mintkey/policy"
)

func passkeyUser(t *testing.T, ids ...string) policy.User {
	t.Helper()
	u := policy.User{ID: "ada", Kind: policy.KindPerson}
	for _, id := range ids {
		var err error
		if u, err = u.WithPasskey(policy.Passkey{ID: id, Name: "Phone " + id}); err != nil {
			t.Fatal(err)
		}
	}
	return u
}

func TestPasskeysOfAUser(t *testing.T) {
	u := passkeyUser(t, "a", "b")
	for name, test := range map[string]struct {
		user policy.User
		add  policy.Passkey
		want error
	}{
		"again":    {u, policy.Passkey{ID: "a", Name: "x"}, policy.ErrPasskeyExists},
		"no name":  {u, policy.Passkey{ID: "c"}, policy.ErrInvalidName},
		"a robot":  {policy.User{Kind: policy.KindService}, policy.Passkey{ID: "c", Name: "x"}, policy.ErrServiceUser},
		"disabled": {policy.User{Disabled: true}, policy.Passkey{ID: "c", Name: "x"}, policy.ErrUserDisabled},
	} {
		if _, err := test.user.WithPasskey(test.add); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
	}
	for i := len(u.Passkeys); i < policy.MaxPasskeys; i++ {
		u = must(u.WithPasskey(policy.Passkey{ID: fmt.Sprint(i), Name: "x"}))(t)
	}
	if _, err := u.WithPasskey(policy.Passkey{ID: "more", Name: "x"}); !errors.Is(err, policy.ErrTooManyPasskeys) {
		t.Errorf("one too many: %v", err)
	}
}

func TestRecoveryCodesGoWithTheLastPasskey(t *testing.T) {
	if _, err := passkeyUser(t).WithRecoveryCodes([]string{"x"}); !errors.Is(err, policy.ErrNoPasskey) {
		t.Errorf("codes without a passkey: %v", err)
	}
	u := must(passkeyUser(t, "a", "b").WithRecoveryCodes([]string{"x", "y"}))(t)
	u = must(u.WithoutPasskey("a"))(t)
	if len(u.RecoveryCodes) != 2 || !u.HasSecondFactor() {
		t.Errorf("one passkey is left, and %v", u)
	}
	if _, err := u.WithoutPasskey("a"); !errors.Is(err, policy.ErrPasskeyNotFound) {
		t.Errorf("removed twice: %v", err)
	}
	u = must(u.WithoutPasskey("b"))(t)
	if diff := cmp.Diff(passkeyUser(t), u); diff != "" {
		t.Error(diff)
	}
}

func TestRecoveryCodesWorkOnce(t *testing.T) {
	before := must(passkeyUser(t, "a").WithRecoveryCodes([]string{"x", "y"}))(t)
	u := must(before.RecoveryCodeUsed("x"))(t)
	if diff := cmp.Diff([]string{"y"}, u.RecoveryCodes); diff != "" {
		t.Error(diff)
	}
	if len(before.RecoveryCodes) != 2 || before.RecoveryCodes[0] != "x" {
		t.Errorf("the user from before has %v", before.RecoveryCodes)
	}
	for _, code := range []string{"x", "z", ""} {
		if _, err := u.RecoveryCodeUsed(code); !errors.Is(err, policy.ErrWrongRecoveryCode) {
			t.Errorf("code %q: %v", code, err)
		}
	}
}

func TestTheCounterOfAPasskey(t *testing.T) {
	now := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		stored, count uint32
		want          error
	}{
		{0, 0, nil}, {0, 1, nil}, {7, 8, nil}, {7, 7, policy.ErrPasskeyCopied}, {7, 6, policy.ErrPasskeyCopied}, {7, 0, policy.ErrPasskeyCopied},
	} {
		u := passkeyUser(t, "a")
		u.Passkeys[0].SignCount = test.stored
		after, err := u.PasskeyUsed("a", test.count, 5, now)
		if !errors.Is(err, test.want) {
			t.Errorf("from %d to %d: %v", test.stored, test.count, err)
		}
		if err == nil && (after.Passkeys[0].SignCount != test.count || after.Passkeys[0].LastUsedAt != now) {
			t.Errorf("from %d to %d: %v", test.stored, test.count, after)
		}
		if u.Passkeys[0].LastUsedAt != (time.Time{}) {
			t.Error("the user from before has changed")
		}
	}
}

func TestWithoutSecondFactor(t *testing.T) {
	now := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	u := must(passkeyUser(t, "a").WithRecoveryCodes([]string{"x"}))(t)
	after := u.WithoutSecondFactor(now)
	if after.HasSecondFactor() || after.RecoveryCodes != nil || after.SignInState() == u.SignInState() {
		t.Errorf("%v", after)
	}
	if robot := u.AsRobot(now); robot.HasSecondFactor() || robot.RecoveryCodes != nil {
		t.Errorf("a robot has %v", robot)
	}
}

func TestWhoMustRegister(t *testing.T) {
	bare, with := policy.User{}, passkeyUser(t, "a")
	account := policy.Account{}
	if _, err := account.WithSecondFactor(policy.SecondFactorRequiredForAdmins, bare); !errors.Is(err, policy.ErrNoPasskey) {
		t.Errorf("turned on by somebody without a passkey: %v", err)
	}
	if _, err := account.WithSecondFactor("sometimes", with); !errors.Is(err, policy.ErrInvalidSecondFactor) {
		t.Errorf("a rule that does not exist: %v", err)
	}
	required := must(account.WithSecondFactor(policy.SecondFactorRequiredForAdmins, with))(t)
	for _, test := range []struct {
		account  policy.Account
		user     policy.User
		standing policy.Authority
		method   string
		want     bool
	}{
		{account, bare, policy.AuthorityOperator, policy.MethodPassword, false},
		{required, bare, policy.AuthorityMember, policy.MethodPassword, false},
		{required, bare, policy.AuthorityTenantAdmin, policy.MethodPassword, true},
		{required, bare, policy.AuthorityOperator, policy.MethodPassword, true},
		{required, bare, policy.AuthorityOperator, policy.MethodOpenID, false},
		{required, with, policy.AuthorityOperator, policy.MethodPasswordAndPasskey, false},
	} {
		if got := test.account.MustRegister(test.user, test.standing, test.method); got != test.want {
			t.Errorf("%v: %v", test, got)
		}
	}
	if off := must(required.WithSecondFactor(policy.SecondFactorOptional, bare))(t); off.SecondFactor != "" {
		t.Errorf("turned off: %v", off)
	}
}

func TestAPasswordAloneEndsWithTheFirstPasskey(t *testing.T) {
	bare, with := policy.User{}, passkeyUser(t, "a")
	for _, method := range []string{
		policy.MethodPassword, policy.MethodOpenID, policy.MethodPasskey, policy.MethodPasswordAndPasskey, policy.MethodPasswordAndCode,
	} {
		if !bare.StillSignedIn(method) || with.StillSignedIn(method) != (method != policy.MethodPassword) {
			t.Error(method)
		}
	}
}

// must returns a function that fails the test if there was an error.
func must[T any](value T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}
