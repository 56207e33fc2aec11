package tokens

import (
	"encoding/json"
	"strconv"
)

// appendJSON appends what json.Marshal would make of the claims, without reflection: it is done for every token.
func (c *Claims) appendJSON(to []byte) []byte {
	start := len(to)
	to = appendMember(to, "iss", c.Issuer)
	to = appendMember(to, "sub", c.Subject)
	to = appendMember(to, "client_id", c.ClientID)
	switch len(c.Audience) {
	case 0:
	case 1:
		to = AppendJSONString(append(to, `,"aud":`...), c.Audience[0])
	default:
		to = appendStrings(append(to, `,"aud":`...), c.Audience)
	}
	to = appendTime(to, "exp", c.ExpiresAt)
	to = appendTime(to, "iat", c.IssuedAt)
	to = appendTime(to, "nbf", c.NotBefore)
	to = appendMember(to, "jti", c.ID)
	if len(c.Methods) > 0 {
		to = appendStrings(append(to, `,"amr":`...), c.Methods)
	}
	to = appendMember(to, "scope", c.Scope)
	to = appendMember(to, "tenant_id", c.TenantID)
	to = appendMember(to, "account_id", c.AccountID)
	to = appendMember(to, "user_id", c.UserID)
	if c.Status != nil {
		to = append(to, `,"status":{"status_list":{"idx":`...)
		to = strconv.AppendInt(to, int64(c.Status.StatusList.Index), 10)
		to = AppendJSONString(append(to, `,"uri":`...), c.Status.StatusList.URI)
		to = append(to, "}}"...)
	}
	if len(to) == start {
		return append(to, "{}"...)
	}
	to[start] = '{' // in place of the first comma
	return append(to, '}')
}

func appendMember(to []byte, name, value string) []byte {
	if value == "" {
		return to
	}
	return AppendJSONString(appendName(to, name), value)
}

func appendTime(to []byte, name string, at NumericDate) []byte {
	if at.IsZero() {
		return to
	}
	return strconv.AppendInt(appendName(to, name), at.Unix(), 10)
}

func appendName(to []byte, name string) []byte {
	return append(append(append(to, `,"`...), name...), `":`...)
}

func appendStrings(to []byte, texts []string) []byte {
	to = append(to, '[')
	for i, text := range texts {
		if i > 0 {
			to = append(to, ',')
		}
		to = AppendJSONString(to, text)
	}
	return append(to, ']')
}

// AppendJSONString appends the text as json.Marshal writes it. Text that needs no escape, as nearly all does, is copied.
func AppendJSONString(to []byte, text string) []byte {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c > '~' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			escaped, _ := json.Marshal(text) // a string can always be encoded
			return append(to, escaped...)
		}
	}
	return append(append(append(to, '"'), text...), '"')
}
