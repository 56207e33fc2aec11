package verify

import (
	"bufio"
	"io"
	"strings"
)

// maxEventLine bounds one line of a stream.
const maxEventLine = 64 << 10

// serverSentEvent is one event of a text/event-stream.
type serverSentEvent struct {
	id   string // empty where the event has none
	kind string
	data string
}

// readEvents calls alive for every line and take for every complete event (HTML Living Standard section 9.2.6), until the stream ends.
func readEvents(stream io.Reader, alive func(), take func(serverSentEvent)) error {
	lines := bufio.NewScanner(stream)
	lines.Buffer(nil, maxEventLine)
	var event serverSentEvent
	var data []string
	for lines.Scan() {
		alive()
		line := lines.Text()
		if line == "" {
			if len(data) > 0 {
				event.data = strings.Join(data, "\n")
				take(event)
			}
			event, data = serverSentEvent{}, nil
			continue
		}
		field, value, _ := strings.Cut(line, ":") // a comment is a field without a name
		value = strings.TrimPrefix(value, " ")
		switch field {
		case "id":
			event.id = value
		case "event":
			event.kind = value
		case "data":
			data = append(data, value)
		}
	}
	if err := lines.Err(); err != nil {
		return err
	}
	return io.EOF
}
