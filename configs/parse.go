package configs

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// parse sets a field, given by its pointer, from a file (any YAML value), a variable or a flag (text).
func parse(field, raw any) error {
	switch field := field.(type) {
	case *[]string:
		items, err := list(raw)
		*field = items
		return err
	case *[]netip.Prefix:
		return parsePrefixes(field, raw)
	}
	text, err := scalar(raw)
	if err != nil {
		return err
	}
	switch field := field.(type) {
	case *string:
		*field = text
	case *Secret:
		*field = NewSecret(text)
	case *SecretURL:
		*field = NewSecretURL(text)
	case *bool:
		if *field, err = strconv.ParseBool(text); err != nil {
			return fmt.Errorf("%.60q is neither true nor false", text)
		}
	case *int:
		if *field, err = strconv.Atoi(text); err != nil {
			return fmt.Errorf("%.60q is not a whole number", text)
		}
	case *time.Duration:
		if *field, err = ParseDuration(text); err != nil {
			return err
		}
	case *time.Time:
		if *field, err = parseDay(text); err != nil {
			return err
		}
	default:
		return fmt.Errorf("no setting can be a %T", field)
	}
	return nil
}

// ParseDuration reads what Go understands, and a number of days.
func ParseDuration(text string) (time.Duration, error) {
	const mostDays = 100 * 365
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.ParseUint(days, 10, 32); err == nil && n <= mostDays {
			return time.Duration(n) * 24 * time.Hour, nil
		}
	}
	duration, err := time.ParseDuration(text)
	if err != nil {
		return 0, fmt.Errorf("%.60q is not a duration such as 90s, 15m, 24h or 30d", text)
	}
	return duration, nil
}

// parseDay reads a day, which stands for its midnight in UTC, or an instant; empty text is the zero time.
func parseDay(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	day, err := time.Parse(time.DateOnly, text)
	if err != nil {
		day, err = time.Parse(time.RFC3339, text)
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("%.60q is neither a day such as 2027-01-31 nor a time such as 2027-01-31T18:00:00Z", text)
	}
	return day.UTC(), nil
}

func scalar(raw any) (string, error) {
	switch raw := raw.(type) {
	case string:
		return raw, nil
	case bool, int, int64, uint64, float64:
		return fmt.Sprint(raw), nil
	case time.Time: // YAML knows a date when it sees one
		return raw.Format(time.RFC3339), nil
	case []any:
		return "", fmt.Errorf("one value is wanted, not a list of %d", len(raw))
	default:
		return "", fmt.Errorf("one value is wanted, not %T", raw)
	}
}

func list(raw any) ([]string, error) {
	var items []string
	values, isList := raw.([]any)
	if !isList {
		text, err := scalar(raw)
		if err != nil {
			return nil, err
		}
		for part := range strings.SplitSeq(text, ",") {
			values = append(values, part)
		}
	}
	for _, value := range values {
		text, err := scalar(value)
		if err != nil {
			return nil, err
		}
		if text = strings.TrimSpace(text); text != "" {
			items = append(items, text)
		}
	}
	return items, nil
}

func parsePrefixes(field *[]netip.Prefix, raw any) error {
	items, err := list(raw)
	if err != nil {
		return err
	}
	for _, item := range items {
		prefix, err := netip.ParsePrefix(item)
		if err != nil {
			address, err := netip.ParseAddr(item)
			if err != nil {
				return fmt.Errorf("%.60q is neither an IP address nor a network such as 10.0.0.0/8", item)
			}
			address = address.Unmap().WithZone("")
			prefix = netip.PrefixFrom(address, address.BitLen())
		}
		*field = append(*field, prefix.Masked())
	}
	return nil
}
