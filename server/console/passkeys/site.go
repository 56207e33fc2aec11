package passkeys

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"mintkey/policy"
)

// ErrRefused means that an answer proves nothing: it is forged, for another site or ceremony, by a passkey of somebody else or by one that
// was removed. What it wraps is for the log.
var ErrRefused = errors.New("the passkey proves nothing")

// Site is the relying party, whose ID is the host of the console. Its methods may be called from many goroutines.
type Site struct{ web *webauthn.WebAuthn }

// New returns nil if browsers have no passkeys for the console at the URL: its host is an IP address, and passkeys belong to names.
func New(consoleURL string) (*Site, error) {
	u, err := url.Parse(consoleURL)
	if err != nil {
		return nil, fmt.Errorf("passkeys: %w", err)
	}
	if notADomain := protocol.ValidateRPID(u.Hostname()); notADomain != nil {
		return nil, nil //nolint:nilnil,nilerr // no passkeys, and nothing is wrong
	}
	web, err := webauthn.New(&webauthn.Config{
		RPID: u.Hostname(), RPDisplayName: "Mintkey", RPOrigins: []string{u.Scheme + "://" + u.Host},
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementPreferred, UserVerification: protocol.VerificationPreferred,
		},
		// Some password managers answer extensions that nobody asked for; nothing here reads them.
		ExtensionsUnsolicitedOutputPolicy: protocol.UnsolicitedOutputPolicyIgnore,
	})
	if err != nil {
		return nil, fmt.Errorf("passkeys: %w", err)
	}
	return &Site{web}, nil
}

// Ceremony is one that has begun.
type Ceremony struct {
	Options json.RawMessage // for the browser: a PublicKeyCredentialCreationOptionsJSON or PublicKeyCredentialRequestOptionsJSON
	State   json.RawMessage // for the end of the ceremony, with the challenge
}

// Proof says which passkey answered.
type Proof struct {
	PasskeyID string
	Count     uint32 // see policy.User.PasskeyUsed, which judges it
	Flags     uint8
}

func ceremony(options any, state *webauthn.SessionData) (c Ceremony, err error) {
	if c.Options, err = json.Marshal(options); err != nil {
		return Ceremony{}, err
	}
	c.State, err = json.Marshal(state)
	return c, err
}

func refused(err error) error {
	if detailed, ok := errors.AsType[*protocol.Error](err); ok && detailed.DevInfo != "" {
		return fmt.Errorf("%w: %s: %s", ErrRefused, detailed.Details, detailed.DevInfo)
	}
	return fmt.Errorf("%w: %w", ErrRefused, err)
}

// Register begins to register a passkey of the user, other than those that they have.
func (s *Site) Register(u policy.User) (Ceremony, error) {
	who, err := ownerOf(u)
	if err != nil {
		return Ceremony{}, err
	}
	creation, state, err := s.web.BeginRegistration(who,
		webauthn.WithExclusions(webauthn.Credentials(who.WebAuthnCredentials()).CredentialDescriptors()))
	if err != nil {
		return Ceremony{}, fmt.Errorf("passkeys: %w", err)
	}
	return ceremony(creation.Response, state)
}

// Registered returns the passkey that the answer registers for the user, without a name.
func (s *Site) Registered(u policy.User, state json.RawMessage, answer []byte) (policy.Passkey, error) {
	who, session, err := begun(u, state)
	if err != nil {
		return policy.Passkey{}, err
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(answer)
	if err != nil {
		return policy.Passkey{}, refused(err)
	}
	credential, err := s.web.CreateCredential(who, session, parsed)
	if err != nil {
		return policy.Passkey{}, refused(err)
	}
	passkey := policy.Passkey{
		ID: encode(credential.ID), PublicKey: encode(credential.PublicKey), SignCount: credential.Authenticator.SignCount,
		Flags: uint8(credential.Flags.ProtocolValue()),
	}
	for _, transport := range credential.Transport[:min(len(credential.Transport), maxTransports)] {
		if len(transport) <= maxTransportLength {
			passkey.Transports = append(passkey.Transports, string(transport))
		}
	}
	return passkey, nil
}

// What a browser says of a passkey is kept, so it is bounded.
const (
	maxTransports      = 8
	maxTransportLength = 32
)

// Ask begins to ask the user for one of their passkeys, after the password.
func (s *Site) Ask(u policy.User) (Ceremony, error) { return s.ask(u) }

// AskAlone begins to ask the user for one of their passkeys in place of the password: so the device has to verify the person.
func (s *Site) AskAlone(u policy.User) (Ceremony, error) {
	return s.ask(u, webauthn.WithUserVerification(protocol.VerificationRequired))
}

func (s *Site) ask(u policy.User, how ...webauthn.LoginOption) (Ceremony, error) {
	who, err := ownerOf(u)
	if err != nil {
		return Ceremony{}, err
	}
	assertion, state, err := s.web.BeginLogin(who, how...)
	if err != nil {
		return Ceremony{}, fmt.Errorf("passkeys: %w", err)
	}
	return ceremony(assertion.Response, state)
}

// Asked returns which passkey of the user answered.
func (s *Site) Asked(u policy.User, state json.RawMessage, answer []byte) (Proof, error) {
	who, session, err := begun(u, state)
	if err != nil {
		return Proof{}, err
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(answer)
	if err != nil {
		return Proof{}, refused(err)
	}
	if _, err := s.web.ValidateLogin(who, session, parsed); err != nil {
		return Proof{}, refused(err)
	}
	return proof(parsed), nil
}

// AskAnybody begins to ask whoever is there for a passkey, in place of a password: so the device has to verify the person.
func (s *Site) AskAnybody() (Ceremony, error) {
	assertion, state, err := s.web.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired))
	if err != nil {
		return Ceremony{}, fmt.Errorf("passkeys: %w", err)
	}
	return ceremony(assertion.Response, state)
}

// Anybody returns who answered, and with which passkey. find returns the user whom the device says it belongs to; its error is returned.
func (s *Site) Anybody(
	state json.RawMessage, answer []byte, find func(Handle) (policy.User, error),
) (found policy.User, _ Proof, _ error) {
	var session webauthn.SessionData
	if err := json.Unmarshal(state, &session); err != nil {
		return found, Proof{}, fmt.Errorf("passkeys: read the state: %w", err)
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(answer)
	if err != nil {
		return found, Proof{}, refused(err)
	}
	var failed error
	_, _, err = s.web.ValidatePasskeyLogin(func(_, id []byte) (webauthn.User, error) {
		handle, err := parseHandle(id)
		if err == nil {
			found, failed = find(handle)
			err = failed
		}
		if err != nil {
			return nil, err
		}
		return ownerOf(found)
	}, session, parsed)
	switch {
	case failed != nil:
		return found, Proof{}, failed
	case err != nil:
		return found, Proof{}, refused(err)
	}
	return found, proof(parsed), nil
}

func begun(u policy.User, state json.RawMessage) (who owner, session webauthn.SessionData, err error) {
	if err := json.Unmarshal(state, &session); err != nil {
		return owner{}, session, fmt.Errorf("passkeys: read the state: %w", err)
	}
	who, err = ownerOf(u)
	return who, session, err
}

func proof(parsed *protocol.ParsedCredentialAssertionData) Proof {
	data := parsed.Response.AuthenticatorData
	return Proof{encode(parsed.RawID), data.Counter, uint8(data.Flags)}
}

func encode(raw []byte) string { return base64.RawURLEncoding.EncodeToString(raw) }
