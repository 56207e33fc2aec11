package console

import (
	"encoding/csv"
	"io"
	"time"

	"mintkey/server/web"
)

// byteOrderMark tells Excel that a table is UTF-8; other programs skip it.
const byteOrderMark = "\ufeff"

// csvWriter writes a table as it is made, so that a long one is never held in memory.
type csvWriter struct{ *csv.Writer }

// table begins the answer with a table of this name.
func (req *request) table(name string, header []string) (csvWriter, error) {
	h := req.w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="`+name+"-"+req.info.At.Format(time.DateOnly)+`.csv"`)
	if _, err := io.WriteString(req.w, byteOrderMark); err != nil {
		return csvWriter{}, err
	}
	w := csvWriter{csv.NewWriter(req.w)}
	return w, w.Write(header)
}

// row writes values that anybody may have chosen.
func (w csvWriter) row(values ...string) error {
	for i := range values {
		values[i] = web.SpreadsheetCell(values[i])
	}
	return w.Write(values)
}

func (w csvWriter) end(err error) error {
	w.Flush()
	if err != nil {
		return err
	}
	return w.Error()
}
