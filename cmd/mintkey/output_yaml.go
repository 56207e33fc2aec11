package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// yamlOf makes YAML of JSON, with the same members in the same order. Like jsonForTerminal it leaves nothing that a terminal obeys.
func yamlOf(text string) (string, error) {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	node, err := yamlNode(decoder)
	if err != nil {
		return "", err
	}
	var written strings.Builder
	encoder := yaml.NewEncoder(&written)
	encoder.SetIndent(2)
	if err := encoder.Encode(node); err != nil {
		return "", err
	}
	if err := encoder.Close(); err != nil {
		return "", err
	}
	var safe strings.Builder
	for _, r := range written.String() {
		switch {
		case harmless(r):
			safe.WriteRune(r)
		default: // it is in double quotes, as yamlText has seen to
			_, _ = fmt.Fprintf(&safe, `\U%08x`, r)
		}
	}
	return safe.String(), nil
}

func yamlNode(decoder *json.Decoder) (*yaml.Node, error) {
	token, err := decoder.Token()
	if err != nil {
		return nil, err
	}
	switch value := token.(type) {
	case json.Delim:
		node := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
		if value == '{' {
			node = &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
		}
		for decoder.More() { // the names of members are tokens like their values
			child, err := yamlNode(decoder)
			if err != nil {
				return nil, err
			}
			node.Content = append(node.Content, child)
		}
		_, err := decoder.Token()
		return node, err
	case string:
		return yamlText(value), nil
	case json.Number:
		tag := "!!int"
		if strings.ContainsAny(value.String(), ".eE") {
			tag = "!!float"
		}
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: value.String()}, nil
	case bool:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: fmt.Sprint(value)}, nil
	default:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Value: "null"}, nil
	}
}

// yamlText puts text into quotes where it has to be escaped, and where readers of YAML 1.1 take it for a bool, a number of base 60 or a
// merge. Everything else that needs quotes gets them from the library.
func yamlText(text string) *yaml.Node {
	node := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text}
	old := []string{"y", "n", "yes", "no", "on", "off", "<<", "="}
	if strings.ContainsFunc(text, func(r rune) bool { return !harmless(r) }) ||
		slices.Contains(old, strings.ToLower(text)) || strings.Contains(text, ":") {
		node.Style = yaml.DoubleQuotedStyle
	}
	return node
}
