package web_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"mintkey/server/api"
	"mintkey/server/web"
)

// form has one member of each kind that bodies have.
type form struct {
	Name   string               `json:"name"`
	Count  *int                 `json:"count,omitempty"`
	Scopes *[]string            `json:"scopes,omitempty"`
	Hidden string               `json:"-"`
	Note   api.Nullable[string] `json:"note,omitzero"`
	At     *time.Time           `json:"at,omitempty"`
	Inner  struct {
		On bool `json:"on"`
	} `json:"inner,omitzero"`
	embedded
}

type embedded struct {
	Kind string `json:"kind,omitempty"`
}

func read(text string) (body form, err error) {
	return body, readInto(web.ReadJSON, text, &body)
}

func readForeign(text string) (body form, err error) {
	return body, readInto(web.ReadForeignJSON, text, &body)
}

func readInto(read func(http.ResponseWriter, *http.Request, any) error, text string, body any) error {
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(text))
	r.Header.Set("Content-Type", "application/json")
	return read(httptest.NewRecorder(), r, body)
}

func TestReadJSON(t *testing.T) {
	text := `{"name":"a\ud83d\ude00\\ud800\ufffd😀","count":-1,"scopes":["x","x"],"note":null,"inner":{"on":true},"kind":"k"}`
	got, err := read(text)
	want := form{Name: "a😀\\ud800\ufffd😀", Count: new(-1), Scopes: &[]string{"x", "x"}, Note: api.Nullable[string]{Given: true}}
	want.Inner.On, want.Kind = true, "k"
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(form{})); err != nil || diff != "" {
		t.Errorf("%v, %s", err, diff)
	}
	if got, err := read(` {"name":"", "note":"n"} `); err != nil || got.Note.Value == nil || *got.Note.Value != "n" {
		t.Errorf("%+v, %v", got, err)
	}
}

// Each of these is read by encoding/json in a way that another reader may not share, or is no JSON at all.
func TestReadJSONRefuses(t *testing.T) {
	for text, want := range map[string]string{
		`{"name":"a","name":"a"}`:               `The field "name" comes more than once.`,
		`{"name":"a","n\u0061me":"b"}`:          `The field "name" comes more than once.`,
		`{"inner":{"on":true,"on":true}}`:       `The field "on" comes more than once.`,
		`{"Name":"a"}`:                          `There is an unknown field: "Name"; it is written "name".`,
		`{"name":"a","NAME":"b"}`:               `There is an unknown field: "NAME"; it is written "name".`,
		`{"\u212aind":"a"}`:                     `There is an unknown field: "\u212aind"; it is written "kind".`, // the Kelvin sign
		`{"Scopes":[]}`:                         `There is an unknown field: "Scopes"; it is written "scopes".`,
		`{"inner":{"On":true}}`:                 `There is an unknown field: "On"; it is written "on".`,
		`{"nam":"a"}`:                           `There is an unknown field: "nam".`,
		`{"Hidden":"a"}`:                        `There is an unknown field: "Hidden".`,
		`{"-":"a"}`:                             `There is an unknown field: "-".`,
		`{"":"a"}`:                              `There is an unknown field: "".`,
		`{"` + strings.Repeat("n", 50) + `":1}`: `There is an unknown field: "` + strings.Repeat("n", 40) + `".`,
		"{\"name\":\"\xff\"}":                   `The body must be UTF-8 text.`,
		"{\"name\":\"\xed\xa0\x80\"}":           `The body must be UTF-8 text.`,
		`{"name":"\ud800"}`:                     `The body has a \u escape that is half of a surrogate pair.`,
		`{"name":"\uD800\u0041"}`:               `The body has a \u escape that is half of a surrogate pair.`,
		`{"name":"\ud800\ud800\udc00"}`:         `The body has a \u escape that is half of a surrogate pair.`,
		`{"name":"\\\udfff"}`:                   `The body has a \u escape that is half of a surrogate pair.`,
		`{"n\udc00":1}`:                         `The body has a \u escape that is half of a surrogate pair.`,
		`{"name":null}`:                         `The field "name" must not be null.`,
		`{"count":null}`:                        `The field "count" must not be null.`,
		`{"scopes":null}`:                       `The field "scopes" must not be null.`,
		`{"scopes":["x",null]}`:                 `The field "scopes" must not be null.`,
		`{"inner":null}`:                        `The field "inner" must not be null.`,
		`{"at":null}`:                           `The field "at" must not be null.`,
		`null`:                                  `The body must be a JSON object.`,
		`[]`:                                    `The body must be a JSON object.`,
		`{"count":1.5}`:                         `The field "count" must not be a JSON number 1.5.`,
		`{"count":1e99}`:                        `The field "count" must not be a JSON number 1e99.`,
		`{"count":"1"}`:                         `The field "count" must not be a JSON string.`,
		`{"name":{"a":1}}`:                      `The field "name" must not be a JSON object.`,
		`{"inner":{"on":1}}`:                    `The field "inner.on" must not be a JSON number.`,
		`{"note":1}`:                            `The field "note" must not be a JSON number.`,
		`{"name":"a"}{"name":"b"}`:              `The body must be one well-formed JSON object and nothing after it.`,
		"\xef\xbb\xbf{}":                        `The body must be one well-formed JSON object and nothing after it.`,
		"":                                      `The body must be one well-formed JSON object and nothing after it.`,
	} {
		_, err := read(text)
		if !errors.Is(err, web.ErrInvalidRequest) || err.Error() != want {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

// A type with its own UnmarshalJSON reports what is wrong.
func TestReadJSONOfOwnTypes(t *testing.T) {
	_, err := read(`{"at":"tomorrow"}`)
	if !errors.Is(err, web.ErrInvalidRequest) || !strings.Contains(err.Error(), `parsing time "tomorrow"`) {
		t.Error(err)
	}
	if got, err := read(`{"at":"2026-03-02T09:00:00Z"}`); err != nil || got.At.IsZero() {
		t.Errorf("%+v, %v", got, err)
	}
}

// Clients that were written for another server may send more than this one knows, and nothing else that is ambiguous.
func TestReadForeignJSON(t *testing.T) {
	got, err := readForeign(`{"name":"a","realm":{"x":[1,null]},"names":null}`)
	if err != nil || got.Name != "a" {
		t.Errorf("%+v, %v", got, err)
	}
	for _, text := range []string{
		`{"name":"a","Name":"b"}`, `{"name":"a","name":"b"}`, `{"realm":1,"realm":2}`, `{"realm":{"x":1,"x":2}}`, `{"realm":"\ud800"}`,
		"{\"realm\":\"\xff\"}", `{"name":null}`, `{"name":"a"} x`, `[]`,
	} {
		if _, err := readForeign(text); !errors.Is(err, web.ErrInvalidRequest) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// What is read strictly is what encoding/json reads too, and says each thing once; and whatever is written canonically is read.
func FuzzReadJSON(f *testing.F) {
	for _, text := range []string{
		`{"name":"a\ud83d\ude00","count":-1,"scopes":["x"],"note":null,"inner":{"on":true},"kind":"k"}`, `{"name":"a","Name":"b"}`,
		`{"name":"a","name":"b"}`, `{"n\u0061me":"\ud800"}`, `{"name":null}`, `[{}]`, ` {} `,
		"{\"name\":\"\xff\"}", `{"inner":{"on":1}}`, `{"note":"\\ud800"}`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := read(text)
		if err != nil {
			if !errors.Is(err, web.ErrInvalidRequest) && !errors.Is(err, web.ErrPayloadTooLarge) {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		var lenient form
		decoder := json.NewDecoder(strings.NewReader(text))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&lenient); err != nil || !reflect.DeepEqual(got, lenient) {
			t.Fatalf("%q: read %+v, encoding/json %+v, %v", text, got, lenient, err)
		}
		if !utf8.ValidString(text) {
			t.Fatalf("%q is not UTF-8", text)
		}
		// A reader with no idea of the members finds the same ones: in a map, two of the same name or of two cases would differ from the form.
		var members map[string]json.RawMessage
		if err := json.Unmarshal([]byte(text), &members); err != nil {
			t.Fatal(err)
		}
		again, err := json.Marshal(members)
		if err != nil {
			t.Fatal(err)
		}
		reread, err := read(string(again))
		if err != nil || !reflect.DeepEqual(got, reread) {
			t.Fatalf("%q as a map is %s, which reads %+v, %v", text, again, reread, err)
		}
		if mended := strings.Count(got.Name, "\ufffd"); mended > strings.Count(text, "\ufffd")+strings.Count(strings.ToLower(text), `\ufffd`) {
			t.Fatalf("%q was mended to %q", text, got.Name)
		}
		canonical, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		if reread, err = read(string(canonical)); err != nil || !reflect.DeepEqual(got, reread) {
			t.Fatalf("%s, written from %q, reads %+v, %v", canonical, text, reread, err)
		}
	})
}
